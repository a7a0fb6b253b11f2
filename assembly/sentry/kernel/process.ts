// SPDX-License-Identifier: Apache-2.0
//
// Processes: Linux's thread groups. A process is in the table from its creation until its parent has waited for it.

import { FileContext } from "../fs/context";
import { FileDescriptorTable } from "../fs/fileDescriptorTable";
import { AddressSpace } from "../memory/addressSpace";
import { SignalActions } from "../signals/signalActions";
import { PosixTimer } from "../signals/posixTimer";
import { SignalQueue } from "../signals/signalQueue";
import { ProcessorLimit, ProcessorTimer, RealTimer } from "../signals/timers";
import { Terminal } from "../tty/terminal";
import { Credentials } from "./credentials";
import { ResourceLimits } from "./resourceLimits";
import { Thread } from "./thread";
import { WaitQueue } from "./wait";

/** Linux's TASK_COMM_LEN without the zero byte. */
export const NAME_LENGTH: i32 = 15;

export class Process {
    pid: i32;
    /** Null for pid 1, and for processes that `exec` started, as their parents are outside the container. Orphans are pid 1's children. */
    parent: Process | null;
    /** Tid of the parent's thread that made it. */
    creator: i32 = 0;
    processGroup: i32;
    session: i32;
    /** The controlling terminal of its session, unless the process has none. */
    terminal: Terminal | null = null;
    /** Of a session's leader whose terminal was hung up: the foreground process group then, told when the leader ends. */
    hungUpGroup: i32 = 0;
    /** comm: at most NAME_LENGTH bytes, a byte string (userMemory.copyInString). */
    name: string = "";

    threads: Thread[] = [];
    addressSpace: AddressSpace;
    fileDescriptors: FileDescriptorTable;
    /** Root, working directory, umask. */
    files: FileContext;
    credentials: Credentials;
    limits: ResourceLimits;
    signalActions: SignalActions;
    pending: SignalQueue = new SignalQueue();
    /** Woken when a signal has been added to this queue or a thread's: signalfd. */
    signalArrival: WaitQueue = new WaitQueue();
    /** Pending signals that have their default effect on pid 1 too: faults, and signals from the host. */
    forcedSignals: u64 = 0;

    /** Whether every thread has ended; the process is a zombie until it has been waited for. */
    exited: bool = false;
    /** exit_group has begun: other threads of the process only unwind. */
    exiting: bool = false;
    /** As wait4 shows it: exit code << 8, or signal (with bit 7: core). */
    waitStatus: i32 = 0;
    /** Stopped by a signal (SIGSTOP...). */
    stopped: bool = false;
    stopSignal: i32 = 0;
    /** A stop or continue that the parent has not yet been told of. */
    stopUnreported: bool = false;
    continueUnreported: bool = false;
    /** The signal that tells the parent of the exit: SIGCHLD, or clone's; 0 = none. */
    exitSignal: i32 = 17;
    /** Woken when a child exits, stops or goes on. */
    children: WaitQueue = new WaitQueue();
    /** Woken when the process has ended: its descriptors' (pidfd_open). */
    exitWaiters: WaitQueue = new WaitQueue();
    /** Whether this vfork child has called execve or ended; its parent waits until then. */
    vforkDone: bool = false;
    vforkWaiters: WaitQueue = new WaitQueue();
    /** Whether execve has succeeded since fork (setpgid: EACCES afterwards). */
    hasExecuted: bool = false;
    /** prctl(PR_SET_PDEATHSIG), PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS. */
    parentDeathSignal: i32 = 0;
    dumpable: i32 = 1;
    noNewPrivileges: bool = false;
    /** set_mempolicy: mode, and whether its mask has the one node. */
    memoryPolicy: u32 = 0;
    memoryNodes: bool = false;
    /** /proc/PID/oom_score_adj. */
    scoreAdjustment: i32 = 0;
    /** PR_SET_CHILD_SUBREAPER: orphans among the descendants become its children. */
    isSubreaper: bool = false;
    /** PR_SET_THP_DISABLE. */
    forbidsHugePages: bool = false;
    /** membarrier(2) commands that the process has registered for. */
    barrierRegistrations: i32 = 0;
    /** personality(2): flags only. */
    personality: u32 = 0;

