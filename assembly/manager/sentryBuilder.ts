// SPDX-License-Identifier: Apache-2.0
//
// Builds a container's sentry: a protection domain with the same program as the root task. Everything is made from the
// container's quota, but for pages that all sentries share read-only: the program, and sentry.wasm translated.

import { BootKey } from "../sel4/generated/boot-keys";
import {
    CNode,
    Endpoint,
    Frame,
    Notification,
    PageTable,
    SchedContext,
    TCB,
    VSpace,
    capability,
} from "../sel4/capabilities";
import { guard } from "../sel4/cspace";
import { TABLE_REACH, TableSource, mapPage } from "../sel4/mapping";
import {
    ERROR_NONE,
    OBJECT_CNODE,
    OBJECT_ENDPOINT,
    OBJECT_FRAME,
    OBJECT_NOTIFICATION,
    OBJECT_PAGE_TABLE,
    OBJECT_REPLY,
    OBJECT_SCHED_CONTEXT,
    OBJECT_TCB,
    OBJECT_TYPES,
    OBJECT_VSPACE,
    RETYPE_MAXIMUM,
    RIGHTS_ALL,
    RIGHTS_READ_WRITE,
    RIGHT_GRANT_REPLY,
    RIGHT_READ,
    RIGHT_WRITE,
    WORD_BITS,
    errorName,
} from "../sel4/objects";
import {
    CONFIGURATION_ADDRESS,
    ContainerConfiguration,
    EXCHANGE_ADDRESS,
    THREADS_CONTEXT_SLOT,
    TURN_MICROSECONDS,
} from "../std/containerConfiguration";
import { Failure } from "../std/failure";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";

import { randomBytes } from "./entropy";
import { Instance, NOTIFY_BITS } from "./instance";
import { fact, machine } from "./machine";
import { LIMITED_CONTEXT_EXTRA_BITS } from "./processorLimit";
import { startRuntime } from "./runtimeThread";
import { SentryPages, privatePageCount } from "./sentryPages";
import {
    KEPT_SLOTS,
    QUOTA_CAPABILITIES,
    QUOTA_KERNEL_OBJECTS,
    QUOTA_PAGE_TABLES,
    QUOTA_SENTRY,
} from "./quota";
import { CONFIGURATION_PAGES, EXCHANGE_PAGES, mapInWindow } from "./window";

/** Set in the badge of every message from a container; notifications never have it. */
export const BADGE_CONTAINER: u64 = 0x8000_0000;
/** Set as well where the message is a fault of the sentry itself. */
export const BADGE_FAULT: u64 = 0x1_0000;
/** The container's number in a badge. */
export const BADGE_CONTAINER_NUMBER: u64 = 0xffff;

// A sentry's CSpace: second-level CNodes of 128 slots, made as they are needed, behind a first level that has room for four
// slots for each page of the quota: a page's own, and those of its mappings in further processes and in the sentry. That is
// 1/4096 of the quota.
const SENTRY_ROOT_RADIX_MINIMUM: u32 = 6;
/** Capability pointers of pages have 24 bits (sentry/memory/residentPages.ts). */
const SENTRY_ROOT_RADIX_MAXIMUM: u32 = 17;
const SLOTS_PER_PAGE_BITS: u32 = 2;
export const SENTRY_LEAF_RADIX: u32 = 7;
const SLOT_ROOT: u32 = 1;
const SLOT_VSPACE: u32 = 2;
const SLOT_FIRST_NODE: u32 = 3;
const SLOT_FAULT_ENDPOINT: u32 = 4;
const SLOT_MANAGER: u32 = 5;
const SLOT_NOTIFICATION: u32 = 6;
const SLOT_EMPTY_CSPACE: u32 = 7;
const SLOT_REPLY: u32 = 8;
const SLOT_TCB: u32 = 9;

/** Above the container's threads (100), below the manager (200): a sentry preempts what it serves. */
export const SENTRY_PRIORITY: u32 = 150;

/** The CNode of the container's threads has two slots, and its guard takes the other 63 bits. */
const EMPTY_RADIX: u32 = 1;
/** A guard's value has 58 bits in a Mint message; the upper 5 of 63 are zero. */
const EMPTY_GUARD_MASK: u64 = ((<u64>1) << 58) - 1;

/** Page tables of a sentry: one path for each of the program, the window's pages and the heap, and some. */
const TABLES_ESTIMATE: u64 = 16;
/** Capabilities that are neither frames nor tables. */
const OTHER_SLOTS: u32 = 32;

