// SPDX-License-Identifier: Apache-2.0
//
// futex(2), robust lists and rseq.

import {
    SYS_futex,
    SYS_get_robust_list,
    SYS_membarrier,
    SYS_rseq,
    SYS_set_robust_list,
} from "../arch/systemCalls";
import { NANOSECONDS, now, realtimeNow } from "../kernel/clock";
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS, ERESTARTSYS, ESRCH, ETIMEDOUT } from "../kernel/errno";
import { enterFutex, futexQueue, requeueFutex, wakeFutex } from "../kernel/futex";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached, waitOn } from "../kernel/wait";
import { copyIn, copyIn32, copiedIn, copyOut64, userAddress } from "../memory/userMemory";
import { define } from "./table";

const FUTEX_WAIT: u32 = 0;
const FUTEX_WAKE: u32 = 1;
const FUTEX_REQUEUE: u32 = 3;
const FUTEX_CMP_REQUEUE: u32 = 4;
const FUTEX_WAKE_OP: u32 = 5;
const FUTEX_WAIT_BITSET: u32 = 9;
const FUTEX_WAKE_BITSET: u32 = 10;
const FUTEX_PRIVATE_FLAG: u32 = 128;
const FUTEX_CLOCK_REALTIME: u32 = 256;
const ALL_BITS: u32 = 0xffff_ffff;

/** sizeof(struct robust_list_head). */
const ROBUST_LIST_SIZE: u64 = 24;

const scratch: usize = memory.data(16, 8);

/**
 * FUTEX_WAIT: `relative` timeouts count from now, others are points in time of the clock. A wait is entered once; when the
 * thread is executed again it looks whether a wake has reached it.
 */
function wait(address: u64, value: u32, timeout: u64, bits: u32, relative: bool, realtime: bool): i64 {
    const thread = current;
    if (thread.progress != 0) {
        // Entered before. progress is a mark here, not a count: it must not become the result of an interrupted wait.
        thread.progress = 0;
        if (thread.futexWoken) return 0;
        if (deadlineReached()) return -ETIMEDOUT;
        waitOn(futexQueue(thread));
    } else {
        if ((address & 3) != 0 || bits == 0) return -EINVAL;
        let deadline = u64.MAX_VALUE;
        if (timeout != 0) {
            if (copyIn(scratch, timeout, 16) != 0) return -EFAULT;
            const seconds = load<i64>(scratch);
            const nanoseconds = load<u64>(scratch, 8);
            if (seconds < 0 || nanoseconds >= NANOSECONDS) return -EINVAL;
            const time = <u64>seconds * NANOSECONDS + nanoseconds;
            if (relative) deadline = now() + time;
            else if (realtime) deadline = now() + (time > realtimeNow() ? time - realtimeNow() : 0);
            else deadline = time;
            if (deadline == 0) deadline = 1;
        }
        if (copyIn32(address) != 0) return -EFAULT;
        if (<u32>copiedIn != value) return -EAGAIN;
        waitOn(enterFutex(thread, thread.process.addressSpace, address, bits));
        if (deadline <= now()) return -ETIMEDOUT;
        const result = blockUntil(deadline, timeout == 0 ? -ERESTARTSYS : -EINTR);
        thread.progress = 1;
        return result;
    }
    const result = blockUntil(u64.MAX_VALUE, timeout == 0 ? -ERESTARTSYS : -EINTR);
    thread.progress = 1;
    return result;
}

