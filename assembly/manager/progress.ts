// SPDX-License-Identifier: Apache-2.0

import { clockNow } from "../sel4/generated/host";
import { JsonText } from "../oci/jsonText";
import { ReadObserver } from "./bundle";
import { FRAME_PROGRESS, sendText } from "./channel";
import { stirEntropy } from "./entropy";
import { provideHeap } from "./heap";

/** Nanoseconds between two messages: a display that a person reads needs no more. */
const INTERVAL: u64 = 200_000_000;

/** Tells the host how far a phase has come; told by streams how many bytes they read. */
export class Progress extends ReadObserver {
    private done: u64 = 0;
    private reported: u64 = 0;
    /** Written anew for each message: what is thrown away stays in the heap until the layer is unpacked. */
    private readonly message: JsonText = new JsonText();

    constructor(
        private readonly phase: string,
        private readonly layer: i32,
        private readonly layers: i32,
        private readonly total: u64,
    ) {
        super();
        this.report();
    }

    advance(bytes: u32): void {
        this.done += bytes;
        // A large layer on a slow machine takes minutes, and nothing is collected before its end.
        provideHeap(0);
        if (clockNow() - this.reported >= INTERVAL) this.report();
    }

    private report(): void {
        this.reported = clockNow();
        stirEntropy();
        const text = this.message
            .clear()
            .beginObject()
            .name("phase")
            .string(this.phase)
            .name("layer")
            .unsigned(this.layer)
            .name("layers")
            .unsigned(this.layers)
            .name("bytes")
            .unsigned(this.done)
            .name("total")
            .unsigned(this.total)
            .endObject()
            .toString();
        sendText(FRAME_PROGRESS, 0, text);
    }
}
