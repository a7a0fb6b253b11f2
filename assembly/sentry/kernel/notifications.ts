// SPDX-License-Identifier: Apache-2.0
//
// The sentry's notification: bits that the manager signals (contract §6).

import { takeHostSignals } from "../manager";
import { SI_USER, SIGINT, SIGNAL_MAXIMUM, signalBit, SIGPIPE } from "../signals/numbers";
import { sendSignalToGroup, sendToProcess } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { consoleInputArrived, consoleSizeChanged } from "../tty/consoleTerminal";
import { processes } from "./process";
import { sendStatistics } from "./statistics";
import { checkDeadlines } from "./timer";
import { WaitQueue } from "./wait";

const NOTIFY_INPUT: u64 = 1 << 0;
const NOTIFY_TIMER: u64 = 1 << 1;
const NOTIFY_SIGNALS: u64 = 1 << 2;
const NOTIFY_STATISTICS: u64 = 1 << 3;
const NOTIFY_TERMINAL_SIZE: u64 = 1 << 4;

/**
 * A person's Ctrl-C, and the reader of the output having left: they reach the whole foreground, as from a terminal and a pipe, and
 * pid 1 cannot shrug them off.
 */
const FOREGROUND_SIGNALS: u64 = signalBit(SIGINT) | signalBit(SIGPIPE);

/** Woken when standard input has something, or has ended. */
export const consoleInput: WaitQueue = new WaitQueue();

export function handleNotification(bits: u64): void {
    if ((bits & NOTIFY_INPUT) != 0) {
        consoleInput.wake();
        consoleInputArrived();
    }
    if ((bits & NOTIFY_TERMINAL_SIZE) != 0) consoleSizeChanged();
    if ((bits & NOTIFY_TIMER) != 0) checkDeadlines();
    if ((bits & NOTIFY_SIGNALS) != 0) {
        const signals = takeHostSignals();
        for (let signal = 1; signal < SIGNAL_MAXIMUM; signal++) {
            if ((signals & ((<u64>1) << signal)) == 0) continue;
            sendHostSignal(signal);
        }
    }
    if ((bits & NOTIFY_STATISTICS) != 0) sendStatistics();
}

/** Any other signal is what a container engine passes on: pid 1's alone, from a sender that its namespace does not show. */
function sendHostSignal(signal: i32): void {
    const first = processes[0];
    if ((FOREGROUND_SIGNALS & signalBit(signal)) != 0) sendSignalToGroup(first.processGroup, signal, true);
    else sendToProcess(first, new SignalInfo(signal, SI_USER, 0, 0));
}
