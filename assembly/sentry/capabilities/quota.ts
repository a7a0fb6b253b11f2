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

// What is left in the untypeds is kept for what matters more, the less there is of it. Objects never go back to an untyped,
// so each kind must have room of its own when processes have taken all they can get.
/**
 * Below this only the sentry's heap grows (64 KiB and a page table at a time): errors are answered, processes end. An eighth of a small quota,
 * but for at least one growth.
 */
const HEAP_RESERVE: u64 = 144 * 1024;
const HEAP_RESERVE_SMALLEST: u64 = 88 * 1024;
/** When the heap has come down to this, system calls that need more of it are refused (isMemoryShort). */
const HEAP_RESERVE_LOW: u64 = 72 * 1024;
/**
 * Kept from page frames for kernel objects and page tables: a sixteenth of the quota, at least what three processes take, but no
 * more than an eighth of a small quota.
 */
const OBJECT_RESERVE_MINIMUM: u64 = 96 * 1024;
/** Kept from written files for processes' memory: likewise. A full /tmp must not kill whoever touches a page. */
const PROCESS_RESERVE_MINIMUM: u64 = 128 * 1024;
const RESERVE_SHIFT: u64 = 4;
const RESERVE_SHIFT_SMALL: u64 = 3;

/**
 * Slots given to the heap at a time: one growth of the heap has to fit. A small heap grows by one Wasm page of 16 frames;
 * in a large one, single tables may be larger than that.
 */
const HEAP_SLOTS_SMALL: u32 = 18;
const HEAP_SLOTS_LARGE: u32 = 240;
/** Bytes from which on a heap is large: what is smaller has no single table that takes more than a Wasm page. */
const LARGE_HEAP: u64 = 1 << 18;
/** Slots for one Wasm page and the page tables it may need. */
const HEAP_SLOTS_MINIMUM: u32 = 18;

/** Bytes by owner. OWNER_NONE counts free memory inside objects already made (free lists). */
const owned: StaticArray<i64> = new StaticArray<i64>(8);
/** Bytes taken from each untyped, alignment included. */
const taken: StaticArray<u64> = new StaticArray<u64>(UNTYPED_COUNT_MAXIMUM);
let untypedCount: u32 = 0;
/** The untyped that the heap grows from, and how many heap frames have been counted in `taken`. */
let heapUntyped: u32 = 0;
let countedHeapFrames: u32 = 0;
/** Pages of linear memory when the heap's frames were counted last: asking the C runtime takes a call, this an instruction. */
let countedMemory: i32 = 0;
/** Whether what the heap grows from may not do any more. */
let mayLackSource: bool = true;
/** The range of slots that the heap takes from. */
let heapFirstSlot: u32 = 0;
let heapSlotCount: u32 = 0;
let initialHeapFrames: u32 = 0;
let total: u64 = 0;
/** What is kept back of it. */
let heapReserve: u64 = 0;
let objectReserve: u64 = 0;
/** The sum of `taken`. */
let takenTotal: u64 = 0;

/** Reads the configuration's untypeds. To be called once, before anything allocates. */
export function startQuota(): void {
    const configuration = containerConfiguration();
    untypedCount = configuration.untypedCount;
    for (let i: u32 = 0; i < untypedCount; i++) total += sizeOf(configuration, i);
    heapReserve = max(HEAP_RESERVE_SMALLEST, min(HEAP_RESERVE, total >> RESERVE_SHIFT_SMALL));
    objectReserve = reserveOf(OBJECT_RESERVE_MINIMUM);
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
    countHeap();
    return <u64>(countedHeapFrames - initialHeapFrames) * PAGE_SIZE;
}

/** The quota's size in bytes: all untypeds. */
export function quotaBytes(): u64 {
    return total;
}

/** Bytes still in the untypeds. */
export function untypedLeft(): u64 {
    countHeap();
    return total - takenTotal;
}

/** Bytes that page frames may still take from the untypeds. */
export function userMemoryLeft(): u64 {
    const left = untypedLeft();
    const reserve = heapReserve + objectReserve;
    return left > reserve ? left - reserve : 0;
}

/** Bytes that must stay available when a frame is taken for a file. */
export function processReserve(): u64 {
    return reserveOf(PROCESS_RESERVE_MINIMUM);
}

