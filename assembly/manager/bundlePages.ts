// SPDX-License-Identifier: Apache-2.0
//
// Pages of the bundle that have been read for the last time. The kernel gave the root task their frames with the boot image, so that they
// are no untyped memory and never will be; as frames they are as good as any.

import { BootKey } from "../sel4/generated/boot-keys";
import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { fact, machine } from "./machine";
import { OWNER_BUNDLE } from "./owners";

export class BundlePages {
    /** Ranges of pages that nobody reads any more: pairs of the first one's number and the number behind the last one. */
    private readonly ranges: u32[] = new Array<u32>();

    /** Nothing reads the bundle from byte `begin` to `end` any more. Only whole pages count. */
    free(begin: u64, end: u64): void {
        const first = <u32>((begin + (PAGE_SIZE - 1)) >> PAGE_BITS);
        const behind = <u32>(end >> PAGE_BITS);
        if (behind <= first) return;
        const ranges = this.ranges;
        const last = ranges.length - 1;
        if (last > 0 && ranges[last] == first) ranges[last] = behind;
        else {
            ranges.push(first);
            ranges.push(behind);
        }
    }

    /** Slot of the frame of a page of the bundle. */
    slot(page: u32): u32 {
        const inImage = (fact(BootKey.BUNDLE_VADDR) - fact(BootKey.IMAGE_FIRST_VADDR)) >> PAGE_BITS;
        return <u32>(fact(BootKey.IMAGE_FRAME_FIRST_SLOT) + inImage) + page;
    }

    /** Moves one of them, unmapped, into an empty slot. What it held is still there. False when there is none. */
    take(slot: u32): bool {
        const ranges = this.ranges;
        const last = ranges.length - 1;
        if (last < 0) return false;
        const page = ranges[last] - 1;
        const from = this.slot(page);
        if (capability<Frame>(from).unmap() != ERROR_NONE) return false;
        if (machine().cspace.move(slot, from) != ERROR_NONE) return false;
        machine().pool.account(OWNER_BUNDLE, -(<u64>PAGE_SIZE));
        ranges[last] = page;
        if (ranges[last - 1] == page) {
            ranges.pop();
            ranges.pop();
        }
        return true;
    }
}
