// SPDX-License-Identifier: Apache-2.0
//
// The container's memory: the untypeds of its quota, what is made from them, and who owns how many bytes of it. This
// is the only place where objects are made. What is made is never given back to the untyped (that needs all of an
// untyped's objects to be deleted); users keep free lists by type instead.

import { heapFrames, heapSlotsLeft, heapSource, untypedRetype } from "../../sel4/generated/host";
import {
    ContainerConfiguration,
    containerConfiguration,
    UNTYPED_COUNT_MAXIMUM,
    UNTYPED_FIRST_SLOT,
} from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import {
    STATISTIC_ANONYMOUS,
    STATISTIC_CAPABILITIES,
    STATISTIC_FILES,
    STATISTIC_FREE,
    STATISTIC_KERNEL_OBJECTS,
    STATISTIC_PAGE_TABLES,
    STATISTIC_SENTRY_HEAP,
} from "../../std/statistics";
import { CNODE_RADIX } from "./layout";
import { allocateSlots, freeSlot, SLOT_ROOT } from "./slots";

// Object types of wit/sealift.wit.
export const OBJECT_UNTYPED: u32 = 0;
export const OBJECT_TCB: u32 = 1;
export const OBJECT_CNODE: u32 = 4;
export const OBJECT_SCHED_CONTEXT: u32 = 5;
export const OBJECT_REPLY: u32 = 6;
export const OBJECT_FRAME: u32 = 7;
/** A page table of level 1; the next two numbers are levels 2 and 3. */
export const OBJECT_PAGE_TABLE: u32 = 9;
export const OBJECT_VSPACE: u32 = 12;

export const RIGHT_WRITE: u32 = 1;
export const RIGHT_READ: u32 = 2;

/** seL4_NotEnoughMemory. */
const ERROR_NOT_ENOUGH_MEMORY: u32 = 10;

// Owners are the accounting words (std/statistics.ts).
/** Memory in a free list, or still in an untyped. */
export const OWNER_NONE: i32 = STATISTIC_FREE;
export const OWNER_KERNEL_OBJECTS: i32 = STATISTIC_KERNEL_OBJECTS;
export const OWNER_PAGE_TABLES: i32 = STATISTIC_PAGE_TABLES;
export const OWNER_CAPABILITIES: i32 = STATISTIC_CAPABILITIES;
export const OWNER_ANONYMOUS: i32 = STATISTIC_ANONYMOUS;
export const OWNER_FILES: i32 = STATISTIC_FILES;

/**
 * What processes cannot take: the sentry's own heap must be able to grow (64 KiB and a page table at a time) while it
 * answers ENOMEM, and a process must be able to end.
 */
const RESERVE: u64 = 160 * 1024;

/** Slots given to the heap at a time: two Wasm pages of 16 frames. */
const HEAP_SLOTS: u32 = 32;
/** Below this many the next growth of the heap might fail: one Wasm page and its page table. */
const HEAP_SLOTS_MINIMUM: u32 = 18;

/** Bytes by owner. OWNER_NONE counts free memory inside objects already made (free lists). */
const owned: StaticArray<i64> = new StaticArray<i64>(8);
/** Bytes taken from each untyped, alignment included. */
const taken: StaticArray<u64> = new StaticArray<u64>(UNTYPED_COUNT_MAXIMUM);
let untypedCount: u32 = 0;
/** The untyped that the heap grows from, and how many heap frames have been counted in `taken`. */
let heapUntyped: u32 = 0;
let countedHeapFrames: u32 = 0;
/** The first of the HEAP_SLOTS slots that the heap takes from now. */
let heapFirstSlot: u32 = 0;
let initialHeapFrames: u32 = 0;
let total: u64 = 0;

/** Reads the configuration's untypeds. To be called once, before anything allocates. */
export function startQuota(): void {
    const configuration = containerConfiguration();
    untypedCount = configuration.untypedCount;
    for (let i: u32 = 0; i < untypedCount; i++) total += sizeOf(configuration, i);
    initialHeapFrames = heapFrames();
    countedHeapFrames = initialHeapFrames;
}

// @ts-ignore: decorator
@inline
function sizeOf(configuration: ContainerConfiguration, untyped: u32): u64 {
    return (<u64>1) << configuration.untypedBits(untyped);
}

/** log2 of the size of an object that has a fixed one. */
export function objectBits(type: u32): u32 {
    return containerConfiguration().objectBits(type);
}

/** Moves bytes between owners. */
export function account(from: i32, to: i32, bytes: i64): void {
    unchecked((owned[from] -= bytes));
    unchecked((owned[to] += bytes));
}

/** Bytes of an owner (OWNER_ constants but OWNER_NONE). */
export function ownedBytes(owner: i32): u64 {
    return <u64>owned[owner];
}

/** Bytes of the sentry's heap beyond its initial pages. */
export function heapBytes(): u64 {
    return <u64>(heapFrames() - initialHeapFrames) * PAGE_SIZE;
}

