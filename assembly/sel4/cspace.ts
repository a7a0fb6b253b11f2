// SPDX-License-Identifier: Apache-2.0
//
// A two-level CSpace: a first-level CNode whose entries are second-level CNodes, so that a capability pointer is
// (first-level index << leaf bits | slot), a small integer. Guards fill the rest of the 64 bits: the first level's
// capability matches all bits above with zeros, and a second-level CNode of fewer slots than the leaf bits address
// matches its missing bits with zeros. So a pointer with depth 64 names a slot to every invocation.

import { cnodeCopy, cnodeDelete, cnodeMint, cnodeMove, cnodeRevoke, untypedRetype } from "./generated/host";
import { CNode, Untyped, capability } from "./capabilities";
import { ERROR_NONE, OBJECT_CNODE, RIGHTS_ALL, WORD_BITS } from "./objects";

/** log2 of the first level's entries: each container has one, and each 2 MiB of the layer store. */
export const ROOT_RADIX: u32 = 9;
const ROOT_ENTRIES: u32 = 1 << ROOT_RADIX;

/** A CNode's guard as Mint takes it: the guard's size in the low 6 bits, its value above. */
export function guard(value: u64, bits: u32): u64 {
    return (value << 6) | bits;
}

export class CSpace {
    /** Slots that were freed. */
    private readonly freed: u32[] = new Array<u32>();
    /** Never used slots, next..end, of one second-level CNode. */
    private next: u32;
    private end: u32;
    /** First-level entries that were given back. */
    private readonly freedEntries: u32[] = new Array<u32>();
    /** First-level entries in use (the last ones may be used by others, see takeEntry). */
    private entries: u32 = 1;

    /**
     * `root` is the first level with its guard, through which the caller's pointers are resolved; `first`..`end` are the empty slots
     * of the CNode in its entry 0; `leafBits` are the bits of a pointer below the first level's index.
     */
    constructor(
        readonly root: CNode,
        readonly leafBits: u32,
        first: u32,
        end: u32,
    ) {
        this.next = first;
        this.end = end;
    }

    /** Empty slots that need no new CNode. */
    get available(): u32 {
        return <u32>this.freed.length + this.end - this.next;
    }

    /** An empty slot, or 0. */
    allocate(): u32 {
        if (this.freed.length > 0) return this.freed.pop();
        return this.next < this.end ? this.next++ : 0;
    }

    /** The first of `count` adjacent empty slots in one CNode, or 0. */
    allocateRun(count: u32): u32 {
        if (this.end - this.next < count) return 0;
        const first = this.next;
        this.next += count;
        return first;
    }

    /** Gives back a slot that is empty. */
    free(slot: u32): void {
        this.freed.push(slot);
    }

    /** A first-level entry for a CNode that the caller keeps for itself, or 0. */
    takeEntry(): u32 {
        if (this.freedEntries.length > 0) return this.freedEntries.pop();
        return this.entries < ROOT_ENTRIES ? this.entries++ : 0;
    }

    /** Gives back an entry whose CNode is gone. */
    giveEntry(entry: u32): void {
        this.freedEntries.push(entry);
    }

    /**
     * Makes a CNode of 2^`radix` slots from `untyped` and puts it into a first-level entry, so that the slots
     * entry << leafBits and up exist. An error code; the CNode goes with the untyped.
     */
    makeCNode(untyped: Untyped, radix: u32, entry: u32): u32 {
        const slot = this.allocate();
        assert(slot != 0, "the CSpace keeps slots in reserve for its own growth");
        let error = this.retype(untyped, OBJECT_CNODE, radix, slot, 1);
        if (error == ERROR_NONE) {
            error = cnodeMint(
                this.root.cptr,
                entry,
                WORD_BITS - this.leafBits,
                this.root.cptr,
                slot,
                WORD_BITS,
                RIGHTS_ALL,
                guard(0, this.leafBits - radix),
            );
            // The entry's capability keeps the CNode; this one was needed only because Retype sets no guard.
            this.delete(slot);
        }
        this.free(slot);
        return error;
    }

