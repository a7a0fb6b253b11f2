// SPDX-License-Identifier: Apache-2.0
//
// A system call instruction that was executed before the sentry could patch it (arch/systemCallSites.ts): code that a program
// wrote into memory that it could execute already. The kernel has lost the stack pointer, so the process cannot go on.

import { isUnpatchedCall } from "../arch/systemCallSites";
import { copyIn } from "../memory/userMemory";
import { SIGSEGV } from "../signals/numbers";
import { DEFAULT_ACTION } from "../signals/signalActions";
import { forceSignal, kernelSignal } from "../signals/send";
import { Process } from "./process";
import { clearText, logLine, putHexadecimal, putText, putUnsigned } from "./text";
import { Thread } from "./thread";
import { reserveBuffer } from "../memory/buffers";

const bytes: usize = reserveBuffer(8);

/** Ends the current thread's process, and patches the instruction at `address` for whoever comes there next. */
export function endForLostCall(thread: Thread, address: u64): void {
    const process = thread.process;
    if (copyIn(bytes, address, 2) == 0 && isUnpatchedCall(load<u8>(bytes), load<u8>(bytes, 1))) {
        process.addressSpace.patchCall(address);
    }
    report(process, address);
    // A handler would begin on a stack that nobody knows.
    process.signalActions.set(SIGSEGV, DEFAULT_ACTION);
    forceSignal(thread, kernelSignal(SIGSEGV));
}

function report(process: Process, address: u64): void {
    clearText();
    putText("sealift: process ");
    putUnsigned(process.pid);
    putText(" (");
    putText(process.name);
    putText(") is killed: seL4 loses the stack pointer at the syscall instruction at 0x");
    putHexadecimal(address);
    putText(", which was written into executable memory; write it first, then make the memory executable");
    logLine();
}
