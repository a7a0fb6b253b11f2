// SPDX-License-Identifier: Apache-2.0
//
// The machine that the manager takes over at boot: all capabilities and all memory that the kernel gave the root task.

import { BootKey } from "../sel4/generated/boot-keys";
import { bootValue, heapFrames } from "../sel4/generated/host";
import {
    ASIDControl,
    ASIDPool,
    CNode,
    Frame,
    PageTable,
    SchedControl,
    TCB,
    Untyped,
    VSpace,
    capability,
} from "../sel4/capabilities";
import { CSpace, ROOT_RADIX, makeRootCNode } from "../sel4/cspace";
import { TableSource } from "../sel4/mapping";
import { ERROR_NONE, OBJECT_CNODE, OBJECT_PAGE_TABLE, errorName } from "../sel4/objects";
import { OwnedObject, UntypedPool } from "../sel4/untypedPool";
import { Failure } from "../std/failure";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { AddressSpaces } from "./addressSpaces";
import { LowMemory } from "./lowMemory";
import {
    OWNERS,
    OWNER_BOOT_OBJECTS,
    OWNER_BUNDLE,
    OWNER_CAPABILITIES,
    OWNER_MANAGER_HEAP,
    OWNER_PAGE_TABLES,
    OWNER_ROOT_STATE,
    OWNER_ROUNDING,
    OWNER_RUNTIME_CODE,
    OWNER_WASM_MODULES,
    OWNER_WASM_TRANSLATED,
} from "./owners";

/** Bits of a pointer below the first level's index, where the initial CNode is not larger. */
const LEAF_BITS_MINIMUM: u32 = 12;

export class Machine {
    readonly architecture: u32 = <u32>fact(BootKey.ARCHITECTURE);
    readonly ownTcb: TCB = capability<TCB>(<u32>fact(BootKey.SLOT_TCB));
    readonly ownVSpace: VSpace = capability<VSpace>(<u32>fact(BootKey.SLOT_VSPACE));
    readonly addressSpaces: AddressSpaces;
    readonly schedControl: SchedControl = capability<SchedControl>(<u32>fact(BootKey.SLOT_SCHED_CONTROL));
    readonly tables: PoolTables;
    readonly lowMemory: LowMemory = new LowMemory();

    constructor(
        readonly cspace: CSpace,
        readonly pool: UntypedPool,
    ) {
        this.tables = new PoolTables(pool);
        this.addressSpaces = new AddressSpaces(
            capability<ASIDControl>(<u32>fact(BootKey.SLOT_ASID_CONTROL)),
            capability<ASIDPool>(<u32>fact(BootKey.SLOT_ASID_POOL)),
            <u32>fact(BootKey.ARCHITECTURE),
            pool,
        );
    }

    /** log2 of the size of an object of a type with one size; for a CNode, of one slot. */
    objectBits(object: u32): u32 {
        return <u32>bootValue(BootKey.OBJECT_BITS, object);
    }
}

/** Page tables of the manager's own window. */
export class PoolTables extends TableSource {
    constructor(private readonly pool: UntypedPool) {
        super();
    }

    /** A new page table of a level, for who gives it back; or null. */
    make(level: u32): OwnedObject | null {
        const object = OBJECT_PAGE_TABLE + level - 1;
        const bits = <u32>bootValue(BootKey.OBJECT_BITS, object);
        return this.pool.makeObject(object, 0, bits, OWNER_PAGE_TABLES);
    }

    makeTable(level: u32): PageTable | null {
        const table = this.make(level);
        return table === null ? null : capability<PageTable>(table.slot);
    }
}

/** Set by `takeOver`. */
let present: Machine | null = null;

/** Whether `takeOver` has succeeded. */
export function isTakenOver(): bool {
    return present !== null;
}

/** The machine; `takeOver` has succeeded. */
export function machine(): Machine {
    return present!;
}

/** A number that the C runtime knows of this boot. */
export function fact(key: BootKey): u64 {
    return bootValue(key, 0);
}

