// SPDX-License-Identifier: Apache-2.0
//
// Frames that the root task needs no more: pages of the bundle that have been read for the last time, and the unpacker's module and code. The
// kernel gave them as frames, so that they are no untyped memory and never will be; as frames they are as good as any.

import { BootKey } from "../sel4/generated/boot-keys";
import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { fact, machine } from "./machine";
import {
    OWNER_BUNDLE,
    OWNER_ROOT_STATE,
    OWNER_RUNTIME_CODE,
    OWNER_WASM_MODULES,
    OWNER_WASM_TRANSLATED,
} from "./owners";

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
    ) {}
}

export class SpareFrames {
    private readonly ranges: Range[] = new Array<Range>();
    private pages: u32 = 0;

    /** Bytes of the frames that are left. They are on nobody's account. */
    get freeBytes(): u64 {
        return (<u64>this.pages) << PAGE_BITS;
    }

    /** Nothing reads the bundle from byte `begin` to `end` any more. Only whole pages count. */
    addBundle(begin: u64, end: u64): void {
        const first = bundleFrameSlot(<u32>((begin + (PAGE_SIZE - 1)) >> PAGE_BITS));
        const behind = bundleFrameSlot(<u32>(end >> PAGE_BITS));
        if (behind <= first) return;
        this.add(first, behind);
        machine().pool.account(OWNER_BUNDLE, -((<u64>(behind - first)) << PAGE_BITS));
    }

    /** Nothing is unpacked any more: unpacker.wasm, its image and the decoders have been of use. To be called once. */
    addUnpacker(): void {
        const first = programFrameSlot(fact(BootKey.UNPACKER_WASM_VADDR));
        const pages = <u32>fact(BootKey.UNPACKER_WASM_PAGES);
        if (pages == 0) return;
        const module = fact(BootKey.UNPACKER_WASM_BYTES);
        // Compiled ahead of time, its code lies elsewhere.
        const bytes = (<u64>pages) << PAGE_BITS;
        const image = min<u64>(fact(BootKey.UNPACKER_IMAGE_BYTES), bytes - module);
        const pool = machine().pool;
        const codePages = <u32>fact(BootKey.UNPACKER_CODE_PAGES);
        pool.account(OWNER_WASM_MODULES, -module);
        pool.account(OWNER_WASM_TRANSLATED, -image);
        // The rest of the last page was state's.
        pool.account(OWNER_ROOT_STATE, -(bytes - module - image));
        pool.account(OWNER_RUNTIME_CODE, -((<u64>codePages) << PAGE_BITS));
        this.add(first, first + pages + codePages);
    }

    /** Moves one of them, unmapped, into an empty slot. What it held is still there. False when there is none. */
    take(slot: u32): bool {
        const ranges = this.ranges;
        if (ranges.length == 0) return false;
        const range = ranges[ranges.length - 1];
        const from = range.end - 1;
        if (capability<Frame>(from).unmap() != ERROR_NONE) return false;
        if (machine().cspace.move(slot, from) != ERROR_NONE) return false;
        this.pages--;
        range.end = from;
        if (range.first == from) ranges.pop();
        return true;
    }

    private add(first: u32, end: u32): void {
        const ranges = this.ranges;
        const last = ranges.length - 1;
        this.pages += end - first;
        if (last >= 0 && ranges[last].end == first) ranges[last].end = end;
        else ranges.push(new Range(first, end));
    }
}
