// SPDX-License-Identifier: Apache-2.0
//
// The pages of one address space that have a frame: an open-addressing hash table by virtual page number, in unmanaged
// memory. 16 bytes for each page make it far smaller than a copy of the hardware's page tables.

import { PAGE_BITS } from "../../std/pages";

/** The program may read the page (its region is not PROT_NONE). */
export const PAGE_READABLE: u32 = 1 << 24;
/** A write needs nothing but a writable mapping: the region is writable and the frame belongs to this page alone, or is shared on purpose. */
export const PAGE_WRITABLE: u32 = 1 << 25;
/** The mapping in the VSpace allows writes. */
export const PAGE_MAPPED_WRITABLE: u32 = 1 << 26;
/** Belongs to a shared mapping: fork does not make it copy-on-write. */
export const PAGE_SHARED: u32 = 1 << 27;
/** The program may execute it. */
export const PAGE_EXECUTABLE: u32 = 1 << 28;

const SLOT_MASK: u32 = (1 << 24) - 1;

@unmanaged
export class Page {
    /** Virtual page number; 0 = empty entry (page 0 is never mapped: mmap_min_addr). */
    number: u64;
    frame: u32;
    /** Capability slot of the mapping (0 = not mapped in the VSpace) and PAGE_ flags. */
    state: u32;

    @inline get slot(): u32 {
        return this.state & SLOT_MASK;
    }

    @inline set slot(slot: u32) {
        this.state = (this.state & ~SLOT_MASK) | slot;
    }

    @inline has(flag: u32): bool {
        return (this.state & flag) != 0;
    }

    @inline get address(): u64 {
        return this.number << PAGE_BITS;
    }
}

/** Entries of a new table: a process that does little touches fewer than 48 pages. */
const INITIAL_CAPACITY: u32 = 64;
const ENTRY_SIZE: usize = 16;

/** 2^64 divided by the golden ratio, odd: multiples of it are spread evenly in their upper bits. */
const HASH_FACTOR: u64 = 0x9e3779b97f4a7c15;

export class ResidentPages {
    private table: usize;
    private mask: u32;
    count: u32 = 0;

    constructor() {
        this.mask = INITIAL_CAPACITY - 1;
        this.table = ResidentPages.newTable(INITIAL_CAPACITY);
    }

    private static newTable(capacity: u32): usize {
        const table = heap.alloc(<usize>capacity * ENTRY_SIZE);
        memory.fill(table, 0, <usize>capacity * ENTRY_SIZE);
        return table;
    }

    /** Entries of the table, for going through all pages with `at`. */
    @inline get capacity(): u32 {
        return this.mask + 1;
    }

    /** The entry `index` of the table: empty when its number is 0. */
    @inline at(index: u32): Page {
        return changetype<Page>(this.table + ((<usize>index) << 4));
    }

    // Multiplicative hashing. Pages lie close together, and the upper bits of the multiples of consecutive numbers keep
    // their distance: neither one region nor several of them make long runs of taken entries.
    @inline private placeOf(number: u64): u32 {
        return (<u32>((number * HASH_FACTOR) >> 32)) >> clz(this.mask);
    }

    /** The page, or null. Valid until the table changes. */
    find(number: u64): Page | null {
        const table = this.table;
        const mask = this.mask;
        let place = this.placeOf(number);
        while (true) {
            const entry = table + ((<usize>place) << 4);
            const found = load<u64>(entry);
            if (found == number) return changetype<Page>(entry);
            if (found == 0) return null;
            place = (place + 1) & mask;
        }
    }

    /** Adds a page that is not in the table. */
    add(number: u64, frame: u32, state: u32): Page {
        if ((this.count + 1) * 4 > (this.mask + 1) * 3) this.rebuild((this.mask + 1) * 2);
        this.count++;
        const page = this.place(number);
        page.number = number;
        page.frame = frame;
        page.state = state;
        return page;
    }

    private place(number: u64): Page {
        let place = this.placeOf(number);
        while (load<u64>(this.table + ((<usize>place) << 4)) != 0) place = (place + 1) & this.mask;
        return changetype<Page>(this.table + ((<usize>place) << 4));
    }

    /** Takes a page out; later entries of its run move up, so that no search stops early. */
    remove(page: Page): void {
        const mask = this.mask;
        let hole = <u32>((changetype<usize>(page) - this.table) >> 4);
        let next = hole;
        this.count--;
        while (true) {
            next = (next + 1) & mask;
            const entry = this.at(next);
            if (entry.number == 0) break;
            const home = this.placeOf(entry.number);
            // The entry may fill the hole unless its home lies cyclically in (hole, next].
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            memory.copy(this.table + ((<usize>hole) << 4), changetype<usize>(entry), ENTRY_SIZE);
            hole = next;
        }
        store<u64>(this.table + ((<usize>hole) << 4), 0);
    }

    /**
     * Drops every page whose number has been set to `REMOVED` by the caller, who went through the table with `at`, and
     * fits the table's size to what is left.
     */
    sweep(): void {
        let left: u32 = 0;
        for (let i: u32 = 0; i <= this.mask; i++) {
            const number = this.at(i).number;
            if (number != 0 && number != REMOVED) left++;
        }
        let capacity = INITIAL_CAPACITY;
        while (capacity * 3 < (left + 1) * 4) capacity <<= 1;
        this.rebuild(capacity);
    }

    private rebuild(capacity: u32): void {
        const old = this.table;
        const oldCapacity = this.mask + 1;
        this.table = ResidentPages.newTable(capacity);
        this.mask = capacity - 1;
        this.count = 0;
        for (let i: u32 = 0; i < oldCapacity; i++) {
            const entry = old + ((<usize>i) << 4);
            const number = load<u64>(entry);
            if (number == 0 || number == REMOVED) continue;
            memory.copy(changetype<usize>(this.place(number)), entry, ENTRY_SIZE);
            this.count++;
        }
        heap.free(old);
    }

    /** Gives the table's memory back; the object must not be used again. */
    free(): void {
        heap.free(this.table);
        this.table = 0;
    }
}

/** Marks an entry for `sweep`. */
export const REMOVED: u64 = u64.MAX_VALUE;
