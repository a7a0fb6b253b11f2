// SPDX-License-Identifier: Apache-2.0
//
// Options of the level IPPROTO_TCP (tcp(7)). There are no segments and no timers within a container: most options are kept
// and shown, and what they would change about packets changes nothing.

import { EFAULT, EINVAL, ENOENT, ENOPROTOOPT } from "../kernel/errno";
import { copyIn } from "../memory/userMemory";
import { unsupported } from "../syscalls/unsupported";
import { AF_INET } from "./constants";
import { optionNumber, optionScratch, putNumber, readNumber } from "./optionValue";
import { TCP_CLOSE, TCP_ESTABLISHED, TCP_LISTEN, TcpSocket } from "./tcpSocket";

const TCP_NODELAY: i32 = 1;
const TCP_MAXSEG: i32 = 2;
const TCP_CORK: i32 = 3;
const TCP_KEEPIDLE: i32 = 4;
const TCP_KEEPINTVL: i32 = 5;
const TCP_KEEPCNT: i32 = 6;
const TCP_SYNCNT: i32 = 7;
const TCP_LINGER2: i32 = 8;
const TCP_DEFER_ACCEPT: i32 = 9;
const TCP_WINDOW_CLAMP: i32 = 10;
const TCP_INFO: i32 = 11;
const TCP_QUICKACK: i32 = 12;
const TCP_CONGESTION: i32 = 13;
const TCP_USER_TIMEOUT: i32 = 18;
const TCP_FASTOPEN: i32 = 23;
const TCP_NOTSENT_LOWAT: i32 = 25;
const TCP_FASTOPEN_CONNECT: i32 = 30;
const TCP_ULP: i32 = 31;

/** What a segment of the loopback interface carries: its MTU less headers with timestamps. */
const SEGMENT_LOOPBACK: i32 = 65483;
const SEGMENT_LOOPBACK6: i32 = 65463;
const SEGMENT_DEFAULT: i32 = 536;
const SEGMENT_MINIMUM: i32 = 88;
const SEGMENT_MAXIMUM: i32 = 32767;
const KEEP_MAXIMUM: i32 = 32767;
const KEEP_COUNT_MAXIMUM: i32 = 127;
const SYN_COUNT_MAXIMUM: i32 = 127;
/** net.ipv4.tcp_fin_timeout; TCP_LINGER2 goes up to twice that. */
const FIN_TIMEOUT: i32 = 60;
const LINGER_MAXIMUM: i32 = 120;

/** The one algorithm that a default Linux lets anybody choose beside reno. */
const CUBIC: string = "cubic";
const RENO: string = "reno";
/** Linux's TCP_CA_NAME_MAX. */
const NAME_MAXIMUM: i32 = 16;

/** Bytes of struct tcp_info of Linux 6.1. What is counted there of segments stays 0. */
const INFO_SIZE: i32 = 232;

export class TcpOptions {
    noDelay: bool = false;
    cork: bool = false;
    quickAcknowledge: bool = true;
    keepIdle: i32 = 7200;
    keepInterval: i32 = 75;
    keepCount: i32 = 9;
    synCount: i32 = 6;
    linger: i32 = FIN_TIMEOUT;
    deferAccept: i32 = 0;
    windowClamp: i32 = 0;
    userTimeout: i32 = 0;
    fastOpen: i32 = 0;
    notSentLow: i32 = -1;
    maximumSegment: i32 = 0;
    reno: bool = false;

    copy(): TcpOptions {
        const copy = new TcpOptions();
        memory.copy(changetype<usize>(copy), changetype<usize>(this), offsetof<TcpOptions>());
        return copy;
    }
}

const defaults: TcpOptions = new TcpOptions();

function changeable(socket: TcpSocket): TcpOptions {
    let options = socket.tcp;
    if (options === null) {
        options = new TcpOptions();
        socket.tcp = options;
    }
    return options;
}

function isText(address: usize, length: i32, text: string): bool {
    if (length < text.length || (length > text.length && load<u8>(address + text.length) != 0)) return false;
    for (let i = 0; i < text.length; i++) {
        if (<i32>load<u8>(address + i) != text.charCodeAt(i)) return false;
    }
    return true;
}

function setCongestion(socket: TcpSocket, address: u64, length: i32): i64 {
    if (length < 1) return -EINVAL;
    const size = min(length, NAME_MAXIMUM - 1);
    if (copyIn(optionScratch, address, size) != 0) return -EFAULT;
    const reno = isText(optionScratch, size, RENO);
    if (!reno && !isText(optionScratch, size, CUBIC)) return -ENOENT;
    changeable(socket).reno = reno;
    return 0;
}