/** Slots for pages of the program, at least: those that a sentry touches. A small quota's may give them up for each other now and then. */
const PROGRAM_SLOTS: u64 = 256;
const PROGRAM_SLOTS_SMALL: u64 = 64;
const SMALL_LIMIT: u64 = 2 << 20;

/** Private pages that the quota keeps memory back for: all but those that only a deep recursion touches. */
const KEPT_PAGES: u32 = 56;
/** Pages that tell a sentry's runtime what it must know. */
const DOMAIN_BOOT_PAGES: u32 = 1;
/** Frames that are mapped from the start: the first page of the state, the exchange page. */
const EAGER_PAGES: u64 = 2;

/** log2 of the slots of the CNode that holds the sentry's capabilities on the manager's side. */
function nodeRadix(configurationPages: u64, limit: u64): u32 {
    const program = min<u64>(
        fact(BootKey.SHARED_PAGES),
        limit < SMALL_LIMIT ? PROGRAM_SLOTS_SMALL : PROGRAM_SLOTS,
    );
    const slots =
        EAGER_PAGES +
        KEPT_SLOTS +
        privatePageCount() +
        program +
        // The exchange and configuration pages are mapped on both sides.
        2 * configurationPages +
        1 +
        DOMAIN_BOOT_PAGES +
        TABLES_ESTIMATE +
        OTHER_SLOTS;
    return <u32>(64 - clz(slots - 1));
}

/** log2 of the first-level entries of the CSpace of a sentry with a quota of `limit` bytes. */
function rootRadix(limit: u64): u32 {
    const entries = (limit >> PAGE_BITS) >> (SENTRY_LEAF_RADIX - SLOTS_PER_PAGE_BITS);
    const radix = entries < 2 ? 0 : <u32>(64 - clz(entries - 1));
    return min(max(radix, SENTRY_ROOT_RADIX_MINIMUM), SENTRY_ROOT_RADIX_MAXIMUM);
}

/** Bytes that the quota keeps back for the sentry's pages. */
export const KEPT_SIZE: u64 = (<u64>KEPT_PAGES) << PAGE_BITS;

/**
 * Bytes of a quota of `limit` bytes that a sentry takes in one block before its container has anything, besides KEPT_SIZE: a little more than
 * is used.
 */
export function constructionSize(configurationSize: u32, limit: u64): u64 {
    const configurationPages = pagesFor(configurationSize);
    const slot = machine().objectBits(OBJECT_CNODE);
    const frames = (EAGER_PAGES + configurationPages) << PAGE_BITS;
    const tables = TABLES_ESTIMATE << PAGE_BITS;
    const node = (<u64>1) << (nodeRadix(configurationPages, limit) + slot);
    const nodes = node + ((<u64>1) << (SENTRY_LEAF_RADIX + slot)) + ((<u64>1) << (rootRadix(limit) + slot));
    // Nodes are aligned to their size; the small objects fit a page.
    return frames + tables + nodes + node + 2 * PAGE_SIZE;
}

export class SentryBuilder extends TableSource {
    private nextSlot: u32;
    private failure: Failure | null = null;
    private vspace: VSpace = capability<VSpace>(0);
    private notification: Notification = capability<Notification>(0);

    /** `entry` is a first-level entry of the manager's CSpace for the container's capabilities; `manager` the service. */
    constructor(
        private readonly container: Instance,
        private readonly entry: u32,
        private readonly manager: Endpoint,
    ) {
        super();
        this.nextSlot = entry << machine().cspace.leafBits;
    }

