// SPDX-License-Identifier: Apache-2.0
//
// File leases (F_SETLEASE): their holder is told by SIGIO before somebody else opens or truncates the file, and has
// LEASE_BREAK_SECONDS to come down to what does not conflict; so long the other waits. There are few, so one list has them all.

import { EACCES, EAGAIN, EINVAL } from "../kernel/errno";
import { NANOSECONDS, now } from "../kernel/clock";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached, waitOn, WaitQueue } from "../kernel/wait";
import { SIGIO } from "../signals/numbers";
import { Inode } from "./inode";
import { LOCK_NONE, LOCK_READ, LOCK_WRITE } from "./locks";
import { OpenFile } from "./openFile";
import { ownsInode } from "./permission";
import { setOwner, signalOwner } from "./signalOwner";

/** /proc/sys/fs/lease-break-time. */
export const LEASE_BREAK_SECONDS: u64 = 45;

class Lease {
    /** What its holder was told to come down to: LOCK_READ or LOCK_NONE; the lease's own type before. */
    wanted: u32;
    /** When it comes down by itself, in nanoseconds of clock.now. Only where `wanted` is less than `type`. */
    deadline: u64 = 0;
    next: Lease | null = null;

    constructor(
        readonly file: OpenFile,
        /** LOCK_READ or LOCK_WRITE. */
        public type: u32,
    ) {
        this.wanted = type;
    }
}

let leases: Lease | null = null;
/** Woken whenever a lease is given back or comes down. */
const released: WaitQueue = new WaitQueue();

function leaseOf(file: OpenFile): Lease | null {
    let lease = leases;
    while (lease !== null && lease.file !== file) lease = lease.next;
    return lease;
}

function remove(gone: Lease): void {
    let previous: Lease | null = null;
    let lease = leases;
    while (lease !== null && lease !== gone) {
        previous = lease;
        lease = lease.next;
    }
    if (previous === null) leases = gone.next;
    else previous.next = gone.next;
    gone.file.owner = null;
    released.wake();
}

/** Sets the type of a lease that exists; LOCK_NONE gives it back. */
function change(lease: Lease, type: u32): void {
    if (type == LOCK_NONE) {
        remove(lease);
        return;
    }
    lease.type = type;
    // Who waits to write goes on waiting.
    if (lease.wanted != LOCK_NONE) lease.wanted = type;
    released.wake();
}

/** F_GETLEASE: what there is or, once the holder was told, what it has to come down to. */
export function getLease(file: OpenFile): u32 {
    const lease = leaseOf(file);
    return lease === null ? LOCK_NONE : lease.wanted;
}

/** F_SETLEASE. 0 or a negative errno. */
export function setLease(file: OpenFile, type: u32): i64 {
    if (type > LOCK_NONE) return -EINVAL;
    const inode = file.inode;
    if (!ownsInode(inode)) return -EACCES;
    if (!inode.isRegular()) return -EINVAL;
    const own = leaseOf(file);
    if (type == LOCK_NONE) {
        if (own === null) return -EAGAIN;
        remove(own);
        return 0;
    }
    // Nobody is told of those who have the file open already. Open files pin their inode.
    if (type == LOCK_READ ? inode.writers > 0 : inode.pins > 1) return -EAGAIN;
    let lease = leases;
    while (lease !== null) {
        if (lease !== own && lease.file.inode === inode && (type == LOCK_WRITE || lease.wanted == LOCK_NONE))
            return -EAGAIN;
        lease = lease.next;
    }
    if (own !== null) {
        change(own, type);
        return 0;
    }
    const made = new Lease(file, type);
    made.next = leases;
    leases = made;
    if (file.owner === null) setOwner(file, current.process.pid);
    return 0;
}

/** The last reference of a description is gone. */
export function releaseLease(file: OpenFile): void {
    if (leases === null) return;
    const lease = leaseOf(file);
    if (lease !== null) remove(lease);
}

/**
 * Somebody opens the file, or truncates it. 0 when no lease is in the way (any more), -EAGAIN with `nonBlocking`, or what
 * blockUntil returns.
 */
export function breakLeases(inode: Inode, writes: bool, nonBlocking: bool): i64 {
    if (leases === null) return 0;
    const wanted = writes ? LOCK_NONE : LOCK_READ;
    let latest: u64 = 0;
    let lease = leases;
    while (lease !== null) {
        const following = lease.next;
        if (lease.file.inode === inode && (writes || lease.type == LOCK_WRITE)) {
            // Once told, a holder is told again only if more is asked of it.
            if (lease.wanted == lease.type || (writes && lease.wanted != LOCK_NONE)) {
                lease.wanted = wanted;
                lease.deadline = now() + LEASE_BREAK_SECONDS * NANOSECONDS;
                signalOwner(lease.file, SIGIO);
            }
            if (now() >= lease.deadline) change(lease, lease.wanted);
            else latest = max(latest, lease.deadline);
        }
        lease = following;
    }
    if (latest == 0) return 0;
    if (nonBlocking) return -EAGAIN;
    waitOn(released);
    // The deadline of an earlier execution was another lease's.
    if (deadlineReached()) current.deadline = 0;
    return blockUntil(latest);
}