export function setTcpOption(socket: TcpSocket, name: i32, address: u64, length: i32): i64 {
    if (name == TCP_CONGESTION) return setCongestion(socket, address, length);
    if (name == TCP_ULP) return unsupported("setsockopt: TCP_ULP", ENOENT);
    const error = readNumber(address, length);
    if (error != 0) return error;
    const value = optionNumber;
    switch (name) {
        case TCP_NODELAY:
            changeable(socket).noDelay = value != 0;
            return 0;
        case TCP_CORK:
            changeable(socket).cork = value != 0;
            return 0;
        case TCP_QUICKACK:
            changeable(socket).quickAcknowledge = value != 0;
            return 0;
        case TCP_MAXSEG:
            if (value != 0 && (value < SEGMENT_MINIMUM || value > SEGMENT_MAXIMUM)) return -EINVAL;
            changeable(socket).maximumSegment = value;
            return 0;
        case TCP_KEEPIDLE:
            if (value < 1 || value > KEEP_MAXIMUM) return -EINVAL;
            changeable(socket).keepIdle = value;
            return 0;
        case TCP_KEEPINTVL:
            if (value < 1 || value > KEEP_MAXIMUM) return -EINVAL;
            changeable(socket).keepInterval = value;
            return 0;
        case TCP_KEEPCNT:
            if (value < 1 || value > KEEP_COUNT_MAXIMUM) return -EINVAL;
            changeable(socket).keepCount = value;
            return 0;
        case TCP_SYNCNT:
            if (value < 1 || value > SYN_COUNT_MAXIMUM) return -EINVAL;
            changeable(socket).synCount = value;
            return 0;
        case TCP_LINGER2:
            changeable(socket).linger =
                value < 0 ? -1 : value > LINGER_MAXIMUM ? LINGER_MAXIMUM : value == 0 ? FIN_TIMEOUT : value;
            return 0;
        case TCP_DEFER_ACCEPT:
            changeable(socket).deferAccept = retransmissionTime(value);
            return 0;
        case TCP_WINDOW_CLAMP:
            if (value == 0 && socket.state != TCP_CLOSE) return -EINVAL;
            changeable(socket).windowClamp = max(value, 0);
            return 0;
        case TCP_USER_TIMEOUT:
            if (value < 0) return -EINVAL;
            changeable(socket).userTimeout = value;
            return 0;
        case TCP_FASTOPEN:
            if (value < 0 || (socket.state != TCP_CLOSE && socket.state != TCP_LISTEN)) return -EINVAL;
            changeable(socket).fastOpen = value;
            return 0;
        case TCP_FASTOPEN_CONNECT:
            if (value != 0 && value != 1) return -EINVAL;
            return value == 0 ? 0 : unsupported("setsockopt: TCP_FASTOPEN_CONNECT", ENOPROTOOPT);
        case TCP_NOTSENT_LOWAT:
            changeable(socket).notSentLow = value;
            return 0;
        default:
            return -ENOPROTOOPT;
    }
}

/** TCP_DEFER_ACCEPT is kept as retransmissions: 1, 3, 7, 15, ... seconds. */
function retransmissionTime(seconds: i32): i32 {
    if (seconds <= 0) return 0;
    let time = 1;
    let step = 1;
    while (time < seconds && step < 120) {
        step = min(step << 1, 120);
        time += step;
    }
    return time;
}

function putInfo(socket: TcpSocket, to: usize): i64 {
    memory.fill(to, 0, INFO_SIZE);
    store<u8>(to, <u8>socket.visibleState);
    if (socket.state == TCP_LISTEN) {
        // As on Linux: connections to be accepted, and how many may wait.
        store<u32>(to, socket.pendingCount, 24);
        store<u32>(to, socket.backlog, 28);
        return INFO_SIZE;
    }
    const segment = segmentOf(socket);
    // The timer's and the path's first values: nothing is ever lost here.
    store<u32>(to, 200_000, 8);
    store<u32>(to, segment, 16);
    store<u32>(to, SEGMENT_DEFAULT, 20);
    store<u32>(to, 65536, 60);
    store<u32>(to, 0x7fff_ffff, 76);
    store<u32>(to, 10, 80);
    store<u32>(to, segment, 84);
    store<u32>(to, 3, 88);
    store<u32>(to, socket.receiveBuffer >> 1, 96);
    return INFO_SIZE;
}

function segmentOf(socket: TcpSocket): i32 {
    const options = socket.tcp;
    const chosen = options === null ? 0 : options.maximumSegment;
    if (socket.state != TCP_ESTABLISHED) return chosen != 0 ? chosen : SEGMENT_DEFAULT;
    const segment = socket.domain == AF_INET ? SEGMENT_LOOPBACK : SEGMENT_LOOPBACK6;
    return chosen != 0 ? min(chosen, segment) : segment;
}

export function getTcpOption(socket: TcpSocket, name: i32, to: usize, capacity: i32): i64 {
    const own = socket.tcp;
    const options = own === null ? defaults : own;
    switch (name) {
        case TCP_NODELAY:
            return putNumber(to, options.noDelay ? 1 : 0);
        case TCP_CORK:
            return putNumber(to, options.cork ? 1 : 0);
        case TCP_QUICKACK:
            return putNumber(to, options.quickAcknowledge ? 1 : 0);
        case TCP_MAXSEG:
            return putNumber(to, segmentOf(socket));
        case TCP_KEEPIDLE:
            return putNumber(to, options.keepIdle);
        case TCP_KEEPINTVL:
            return putNumber(to, options.keepInterval);
        case TCP_KEEPCNT:
            return putNumber(to, options.keepCount);
        case TCP_SYNCNT:
            return putNumber(to, options.synCount);
        case TCP_LINGER2:
            return putNumber(to, options.linger);
        case TCP_DEFER_ACCEPT:
            return putNumber(to, options.deferAccept);
        case TCP_WINDOW_CLAMP:
            return putNumber(to, options.windowClamp);
        case TCP_USER_TIMEOUT:
            return putNumber(to, options.userTimeout);
        case TCP_FASTOPEN:
            return putNumber(to, options.fastOpen);
        case TCP_FASTOPEN_CONNECT:
            return putNumber(to, 0);
        case TCP_NOTSENT_LOWAT:
            return putNumber(to, options.notSentLow);
        case TCP_INFO:
            return putInfo(socket, to);
        case TCP_CONGESTION: {
            const text = options.reno ? RENO : CUBIC;
            memory.fill(to, 0, NAME_MAXIMUM);
            for (let i = 0; i < text.length; i++) store<u8>(to + i, <u8>text.charCodeAt(i));
            return NAME_MAXIMUM;
        }
        default:
            return -ENOPROTOOPT;
    }
}