    /**
     * Builds everything; the quota has been carved. `configuration` is the container's configuration in ordinary memory,
     * complete but for what the builder knows: untypeds and object sizes. After a failure the quota is to be released.
     */
    build(configuration: ContainerConfiguration): Failure | null {
        const configurationPages = <u32>pagesFor(configuration.size);
        const radix = nodeRadix(configurationPages, this.container.quota.size);
        if (!this.container.quota.makeNode(radix, this.entry)) return this.outOfMemory();
        // What is larger than a page comes before the pages, the smaller things after them: so alignment leaves no gaps.
        const rootBits = rootRadix(this.container.quota.size);
        let rootNode =
            rootBits < SENTRY_LEAF_RADIX ? 0 : this.make(OBJECT_CNODE, rootBits, 1, QUOTA_CAPABILITIES);
        const firstNode = this.make(OBJECT_CNODE, SENTRY_LEAF_RADIX, 1, QUOTA_CAPABILITIES);
        this.makeVSpace();
        const buffer = this.mapBuffer();
        this.keepPages();
        this.mapBootPage();
        const exchange = this.mapFresh(fact(BootKey.LINEAR_BASE) + EXCHANGE_ADDRESS, 1, RIGHTS_READ_WRITE);
        const pages = this.mapFresh(
            fact(BootKey.LINEAR_BASE) + CONFIGURATION_ADDRESS,
            configurationPages,
            RIGHT_READ,
        );
        if (rootNode == 0) rootNode = this.make(OBJECT_CNODE, rootBits, 1, QUOTA_CAPABILITIES);
        const root = this.makeCSpace(rootNode, rootBits, firstNode);
        const schedContext = this.makeSchedContext(root);
        this.makeEndpoints(root);
        const tcb = this.makeThread(root, schedContext, buffer);
        const failure = this.failure;
        if (failure !== null) return failure;
        if (!this.container.quota.give(root, SENTRY_LEAF_RADIX)) return this.outOfMemory();
        this.container.exchange = EXCHANGE_PAGES + ((<usize>this.container.number) << PAGE_BITS);
        this.mapOnOwnSide(exchange, this.container.exchange);
        this.writeConfiguration(configuration, pages, configurationPages);
        this.preparePages(radix);
        this.container.root = root;
        this.container.tcb = tcb;
        return this.failure;
    }

    /** Lets the sentry run. */
    start(): Failure | null {
        this.check(startRuntime(this.container.tcb), "start the sentry");
        return this.failure;
    }

    makeTable(level: u32): PageTable | null {
        const slot = this.make(OBJECT_PAGE_TABLE + level - 1, 0, 1, QUOTA_PAGE_TABLES);
        return slot == 0 ? null : capability<PageTable>(slot);
    }

    // ---- address space

    private makeVSpace(): void {
        const slot = this.make(OBJECT_VSPACE, 0, 1, QUOTA_PAGE_TABLES);
        if (slot == 0) return;
        this.vspace = capability<VSpace>(slot);
        this.check(machine().addressSpaces.assign(this.vspace), "give the sentry an address space");
    }

    /**
     * Maps the first page of the sentry's state, which has the IPC buffer, and makes the page tables for what is mapped as it is touched: the
     * frame, mapped there for a moment, needs them.
     */
    private mapBuffer(): Frame {
        const slot = this.make(OBJECT_FRAME, 0, 1, QUOTA_SENTRY);
        const buffer = capability<Frame>(slot);
        const state = fact(BootKey.BSS_FIRST_VADDR);
        const stateEnd = state + (fact(BootKey.BSS_PAGES) << PAGE_BITS);
        let address = fact(BootKey.SHARED_FIRST_VADDR);
        while (address < stateEnd) {
            this.mapForMoment(buffer, address);
            address = (address + TABLE_REACH) & ~(TABLE_REACH - 1);
        }
        this.mapForMoment(buffer, fact(BootKey.LINEAR_BASE) + fact(BootKey.SENTRY_HEAP_FIRST));
        this.map(slot, state, RIGHTS_READ_WRITE, false);
        return buffer;
    }

    private mapForMoment(frame: Frame, address: u64): void {
        this.map(frame.cptr, address, RIGHT_READ, false);
        if (this.failure === null) frame.unmap();
    }

    /** Keeps memory back for the private pages. */
    private keepPages(): void {
        const kept = this.slots(KEPT_SLOTS);
        if (this.failure === null && !this.container.quota.keep(KEPT_PAGES, kept)) this.outOfMemory();
    }

    /** What the runtime must know: a frame of the root task, read-only. */
    private mapBootPage(): void {
        const slot = this.slots(DOMAIN_BOOT_PAGES);
        if (this.failure !== null) return;
        this.check(
            machine().cspace.copy(slot, <u32>fact(BootKey.DOMAIN_BOOT_SLOT), RIGHT_READ),
            "share the boot's page with the sentry",
        );
        this.map(slot, fact(BootKey.DOMAIN_BOOT_VADDR), RIGHT_READ, false);
    }

    /** Gives what is left of the CNode's 2^`radix` slots to the pages that are mapped as they are touched. */
    private preparePages(radix: u32): void {
        if (this.failure !== null) return;
        const transfer = this.slots(1);
        const end = (this.entry << machine().cspace.leafBits) + (1 << radix);
        const pages = new SentryPages(
            this.vspace,
            this.container.quota,
            this.nextSlot,
            end - this.nextSlot,
            transfer,
        );
        this.container.transferSlot = transfer;
        this.container.pages = pages;
    }

