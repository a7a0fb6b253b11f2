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
import { USER_END } from "../arch/machine";
import { NANOSECONDS, now, realtimeNow } from "../kernel/clock";
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS, EPERM, ERESTARTSYS, ESRCH, ETIMEDOUT } from "../kernel/errno";
import { enterFutex, futexQueue, requeueFutex, wakeFutex } from "../kernel/futex";
import { current, findThread } from "../kernel/thread";
import { blockUntil, deadlineReached, waitOn } from "../kernel/wait";
import { copyIn, copyIn32, copiedIn, copyOut64, userAddress } from "../memory/userMemory";
import { mayAccess } from "./processHandle";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const FUTEX_WAIT: u32 = 0;
const FUTEX_WAKE: u32 = 1;
const FUTEX_REQUEUE: u32 = 3;
const FUTEX_CMP_REQUEUE: u32 = 4;
const FUTEX_WAKE_OP: u32 = 5;
const FUTEX_WAIT_BITSET: u32 = 9;
const FUTEX_WAKE_BITSET: u32 = 10;
const FUTEX_PRIVATE_FLAG: u32 = 128;
const FUTEX_CLOCK_REALTIME: u32 = 256;
/** Longer waits are cut: 285 years. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;
const ALL_BITS: u32 = 0xffff_ffff;

/** sizeof(struct robust_list_head). */
const ROBUST_LIST_SIZE: u64 = 24;

const scratch: usize = reserveBuffer(16);

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
            const time = <u64>min(seconds, SECONDS_MAXIMUM) * NANOSECONDS + nanoseconds;
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

/**
 * Whether `address` can be a futex, and, unless it is private (`operation`), is there: reading brings the page in, by which a
 * shared word is recognised. 0 or a negative errno.
 */
function checkFutex(address: u64, operation: u32): i64 {
    if ((address & 3) != 0) return -EINVAL;
    if (address >= USER_END) return -EFAULT;
    // A private futex is nothing but an address: nobody waits where no memory is.
    return copyIn32(address) != 0 && (operation & FUTEX_PRIVATE_FLAG) == 0 ? -EFAULT : 0;
}

function futex(address: u64, operation_: u64, value: u64, timeout: u64, second: u64, third: u64): i64 {
    const operation = <u32>operation_;
    const realtime = (operation & FUTEX_CLOCK_REALTIME) != 0;
    const command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    const space = current.process.addressSpace;
    if (realtime && command != FUTEX_WAIT_BITSET) return -ENOSYS;
    switch (command) {
        case FUTEX_WAIT:
            return wait(address, <u32>value, timeout, ALL_BITS, true, realtime);
        case FUTEX_WAIT_BITSET:
            return wait(address, <u32>value, timeout, <u32>third, false, realtime);
        case FUTEX_WAKE:
        case FUTEX_WAKE_BITSET: {
            const bits = command == FUTEX_WAKE ? ALL_BITS : <u32>third;
            if (bits == 0) return -EINVAL;
            const error = checkFutex(address, operation);
            if (error != 0) return error;
            // Linux wakes one where 0 or less is asked for.
            return wakeFutex(space, address, max(<i32>value, 1), bits);
        }
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE: {
            if (<i32>value < 0 || <i32>timeout < 0) return -EINVAL;
            let error = checkFutex(second, operation);
            if (error == 0) error = checkFutex(address, operation);
            if (error != 0) return error;
            if (command == FUTEX_CMP_REQUEUE) {
                if (copyIn32(address) != 0) return -EFAULT;
                if (<u32>copiedIn != <u32>third) return -EAGAIN;
            }
            return requeueFutex(space, address, <i32>value, <i32>timeout, second);
        }
        case FUTEX_WAKE_OP: {
            let error = checkFutex(address, operation);
            if (error == 0) error = checkFutex(second, operation);
            if (error != 0) return error;
            return wakeOperation(address, max(<i32>value, 1), max(<i32>timeout, 1), second, <u32>third);
        }
        default:
            return -ENOSYS;
    }
}

/** The list is gone through when the thread ends (kernel/robustList.ts). */
function setRobustList(head: u64, length: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (length != ROBUST_LIST_SIZE) return -EINVAL;
    current.robustList = head;
    return 0;
}

function getRobustList(tid: u64, head: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const thread = <i32>tid == 0 ? current : findThread(<i32>tid);
    if (thread === null) return -ESRCH;
    if (!mayAccess(thread.process)) return -EPERM;
    if (copyOut64(length, ROBUST_LIST_SIZE) != 0 || copyOut64(head, thread.robustList) != 0) return -EFAULT;
    return 0;
}

/** libcs go without restartable sequences when the kernel has none. */
function rseq(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -ENOSYS;
}

/** MEMBARRIER_CMD_GLOBAL to MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE; not those for restartable sequences. */
const MEMBARRIER_COMMANDS: i32 = 0x7f;
/** MEMBARRIER_CMD_PRIVATE_EXPEDITED and its registration: bits 3 and 4; with SYNC_CORE bits 5 and 6. */
const PRIVATE_EXPEDITED: i32 = 1 << 3;
const PRIVATE_SYNC_CORE: i32 = 1 << 5;

/** One processor runs at a time, and every switch between threads is a barrier. */
function membarrier(command_: u64, flags: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const command = <i32>command_;
    if (<u32>flags != 0) return -EINVAL;
    if (command == 0) return MEMBARRIER_COMMANDS;
    if ((command & ~MEMBARRIER_COMMANDS) != 0 || popcnt(command) != 1) return -EINVAL;
    const process = current.process;
    // Each registration is the bit above its command.
    if (command == PRIVATE_EXPEDITED || command == PRIVATE_SYNC_CORE) {
        return (process.barrierRegistrations & (command << 1)) != 0 ? 0 : -EPERM;
    }
    process.barrierRegistrations |= command;
    return 0;
}

export function registerFutexCalls(): void {
    // Partial: futexes with priority inheritance (FUTEX_LOCK_PI and its relatives) are ENOSYS.
    define(SYS_futex, futex, "pFutpx");
    define(SYS_set_robust_list, setRobustList, "pu");
    define(SYS_get_robust_list, getRobustList, "dpp");
    // Refused: ENOSYS, as of a kernel without restartable sequences.
    define(SYS_rseq, rseq, "pudx");
    define(SYS_membarrier, membarrier, "dxd");
}