function reserveOf(minimum: u64): u64 {
    return max(min(minimum, total >> RESERVE_SHIFT_SMALL), total >> RESERVE_SHIFT);
}

/** The first `bytes` bytes of an untyped are taken. */
function take(untyped: u32, bytes: u64): void {
    takenTotal += bytes - taken[untyped];
    taken[untyped] = bytes;
    mayLackSource = true;
}

/** The C runtime takes heap frames from an untyped by itself: follow its count. */
// @ts-ignore: decorator
@inline
function countHeap(): void {
    if (memory.size() != countedMemory) countGrownHeap();
}

function countGrownHeap(): void {
    countedMemory = memory.size();
    const frames = heapFrames();
    take(heapUntyped, taken[heapUntyped] + <u64>(frames - countedHeapFrames) * PAGE_SIZE);
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
    if (owner != OWNER_CAPABILITIES && untypedLeft() < heapReserve + size * count) return false;
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
            take(i, sizeOf(configuration, i));
            continue;
        }
        if (error != 0) return false;
        take(i, end);
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

/** Whether memory is so short that what takes heap must be refused, lest the sentry cannot go on. */
export function isMemoryShort(): bool {
    return untypedLeft() < HEAP_RESERVE_LOW;
}

/** Whether the heap could grow by a block of `bytes` bytes now. */
export function heapCanGrow(bytes: u64): bool {
    countHeap();
    // In whole Wasm pages, for a block of the next size class, a sixteenth larger at most, and its header.
    const frames = ((bytes + (bytes >> 4) + 8 + 0xffff) & ~0xffff) / PAGE_SIZE;
    return frames + 2 <= <u64>heapSlotsLeft() && roomOf(heapUntyped) >= (frames + 2) * PAGE_SIZE;
}

/**
 * Sees to it, in the middle of work that takes heap piece by piece, that the heap can grow. False: it cannot any more, and what
 * would take more of it has to be given up.
 */
export function keepHeapRoom(): bool {
    if (heapCanGrow(1)) return true;
    refillHeapSource();
    return heapCanGrow(1);
}

// @ts-ignore: decorator
@inline
function roomOf(untyped: u32): u64 {
    return sizeOf(containerConfiguration(), untyped) - taken[untyped];
}

/**
 * Sees to it that the sentry's heap can grow; called from the event loop. Without room it leaves things as they are: a heap
 * that is full ends the container.
 */
// @ts-ignore: decorator
@inline
export function refillHeapSource(): void {
    countHeap();
    if (mayLackSource) checkHeapSource();
}

function checkHeapSource(): void {
    mayLackSource = false;
    const slots = heapBytes() >= LARGE_HEAP ? HEAP_SLOTS_LARGE : HEAP_SLOTS_SMALL;
    const wanted = max(HEAP_SLOTS_MINIMUM, slots >> 1);
    const fewSlots = heapSlotsLeft() < wanted;
    // One growth takes all of its frames from one untyped: it must have the room as well as the slots.
    if (!fewSlots && roomOf(heapUntyped) >= <u64>wanted * PAGE_SIZE) return;
    renewHeapSource(slots, <u64>HEAP_SLOTS_MINIMUM * PAGE_SIZE, fewSlots);
    // Where that did not help, memory or slots may come back any time.
    mayLackSource = true;
}

/** Has the heap grow from the untyped with most room, if that is `growth` bytes, and with `slots` fresh slots if the old ones are few. */
function renewHeapSource(slots: u32, growth: u64, fewSlots: bool): void {
    let largest: u32 = 0;
    for (let i: u32 = 1; i < untypedCount; i++) if (roomOf(i) > roomOf(largest)) largest = i;
    if (roomOf(largest) < growth) return;
    const unused = heapSlotsLeft();
    let first = heapFirstSlot + heapSlotCount - unused;
    let count = unused;
    if (fewSlots) {
        const fresh = allocateSlots(slots);
        if (fresh != 0) {
            // The heap takes its slots in order: the rest of the old range is empty.
            for (let i: u32 = 0; i < unused; i++) freeSlot(first + i);
            heapFirstSlot = fresh;
            heapSlotCount = slots;
            first = fresh;
            count = slots;
        }
    }
    if (count == 0 || (largest == heapUntyped && count == unused)) return;
    heapUntyped = largest;
    heapSource(UNTYPED_FIRST_SLOT + largest, first, count);
}
