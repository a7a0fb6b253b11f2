// SPDX-License-Identifier: Apache-2.0
//
// What the manager tells the host by itself (docs/control-channel.md): EXIT and EVENT.

import { clockNow, clockRealtime } from "../sel4/generated/host";
import { JsonText } from "../oci/jsonText";
import { FRAME_EVENT, FRAME_EXIT, sendText } from "./channel";
import { Container, MILLISECOND } from "./container";
import { HealthState, healthName } from "./healthState";

/** Bytes that a message may have as JSON: a frame has room for it and for the members around it. */
const MESSAGE_BYTES_MAXIMUM: i32 = 3500;

/** Milliseconds since the epoch of a time of the clock; since boot, where the board has no clock; 0 for never. */
export function epochMilliseconds(time: u64): u64 {
    if (time == 0) return 0;
    const realtime = clockRealtime();
    return (realtime == 0 ? time : realtime - (clockNow() - time)) / MILLISECOND;
}

/** Tells how the process of a channel ended. */
export function sendExit(channel: u32, waitStatus: i32, exitCode: i32, signal: i32, message: string): void {
    const text = new JsonText()
        .beginObject()
        .name("status")
        .integer(waitStatus)
        .name("exitCode")
        .integer(exitCode)
        .name("signal")
        .integer(signal)
        .name("message")
        .string(shortened(message))
        .endObject()
        .toString();
    sendText(FRAME_EXIT, channel, text);
}

/** Tells what has happened to a container; `delay` in milliseconds goes with "restart". */
export function sendEvent(container: Container, event: string, delay: u64 = 0): void {
    const text = beginEvent(event);
    if (event == "die") text.name("exitCode").integer(container.exitCode);
    if (event == "restart") text.name("delay").unsigned(delay);
    sendText(FRAME_EVENT, container.number, text.endObject().toString());
}

export function sendHealthEvent(container: Container, health: HealthState): void {
    const text = beginEvent("health_status").name("health").string(healthName(health));
    sendText(FRAME_EVENT, container.number, text.endObject().toString());
}

function beginEvent(event: string): JsonText {
    return new JsonText()
        .beginObject()
        .name("event")
        .string(event)
        .name("time")
        .unsigned(epochMilliseconds(clockNow()));
}

/** Cuts a message to what a frame has room for: it may quote a long name or a deep backtrace. */
export function shortened(message: string): string {
    let bytes = 0;
    for (let i = 0; i < message.length; i++) {
        const unit = message.charCodeAt(i);
        // Plain ASCII is one byte, escaped or not two; everything else at most an escape of six.
        bytes += unit >= 0x20 && unit < 0x7f ? 2 : unit == 0x0a ? 2 : 6;
        if (bytes > MESSAGE_BYTES_MAXIMUM) return message.substring(0, i) + "…";
    }
    return message;
}
