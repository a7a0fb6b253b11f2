// SPDX-License-Identifier: Apache-2.0
//
// Finds pages of the layer store by what they hold, so that equal ones are kept once: a hash table with open addressing over
// frame numbers. It lasts while layers are unpacked and begins with the first one.

import { pagesEqual, pagesHash } from "../sel4/generated/host";
import { GrowingArea } from "../std/growingArea";
import { PAGE_BITS } from "../std/pages";

/** Of a page: part of its hash, by the frame's number; and, by the hash, a bucket. */
@unmanaged
class PageRecord {
    /** 0 where the frame is not in the table. */
    hash: u32;
    /** One more than a frame's number; 0 where the bucket is empty. */
    bucket: u32;
}

/** A page of memory full of records. */
const FIRST_RECORDS: u32 = 512;
/**
 * Buckets looked at for a page. An image can be made of different pages with one hash, which would take as many comparisons each as there
 * are pages; beyond this many a page is kept for itself.
 */
export const PROBES_MAXIMUM: u32 = 64;

export class UniquePages {
    /** A power of two, or 0 before the first page. */
    private records: u32 = 0;
    private entries: u32 = 0;

    /** `area` is empty; frame n is mapped at `frames` + n pages. */
    constructor(
        private readonly area: GrowingArea,
        private readonly frames: usize,
    ) {}

    /**
     * The number of a frame that holds the same as frame `number`: another one, or `number` itself, which is found from now on and must
     * not be changed. -1 when memory is used up.
     */
    unify(number: u32): i32 {
        while (number >= this.records || this.entries >= (this.records >> 2) * 3) {
            if (!this.grow()) return -1;
        }
        const page = this.address(number);
        const hash = max<u32>(<u32>(pagesHash(<u32>page) >> 32), 1);
        for (let probe: u32 = 0; probe < PROBES_MAXIMUM; probe++) {
            const bucket = this.bucketOf(hash, probe);
            if (bucket.bucket == 0) {
                bucket.bucket = number + 1;
                this.record(number).hash = hash;
                this.entries++;
                return number;
            }
            const other = bucket.bucket - 1;
            if (this.record(other).hash == hash && pagesEqual(<u32>page, <u32>this.address(other)) != 0)
                return other;
        }
        return number;
    }

    /** Forgets all pages. The area's memory is the caller's. */
    clear(): void {
        this.records = 0;
        this.entries = 0;
    }

    @inline private address(number: u32): usize {
        return this.frames + ((<usize>number) << PAGE_BITS);
    }

    @inline private record(number: u32): PageRecord {
        return changetype<PageRecord>(this.area.base + number * offsetof<PageRecord>());
    }

    @inline private bucketOf(hash: u32, probe: u32): PageRecord {
        return this.record((hash + probe) & (this.records - 1));
    }

    private grow(): bool {
        const records = this.records == 0 ? FIRST_RECORDS : this.records << 1;
        if (!this.area.ensure(records * offsetof<PageRecord>())) return false;
        const known = this.records;
        this.records = records;
        this.entries = 0;
        for (let i: u32 = 0; i < known; i++) this.record(i).bucket = 0;
        // After clear() the area may hold what it held.
        memory.fill(
            changetype<usize>(this.record(known)),
            0,
            <usize>(records - known) * offsetof<PageRecord>(),
        );
        for (let i: u32 = 0; i < known; i++) {
            const record = this.record(i);
            if (record.hash != 0 && !this.insert(i, record.hash)) record.hash = 0;
        }
        return true;
    }

    private insert(number: u32, hash: u32): bool {
        for (let probe: u32 = 0; probe < PROBES_MAXIMUM; probe++) {
            const bucket = this.bucketOf(hash, probe);
            if (bucket.bucket != 0) continue;
            bucket.bucket = number + 1;
            this.entries++;
            return true;
        }
        return false;
    }
}
