// SPDX-License-Identifier: Apache-2.0
//
// Sends signals to a process that runs by itself, once what it prints says that it is ready for them.

import type { ChildProcessWithoutNullStreams } from 'node:child_process';

export interface Signalling {
    /** What the process prints, on either stream, when it is ready. */
    ready: RegExp;
    signals: readonly NodeJS.Signals[];
}

/** From the word to the first signal: what follows the printing is done. An emulated machine on a busy host is slow. */
const SETTLE_MILLISECONDS = 500;
/** From one signal to the next: time to act upon it, or to go on. */
const INTERVAL_MILLISECONDS = 1000;

/** Has `send` called for each signal. Whether the process ends by one is the caller's to see. */
export function signalOnceReady(
    child: ChildProcessWithoutNullStreams,
    { ready, signals }: Signalling,
    send: (signal: NodeJS.Signals) => void,
): void {
    const timers: NodeJS.Timeout[] = [];
    for (const stream of [child.stdout, child.stderr]) {
        let printed = '';
        stream.on('data', (bytes: Buffer) => {
            printed += bytes.toString('latin1');
            if (timers.length > 0 || !ready.test(printed)) return;
            signals.forEach((signal, index) => {
                const delay = SETTLE_MILLISECONDS + index * INTERVAL_MILLISECONDS;
                timers.push(setTimeout(() => send(signal), delay));
            });
        });
    }
    child.once('close', () => timers.forEach((timer) => clearTimeout(timer)));
}
