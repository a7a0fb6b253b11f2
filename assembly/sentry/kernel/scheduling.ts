// SPDX-License-Identifier: Apache-2.0
//
// What Linux's scheduler would be told of a thread (sched(7)). It is kept and shown, and has no other effect: every thread of a
// container runs as one of SCHED_OTHER.

export const SCHED_OTHER: i32 = 0;
export const SCHED_FIFO: i32 = 1;
export const SCHED_RR: i32 = 2;
export const SCHED_BATCH: i32 = 3;
export const SCHED_IDLE: i32 = 5;
export const SCHED_DEADLINE: i32 = 6;

/** An object is never changed once a thread has it, so that fork shares it. */
export class Scheduling {
    policy: i32 = SCHED_OTHER;
    /** sched_priority of SCHED_FIFO and SCHED_RR. */
    priority: i32 = 0;
    nice: i32 = 0;
    /** SCHED_RESET_ON_FORK. */
    resetsOnFork: bool = false;
    /** Processors that it may run on, a bit for each; all ones at first. */
    affinity: u64 = u64.MAX_VALUE;
    /** ioprio_set(2): class and data, 0 = by the nice value. */
    ioPriority: i32 = 0;
    /** Nanoseconds, prctl(PR_SET_TIMERSLACK), and what a slack of 0 goes back to. */
    timerSlack: u64 = TIMER_SLACK;
    defaultTimerSlack: u64 = TIMER_SLACK;

    copy(): Scheduling {
        const copy = new Scheduling();
        copy.policy = this.policy;
        copy.priority = this.priority;
        copy.nice = this.nice;
        copy.resetsOnFork = this.resetsOnFork;
        copy.affinity = this.affinity;
        copy.ioPriority = this.ioPriority;
        copy.timerSlack = this.timerSlack;
        copy.defaultTimerSlack = this.defaultTimerSlack;
        return copy;
    }

    /** What a new thread or process gets. */
    forChild(): Scheduling {
        if (!this.resetsOnFork && this.timerSlack == this.defaultTimerSlack) return this;
        const child = this.copy();
        child.defaultTimerSlack = this.timerSlack;
        if (!this.resetsOnFork) return child;
        child.resetsOnFork = false;
        if (isRealTime(this.policy)) {
            child.policy = SCHED_OTHER;
            child.priority = 0;
            child.nice = 0;
        } else if (child.nice < 0) {
            child.nice = 0;
        }
        return child;
    }

    @inline get isRealTime(): bool {
        return isRealTime(this.policy);
    }
}

/** Linux's default slack of timers. */
const TIMER_SLACK: u64 = 50_000;

/** What every thread has that nobody has told anything. */
export const DEFAULT_SCHEDULING: Scheduling = new Scheduling();

export function isRealTime(policy: i32): bool {
    return policy == SCHED_FIFO || policy == SCHED_RR;
}
