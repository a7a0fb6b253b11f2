// SPDX-License-Identifier: Apache-2.0
//
// A process that was started in a running container: by a person's `exec`, or as the container's health check.

import { Console } from "./console";
import { Instance } from "./instance";

export class ExecSession {
    readonly console: Console;
    /** The sentry has taken the description: the process exists, or an answer about it will come. */
    isTaken: bool = false;
    /** Its end is of no interest any more: a check that took too long. */
    isAbandoned: bool = false;

    /** `description` is in the heap, and the session's to free. */
    constructor(
        readonly channel: u32,
        readonly instance: Instance,
        /** The container's health check: nobody sees its output. */
        readonly isCheck: bool,
        private description: usize,
        private readonly bytes: u32,
    ) {
        this.console = new Console(channel);
    }

    get size(): u32 {
        return this.bytes;
    }

    /** Copies at most `capacity` bytes of the description, from `offset`, to `to`: how many. With the last byte it is taken. */
    describe(offset: u64, to: usize, capacity: u32): u32 {
        if (this.description == 0 || offset >= <u64>this.bytes) return 0;
        const count = min(capacity, this.bytes - <u32>offset);
        memory.copy(to, this.description + <usize>offset, count);
        if (<u32>offset + count == this.bytes) {
            this.isTaken = true;
            this.freeDescription();
        }
        return count;
    }

    free(): void {
        this.freeDescription();
        this.console.free();
    }

    private freeDescription(): void {
        if (this.description != 0) heap.free(this.description);
        this.description = 0;
    }
}
