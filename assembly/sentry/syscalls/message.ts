// SPDX-License-Identifier: Apache-2.0
//
// Sending and receiving (send(2), recv(2)), with addresses and several buffers. net/ancillary.ts has the ancillary data.

import {
    SYS_recvfrom,
    SYS_recvmmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_sendmsg,
    SYS_sendto,
} from "../arch/systemCalls";
import { failure } from "../fs/inode";
import { userBuffer, userVector, VECTOR_ENTRIES_MAXIMUM } from "../fs/ioBuffer";
import { readTimeout } from "../fs/readiness";
import { EFAULT, EINVAL, EMSGSIZE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { BLOCKED } from "../kernel/wait";
import { copiedIn, copyIn, copyIn32, copyOut, copyOut32, copyOut64 } from "../memory/userMemory";
import { beginControl, controlFlags, controlUsed, putReceived, readControl } from "../net/ancillary";
import { ADDRESS_MAXIMUM, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_WAITFORONE } from "../net/constants";
import {
    beginReceive,
    beginSend,
    dropReceivedRights,
    endSend,
    receivedAddress,
    receivedFlags,
    receivedLength,
} from "../net/exchange";
import { Socket } from "../net/socket";
import { loadVector, TRANSFER_MAXIMUM } from "./file";
import { readAddress, socketOf, writeAddressOut } from "./socket";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

// struct msghdr, and struct mmsghdr: a msghdr and a u32.
const HEADER_SIZE: i32 = 56;
const NAME: usize = 0;
const NAME_LENGTH: usize = 8;
const VECTOR: usize = 16;
const VECTOR_LENGTH: usize = 24;
const CONTROL: usize = 32;
const CONTROL_LENGTH: usize = 40;
const FLAGS: usize = 48;
const MANY_SIZE: u64 = 64;
const MANY_LENGTH: u64 = 56;

/** MSG_CMSG_COMPAT: of 32-bit programs. */
const MSG_CMSG_COMPAT: u32 = 0x80000000;

const header: usize = reserveBuffer(HEADER_SIZE);

/** Reads a msghdr with its iovec array to userVector. 0 or a negative errno. */
function readHeader(address: u64): i64 {
    if (copyIn(header, address, HEADER_SIZE) != 0) return -EFAULT;
    if (load<u64>(header, NAME) == 0) store<u32>(header, 0, NAME_LENGTH);
    if (load<i32>(header, NAME_LENGTH) < 0) return -EINVAL;
    const count = load<u64>(header, VECTOR_LENGTH);
    if (count > <u64>VECTOR_ENTRIES_MAXIMUM) return -EMSGSIZE;
    return loadVector(load<u64>(header, VECTOR), count);
}

// ---------------------------------------------------------------- sending

function sendto(descriptor: u64, address: u64, length: u64, flags: u64, name: u64, nameLength: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    if (((<u32>flags) & MSG_CMSG_COMPAT) != 0 || <i64>length < 0) return -EINVAL;
    beginSend();
    if (name != 0) {
        const error = readAddress(name, nameLength);
        if (error != 0) return error;
    }
    return socket.sendMessage(userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)), <u32>flags);
}

function sendOne(socket: Socket, address: u64, flags: u32): i64 {
    const problem = readHeader(address);
    if (problem != 0) return problem;
    beginSend();
    const nameLength = min(load<i32>(header, NAME_LENGTH), ADDRESS_MAXIMUM);
    if (nameLength > 0) {
        const error = readAddress(load<u64>(header, NAME), nameLength);
        if (error != 0) return error;
    }
    const controlLength = load<u64>(header, CONTROL_LENGTH);
    if (controlLength > 0 && load<u64>(header, CONTROL) != 0) {
        const error = readControl(socket, load<u64>(header, CONTROL), controlLength);
        if (error != 0) {
            endSend();
            return error;
        }
    }
    const result = socket.sendMessage(userVector, flags);
    endSend();
    return result;
}

function sendmsg(descriptor: u64, message: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    if (((<u32>flags) & MSG_CMSG_COMPAT) != 0) return -EINVAL;
    return sendOne(socket, message, <u32>flags);
}