/** The quota's size in bytes: all untypeds. */
export function quotaBytes(): u64 {
    return total;
}

/** Bytes still in the untypeds. */
export function untypedLeft(): u64 {
    countHeap();
    let left = total;
    for (let i: u32 = 0; i < untypedCount; i++) left -= unchecked(taken[i]);
    return left;
}

/** Bytes that processes may still take from the untypeds: all but the reserve. */
export function userMemoryLeft(): u64 {
    const left = untypedLeft();
    return left > RESERVE ? left - RESERVE : 0;
}

/** The C runtime takes heap frames from an untyped by itself: follow its count. */
function countHeap(): void {
    const frames = heapFrames();
    if (frames == countedHeapFrames) return;
    taken[heapUntyped] += <u64>(frames - countedHeapFrames) * PAGE_SIZE;
    countedHeapFrames = frames;
}

/**
 * Makes `count` objects into adjacent empty slots of one CNode. `sizeBits` is log2 of an untyped's, a scheduling
 * context's or a frame's size and of a CNode's number of slots. False when no untyped has the room.
 */
export function retype(type: u32, sizeBits: u32, firstSlot: u32, count: u32, owner: i32): bool {
    const node = firstSlot >> CNODE_RADIX;
    const offset = firstSlot & ((1 << CNODE_RADIX) - 1);
    return retypeInto(type, sizeBits, node, ROOT_DEPTH, offset, count, owner);
}

/** Depth at which a second-level CNode is found from the first-level one: 64 bits less its own radix. */
const ROOT_DEPTH: u32 = 64 - CNODE_RADIX;

function retypeInto(
    type: u32,
    sizeBits: u32,
    node: u32,
    depth: u32,
    offset: u32,
    count: u32,
    owner: i32,
): bool {
    const configuration = containerConfiguration();
    let bits = sizeBits;
    if (type == OBJECT_CNODE) bits = sizeBits + configuration.objectBits(OBJECT_CNODE);
    else if (type != OBJECT_UNTYPED && type != OBJECT_SCHED_CONTEXT) bits = configuration.objectBits(type);
    const size = (<u64>1) << bits;
    countHeap();
    for (let i: u32 = 0; i < untypedCount; i++) {
        // The kernel places objects at multiples of their size after what it has given already.
        const start = (unchecked(taken[i]) + size - 1) & ~(size - 1);
        const end = start + size * count;
        if (end > sizeOf(configuration, i)) continue;
        const error = untypedRetype(
            UNTYPED_FIRST_SLOT + i,
            type,
            sizeBits,
            SLOT_ROOT,
            node,
            depth,
            offset,
            count,
        );
        if (error == ERROR_NOT_ENOUGH_MEMORY) {
            // Only where the C runtime took page tables for the heap: learn that the untyped is at its end.
            taken[i] = sizeOf(configuration, i);
            continue;
        }
        if (error != 0) return false;
        taken[i] = end;
        owned[owner] += size * count;
        return true;
    }
    return false;
}

/** Makes one object that fills an untyped of the sentry's own making (which `retype` has counted). */
export function retypeFrom(untyped: u32, type: u32, slot: u32): bool {
    const node = slot >> CNODE_RADIX;
    return (
        untypedRetype(untyped, type, 0, SLOT_ROOT, node, ROOT_DEPTH, slot & ((1 << CNODE_RADIX) - 1), 1) == 0
    );
}

/** Makes the second-level CNode number `index` of the CSpace. */
export function makeCNode(index: u32): bool {
    return retypeInto(OBJECT_CNODE, CNODE_RADIX, 0, 0, index, 1, OWNER_CAPABILITIES);
}

/**
 * Sees to it that the sentry's heap can grow once more; called from the event loop. Without room it leaves things as
 * they are: a heap that is full ends the container.
 */
export function refillHeapSource(): void {
    const unused = heapSlotsLeft();
    if (unused >= HEAP_SLOTS_MINIMUM) return;
    countHeap();
    const first = allocateSlots(HEAP_SLOTS);
    if (first == 0) return;
    const configuration = containerConfiguration();
    let largest: u32 = 0;
    let room: u64 = 0;
    for (let i: u32 = 0; i < untypedCount; i++) {
        const left = sizeOf(configuration, i) - taken[i];
        if (left > room) {
            room = left;
            largest = i;
        }
    }
    if (room < HEAP_SLOTS_MINIMUM * PAGE_SIZE) {
        for (let i: u32 = 0; i < HEAP_SLOTS; i++) freeSlot(first + i);
        return;
    }
    // The heap takes its slots in order: the rest of the old range is empty.
    for (let i: u32 = 0; i < unused; i++) freeSlot(heapFirstSlot + HEAP_SLOTS - 1 - i);
    heapFirstSlot = first;
    heapUntyped = largest;
    heapSource(UNTYPED_FIRST_SLOT + largest, first, HEAP_SLOTS);
}
