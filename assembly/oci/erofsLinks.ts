// SPDX-License-Identifier: Apache-2.0
//
// Inodes of an EROFS image that have several names, with the directory in which the first name was found. A table in a growing area,
// because an image can consist of nothing else.

import { GrowingArea } from "../std/growingArea";

const BUCKETS: u32 = 2048;

@unmanaged
class LinkRecord {
    nid: u32;
    directory: u32;
    /** Next record of the bucket: one more than its number, 0 for none. */
    chain: u32;
}

export class ErofsLinks {
    private readonly buckets: usize = heap.alloc(BUCKETS << 2);
    private count: u32 = 0;

    /** `area` is empty. */
    constructor(private readonly area: GrowingArea) {
        memory.fill(this.buckets, 0, BUCKETS << 2);
    }

    /** Frees the table; the area is the caller's. */
    close(): void {
        heap.free(this.buckets);
    }

    /** The directory (its inode's number) in which an inode's first name is, or -1. */
    find(nid: u32): i64 {
        let number = load<u32>(this.bucketOf(nid));
        while (number != 0) {
            const record = this.record(number);
            if (record.nid == nid) return record.directory;
            number = record.chain;
        }
        return -1;
    }

    /** False when memory is used up. */
    add(nid: u32, directory: u32): bool {
        if (!this.area.ensure((this.count + 1) * offsetof<LinkRecord>())) return false;
        const record = this.record(++this.count);
        const bucket = this.bucketOf(nid);
        record.nid = nid;
        record.directory = directory;
        record.chain = load<u32>(bucket);
        store<u32>(bucket, this.count);
        return true;
    }

    @inline private bucketOf(nid: u32): usize {
        return this.buckets + (((nid * 0x9e3779b1) >>> 21) << 2);
    }

    @inline private record(number: u32): LinkRecord {
        return changetype<LinkRecord>(this.area.base + (number - 1) * offsetof<LinkRecord>());
    }
}
