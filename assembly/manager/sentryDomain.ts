// SPDX-License-Identifier: Apache-2.0
//
// A sentry's protection domain: made from the container's quota, and undone by revoking it. Nothing in it belongs to
// the manager but read-only copies of the frames that all sentries share (the runtime's code, the translated sentry).

import {
    asidPoolAssign,
    bootValue,
    cnodeCopy,
    cnodeMint,
    kernelSignal,
    schedControlConfigure,
    tcbBindNotification,
    tcbConfigure,
    tcbReadRegisters,
    tcbSetSchedParams,
    tcbSuspend,
    tcbWriteRegisters,
} from "../sel4/generated/host";
import { BootKey } from "../sel4/generated/boot-keys";
import {
    OBJECT_CNODE,
    OBJECT_ENDPOINT,
    OBJECT_FRAME,
    OBJECT_NOTIFICATION,
    OBJECT_REPLY,
    OBJECT_SCHED_CONTEXT,
    OBJECT_TCB,
    OBJECT_VSPACE,
    RIGHTS_ALL,
    RIGHT_GRANT,
    RIGHT_GRANT_REPLY,
    RIGHT_READ,
    RIGHT_WRITE,
    WORD_BITS,
} from "../sel4/objects";
import { Untyped, UntypedPool } from "../sel4/untyped";
import { VSpace } from "../sel4/vspace";
import {
    CONFIGURATION_ADDRESS,
    CONFIGURATION_PAGES_MAXIMUM,
    UNTYPED_COUNT_MAXIMUM,
    UNTYPED_FIRST_SLOT,
} from "../std/containerConfiguration";
import { Failure } from "../std/failure";
import { decimal } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { asidPool, cspace, machinePool, objectBits, rootTcb, schedControl, window } from "./machine";

/** The exchange page in a sentry's window (docs/architecture.md). */
export const EXCHANGE_ADDRESS: usize = 0x0001_0000;

/** Badges of endpoints have bit 31 set, those of notifications never: one receive tells them apart. */
export const BADGE_ENDPOINT: u64 = 0x8000_0000;
/** A sentry's own fault, as opposed to its request. */
export const BADGE_FAULT: u64 = 0x0001_0000;

/** log2 of the entries of a sentry's two levels of CNodes: 64 CNodes of 256 slots. */
const FIRST_RADIX: u32 = 6;
const SECOND_RADIX: u32 = 8;

/** Slots of a sentry's first CNode. */
const SLOT_ROOT: u32 = 1;
const SLOT_VSPACE: u32 = 2;
const SLOT_CNODE: u32 = 3;
const SLOT_FAULT_ENDPOINT: u32 = 4;
const SLOT_MANAGER: u32 = 5;
const SLOT_NOTIFICATION: u32 = 6;
const SLOT_EMPTY_CNODE: u32 = 7;
const SLOT_REPLY: u32 = 8;
const SLOT_TCB: u32 = 9;

/** Below the manager, above the container's threads (100): a sentry answers before another thread of it runs. */
const SENTRY_PRIORITY: u32 = 150;

/** Budget equal to period: round robin with others of the same priority, without a limit. Microseconds. */
export const SCHED_PERIOD: u64 = 10_000;

/** The threads' CNode has two slots, which stay empty, behind a guard of all other bits that no Linux argument matches. */
const EMPTY_RADIX: u32 = 1;
const GUARD_SIZE_BITS: u32 = 6;

/** The smallest quota worth making, beyond the sentry itself: a first process's tables, stack and pages. */
const PROCESS_MINIMUM: u64 = 256 * 1024;

/** Pages of one leaf page table. */
const TABLE_PAGES: u64 = 512;

// @ts-ignore: decorator
@inline
function boot(key: BootKey, index: u32 = 0): u32 {
    return <u32>bootValue(key, index);
}

/** Registers of a write: at most the first nine words of x86_64's seL4_UserContext (rip rsp rflags rax rbx rcx rdx rsi rdi). */
const registers: usize = memory.data(9 * 8, 8);
const REGISTER_PC: usize = 0;
const REGISTER_SP: usize = 1 * 8;
const REGISTER_FIRST_ARGUMENT: usize = 8 * 8;

