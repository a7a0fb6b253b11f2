// SPDX-License-Identifier: Apache-2.0

import {
    SYS_epoll_create,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_epoll_wait,
} from "../arch/systemCalls";
import { EVENT_DATA, EVENT_SIZE } from "../arch/fileStatus";
import { EPOLL_CTL_DEL, EventPoll } from "../fs/eventPoll";
import { O_CLOEXEC, O_PATH } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { AT_ONCE, deadlineAfter, deadlineRead, readTimeout, setWaitMask } from "../fs/readiness";
import { EBADF, EFAULT, EINTR, EINVAL } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached } from "../kernel/wait";
import { copyIn, copyOut } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** Events that are copied to the program together. */
const EVENTS_MAXIMUM: i32 = 64;
/** Linux's EP_MAX_EVENTS: more do not fit in an array. */
const CAPACITY_MAXIMUM: i32 = i32.MAX_VALUE / EVENT_SIZE;
const events: usize = reserveBuffer(EVENTS_MAXIMUM * EVENT_SIZE);

function epollCreate(size: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return <i32>size <= 0 ? -EINVAL : epollCreate1(0, 0, 0, 0, 0, 0);
}

function epollCreate1(flags: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (((<u32>flags) & ~O_CLOEXEC) != 0) return -EINVAL;
    const file = new EventPoll();
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    const descriptor = current.process.fileDescriptors.add(file, ((<u32>flags) & O_CLOEXEC) != 0, limit);
    if (descriptor < 0) file.release();
    return descriptor;
}

function epollControl(set: u64, operation: u64, descriptor: u64, event: u64, e: u64, f: u64): i64 {
    const removes = <i32>operation == EPOLL_CTL_DEL;
    if (!removes && copyIn(events, event, EVENT_SIZE) != 0) return -EFAULT;
    const file = fileOf(set);
    const target = fileOf(descriptor);
    if (file === null || target === null) return -EBADF;
    if (((file.flags | target.flags) & O_PATH) != 0) return -EBADF;
    if (!(file instanceof EventPoll)) return -EINVAL;
    const wanted = removes ? 0 : load<u32>(events);
    const data = removes ? 0 : load<u64>(events, EVENT_DATA);
    return (<EventPoll>file).control(<i32>operation, <i32>descriptor, target, wanted, data);
}

function waitUntil(set: u64, target: u64, capacity: i32, deadline: u64): i64 {
    if (capacity <= 0 || capacity > CAPACITY_MAXIMUM) return -EINVAL;
    const file = fileOf(set);
    if (file === null) return -EBADF;
    if (!(file instanceof EventPoll)) return -EINVAL;
    const poll = <EventPoll>file;
    let count = 0;
    // An entry is asked once, though it may be put back to be asked by the next call.
    let candidates = poll.candidates;
    while (count < capacity && candidates > 0) {
        const part = poll.collect(events, min(capacity - count, EVENTS_MAXIMUM), candidates);
        candidates -= poll.asked;
        if (copyOut(target + <u64>count * EVENT_SIZE, events, part * EVENT_SIZE) != 0)
            return count > 0 ? count : -EFAULT;
        count += part;
    }
    if (count == 0 && deadline != AT_ONCE && !deadlineReached()) {
        file.joinQueues();
        return blockUntil(deadline, -EINTR);
    }
    return count;
}

function epollWait(set: u64, target: u64, capacity: u64, timeout: u64, e: u64, f: u64): i64 {
    return waitUntil(set, target, <i32>capacity, deadlineAfter(<i32>timeout));
}

function epollPwait(set: u64, target: u64, capacity: u64, timeout: u64, mask: u64, maskSize: u64): i64 {
    const error = setWaitMask(mask, maskSize);
    return error != 0 ? error : waitUntil(set, target, <i32>capacity, deadlineAfter(<i32>timeout));
}

function epollPwait2(set: u64, target: u64, capacity: u64, timeout: u64, mask: u64, maskSize: u64): i64 {
    let error = readTimeout(timeout, 1);
    if (error == 0) error = setWaitMask(mask, maskSize);
    return error != 0 ? error : waitUntil(set, target, <i32>capacity, deadlineRead);
}

export function registerEpollCalls(): void {
    define(SYS_epoll_create, epollCreate, "d");
    define(SYS_epoll_create1, epollCreate1, "x");
    define(SYS_epoll_ctl, epollControl, "fdfp");
    define(SYS_epoll_wait, epollWait, "fpdd");
    define(SYS_epoll_pwait, epollPwait, "fpddmu");
    define(SYS_epoll_pwait2, epollPwait2, "fpdtmu");
}
