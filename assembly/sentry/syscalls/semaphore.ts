// SPDX-License-Identifier: Apache-2.0
//
// System V semaphores: semget, semop, semtimedop, semctl.

import { SYS_semctl, SYS_semget, SYS_semop, SYS_semtimedop } from "../arch/systemCalls";
import {
    SEMAPHORE_CHANGE_TIME,
    SEMAPHORE_COUNT,
    SEMAPHORE_OPERATION_TIME,
    SEMAPHORE_STATUS_SIZE,
} from "../arch/ipc";
import { reserveHeap } from "../capabilities/heapReserve";
import { NANOSECONDS, now } from "../kernel/clock";
import {
    E2BIG,
    EACCES,
    EAGAIN,
    EFAULT,
    EIDRM,
    EINTR,
    EINVAL,
    ENOMEM,
    ENOSPC,
    EPERM,
    ERANGE,
} from "../kernel/errno";
import { current } from "../kernel/thread";
import { BLOCKED, blockUntil, deadlineReached, waitOn } from "../kernel/wait";
import {
    IPC_INFO,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    MAY_ALTER,
    MAY_READ,
    outcome,
    readForSet,
} from "../ipc/objects";
import {
    mayWait,
    OPERATION_SIZE,
    SEMAEM,
    SemaphoreSet,
    semaphoreCount,
    SEMMNI,
    SEMMNS,
    SEMMSL,
    SEMOPM,
    SEMVMX,
    sets,
    shortOfMemory,
    stoppedAt,
} from "../ipc/semaphores";
import { secondsNow } from "../ipc/sharedMemory";
import { copyIn, copyOut } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const GETPID: i32 = 11;
const GETVAL: i32 = 12;
const GETALL: i32 = 13;
const GETNCNT: i32 = 14;
const GETZCNT: i32 = 15;
const SETVAL: i32 = 16;
const SETALL: i32 = 17;
const SEM_STAT: i32 = 18;
const SEM_INFO: i32 = 19;
const SEM_STAT_ANY: i32 = 20;

/** struct seminfo: ten numbers. */
const LIMITS_SIZE: i32 = 40;
const scratch: usize = reserveBuffer(128);
const operations: usize = reserveBuffer(SEMOPM * OPERATION_SIZE);
/** Values of GETALL and SETALL are passed on in pieces. */
const PIECE: i32 = 64;
const values: usize = reserveBuffer(PIECE * 2);

