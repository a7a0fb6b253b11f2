// SPDX-License-Identifier: Apache-2.0
//
// --strace: signals and ends of processes, as strace(1) writes them.

import { clearText, logLine, padTo, putHexadecimal, putSigned, putText, putUnsigned } from "../kernel/text";
import { Thread } from "../kernel/thread";
import { SI_KERNEL, SI_QUEUE, SI_TKILL, SI_USER, SIGCHLD, signalName } from "../signals/numbers";
import { SignalInfo } from "../signals/signalQueue";
import { putMaskValue } from "./argument";
import { putPid, putResult, RESULT_COLUMN } from "./trace";

function putCode(info: SignalInfo): void {
    if (info.code == SI_USER) putText("SI_USER");
    else if (info.code == SI_KERNEL) putText("SI_KERNEL");
    else if (info.code == SI_QUEUE) putText("SI_QUEUE");
    else if (info.code == SI_TKILL) putText("SI_TKILL");
    else if (info.signal == SIGCHLD && info.code == 1) putText("CLD_EXITED");
    else if (info.signal == SIGCHLD && info.code == 2) putText("CLD_KILLED");
    else putSigned(info.code);
}

/** "--- SIGCHLD {si_signo=SIGCHLD, ...} ---" */
export function traceSignal(thread: Thread, info: SignalInfo): void {
    clearText();
    putPid(thread);
    putText("--- ");
    putText(signalName(info.signal));
    putText(" {si_signo=");
    putText(signalName(info.signal));
    putText(", si_code=");
    putCode(info);
    if (info.pid != 0) {
        putText(", si_pid=");
        putSigned(info.pid);
        putText(", si_uid=");
        putUnsigned(info.uid);
    }
    if (info.signal == SIGCHLD) {
        putText(", si_status=");
        putUnsigned(info.value);
    } else if (info.address != 0) {
        putText(", si_addr=0x");
        putHexadecimal(info.address);
    }
    putText("} ---");
    logLine();
}

/** "rt_sigreturn({mask=[CHLD]}) = 0": the result is what the interrupted code's register holds. */
export function traceSignalReturn(thread: Thread, mask: u64, result: i64): void {
    clearText();
    const indent = putPid(thread);
    putText("rt_sigreturn({mask=");
    putMaskValue(mask);
    putText("})");
    padTo(indent + RESULT_COLUMN);
    putText(" = ");
    putResult(false, result);
    logLine();
}

/** "+++ exited with 0 +++" */
export function traceExit(thread: Thread, waitStatus: i32): void {
    clearText();
    putPid(thread);
    if ((waitStatus & 0x7f) == 0) {
        putText("+++ exited with ");
        putSigned((waitStatus >> 8) & 0xff);
    } else {
        putText("+++ killed by ");
        putText(signalName(waitStatus & 0x7f));
    }
    putText(" +++");
    logLine();
}
