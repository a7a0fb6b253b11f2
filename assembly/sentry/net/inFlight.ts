// SPDX-License-Identifier: Apache-2.0
//
// Descriptors in flight (SCM_RIGHTS, unix(7)): references that messages hold until they are received. A UNIX socket can be in
// flight to itself, or two to each other; when their last descriptor is closed nobody can receive them any more. `collect`
// finds those, as Linux's unix_gc does, and empties their queues.

import { OpenFile } from "../fs/openFile";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { Message } from "./message";
import { UnixSocket } from "./unixSocket";

/** Descriptors in flight in the whole container. */
let total: i32 = 0;
/** The UNIX sockets among them, each once. */
const flying: UnixSocket[] = new Array<UnixSocket>();

/** Whether `count` more may be in flight: as many as the process may have open (Linux counts by user). */
export function mayFly(count: i32): bool {
    return <u64>(total + count) <= current.process.limits.soft[RLIMIT_NOFILE];
}

/** The files, each of which the caller has retained, go into a message. */
export function takeOff(rights: StaticArray<OpenFile>): void {
    total += rights.length;
    for (let i = 0; i < rights.length; i++) {
        const file = rights[i];
        if (!(file instanceof UnixSocket)) continue;
        const socket = <UnixSocket>file;
        if (socket.inFlight++ > 0) continue;
        socket.flyingIndex = flying.length;
        flying.push(socket);
    }
}

/** They have been received: their references are the receiver's. */
export function land(rights: StaticArray<OpenFile>): void {
    total -= rights.length;
    for (let i = 0; i < rights.length; i++) {
        const file = rights[i];
        if (!(file instanceof UnixSocket)) continue;
        const socket = <UnixSocket>file;
        if (--socket.inFlight > 0) continue;
        const last = flying.pop();
        if (last === socket) continue;
        flying[socket.flyingIndex] = last;
        last.flyingIndex = socket.flyingIndex;
    }
}

let forgotten: Array<StaticArray<OpenFile>> = new Array<StaticArray<OpenFile>>();
let isForgetting: bool = false;

/** They will not be received. A file that is closed by this may hold further ones: done one after the other, not nested. */
export function forgetRights(rights: StaticArray<OpenFile>): void {
    land(rights);
    forgotten.push(rights);
    if (isForgetting) return;
    isForgetting = true;
    while (forgotten.length > 0) {
        const next = forgotten.pop();
        for (let i = 0; i < next.length; i++) next[i].release();
    }
    isForgetting = false;
}

/** Whether every reference to the socket is in flight. */
// @ts-ignore: decorator
@inline
function isCandidate(socket: UnixSocket): bool {
    return socket.inFlight > 0 && socket.references == socket.inFlight;
}

/** `unreached` of a socket that somebody can reach. */
const REACHED: i32 = -1;
const reached: UnixSocket[] = new Array<UnixSocket>();

/** One reference to each candidate among the rights of a queue comes from a candidate. */
function discount(first: Message | null): void {
    let following: Message | null = first;
    while (following !== null) {
        const message = following;
        following = message.next;
        const rights = message.rights;
        if (rights === null) continue;
        for (let i = 0; i < rights.length; i++) {
            const file = rights[i];
            if (file instanceof UnixSocket && (<UnixSocket>file).unreached != REACHED) {
                (<UnixSocket>file).unreached--;
            }
        }
    }
}

/** The candidates among the rights of a queue that can be received can be reached. */
function reach(first: Message | null): void {
    let following: Message | null = first;
    while (following !== null) {
        const message = following;
        following = message.next;
        const rights = message.rights;
        if (rights === null) continue;
        for (let i = 0; i < rights.length; i++) {
            const file = rights[i];
            if (!(file instanceof UnixSocket)) continue;
            const socket = <UnixSocket>file;
            if (socket.unreached == REACHED) continue;
            socket.unreached = REACHED;
            reached.push(socket);
        }
    }
}

function strip(first: Message | null, into: Array<StaticArray<OpenFile>>): void {
    let following: Message | null = first;
    while (following !== null) {
        const message = following;
        following = message.next;
        const rights = message.rights;
        if (rights === null) continue;
        message.rights = null;
        into.push(rights);
    }
}

/** Closes the sockets that can be reached only through messages of sockets that can be reached only so. */
export function collect(): void {
    if (isForgetting) return;
    for (let i = 0; i < flying.length; i++) {
        const socket = flying[i];
        socket.unreached = isCandidate(socket) ? socket.inFlight : REACHED;
    }
    for (let i = 0; i < flying.length; i++) {
        const socket = flying[i];
        if (!isCandidate(socket)) continue;
        discount(socket.inbox.first);
        // What waits in connections that nobody has accepted is received through the listening socket.
        let following: UnixSocket | null = socket.firstPending;
        while (following !== null) {
            const next = following;
            following = next.nextPending;
            discount(next.inbox.first);
        }
    }
    for (let i = 0; i < flying.length; i++) {
        const socket = flying[i];
        if (socket.unreached <= 0) continue;
        socket.unreached = REACHED;
        reached.push(socket);
    }
    while (reached.length > 0) {
        const socket = reached.pop();
        reach(socket.inbox.first);
        let following: UnixSocket | null = socket.firstPending;
        while (following !== null) {
            const next = following;
            following = next.nextPending;
            reach(next.inbox.first);
        }
    }
    const rights: Array<StaticArray<OpenFile>> = [];
    for (let i = 0; i < flying.length; i++) {
        const socket = flying[i];
        if (socket.unreached == REACHED) continue;
        strip(socket.inbox.first, rights);
        let following: UnixSocket | null = socket.firstPending;
        while (following !== null) {
            const next = following;
            following = next.nextPending;
            strip(next.inbox.first, rights);
        }
    }
    for (let i = 0; i < rights.length; i++) forgetRights(rights[i]);
}
