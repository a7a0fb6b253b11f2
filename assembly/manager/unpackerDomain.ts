// SPDX-License-Identifier: Apache-2.0
//
// The protection domain in which one layer is unpacked: the C runtime with unpacker.wasm. Its CSpace has one capability, to ask the manager;
// its memory is the program, read-only, the pages that it shares with the manager, the indexes of the layers below, read-only, and
// zeros. Everything but the shared pages is mapped when it is touched, so that the domain costs what it uses. All of it is given back.

import { BootKey } from "../sel4/generated/boot-keys";
import { bootValue } from "../sel4/generated/host";
import {
    CNode,
    Endpoint,
    Frame,
    PageTable,
    SchedContext,
    TCB,
    VSpace,
    capability,
} from "../sel4/capabilities";
import { guard } from "../sel4/cspace";
import { TableSource, mapPage } from "../sel4/mapping";
import {
    ERROR_NONE,
    ERROR_NOT_ENOUGH_MEMORY,
    OBJECT_CNODE,
    OBJECT_ENDPOINT,
    OBJECT_FRAME,
    OBJECT_REPLY,
    OBJECT_SCHED_CONTEXT,
    OBJECT_TCB,
    OBJECT_VSPACE,
    RIGHTS_ALL,
    RIGHTS_READ_WRITE,
    RIGHT_GRANT_REPLY,
    RIGHT_READ,
    RIGHT_WRITE,
    WORD_BITS,
} from "../sel4/objects";
import { OwnedObject, UntypedBlock } from "../sel4/untypedPool";
import { TURN_MICROSECONDS } from "../std/containerConfiguration";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import {
    UNPACKER_CONTENT,
    UNPACKER_CONTENT_PAGES,
    UNPACKER_EXCHANGE,
    UNPACKER_LOWER,
    UNPACKER_LOWER_END,
    UNPACKER_MANAGER_SLOT,
    UNPACKER_PACKED,
    UNPACKER_PACKED_PAGES,
    UNPACKER_TABLES,
    UNPACKER_TABLES_END,
} from "../std/unpackerProtocol";
import { provideHeap } from "./heap";
import { fact, machine } from "./machine";
import { OWNER_SCRATCH } from "./owners";
import { startRuntime } from "./runtimeThread";
import { SENTRY_PRIORITY } from "./sentryBuilder";
import { UNPACKING_CONTENT, UNPACKING_EXCHANGE, UNPACKING_PACKED, mapInWindow } from "./window";

/** Badge of the domain's requests, and of its faults: interrupts' badges never have these bits. */
export const BADGE_UNPACKER: u64 = 0x8000_0000;
export const BADGE_UNPACKER_FAULT: u64 = 0x8001_0000;

/** log2 of the slots of the domain's CSpace. */
const CSPACE_RADIX: u32 = 3;
/** log2 of the pages that a touch of zeros brings. */
const ZEROS_BITS: u32 = 2;
const ZEROS: u64 = ((<u64>1) << ZEROS_BITS) << PAGE_BITS;

/** Where the frame of a page of the lower layers' indexes is to be found. */
export abstract class LowerPages {
    /** Slot of the frame of page `number`, or 0 beyond the last one. */
    abstract slot(number: u32): u32;
}

/** What a touch of an address did. */
export enum Touch {
    Mapped,
    /** There is nothing for the domain. */
    Refused,
    NoMemory,
}

/** Page tables that are given back. */
class DomainTables extends TableSource {
    constructor(private readonly objects: OwnedObject[]) {
        super();
    }

    makeTable(level: u32): PageTable | null {
        const table = machine().tables.make(level);
        if (table === null) return null;
        this.objects.push(table);
        return capability<PageTable>(table.slot);
    }
}

export class UnpackerDomain {
    private readonly objects: OwnedObject[] = new Array<OwnedObject>();
    private readonly tables: DomainTables = new DomainTables(this.objects);
    /** Blocks of zeros, and the slots of their frames. */
    private readonly blocks: UntypedBlock[] = new Array<UntypedBlock>();
    private readonly slots: u32[] = new Array<u32>();
    /** Slots of copies of capabilities, which are to be deleted. */
    private readonly copies: u32[] = new Array<u32>();
    /** Pages mapped read-only. Who faults at one again has tried to write it. */
    private readonly readOnly: u64[] = new Array<u64>();
    private vspace: VSpace = capability<VSpace>(0);
    private endpointSlot: u32 = 0;
    private replySlot: u32 = 0;
    tcb: TCB = capability<TCB>(0);
    private schedContext: SchedContext = capability<SchedContext>(0);
    private consumed: u64 = 0;

    constructor(private readonly lower: LowerPages) {}

    /** What the domain asks comes here. */
    get endpoint(): Endpoint {
        return capability<Endpoint>(this.endpointSlot);
    }

    /** Slot of the object that answers. */
    get reply(): u32 {
        return this.replySlot;
    }

