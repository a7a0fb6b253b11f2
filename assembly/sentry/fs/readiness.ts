// SPDX-License-Identifier: Apache-2.0
//
// Waiting for files to become ready: what poll, select and epoll have in common.

import { NANOSECONDS, now } from "../kernel/clock";
import { EFAULT, EINVAL } from "../kernel/errno";
import { current } from "../kernel/thread";
import { BLOCKED } from "../kernel/wait";
import { copyIn, copyOut } from "../memory/userMemory";
import { MASK_UNBLOCKABLE } from "../signals/numbers";
import { reserveBuffer } from "../memory/buffers";

/** Wait for ever. */
export const NEVER: u64 = u64.MAX_VALUE;
/** The calls return at once. */
export const AT_ONCE: u64 = 0;

/** Bytes of a signal set in system calls. */
const SIGNAL_SET_SIZE: u64 = 8;
/** Longest timeout in seconds that is told from for ever: 292 years. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;

const scratch: usize = reserveBuffer(16);

/** The deadline (clock.now) of a timeout in milliseconds; negative: NEVER, 0: AT_ONCE. */
export function deadlineAfter(milliseconds: i32): u64 {
    if (milliseconds < 0) return NEVER;
    if (milliseconds == 0) return AT_ONCE;
    return now() + <u64>milliseconds * 1_000_000;
}

/** What readTimeout read. */
export let deadlineRead: u64 = 0;

/**
 * Reads a timeout at `address` (0: NEVER), seconds and parts of a second (`unit` nanoseconds each), to deadlineRead.
 * 0, -EFAULT or -EINVAL.
 */
export function readTimeout(address: u64, unit: u64): i64 {
    deadlineRead = NEVER;
    if (address == 0) return 0;
    if (copyIn(scratch, address, 16) != 0) return -EFAULT;
    const seconds = load<i64>(scratch);
    const parts = load<i64>(scratch, 8);
    if (seconds < 0 || parts < 0 || <u64>parts >= NANOSECONDS / unit) return -EINVAL;
    if (seconds == 0 && parts == 0) deadlineRead = AT_ONCE;
    else if (seconds <= SECONDS_MAXIMUM)
        deadlineRead = now() + <u64>seconds * NANOSECONDS + <u64>parts * unit;
    return 0;
}

/**
 * Writes what is left of the timeout at `address`, which readTimeout has read, when a call ends with `result`; as on
 * Linux memory that cannot be written does not matter. The result is `result`.
 */
export function writeTimeLeft(address: u64, unit: u64, result: i64): i64 {
    if (address == 0 || deadlineRead == AT_ONCE || deadlineRead == NEVER || result == BLOCKED) return result;
    const deadline = current.deadline != 0 ? current.deadline : deadlineRead;
    const time = now();
    const left = deadline > time ? deadline - time : 0;
    store<u64>(scratch, left / NANOSECONDS);
    store<u64>(scratch, (left % NANOSECONDS) / unit, 8);
    copyOut(address, scratch, 16);
    return result;
}

/** Has the set of signals at `address` (if not 0) blocked while the call waits (ppoll(2)). 0 or a negative errno. */
export function setWaitMask(address: u64, size: u64): i64 {
    if (address == 0) return 0;
    if (size != SIGNAL_SET_SIZE) return -EINVAL;
    if (copyIn(scratch, address, 8) != 0) return -EFAULT;
    if (!current.maskSaved) {
        current.savedMask = current.signalMask;
        current.maskSaved = true;
    }
    current.signalMask = load<u64>(scratch) & ~MASK_UNBLOCKABLE;
    return 0;
}
