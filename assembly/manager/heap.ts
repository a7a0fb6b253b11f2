// SPDX-License-Identifier: Apache-2.0
//
// The manager's own heap. Its pages come from an untyped, low memory or a block of the pool, that the C runtime holds as "heap source"; the source is
// renewed here before it can run out in the middle of an allocation, where nothing could be done about it.

import { BootKey } from "../sel4/generated/boot-keys";
import { heapFrames, heapSlotsLeft, heapSource } from "../sel4/generated/host";
import { TABLE_REACH } from "../sel4/mapping";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import { fact, machine } from "./machine";
import { OWNER_MANAGER_HEAP } from "./owners";

/** Bytes that any step of the manager may allocate without asking: lists, messages, and the allocator's rounding. */
const ORDINARY: u32 = 48 * 1024;
/** memory.grow works in Wasm pages of 64 KiB: 16 frames. */
const FRAMES_PER_GROWTH: u32 = 16;
/** Where the module's own memory begins (asc --memoryBase). */
const HEAP_START: usize = 0x8000_0000;

/**
 * Slots for the heap's frames and tables: 8 MiB of heap, of which a document of the largest size takes most. They must
 * lie in the initial CNode, so they are set aside before others take them.
 */
const SLOTS: u32 = 2048;

let slotsBegin: u32 = 0;
let slotsEnd: u32 = 0;
/** The end of the range that the C runtime fills at present. */
let sourceEnd: u32 = 0;

/** Sets the slots aside. To be called once, when the machine has been taken over. */
export function beginHeap(): void {
    const cspace = machine().cspace;
    const count = min(SLOTS, cspace.available >> 1);
    slotsBegin = cspace.allocateRun(count);
    slotsEnd = slotsBegin + count;
    sourceEnd = slotsBegin;
}

/** Page tables that so many more frames need at most: none within what the last leaf table maps, else the upper levels' as well. */
function tablesFor(frames: u32): u32 {
    const first = fact(BootKey.LINEAR_BASE) + HEAP_START + ((<u64>heapFrames()) << PAGE_BITS);
    const last = first + ((<u64>frames) << PAGE_BITS) - 1;
    const leaves = last / TABLE_REACH - (first - 1) / TABLE_REACH;
    return leaves == 0 ? 0 : <u32>leaves + 2;
}

/** Sees to it that the heap can grow by `bytes` and something more. False when the machine has no memory for it. */
export function provideHeap(bytes: u32): bool {
    const growth = (bytes + ORDINARY + 0xffff) & ~0xffff;
    // The boot has mapped more than the module begins with, and a source is mapped when another one replaces it.
    const mapped = ((<usize>heapFrames()) << PAGE_BITS) - (((<usize>memory.size()) << 16) - HEAP_START);
    if (mapped >= growth) return true;
    const frames = (<u32>pagesFor(growth - <u32>mapped) + FRAMES_PER_GROWTH - 1) & ~(FRAMES_PER_GROWTH - 1);
    const slots = frames + tablesFor(frames);
    const unused = heapSlotsLeft();
    if (unused >= slots) return true;

    // The C runtime maps what its source has left before it takes a new one. The whole block is for frames and tables: as
    // many slots as it has pages, where there are so many.
    const missing = slots - unused;
    if (missing > slotsEnd - sourceEnd) return false;
    const low = machine().lowMemory;
    // Of low memory come frames only.
    if (slots == frames && low.promise(missing)) {
        machine().pool.account(OWNER_MANAGER_HEAP, (<u64>missing) << PAGE_BITS);
        heapSource(low.slot, sourceEnd, missing);
        sourceEnd += missing;
        return true;
    }
    const bits = max<u32>(PAGE_BITS, 32 - clz(missing * PAGE_SIZE - 1));
    const count = min((<u32>1) << (bits - PAGE_BITS), slotsEnd - sourceEnd);
    const block = machine().pool.allocate(bits, OWNER_MANAGER_HEAP);
    if (block === null) return false;
    heapSource(block.slot, sourceEnd, count);
    sourceEnd += count;
    return true;
}