    /** Makes the domain and lets it run. False when there is no memory for it; it is to be released in any case. */
    start(): bool {
        const vspace = this.make(OBJECT_VSPACE, 0);
        const cspace = this.make(OBJECT_CNODE, CSPACE_RADIX);
        const endpoint = this.make(OBJECT_ENDPOINT, 0);
        const reply = this.make(OBJECT_REPLY, 0);
        const contextBits = machine().objectBits(OBJECT_SCHED_CONTEXT);
        const context = this.make(OBJECT_SCHED_CONTEXT, contextBits);
        const thread = this.make(OBJECT_TCB, 0);
        const buffer = this.make(OBJECT_FRAME, 0);
        const guarded = this.copySlot();
        const faults = this.copySlot();
        if (faults == 0 || buffer == 0 || thread == 0 || context == 0 || reply == 0) return false;
        this.vspace = capability<VSpace>(vspace);
        this.endpointSlot = endpoint;
        this.replySlot = reply;
        this.tcb = capability<TCB>(thread);
        const capabilities = machine().cspace;
        const schedContext = capability<SchedContext>(context);
        this.schedContext = schedContext;
        return (
            machine().addressSpaces.assign(this.vspace) == ERROR_NONE &&
            capabilities.mint(guarded, cspace, RIGHTS_ALL, guard(0, WORD_BITS - CSPACE_RADIX)) ==
                ERROR_NONE &&
            capabilities.mintInto(
                capability<CNode>(guarded),
                UNPACKER_MANAGER_SLOT,
                endpoint,
                RIGHT_WRITE | RIGHT_GRANT_REPLY,
                BADGE_UNPACKER,
            ) == ERROR_NONE &&
            capabilities.mint(faults, endpoint, RIGHTS_ALL, BADGE_UNPACKER_FAULT) == ERROR_NONE &&
            this.map(buffer, fact(BootKey.BSS_FIRST_VADDR), RIGHTS_READ_WRITE, false) == Touch.Mapped &&
            this.share(UNPACKER_EXCHANGE, UNPACKING_EXCHANGE, 1, RIGHTS_READ_WRITE) &&
            this.share(UNPACKER_PACKED, UNPACKING_PACKED, UNPACKER_PACKED_PAGES, RIGHT_READ) &&
            this.share(UNPACKER_CONTENT, UNPACKING_CONTENT, UNPACKER_CONTENT_PAGES, RIGHTS_READ_WRITE) &&
            machine().schedControl.configure(schedContext, TURN_MICROSECONDS, TURN_MICROSECONDS, 0) ==
                ERROR_NONE &&
            this.tcb.configure(
                capability<CNode>(guarded),
                0,
                this.vspace,
                fact(BootKey.IPC_BUFFER_VADDR),
                capability<Frame>(buffer),
            ) == ERROR_NONE &&
            this.tcb.setSchedParams(
                machine().ownTcb,
                0,
                SENTRY_PRIORITY,
                schedContext,
                capability<Endpoint>(faults),
            ) == ERROR_NONE &&
            startRuntime(this.tcb) == ERROR_NONE
        );
    }

    /** Microseconds of CPU time that it has taken so far. */
    processorTime(): u64 {
        this.consumed += this.schedContext.consumed();
        return this.consumed;
    }

    /** Maps what belongs where the domain touched its address space. */
    touch(address: u64): Touch {
        const page = address & ~(<u64>(PAGE_SIZE - 1));
        const linear = page - fact(BootKey.LINEAR_BASE);
        if (linear >= UNPACKER_LOWER && linear < UNPACKER_LOWER_END) {
            const slot = this.lower.slot(<u32>((linear - UNPACKER_LOWER) >> PAGE_BITS));
            return slot == 0 ? Touch.Refused : this.mapCopy(slot, page, false);
        }
        if (linear >= UNPACKER_TABLES && linear < UNPACKER_TABLES_END) {
            const tables = fact(BootKey.LINEAR_BASE) + UNPACKER_TABLES;
            return this.mapZeros(page, tables, UNPACKER_TABLES_END - UNPACKER_TABLES);
        }
        // The first page of the state, with the IPC buffer, is mapped.
        const bss = fact(BootKey.BSS_FIRST_VADDR) + PAGE_SIZE;
        const bssBytes = (fact(BootKey.BSS_PAGES) - 1) << PAGE_BITS;
        if (page >= bss && page - bss < bssBytes) return this.mapZeros(page, bss, bssBytes);
        const ranges = <u32>fact(BootKey.UNPACKER_RW_COUNT);
        for (let i: u32 = 0; i < ranges; i++) {
            const first = bootValue(BootKey.UNPACKER_RW_VADDR, i);
            const bytes = bootValue(BootKey.UNPACKER_RW_PAGES, i) << PAGE_BITS;
            if (page >= first && page - first < bytes) return this.mapZeros(page, first, bytes);
        }
        return this.touchProgram(page);
    }

