// SPDX-License-Identifier: Apache-2.0
//
// The inodes of image layers that exist as objects. An inode of a layer is one object at a time, so that a change through one
// name or open file is seen through all others. Objects that nobody pins and that do not differ from their layer can be made
// anew at any time; `trimInodeCache`, called between two system calls, forgets those that have not been used lately once there
// are more than INODES_KEPT of them.

import { FileSystem } from "../fileSystem";
import { Directory, Inode } from "../inode";

/** At about 170 bytes each: enough for a shell's working set, little beside the memory aim of 512 KiB a container. */
const INODES_KEPT: i32 = 128;
const BUCKETS: i32 = 64;
/** After a round, objects grow by a sixteenth before the next. */
const TRIM_SHIFT: i32 = 4;

const buckets: StaticArray<Inode | null> = new StaticArray<Inode | null>(BUCKETS);
let count: i32 = 0;
/** Objects from which on the next trim is worth its round: files that are open or written cannot be forgotten, however many. */
let trimAt: i32 = INODES_KEPT + 1;
/** Where the next trim begins. */
let hand: i32 = 0;

// @ts-ignore: decorator
@inline
function bucketOf(number: u64): i32 {
    return (<i32>number) & (BUCKETS - 1);
}

/** `fileSystem`: mounts of the same layers have objects of their own. */
export function cachedInode(fileSystem: FileSystem, number: u64): Inode | null {
    let inode = unchecked(buckets[bucketOf(number)]);
    while (inode !== null && (inode.number != number || inode.fileSystem !== fileSystem)) {
        inode = inode.cacheNext;
    }
    if (inode !== null) inode.recent = true;
    return inode;
}

export function cacheInode(inode: Inode): void {
    const bucket = bucketOf(inode.number);
    inode.cacheNext = buckets[bucket];
    inode.recent = true;
    buckets[bucket] = inode;
    count++;
}

/**
 * Forgets inodes that can be made anew, one round through the table at most. Only between two system calls: nothing but
 * pins says which objects are in use.
 */
// @ts-ignore: decorator
@inline
export function trimInodeCache(): void {
    if (count >= trimAt) trim();
}

function trim(): void {
    for (let round = 0; round < BUCKETS && count > INODES_KEPT; round++) {
        trimBucket(hand);
        hand = (hand + 1) & (BUCKETS - 1);
    }
    trimAt = max(INODES_KEPT, count + (count >> TRIM_SHIFT)) + 1;
}

function trimBucket(bucket: i32): void {
    let previous: Inode | null = null;
    let inode = buckets[bucket];
    while (inode !== null) {
        const next = inode.cacheNext;
        const wanted = inode.recent;
        inode.recent = false;
        if (wanted || inode.pins > 0 || inode.watches !== null || (inode.modified && inode.linkCount > 0)) {
            previous = inode;
        } else {
            if (previous === null) buckets[bucket] = next;
            else previous.cacheNext = next;
            inode.cacheNext = null;
            count--;
            if (inode.isDirectory()) {
                const parent = changetype<Directory>(inode).parent;
                if (parent !== null && parent !== inode) parent.unpin();
            }
        }
        inode = next;
    }
}