export class SentryDomain {
    /** The exchange page and the configuration pages in the manager's window. */
    exchange: usize = 0;
    configuration: usize = 0;
    /** A CNode capability that resolves the sentry's capability pointers at depth WORD_BITS. */
    root: u32 = 0;
    /** The quota's untypeds, which the sentry holds copies of. */
    readonly quota: Untyped[] = [];
    /** What the domain itself is made of, by owner, in bytes. */
    kernelObjects: u64 = 0;
    capabilities: u64 = 0;
    pageTables: u64 = 0;
    /** Frames: state and stacks of the runtime, initial heap, exchange and configuration. */
    frames: u64 = 0;

    private readonly parts: Untyped[] = [];
    private readonly pool: UntypedPool = new UntypedPool(cspace, objectBits);
    /** Slots of the manager that hold copies of shared frames, and slots that revoking the quota empties. */
    private readonly shared: u32[] = [];
    private readonly slots: u32[] = [];
    private tcb: u32 = 0;
    private notification: u32 = 0;
    private faulted: bool = false;

    constructor(readonly number: u32) {}

    /**
     * Makes the domain out of `limit` bytes (a multiple of the page size) of the machine's memory; `endpoint` is the
     * manager's, `random` is the guard of the threads' CNode. The configuration pages are then to be filled, before `start`.
     */
    create(limit: u64, configurationPages: u32, endpoint: u32, random: u64): Failure | null {
        assert(configurationPages <= CONFIGURATION_PAGES_MAXIMUM);
        const own = this.ownBytes(configurationPages);
        if (limit < own + PROCESS_MINIMUM) {
            return new Failure(
                "a memory limit of " +
                    decimal(limit >> 10) +
                    " KiB is too little: the container's sentry and its first process take " +
                    decimal((own + PROCESS_MINIMUM) >> 10) +
                    " KiB; raise it with --memory",
            );
        }
        if (!this.carve(own, this.parts) || !this.carve(limit - own, this.quota)) {
            return new Failure(
                "a memory limit of " +
                    decimal(limit >> 10) +
                    " KiB does not fit the machine, which has " +
                    decimal(machinePool.left() >> 10) +
                    " KiB left; lower it with --memory or give the machine more memory",
            );
        }
        for (let i = 0; i < this.parts.length; i++) this.pool.add(this.parts[i]);
        const error = this.build(configurationPages, endpoint, random);
        if (error == null) return null;
        return new Failure("the container's protection domain could not be made: " + error + "; this is a defect of Sealift");
    }

    /** Lets the sentry run from its entry point. */
    start(): Failure | null {
        store<u64>(registers, bootValue(BootKey.SENTRY_ENTRY, 0), REGISTER_PC);
        store<u64>(registers, bootValue(BootKey.SENTRY_STACK_TOP, 0), REGISTER_SP);
        if (tcbWriteRegisters(this.tcb, 1, 2, <u32>registers) == 0) return null;
        return new Failure("the container's sentry could not be started: seL4 refused its registers; this is a defect of Sealift");
    }

    /** Sets bits of the sentry's notification: `capability` is one of those `notificationBit` made. */
    @inline signal(capability: u32): void {
        kernelSignal(capability);
    }

    /** A capability that signals `bit` of the sentry's notification, or 0. */
    notificationBit(bit: u32): u32 {
        const slot = cspace.mint(this.notification, RIGHT_WRITE, (<u64>1) << bit);
        if (slot != 0) this.slots.push(slot);
        return slot;
    }

    /**
     * Turns the sentry's fault at an address into a Wasm trap, which reports itself. False when the address is not in
     * linear memory, or when it has happened before: the container is lost then.
     */
    trap(address: u64): bool {
        const base = bootValue(BootKey.LINEAR_BASE, 0);
        if (this.faulted || address < base || address - base >= (<u64>1) << 32) return false;
        this.faulted = true;
        if (tcbReadRegisters(this.tcb, 0, 9, <u32>registers) != 0) return false;
        store<u64>(registers, bootValue(BootKey.SENTRY_FAULT_ENTRY, 0), REGISTER_PC);
        store<u64>(registers, address, REGISTER_FIRST_ARGUMENT);
        return tcbWriteRegisters(this.tcb, 1, 9, <u32>registers) == 0;
    }

