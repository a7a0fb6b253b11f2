// SPDX-License-Identifier: Apache-2.0
//
// A sentry's pages that are mapped when they are first touched, for a sentry touches about half of them:
//
// - its private memory: state, stacks, and the beginning of its heap. What its module's data is laid out in is the same for all sentries, in
//   frames that the boot made once: they are mapped read-only, and the first write to one gives the sentry a copy. So each page of the data can
//   fault twice, to be read and to be written; whatever the architecture says about the fault need not be known. Frames come from the quota,
//   which keeps a part back for them.
// - its program, translated modules included: frames of the root task, read-only.
//
// A mapping takes a slot of the container's CNode. Where that is small there may be fewer slots than pages, and a program's page gives
// its own to another: it can be mapped again at any time. Private pages stay.

import { BootKey } from "../sel4/generated/boot-keys";
import { bootValue } from "../sel4/generated/host";
import { Frame, VSpace, capability } from "../sel4/capabilities";
import { ERROR_NONE, RIGHT_READ, RIGHTS_READ_WRITE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import { fact, machine } from "./machine";
import { Quota } from "./quota";
import { SCRATCH_PAGE, mapInWindow } from "./window";

// What is known of a page: 0 where it is not mapped, else the number of its slot, from 1 on.
/** It is the data's that all sentries share. */
const SHARED: u16 = 0x8000;

/** What a slot has that holds no program's page: nothing, or a private page. */
const NO_PROGRAM_PAGE: u16 = 0xffff;

/** Pages of the program that are mapped together: a fault costs more than several mappings. A power of two. */
const AROUND: u32 = 4;
/** Slots that are left to pages which are touched. */
const SLOTS_FOR_TOUCHED: u32 = 64;

/** How many private pages there are. */
export function privatePageCount(): u32 {
    let pages = <u32>(fact(BootKey.BSS_PAGES) + fact(BootKey.SENTRY_HEAP_PAGES));
    const ranges = <u32>fact(BootKey.PRIVATE_RW_COUNT);
    for (let i: u32 = 0; i < ranges; i++) pages += <u32>bootValue(BootKey.PRIVATE_RW_PAGES, i);
    return pages;
}

export class SentryPages {
    /** Of each private page, then of each page of the program. */
    private readonly pages: StaticArray<u16>;
    /** Of each slot, the program's page that it has. */
    private readonly holders: StaticArray<u16>;
    private usedSlots: u32 = 0;
    /** The slot after the one that was last taken from a page. */
    private hand: u32 = 0;
    private readonly privatePages: u32 = privatePageCount();

    /** There are `slots` slots from `firstSlot` on, more than there are private pages; the page tables are all there. */
    constructor(
        private readonly vspace: VSpace,
        private readonly quota: Quota,
        private readonly firstSlot: u32,
        slots: u32,
        /** A slot for a moment. */
        private readonly transferSlot: u32,
    ) {
        this.pages = new StaticArray<u16>(privatePageCount() + <u32>fact(BootKey.SHARED_PAGES));
        this.holders = new StaticArray<u16>(slots);
        this.holders.fill(NO_PROGRAM_PAGE);
    }

    /** Maps the page that a fault at `address` asks for. False where there is none, or no memory for it. */
    provide(address: u64): bool {
        const page = address & ~(<u64>(PAGE_SIZE - 1));
        const program = pageIn(address, fact(BootKey.SHARED_FIRST_VADDR), <u32>fact(BootKey.SHARED_PAGES));
        if (program >= 0) return this.provideProgram(program, page);
        const heapStart = fact(BootKey.LINEAR_BASE) + fact(BootKey.SENTRY_HEAP_FIRST);
        let number = pageIn(address, heapStart, <u32>fact(BootKey.SENTRY_HEAP_PAGES));
        if (number >= 0) return this.provideHeap(number, page);
        let before = <u32>fact(BootKey.SENTRY_HEAP_PAGES);
        number = pageIn(address, fact(BootKey.BSS_FIRST_VADDR), <u32>fact(BootKey.BSS_PAGES));
        if (number < 0) {
            before += <u32>fact(BootKey.BSS_PAGES);
            const ranges = <u32>fact(BootKey.PRIVATE_RW_COUNT);
            for (let i: u32 = 0; i < ranges && number < 0; i++) {
                const pages = <u32>bootValue(BootKey.PRIVATE_RW_PAGES, i);
                number = pageIn(address, bootValue(BootKey.PRIVATE_RW_VADDR, i), pages);
                if (number < 0) before += pages;
            }
        }
        return number >= 0 && this.mapOwn(before + number, page);
    }

    // ---- the program

    /** Maps a page of the program, and those beside it that are likely to be touched next, as long as slots are plenty. */
    private provideProgram(number: u32, address: u64): bool {
        if (!this.mapProgram(number, address)) return false;
        const first = number & ~(AROUND - 1);
        const end = min(first + AROUND, <u32>fact(BootKey.SHARED_PAGES));
        for (let other = first; other < end; other++) {
            if (<u32>this.holders.length - this.usedSlots <= SLOTS_FOR_TOUCHED) break;
            if (this.pages[this.privatePages + other] != 0) continue;
            const distance = (<i64>other - <i64>number) << PAGE_BITS;
            if (!this.mapProgram(other, address + distance)) return false;
        }
        return true;
    }

    private mapProgram(number: u32, address: u64): bool {
        const page = this.privatePages + number;
        // A fault at a page that is mapped is a write.
        if (this.pages[page] != 0) return false;
        const frame =
            <u32>fact(BootKey.IMAGE_FRAME_FIRST_SLOT) +
            <u32>((address - fact(BootKey.IMAGE_FIRST_VADDR)) >> PAGE_BITS);
        const index = this.takeSlot();
        const slot = this.firstSlot + index;
        if (machine().cspace.copy(slot, frame, RIGHT_READ) != ERROR_NONE) return false;
        this.holders[index] = <u16>number;
        this.pages[page] = <u16>(index + 1);
        const isCode = number < <u32>pagesFor(fact(BootKey.RUNTIME_TEXT_BYTES));
        return this.map(slot, address, RIGHT_READ, isCode);
    }

    // ---- private memory

    private provideHeap(number: u32, address: u64): bool {
        if (<u64>number >= fact(BootKey.SENTRY_DATA_PAGES)) return this.mapOwn(number, address);
        const known = this.pages[number];
        if (known == 0) {
            const shared = <u32>fact(BootKey.SENTRY_DATA_FIRST_SLOT) + number;
            const index = this.takeSlot();
            this.pages[number] = (<u16>(index + 1)) | SHARED;
            const slot = this.firstSlot + index;
            return (
                machine().cspace.copy(slot, shared, RIGHT_READ) == ERROR_NONE &&
                this.map(slot, address, RIGHT_READ, false)
            );
        }
        if ((known & SHARED) == 0) return false;
        const index = <u32>(known & ~SHARED) - 1;
        const slot = this.firstSlot + index;
        // The deletion of a frame's capability takes it out of the address space.
        if (machine().cspace.delete(slot) != ERROR_NONE) return false;
        if (!this.makeOwn(number, index) || !this.copyData(slot, number)) return false;
        return this.map(slot, address, RIGHTS_READ_WRITE, false);
    }

    /** Copies a page of the shared data to a new frame. */
    private copyData(slot: u32, number: u32): bool {
        const cspace = machine().cspace;
        if (cspace.copy(this.transferSlot, slot, RIGHTS_READ_WRITE) != ERROR_NONE) return false;
        const isMapped = mapInWindow(this.transferSlot, SCRATCH_PAGE, true);
        if (isMapped)
            memory.copy(
                SCRATCH_PAGE,
                <usize>fact(BootKey.SENTRY_DATA_WINDOW) + ((<usize>number) << PAGE_BITS),
                PAGE_SIZE,
            );
        return cspace.delete(this.transferSlot) == ERROR_NONE && isMapped;
    }

    private mapOwn(number: u32, address: u64): bool {
        if (this.pages[number] != 0) return false;
        const index = this.takeSlot();
        return (
            this.makeOwn(number, index) && this.map(this.firstSlot + index, address, RIGHTS_READ_WRITE, false)
        );
    }

    private makeOwn(number: u32, index: u32): bool {
        if (!this.quota.makeKeptFrame(this.firstSlot + index)) return false;
        this.pages[number] = <u16>(index + 1);
        return true;
    }

    // ---- slots

    /** The number of an empty slot: an unused one, else one that a page of the program gives up. */
    private takeSlot(): u32 {
        const slots = <u32>this.holders.length;
        if (this.usedSlots < slots) return this.usedSlots++;
        while (this.holders[this.hand] == NO_PROGRAM_PAGE) this.advance();
        const index = this.hand;
        this.advance();
        this.pages[this.privatePages + this.holders[index]] = 0;
        this.holders[index] = NO_PROGRAM_PAGE;
        machine().cspace.delete(this.firstSlot + index);
        return index;
    }

    private advance(): void {
        this.hand = this.hand + 1 == <u32>this.holders.length ? 0 : this.hand + 1;
    }

    private map(slot: u32, address: u64, rights: u32, execute: bool): bool {
        return capability<Frame>(slot).map(this.vspace, address, rights, execute) == ERROR_NONE;
    }
}

/** The number of the page of an address in a range of pages, or -1. */
function pageIn(address: u64, first: u64, pages: u32): i32 {
    if (address < first) return -1;
    const page = (address - first) >> PAGE_BITS;
    return page < <u64>pages ? <i32>page : -1;
}
