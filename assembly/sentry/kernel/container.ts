// SPDX-License-Identifier: Apache-2.0
//
// The container's end, as the manager is told of it.

import { containerConfiguration, FLAG_STATISTICS } from "../../std/containerConfiguration";
import { quotaBytes } from "../capabilities/quota";
import { consoleOf } from "../fs/hostConsole";
import { reportExecExit, reportExit } from "../manager";
import { reportUnknownCalls } from "../syscalls/unknown";
import { reportUnsupported } from "../syscalls/unsupported";
import { Process } from "./process";
import { sendStatistics } from "./statistics";
import { clearText, logLine, putText, putUnsigned, textBytes, textLength } from "./text";

/** Pid 1 is about to end: the last moment at which the account shows what its process holds. */
export function containerEnds(): void {
    if (containerConfiguration().has(FLAG_STATISTICS)) sendStatistics();
}

/** Pid 1 has ended. Does not return. */
export function containerEnded(waitStatus: i32): void {
    reportUnknownCalls();
    reportUnsupported();
    reportExit(waitStatus, 0, 0, false);
}

/** A process that `exec` started has ended, and so has its session. */
export function execEnded(process: Process, waitStatus: i32): void {
    const console = consoleOf(process);
    if (console === null) return;
    console.close();
    reportExecExit(console.session, waitStatus, 0, 0, false);
}

/** A process that `exec` wanted cannot start: `exitCode` and `message` are as with cannotStart. */
export function cannotStartExec(session: u32, exitCode: i32, message: string): void {
    clearText();
    putText(message);
    reportExecExit(session, exitCode, textBytes(), textLength(), true);
}

/**
 * The container's first process cannot start: `exitCode` is the engine's (125, 126, 127), `message` (a byte string) says
 * why. Does not return.
 */
export function cannotStart(exitCode: i32, message: string): void {
    if (containerConfiguration().has(FLAG_STATISTICS)) sendStatistics();
    clearText();
    putText(message);
    reportExit(exitCode, textBytes(), textLength(), true);
}

/** A number of bytes in MiB, rounded up. */
function putMebibytes(bytes: u64): void {
    putUnsigned((bytes + 0xf_ffff) >> 20);
    putText(" MiB");
}

/** One line on the console: a process that has `bytes` of memory is killed because the quota is used up. */
export function reportMemoryUsedUp(process: Process, bytes: u64): void {
    clearText();
    putText("sealift: process ");
    putUnsigned(process.pid);
    putText(" (");
    putText(process.name);
    putText(") is killed: it has ");
    putMebibytes(bytes);
    putText(" of the container's ");
    putMebibytes(quotaBytes());
    putText(", and all of that memory is used up; raise --memory");
    logLine();
}