    /** Takes everything back. False when the kernel left something behind: then memory has been lost. */
    destroy(): bool {
        if (this.tcb != 0) tcbSuspend(this.tcb);
        let complete = true;
        for (let i = 0; i < this.shared.length; i++) if (!cspace.remove(this.shared[i])) complete = false;
        for (let i = 0; i < this.quota.length; i++) if (!machinePool.revoke(this.quota[i])) complete = false;
        for (let i = 0; i < this.parts.length; i++) if (!machinePool.revoke(this.parts[i])) complete = false;
        if (complete) for (let i = 0; i < this.slots.length; i++) cspace.release(this.slots[i]);
        return complete;
    }

    /** Bytes of the domain's objects: what `build` makes, rounded up to pages. */
    private ownBytes(configurationPages: u32): u64 {
        const programPages = boot(BootKey.SHARED_PAGES) + boot(BootKey.BSS_PAGES);
        const heapPages = boot(BootKey.SENTRY_HEAP_PAGES);
        let pages: u64 = boot(BootKey.BSS_PAGES) + heapPages + 2 + configurationPages;
        for (let i: u32 = 0; i < boot(BootKey.PRIVATE_RW_COUNT); i++) pages += boot(BootKey.PRIVATE_RW_PAGES, i);
        // Leaf tables: the private range, the program, the window's first, the heap's; above them three directories, one
        // table of directories, and the root. A range that starts inside a table can touch one more.
        const leaves = 1 + (programPages / TABLE_PAGES + 2) + 1 + (heapPages / TABLE_PAGES + 2);
        pages += leaves + 3 + 1 + 1;
        const cnodes = ((<u64>1) << (FIRST_RADIX + 5)) + ((<u64>1) << (SECOND_RADIX + 5));
        // Thread, scheduling context, endpoint, notification, reply, empty CNode.
        const small = ((<u64>1) << objectBits[OBJECT_TCB]) + ((<u64>1) << objectBits[OBJECT_SCHED_CONTEXT]) + 1024;
        return (pages << PAGE_BITS) + ((cnodes + small + PAGE_SIZE) & ~(<u64>PAGE_SIZE - 1));
    }

    /** Splits `bytes` (whole pages) of the machine's memory off as at most 16 untypeds, the largest first. */
    private carve(bytes: u64, into: Untyped[]): bool {
        const negligible = bytes >> 6;
        while (bytes > 0) {
            // Sixteen pieces leave at most a small rest, which is not worth a slot.
            if (<u32>into.length == UNTYPED_COUNT_MAXIMUM) return bytes <= negligible;
            const largest = machinePool.largest();
            const wanted = <u32>(63 - clz<u64>(bytes));
            const bits = min(largest, wanted);
            if (bits < PAGE_BITS) return false;
            const untyped = machinePool.carve(bits);
            if (untyped === null) return false;
            into.push(untyped);
            bytes -= untyped.size;
        }
        return true;
    }

    private make(type: u32, sizeBits: u32 = 0): u32 {
        const slot = this.pool.make(type, sizeBits);
        if (slot != 0) this.slots.push(slot);
        return slot;
    }

