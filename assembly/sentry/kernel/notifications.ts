// SPDX-License-Identifier: Apache-2.0
//
// The sentry's notification: bits that the manager signals (contract §6).

import { consoles, HostConsole } from "../fs/hostConsole";
import { takeHostSignals } from "../manager";
import { SI_USER, SIGINT, SIGNAL_MAXIMUM, signalBit, SIGPIPE } from "../signals/numbers";
import { sendSignalToGroup, sendToProcess } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { startPendingExecs } from "./execStart";
import { Process } from "./process";
import { sendStatistics } from "./statistics";
import { checkDeadlines } from "./timer";

const NOTIFY_INPUT: u64 = 1 << 0;
const NOTIFY_TIMER: u64 = 1 << 1;
const NOTIFY_SIGNALS: u64 = 1 << 2;
const NOTIFY_STATISTICS: u64 = 1 << 3;
const NOTIFY_TERMINAL_SIZE: u64 = 1 << 4;
const NOTIFY_EXEC: u64 = 1 << 5;

/**
 * A person's Ctrl-C, and the reader of the output having left: they reach the whole foreground, as from a terminal and a pipe, and
 * pid 1 cannot shrug them off.
 */
const FOREGROUND_SIGNALS: u64 = signalBit(SIGINT) | signalBit(SIGPIPE);

export function handleNotification(bits: u64): void {
    // First: what else there is may be for the processes that are started now.
    if ((bits & NOTIFY_EXEC) != 0) startPendingExecs();
    if ((bits & NOTIFY_INPUT) != 0) {
        for (let i = 0; i < consoles.length; i++) consoles[i].inputArrived();
    }
    if ((bits & NOTIFY_TERMINAL_SIZE) != 0) fetchSizes();
    if ((bits & NOTIFY_TIMER) != 0) checkDeadlines();
    if ((bits & NOTIFY_SIGNALS) != 0) {
        for (let i = 0; i < consoles.length; i++) passSignals(consoles[i]);
    }
    if ((bits & NOTIFY_STATISTICS) != 0) sendStatistics();
}

function fetchSizes(): void {
    for (let i = 0; i < consoles.length; i++) {
        const terminal = consoles[i].terminal;
        if (terminal !== null) terminal.fetchSize();
    }
}

/** Passes the signals on that came from the host for a console's process. */
function passSignals(console: HostConsole): void {
    const signals = takeHostSignals(console.session);
    const leader = console.leader;
    if (leader === null) return;
    for (let signal = 1; signal < SIGNAL_MAXIMUM; signal++) {
        if ((signals & ((<u64>1) << signal)) != 0) sendHostSignal(leader, signal);
    }
}

/** Any other signal is what a container engine passes on: the process's alone, from a sender that its namespace does not show. */
function sendHostSignal(process: Process, signal: i32): void {
    if ((FOREGROUND_SIGNALS & signalBit(signal)) != 0) sendSignalToGroup(process.processGroup, signal, true);
    else sendToProcess(process, new SignalInfo(signal, SI_USER, 0, 0));
}
