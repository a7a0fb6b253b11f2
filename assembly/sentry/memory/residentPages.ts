// SPDX-License-Identifier: Apache-2.0
//
// The pages of one address space that have a frame. Sixteen adjacent pages make a block of unmanaged memory, since pages
// are touched, mapped and unmapped together; a hash table finds blocks by their number. Dense memory takes 9 bytes for
// each page, and no single piece of memory becomes large: the heap of a small container grows in small steps.

/** The program may read the page (its region is not PROT_NONE). */
export const PAGE_READABLE: u32 = 1 << 24;
/** A write needs nothing but a writable mapping: the region is writable, and the frame is this page's alone or shared on purpose. */
export const PAGE_WRITABLE: u32 = 1 << 25;
/** The mapping in the VSpace allows writes. */
export const PAGE_MAPPED_WRITABLE: u32 = 1 << 26;
/** Belongs to a shared mapping: fork does not make it copy-on-write. */
export const PAGE_SHARED: u32 = 1 << 27;
/** The program may execute it. */
export const PAGE_EXECUTABLE: u32 = 1 << 28;

/** Capability slots have 24 bits. */
export const SLOT_MASK: u32 = (1 << 24) - 1;

/** One page; it stays where it is until it is removed. */
@unmanaged
export class Page {
    /** The frame's id; 0 = there is no such page. */
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
}

/** Pages of a block, as bits of a page number. */
export const BLOCK_BITS: u64 = 4;
export const BLOCK_PAGES: u32 = 1 << 4;

@unmanaged
export class Block {
    /** Page number of the first page >> BLOCK_BITS. */
    number: u64;
    /** Pages that have a frame. */
    used: u32;
    reserved: u32;

    /** Page `index` (0 to BLOCK_PAGES - 1) of the block, whether or not it has a frame. */
    @inline page(index: u32): Page {
        return changetype<Page>(changetype<usize>(this) + offsetof<Block>() + index * offsetof<Page>());
    }

    /** Number of the first page. */
    @inline get firstPage(): u64 {
        return this.number << BLOCK_BITS;
    }
}

const BLOCK_SIZE: usize = 16 + 16 * 8;
/** Places of a new table: a small process has about a dozen blocks. */
const INITIAL_CAPACITY: u32 = 32;

export class ResidentPages {
    /** Open addressing: addresses of blocks, 0 = free place. */
    private table: usize;
    private mask: u32;
    private blocks: u32 = 0;
    /** Blocks without pages, which `sweep` frees. */
    private empty: u32 = 0;
    /** The block that was found last, or null: pages are asked for in a row. */
    private latest: Block | null = null;
    /** Pages that have a frame. */
    count: u32 = 0;

    constructor() {
        this.mask = INITIAL_CAPACITY - 1;
        this.table = ResidentPages.newTable(INITIAL_CAPACITY);
    }

    private static newTable(capacity: u32): usize {
        const table = heap.alloc((<usize>capacity) << 2);
        memory.fill(table, 0, (<usize>capacity) << 2);
        return table;
    }

    /** Places of the table, for going through all blocks with blockAt. */
    @inline get capacity(): u32 {
        return this.mask + 1;
    }

    /** The block at place `index` of the table, or null. */
    @inline blockAt(index: u32): Block | null {
        return changetype<Block | null>(<usize>load<u32>(this.table + ((<usize>index) << 2)));
    }

    // Fibonacci hashing: consecutive numbers are spread evenly, and regions of any size do not cluster.
    @inline private homeOf(number: u64): u32 {
        return (<u32>((number * 0x9e37_79b9_7f4a_7c15) >> 40)) & this.mask;
    }

    /** The block with the pages from `number` << BLOCK_BITS, or null. */
    @inline findBlock(number: u64): Block | null {
        const latest = this.latest;
        return latest !== null && latest.number == number ? latest : this.searchBlock(number);
    }

    private searchBlock(number: u64): Block | null {
        const table = this.table;
        const mask = this.mask;
        let place = this.homeOf(number);
        while (true) {
            const block = <usize>load<u32>(table + ((<usize>place) << 2));
            if (block == 0) return null;
            if (load<u64>(block) == number) {
                this.latest = changetype<Block>(block);
                return changetype<Block>(block);
            }
            place = (place + 1) & mask;
        }
    }

    /** The page, or null. */
    find(number: u64): Page | null {
        const block = this.findBlock(number >> BLOCK_BITS);
        if (block === null) return null;
        const page = block.page((<u32>number) & (BLOCK_PAGES - 1));
        return page.frame != 0 ? page : null;
    }

    /** Adds a page that is not there. */
    add(number: u64, frame: u32, state: u32): Page {
        let block = this.findBlock(number >> BLOCK_BITS);
        if (block === null) block = this.addBlock(number >> BLOCK_BITS);
        else if (block.used == 0) this.empty--;
        block.used++;
        this.count++;
        const page = block.page((<u32>number) & (BLOCK_PAGES - 1));
        page.frame = frame;
        page.state = state;
        return page;
    }

    private addBlock(number: u64): Block {
        if ((this.blocks + 1) * 4 > this.capacity * 3) this.rebuild(this.capacity * 2);
        this.blocks++;
        const block = heap.alloc(BLOCK_SIZE);
        memory.fill(block, 0, BLOCK_SIZE);
        store<u64>(block, number);
        this.insert(block);
        return changetype<Block>(block);
    }

    private insert(block: usize): void {
        let place = this.homeOf(load<u64>(block));
        while (load<u32>(this.table + ((<usize>place) << 2)) != 0) place = (place + 1) & this.mask;
        store<u32>(this.table + ((<usize>place) << 2), <u32>block);
    }

    /** Takes a page out of a block. Its block stays, and with it every place of the table, until `sweep`. */
    @inline remove(block: Block, page: Page): void {
        page.frame = 0;
        page.state = 0;
        if (--block.used == 0) this.empty++;
        this.count--;
    }

    /**
     * Frees blocks without pages and fits the table's size to what is left; to be called after removals. The table is only gone
     * through when that is worth it, or `thorough`.
     */
    sweep(thorough: bool = false): void {
        if (this.empty == 0 || (!thorough && this.empty * 4 <= this.blocks)) return;
        const left = this.blocks - this.empty;
        let capacity = INITIAL_CAPACITY;
        while (capacity * 3 < (left + 1) * 4) capacity <<= 1;
        this.rebuild(capacity);
    }

    private rebuild(capacity: u32): void {
        const old = this.table;
        const oldCapacity = this.capacity;
        this.table = ResidentPages.newTable(capacity);
        this.mask = capacity - 1;
        this.blocks = 0;
        this.empty = 0;
        this.latest = null;
        for (let i: u32 = 0; i < oldCapacity; i++) {
            const block = <usize>load<u32>(old + ((<usize>i) << 2));
            if (block == 0) continue;
            if (changetype<Block>(block).used == 0) {
                heap.free(block);
            } else {
                this.insert(block);
                this.blocks++;
            }
        }
        heap.free(old);
    }

    /** Gives the memory back; the object must not be used again. */
    free(): void {
        for (let i: u32 = 0; i <= this.mask; i++) {
            const block = <usize>load<u32>(this.table + ((<usize>i) << 2));
            if (block != 0) heap.free(block);
        }
        heap.free(this.table);
        this.table = 0;
        this.latest = null;
    }
}
