// SPDX-License-Identifier: Apache-2.0
//
// The frames of the layer store: consecutive numbers, each mapped in the manager's window right behind the one before. Their capabilities lie
// in CNodes that hold nothing else, so that a frame's number gives its slot and its address: no table is needed.
//
// Pages of the bundle that are pages of an unpacked layer stay where they are. They have the numbers from STORE_FRAMES_MAXIMUM on,
// and no address.
//
// Frames come from three places: those that the root task needs no more; when there is none, low memory; and then free memory.

import { Frame, capability } from "../sel4/capabilities";
import { bundleRead } from "../sel4/generated/host";
import { CSpace } from "../sel4/cspace";
import { ERROR_NONE, OBJECT_CNODE, OBJECT_FRAME } from "../sel4/objects";
import { UntypedBlock } from "../sel4/untypedPool";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { machine } from "./machine";
import { OWNER_CAPABILITIES, OWNER_LAYER_DATA } from "./owners";
import { SpareFrames, bundleFrameSlot } from "./spareFrames";
import { STORE_FRAMES, STORE_FRAMES_END, mapInWindow } from "./window";

/** Frames are addressable in the window only; the window is the store's limit. */
export const STORE_FRAMES_MAXIMUM: u32 = <u32>((STORE_FRAMES_END - STORE_FRAMES) >> PAGE_BITS);

/** log2 of the frames that free memory is taken for at a time: at most this many lie unused. */
const BLOCK_FRAMES_BITS: u32 = 4;
const BLOCK_FRAMES: u32 = 1 << BLOCK_FRAMES_BITS;
/** log2 of the slots of one CNode of frames: 2 MiB of frames for 16 KiB of slots. */
const NODE_RADIX: u32 = 9;
const NODE_FRAMES: u32 = 1 << NODE_RADIX;

export class StoreFrames {
    private readonly blocks: UntypedBlock[] = new Array<UntypedBlock>();
    private readonly nodeBlocks: UntypedBlock[] = new Array<UntypedBlock>();
    /** First-level entries of the CNodes. They outlive `release`, for there are few. */
    private readonly entries: u32[] = new Array<u32>();
    /** Frames that exist. */
    private made: u32 = 0;
    /** Frames that the last block has room for. */
    private blockLeft: u32 = 0;

    readonly spare: SpareFrames = new SpareFrames();

    /** Where a frame is mapped. */
    @inline static address(number: u32): usize {
        return STORE_FRAMES + ((<usize>number) << PAGE_BITS);
    }

    /** Where what a frame holds can be read: where it is mapped, or else in `copy`, a page that gets it. */
    content(number: u32, copy: usize): usize {
        if (number < STORE_FRAMES_MAXIMUM) return StoreFrames.address(number);
        bundleRead((<u64>(number - STORE_FRAMES_MAXIMUM)) << PAGE_BITS, <u32>copy, PAGE_SIZE);
        return copy;
    }

    /** Slot of a frame's capability. */
    slot(number: u32): u32 {
        if (number >= STORE_FRAMES_MAXIMUM) return bundleFrameSlot(number - STORE_FRAMES_MAXIMUM);
        return (
            (this.entries[number >> NODE_RADIX] << machine().cspace.leafBits) | (number & (NODE_FRAMES - 1))
        );
    }

    /**
     * Sees to it that the first `count` frames exist. What a new one holds is not said. False when memory is used up: release
     * them all.
     */
    ensure(count: u32): bool {
        if (count > STORE_FRAMES_MAXIMUM) return false;
        while (this.made < count) {
            if (!this.makeOne()) return false;
        }
        return true;
    }

    /** Gives all memory back, but for frames that were none: spare ones, and those of low memory. Copies of frames that others hold go with it. */
    release(): void {
        const pool = machine().pool;
        while (this.blocks.length > 0) pool.release(this.blocks.pop());
        while (this.nodeBlocks.length > 0) pool.release(this.nodeBlocks.pop());
        this.made = 0;
        this.blockLeft = 0;
    }

    /**
     * Makes a frame without a number in an empty slot, mapped nowhere, for what belongs to the store beside layers: of what the root task needs no more, of low memory,
     * or out of a block that was begun. Its memory belongs to the store: the capability is to be deleted before `release`. False when memory is used up.
     */
    takeApart(slot: u32): bool {
        const isThere = this.spare.take(slot) || machine().lowMemory.take(machine().cspace, slot);
        if (!isThere) return this.makeFresh(slot);
        machine().pool.account(OWNER_LAYER_DATA, PAGE_SIZE);
        return true;
    }

    private makeOne(): bool {
        const cspace = machine().pool.cspace;
        if (this.made >> NODE_RADIX == this.nodeBlocks.length && !this.makeNode(cspace)) return false;
        const slot = this.slot(this.made);
        if (!this.takeApart(slot)) return false;
        if (!mapInWindow(slot, StoreFrames.address(this.made), true)) return false;
        this.made++;
        return true;
    }

    private makeFresh(slot: u32): bool {
        const pool = machine().pool;
        if (this.blockLeft == 0) {
            const block = pool.allocate(PAGE_BITS + BLOCK_FRAMES_BITS, OWNER_LAYER_DATA);
            if (block === null) return false;
            this.blocks.push(block);
            this.blockLeft = BLOCK_FRAMES;
        }
        const block = this.blocks[this.blocks.length - 1];
        if (pool.cspace.retype(block.untyped, OBJECT_FRAME, 0, slot, 1) != ERROR_NONE) return false;
        this.blockLeft--;
        return true;
    }

    private makeNode(cspace: CSpace): bool {
        const pool = machine().pool;
        const index = this.nodeBlocks.length;
        if (index == this.entries.length) {
            const entry = cspace.takeEntry();
            if (entry == 0) return false;
            this.entries.push(entry);
        }
        const block = pool.allocate(NODE_RADIX + machine().objectBits(OBJECT_CNODE), OWNER_CAPABILITIES);
        if (block === null) return false;
        if (cspace.makeCNode(block.untyped, NODE_RADIX, this.entries[index]) != ERROR_NONE) {
            pool.release(block);
            return false;
        }
        this.nodeBlocks.push(block);
        return true;
    }
}
