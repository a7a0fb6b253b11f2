// SPDX-License-Identifier: Apache-2.0
//
// A container's memory: untypeds that are carved from the machine's when the container is made. The sentry's own objects
// are made from one of them, the rest is handed to the sentry as untyped capabilities. Whatever the container does,
// revoking these untypeds takes everything back.

import { CNode, Untyped, capability } from "../sel4/capabilities";
import {
    ERROR_NONE,
    OBJECT_CNODE,
    OBJECT_FRAME,
    OBJECT_SCHED_CONTEXT,
    OBJECT_TCB,
    OBJECT_UNTYPED,
    WORD_BITS,
} from "../sel4/objects";
import { untypedRetype } from "../sel4/generated/host";
import { UntypedBlock } from "../sel4/untypedPool";
import { UNTYPED_COUNT_MAXIMUM, UNTYPED_FIRST_SLOT } from "../std/containerConfiguration";
import { Failure } from "../std/failure";
import { byteSize } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { alignUp, machine } from "./machine";
import { OWNER_CONTAINERS } from "./owners";

/** A limit is rounded up to so many leading binary digits, so that few untypeds make it up. */
const SIGNIFICANT_BITS: u32 = 5;
/** Untypeds of a quota: where free memory is fragmented, a power of two is made up of smaller ones. */
const BLOCKS_MAXIMUM: i32 = 10;
/** The smallest of them. */
const BLOCK_BITS_MINIMUM: u32 = 16;

/** Slots for the untypeds of what is kept back: sizes that rise and fall again. */
export const KEPT_SLOTS: u32 = 16;

// Who owns the part of a quota that the manager used itself.
/** Frames of the sentry: state, stacks, initial heap, IPC buffer, exchange and configuration pages. */
export const QUOTA_SENTRY: i32 = 0;
/** TCB, scheduling context, endpoint, notification, reply object. */
export const QUOTA_KERNEL_OBJECTS: i32 = 1;
export const QUOTA_PAGE_TABLES: i32 = 2;
export const QUOTA_CAPABILITIES: i32 = 3;
/** Alignment, and pieces too small to be handed over. */
export const QUOTA_REST: i32 = 4;
export const QUOTA_OWNERS: i32 = 5;

export class Quota {
    readonly owned: StaticArray<u64> = new StaticArray<u64>(QUOTA_OWNERS);
    /** log2 of the sizes of the untypeds that the sentry got, in the order of their slots. */
    readonly given: u32[] = new Array<u32>();
    private readonly blocks: UntypedBlock[] = new Array<UntypedBlock>();
    /** Bytes kept back for the sentry's private pages that are still unused. */
    keptBytes: u64 = 0;
    /** The first of the slots of their untypeds, and how many of them are not used up. */
    private keptSlot: u32 = 0;
    private keptSlots: u32 = 0;
    /** Bytes taken from each of `blocks`, until the rest is given to the sentry. The first is the construction block. */
    private readonly used: u64[] = new Array<u64>();
    /** Bytes at the beginning of the construction block that memory kept back may not take. */
    private constructed: u64 = 0;

    /** Bytes of the whole quota. */
    get size(): u64 {
        let size: u64 = 0;
        for (let i = 0; i < this.blocks.length; i++) size += this.blocks[i].size;
        return size;
    }

    /**
     * Carves at least `limit` bytes. `construction` of them, in one block, are needed for the sentry's own objects, and `kept` more, anywhere, are kept
     * back. A failure leaves nothing carved.
     */
    carve(limit: u64, construction: u64, kept: u64): Failure | null {
        if (limit < construction + kept) {
            return new Failure(
                "the memory limit of " +
                    byteSize(limit) +
                    " is too low: a container's sentry alone takes " +
                    byteSize(construction + kept) +
                    "; raise --memory",
            );
        }
        const top = 63 - clz(limit);
        const grain =
            (<u64>1) << max<u64>(top > SIGNIFICANT_BITS - 1 ? top - (SIGNIFICANT_BITS - 1) : 0, PAGE_BITS);
        const rounded = (limit + grain - 1) & ~(grain - 1);
        const pool = machine().pool;
        for (let bit: i32 = 63 - <i32>clz(rounded); bit >= <i32>PAGE_BITS; bit--) {
            if ((rounded & ((<u64>1) << bit)) == 0) continue;
            if (!this.carvePiece(bit)) {
                this.release();
                return new Failure(
                    "the memory limit of " +
                        byteSize(limit) +
                        " does not fit the machine's free memory of " +
                        byteSize(pool.freeBytes) +
                        " in pieces of at most " +
                        byteSize((<u64>1) << pool.largestFreeBits) +
                        "; lower --memory or give the machine more",
                );
            }
        }
        this.constructed = construction;
        this.chooseConstruction(construction + kept);
        if (this.blocks[0].size < construction) this.chooseConstruction(construction);
        if (this.blocks[0].size >= construction) return null;
        const largest = this.blocks[0].size;
        this.release();
        return new Failure(
            "the memory limit of " +
                byteSize(limit) +
                " was to be found only in pieces of at most " +
                byteSize(largest) +
                ", and a container's sentry takes " +
                byteSize(construction) +
                " in one piece; raise --memory or give the machine more",
        );
    }

