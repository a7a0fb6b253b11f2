// SPDX-License-Identifier: Apache-2.0
//
// What passes between a system call and a socket beside the bytes: addresses and ancillary data of the send or receive under
// way. There is one at a time, so these are variables, and nothing is allocated.

import { OpenFile } from "../fs/openFile";
import { current } from "../kernel/thread";
import { ADDRESS_MAXIMUM } from "./constants";
import { forgetRights, takeOff } from "./inFlight";
import { Message } from "./message";
import { reserveBuffer } from "../memory/buffers";

// ---------------------------------------------------------------- addresses

/** The address argument of bind, connect and the send calls. */
export const givenAddress: usize = reserveBuffer(ADDRESS_MAXIMUM);
/** Its length; 0 = none. */
export let givenLength: i32 = 0;

export function setGivenLength(length: i32): void {
    givenLength = length;
}

// ---------------------------------------------------------------- sending

/** SCM_RIGHTS of the message being sent: retained, not yet in flight. */
let rights: StaticArray<OpenFile> | null = null;
/** SCM_CREDENTIALS of it, if `credentialsGiven`. */
let credentialsGiven: bool = false;
let givenPid: i32 = 0;
let givenUser: u32 = 0;
let givenGroup: u32 = 0;
/** IP_TTL or IPV6_HOPLIMIT, and IP_TOS or IPV6_TCLASS of it; -1 = the socket's. */
export let givenTimeToLive: i32 = -1;
export let givenTypeOfService: i32 = -1;
/** IP_PKTINFO, IPV6_PKTINFO: the source address, if `sourceGiven`. */
export let sourceGiven: bool = false;
export let givenSourceHigh: u64 = 0;
export let givenSourceLow: u64 = 0;

/** Begins a send without address and ancillary data. */
export function beginSend(): void {
    givenLength = 0;
    rights = null;
    credentialsGiven = false;
    givenTimeToLive = -1;
    givenTypeOfService = -1;
    sourceGiven = false;
}

export function giveRights(files: StaticArray<OpenFile>): void {
    rights = files;
}

export function hasGivenRights(): bool {
    return rights !== null;
}

export function giveCredentials(pid: i32, user: u32, group: u32): void {
    credentialsGiven = true;
    givenPid = pid;
    givenUser = user;
    givenGroup = group;
}

export function giveTimeToLive(value: i32): void {
    givenTimeToLive = value;
}

export function giveTypeOfService(value: i32): void {
    givenTypeOfService = value;
}

export function giveSource(high: u64, low: u64): void {
    sourceGiven = true;
    givenSourceHigh = high;
    givenSourceLow = low;
}

/** Writes the sender's credentials to a message: those given, else its own. */
export function signMessage(message: Message): void {
    message.hasCredentials = true;
    if (credentialsGiven) {
        message.pid = givenPid;
        message.userId = givenUser;
        message.groupId = givenGroup;
        return;
    }
    const process = current.process;
    message.pid = process.pid;
    message.userId = process.credentials.realUser;
    message.groupId = process.credentials.realGroup;
}

/** Whether signMessage would write what `message` has. */
export function isSignedAlike(message: Message): bool {
    if (credentialsGiven) {
        return message.pid == givenPid && message.userId == givenUser && message.groupId == givenGroup;
    }
    const process = current.process;
    return (
        message.pid == process.pid &&
        message.userId == process.credentials.realUser &&
        message.groupId == process.credentials.realGroup
    );
}

/** The rights of the send go with `message`. */
export function attachRights(message: Message): void {
    const files = rights;
    if (files === null) return;
    rights = null;
    takeOff(files);
    message.rights = files;
    message.isSealed = true;
}

/** Ends a send: rights that no message took are released. */
export function endSend(): void {
    const files = rights;
    if (files === null) return;
    rights = null;
    for (let i = 0; i < files.length; i++) files[i].release();
}

// ---------------------------------------------------------------- receiving

/** The sender's address: `receivedLength` bytes, 0 = none. */
export const receivedAddress: usize = reserveBuffer(ADDRESS_MAXIMUM);
export let receivedLength: i32 = 0;
/** MSG_TRUNC, MSG_OOB, MSG_EOR, MSG_ERRQUEUE of recvmsg's msg_flags. */
export let receivedFlags: u32 = 0;
/** A stream's receive has come to where it ends before its buffer is full. */
export let receiveStopped: bool = false;

/** What came with the message: a copy, for the record may be in use again. Its rights are the receiver's to take. */
export const received: Message = new Message();
/** Whether `received` has been filled. */
export let hasReceived: bool = false;

/** Begins a receive. */
export function beginReceive(): void {
    receivedLength = 0;
    receivedFlags = 0;
    receiveStopped = false;
    hasReceived = false;
}

export function setReceivedLength(length: i32): void {
    receivedLength = length;
}

export function addReceivedFlags(flags: u32): void {
    receivedFlags |= flags;
}

export function stopReceiving(): void {
    receiveStopped = true;
}

/** Notes what came with `message`. Its rights are taken out of flight; with `peek` they stay, and are retained once more. */
export function noteReceived(message: Message, peek: bool): void {
    const to = received;
    to.hasCredentials = message.hasCredentials;
    to.pid = message.pid;
    to.userId = message.userId;
    to.groupId = message.groupId;
    to.time = message.time;
    to.error = message.error;
    to.destinationHigh = message.destinationHigh;
    to.destinationLow = message.destinationLow;
    to.sourceHigh = message.sourceHigh;
    to.sourceLow = message.sourceLow;
    to.sourcePort = message.sourcePort;
    to.timeToLive = message.timeToLive;
    to.typeOfService = message.typeOfService;
    hasReceived = true;
    const files = message.rights;
    if (files === null) return;
    if (to.rights !== null) dropReceivedRights();
    if (peek) {
        for (let i = 0; i < files.length; i++) files[i].retain();
        takeOff(files);
    } else {
        message.rights = null;
    }
    to.rights = files;
}

/** Nobody wants the rights that were received. */
export function dropReceivedRights(): void {
    const files = received.rights;
    if (files === null) return;
    received.rights = null;
    forgetRights(files);
}
