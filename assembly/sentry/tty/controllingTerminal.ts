// SPDX-License-Identifier: Apache-2.0
//
// Sessions and their controlling terminals (credentials(7), ioctl_tty(2)). `Process.terminal` is the controlling terminal of the
// process's session; a terminal knows the session that it controls.

import { CAP_SYS_ADMIN } from "../kernel/capabilities";
import { EIO, ENOTTY, EPERM, ERESTARTSYS } from "../kernel/errno";
import { isOrphanedGroup } from "../kernel/jobControl";
import { findProcess, Process, processes } from "../kernel/process";
import { current } from "../kernel/thread";
import { SIGCONT, SIGHUP, signalBit, SIGTTIN } from "../signals/numbers";
import { hasSignal, kernelSignal, sendSignalToGroup, sendToProcess } from "../signals/send";
import { SIG_IGN } from "../signals/signalActions";
import { Terminal } from "./terminal";

/** Whether the process leads its session. */
@inline
function isLeader(process: Process): bool {
    return process.session == process.pid;
}

/** No process has the terminal as its controlling one any more. */
function forget(terminal: Terminal): void {
    for (let i = 0; i < processes.length; i++) {
        if (processes[i].terminal === terminal) processes[i].terminal = null;
    }
    terminal.session = 0;
    terminal.foregroundGroup = 0;
}

/** The terminal becomes the controlling one of `current`'s session. */
export function acquire(process: Process, terminal: Terminal): void {
    terminal.session = process.session;
    terminal.foregroundGroup = process.processGroup;
    process.terminal = terminal;
    process.hungUpGroup = 0;
}

/** open(2) without O_NOCTTY: a session leader without a terminal takes one that controls nothing. */
export function acquireByOpening(terminal: Terminal): void {
    const process = current.process;
    if (isLeader(process) && process.terminal === null && terminal.session == 0) acquire(process, terminal);
}

/** TIOCSCTTY. `steals`: the argument is 1, with which CAP_SYS_ADMIN takes it from another session. 0 or a negative errno. */
export function takeTerminal(terminal: Terminal, steals: bool, isReadable: bool): i64 {
    const process = current.process;
    if (isLeader(process) && terminal.session == process.session) return 0;
    if (!isLeader(process) || process.terminal !== null) return -EPERM;
    const isPrivileged = process.credentials.has(CAP_SYS_ADMIN);
    if (terminal.session != 0) {
        if (!steals || !isPrivileged) return -EPERM;
        forget(terminal);
    }
    if (!isReadable && !isPrivileged) return -EPERM;
    acquire(process, terminal);
    return 0;
}

/** TIOCNOTTY: 0 or -ENOTTY. */
export function giveUpTerminal(terminal: Terminal): i64 {
    const process = current.process;
    if (process.terminal !== terminal) return -ENOTTY;
    if (isLeader(process)) {
        hangUpGroup(terminal.foregroundGroup);
        forget(terminal);
    }
    process.terminal = null;
    return 0;
}

/** SIGHUP for a group, and SIGCONT in case that it is stopped. 0 is no group. */
function hangUpGroup(group: i32): void {
    if (group == 0) return;
    sendSignalToGroup(group, SIGHUP);
    sendSignalToGroup(group, SIGCONT);
}

/** The process has ended. A session's leader leaves no one with its terminal. */
export function leaveTerminal(process: Process): void {
    const terminal = process.terminal;
    process.terminal = null;
    if (!isLeader(process)) return;
    if (terminal === null) {
        hangUpGroup(process.hungUpGroup);
        return;
    }
    if (terminal.foregroundGroup != 0) sendSignalToGroup(terminal.foregroundGroup, SIGHUP);
    forget(terminal);
}

/**
 * The line is gone: descriptions that are open are of no use any more, the session has no terminal, and its leader is told
 * (SIGHUP, and SIGCONT in case that it is stopped). The foreground process group is told when the leader ends.
 */
export function hangUp(terminal: Terminal): void {
    terminal.hangUps++;
    const leader: Process | null = terminal.session == 0 ? null : findProcess(terminal.session);
    if (leader !== null && leader.terminal === terminal && !leader.exited) {
        sendToProcess(leader, kernelSignal(SIGHUP));
        sendToProcess(leader, kernelSignal(SIGCONT));
        leader.hungUpGroup = terminal.foregroundGroup;
    }
    forget(terminal);
    terminal.discipline.clear();
    terminal.queue.wake();
}

/**
 * What a process in the background may do with its terminal: 0, or the result of its call, which `signal` (SIGTTIN,
 * SIGTTOU) stops.
 */
export function checkForeground(terminal: Terminal, signal: i32): i64 {
    const process = current.process;
    if (process.terminal !== terminal) return 0;
    if (terminal.foregroundGroup == 0 || process.processGroup == terminal.foregroundGroup) return 0;
    const isIgnored =
        (current.signalMask & signalBit(signal)) != 0 || process.signalActions.get(signal).handler == SIG_IGN;
    if (isIgnored) return signal == SIGTTIN ? -EIO : 0;
    if (isOrphanedGroup(process.processGroup, null)) return -EIO;
    sendSignalToGroup(process.processGroup, signal);
    // Pid 1 is not stopped: it would try for ever.
    return hasSignal(current) ? -ERESTARTSYS : -EIO;
}
