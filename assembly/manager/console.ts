// SPDX-License-Identifier: Apache-2.0
//
// The manager's end of a console: what the host sends to one channel, until the sentry takes it.

import { sendCredit } from "./channel";
import { INPUT_CAPACITY, StandardInput } from "./standardInput";

export class Console {
    /** Null: there is no input, and it is at its end. */
    private held: StandardInput | null = null;
    private ended: bool = true;
    /** Signals from the host that the sentry has not taken, a bit for each number. */
    signals: u64 = 0;
    /** The size of the terminal that the console is, as the host said last. */
    terminalRows: u32 = 0;
    terminalColumns: u32 = 0;
    /** Bytes of input that were read since the host was last given credit. */
    private readSinceCredit: u32 = 0;

    constructor(readonly channel: u32) {}

    /** Lets the host send input. */
    open(): void {
        this.held = new StandardInput();
        this.ended = false;
        sendCredit(this.channel, INPUT_CAPACITY);
    }

    /** Takes what the host sends. */
    put(data: usize, bytes: u32): void {
        const held = this.held;
        if (held !== null && !this.ended) held.put(data, bytes);
    }

    end(): void {
        this.ended = true;
    }

    /** Whether no input will come any more. */
    get isAtEnd(): bool {
        const held = this.held;
        return this.ended && (held === null || held.isEmpty);
    }

    /** Takes at most `capacity` bytes to `to`, and gives the host credit for them: how many. */
    take(to: usize, capacity: u32): u32 {
        const held = this.held;
        const count = held === null ? 0 : held.take(to, capacity);
        if (count == 0 || this.ended) return count;
        // Credit is given back in halves of the buffer, so that it costs few frames.
        this.readSinceCredit += count;
        if (this.readSinceCredit >= INPUT_CAPACITY / 2 || held!.isEmpty) {
            sendCredit(this.channel, this.readSinceCredit);
            this.readSinceCredit = 0;
        }
        return count;
    }

    /** Takes the signals that are pending. */
    takeSignals(): u64 {
        const signals = this.signals;
        this.signals = 0;
        return signals;
    }

    free(): void {
        const held = this.held;
        if (held !== null) held.free();
        this.held = null;
    }
}