    /** Makes `count` objects of 2^`bits` bytes each from the construction block into adjacent slots. */
    make(object: u32, sizeBits: u32, slot: u32, count: u32, owner: i32): bool {
        return this.makeIn(0, object, sizeBits, slot, count, owner);
    }

    /** As `make`, one CNode of 2^`radix` slots behind a first-level entry of the manager's CSpace. */
    makeNode(radix: u32, entry: u32): bool {
        const size = (<u64>1) << objectSize(OBJECT_CNODE, radix);
        const start = alignUp(this.used[0], size);
        if (start + size > this.blocks[0].size) return false;
        if (machine().cspace.makeCNode(this.blocks[0].untyped, radix, entry) != ERROR_NONE) return false;
        this.take(0, start, size, QUOTA_CAPABILITIES);
        return true;
    }

    /**
     * Keeps `pages` pages back for frames that are made later: of the construction block what the sentry's objects leave, and of other blocks. They
     * become untypeds of the sizes that their place allows, for which there are KEPT_SLOTS slots from `slot` on.
     */
    keep(pages: u32, slot: u32): bool {
        this.keptSlot = slot;
        let left = (<u64>pages) << PAGE_BITS;
        for (let i = 0; i < this.blocks.length && left > 0; i++) {
            const start = alignUp(this.used[i], PAGE_SIZE);
            const taken = i == 0 ? max(start, this.constructed) : start;
            if (taken + PAGE_SIZE > this.blocks[i].size) continue;
            this.take(i, start, 0, QUOTA_REST);
            let room = min(this.blocks[i].size - taken, left) & ~(<u64>PAGE_SIZE - 1);
            for (left -= room; room > 0; this.keptSlots++) {
                const piece = <u32>min<u64>(ctz(this.used[i]), 63 - clz(room));
                if (this.keptSlots == KEPT_SLOTS) return true;
                if (!this.makeIn(i, OBJECT_UNTYPED, piece, slot + this.keptSlots, 1, QUOTA_SENTRY))
                    return false;
                const size = (<u64>1) << piece;
                this.owned[QUOTA_SENTRY] -= size;
                this.keptBytes += size;
                room -= size;
            }
        }
        return left == 0;
    }

    /**
     * Makes a frame into `slot` of what was kept back. When that is used up it comes from the machine's free memory, and the quota is
     * so much larger. False when there is none of that either.
     */
    makeKeptFrame(slot: u32): bool {
        const cspace = machine().cspace;
        let isMade = false;
        // The first untyped that is not used up; the kernel says so of the others.
        while (this.keptBytes != 0 && !isMade && this.keptSlots > 0) {
            const untyped = capability<Untyped>(this.keptSlot + this.keptSlots - 1);
            isMade = cspace.retype(untyped, OBJECT_FRAME, 0, slot, 1) == ERROR_NONE;
            if (!isMade) this.keptSlots--;
        }
        if (isMade) this.keptBytes -= PAGE_SIZE;
        else {
            const block = machine().pool.allocate(PAGE_BITS, OWNER_CONTAINERS);
            if (block === null) return false;
            this.blocks.push(block);
            if (cspace.retype(block.untyped, OBJECT_FRAME, 0, slot, 1) != ERROR_NONE) return false;
        }
        this.owned[QUOTA_SENTRY] += PAGE_SIZE;
        return true;
    }

    /** Puts what is left into the untyped slots of the sentry's CSpace, whose first level is `root`. */
    give(root: CNode, leafBits: u32): bool {
        this.leaveSmallest();
        for (let i = 0; i < this.blocks.length; i++) {
            const block = this.blocks[i];
            for (let offset = this.used[i]; offset < block.size;) {
                const bits = offset == 0 ? block.bits : <u32>ctz(offset);
                if (!this.giveOne(block.untyped, bits, root, leafBits)) return false;
                offset += (<u64>1) << bits;
            }
        }
        return true;
    }

