// SPDX-License-Identifier: Apache-2.0
//
// System V shared memory segments: shared pages with a key and an owner. A segment that is to be removed goes when
// nobody has it attached any more.

import { realtimeNow, NANOSECONDS } from "../kernel/clock";
import { current } from "../kernel/thread";
import { SharedPages } from "../memory/sharedPages";
import { PAGE_BITS, pagesFor } from "../../std/pages";
import { IpcObject, IpcTable } from "./objects";

/** Linux's SHMMNI. */
export const SEGMENTS_MAXIMUM: i32 = 4096;
export const SHM_DEST: u32 = 0o1000;
export const SHM_LOCKED: u32 = 0o2000;

export const segments: IpcTable = new IpcTable(SEGMENTS_MAXIMUM);
/** Pages of all segments. */
export let segmentPages: u64 = 0;

export function secondsNow(): u64 {
    return realtimeNow() / NANOSECONDS;
}

/** The pages of a segment; regions that attach it hold them, and so does the table. */
export class SegmentPages extends SharedPages {
    constructor(readonly segment: Segment) {
        super();
    }

    /** Regions that have the segment attached. */
    get attachments(): i32 {
        return this.references - 1;
    }

    retain(): SharedPages {
        this.segment.touch(true);
        return super.retain();
    }

    release(): void {
        super.release();
        this.segment.touch(false);
        this.segment.removeIfUnused();
    }

    /** The segment is gone. */
    drop(): void {
        super.release();
    }
}

export class Segment extends IpcObject {
    private holder: SegmentPages | null = null;
    attachTime: u64 = 0;
    detachTime: u64 = 0;
    readonly creatorPid: i32;
    lastPid: i32 = 0;

    constructor(
        mode: u32,
        readonly size: u64,
    ) {
        super(mode);
        this.creatorPid = current.process.pid;
        this.changeTime = secondsNow();
        segmentPages += pagesFor(size);
    }

    get pages(): SegmentPages {
        let holder = this.holder;
        if (holder === null) {
            holder = new SegmentPages(this);
            this.holder = holder;
        }
        return holder;
    }

    /** A region attaches or detaches it. */
    touch(attached: bool): void {
        if (attached) this.attachTime = secondsNow();
        else this.detachTime = secondsNow();
        this.lastPid = current.process.pid;
    }

    /** IPC_RMID. */
    destroy(): void {
        this.mode |= SHM_DEST;
        segments.dropKey(this);
        this.removeIfUnused();
    }

    removeIfUnused(): void {
        if ((this.mode & SHM_DEST) == 0 || this.removed || this.pages.attachments > 0) return;
        segments.remove(this);
        segmentPages -= pagesFor(this.size);
        this.pages.drop();
    }
}

/** Bytes of all segments that are in memory. */
export function residentSegmentPages(): u64 {
    let pages: u64 = 0;
    for (let i = 0; i < segments.objects.length; i++) {
        const object = segments.objects[i];
        if (object !== null) pages += changetype<Segment>(object).pages.count;
    }
    return pages;
}

/** Largest segment: pages are numbered with 32 bits. */
export const SEGMENT_SIZE_MAXIMUM: u64 = (<u64>u32.MAX_VALUE - 1) << PAGE_BITS;
