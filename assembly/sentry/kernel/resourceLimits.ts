// SPDX-License-Identifier: Apache-2.0
//
// Resource limits (getrlimit(2)). An object is never changed once a process has it: setting a limit replaces it, so that
// fork shares it.

export const RLIMIT_CPU: i32 = 0;
export const RLIMIT_FSIZE: i32 = 1;
export const RLIMIT_DATA: i32 = 2;
export const RLIMIT_STACK: i32 = 3;
export const RLIMIT_CORE: i32 = 4;
export const RLIMIT_RSS: i32 = 5;
export const RLIMIT_NPROC: i32 = 6;
export const RLIMIT_NOFILE: i32 = 7;
export const RLIMIT_MEMLOCK: i32 = 8;
export const RLIMIT_AS: i32 = 9;
export const RLIMIT_LOCKS: i32 = 10;
export const RLIMIT_SIGPENDING: i32 = 11;
export const RLIMIT_MSGQUEUE: i32 = 12;
export const RLIMIT_NICE: i32 = 13;
export const RLIMIT_RTPRIO: i32 = 14;
export const RLIMIT_RTTIME: i32 = 15;
export const RLIMIT_COUNT: i32 = 16;
export const RLIM_INFINITY: u64 = u64.MAX_VALUE;

/** Signals and timers of a user: on Linux it follows from the memory, and is this for 512 MiB. They are the sentry's memory. */
const SIGNALS_MAXIMUM: u64 = 2048;
/** Linux's default. */
const MESSAGE_QUEUE_BYTES: u64 = 819200;

export class ResourceLimits {
    /** By RLIMIT_ number. */
    soft: StaticArray<u64> = new StaticArray<u64>(RLIMIT_COUNT);
    hard: StaticArray<u64> = new StaticArray<u64>(RLIMIT_COUNT);

    copy(): ResourceLimits {
        const copy = new ResourceLimits();
        for (let i = 0; i < RLIMIT_COUNT; i++) {
            copy.soft[i] = this.soft[i];
            copy.hard[i] = this.hard[i];
        }
        return copy;
    }
}

/** What container engines give a container's first process on a default Linux. */
export function defaultLimits(): ResourceLimits {
    const limits = new ResourceLimits();
    for (let i = 0; i < RLIMIT_COUNT; i++) {
        limits.soft[i] = RLIM_INFINITY;
        limits.hard[i] = RLIM_INFINITY;
    }
    limits.soft[RLIMIT_STACK] = 8 << 20;
    limits.soft[RLIMIT_CORE] = 0;
    limits.soft[RLIMIT_NOFILE] = 1024;
    limits.hard[RLIMIT_NOFILE] = 1048576;
    limits.soft[RLIMIT_MEMLOCK] = 8 << 20;
    limits.hard[RLIMIT_MEMLOCK] = 8 << 20;
    limits.soft[RLIMIT_SIGPENDING] = SIGNALS_MAXIMUM;
    limits.hard[RLIMIT_SIGPENDING] = SIGNALS_MAXIMUM;
    limits.soft[RLIMIT_MSGQUEUE] = MESSAGE_QUEUE_BYTES;
    limits.hard[RLIMIT_MSGQUEUE] = MESSAGE_QUEUE_BYTES;
    limits.soft[RLIMIT_NICE] = 0;
    limits.hard[RLIMIT_NICE] = 0;
    limits.soft[RLIMIT_RTPRIO] = 0;
    limits.hard[RLIMIT_RTPRIO] = 0;
    return limits;
}