function sendmmsg(descriptor: u64, messages: u64, count_: u64, flags: u64, e: u64, f: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    if (((<u32>flags) & MSG_CMSG_COMPAT) != 0) return -EINVAL;
    const count = min(<u32>count_, <u32>VECTOR_ENTRIES_MAXIMUM);
    for (let i: u32 = 0; i < count; i++) {
        const address = messages + i * MANY_SIZE;
        // Behind the first one nothing is waited for: the program is told how many were sent, and sends the others.
        const sent = sendOne(socket, address, i > 0 ? (<u32>flags) | MSG_DONTWAIT : <u32>flags);
        if (sent < 0) return i > 0 && sent != BLOCKED ? <i64>i : sent;
        if (i > 0) current.progress = 0;
        if (copyOut32(address + MANY_LENGTH, <u32>sent) != 0) return i > 0 ? <i64>i : -EFAULT;
        current.progress = 0;
    }
    return count;
}

// ---------------------------------------------------------------- receiving

function recvfrom(descriptor: u64, address: u64, length: u64, flags: u64, name: u64, nameLength: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    if (<i64>length < 0) return -EINVAL;
    beginReceive();
    const count = socket.receiveMessage(
        userBuffer.at(address, min<i64>(length, TRANSFER_MAXIMUM)),
        <u32>flags,
    );
    dropReceivedRights();
    if (count < 0 || name == 0) return count;
    const error = writeAddressOut(receivedAddress, receivedLength, name, nameLength);
    return error != 0 ? error : count;
}

function receiveOne(socket: Socket, address: u64, flags: u32): i64 {
    const problem = readHeader(address);
    if (problem != 0) return problem;
    beginReceive();
    const count = socket.receiveMessage(userVector, flags);
    if (count < 0) return count;
    beginControl(load<u64>(header, CONTROL), load<u64>(header, CONTROL_LENGTH));
    const error = putReceived(socket, (flags & MSG_CMSG_CLOEXEC) != 0);
    if (error != 0) return error;
    const name = load<u64>(header, NAME);
    if (name != 0) {
        const unwritten = writeAddressOut(receivedAddress, receivedLength, name, address + NAME_LENGTH);
        if (unwritten != 0) return unwritten;
    }
    const shown = receivedFlags | controlFlags | (flags & MSG_CMSG_CLOEXEC);
    if (copyOut32(address + FLAGS, shown) != 0) return -EFAULT;
    if (copyOut64(address + CONTROL_LENGTH, controlUsed) != 0) return -EFAULT;
    return count;
}

function recvmsg(descriptor: u64, message: u64, flags: u64, d: u64, e: u64, f: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    if (((<u32>flags) & MSG_CMSG_COMPAT) != 0) return -EINVAL;
    return receiveOne(socket, message, <u32>flags);
}

/** `progress` between executions is the number of messages that have been received. */
function recvmmsg(descriptor: u64, messages: u64, count_: u64, flags_: u64, timeout: u64, f: u64): i64 {
    const socket = socketOf(descriptor);
    if (socket === null) return failure;
    let flags = <u32>flags_;
    if ((flags & MSG_CMSG_COMPAT) != 0) return -EINVAL;
    const untimely = readTimeout(timeout, 1);
    if (untimely != 0) return untimely;
    const count = min(<u32>count_, <u32>VECTOR_ENTRIES_MAXIMUM);
    let done = <u32>current.progress;
    while (done < count) {
        const wait = (flags & MSG_WAITFORONE) != 0 && done > 0 ? MSG_DONTWAIT : 0;
        const address = messages + done * MANY_SIZE;
        current.progress = 0;
        const got = receiveOne(socket, address, (flags & ~MSG_WAITFORONE) | wait);
        if (got == BLOCKED) {
            current.progress = done;
            return got;
        }
        if (got < 0) return done > 0 ? <i64>done : got;
        if (copyOut32(address + MANY_LENGTH, <u32>got) != 0) return done > 0 ? <i64>done : -EFAULT;
        done++;
        if ((receivedFlags & 1) != 0) break;
    }
    return done;
}

export function registerMessageCalls(): void {
    // Partial: MSG_OOB on UNIX sockets is EOPNOTSUPP, MSG_ZEROCOPY sends as usual.
    define(SYS_sendto, sendto, "fpuxpu");
    define(SYS_recvfrom, recvfrom, "fpuxpp");
    // Partial: as sendto.
    define(SYS_sendmsg, sendmsg, "fpx");
    define(SYS_recvmsg, recvmsg, "fpx");
    // Partial: as sendto; only the first message waits.
    define(SYS_sendmmsg, sendmmsg, "fpux");
    // Partial: the timeout is checked but does not end the call.
    define(SYS_recvmmsg, recvmmsg, "fpuxp");
}
