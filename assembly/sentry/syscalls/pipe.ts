// SPDX-License-Identifier: Apache-2.0
//
// Descriptors without a name in the file tree: pipe and eventfd.

import { SYS_eventfd, SYS_eventfd2, SYS_pipe, SYS_pipe2 } from "../arch/systemCalls";
import { EventCounter } from "../fs/eventCounter";
import { O_CLOEXEC, O_DIRECT, O_NONBLOCK } from "../fs/openFile";
import { makePipe, readEnd, writeEnd } from "../fs/pipe";
import { EFAULT, EINVAL } from "../kernel/errno";
import { addGarbage } from "../kernel/garbage";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { copyOut } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** Managed memory of a pipe with its ends, roughly: garbage once they are closed. */
const PIPE_BYTES: i32 = 640;

const descriptors: usize = reserveBuffer(8);

function pipe(address: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return pipe2(address, 0, 0, 0, 0, 0);
}

function pipe2(address: u64, flags_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0) return -EINVAL;
    const table = current.process.fileDescriptors;
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    const closeOnExec = (flags & O_CLOEXEC) != 0;
    makePipe(flags & (O_NONBLOCK | O_DIRECT));
    addGarbage(PIPE_BYTES);
    const first = table.add(readEnd, closeOnExec, limit);
    if (first < 0) {
        readEnd.release();
        writeEnd.release();
        return first;
    }
    const second = table.add(writeEnd, closeOnExec, limit);
    if (second < 0) {
        table.close(first);
        writeEnd.release();
        return second;
    }
    store<i32>(descriptors, first);
    store<i32>(descriptors, second, 4);
    if (copyOut(address, descriptors, 8) != 0) {
        table.close(first);
        table.close(second);
        return -EFAULT;
    }
    return 0;
}

const EFD_SEMAPHORE: u32 = 1;

function eventfd(initial: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return eventfd2(initial, 0, 0, 0, 0, 0);
}

function eventfd2(initial: u64, flags_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) != 0) return -EINVAL;
    const file = new EventCounter(<u32>initial, (flags & EFD_SEMAPHORE) != 0, flags & O_NONBLOCK);
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    const descriptor = current.process.fileDescriptors.add(file, (flags & O_CLOEXEC) != 0, limit);
    if (descriptor < 0) file.release();
    return descriptor;
}

export function registerPipeCalls(): void {
    define(SYS_pipe, pipe, "P");
    define(SYS_pipe2, pipe2, "PO");
    define(SYS_eventfd, eventfd, "u");
    define(SYS_eventfd2, eventfd2, "ux");
}
