// SPDX-License-Identifier: Apache-2.0
//
// All untyped memory, as a buddy system: an untyped is split into two halves when a smaller one is wanted, and two free
// halves are merged again by deleting them. Every block is an untyped capability of its own, so that what was made
// of a block is taken back by one Revoke, whoever holds it, and the kernel itself guarantees that nothing is left.

import { Untyped, capability } from "./capabilities";
import { CSpace } from "./cspace";
import { ERROR_NONE, OBJECT_UNTYPED, UNTYPED_BITS_MINIMUM } from "./objects";

/** The largest untyped is 2^47 bytes (seL4_MaxUntypedBits). */
const BITS_LIMIT: i32 = 48;
/**
 * Slots kept for the CSpace's own growth: to make a CNode an untyped may have to be split through all sizes, two
 * slots each time, and the new CNode needs one.
 */
const SLOT_RESERVE: u32 = 2 * 48 + 1;
/** log2 of the slots of a CNode that is added when slots run out. */
const CNODE_RADIX: u32 = 10;

export class UntypedBlock {
    /** Whether nothing is made of the block and nobody owns it. */
    free: bool = true;
    /** Who owns the block: an index of the pool's accounts. */
    owner: i32 = 0;
    /** The two halves of a block that is split. */
    low: UntypedBlock | null = null;
    high: UntypedBlock | null = null;

    constructor(
        /** Slot of the untyped capability. */
        readonly slot: u32,
        /** log2 of the size. */
        readonly bits: u32,
        /** The block that this is a half of. */
        readonly parent: UntypedBlock | null,
    ) {}

    @inline get untyped(): Untyped {
        return capability<Untyped>(this.slot);
    }

    @inline get size(): u64 {
        return (<u64>1) << this.bits;
    }
}

export class UntypedPool {
    /** Free blocks by log2 of their size. */
    private readonly freeBlocks: UntypedBlock[][] = new Array<UntypedBlock[]>();
    private readonly owned: StaticArray<u64>;
    private freeTotal: u64 = 0;
    private growing: bool = false;

    /** `cnodeOwner` is the account of CNodes that the pool makes for the CSpace; `slotBits` log2 of a slot's size. */
    constructor(
        readonly cspace: CSpace,
        owners: i32,
        private readonly cnodeOwner: i32,
        private readonly slotBits: u32,
    ) {
        this.owned = new StaticArray<u64>(owners);
        for (let bits = 0; bits < BITS_LIMIT; bits++) this.freeBlocks.push(new Array<UntypedBlock>());
    }

    /** Bytes that nobody owns. */
    get freeBytes(): u64 {
        return this.freeTotal;
    }

    /** Bytes in blocks of an owner. */
    ownedBytes(owner: i32): u64 {
        return this.owned[owner];
    }

    /** Changes an account for memory that was not taken as a block. */
    account(owner: i32, bytes: u64): void {
        this.owned[owner] += bytes;
    }

    /** The size of the largest free block in bits, or 0. */
    get largestFreeBits(): u32 {
        for (let bits = BITS_LIMIT - 1; bits > 0; bits--) {
            if (this.freeBlocks[bits].length > 0) return bits;
        }
        return 0;
    }

    /**
     * Takes over an untyped capability from whose beginning `used` bytes have been taken: what is left becomes free blocks. The result are the
     * bytes that could not be (less than a page, or for lack of slots).
     */
    add(slot: u32, bits: u32, used: u64): u64 {
        if (used == 0) {
            this.putFree(new UntypedBlock(slot, bits, null));
            return 0;
        }
        const size = (<u64>1) << bits;
        let lost: u64 = 0;
        // Pieces of less than a page are not worth their slots.
        let offset = (used + 4095) & ~4095;
        lost += min(offset, size) - used;
        while (offset < size) {
            const piece = <u32>min<u64>(ctz(offset), 63 - clz(size - offset));
            const pieceSlot = this.cspace.allocate();
            if (
                pieceSlot == 0 ||
                this.cspace.retype(capability<Untyped>(slot), OBJECT_UNTYPED, piece, pieceSlot, 1) !=
                    ERROR_NONE
            ) {
                if (pieceSlot != 0) this.cspace.free(pieceSlot);
                return lost + size - offset;
            }
            this.putFree(new UntypedBlock(pieceSlot, piece, null));
            offset += (<u64>1) << piece;
        }
        return lost;
    }

    /** A block of 2^`bits` bytes, or null when there is no room (or no slot) for one. */
    allocate(bits: u32, owner: i32): UntypedBlock | null {
        this.keepSlots();
        const block = this.takeFree(max(bits, UNTYPED_BITS_MINIMUM));
        if (block === null) return null;
        block.free = false;
        block.owner = owner;
        this.owned[owner] += block.size;
        this.freeTotal -= block.size;
        return block;
    }