/** Longer timeouts are as good as none: nanoseconds since boot must fit in 64 bits. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;

// What a waiting thread's `progress` says: bit 0 always, bit 1 that it waits for zero, and the semaphore's number above.
const WAITS: i64 = 1;
const WAITS_FOR_ZERO: i64 = 2;
const NUMBER_SHIFT: i64 = 2;

function semget(key: u64, count_: u64, flags_: u64, d: u64, e: u64, f: u64): i64 {
    const count = <i32>count_;
    const flags = <u32>flags_;
    if (count < 0 || count > SEMMSL) return -EINVAL;
    const found = sets.lookUp(<i32>key, flags);
    if (found !== null) {
        if (count > changetype<SemaphoreSet>(found).count) return -EINVAL;
        return found.permits(flags) ? found.id : -EACCES;
    }
    if (outcome != 0) return outcome;
    if (count == 0) return -EINVAL;
    if (semaphoreCount + count > SEMMNS || sets.count >= SEMMNI) return -ENOSPC;
    if (!reserveHeap(<usize>count * 8)) return -ENOMEM;
    return sets.add(new SemaphoreSet(flags, count), <i32>key);
}

function semop(id: u64, address: u64, count: u64, d: u64, e: u64, f: u64): i64 {
    return semtimedop(id, address, count, 0, 0, 0);
}

function semtimedop(id: u64, address: u64, count_: u64, timeout: u64, e: u64, f: u64): i64 {
    const thread = current;
    const waited = thread.progress != 0;
    // A mark, not a count: it must not become the result of an interrupted wait.
    thread.progress = 0;
    if (<i32>id < 0 || <u32>count_ < 1) return -EINVAL;
    if (<u32>count_ > <u32>SEMOPM) return -E2BIG;
    const count = <i32>count_;
    let deadline = u64.MAX_VALUE;
    if (timeout != 0) {
        if (copyIn(scratch, timeout, 16) != 0) return -EFAULT;
        const seconds = load<i64>(scratch);
        const nanoseconds = load<u64>(scratch, 8);
        if (seconds < 0 || nanoseconds >= NANOSECONDS) return -EINVAL;
        deadline = now() + <u64>min(seconds, SECONDS_MAXIMUM) * NANOSECONDS + nanoseconds;
    }
    if (copyIn(operations, address, count * OPERATION_SIZE) != 0) return -EFAULT;
    const object = sets.get(<i32>id);
    if (object === null) return waited ? -EIDRM : -EINVAL;
    const set = changetype<SemaphoreSet>(object);
    const outside = set.check(operations, count);
    if (outside != 0) return outside;
    let alters = false;
    for (let i = 0; i < count; i++) if (load<i16>(operations + i * OPERATION_SIZE, 2) != 0) alters = true;
    if (!set.permits(alters ? MAY_ALTER : MAY_READ)) return -EACCES;
    const result = set.perform(operations, count);
    if (result == 0) {
        if (alters) set.queue.wake();
        return 0;
    }
    if (result != -EAGAIN) return result;
    if (shortOfMemory) return -ENOMEM;
    if (!mayWait || deadlineReached()) return -EAGAIN;
    const stopped = operations + stoppedAt * OPERATION_SIZE;
    waitOn(set.queue);
    const blocked = blockUntil(deadline, -EINTR);
    if (blocked == BLOCKED) {
        thread.progress =
            WAITS |
            (load<i16>(stopped, 2) == 0 ? WAITS_FOR_ZERO : 0) |
            ((<i64>load<u16>(stopped)) << NUMBER_SHIFT);
    }
    return blocked;
}

/** Threads that wait for a semaphore to become zero, or to be raised. */
function waiting(set: SemaphoreSet, number: i32, forZero: bool): i32 {
    const mark = WAITS | (forZero ? WAITS_FOR_ZERO : 0) | ((<i64>number) << NUMBER_SHIFT);
    let count = 0;
    let waiter = set.queue.first;
    while (waiter !== null) {
        if (waiter.thread!.progress == mark) count++;
        waiter = waiter.next;
    }
    return count;
}

function writeStatus(set: SemaphoreSet): void {
    memory.fill(scratch, 0, SEMAPHORE_STATUS_SIZE);
    set.writePermission(scratch);
    store<u64>(scratch + SEMAPHORE_OPERATION_TIME, set.operationTime);
    store<u64>(scratch + SEMAPHORE_CHANGE_TIME, set.changeTime);
    store<u64>(scratch + SEMAPHORE_COUNT, set.count);
}

/** IPC_INFO and SEM_INFO differ in two numbers: limits that are not kept, or what is in use. */
function information(address: u64, use: bool): i64 {
    store<i32>(scratch, SEMMNS);
    store<i32>(scratch, SEMMNI, 4);
    store<i32>(scratch, SEMMNS, 8);
    store<i32>(scratch, SEMMNS, 12);
    store<i32>(scratch, SEMMSL, 16);
    store<i32>(scratch, SEMOPM, 20);
    store<i32>(scratch, SEMOPM, 24);
    store<i32>(scratch, use ? sets.count : UNDO_SIZE, 28);
    store<i32>(scratch, SEMVMX, 32);
    store<i32>(scratch, use ? semaphoreCount : SEMAEM, 36);
    return copyOut(address, scratch, LIMITS_SIZE) != 0 ? -EFAULT : sets.highest;
}

/** SEMUSZ: sizeof(struct sem_undo) of Linux's interface, which says nothing about this kernel. */
const UNDO_SIZE: i32 = 20;

