// SPDX-License-Identifier: Apache-2.0
//
// The names of a directory that are not as the image layers have them: made, moved here, or removed (a whiteout). A hash
// table for lookups, and a list in the order of making for readdir: an entry's cookie never changes while it exists.

import { nameHash } from "../../../std/layerIndex";
import { reserveHeap } from "../../capabilities/heapReserve";
import { Inode } from "../inode";

/** Buckets of a new table; doubled whenever there are twice as many entries. */
const INITIAL_BUCKETS: i32 = 4;

/** Bytes of buckets from which on there may be no memory for more. */
const LARGE_TABLE: usize = 4096;

export class Entry {
    readonly hash: u32;
    /** Ascending in the order of making, from 1. */
    readonly cookie: u32;
    readonly name: StaticArray<u8>;
    /** Null: a whiteout. */
    inode: Inode | null;
    /** The next entry of the bucket. */
    chain: Entry | null = null;
    older: Entry | null = null;
    newer: Entry | null = null;

    constructor(hash: u32, cookie: u32, name: StaticArray<u8>, inode: Inode | null) {
        this.hash = hash;
        this.cookie = cookie;
        this.name = name;
        this.inode = inode;
    }
}

export class EntryTable {
    private buckets: StaticArray<Entry | null> = new StaticArray<Entry | null>(INITIAL_BUCKETS);
    private oldest: Entry | null = null;
    private newest: Entry | null = null;
    /** What `from` found last. */
    private latest: Entry | null = null;
    private count: i32 = 0;
    private lastCookie: u32 = 0;

    find(name: usize, length: i32): Entry | null {
        const hash = nameHash(name, length);
        let entry = unchecked(this.buckets[hash & (this.buckets.length - 1)]);
        while (entry !== null) {
            if (
                entry.hash == hash &&
                entry.name.length == length &&
                memory.compare(changetype<usize>(entry.name), name, length) == 0
            ) {
                return entry;
            }
            entry = entry.chain;
        }
        return null;
    }

    /** Adds the name, which the table does not have. */
    add(name: StaticArray<u8>, inode: Inode | null): Entry {
        if (this.count >= this.buckets.length * 2) this.grow();
        const entry = new Entry(
            nameHash(changetype<usize>(name), name.length),
            ++this.lastCookie,
            name,
            inode,
        );
        const bucket = entry.hash & (this.buckets.length - 1);
        entry.chain = this.buckets[bucket];
        this.buckets[bucket] = entry;
        entry.older = this.newest;
        if (this.newest === null) this.oldest = entry;
        else this.newest!.newer = entry;
        this.newest = entry;
        this.count++;
        return entry;
    }

    remove(entry: Entry): void {
        const bucket = entry.hash & (this.buckets.length - 1);
        let before = this.buckets[bucket]!;
        if (before === entry) {
            this.buckets[bucket] = entry.chain;
        } else {
            while (before.chain !== entry) before = before.chain!;
            before.chain = entry.chain;
        }
        const older = entry.older;
        const newer = entry.newer;
        if (this.latest === entry) this.latest = older === null ? newer : older;
        if (older === null) this.oldest = newer;
        else older.newer = newer;
        if (newer === null) this.newest = older;
        else newer.older = older;
        this.count--;
    }

    /** The first entry, whiteouts not counted, whose cookie is at least `cookie`, or null. */
    from(cookie: u32): Entry | null {
        // Readers continue where they were; others search from the nearer end.
        let entry = this.latest;
        if (entry === null || entry.cookie > cookie) {
            entry = cookie > this.lastCookie >> 1 ? this.newest : this.oldest;
        }
        if (entry !== null && entry.cookie >= cookie) {
            let older = entry.older;
            while (older !== null && older.cookie >= cookie) {
                entry = older;
                older = older.older;
            }
        } else {
            while (entry !== null && entry.cookie < cookie) entry = entry.newer;
        }
        while (entry !== null && entry.inode === null) entry = entry.newer;
        if (entry !== null) this.latest = entry;
        return entry;
    }

    /** Without memory for more buckets the chains get longer. */
    private grow(): void {
        const bytes = <usize>this.buckets.length * 2 * sizeof<usize>();
        if (bytes > LARGE_TABLE && !reserveHeap(bytes)) return;
        const buckets = new StaticArray<Entry | null>(this.buckets.length * 2);
        let entry = this.oldest;
        while (entry !== null) {
            const bucket = entry.hash & (buckets.length - 1);
            entry.chain = buckets[bucket];
            buckets[bucket] = entry;
            entry = entry.newer;
        }
        this.buckets = buckets;
    }
}