/** Takes over all capabilities and memory. Must be the first thing that the manager does. */
export function takeOver(): Failure | null {
    const radix = <u32>fact(BootKey.CNODE_BITS);
    const leafBits = max(radix, LEAF_BITS_MINIMUM);
    let first = <u32>fact(BootKey.EMPTY_FIRST);
    const end = <u32>fact(BootKey.EMPTY_END);
    const node = capability<CNode>(<u32>fact(BootKey.SLOT_CNODE));
    const slotBits = <u32>bootValue(BootKey.OBJECT_BITS, OBJECT_CNODE);
    const rootSize = (<u64>1) << (ROOT_RADIX + slotBits);

    // The first-level CNode comes straight from an untyped: the pool needs the CSpace to work.
    const count = <u32>fact(BootKey.UNTYPED_COUNT);
    const source = smallestUntyped(count, rootSize);
    if (source == count)
        return new Failure("there is no memory for the manager's first object; give the machine more memory");
    const slots = first;
    first += 2;
    const untyped = capability<Untyped>(<u32>bootValue(BootKey.UNTYPED_SLOT, source));
    let error = makeRootCNode(untyped, node, radix, leafBits, slots);
    const root = capability<CNode>(slots + 1);
    if (error == ERROR_NONE) {
        error = capability<TCB>(<u32>fact(BootKey.SLOT_TCB)).configure(
            root,
            0,
            capability<VSpace>(<u32>fact(BootKey.SLOT_VSPACE)),
            fact(BootKey.ROOT_IPC_BUFFER_VADDR),
            capability<Frame>(<u32>fact(BootKey.SLOT_IPC_BUFFER)),
        );
    }
    if (error != ERROR_NONE) {
        return new Failure(
            "the manager's CSpace cannot be made (" +
                errorName(error) +
                "); this is a defect of Sealift or of the kernel's configuration",
        );
    }

    const cspace = new CSpace(root, leafBits, first, end);
    const pool = new UntypedPool(cspace, OWNERS, OWNER_CAPABILITIES, slotBits);
    let ram = fact(BootKey.LOW_PAGES) << PAGE_BITS;
    let usedAtBoot = (fact(BootKey.LOW_PAGES) - fact(BootKey.LOW_PAGES_LEFT)) << PAGE_BITS;
    for (let i: u32 = 0; i < count; i++) {
        if (bootValue(BootKey.UNTYPED_IS_DEVICE, i) != 0) continue;
        const bits = <u32>bootValue(BootKey.UNTYPED_BITS, i);
        let used = bootValue(BootKey.UNTYPED_USED, i);
        ram += (<u64>1) << bits;
        usedAtBoot += used;
        if (i == source) {
            const start = alignUp(used, rootSize);
            pool.account(OWNER_ROUNDING, start - used);
            pool.account(OWNER_CAPABILITIES, rootSize);
            used = start + rootSize;
        }
        pool.account(OWNER_ROUNDING, pool.add(<u32>bootValue(BootKey.UNTYPED_SLOT, i), bits, used));
    }
    accountBoot(pool, ram, usedAtBoot);
    present = new Machine(cspace, pool);
    return null;
}

/**
 * Accounts for what existed before the manager: frames of the root task, and the rest of what was used, which are kernel
 * objects. `ram` are the bytes of all RAM untypeds and of low memory, `usedAtBoot` those that the C runtime took of them.
 */
function accountBoot(pool: UntypedPool, ram: u64, usedAtBoot: u64): void {
    const framesByKernel = fact(BootKey.MACHINE_MEMORY) - ram;
    const frames = fact(BootKey.ROOT_FRAMES) * PAGE_SIZE;
    pool.account(OWNER_BOOT_OBJECTS, usedAtBoot + framesByKernel - frames);
    const code = fact(BootKey.RUNTIME_TEXT_BYTES) + (fact(BootKey.UNPACKER_CODE_PAGES) << PAGE_BITS);
    const modules =
        fact(BootKey.MANAGER_WASM_BYTES) +
        fact(BootKey.UNPACKER_WASM_BYTES) +
        fact(BootKey.SENTRY_WASM_BYTES);
    const translated =
        fact(BootKey.MANAGER_IMAGE_BYTES) +
        fact(BootKey.UNPACKER_IMAGE_BYTES) +
        fact(BootKey.SENTRY_IMAGE_BYTES);
    const bundle = fact(BootKey.BUNDLE_PAGES) * PAGE_SIZE;
    const heap = <u64>heapFrames() * PAGE_SIZE;
    pool.account(OWNER_RUNTIME_CODE, code);
    pool.account(OWNER_WASM_MODULES, modules);
    pool.account(OWNER_WASM_TRANSLATED, translated);
    pool.account(OWNER_BUNDLE, bundle);
    pool.account(OWNER_MANAGER_HEAP, heap);
    pool.account(OWNER_ROOT_STATE, frames - code - modules - translated - bundle - heap);
}

/** The smallest RAM untyped with room for an object of `size` bytes, or `count`. */
function smallestUntyped(count: u32, size: u64): u32 {
    let best = count;
    let bestBits: u64 = 64;
    for (let i: u32 = 0; i < count; i++) {
        const bits = bootValue(BootKey.UNTYPED_BITS, i);
        const start = alignUp(bootValue(BootKey.UNTYPED_USED, i), size);
        if (
            bootValue(BootKey.UNTYPED_IS_DEVICE, i) == 0 &&
            start + size <= (<u64>1) << bits &&
            bits < bestBits
        ) {
            best = i;
            bestBits = bits;
        }
    }
    return best;
}

export function alignUp(value: u64, size: u64): u64 {
    return (value + size - 1) & ~(size - 1);
}