    /** Maps new zeroed frames. The result is the slot of the first one's capability. */
    private mapFresh(address: u64, count: u32, rights: u32): u32 {
        let first: u32 = 0;
        for (let done: u32 = 0; done < count;) {
            const batch = min(count - done, RETYPE_MAXIMUM);
            const slot = this.make(OBJECT_FRAME, 0, batch, QUOTA_SENTRY);
            if (slot == 0) return 0;
            if (done == 0) first = slot;
            for (let i: u32 = 0; i < batch; i++)
                this.map(slot + i, address + ((<u64>(done + i)) << PAGE_BITS), rights, false);
            done += batch;
        }
        return first;
    }

    private map(slot: u32, address: u64, rights: u32, execute: bool): void {
        if (this.failure !== null) return;
        this.check(
            mapPage(capability<Frame>(slot), this.vspace, address, rights, execute, this),
            "map a page of the sentry",
        );
    }

    // ---- capability space

    /** The sentry's CSpace: its first level with the guard, through which everything else is put in. */
    private makeCSpace(plain: u32, radix: u32, node: u32): CNode {
        const cspace = machine().cspace;
        const guarded = this.slots(1);
        if (this.failure !== null) return capability<CNode>(0);
        const what = "make the sentry's CSpace";
        this.check(
            cspace.mint(guarded, plain, RIGHTS_ALL, guard(0, WORD_BITS - radix - SENTRY_LEAF_RADIX)),
            what,
        );
        this.check(cspace.copyToNode(capability<CNode>(plain), 0, radix, node), what);
        const root = capability<CNode>(guarded);
        this.put(root, SLOT_ROOT, guarded);
        this.put(root, SLOT_VSPACE, this.vspace.cptr);
        this.put(root, SLOT_FIRST_NODE, node);
        return root;
    }

    private makeEndpoints(root: CNode): void {
        const cspace = machine().cspace;
        const badge = BADGE_CONTAINER | this.container.number;
        const faults = this.make(OBJECT_ENDPOINT, 0, 1, QUOTA_KERNEL_OBJECTS);
        const notification = this.make(OBJECT_NOTIFICATION, 0, 1, QUOTA_KERNEL_OBJECTS);
        const reply = this.make(OBJECT_REPLY, 0, 1, QUOTA_KERNEL_OBJECTS);
        const empty = this.make(OBJECT_CNODE, EMPTY_RADIX, 1, QUOTA_CAPABILITIES);
        const badged = this.slots(NOTIFY_BITS);
        if (this.failure !== null) return;
        this.put(root, SLOT_FAULT_ENDPOINT, faults);
        this.put(root, SLOT_NOTIFICATION, notification);
        this.put(root, SLOT_REPLY, reply);
        this.check(
            cspace.mintInto(root, SLOT_MANAGER, this.manager.cptr, RIGHT_WRITE | RIGHT_GRANT_REPLY, badge),
            "give the sentry the manager's service",
        );
        const random = heap.alloc(32);
        randomBytes(random);
        const guardValue = load<u64>(random) & EMPTY_GUARD_MASK;
        heap.free(random);
        this.check(
            cspace.mintInto(
                root,
                SLOT_EMPTY_CSPACE,
                empty,
                RIGHTS_ALL,
                guard(guardValue, WORD_BITS - EMPTY_RADIX),
            ),
            "make the empty CSpace of the container's threads",
        );
        for (let bit: u32 = 0; bit < NOTIFY_BITS; bit++) {
            this.check(
                cspace.mint(badged + bit, notification, RIGHT_WRITE, (<u64>1) << bit),
                "make the sentry's notification",
            );
        }
        this.container.notificationSlot = badged;
        this.notification = capability<Notification>(notification);
    }

    // ---- thread

    /** The sentry's scheduling context; in a limited container the one of all its threads as well. */
    private makeSchedContext(root: CNode): SchedContext {
        const limit = this.container.processorLimit;
        const bits =
            machine().objectBits(OBJECT_SCHED_CONTEXT) + (limit === null ? 0 : LIMITED_CONTEXT_EXTRA_BITS);
        const slot = this.make(OBJECT_SCHED_CONTEXT, bits, 1, QUOTA_KERNEL_OBJECTS);
        const schedContext = capability<SchedContext>(slot);
        this.container.schedContext = schedContext;
        const what = "give the container CPU time";
        if (limit === null) {
            // Budget and period are equal: the kernel shares time among equals by turns and limits nothing.
            if (slot != 0) {
                this.check(
                    machine().schedControl.configure(schedContext, TURN_MICROSECONDS, TURN_MICROSECONDS, 0),
                    what,
                );
            }
            return schedContext;
        }
        const threads = this.make(OBJECT_SCHED_CONTEXT, bits, 1, QUOTA_KERNEL_OBJECTS);
        if (this.failure !== null) return schedContext;
        this.check(limit.begin(schedContext, capability<SchedContext>(threads)), what);
        this.put(root, THREADS_CONTEXT_SLOT, threads);
        return schedContext;
    }

