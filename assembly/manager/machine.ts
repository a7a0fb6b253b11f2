// SPDX-License-Identifier: Apache-2.0
//
// The machine as the manager took it over at boot: its CSpace, all untyped memory, its window, and the capabilities that
// only the manager holds.

import { bootValue, heapSource } from "../sel4/generated/host";
import { BootKey } from "../sel4/generated/boot-keys";
import { CSpace, InitialCSpace } from "../sel4/cspace";
import { OBJECT_FRAME, OBJECT_TYPES } from "../sel4/objects";
import { RETYPE_FAN_OUT_LIMIT, Untyped, UntypedPool } from "../sel4/untyped";
import { Window } from "../sel4/vspace";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";

/** The window's first page stays unmapped, so that address 0 traps. */
const WINDOW_FIRST: usize = 0x0010_0000;
const WINDOW_END: usize = 0x8000_0000;
/**
 * log2 of the bytes by which the manager's heap may grow beyond its initial pages. It holds the JSON documents and tables
 * of an image; file contents and layer indexes never pass through it.
 */
const HEAP_BITS: u32 = 20;
/** Slots of the initial CNode for the heap's frames, which the C runtime makes, and for their page table. */
const HEAP_SLOTS: u32 = (1 << (HEAP_BITS - PAGE_BITS)) + 4;

// @ts-ignore: decorator
@inline
function boot(key: BootKey, index: u32 = 0): u32 {
    return <u32>bootValue(key, index);
}

/** log2 of object sizes by type; a CNode's entry is a slot's. */
export const objectBits: StaticArray<u8> = new StaticArray<u8>(OBJECT_TYPES);
for (let type: u32 = 1; type < OBJECT_TYPES; type++) objectBits[type] = <u8>boot(BootKey.OBJECT_BITS, type);

const heapFirst = boot(BootKey.EMPTY_FIRST);

export const cspace: CSpace = new CSpace(
    new InitialCSpace(
        boot(BootKey.SLOT_CNODE),
        boot(BootKey.CNODE_BITS),
        heapFirst + HEAP_SLOTS,
        boot(BootKey.EMPTY_END),
        boot(BootKey.SLOT_TCB),
        boot(BootKey.SLOT_VSPACE),
        boot(BootKey.SLOT_IPC_BUFFER),
        bootValue(BootKey.ROOT_IPC_BUFFER_VADDR, 0),
    ),
);

/** All RAM that is in untypeds. */
export const machinePool: UntypedPool = new UntypedPool(cspace, objectBits);

export const window: Window = new Window(machinePool, WINDOW_FIRST, WINDOW_END);

export const rootVSpace: u32 = boot(BootKey.SLOT_VSPACE);
export const rootTcb: u32 = boot(BootKey.SLOT_TCB);
export const asidPool: u32 = boot(BootKey.SLOT_ASID_POOL);
export const schedControl: u32 = boot(BootKey.SLOT_SCHED_CONTROL);

/** Takes over the untypeds that the kernel and the C runtime left. False when not even the CSpace fits. */
export function takeOverMachine(): bool {
    const count = boot(BootKey.UNTYPED_COUNT);
    for (let i: u32 = 0; i < count; i++) {
        if (boot(BootKey.UNTYPED_IS_DEVICE, i) != 0) continue;
        const untyped = new Untyped(
            boot(BootKey.UNTYPED_SLOT, i),
            boot(BootKey.UNTYPED_BITS, i),
            bootValue(BootKey.UNTYPED_USED, i),
        );
        machinePool.add(untyped);
    }
    if (!cspace.start(machinePool)) return false;
    // The heap grows from an untyped of its own, so that the pool's count of what is taken stays exact.
    const heap = machinePool.carve(HEAP_BITS);
    if (heap === null) return false;
    heapSource(heap.slot, heapFirst, HEAP_SLOTS);
    return true;
}

/** Bytes set aside for the heap's growth. */
export const HEAP_RESERVE: u64 = (<u64>1) << HEAP_BITS;

/**
 * Makes `pages` small frames and maps them, zeroed and writable, at adjacent addresses of the window from `address`. Their
 * slots go to `slots` in order, where it is given. False when memory, slots or addresses are used up.
 */
export function mapFrames(address: usize, pages: u32, slots: StaticArray<u32> | null = null, at: u32 = 0): bool {
    let done: u32 = 0;
    while (done < pages) {
        const count = min(pages - done, RETYPE_FAN_OUT_LIMIT);
        const first = machinePool.make(OBJECT_FRAME, 0, count);
        if (first == 0) return count > 1 ? mapSingly(address + (<usize>done << PAGE_BITS), pages - done, slots, at + done) : false;
        for (let i: u32 = 0; i < count; i++) {
            if (window.map(first + i, address + (<usize>(done + i) << PAGE_BITS), true) != 0) return false;
            if (slots !== null) slots[at + done + i] = first + i;
        }
        done += count;
    }
    return true;
}

/** When no untyped has room for a batch any more, the rests still hold single frames. */
function mapSingly(address: usize, pages: u32, slots: StaticArray<u32> | null, at: u32): bool {
    for (let i: u32 = 0; i < pages; i++) {
        const frame = machinePool.make(OBJECT_FRAME, 0);
        if (frame == 0) return false;
        if (window.map(frame, address + <usize>i * PAGE_SIZE, true) != 0) return false;
        if (slots !== null) slots[at + i] = frame;
    }
    return true;
}