    /** ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF; null until they are first set. */
    realTimer: RealTimer | null = null;
    virtualTimer: ProcessorTimer | null = null;
    profilingTimer: ProcessorTimer | null = null;
    /** Watches RLIMIT_CPU, where that is finite. */
    processorLimit: ProcessorLimit | null = null;
    /** Timers of timer_create(2). */
    timers: PosixTimer[] = [];
    nextTimer: i32 = 0;
    /** Processor time of the threads that have ended, and what is still to be shared out for them (processorTime.ts). */
    userTime: u64 = 0;
    systemTime: u64 = 0;
    traps: u32 = 0;
    heldTime: u64 = 0;
    voluntarySwitches: u64 = 0;
    /** The same of children that have been waited for. */
    childrenUserTime: u64 = 0;
    childrenSystemTime: u64 = 0;
    childrenVoluntarySwitches: u64 = 0;
    /** Most resident pages of the programs before the present one, of the process, and of any child waited for. */
    residentPeak: u32 = 0;
    childrenResidentPeak: u32 = 0;
    /** clock.now when the process was made. */
    startTime: u64 = 0;
    /** Page faults and system calls answered, for getrusage and /proc. */
    minorFaults: u64 = 0;
    childrenMinorFaults: u64 = 0;

    constructor(
        pid: i32,
        parent: Process | null,
        addressSpace: AddressSpace,
        fileDescriptors: FileDescriptorTable,
        files: FileContext,
        credentials: Credentials,
        limits: ResourceLimits,
        signalActions: SignalActions,
    ) {
        this.pid = pid;
        this.parent = parent;
        this.processGroup = parent === null ? pid : parent.processGroup;
        this.session = parent === null ? pid : parent.session;
        this.addressSpace = addressSpace;
        this.fileDescriptors = fileDescriptors;
        this.files = files;
        this.credentials = credentials;
        this.limits = limits;
        this.signalActions = signalActions;
    }
}

/** Whether the process is pid 1, with whose end the container ends. */
// @ts-ignore: decorator
@inline
export function isInit(process: Process): bool {
    return process.pid == INIT;
}

const INIT: i32 = 1;

/** All processes, zombies included, in the order of their creation. */
export const processes: Process[] = new Array<Process>();

export function findProcess(pid: i32): Process | null {
    for (let i = 0; i < processes.length; i++) {
        if (processes[i].pid == pid) return processes[i];
    }
    return null;
}

/** Takes a process that has been waited for out of the table. */
export function removeProcess(process: Process): void {
    const index = processes.indexOf(process);
    if (index >= 0) processes.splice(index, 1);
}

/** The highest pid before numbers start again, as Linux's default pid_max. */
export const PID_MAXIMUM: i32 = 32768;
/** Where numbers start again, as on Linux. */
const PID_RESERVED: i32 = 300;
let lastPid: i32 = 0;

/** A pid or tid that no process, thread, process group or session uses. */
export function allocatePid(): i32 {
    while (true) {
        lastPid = lastPid + 1 < PID_MAXIMUM ? lastPid + 1 : PID_RESERVED;
        if (!pidInUse(lastPid)) return lastPid;
    }
}

/** The number that allocatePid gave last (/proc/loadavg). */
export function latestPid(): i32 {
    return lastPid;
}

function pidInUse(pid: i32): bool {
    for (let i = 0; i < processes.length; i++) {
        const process = processes[i];
        if (process.pid == pid || process.processGroup == pid || process.session == pid) return true;
        for (let t = 0; t < process.threads.length; t++) {
            if (process.threads[t].tid == pid) return true;
        }
    }
    return false;
}
