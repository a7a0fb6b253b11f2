// SPDX-License-Identifier: Apache-2.0
//
// Passes the signals that this process gets on to the container. A second Ctrl-C, or a signal while no container runs
// yet, ends the machine: a container may ignore signals, a person must not have to.

import { constants } from 'node:os';
import type { Machine } from '../control/machine.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** How long a container that writes to a reader that has left may go on. */
const READER_LEFT_MILLISECONDS = 1000;

export class SignalForwarding {
    private readonly handlers = new Map<NodeJS.Signals, () => void>();
    private interrupted = false;
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly machine: Machine) {
        for (const name of forwarded) {
            const handler = (): void => this.forward(name);
            this.handlers.set(name, handler);
            process.on(name, handler);
        }
    }

    /** Nobody reads the container's stdout any more: it gets SIGPIPE, as if it had written into the pipe itself. */
    readerLeft(): void {
        if (this.timer !== undefined) return;
        const number = constants.signals.SIGPIPE;
        this.machine.signal(number);
        this.timer = setTimeout(() => this.machine.kill(128 + number, ''), READER_LEFT_MILLISECONDS);
    }

    /** Gives the signals back to this process. */
    stop(): void {
        clearTimeout(this.timer);
        for (const [name, handler] of this.handlers) process.off(name, handler);
    }

    private forward(name: (typeof forwarded)[number]): void {
        const number = constants.signals[name];
        if (!this.machine.started || this.interrupted) {
            this.machine.kill(128 + number, '');
            return;
        }
        this.interrupted = name === 'SIGINT' || this.interrupted;
        this.machine.signal(number);
    }
}
