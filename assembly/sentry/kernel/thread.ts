// SPDX-License-Identifier: Apache-2.0
//
// Threads: what Linux calls a task. A thread's number is its index in the thread table and the badge of its fault
// endpoint (with bit 31 set); its tid is what Linux shows.
//
// RUNNING means that seL4 may schedule the thread: it has no unanswered fault as far as the sentry knows. In the states
// CURRENT to ANSWERED the sentry has the thread's registers in `message`: in the receive block while the thread is
// current, else in the thread's own memory.

import { SignalQueue } from "../signals/signalQueue";
import { Process } from "./process";
import { DEFAULT_SCHEDULING, Scheduling } from "./scheduling";
import { Waiter } from "./wait";

/** Being made: no TCB runs yet. */
export const THREAD_NEW: u32 = 0;
export const THREAD_RUNNING: u32 = 1;
/** Its message is being handled. */
export const THREAD_CURRENT: u32 = 2;
/** In a system call that waits. */
export const THREAD_BLOCKED: u32 = 3;
/** On the ready list: handled again before the sentry receives the next message. */
export const THREAD_READY: u32 = 4;
/** Handled, or interrupted, but its process is stopped by a signal: goes on the ready list at SIGCONT. */
export const THREAD_HELD: u32 = 5;
/** Its answer is ready and will be sent with the next receive (answer.ts). */
export const THREAD_ANSWERED: u32 = 6;
/** Ran when its process was stopped: suspended in seL4. */
export const THREAD_SUSPENDED: u32 = 7;
export const THREAD_DEAD: u32 = 8;

/** How a thread's message is answered. */
export const ANSWER_REPLY: u32 = 0;
/** WriteRegisters with resume: every register as the message block has it (arch). The reply object becomes free. */
export const ANSWER_REGISTERS: u32 = 1;
/** An empty reply: the faulting instruction runs again. */
export const ANSWER_RETRY: u32 = 2;
/** The result is written to the registers, then an empty reply: of a system call that came as another fault (arch). */
export const ANSWER_RESULT: u32 = 3;

// Flags of sigaltstack(2).
export const SS_ONSTACK: u32 = 1;
export const SS_DISABLE: u32 = 2;
export const SS_AUTODISARM: u32 = 0x8000_0000;

export class Thread {
    state: u32 = THREAD_NEW;
    process: Process;
    /** Index in the thread table. */
    number: u32;
    tid: i32;

    // Kernel objects: capability slots of the sentry's CSpace.
    tcb: u32 = 0;
    /** The untyped of exactly one TCB from which `tcb` was made: revoking it ends the thread. */
    tcbUntyped: u32 = 0;
    schedulingContext: u32 = 0;
    /** The reply object that holds this thread while it has an unanswered message. */
    reply: u32 = 0;

    /** The unanswered message: the receive block while the thread is current, `saved` when it waits. */
    message: usize = 0;
    /** Memory for the message of a waiting thread (heap.alloc at the first wait), or 0. */
    saved: usize = 0;
    answer: u32 = ANSWER_REPLY;
    /** Whether a system call is to be executed (again) when the thread is handled. */
    inSystemCall: bool = false;
    /** Whether `message` has the thread's registers (a page fault's message has not). */
    hasRegisters: bool = false;

    // Waiting (wait.ts).
    waiters: Waiter | null = null;
    progress: i64 = 0;
    deadline: u64 = 0;
    hasWaited: bool = false;
    readyNext: Thread | null = null;
    /** Record locks (fs/locks.ts): who waits for whom, as owners of locks. Means something while the thread waits for one. */
    lockOwner: usize = 0;
    lockBlocker: usize = 0;

    // Signals.
    signalMask: u64 = 0;
    /** The mask to be put back when a handler has run or the call ends (sigsuspend, ppoll), if `maskSaved`. */
    savedMask: u64 = 0;
    maskSaved: bool = false;
    /** Signals that sigtimedwait waits for, which it has let through meanwhile: they are not ignored. */
    waitedSignals: u64 = 0;
    pending: SignalQueue = new SignalQueue();
    /**
     * The thread is in the stubs between the two halves of a fork, with registers saved below its stack pointer
     * (arch/forkState.ts): only what ends it is delivered.
     */
    isSavingState: bool = false;
    alternateStack: u64 = 0;
    alternateStackSize: u64 = 0;
    /** ss_flags as sigaltstack was given them; a stack of size 0 is none. */
    alternateStackFlags: u32 = SS_DISABLE;
    /** What the latest fault that became a signal was: for the registers of signal frames (arch). */
    faultAddress: u64 = 0;
    faultCode: u64 = 0;
    faultNumber: u64 = 0;

    /** set_tid_address, CLONE_CHILD_CLEARTID: zeroed and futex-woken at exit. */
    clearChildTid: u64 = 0;
    robustList: u64 = 0;
    /** Futex: whether a wake has reached this wait, and the key it waits for. */
    futexWoken: bool = false;
    futexSpace: usize = 0;
    futexAddress: u64 = 0;
    futexBits: u32 = 0;
    /** The process that this thread waits for after vfork, or null. */
    vforkChild: Process | null = null;

    scheduling: Scheduling = DEFAULT_SCHEDULING;
    /** comm of a thread other than the first, or null: the process's. */
    name: string | null = null;

    // Processor time (processorTime.ts), nanoseconds.
    userTime: u64 = 0;
    systemTime: u64 = 0;
    /** System calls and faults since the sentry's time was last shared out. */
    traps: u32 = 0;
    /** Where CPU time is limited: how long the thread had the threads' context since their time was last shared out. */
    heldTime: u64 = 0;
    /** How often the thread has waited, for getrusage. */
    voluntarySwitches: u64 = 0;

    constructor(process: Process, number: u32, tid: i32) {
        this.process = process;
        this.number = number;
        this.tid = tid;
    }

    /** comm: that of the first thread is the process's. */
    get comm(): string {
        const name = this.name;
        return name === null || this.tid == this.process.pid ? this.process.name : name;
    }

    set comm(name: string) {
        if (this.tid == this.process.pid) this.process.name = name;
        else this.name = name;
    }
}

/** The thread whose message is being handled. Its user memory is what userMemory.ts reaches. */
export let current: Thread = changetype<Thread>(0);

export function setCurrent(thread: Thread): void {
    current = thread;
}

/** Threads by number; null where the number is free. */
export const threads: Array<Thread | null> = new Array<Thread | null>();

/** The thread with an id of Linux's, or null. */
export function findThread(tid: i32): Thread | null {
    for (let i = 0; i < threads.length; i++) {
        const thread = threads[i];
        if (thread !== null && thread.tid == tid) return thread;
    }
    return null;
}

let readyFirst: Thread | null = null;
let readyLast: Thread | null = null;

/** Puts a blocked thread on the ready list. False when it was not blocked. */
export function makeReady(thread: Thread): bool {
    if (thread.state != THREAD_BLOCKED) return false;
    queueReady(thread);
    return true;
}

/** Puts a thread on the ready list whose registers the sentry has. */
export function queueReady(thread: Thread): void {
    thread.state = THREAD_READY;
    thread.readyNext = null;
    if (readyLast === null) readyFirst = thread;
    else readyLast!.readyNext = thread;
    readyLast = thread;
}

/** Takes the oldest thread off the ready list; those that died meanwhile are passed over. */
export function takeReady(): Thread | null {
    while (true) {
        const thread = readyFirst;
        if (thread === null) return null;
        readyFirst = thread.readyNext;
        if (readyFirst === null) readyLast = null;
        thread.readyNext = null;
        if (thread.state == THREAD_READY) return thread;
    }
}
