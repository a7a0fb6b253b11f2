// SPDX-License-Identifier: Apache-2.0
//
// Frames that the root task needs no more: pages of the bundle that have been read for the last time, and the unpacker's module. The
// kernel gave them as frames, so that they are no untyped memory and never will be; as frames they are as good as any.

import { BootKey } from "../sel4/generated/boot-keys";
import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { fact, machine } from "./machine";
import { OWNER_BUNDLE, OWNER_ROOT_STATE, OWNER_WASM_MODULES, OWNER_WASM_TRANSLATED } from "./owners";

/** Slot of the frame at an address of the program or the bundle behind it. */
function programFrameSlot(address: u64): u32 {
    const page = (address - fact(BootKey.IMAGE_FIRST_VADDR)) >> PAGE_BITS;
    return <u32>(fact(BootKey.IMAGE_FRAME_FIRST_SLOT) + page);
}

/** Slot of the frame of a page of the bundle. */
export function bundleFrameSlot(page: u32): u32 {
    return programFrameSlot(fact(BootKey.BUNDLE_VADDR)) + page;
}

/** Adjacent slots with frames. */
class Range {
    constructor(
        readonly first: u32,
        /** The slot behind the last one. */
        public end: u32,
        /** Whose account they are still on. */
        readonly owner: i32,
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
            if (last.owner == OWNER_BUNDLE && last.end == first) {
                last.end = behind;
                return;
            }
        }
        ranges.push(new Range(first, behind, OWNER_BUNDLE));
    }

    /** Nothing is unpacked any more: unpacker.wasm and its image have been of use. To be called once. */
    addUnpacker(): void {
        const first = programFrameSlot(fact(BootKey.UNPACKER_WASM_VADDR));
        const pages = <u32>fact(BootKey.UNPACKER_WASM_PAGES);
        if (pages == 0) return;
        const module = fact(BootKey.UNPACKER_WASM_BYTES);
        // Compiled ahead of time, its code lies elsewhere.
        const image = min<u64>(fact(BootKey.UNPACKER_IMAGE_BYTES), ((<u64>pages) << PAGE_BITS) - module);
        const pool = machine().pool;
        pool.account(OWNER_WASM_MODULES, -module);
        pool.account(OWNER_WASM_TRANSLATED, -image);
        pool.account(OWNER_ROOT_STATE, module + image);
        this.ranges.push(new Range(first, first + pages, OWNER_ROOT_STATE));
    }

    /** Moves one of them, unmapped, into an empty slot. What it held is still there. False when there is none. */
    take(slot: u32): bool {
        const ranges = this.ranges;
        if (ranges.length == 0) return false;
        const range = ranges[ranges.length - 1];
        const from = range.end - 1;
        if (capability<Frame>(from).unmap() != ERROR_NONE) return false;
        if (machine().cspace.move(slot, from) != ERROR_NONE) return false;
        machine().pool.account(range.owner, -(<u64>PAGE_SIZE));
        range.end = from;
        if (range.first == from) ranges.pop();
        return true;
    }
}
