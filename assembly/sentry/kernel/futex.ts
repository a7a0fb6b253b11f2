// SPDX-License-Identifier: Apache-2.0
//
// Futexes (futex(2)). Waiters are found by their key: the address space and the address for private memory, the frame and
// the offset in it for shared memory. Threads that wait are few, so one hash table of wait queues, looked through
// waiter by waiter, is enough.

import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { AddressSpace } from "../memory/addressSpace";
import { PAGE_SHARED } from "../memory/residentPages";
import { makeReady, Thread } from "./thread";
import { moveWaiter, WaitQueue } from "./wait";

const QUEUES: u32 = 16;
const queues: WaitQueue[] = new Array<WaitQueue>();

/** The latest key: an address space or, for shared pages, 0; and an address or, there, a frame's position. */
let keySpace: usize = 0;
let keyAddress: u64 = 0;

/** Sets the key of `address`, which has been read (so that its page has a frame). */
function findKey(space: AddressSpace, address: u64): void {
    const page = space.pages.find(address >> PAGE_BITS);
    if (page !== null && page.has(PAGE_SHARED)) {
        keySpace = 0;
        keyAddress = ((<u64>page.frame) << PAGE_BITS) | (address & (PAGE_SIZE - 1));
    } else {
        keySpace = changetype<usize>(space);
        keyAddress = address;
    }
}

function queueOfKey(): WaitQueue {
    while (<u32>queues.length < QUEUES) queues.push(new WaitQueue());
    return queues[(<u32>(keyAddress >> 2)) & (QUEUES - 1)];
}

/** Marks `thread` as waiting for `address` with `bits`; the queue is what it has to wait on. */
export function enterFutex(thread: Thread, space: AddressSpace, address: u64, bits: u32): WaitQueue {
    findKey(space, address);
    thread.futexSpace = keySpace;
    thread.futexAddress = keyAddress;
    thread.futexBits = bits;
    thread.futexWoken = false;
    return queueOfKey();
}

/** The queue of a thread that has entered. */
export function futexQueue(thread: Thread): WaitQueue {
    keyAddress = thread.futexAddress;
    return queueOfKey();
}

/** Wakes at most `count` threads that wait for `address` with a bit of `bits`. The result is how many. */
export function wakeFutex(space: AddressSpace, address: u64, count: i32, bits: u32 = 0xffff_ffff): i32 {
    findKey(space, address);
    let woken = 0;
    let waiter = queueOfKey().first;
    while (waiter !== null && woken < count) {
        const thread = waiter.thread!;
        if (
            !thread.futexWoken &&
            thread.futexAddress == keyAddress &&
            thread.futexSpace == keySpace &&
            (thread.futexBits & bits) != 0
        ) {
            thread.futexWoken = true;
            makeReady(thread);
            woken++;
        }
        waiter = waiter.next;
    }
    return woken;
}

/**
 * FUTEX_REQUEUE: wakes `wake` threads and has up to `move` others wait for `target` instead. The result is how many were
 * woken or moved.
 */
export function requeueFutex(space: AddressSpace, address: u64, wake: i32, move: i32, target: u64): i32 {
    const woken = wakeFutex(space, address, wake);
    findKey(space, target);
    const targetSpace = keySpace;
    const targetAddress = keyAddress;
    const targetQueue = queueOfKey();
    findKey(space, address);
    let moved = 0;
    let waiter = queueOfKey().first;
    while (waiter !== null && moved < move) {
        const place = waiter;
        const thread = place.thread!;
        waiter = place.next;
        if (thread.futexWoken || thread.futexAddress != keyAddress || thread.futexSpace != keySpace) continue;
        thread.futexSpace = targetSpace;
        thread.futexAddress = targetAddress;
        moved++;
        // A place that is put at the end of its own queue would be met again.
        if (place.queue !== targetQueue) moveWaiter(place, targetQueue);
    }
    return woken + moved;
}