    /** Adds a CNode's slots, 2^`radix` of them behind `entry`, to those that `allocate` gives. */
    addSlots(entry: u32, radix: u32): void {
        while (this.next < this.end) this.free(this.next++);
        this.next = entry << this.leafBits;
        this.end = this.next + (1 << radix);
    }

    /** Makes `count` objects into the adjacent slots from `slot` on. */
    retype(untyped: Untyped, object: u32, sizeBits: u32, slot: u32, count: u32): u32 {
        return untypedRetype(
            untyped.cptr,
            object,
            sizeBits,
            this.root.cptr,
            slot >> this.leafBits,
            WORD_BITS - this.leafBits,
            slot & ((1 << this.leafBits) - 1),
            count,
        );
    }

    @inline copy(to: u32, from: u32, rights: u32): u32 {
        return cnodeCopy(this.root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS, rights);
    }

    @inline move(to: u32, from: u32): u32 {
        return cnodeMove(this.root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS);
    }

    @inline mint(to: u32, from: u32, rights: u32, badge: u64): u32 {
        return cnodeMint(this.root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS, rights, badge);
    }

    /** Copies into slot `index` of a CNode whose capability has no guard; `radix` is log2 of its slots. */
    @inline copyToNode(node: CNode, index: u32, radix: u32, from: u32): u32 {
        return cnodeCopy(node.cptr, index, radix, this.root.cptr, from, WORD_BITS, RIGHTS_ALL);
    }

    /** Copies into another CSpace, whose first level is `root`. */
    @inline copyInto(root: CNode, to: u32, from: u32, rights: u32): u32 {
        return cnodeCopy(root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS, rights);
    }

    @inline mintInto(root: CNode, to: u32, from: u32, rights: u32, badge: u64): u32 {
        return cnodeMint(root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS, rights, badge);
    }

    @inline moveInto(root: CNode, to: u32, from: u32): u32 {
        return cnodeMove(root.cptr, to, WORD_BITS, this.root.cptr, from, WORD_BITS);
    }

    /** Takes copies of, or moves, what is in slot `from` of another CSpace. */
    @inline copyFrom(root: CNode, to: u32, from: u32, rights: u32): u32 {
        return cnodeCopy(this.root.cptr, to, WORD_BITS, root.cptr, from, WORD_BITS, rights);
    }

    @inline moveFrom(root: CNode, to: u32, from: u32): u32 {
        return cnodeMove(this.root.cptr, to, WORD_BITS, root.cptr, from, WORD_BITS);
    }

    @inline delete(slot: u32): u32 {
        return cnodeDelete(this.root.cptr, slot, WORD_BITS);
    }

    @inline revoke(slot: u32): u32 {
        return cnodeRevoke(this.root.cptr, slot, WORD_BITS);
    }
}

/**
 * Makes the first level of a CSpace in the caller's CNode `node` (capability pointers resolve through it already)
 * and moves the caller's old pointers behind its entry 0. `slots` are two empty slots of `node`; the second one holds
 * the first level afterwards, ready to be a thread's CSpace root. `nodeRadix` is log2 of the slots of `node`.
 * An error code.
 */
export function makeRootCNode(untyped: Untyped, node: CNode, nodeRadix: u32, leafBits: u32, slots: u32): u32 {
    let error = untyped.retype(OBJECT_CNODE, ROOT_RADIX, node, slots, 1);
    if (error != ERROR_NONE) return error;
    const plain = capability<CNode>(slots);
    // Entry 0: the old CNode, its guard shortened to what a two-level pointer leaves for it.
    error = cnodeMint(
        plain.cptr,
        0,
        ROOT_RADIX,
        node.cptr,
        node.cptr,
        WORD_BITS,
        RIGHTS_ALL,
        guard(0, leafBits - nodeRadix),
    );
    if (error != ERROR_NONE) return error;
    return cnodeMint(
        node.cptr,
        slots + 1,
        WORD_BITS,
        node.cptr,
        slots,
        WORD_BITS,
        RIGHTS_ALL,
        guard(0, WORD_BITS - ROOT_RADIX - leafBits),
    );
}