function getAll(set: SemaphoreSet, address: u64): i64 {
    for (let first = 0; first < set.count; first += PIECE) {
        const part = min(PIECE, set.count - first);
        for (let i = 0; i < part; i++) store<u16>(values + (i << 1), <u16>set.value(first + i));
        if (copyOut(address + ((<u64>first) << 1), values, part << 1) != 0) return -EFAULT;
    }
    return 0;
}

function setAll(set: SemaphoreSet, address: u64): i64 {
    // All are looked at before one is changed.
    for (let pass = 0; pass < 2; pass++) {
        for (let first = 0; first < set.count; first += PIECE) {
            const part = min(PIECE, set.count - first);
            if (copyIn(values, address + ((<u64>first) << 1), part << 1) != 0) return -EFAULT;
            for (let i = 0; i < part; i++) {
                const value = <i32>load<u16>(values + (i << 1));
                if (value > SEMVMX) return -ERANGE;
                if (pass == 1) set.assign(first + i, value);
            }
        }
    }
    set.changed();
    return 0;
}

function semctl(id_: u64, number_: u64, command_: u64, argument: u64, e: u64, f: u64): i64 {
    const id = <i32>id_;
    const command = <i32>command_;
    if (id < 0) return -EINVAL;
    switch (command) {
        case IPC_INFO:
        case SEM_INFO:
            return information(argument, command == SEM_INFO);
        case SEM_STAT:
        case SEM_STAT_ANY: {
            const object = sets.at(id & 0x7fff);
            if (object === null) return -EINVAL;
            if (command == SEM_STAT && !object.permits(MAY_READ)) return -EACCES;
            writeStatus(changetype<SemaphoreSet>(object));
            return copyOut(argument, scratch, SEMAPHORE_STATUS_SIZE) != 0 ? -EFAULT : object.id;
        }
        case IPC_STAT:
        case GETALL:
        case GETVAL:
        case GETPID:
        case GETNCNT:
        case GETZCNT:
        case SETVAL:
        case SETALL:
        case IPC_SET:
        case IPC_RMID:
            break;
        default:
            return -EINVAL;
    }
    if (command == IPC_SET && readForSet(scratch, argument, SEMAPHORE_STATUS_SIZE) != 0) return -EFAULT;
    const object = sets.get(id);
    if (object === null) return -EINVAL;
    const set = changetype<SemaphoreSet>(object);
    if (command == IPC_SET || command == IPC_RMID) {
        if (!set.isOwned()) return -EPERM;
        if (command == IPC_RMID) {
            set.destroy();
        } else {
            set.readPermission(scratch);
            set.changeTime = secondsNow();
        }
        return 0;
    }
    const alters = command == SETVAL || command == SETALL;
    const number = <i32>number_;
    if (command == SETVAL && (<i32>argument > SEMVMX || <i32>argument < 0)) return -ERANGE;
    if (command == SETVAL && (number < 0 || number >= set.count)) return -EINVAL;
    if (!set.permits(alters ? MAY_ALTER : MAY_READ)) return -EACCES;
    switch (command) {
        case IPC_STAT:
            writeStatus(set);
            return copyOut(argument, scratch, SEMAPHORE_STATUS_SIZE);
        case GETALL:
            return getAll(set, argument);
        case SETALL:
            return setAll(set, argument);
    }
    if (number < 0 || number >= set.count) return -EINVAL;
    switch (command) {
        case GETVAL:
            return set.value(number);
        case GETPID:
            return set.pid(number);
        case GETNCNT:
            return waiting(set, number, false);
        case GETZCNT:
            return waiting(set, number, true);
        default:
            set.assign(number, <i32>argument);
            set.changed();
            return 0;
    }
}

export function registerSemaphoreCalls(): void {
    define(SYS_semget, semget, "xdx");
    define(SYS_semop, semop, "dpu");
    define(SYS_semtimedop, semtimedop, "dpuT");
    define(SYS_semctl, semctl, "dddx");
}