    private makeThread(root: CNode, schedContext: SchedContext, buffer: Frame): TCB {
        const slot = this.make(OBJECT_TCB, 0, 1, QUOTA_KERNEL_OBJECTS);
        const faults = this.slots(1);
        const tcb = capability<TCB>(slot);
        if (this.failure !== null) return tcb;
        const what = "make the sentry's thread";
        const badge = BADGE_CONTAINER | BADGE_FAULT | this.container.number;
        this.check(machine().cspace.mint(faults, this.manager.cptr, RIGHTS_ALL, badge), what);
        this.check(tcb.configure(root, 0, this.vspace, fact(BootKey.IPC_BUFFER_VADDR), buffer), what);
        this.check(
            tcb.setSchedParams(
                machine().ownTcb,
                SENTRY_PRIORITY,
                SENTRY_PRIORITY,
                schedContext,
                capability<Endpoint>(faults),
            ),
            what,
        );
        this.check(tcb.bindNotification(this.notification), what);
        this.put(root, SLOT_TCB, slot);
        return tcb;
    }

    // ---- configuration

    private writeConfiguration(configuration: ContainerConfiguration, firstFrame: u32, pages: u32): void {
        const given = this.container.quota.given;
        configuration.untypedCount = given.length;
        configuration.cspaceRootBits = rootRadix(this.container.quota.size);
        for (let i = 0; i < given.length; i++) {
            store<u8>(
                changetype<usize>(configuration) + i,
                <u8>given[i],
                offsetof<ContainerConfiguration>("untypedBits0"),
            );
        }
        for (let type: u32 = 0; type < OBJECT_TYPES; type++) {
            store<u8>(
                changetype<usize>(configuration) + type,
                <u8>machine().objectBits(type),
                offsetof<ContainerConfiguration>("objectBits0"),
            );
        }
        const first = this.slots(pages);
        for (let i: u32 = 0; i < pages && this.failure === null; i++) {
            this.check(
                machine().cspace.copy(first + i, firstFrame + i, RIGHTS_READ_WRITE),
                "write the container's configuration",
            );
            if (!mapInWindow(first + i, CONFIGURATION_PAGES + ((<usize>i) << PAGE_BITS), true))
                this.outOfMemory();
        }
        if (this.failure !== null) return;
        memory.copy(CONFIGURATION_PAGES, changetype<usize>(configuration), configuration.size);
        // The sentry alone reads them from now on.
        for (let i: u32 = 0; i < pages; i++) capability<Frame>(first + i).unmap();
    }

    private mapOnOwnSide(frame: u32, address: usize): void {
        const slot = this.slots(1);
        if (this.failure !== null) return;
        this.check(machine().cspace.copy(slot, frame, RIGHTS_READ_WRITE), "map the exchange page");
        if (this.failure === null && !mapInWindow(slot, address, true)) this.outOfMemory();
    }

    // ---- making objects

    /** Adjacent empty slots of the container's CNode. */
    private slots(count: u32): u32 {
        const first = this.nextSlot;
        this.nextSlot += count;
        return first;
    }

    /** Makes objects from the quota. The slot of the first one, or 0 after a failure. */
    private make(object: u32, sizeBits: u32, count: u32, owner: i32): u32 {
        if (this.failure !== null) return 0;
        const slot = this.slots(count);
        if (this.container.quota.make(object, sizeBits, slot, count, owner)) return slot;
        this.outOfMemory();
        return 0;
    }

    /** Puts a copy of the manager's capability into the sentry's CSpace. */
    private put(root: CNode, slot: u32, from: u32): void {
        if (this.failure === null)
            this.check(machine().cspace.copyInto(root, slot, from, RIGHTS_ALL), "fill the sentry's CSpace");
    }

    private check(error: u32, what: string): void {
        if (error == ERROR_NONE || this.failure !== null) return;
        this.failure = new Failure(
            "cannot " + what + ": seL4 says " + errorName(error) + "; this is a defect of Sealift",
        );
    }

    private outOfMemory(): Failure {
        const failure = new Failure("the container's memory limit is too low for its sentry; raise --memory");
        if (this.failure === null) this.failure = failure;
        return failure;
    }
}
