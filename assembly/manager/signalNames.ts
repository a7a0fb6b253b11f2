// SPDX-License-Identifier: Apache-2.0
//
// Signals by the names that images write them with (signal(7); the numbers are those of x86_64, aarch64 and riscv64 alike).

import { parseDecimal } from "../std/numberText";
import { Container } from "./container";

/** Signals 1 to 31, in their order. */
const NAMES: string =
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ " +
    "VTALRM PROF WINCH IO PWR SYS";
/** The C library's first and last real-time signals. */
const REALTIME_MINIMUM: i64 = 34;
const REALTIME_MAXIMUM: i64 = 64;
/** Signals that have a bit in the manager's masks. */
const NUMBER_MAXIMUM: i64 = 63;
const TERMINATE: u32 = 15;

/** The number of "SIGTERM", "TERM", "15" or "SIGRTMIN+3"; 0 for any other text. */
export function signalNumber(text: string): u32 {
    const number = parseDecimal(text);
    if (number >= 0) return number <= NUMBER_MAXIMUM ? <u32>number : 0;
    const name = text.toUpperCase();
    const plain = name.startsWith("SIG") ? name.substring(3) : name;
    if (plain.startsWith("RTMIN")) return realtime(REALTIME_MINIMUM, plain.substring(5), 0x2b);
    if (plain.startsWith("RTMAX")) return realtime(REALTIME_MAXIMUM, plain.substring(5), 0x2d);
    let at: i32 = 0;
    for (let n: u32 = 1; at <= NAMES.length; n++) {
        const space = NAMES.indexOf(" ", at);
        const end = space < 0 ? NAMES.length : space;
        if (NAMES.substring(at, end) == plain) return n;
        at = end + 1;
    }
    return 0;
}

/** `base` with "+n" or "-n" behind it; `sign` is the character that there may be. */
function realtime(base: i64, rest: string, sign: i32): u32 {
    if (rest.length == 0) return base <= NUMBER_MAXIMUM ? <u32>base : 0;
    const distance = rest.charCodeAt(0) == sign ? parseDecimal(rest.substring(1)) : -1;
    if (distance < 0) return 0;
    const number = sign == 0x2b ? base + distance : base - distance;
    return number >= REALTIME_MINIMUM && number <= NUMBER_MAXIMUM ? <u32>number : 0;
}

/** The signal that asks a container to end: its own, else its image's, else SIGTERM. */
export function stopSignalOf(container: Container): u32 {
    const own = container.options.stopSignal;
    if (own != 0) return own;
    const number = signalNumber(container.image.image.configuration.stopSignal);
    return number != 0 ? number : TERMINATE;
}
