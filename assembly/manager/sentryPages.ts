// SPDX-License-Identifier: Apache-2.0
//
// A sentry's private memory: state, stacks, and the beginning of its heap. Its pages are mapped when they are first touched, for a sentry
// touches less than half of them. What its module's data is laid out in is the same for all sentries, in frames that the boot made once: they
// are mapped read-only, and the first write to one gives the sentry a copy. So each page of the data can fault twice, to be read and
// to be written; whatever the architecture says about the fault need not be known.
//
// Frames come from the quota, which keeps a part back for them.

import { BootKey } from "../sel4/generated/boot-keys";
import { bootValue } from "../sel4/generated/host";
import { Frame, VSpace, capability } from "../sel4/capabilities";
import { ERROR_NONE, RIGHT_READ, RIGHTS_READ_WRITE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { fact, machine } from "./machine";
import { Quota } from "./quota";
import { SCRATCH_PAGE, mapInWindow } from "./window";

/** A page's state. */
const UNMAPPED: u8 = 0;
/** The data that all sentries share. */
const SHARED: u8 = 1;
/** A frame of the sentry's own. */
const OWN: u8 = 2;

/** How many pages there are. */
export function privatePageCount(): u32 {
    let pages = <u32>(fact(BootKey.BSS_PAGES) + fact(BootKey.SENTRY_HEAP_PAGES));
    const ranges = <u32>fact(BootKey.PRIVATE_RW_COUNT);
    for (let i: u32 = 0; i < ranges; i++) pages += <u32>bootValue(BootKey.PRIVATE_RW_PAGES, i);
    return pages;
}

export class SentryPages {
    private readonly states: StaticArray<u8> = new StaticArray<u8>(privatePageCount());

    /** `firstSlot` is the first of privatePageCount() slots; the page tables are all there. */
    constructor(
        private readonly vspace: VSpace,
        private readonly quota: Quota,
        private readonly firstSlot: u32,
        /** A slot for a moment. */
        private readonly transferSlot: u32,
    ) {}

    /** Maps the page that a fault at `address` asks for. False where there is none, or no memory for it. */
    provide(address: u64): bool {
        const heapStart = fact(BootKey.LINEAR_BASE) + fact(BootKey.SENTRY_HEAP_FIRST);
        let number = pageIn(address, heapStart, <u32>fact(BootKey.SENTRY_HEAP_PAGES));
        if (number >= 0) return this.provideHeap(number, address & ~(<u64>(PAGE_SIZE - 1)));
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
        return number >= 0 && this.mapOwn(before + number, address & ~(<u64>(PAGE_SIZE - 1)));
    }

    private provideHeap(number: i32, address: u64): bool {
        if (<u64>number >= fact(BootKey.SENTRY_DATA_PAGES)) return this.mapOwn(number, address);
        const slot = this.firstSlot + number;
        if (this.states[number] == UNMAPPED) {
            const shared = <u32>fact(BootKey.SENTRY_DATA_FIRST_SLOT) + number;
            this.states[number] = SHARED;
            return (
                machine().cspace.copy(slot, shared, RIGHT_READ) == ERROR_NONE &&
                this.map(slot, address, RIGHT_READ)
            );
        }
        if (this.states[number] != SHARED) return false;
        // The deletion of a frame's capability takes it out of the address space.
        if (machine().cspace.delete(slot) != ERROR_NONE) return false;
        this.states[number] = UNMAPPED;
        if (!this.makeOwn(number) || !this.copyData(slot, number)) return false;
        return this.map(slot, address, RIGHTS_READ_WRITE);
    }

    /** Copies a page of the shared data to a new frame. */
    private copyData(slot: u32, number: i32): bool {
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
        return (
            this.states[number] == UNMAPPED &&
            this.makeOwn(number) &&
            this.map(this.firstSlot + number, address, RIGHTS_READ_WRITE)
        );
    }

    private makeOwn(number: u32): bool {
        if (!this.quota.makeKeptFrame(this.firstSlot + number)) return false;
        this.states[number] = OWN;
        return true;
    }

    private map(slot: u32, address: u64, rights: u32): bool {
        return capability<Frame>(slot).map(this.vspace, address, rights, false) == ERROR_NONE;
    }
}

/** The number of the page of an address in a range of pages, or -1. */
function pageIn(address: u64, first: u64, pages: u32): i32 {
    if (address < first) return -1;
    const page = (address - first) >> PAGE_BITS;
    return page < <u64>pages ? <i32>page : -1;
}
