// SPDX-License-Identifier: Apache-2.0
//
// How the managers in this folder tell tests/host/machine.mjs what they found: lines on the console.

import "../../../assembly/std/abort"; // what assertions call
import { consoleWrite, powerOff } from "../../../assembly/sel4/generated/host";

export function line(text: string): void {
    const bytes = String.UTF8.encode(text + "\n");
    consoleWrite(<u32>changetype<usize>(bytes), bytes.byteLength);
}

/** One test. */
export function check(name: string, condition: bool): void {
    line((condition ? "ok " : "FAILED ") + name);
}

/** One test whose failure shows two numbers. */
export function equal(name: string, actual: u64, expected: u64): void {
    line(actual == expected ? "ok " + name : `FAILED ${name}: ${actual}, expected ${expected}`);
}

export function end(): void {
    line("end of tests");
    powerOff();
}