/** FUTEX_WAKE_OP: changes the second word, wakes at the first, and at the second if its old value compares. */
function wakeOperation(address: u64, count: i32, secondCount: i32, second: u64, operation: u32): i64 {
    if (copyIn32(second) != 0) return -EFAULT;
    const old = <i32>copiedIn;
    let operand = (<i32>(operation << 8)) >> 20;
    const comparand = (<i32>(operation << 20)) >> 20;
    if ((operation & 0x8000_0000) != 0) operand = 1 << (operand & 31);
    let value = operand;
    switch ((operation >> 28) & 7) {
        case 0:
            break;
        case 1:
            value = old + operand;
            break;
        case 2:
            value = old | operand;
            break;
        case 3:
            value = old & ~operand;
            break;
        case 4:
            value = old ^ operand;
            break;
        default:
            return -ENOSYS;
    }
    const word = userAddress(second, true);
    if (word == 0) return -EFAULT;
    store<i32>(word, value);
    let holds = false;
    switch ((operation >> 24) & 15) {
        case 0:
            holds = old == comparand;
            break;
        case 1:
            holds = old != comparand;
            break;
        case 2:
            holds = old < comparand;
            break;
        case 3:
            holds = old <= comparand;
            break;
        case 4:
            holds = old > comparand;
            break;
        case 5:
            holds = old >= comparand;
            break;
        default:
            return -ENOSYS;
    }
    const space = current.process.addressSpace;
    let woken = wakeFutex(space, address, count);
    if (holds) woken += wakeFutex(space, second, secondCount);
    return woken;
}

function futex(address: u64, operation_: u64, value: u64, timeout: u64, second: u64, third: u64): i64 {
    const operation = <u32>operation_;
    const realtime = (operation & FUTEX_CLOCK_REALTIME) != 0;
    const space = current.process.addressSpace;
    switch (operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) {
        case FUTEX_WAIT:
            return wait(address, <u32>value, timeout, ALL_BITS, true, realtime);
        case FUTEX_WAIT_BITSET:
            return wait(address, <u32>value, timeout, <u32>third, false, realtime);
        case FUTEX_WAKE:
        case FUTEX_WAKE_BITSET: {
            if ((address & 3) != 0) return -EINVAL;
            const bits = (operation & 15) == FUTEX_WAKE ? ALL_BITS : <u32>third;
            if (bits == 0) return -EINVAL;
            // Reading brings the page in, by which a shared word is recognised.
            if (copyIn32(address) != 0) return -EFAULT;
            return wakeFutex(space, address, <i32>value, bits);
        }
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE: {
            if (copyIn32(second) != 0 || copyIn32(address) != 0) return -EFAULT;
            if ((operation & 15) == FUTEX_CMP_REQUEUE && <u32>copiedIn != <u32>third) return -EAGAIN;
            return requeueFutex(space, address, <i32>value, <i32>timeout, second);
        }
        case FUTEX_WAKE_OP:
            return wakeOperation(address, <i32>value, <i32>timeout, second, <u32>third);
        default:
            return -ENOSYS;
    }
}

/** Remembered, but not walked at a thread's end: locks of threads that die holding them are not handed on. */
function setRobustList(head: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (length != ROBUST_LIST_SIZE) return -EINVAL;
    current.robustList = head;
    return 0;
}

function getRobustList(tid: u64, head: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    if (<i32>tid != 0 && <i32>tid != current.tid) return -ESRCH;
    if (copyOut64(head, current.robustList) != 0 || copyOut64(length, ROBUST_LIST_SIZE) != 0) return -EFAULT;
    return 0;
}

/** libcs go without restartable sequences when the kernel has none. */
function rseq(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -ENOSYS;
}

/** MEMBARRIER_CMD_GLOBAL to MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED. */
const MEMBARRIER_COMMANDS: i32 = 0x1f;

/** One processor runs at a time, and every switch between threads is a barrier. */
function membarrier(command: u64, flags: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (flags != 0) return -EINVAL;
    if (<i32>command == 0) return MEMBARRIER_COMMANDS;
    return ((<i32>command) & ~MEMBARRIER_COMMANDS) != 0 || popcnt(<u32>command) != 1 ? -EINVAL : 0;
}

export function registerFutexCalls(): void {
    define(SYS_futex, futex, "pFutpx");
    define(SYS_set_robust_list, setRobustList, "pu");
    define(SYS_get_robust_list, getRobustList, "dpp");
    define(SYS_rseq, rseq, "pudx");
    define(SYS_membarrier, membarrier, "dxd");
}
