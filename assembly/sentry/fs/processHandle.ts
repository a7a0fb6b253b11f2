// SPDX-License-Identifier: Apache-2.0
//
// A descriptor that stands for a process (pidfd_open(2)): readable when the process has ended.

import { Process } from "../kernel/process";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { anonymousInode } from "./anonymousInode";
import { O_RDWR, OpenFile, POLLIN, POLLRDNORM } from "./openFile";

export class ProcessHandle extends OpenFile {
    constructor(
        readonly process: Process,
        flags: u32,
    ) {
        super(anonymousInode(), O_RDWR | flags);
    }

    anonymousName(): string {
        return "[pidfd]";
    }

    readiness(): u32 {
        return this.process.exited ? POLLIN | POLLRDNORM : 0;
    }

    waitQueue(): WaitQueue | null {
        return this.process.exitWaiters;
    }
}

/** Gives the current process a descriptor for `process`. The descriptor, which closes on exec, or a negative errno. */
export function openProcess(process: Process, flags: u32): i32 {
    const file = new ProcessHandle(process, flags);
    const own = current.process;
    const descriptor = own.fileDescriptors.add(file, true, own.limits.soft[RLIMIT_NOFILE]);
    if (descriptor < 0) file.release();
    return descriptor;
}