    /** The result names the step that failed. */
    private build(configurationPages: u32, endpoint: u32, random: u64): string | null {
        // Large objects first, so that alignment wastes nothing.
        const second = this.make(OBJECT_CNODE, SECOND_RADIX);
        const vspace = this.make(OBJECT_VSPACE);
        if (second == 0 || vspace == 0) return "no memory for its CNode and VSpace";
        if (asidPoolAssign(asidPool, vspace) != 0) return "no address space identifier is left";
        const space = new VSpace(vspace, this.pool);
        const failed = this.mapAll(space, configurationPages);
        if (failed !== null) return failed;
        const tcb = this.make(OBJECT_TCB);
        const first = this.make(OBJECT_CNODE, FIRST_RADIX);
        const schedContext = this.make(OBJECT_SCHED_CONTEXT, objectBits[OBJECT_SCHED_CONTEXT]);
        const notification = this.make(OBJECT_NOTIFICATION);
        const empty = this.make(OBJECT_CNODE, EMPTY_RADIX);
        const reply = this.make(OBJECT_REPLY);
        const faults = this.make(OBJECT_ENDPOINT);
        if (tcb == 0 || first == 0 || schedContext == 0 || notification == 0 || empty == 0 || reply == 0 || faults == 0) {
            return "no memory for its thread";
        }
        this.tcb = tcb;
        this.notification = notification;
        this.capabilities = (<u64>32 << FIRST_RADIX) + (<u64>32 << SECOND_RADIX) + (<u64>32 << EMPTY_RADIX);
        this.pageTables = space.tables + PAGE_SIZE;
        this.kernelObjects = this.pool.made - this.capabilities - this.pageTables - this.frames;

        if (cnodeMint(first, 0, FIRST_RADIX, cspace.root, second, WORD_BITS, RIGHTS_ALL, 0) != 0) return "its CSpace";
        this.root = cspace.mint(first, RIGHTS_ALL, WORD_BITS - FIRST_RADIX - SECOND_RADIX);
        const service = cspace.mint(endpoint, RIGHT_WRITE | RIGHT_GRANT_REPLY, BADGE_ENDPOINT | this.number);
        const faultHandler = cspace.mint(
            endpoint,
            RIGHT_WRITE | RIGHT_GRANT | RIGHT_GRANT_REPLY,
            BADGE_ENDPOINT | BADGE_FAULT | this.number,
        );
        if (this.root == 0 || service == 0 || faultHandler == 0) return "no capability slots";
        this.slots.push(this.root);
        this.shared.push(service);
        this.shared.push(faultHandler);
        if (
            !this.give(SLOT_ROOT, this.root) ||
            !this.give(SLOT_VSPACE, vspace) ||
            !this.give(SLOT_CNODE, second) ||
            !this.give(SLOT_FAULT_ENDPOINT, faults) ||
            !this.give(SLOT_MANAGER, service) ||
            !this.give(SLOT_NOTIFICATION, notification) ||
            !this.give(SLOT_REPLY, reply) ||
            !this.give(SLOT_TCB, tcb)
        ) {
            return "its capabilities";
        }
        const guard = ((random >> GUARD_SIZE_BITS) << GUARD_SIZE_BITS) | (WORD_BITS - EMPTY_RADIX);
        if (cnodeMint(this.root, SLOT_EMPTY_CNODE, WORD_BITS, cspace.root, empty, WORD_BITS, RIGHTS_ALL, guard) != 0) {
            return "its threads' CSpace";
        }
        for (let i = 0; i < this.quota.length; i++) {
            if (!this.give(UNTYPED_FIRST_SLOT + i, this.quota[i].slot)) return "its memory";
        }

        if (tcbConfigure(tcb, this.root, 0, vspace, bootValue(BootKey.IPC_BUFFER_VADDR, 0), this.ipcBuffer) != 0) {
            return "its thread's configuration";
        }
        if (schedControlConfigure(schedControl, schedContext, SCHED_PERIOD, SCHED_PERIOD, 0, this.number) != 0) {
            return "its scheduling context";
        }
        if (tcbSetSchedParams(tcb, rootTcb, SENTRY_PRIORITY, SENTRY_PRIORITY, schedContext, faultHandler) != 0) {
            return "its priority";
        }
        return tcbBindNotification(tcb, notification) != 0 ? "its notification" : null;
    }

    private ipcBuffer: u32 = 0;

    /** A copy of a capability of the manager in a slot of the sentry. */
    private give(slot: u32, source: u32): bool {
        return cnodeCopy(this.root, slot, WORD_BITS, cspace.root, source, WORD_BITS, RIGHTS_ALL) == 0;
    }

