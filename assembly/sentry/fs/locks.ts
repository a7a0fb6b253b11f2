// SPDX-License-Identifier: Apache-2.0
//
// Advisory locks: record locks of fcntl(2) (owned by a descriptor table, that is: a process), open file description locks
// (F_OFD_*) and flock(2) (both owned by the description). flock and fcntl locks do not see each other, as on Linux.

import { EAGAIN, EDEADLK } from "../kernel/errno";
import { current } from "../kernel/thread";
import { blockOn, WaitQueue } from "../kernel/wait";
import { FileDescriptorTable } from "./fileDescriptorTable";
import { Inode } from "./inode";
import { OpenFile } from "./openFile";

export const LOCK_READ: u32 = 0;
export const LOCK_WRITE: u32 = 1;
export const LOCK_NONE: u32 = 2;

/** The last byte of a file: a lock to the end of the file, however it grows, ends here. */
export const LOCK_END: i64 = i64.MAX_VALUE;

export class FileLock {
    constructor(
        /** LOCK_READ or LOCK_WRITE. */
        public type: u32,
        /** First and last byte. */
        public first: i64,
        public last: i64,
        /** Address of the FileDescriptorTable or OpenFile object that holds the lock. */
        readonly owner: usize,
        readonly isFlock: bool,
        /** What F_GETLK says of it; -1 for locks of a description. */
        readonly pid: i32,
        public next: FileLock | null,
    ) {}
}

/** Woken whenever any lock is given back: locks are rarely waited for, so one queue serves all files. */
const released: WaitQueue = new WaitQueue();

/** A lock that keeps `owner` from having the range, or null. */
export function conflictingLock(
    inode: Inode,
    type: u32,
    first: i64,
    last: i64,
    owner: usize,
    isFlock: bool,
): FileLock | null {
    let lock = inode.locks;
    while (lock !== null) {
        const others = lock.owner != owner && lock.isFlock == isFlock;
        const overlaps = lock.last >= first && lock.first <= last;
        if (others && overlaps && (lock.type == LOCK_WRITE || type == LOCK_WRITE)) return lock;
        lock = lock.next;
    }
    return null;
}

/** Linux's MAX_DEADLK_ITERATIONS: longer chains of waiting processes are not followed. */
const CHAIN_MAXIMUM: i32 = 10;

/** Whether `holder` waits, directly or through others, for a record lock of `owner`. */
function wouldDeadlock(owner: usize, holder: usize): bool {
    for (let i = 0; i <= CHAIN_MAXIMUM; i++) {
        let waiter = released.first;
        while (waiter !== null && waiter.thread!.lockOwner != holder) waiter = waiter.next;
        if (waiter === null) return false;
        holder = waiter.thread!.lockBlocker;
        if (holder == owner) return true;
    }
    return false;
}

/**
 * Sets, changes or (LOCK_NONE) gives back the owner's lock of the bytes `first` to `last`. 0, -EAGAIN, or, with `wait`,
 * BLOCKED or -EDEADLK.
 */
export function setLock(
    inode: Inode,
    type: u32,
    first: i64,
    last: i64,
    owner: usize,
    isFlock: bool,
    pid: i32,
    wait: bool,
): i64 {
    if (type != LOCK_NONE) {
        const conflict = conflictingLock(inode, type, first, last, owner, isFlock);
        if (conflict !== null) {
            // flock(2): while a lock is converted the old one is lost.
            if (isFlock) cutLocks(inode, first, last, owner, isFlock);
            if (!wait) return -EAGAIN;
            const isRecordLock = !isFlock && pid >= 0;
            if (isRecordLock && wouldDeadlock(owner, conflict.owner)) return -EDEADLK;
            current.lockOwner = isRecordLock ? owner : 0;
            current.lockBlocker = conflict.owner;
            return blockOn(released);
        }
    }
    cutLocks(inode, first, last, owner, isFlock);
    if (type != LOCK_NONE) addLock(inode, type, first, last, owner, isFlock, pid);
    return 0;
}

/** Takes the range out of the owner's locks: what is left at both sides stays locked. */
function cutLocks(inode: Inode, first: i64, last: i64, owner: usize, isFlock: bool): void {
    let previous: FileLock | null = null;
    let lock = inode.locks;
    let changed = false;
    while (lock !== null) {
        const next = lock.next;
        if (lock.owner != owner || lock.isFlock != isFlock || lock.last < first || lock.first > last) {
            previous = lock;
            lock = next;
            continue;
        }
        changed = true;
        if (lock.first < first && lock.last > last) {
            const rest = new FileLock(lock.type, last + 1, lock.last, owner, isFlock, lock.pid, next);
            lock.last = first - 1;
            lock.next = rest;
            previous = rest;
        } else if (lock.first < first) {
            lock.last = first - 1;
            previous = lock;
        } else if (lock.last > last) {
            lock.first = last + 1;
            previous = lock;
        } else if (previous === null) {
            inode.locks = next;
        } else {
            previous.next = next;
        }
        lock = next;
    }
    if (changed) released.wake();
}

/** Adds a lock, one with its neighbours of the same type. */
function addLock(
    inode: Inode,
    type: u32,
    first: i64,
    last: i64,
    owner: usize,
    isFlock: bool,
    pid: i32,
): void {
    let lock = inode.locks;
    while (lock !== null) {
        if (lock.owner == owner && lock.isFlock == isFlock && lock.type == type) {
            const joinsBefore = lock.last != LOCK_END && lock.last + 1 == first;
            const joinsBehind = last != LOCK_END && last + 1 == lock.first;
            if (joinsBefore || joinsBehind) {
                cutLocks(inode, lock.first, lock.last, owner, isFlock);
                const start = joinsBefore ? lock.first : first;
                addLock(inode, type, start, joinsBefore ? last : lock.last, owner, isFlock, pid);
                return;
            }
        }
        lock = lock.next;
    }
    insertLock(inode, new FileLock(type, first, last, owner, isFlock, pid, null));
}

/** Owners in the order of their first lock, and an owner's locks by position: F_GETLK shows the first that is in the way. */
function insertLock(inode: Inode, made: FileLock): void {
    let previous: FileLock | null = null;
    let ofOwner: FileLock | null = null;
    let lock = inode.locks;
    while (lock !== null) {
        const same = lock.owner == made.owner && lock.isFlock == made.isFlock;
        if (same && lock.first > made.first) break;
        if (!same && ofOwner !== null) break;
        if (same) ofOwner = lock;
        previous = lock;
        lock = lock.next;
    }
    made.next = lock;
    if (previous === null) inode.locks = made;
    else previous.next = made;
}

/** A process closed a descriptor of the file: all its record locks on it end (fcntl(2)). */
export function releaseRecordLocks(inode: Inode, table: FileDescriptorTable): void {
    cutLocks(inode, 0, LOCK_END, changetype<usize>(table), false);
}

/** The last reference of a description is gone. */
export function releaseDescriptionLocks(inode: Inode, file: OpenFile): void {
    cutLocks(inode, 0, LOCK_END, changetype<usize>(file), false);
    cutLocks(inode, 0, LOCK_END, changetype<usize>(file), true);
}