    /** Makes one object in a block of exactly its size, in a new slot. The block, or null. `slot` of the object is block.slot's partner: see OwnedObject. */
    makeObject(object: u32, sizeBits: u32, objectBits: u32, owner: i32): OwnedObject | null {
        const block = this.allocate(objectBits, owner);
        if (block === null) return null;
        const slot = this.cspace.allocate();
        if (slot == 0 || this.cspace.retype(block.untyped, object, sizeBits, slot, 1) != ERROR_NONE) {
            if (slot != 0) this.cspace.free(slot);
            this.release(block);
            return null;
        }
        return new OwnedObject(slot, block);
    }

    /** Deletes an object of makeObject. */
    releaseObject(object: OwnedObject): void {
        this.release(object.block);
        this.cspace.free(object.slot);
    }

    /**
     * Takes a block back: everything made of it, by whomever, is deleted by the kernel. The slots that the caller used
     * for it are empty afterwards, but still the caller's.
     */
    release(block: UntypedBlock): void {
        const error = this.cspace.revoke(block.slot);
        assert(error == ERROR_NONE, "seL4 refused to revoke an untyped of the manager");
        this.owned[block.owner] -= block.size;
        this.putFree(block);
        this.merge(block);
    }

    /**
     * Whether the kernel agrees that nothing is left of what was made of a block: an untyped can be retyped as a whole
     * only when it has no children.
     */
    isWhole(block: UntypedBlock): bool {
        const slot = this.cspace.allocate();
        if (slot == 0) return false;
        const error = this.cspace.retype(block.untyped, OBJECT_UNTYPED, block.bits, slot, 1);
        if (error == ERROR_NONE) this.cspace.delete(slot);
        this.cspace.free(slot);
        return error == ERROR_NONE;
    }

    private takeFree(bits: u32): UntypedBlock | null {
        let from = bits;
        while (from < <u32>BITS_LIMIT && this.freeBlocks[from].length == 0) from++;
        if (from >= <u32>BITS_LIMIT) return null;
        let block = this.freeBlocks[from].pop();
        while (block.bits > bits) {
            const lower = this.split(block);
            if (lower === null) {
                this.freeBlocks[block.bits].push(block);
                return null;
            }
            block = lower;
        }
        return block;
    }

    /** Splits a block that is in no list: the lower half, in no list; the upper half goes to its list. */
    private split(block: UntypedBlock): UntypedBlock | null {
        const bits = block.bits - 1;
        const low = this.half(block, bits);
        if (low === null) return null;
        const high = this.half(block, bits);
        if (high === null) {
            this.cspace.delete(low.slot);
            this.cspace.free(low.slot);
            return null;
        }
        block.low = low;
        block.high = high;
        this.freeBlocks[bits].push(high);
        return low;
    }

    private half(block: UntypedBlock, bits: u32): UntypedBlock | null {
        const slot = this.cspace.allocate();
        if (slot == 0) return null;
        if (this.cspace.retype(block.untyped, OBJECT_UNTYPED, bits, slot, 1) == ERROR_NONE)
            return new UntypedBlock(slot, bits, block);
        this.cspace.free(slot);
        return null;
    }

    private putFree(block: UntypedBlock): void {
        block.free = true;
        this.freeBlocks[block.bits].push(block);
        this.freeTotal += block.size;
    }

    /** Joins a free block with its other half as long as that is free and whole. */
    private merge(block: UntypedBlock): void {
        let parent = block.parent;
        while (parent !== null) {
            const low = parent.low!;
            const high = parent.high!;
            if (!this.isIdle(low) || !this.isIdle(high)) return;
            this.dissolve(low);
            this.dissolve(high);
            parent.low = null;
            parent.high = null;
            this.freeBlocks[parent.bits].push(parent);
            parent = parent.parent;
        }
    }

    private isIdle(block: UntypedBlock): bool {
        return block.free && block.low === null;
    }

    private dissolve(block: UntypedBlock): void {
        const list = this.freeBlocks[block.bits];
        const index = list.indexOf(block);
        list[index] = list[list.length - 1];
        list.pop();
        this.cspace.delete(block.slot);
        this.cspace.free(block.slot);
    }

    /** Adds slots before they run out. */
    private keepSlots(): void {
        if (this.growing || this.cspace.available > SLOT_RESERVE) return;
        const entry = this.cspace.takeEntry();
        if (entry == 0) return;
        this.growing = true;
        const block = this.allocate(CNODE_RADIX + this.slotBits, this.cnodeOwner);
        if (block !== null) {
            if (this.cspace.makeCNode(block.untyped, CNODE_RADIX, entry) == ERROR_NONE) {
                this.cspace.addSlots(entry, CNODE_RADIX);
            } else this.release(block);
        }
        this.growing = false;
    }
}

/** An object that fills a block of the pool. */
export class OwnedObject {
    constructor(
        readonly slot: u32,
        readonly block: UntypedBlock,
    ) {}
}
