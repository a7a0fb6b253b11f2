// SPDX-License-Identifier: Apache-2.0
//
// The sentry's own CSpace: a first-level CNode whose entries are second-level CNodes, so that a capability pointer is
// (first-level index << 7 | slot), a small integer that is also the slot's address at full depth. The manager makes the
// first-level CNode and the first second-level one with the capabilities below; the sentry makes the rest from its
// quota as it needs slots.
//
// Slots are kept in a bitmap: one slot is found from a hint, several adjacent ones (a batch of frames) as an aligned
// run, which is what the users ask for.

import { cnodeCopy, cnodeDelete, cnodeMint, cnodeRevoke } from "../../sel4/generated/host";
import { containerConfiguration, UNTYPED_FIRST_SLOT } from "../../std/containerConfiguration";
import { CNODE_RADIX } from "./layout";
import { makeCNode } from "./quota";

// The capabilities that the manager puts into the first CNode (contract §4).
export const SLOT_ROOT: u32 = 1;
export const SLOT_VSPACE: u32 = 2;
export const SLOT_FAULT_ENDPOINT: u32 = 4;
export const SLOT_MANAGER: u32 = 5;
export const SLOT_NOTIFICATION: u32 = 6;
/** The empty CNode of all container threads: its guard is in the capability already. */
export const SLOT_EMPTY_CSPACE: u32 = 7;
export const SLOT_FIRST_REPLY: u32 = 8;
export const SLOT_TCB: u32 = 9;

const CNODE_SLOTS: u32 = 1 << CNODE_RADIX;
/** CNodes that the bitmap has room for at first: what a small program needs, and some. */
const CNODES_INITIAL: u32 = 8;
/** Depth that resolves a capability pointer to its slot. */
const DEPTH: u32 = 64;

export const RIGHTS_ALL: u32 = 15;

/** 1 = in use; one u16 for 16 slots. */
const WORDS_PER_CNODE: u32 = CNODE_SLOTS / 16;
/** Slots of half a word. */
const HALF: u32 = 8;
let used: StaticArray<u16> = new StaticArray<u16>(CNODES_INITIAL * WORDS_PER_CNODE);
let cnodes: u32 = 1;
/** No slot is free in the words before. */
let firstFreeWord: u32 = 0;
/** No half of a word before is free as a whole. */
let firstFreeHalf: u32 = 0;
/** No word before is free as a whole. */
let firstFreeRun: u32 = 0;
let slotsInUse: u32 = 0;

/** Slots that hold or will hold capabilities made by the sentry. */
export function usedSlots(): u32 {
    return slotsInUse;
}

/** The manager's capabilities lie before the quota's untypeds, which are the last of them. */
export function reserveFirstSlots(): void {
    const end = UNTYPED_FIRST_SLOT + containerConfiguration().untypedCount;
    for (let slot: u32 = 0; slot < end; slot++) used[slot >> 4] |= <u16>((<u32>1) << (slot & 15));
}

/** One more second-level CNode. */
function addCNode(): bool {
    if (cnodes == (<u32>1) << containerConfiguration().cspaceRootBits || !makeCNode(cnodes)) return false;
    cnodes++;
    if (cnodes * WORDS_PER_CNODE > <u32>used.length) {
        const larger = new StaticArray<u16>(used.length * 2);
        memory.copy(changetype<usize>(larger), changetype<usize>(used), (<usize>used.length) << 1);
        used = larger;
    }
    return true;
}

/** An empty slot, or 0 when neither a slot nor memory for more slots is left. */
export function allocateSlot(): u32 {
    while (true) {
        const end = cnodes * WORDS_PER_CNODE;
        for (let word = firstFreeWord; word < end; word++) {
            const bits = unchecked(used[word]);
            if (bits == 0xffff) continue;
            const bit = ctz<u32>(~(<u32>bits));
            unchecked((used[word] = bits | (<u16>((<u32>1) << bit))));
            firstFreeWord = word;
            slotsInUse++;
            return word * 16 + bit;
        }
        firstFreeWord = end;
        if (!addCNode()) return 0;
    }
}

