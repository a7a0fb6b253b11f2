// SPDX-License-Identifier: Apache-2.0
//
// Untyped memory: objects are made from its start on, each at a multiple of its size, as the kernel places them. What is
// made returns to an untyped only when everything made from it has been deleted (Revoke).

import { cnodeRevoke, untypedRetype } from "./generated/host";
import { CSpace } from "./cspace";
import { OBJECT_CNODE, OBJECT_SCHED_CONTEXT, OBJECT_UNTYPED, WORD_BITS } from "./objects";

/** Objects that one Retype makes at most (seL4's CONFIG_RETYPE_FAN_OUT_LIMIT has this default). */
export const RETYPE_FAN_OUT_LIMIT: u32 = 256;

export class Untyped {
    constructor(
        readonly slot: u32,
        /** log2 of the size in bytes. */
        readonly bits: u32,
        /** Bytes from the start that objects or their alignment take. */
        public taken: u64 = 0,
    ) {}

    @inline get size(): u64 {
        return (<u64>1) << this.bits;
    }

    @inline get left(): u64 {
        return this.size - this.taken;
    }
}

/** Untypeds of which objects are made, the smallest sufficient rest first. */
export class UntypedPool {
    readonly members: Untyped[] = [];
    /** Bytes of the objects made, alignment not included. */
    made: u64 = 0;

    constructor(
        private readonly cspace: CSpace,
        /** log2 of an object's size by type; a CNode's entry is a slot's. */
        private readonly objectBits: StaticArray<u8>,
    ) {}

    add(untyped: Untyped): void {
        this.members.push(untyped);
    }

    /** log2 of the bytes that an object takes. `sizeBits` counts for untypeds, scheduling contexts and CNodes. */
    bitsOf(type: u32, sizeBits: u32): u32 {
        if (type == OBJECT_CNODE) return sizeBits + this.objectBits[type];
        if (type == OBJECT_UNTYPED || type == OBJECT_SCHED_CONTEXT) return sizeBits;
        return this.objectBits[type];
    }

    /** Bytes that nothing has been made of. */
    left(): u64 {
        let bytes: u64 = 0;
        for (let i = 0; i < this.members.length; i++) bytes += this.members[i].left;
        return bytes;
    }

    /**
     * Makes `count` (at most RETYPE_FAN_OUT_LIMIT) adjacent objects in adjacent slots. The result is the first slot, or 0
     * when no untyped has the room or no slots are left.
     */
    make(type: u32, sizeBits: u32, count: u32 = 1): u32 {
        const bits = this.bitsOf(type, sizeBits);
        const untyped = this.find(bits, count);
        if (untyped === null) return 0;
        const slot = this.cspace.allocate(count);
        if (slot == 0) return 0;
        if (!this.retype(untyped, type, sizeBits, count, this.cspace.nodeOf(slot), this.cspace.offsetOf(slot))) return 0;
        return slot;
    }

    /** The same into `offset` of a CNode that the caller names by its own capability. */
    makeInto(type: u32, sizeBits: u32, count: u32, node: u32, offset: u32): bool {
        const untyped = this.find(this.bitsOf(type, sizeBits), count);
        return untyped !== null && this.retype(untyped, type, sizeBits, count, node, offset);
    }

    /** Makes an untyped of 2^bits bytes, or null. */
    carve(bits: u32): Untyped | null {
        const slot = this.make(OBJECT_UNTYPED, bits);
        return slot == 0 ? null : new Untyped(slot, bits);
    }

    /** log2 of the largest untyped that `carve` could make now; 0 when there is none. */
    largest(): u32 {
        let best: u32 = 0;
        for (let i = 0; i < this.members.length; i++) {
            const untyped = this.members[i];
            for (let bits = untyped.bits; bits > best; bits--) {
                if (aligned(untyped.taken, bits) + ((<u64>1) << bits) <= untyped.size) {
                    best = bits;
                    break;
                }
            }
        }
        return best;
    }

    private find(bits: u32, count: u32): Untyped | null {
        let best: Untyped | null = null;
        for (let i = 0; i < this.members.length; i++) {
            const untyped = this.members[i];
            if (untyped.bits < bits) continue;
            if (aligned(untyped.taken, bits) + ((<u64>count) << bits) > untyped.size) continue;
            if (best === null || untyped.left < best.left) best = untyped;
        }
        return best;
    }

    private retype(untyped: Untyped, type: u32, sizeBits: u32, count: u32, node: u32, offset: u32): bool {
        // Depth 0 names the CNode by its own capability.
        if (untypedRetype(untyped.slot, type, sizeBits, node, 0, 0, offset, count) != 0) return false;
        const bits = this.bitsOf(type, sizeBits);
        untyped.taken = aligned(untyped.taken, bits) + ((<u64>count) << bits);
        this.made += (<u64>count) << bits;
        return true;
    }

    /** Deletes everything made from an untyped of this CSpace, so that it is whole again. */
    revoke(untyped: Untyped): bool {
        if (cnodeRevoke(this.cspace.root, untyped.slot, WORD_BITS) != 0) return false;
        untyped.taken = 0;
        return true;
    }
}

// @ts-ignore: decorator
@inline
function aligned(offset: u64, bits: u32): u64 {
    const mask = ((<u64>1) << bits) - 1;
    return (offset + mask) & ~mask;
}
