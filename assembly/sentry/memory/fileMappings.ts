// SPDX-License-Identifier: Apache-2.0
//
// Taking mapped pages back: when a file is cut short or loses pages, and when a page of an image's file gets a frame of the
// container's own. Who maps a file is not kept: all regions are looked at, which is seldom needed (Inode.mappings).

import { Inode } from "../fs/inode";
import { PAGE_BITS } from "../../std/pages";
import { firstSpace } from "./addressSpace";
import { REGION_NEVER_WRITABLE, REGION_SHARED } from "./region";
import { SharedPages } from "./sharedPages";

/** Page `index` of the file is not in `frame` any more (0: in no image's frame); private copies stay. */
export function forgetFilePage(inode: Inode, index: u32, frame: u32): void {
    if (inode.mappings == 0) return;
    let space = firstSpace;
    while (space !== null) {
        const regions = space.regions;
        for (let i = 0; i < regions.length; i++) {
            const region = unchecked(regions[i]);
            const file = region.file;
            if (file === null || file.inode !== inode) continue;
            const first = region.offset >> PAGE_BITS;
            const number = (region.start >> PAGE_BITS) + (<u64>index - first);
            if (<u64>index < first || number >= region.end >> PAGE_BITS) continue;
            space.dropPage(number, frame);
        }
        space = space.nextSpace;
    }
}

/** The file ends before page `first`: what lies behind is taken from all mappings, private copies included (truncate(2)). */
export function forgetFileEnd(inode: Inode, first: u64): void {
    if (inode.mappings == 0) return;
    let space = firstSpace;
    while (space !== null) {
        const regions = space.regions;
        for (let i = 0; i < regions.length; i++) {
            const region = unchecked(regions[i]);
            const file = region.file;
            if (file === null || file.inode !== inode) continue;
            const offset = region.offset >> PAGE_BITS;
            const skipped = first > offset ? (first - offset) << PAGE_BITS : 0;
            if (skipped < region.end - region.start) space.dropPages(region.start + skipped, region.end);
        }
        space = space.nextSpace;
    }
}

/** Page `index` of a shared memory object is given up (madvise MADV_REMOVE). */
export function forgetSharedPage(pages: SharedPages, index: u32): void {
    const frame = pages.presentFrame(index);
    if (frame == 0) return;
    let space = firstSpace;
    while (space !== null) {
        const regions = space.regions;
        for (let i = 0; i < regions.length; i++) {
            const region = unchecked(regions[i]);
            if (region.shared !== pages) continue;
            const first = region.offset >> PAGE_BITS;
            const number = (region.start >> PAGE_BITS) + (<u64>index - first);
            if (<u64>index < first || number >= region.end >> PAGE_BITS) continue;
            space.dropPage(number, frame);
        }
        space = space.nextSpace;
    }
    pages.remove(index);
}

/** Whether some mapping of the file can change its content (F_SEAL_WRITE is EBUSY then). */
export function isMappedWritable(inode: Inode): bool {
    if (inode.mappings == 0) return false;
    let space = firstSpace;
    while (space !== null) {
        const regions = space.regions;
        for (let i = 0; i < regions.length; i++) {
            const region = unchecked(regions[i]);
            const file = region.file;
            if (file === null || file.inode !== inode) continue;
            if ((region.flags & (REGION_SHARED | REGION_NEVER_WRITABLE)) == REGION_SHARED) return true;
        }
        space = space.nextSpace;
    }
    return false;
}
