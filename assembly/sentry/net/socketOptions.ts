// SPDX-License-Identifier: Apache-2.0
//
// Options of the level SOL_SOCKET (socket(7)).

import { EDOM, EFAULT, EINVAL, ENODEV, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../kernel/errno";
import { NANOSECONDS } from "../kernel/clock";
import { copyIn } from "../memory/userMemory";
import { unsupported } from "../syscalls/unsupported";
import { AF_UNIX } from "./constants";
import { LOOPBACK_INDEX } from "./interfaces";
import { optionNumber, optionScratch, putNumber, readNumber } from "./optionValue";
import {
    BUFFER_MAXIMUM,
    OPTION_BROADCAST,
    OPTION_DEBUG,
    OPTION_DONT_ROUTE,
    OPTION_KEEP_ALIVE,
    OPTION_NO_CHECK,
    OPTION_OOB_INLINE,
    OPTION_PASS_CREDENTIALS,
    OPTION_REUSE_ADDRESS,
    OPTION_REUSE_PORT,
    OPTION_TIMESTAMP,
    OPTION_TIMESTAMP_NANOSECONDS,
    Socket,
} from "./socket";
import { UnixSocket } from "./unixSocket";

const SO_DEBUG: i32 = 1;
const SO_REUSEADDR: i32 = 2;
const SO_TYPE: i32 = 3;
const SO_ERROR: i32 = 4;
const SO_DONTROUTE: i32 = 5;
const SO_BROADCAST: i32 = 6;
const SO_SNDBUF: i32 = 7;
const SO_RCVBUF: i32 = 8;
const SO_KEEPALIVE: i32 = 9;
const SO_OOBINLINE: i32 = 10;
const SO_NO_CHECK: i32 = 11;
const SO_PRIORITY: i32 = 12;
const SO_LINGER: i32 = 13;
const SO_BSDCOMPAT: i32 = 14;
const SO_REUSEPORT: i32 = 15;
const SO_PASSCRED: i32 = 16;
const SO_PEERCRED: i32 = 17;
const SO_RCVLOWAT: i32 = 18;
const SO_SNDLOWAT: i32 = 19;
const SO_RCVTIMEO: i32 = 20;
const SO_SNDTIMEO: i32 = 21;
const SO_BINDTODEVICE: i32 = 25;
const SO_ATTACH_FILTER: i32 = 26;
const SO_DETACH_FILTER: i32 = 27;
const SO_PEERNAME: i32 = 28;
const SO_TIMESTAMP: i32 = 29;
const SO_ACCEPTCONN: i32 = 30;
const SO_SNDBUFFORCE: i32 = 32;
const SO_RCVBUFFORCE: i32 = 33;
const SO_PASSSEC: i32 = 34;
const SO_TIMESTAMPNS: i32 = 35;
const SO_MARK: i32 = 36;
const SO_TIMESTAMPING: i32 = 37;
const SO_PROTOCOL: i32 = 38;
const SO_DOMAIN: i32 = 39;
const SO_PEEK_OFF: i32 = 42;
const SO_BUSY_POLL: i32 = 46;
const SO_INCOMING_CPU: i32 = 49;
const SO_ATTACH_BPF: i32 = 50;
const SO_ATTACH_REUSEPORT_CBPF: i32 = 51;
const SO_ATTACH_REUSEPORT_EBPF: i32 = 52;
const SO_COOKIE: i32 = 57;
const SO_ZEROCOPY: i32 = 60;
const SO_BINDTOIFINDEX: i32 = 62;
const SO_RCVTIMEO_NEW: i32 = 66;
const SO_SNDTIMEO_NEW: i32 = 67;

/** Linux's SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF. */
const SEND_BUFFER_MINIMUM: u32 = 4608;
const RECEIVE_BUFFER_MINIMUM: u32 = 2304;
/** Priorities that anybody may ask for: 0 to this. */
const PRIORITY_MAXIMUM: i32 = 6;
/** Timeouts longer than this (292 years) are for ever. */
const SECONDS_MAXIMUM: i64 = 9_000_000_000;
/** Linux's IFNAMSIZ. */
const INTERFACE_NAME_MAXIMUM: i32 = 16;

function flag(socket: Socket, bit: u32): i64 {
    if (optionNumber != 0) socket.options |= bit;
    else socket.options &= ~bit;
    return 0;
}

/** What setsockopt read by readTimeout: nanoseconds, 0 = for ever. */
let timeoutRead: u64 = 0;

/** Reads a struct timeval. 0 or a negative errno. */
function readTimeout(address: u64, length: i32): i64 {
    if (length < 16) return -EINVAL;
    if (copyIn(optionScratch, address, 16) != 0) return -EFAULT;
    const seconds = load<i64>(optionScratch);
    const microseconds = load<i64>(optionScratch, 8);
    if (microseconds < 0 || microseconds >= 1_000_000) return -EDOM;
    timeoutRead = 0;
    // A negative timeout means that nothing is waited for.
    if (seconds < 0) timeoutRead = 1;
    else if (seconds < SECONDS_MAXIMUM) timeoutRead = <u64>seconds * NANOSECONDS + <u64>microseconds * 1000;
    return 0;
}

/** setsockopt(2). 0 or a negative errno. */
export function setSocketOption(socket: Socket, name: i32, address: u64, length: i32): i64 {
    switch (name) {
        case SO_BINDTODEVICE:
            return bindToDevice(socket, address, length);
        case SO_RCVTIMEO:
        case SO_RCVTIMEO_NEW:
        case SO_SNDTIMEO:
        case SO_SNDTIMEO_NEW: {
            const problem = readTimeout(address, length);
            if (problem != 0) return problem;
            if (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW) socket.receiveTimeout = timeoutRead;
            else socket.sendTimeout = timeoutRead;
            return 0;
        }
    }
    const error = readNumber(address, length);
    if (error != 0) return error;
    const value = optionNumber;
    switch (name) {
        case SO_DEBUG:
            // CAP_NET_ADMIN is not among the container's capabilities.
            return value != 0 ? -EPERM : 0;
        case SO_REUSEADDR:
            return flag(socket, OPTION_REUSE_ADDRESS);
        case SO_REUSEPORT:
            return flag(socket, OPTION_REUSE_PORT);
        case SO_DONTROUTE:
            return flag(socket, OPTION_DONT_ROUTE);
        case SO_BROADCAST:
            return flag(socket, OPTION_BROADCAST);
        case SO_KEEPALIVE:
            return flag(socket, OPTION_KEEP_ALIVE);
        case SO_OOBINLINE:
            return flag(socket, OPTION_OOB_INLINE);
        case SO_NO_CHECK:
            return flag(socket, OPTION_NO_CHECK);
        case SO_PASSCRED:
            return flag(socket, OPTION_PASS_CREDENTIALS);
        case SO_TIMESTAMP:
            socket.options &= ~OPTION_TIMESTAMP_NANOSECONDS;
            return flag(socket, OPTION_TIMESTAMP);
        case SO_TIMESTAMPNS:
            flag(socket, OPTION_TIMESTAMP_NANOSECONDS);
            return flag(socket, OPTION_TIMESTAMP);
        case SO_SNDBUF:
            socket.sendBuffer = max(SEND_BUFFER_MINIMUM, min(<u32>value, BUFFER_MAXIMUM) << 1);
            socket.sendBufferSet = true;
            socket.queue.wake();
            return 0;
        case SO_RCVBUF:
            socket.receiveBuffer = max(RECEIVE_BUFFER_MINIMUM, min(<u32>value, BUFFER_MAXIMUM) << 1);
            socket.receiveBufferSet = true;
            return 0;
        case SO_SNDBUFFORCE:
        case SO_RCVBUFFORCE:
        case SO_MARK:
            return -EPERM;
        case SO_PRIORITY:
            if (value < 0 || value > PRIORITY_MAXIMUM) return -EPERM;
            socket.priority = value;
            return 0;
        case SO_LINGER:
            if (length < 8) return -EINVAL;
            if (copyIn(optionScratch, address, 8) != 0) return -EFAULT;
            socket.linger = load<i32>(optionScratch) == 0 ? -1 : max(0, load<i32>(optionScratch, 4));
            return 0;
        case SO_RCVLOWAT:
            socket.receiveLow = value < 0 ? i32.MAX_VALUE : max(value, 1);
            return 0;
        case SO_INCOMING_CPU:
        case SO_BSDCOMPAT:
        case SO_PASSSEC:
            // Without effect here, and on a Linux without a security module.
            return 0;
        case SO_BINDTOIFINDEX:
            if (value != 0 && value != LOOPBACK_INDEX) return value < 0 ? -EINVAL : -ENODEV;
            socket.boundInterface = value;
            return 0;
        case SO_BUSY_POLL:
            return -EPERM;
        case SO_PEEK_OFF:
            return unsupported("setsockopt: SO_PEEK_OFF", EOPNOTSUPP);
        case SO_ZEROCOPY:
            return value == 0 ? 0 : unsupported("setsockopt: SO_ZEROCOPY", EOPNOTSUPP);
        case SO_TIMESTAMPING:
            return value == 0 ? 0 : unsupported("setsockopt: SO_TIMESTAMPING", EINVAL);
        case SO_ATTACH_FILTER:
        case SO_DETACH_FILTER:
        case SO_ATTACH_BPF:
        case SO_ATTACH_REUSEPORT_CBPF:
        case SO_ATTACH_REUSEPORT_EBPF:
            return unsupported("setsockopt: socket filters", ENOPROTOOPT);
        default:
            return -ENOPROTOOPT;
    }
}

function bindToDevice(socket: Socket, address: u64, length: i32): i64 {
    if (length < 0) return -EINVAL;
    const size = min(length, INTERFACE_NAME_MAXIMUM - 1);
    memory.fill(optionScratch, 0, INTERFACE_NAME_MAXIMUM);
    if (copyIn(optionScratch, address, size) != 0) return -EFAULT;
    if (load<u8>(optionScratch) == 0) {
        socket.boundInterface = 0;
        return 0;
    }
    // "lo".
    if ((load<u32>(optionScratch) & 0xffffff) != 0x6f6c) return -ENODEV;
    socket.boundInterface = LOOPBACK_INDEX;
    return 0;
}

function putFlag(socket: Socket, bit: u32, to: usize): i64 {
    return putNumber(to, socket.option(bit) ? 1 : 0);
}

function putTimeout(to: usize, timeout: u64): i64 {
    store<u64>(to, timeout / NANOSECONDS);
    store<u64>(to, (timeout % NANOSECONDS) / 1000, 8);
    return 16;
}

/** getsockopt(2): writes the value to `to`. The result is its length or a negative errno. */
export function getSocketOption(socket: Socket, name: i32, to: usize, capacity: i32): i64 {
    switch (name) {
        case SO_DEBUG:
        case SO_BSDCOMPAT:
        case SO_PASSSEC:
        case SO_MARK:
        case SO_BUSY_POLL:
        case SO_ZEROCOPY:
        case SO_TIMESTAMPING:
            return putNumber(to, 0);
        case SO_REUSEADDR:
            return putFlag(socket, OPTION_REUSE_ADDRESS, to);
        case SO_REUSEPORT:
            return putFlag(socket, OPTION_REUSE_PORT, to);
        case SO_DONTROUTE:
            return putFlag(socket, OPTION_DONT_ROUTE, to);
        case SO_BROADCAST:
            return putFlag(socket, OPTION_BROADCAST, to);
        case SO_KEEPALIVE:
            return putFlag(socket, OPTION_KEEP_ALIVE, to);
        case SO_OOBINLINE:
            return putFlag(socket, OPTION_OOB_INLINE, to);
        case SO_NO_CHECK:
            return putFlag(socket, OPTION_NO_CHECK, to);
        case SO_PASSCRED:
            return putFlag(socket, OPTION_PASS_CREDENTIALS, to);
        case SO_TIMESTAMP:
            return putNumber(
                to,
                socket.option(OPTION_TIMESTAMP) && !socket.option(OPTION_TIMESTAMP_NANOSECONDS) ? 1 : 0,
            );
        case SO_TIMESTAMPNS:
            return putFlag(socket, OPTION_TIMESTAMP_NANOSECONDS, to);
        case SO_TYPE:
            return putNumber(to, socket.type);
        case SO_DOMAIN:
            return putNumber(to, socket.domain);
        case SO_PROTOCOL:
            return putNumber(to, socket.protocol);
        case SO_ERROR:
            return putNumber(to, -(<i32>socket.takeError()));
        case SO_ACCEPTCONN:
            return putNumber(to, socket.isListening() ? 1 : 0);
        case SO_SNDBUF:
            return putNumber(to, socket.sendBuffer);
        case SO_RCVBUF:
            return putNumber(to, socket.receiveBuffer);
        case SO_PRIORITY:
            return putNumber(to, socket.priority);
        case SO_LINGER:
            store<i32>(to, socket.linger < 0 ? 0 : 1);
            store<i32>(to, max(socket.linger, 0), 4);
            return 8;
        case SO_RCVLOWAT:
            return putNumber(to, socket.receiveLow);
        case SO_SNDLOWAT:
            return putNumber(to, 1);
        case SO_RCVTIMEO:
        case SO_RCVTIMEO_NEW:
            return putTimeout(to, socket.receiveTimeout);
        case SO_SNDTIMEO:
        case SO_SNDTIMEO_NEW:
            return putTimeout(to, socket.sendTimeout);
        case SO_PEERCRED: {
            const isUnix = socket instanceof UnixSocket;
            store<i32>(to, isUnix ? (<UnixSocket>socket).peerPid : 0);
            store<u32>(to, isUnix ? (<UnixSocket>socket).peerUser : 0xffff_ffff, 4);
            store<u32>(to, isUnix ? (<UnixSocket>socket).peerGroup : 0xffff_ffff, 8);
            return 12;
        }
        case SO_PEERNAME:
            return socket.peerName(to);
        case SO_INCOMING_CPU:
            return putNumber(to, -1);
        case SO_PEEK_OFF:
            return socket.domain == AF_UNIX ? putNumber(to, -1) : -EOPNOTSUPP;
        case SO_COOKIE:
            if (capacity < 8) return -EINVAL;
            store<u64>(to, socket.cookie);
            return 8;
        case SO_BINDTOIFINDEX:
            return putNumber(to, socket.boundInterface);
        case SO_BINDTODEVICE:
            if (socket.boundInterface == 0) return 0;
            if (capacity < INTERFACE_NAME_MAXIMUM) return -EINVAL;
            store<u32>(to, 0x6f6c);
            return 3;
        default:
            return -ENOPROTOOPT;
    }
}
