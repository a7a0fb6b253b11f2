// SPDX-License-Identifier: Apache-2.0
//
// --strace: one line for each system call when it returns, as strace(1) writes it. Arguments are printed after the call
// by the format letters of the table's row (syscalls/table.ts); a call that waited is printed once.

import {
    argument0,
    argument1,
    argument2,
    argument3,
    argument4,
    argument5,
    CLONE_TLS_ARGUMENT,
    systemCallNumber,
} from "../arch/machine";
import { SYS_brk, SYS_clone, SYS_mmap, SYS_mremap } from "../arch/systemCalls";
import { putSystemCallName } from "../arch/systemCallNames";
import { containerConfiguration, FLAG_STRACE } from "../../std/containerConfiguration";
import { ERESTARTNOHAND, ERESTARTSYS, errorName } from "../kernel/errno";
import { CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_PARENT_SETTID, CLONE_SETTLS } from "../kernel/fork";
import { processes } from "../kernel/process";
import {
    clearText,
    logLine,
    padTo,
    putByte,
    putHexadecimal,
    putSigned,
    putText,
    putUnsigned,
} from "../kernel/text";
import { Thread } from "../kernel/thread";
import { NO_ANSWER } from "../kernel/wait";
import { SYSCALL_LIMIT, syscallFormats } from "../syscalls/table";
import { putRefusal } from "../syscalls/unsupported";
import { putArgument } from "./argument";
import { errorText } from "./errorText";

/** Whether system calls are traced. */
export let strace: bool = false;

export function startTrace(): void {
    strace = containerConfiguration().has(FLAG_STRACE);
}

/** Column of the result, as strace's default. */
export const RESULT_COLUMN: i32 = 39;

/** "[pid    12] " as strace -f writes it while there is more than one process. */
export function putPid(thread: Thread): i32 {
    if (processes.length < 2 && thread.process.threads.length < 2) return 0;
    putText("[pid ");
    let digits = 1;
    for (let rest = thread.tid; rest >= 10; rest /= 10) digits++;
    for (let i = digits; i < 5; i++) putByte(32);
    putUnsigned(thread.tid);
    putText("] ");
    return 12;
}

function argument(message: usize, index: i32): u64 {
    switch (index) {
        case 0:
            return argument0(message);
        case 1:
            return argument1(message);
        case 2:
            return argument2(message);
        case 3:
            return argument3(message);
        case 4:
            return argument4(message);
        default:
            return argument5(message);
    }
}

/** Prints the system call of `thread`, whose registers are in `message`, with its result (NO_ANSWER: it has none). */
export function traceResult(thread: Thread, message: usize, result: i64): void {
    const number = systemCallNumber(message);
    clearText();
    const indent = putPid(thread);
    if (!putSystemCallName(number)) {
        putText("syscall_0x");
        putHexadecimal(number);
    }
    putByte(40);
    const known = number < SYSCALL_LIMIT ? syscallFormats[number] : null;
    const format = known === null ? "xxxxxx" : known;
    if (number == SYS_clone) putClone(message);
    for (let i = 0; i < format.length; i++) {
        if (i > 0) putText(", ");
        const next = i < 5 ? argument(message, i + 1) : 0;
        putArgument(format.charCodeAt(i), argument(message, i), next, result);
    }
    putByte(41);
    padTo(indent + RESULT_COLUMN);
    putText(" = ");
    putResult(number == SYS_mmap || number == SYS_brk || number == SYS_mremap, result);
    putRefusal();
    logLine();
}

/** clone's arguments have names in strace, and those that its flags do not ask for are left out. */
function putClone(message: usize): void {
    const flags = <u32>argument0(message);
    putText("child_stack=");
    putArgument(112, argument1(message), 0, 0);
    putText(", flags=");
    putArgument(99, flags, 0, 0);
    if ((flags & (<u32>CLONE_PARENT_SETTID)) != 0) {
        putText(", parent_tid=");
        putArgument(119, argument2(message), 0, 0);
    }
    if ((flags & (<u32>CLONE_SETTLS)) != 0) {
        putText(", tls=");
        putArgument(112, CLONE_TLS_ARGUMENT == 4 ? argument4(message) : argument3(message), 0, 0);
    }
    if ((flags & (<u32>(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))) != 0) {
        putText(", child_tidptr=");
        putArgument(112, CLONE_TLS_ARGUMENT == 4 ? argument3(message) : argument4(message), 0, 0);
    }
}

/** For calls that do not return: exit, and execve just before the program changes. */
export function traceNow(thread: Thread, result: i64): void {
    traceResult(thread, thread.message, result);
}

export function putResult(isAddress: bool, result: i64): void {
    if (result == NO_ANSWER) {
        putByte(63);
    } else if (result == -ERESTARTSYS) {
        putText("? ERESTARTSYS (To be restarted if SA_RESTART is set)");
    } else if (result == -ERESTARTNOHAND) {
        putText("? ERESTARTNOHAND (To be restarted if no handler)");
    } else if (result < 0 && result > -4096) {
        const name = errorName(-(<i32>result));
        putText("-1 ");
        if (name === null) putSigned(-result);
        else putText(name);
        const text = errorText(-(<i32>result));
        if (text.length > 0) {
            putText(" (");
            putText(text);
            putByte(41);
        }
    } else if (isAddress) {
        putText("0x");
        putHexadecimal(result);
    } else {
        putSigned(result);
    }
}
