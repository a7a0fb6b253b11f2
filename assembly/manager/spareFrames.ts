// SPDX-License-Identifier: Apache-2.0
//
// Frames that the root task needs no more: pages of the bundle that have been read for the last time. The
// kernel gave them as frames, so that they are no untyped memory and never will be; as frames they are as good as any.

import { BootKey } from "../sel4/generated/boot-keys";
import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { fact, machine } from "./machine";
import { OWNER_BUNDLE } from "./owners";

/** Slot of the frame of a page of the bundle. */
export function bundleFrameSlot(page: u32): u32 {
    const inImage = (fact(BootKey.BUNDLE_VADDR) - fact(BootKey.IMAGE_FIRST_VADDR)) >> PAGE_BITS;
    return <u32>(fact(BootKey.IMAGE_FRAME_FIRST_SLOT) + inImage) + page;
}

/** Adjacent slots with frames. */
class Range {
    constructor(
        readonly first: u32,
        /** The slot behind the last one. */
        public end: u32,
    ) {}
}

export class SpareFrames {
    private readonly ranges: Range[] = new Array<Range>();

    /** Nothing reads the bundle from byte `begin` to `end` any more. Only whole pages count. */
    addBundle(begin: u64, end: u64): void {
        const first = bundleFrameSlot(<u32>((begin + (PAGE_SIZE - 1)) >> PAGE_BITS));
        const behind = bundleFrameSlot(<u32>(end >> PAGE_BITS));
        if (behind <= first) return;
        const ranges = this.ranges;
        if (ranges.length > 0) {
            const last = ranges[ranges.length - 1];
            if (last.end == first) {
                last.end = behind;
                return;
            }
        }
        ranges.push(new Range(first, behind));
    }

    /** Moves one of them, unmapped, into an empty slot. What it held is still there. False when there is none. */
    take(slot: u32): bool {
        const ranges = this.ranges;
        if (ranges.length == 0) return false;
        const range = ranges[ranges.length - 1];
        const from = range.end - 1;
        if (capability<Frame>(from).unmap() != ERROR_NONE) return false;
        if (machine().cspace.move(slot, from) != ERROR_NONE) return false;
        machine().pool.account(OWNER_BUNDLE, -(<u64>PAGE_SIZE));
        range.end = from;
        if (range.first == from) ranges.pop();
        return true;
    }
}