    /** The runtime's code and constants, unpacker.wasm with its image, and the decoders. */
    private touchProgram(page: u64): Touch {
        const first = fact(BootKey.IMAGE_FIRST_VADDR);
        const module = fact(BootKey.UNPACKER_WASM_VADDR);
        const decoders = module + (fact(BootKey.UNPACKER_WASM_PAGES) << PAGE_BITS);
        const end = decoders + (fact(BootKey.UNPACKER_CODE_PAGES) << PAGE_BITS);
        const isRuntime = page >= first && page < first + fact(BootKey.RUNTIME_TEXT_BYTES);
        const isCode = isRuntime || (page >= decoders && page < end);
        const isModule = page >= module && page < decoders;
        if (!isCode && !isModule) return Touch.Refused;
        const slot = <u32>fact(BootKey.IMAGE_FRAME_FIRST_SLOT) + <u32>((page - first) >> PAGE_BITS);
        return this.mapCopy(slot, page, isCode);
    }

    private mapCopy(from: u32, page: u64, execute: bool): Touch {
        if (this.readOnly.includes(page)) return Touch.Refused;
        this.readOnly.push(page);
        const slot = this.copySlot();
        if (slot == 0) return Touch.NoMemory;
        if (machine().cspace.copy(slot, from, RIGHT_READ) != ERROR_NONE) return Touch.Refused;
        return this.map(slot, page, RIGHT_READ, execute);
    }

    /** Maps zeros around a page, as far as they lie in the range from `first` on. */
    private mapZeros(page: u64, first: u64, bytes: u64): Touch {
        const pool = machine().pool;
        // Lists grow with each block, here and when it is given back.
        if (!provideHeap(0)) return Touch.NoMemory;
        const block = pool.allocate(PAGE_BITS + ZEROS_BITS, OWNER_SCRATCH);
        if (block === null) return Touch.NoMemory;
        this.blocks.push(block);
        const group = page & ~(ZEROS - 1);
        const from = max<u64>(group, first);
        const end = min<u64>(group + ZEROS, first + bytes);
        for (let at = from; at < end; at += PAGE_SIZE) {
            const slot = pool.cspace.allocate();
            if (slot == 0) return Touch.NoMemory;
            this.slots.push(slot);
            if (pool.cspace.retype(block.untyped, OBJECT_FRAME, 0, slot, 1) != ERROR_NONE)
                return Touch.NoMemory;
            const touch = this.map(slot, at, RIGHTS_READ_WRITE, false);
            if (touch != Touch.Mapped) return touch;
        }
        return Touch.Mapped;
    }

    /** New pages that the domain has at `address` of its linear memory, the manager at `window`. */
    private share(address: usize, window: usize, pages: u32, rights: u32): bool {
        for (let i: u32 = 0; i < pages; i++) {
            const offset = (<usize>i) << PAGE_BITS;
            const slot = this.make(OBJECT_FRAME, 0);
            const copy = this.copySlot();
            if (
                slot == 0 ||
                copy == 0 ||
                machine().cspace.copy(copy, slot, rights) != ERROR_NONE ||
                !mapInWindow(slot, window + offset, true) ||
                this.map(copy, fact(BootKey.LINEAR_BASE) + address + offset, rights, false) != Touch.Mapped
            )
                return false;
        }
        return true;
    }

    private map(slot: u32, address: u64, rights: u32, execute: bool): Touch {
        const frame = capability<Frame>(slot);
        const error = mapPage(frame, this.vspace, address, rights, execute, this.tables);
        if (error == ERROR_NONE) return Touch.Mapped;
        return error == ERROR_NOT_ENOUGH_MEMORY ? Touch.NoMemory : Touch.Refused;
    }

    /** The slot of a new object, or 0. */
    private make(object: u32, sizeBits: u32): u32 {
        const bits = object == OBJECT_SCHED_CONTEXT ? sizeBits : machine().objectBits(object) + sizeBits;
        const made = machine().pool.makeObject(object, sizeBits, bits, OWNER_SCRATCH);
        if (made === null) return 0;
        this.objects.push(made);
        return made.slot;
    }

    private copySlot(): u32 {
        const slot = machine().cspace.allocate();
        if (slot != 0) this.copies.push(slot);
        return slot;
    }

    /** Ends the domain and gives all its memory back. */
    release(): void {
        const pool = machine().pool;
        if (this.tcb.cptr != 0) this.tcb.suspend();
        while (this.copies.length > 0) {
            const slot = this.copies.pop();
            pool.cspace.delete(slot);
            pool.cspace.free(slot);
        }
        while (this.blocks.length > 0) pool.release(this.blocks.pop());
        while (this.slots.length > 0) pool.cspace.free(this.slots.pop());
        while (this.objects.length > 0) pool.releaseObject(this.objects.pop());
    }
}
