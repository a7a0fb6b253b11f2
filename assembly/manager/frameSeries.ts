// SPDX-License-Identifier: Apache-2.0
//
// Frames with consecutive numbers, each mapped right behind the one before. They are made a batch at a time into CNodes that
// hold nothing else, so that a frame's number gives its slot: no table is needed.

import { CSpace } from "../sel4/cspace";
import { ERROR_NONE, OBJECT_CNODE, OBJECT_FRAME } from "../sel4/objects";
import { UntypedBlock } from "../sel4/untypedPool";
import { PAGE_BITS } from "../std/pages";
import { machine } from "./machine";
import { OWNER_CAPABILITIES } from "./owners";

/** log2 of the frames made at a time: at most this many lie unused. */
const BATCH_BITS: u32 = 4;
const BATCH: u32 = 1 << BATCH_BITS;
/** log2 of the slots of one CNode of frames: 2 MiB of frames for 16 KiB of slots. */
const NODE_RADIX: u32 = 9;
const NODE_FRAMES: u32 = 1 << NODE_RADIX;

export abstract class FrameSeries {
    private readonly blocks: UntypedBlock[] = new Array<UntypedBlock>();
    private readonly nodeBlocks: UntypedBlock[] = new Array<UntypedBlock>();
    /** First-level entries of the CNodes. They outlive `release`, for there are few. */
    private readonly entries: u32[] = new Array<u32>();
    /** Frames that exist. */
    private made: u32 = 0;

    /** `owner` is whose account the frames are on. */
    constructor(private readonly owner: i32) {}

    /** Maps frame `number`, which `slot` holds. */
    protected abstract map(slot: u32, number: u32): bool;

    /** Slot of a frame's capability. */
    slot(number: u32): u32 {
        return (
            (this.entries[number >> NODE_RADIX] << machine().cspace.leafBits) | (number & (NODE_FRAMES - 1))
        );
    }

    /** Sees to it that the first `count` frames exist, new ones zeroed. False when memory is used up: release them all. */
    ensure(count: u32): bool {
        while (this.made < count) {
            if (!this.makeBatch()) return false;
        }
        return true;
    }

    /** Gives all memory back. Copies of frames that others hold go with it. */
    release(): void {
        const pool = machine().pool;
        while (this.blocks.length > 0) pool.release(this.blocks.pop());
        while (this.nodeBlocks.length > 0) pool.release(this.nodeBlocks.pop());
        this.made = 0;
    }

    private makeBatch(): bool {
        const pool = machine().pool;
        const cspace = pool.cspace;
        if (this.made >> NODE_RADIX == this.nodeBlocks.length && !this.makeNode(cspace)) return false;
        const block = pool.allocate(PAGE_BITS + BATCH_BITS, this.owner);
        if (block === null) return false;
        const slot = this.slot(this.made);
        if (cspace.retype(block.untyped, OBJECT_FRAME, 0, slot, BATCH) != ERROR_NONE) {
            pool.release(block);
            return false;
        }
        this.blocks.push(block);
        for (let i: u32 = 0; i < BATCH; i++) {
            if (!this.map(slot + i, this.made)) return false;
            this.made++;
        }
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