    /** Gives up the smallest pieces of blocks that were taken from, where there are more pieces than slots for them. */
    private leaveSmallest(): void {
        // The first piece takes the TCB of a process.
        const least: u64 = (<u64>1) << machine().objectBits(OBJECT_TCB);
        let pieces: u64 = 0;
        for (let i = 0; i < this.blocks.length; i++) {
            if (this.used[i] != 0) this.take(i, alignUp(this.used[i], least), 0, QUOTA_REST);
            pieces += popcnt(this.blocks[i].size - this.used[i]);
        }
        for (; pieces > UNTYPED_COUNT_MAXIMUM; pieces--) {
            let smallest = -1;
            for (let i = 0; i < this.blocks.length; i++) {
                const used = this.used[i];
                if (used == 0 || used == this.blocks[i].size) continue;
                if (smallest < 0 || ctz(used) < ctz(this.used[smallest])) smallest = i;
            }
            const used = this.used[smallest];
            this.take(smallest, used + (used & (0 - used)), 0, QUOTA_REST);
        }
    }

    /** Takes everything back. How many bytes the kernel agrees are whole again: nothing made of them is left. */
    release(): u64 {
        const pool = machine().pool;
        let whole: u64 = 0;
        while (this.blocks.length > 0) {
            const block = this.blocks.pop();
            pool.cspace.revoke(block.slot);
            if (pool.isWhole(block)) whole += block.size;
            pool.release(block);
        }
        return whole;
    }

    /** As `make`, from block `i`. */
    private makeIn(i: i32, object: u32, sizeBits: u32, slot: u32, count: u32, owner: i32): bool {
        const size = (<u64>1) << objectSize(object, sizeBits);
        const start = alignUp(this.used[i], size);
        if (start + size * count > this.blocks[i].size) return false;
        if (machine().cspace.retype(this.blocks[i].untyped, object, sizeBits, slot, count) != ERROR_NONE)
            return false;
        this.take(i, start, size * count, owner);
        return true;
    }

    /** Accounts for `size` bytes at `start` of block `i` as `owner`'s, and for what lies between them and what was taken before. */
    private take(i: i32, start: u64, size: u64, owner: i32): void {
        this.owned[QUOTA_REST] += start - this.used[i];
        this.owned[owner] += size;
        this.used[i] = start + size;
    }

    private giveOne(untyped: Untyped, bits: u32, root: CNode, leafBits: u32): bool {
        const slot = UNTYPED_FIRST_SLOT + this.given.length;
        // The sentry's first second-level CNode has index 0.
        const error = untypedRetype(
            untyped.cptr,
            OBJECT_UNTYPED,
            bits,
            root.cptr,
            0,
            WORD_BITS - leafBits,
            slot,
            1,
        );
        if (error != ERROR_NONE) return false;
        this.given.push(bits);
        return true;
    }

    private carvePiece(bits: u32): bool {
        if (this.blocks.length >= BLOCKS_MAXIMUM) return false;
        const block = machine().pool.allocate(bits, OWNER_CONTAINERS);
        if (block !== null) {
            this.blocks.push(block);
            this.used.push(0);
            return true;
        }
        return bits > BLOCK_BITS_MINIMUM && this.carvePiece(bits - 1) && this.carvePiece(bits - 1);
    }

    /** Puts the smallest block that holds `bytes`, else the largest one, first. */
    private chooseConstruction(bytes: u64): void {
        let best = 0;
        for (let i = 1; i < this.blocks.length; i++) {
            const fits = this.blocks[i].size >= bytes;
            const bestFits = this.blocks[best].size >= bytes;
            if (fits == bestFits ? this.blocks[i].size < this.blocks[best].size == fits : fits) best = i;
        }
        const block = this.blocks[best];
        this.blocks[best] = this.blocks[0];
        this.blocks[0] = block;
    }
}

/** log2 of the bytes that an object takes. */
function objectSize(object: u32, sizeBits: u32): u32 {
    if (object == OBJECT_CNODE) return machine().objectBits(OBJECT_CNODE) + sizeBits;
    if (object == OBJECT_UNTYPED || object == OBJECT_SCHED_CONTEXT) return sizeBits;
    return machine().objectBits(object);
}
