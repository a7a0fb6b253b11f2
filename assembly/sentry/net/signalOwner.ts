// SPDX-License-Identifier: Apache-2.0
//
// Signals that sockets send to their owner: SIGIO when something can be done (O_ASYNC), SIGURG for urgent data (socket(7),
// "Signals"). The owner is a process or a process group, and is sent nothing that whoever set it could not send.

import { ESRCH } from "../kernel/errno";
import { findProcess, Process, processes } from "../kernel/process";
import { current } from "../kernel/thread";
import { kernelSignal, sendToProcess } from "../signals/send";
import { Socket } from "./socket";

/** F_SETOWN: `owner` is a pid, a negative process group, or 0. 0 or -ESRCH. */
export function setOwner(socket: Socket, owner: i32): i64 {
    if (owner > 0 && findProcess(owner) === null) return -ESRCH;
    if (owner < 0) {
        let found = false;
        for (let i = 0; i < processes.length; i++) {
            if (processes[i].processGroup == -owner) found = true;
        }
        if (owner == i32.MIN_VALUE || !found) return -ESRCH;
    }
    const who = current.process.credentials;
    socket.owner = owner;
    socket.ownerRealUser = who.realUser;
    socket.ownerEffectiveUser = who.effectiveUser;
    return 0;
}

function send(socket: Socket, process: Process, signal: i32): void {
    if (process.exited) return;
    const target = process.credentials;
    const effective = socket.ownerEffectiveUser;
    const real = socket.ownerRealUser;
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

/** Sends the signal to the socket's owner, if it has one. */
export function signalOwner(socket: Socket, signal: i32): void {
    const owner = socket.owner;
    if (owner == 0) return;
    if (owner > 0) {
        const process = findProcess(owner);
        if (process !== null) send(socket, process, signal);
        return;
    }
    for (let i = 0; i < processes.length; i++) {
        if (processes[i].processGroup == -owner) send(socket, processes[i], signal);
    }
}