    private mapAll(space: VSpace, configurationPages: u32): string | null {
        // Where a sentry's own memory is.
        if (!this.mapFresh(space, bootValue(BootKey.BSS_FIRST_VADDR, 0), boot(BootKey.BSS_PAGES))) return "its state";
        for (let i: u32 = 0; i < boot(BootKey.PRIVATE_RW_COUNT); i++) {
            if (!this.mapFresh(space, bootValue(BootKey.PRIVATE_RW_VADDR, i), boot(BootKey.PRIVATE_RW_PAGES, i))) return "its stacks";
        }
        const linear = bootValue(BootKey.LINEAR_BASE, 0);
        const heap = linear + bootValue(BootKey.SENTRY_HEAP_FIRST, 0);
        if (!this.mapFresh(space, heap, boot(BootKey.SENTRY_HEAP_PAGES))) return "its heap";
        this.ipcBuffer = this.make(OBJECT_FRAME);
        if (this.ipcBuffer == 0) return "its IPC buffer";
        this.frames += PAGE_SIZE;
        if (space.map(this.ipcBuffer, bootValue(BootKey.IPC_BUFFER_VADDR, 0), RIGHT_READ | RIGHT_WRITE, false) != 0) return "its IPC buffer";

        // What it shares with the manager.
        this.exchange = this.mapTogether(space, linear + EXCHANGE_ADDRESS, 1, true);
        this.configuration = this.mapTogether(space, linear + CONFIGURATION_ADDRESS, configurationPages, false);
        if (this.exchange == 0 || this.configuration == 0) return "its configuration";

        // What all sentries share, read-only.
        const program = bootValue(BootKey.SHARED_FIRST_VADDR, 0);
        const firstPage = <u32>((program - bootValue(BootKey.IMAGE_FIRST_VADDR, 0)) >> PAGE_BITS);
        const programFrames = boot(BootKey.IMAGE_FRAME_FIRST_SLOT) + firstPage;
        if (!this.mapShared(space, programFrames, program, boot(BootKey.SHARED_PAGES), true)) return "its code";
        const image = boot(BootKey.SENTRY_IMAGE_FIRST_SLOT);
        const imagePages = boot(BootKey.SENTRY_IMAGE_PAGES);
        if (!this.mapShared(space, image, bootValue(BootKey.SENTRY_IMAGE_VADDR, 0), imagePages, false)) return "its translated module";
        return null;
    }

    private mapFresh(space: VSpace, address: u64, pages: u32): bool {
        for (let i: u32 = 0; i < pages; i++) {
            const frame = this.make(OBJECT_FRAME);
            if (frame == 0) return false;
            if (space.map(frame, address + (<u64>i << PAGE_BITS), RIGHT_READ | RIGHT_WRITE, false) != 0) return false;
        }
        this.frames += <u64>pages << PAGE_BITS;
        return true;
    }

    /** Fresh frames in the sentry and in the manager's window; the address there, or 0. */
    private mapTogether(space: VSpace, address: u64, pages: u32, writable: bool): usize {
        const mine = window.reserve(pages);
        if (mine == 0) return 0;
        const rights = writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
        for (let i: u32 = 0; i < pages; i++) {
            const frame = this.make(OBJECT_FRAME);
            const copy = frame == 0 ? 0 : cspace.copy(frame, RIGHTS_ALL);
            if (copy == 0) return 0;
            this.slots.push(copy);
            if (space.map(frame, address + (<u64>i << PAGE_BITS), rights, false) != 0) return 0;
            if (window.map(copy, mine + (<usize>i << PAGE_BITS), true) != 0) return 0;
        }
        this.frames += <u64>pages << PAGE_BITS;
        return mine;
    }

    private mapShared(space: VSpace, firstFrame: u32, address: u64, pages: u32, execute: bool): bool {
        for (let i: u32 = 0; i < pages; i++) {
            const copy = cspace.copy(firstFrame + i, RIGHT_READ);
            if (copy == 0) return false;
            this.shared.push(copy);
            if (space.map(copy, address + (<u64>i << PAGE_BITS), RIGHT_READ, execute) != 0) return false;
        }
        return true;
    }
}
