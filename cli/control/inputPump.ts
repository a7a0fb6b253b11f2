// SPDX-License-Identifier: Apache-2.0
//
// Passes a stream to a process's stdin under credit: no byte is taken from the stream before the target has room for
// it, so that what the process does not read stays with whoever reads next.

import type { Readable } from 'node:stream';
import { encodeFrame, HostFrame, MAX_PAYLOAD_BYTES } from './frames.js';

export class InputPump {
    private credit = 0;
    private channel = 0;
    private listening = false;
    private stopped = false;
    private readonly pump = (): void => this.move();
    private readonly end = (): void => this.finish();

    constructor(
        private readonly source: Readable,
        private readonly send: (bytes: Buffer) => void,
    ) {}

    /** The target has room for `bytes` more. The first grant starts reading. */
    grant(channel: number, bytes: number): void {
        this.channel = channel;
        this.credit += bytes;
        if (this.stopped) return;
        if (!this.listening) {
            this.listening = true;
            if (this.source.readableEnded || this.source.destroyed) {
                this.finish();
                return;
            }
            this.source.on('readable', this.pump);
            this.source.once('end', this.end);
            this.source.on('error', this.end);
        }
        this.move();
    }

    /** Stops reading and lets go of the stream. */
    stop(): void {
        if (this.stopped) return;
        this.stopped = true;
        if (!this.listening) return;
        this.source.off('readable', this.pump);
        this.source.off('end', this.end);
        this.source.destroy();
    }

    private move(): void {
        while (!this.stopped && this.credit > 0 && this.source.readableLength > 0) {
            const length = Math.min(this.credit, MAX_PAYLOAD_BYTES, this.source.readableLength);
            const bytes = this.source.read(length) as Buffer | null;
            if (bytes === null) return;
            this.credit -= bytes.length;
            this.send(encodeFrame(HostFrame.STDIN, this.channel, bytes));
        }
        // An empty buffer with credit left: read(0) makes the stream fetch more, or notice its end.
        if (!this.stopped && this.credit > 0) this.source.read(0);
    }

    private finish(): void {
        if (this.stopped) return;
        this.stopped = true;
        this.send(encodeFrame(HostFrame.STDIN_END, this.channel));
    }
}