/**
 * The first of `count` adjacent empty slots, or 0. They are of one CNode where they fit one, else of several, of which each is
 * behind the other.
 */
export function allocateSlots(count: u32): u32 {
    if (count == 1) return allocateSlot();
    if (count <= HALF) return allocateInHalf(count);
    const words = (count + 15) >> 4;
    // What is taken of the last word.
    const mask = <u16>((<u32>0xffff) >> (words * 16 - count));
    while (true) {
        const end = cnodes * WORDS_PER_CNODE;
        while (firstFreeRun < end && unchecked(used[firstFreeRun]) != 0) firstFreeRun++;
        for (let word = firstFreeRun; word + words <= end; word++) {
            if (words <= WORDS_PER_CNODE && (word & (WORDS_PER_CNODE - 1)) + words > WORDS_PER_CNODE)
                continue;
            const last = word + words - 1;
            let i = word;
            while (i < last && unchecked(used[i]) == 0) i++;
            if (i < last || (unchecked(used[last]) & mask) != 0) continue;
            for (i = word; i < last; i++) unchecked((used[i] = 0xffff));
            unchecked((used[last] |= mask));
            slotsInUse += count;
            return word * 16;
        }
        if (!addCNode()) return 0;
    }
}

/** As allocateSlots, for up to eight slots: two such runs share a word. */
function allocateInHalf(count: u32): u32 {
    const mask = (1 << count) - 1;
    while (true) {
        const end = cnodes * WORDS_PER_CNODE;
        while (firstFreeHalf < end && !hasFreeHalf(unchecked(used[firstFreeHalf]))) firstFreeHalf++;
        if (firstFreeHalf < end) {
            const word = firstFreeHalf;
            const first: u32 = (unchecked(used[word]) & 0xff) == 0 ? 0 : HALF;
            unchecked((used[word] |= <u16>(mask << first)));
            slotsInUse += count;
            return word * 16 + first;
        }
        if (!addCNode()) return 0;
    }
}

// @ts-ignore: decorator
@inline
function hasFreeHalf(bits: u32): bool {
    return (bits & 0xff) == 0 || bits >> HALF == 0;
}

/** Gives back a slot that is empty. */
export function freeSlot(slot: u32): void {
    const word = slot >> 4;
    used[word] &= ~(<u16>((<u32>1) << (slot & 15)));
    if (word < firstFreeWord) firstFreeWord = word;
    if (word < firstFreeHalf && hasFreeHalf(unchecked(used[word]))) firstFreeHalf = word;
    if (word < firstFreeRun && unchecked(used[word]) == 0) firstFreeRun = word;
    slotsInUse--;
}

/** A copy with all rights in a new slot, or 0. */
export function copyCapability(source: u32): u32 {
    const slot = allocateSlot();
    if (slot == 0) return 0;
    if (cnodeCopy(SLOT_ROOT, slot, DEPTH, SLOT_ROOT, source, DEPTH, RIGHTS_ALL) == 0) return slot;
    freeSlot(slot);
    return 0;
}

/** A badged copy with all rights in a new slot, or 0. */
export function mintCapability(source: u32, badge: u64): u32 {
    const slot = allocateSlot();
    if (slot == 0) return 0;
    if (cnodeMint(SLOT_ROOT, slot, DEPTH, SLOT_ROOT, source, DEPTH, RIGHTS_ALL, badge) == 0) return slot;
    freeSlot(slot);
    return 0;
}

/** Empties a slot and gives it back. */
export function deleteCapability(slot: u32): void {
    const error = cnodeDelete(SLOT_ROOT, slot, DEPTH);
    assert(error == 0, "seL4 refused to delete a capability of the sentry");
    freeSlot(slot);
}

/** Deletes everything made from the capability; the slot keeps it. */
export function revokeCapability(slot: u32): void {
    const error = cnodeRevoke(SLOT_ROOT, slot, DEPTH);
    assert(error == 0, "seL4 refused to revoke a capability of the sentry");
}
