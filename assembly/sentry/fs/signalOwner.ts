// SPDX-License-Identifier: Apache-2.0
//
// Whom a file's signals go to (F_SETOWN): SIGIO when something can be done with a socket (O_ASYNC) or when a lease is to be given
// back (leases.ts), SIGURG for urgent data (socket(7), "Signals"). The owner is a process or a process group, and is sent
// nothing that whoever set it could not send.

import { ESRCH } from "../kernel/errno";
import { findProcess, Process, processes } from "../kernel/process";
import { current } from "../kernel/thread";
import { kernelSignal, sendToProcess } from "../signals/send";
import { OpenFile } from "./openFile";

export class SignalOwner {
    constructor(
        /** A pid, or a negative process group. */
        readonly id: i32,
        /** Ids of whoever set it. */
        readonly realUser: u32,
        readonly effectiveUser: u32,
    ) {}
}

/** F_SETOWN: `owner` is a pid, a negative process group, or 0. 0 or -ESRCH. */
export function setOwner(file: OpenFile, owner: i32): i64 {
    if (owner > 0 && findProcess(owner) === null) return -ESRCH;
    if (owner < 0) {
        let found = false;
        for (let i = 0; i < processes.length; i++) {
            if (processes[i].processGroup == -owner) found = true;
        }
        if (owner == i32.MIN_VALUE || !found) return -ESRCH;
    }
    const who = current.process.credentials;
    file.owner = owner == 0 ? null : new SignalOwner(owner, who.realUser, who.effectiveUser);
    return 0;
}

/** F_GETOWN: a pid, a negative process group, or 0. */
export function ownerOf(file: OpenFile): i32 {
    const owner = file.owner;
    return owner === null ? 0 : owner.id;
}

function send(owner: SignalOwner, process: Process, signal: i32): void {
    if (process.exited) return;
    const target = process.credentials;
    const effective = owner.effectiveUser;
    const real = owner.realUser;
    if (
        effective != 0 &&
        effective != target.savedUser &&
        effective != target.realUser &&
        real != target.savedUser &&
        real != target.realUser
    ) {
        return;
    }
    sendToProcess(process, kernelSignal(signal));
}

/** Sends the signal to the file's owner, if it has one. */
export function signalOwner(file: OpenFile, signal: i32): void {
    const owner = file.owner;
    if (owner === null) return;
    if (owner.id > 0) {
        const process = findProcess(owner.id);
        if (process !== null) send(owner, process, signal);
        return;
    }
    for (let i = 0; i < processes.length; i++) {
        if (processes[i].processGroup == -owner.id) send(owner, processes[i], signal);
    }
}
