// SPDX-License-Identifier: Apache-2.0
//
// Making, naming and connecting sockets, and their options. syscalls/message.ts sends and receives.

import {
    SYS_accept,
    SYS_accept4,
    SYS_bind,
    SYS_connect,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_listen,
    SYS_setsockopt,
    SYS_shutdown,
    SYS_socket,
    SYS_socketpair,
} from "../arch/systemCalls";
import { fail, failure } from "../fs/inode";
import { O_CLOEXEC, O_NONBLOCK, O_PATH, OpenFile } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import {
    EACCES,
    EAFNOSUPPORT,
    EAGAIN,
    EBADF,
    EFAULT,
    EINVAL,
    EMFILE,
    ENOTSOCK,
    EOPNOTSUPP,
    EPERM,
    EPROTONOSUPPORT,
    ESOCKTNOSUPPORT,
} from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { copiedIn, copyIn, copyIn32, copyOut, copyOut32 } from "../memory/userMemory";
import {
    ADDRESS_MAXIMUM,
    AF_INET,
    AF_INET6,
    AF_MAXIMUM,
    AF_NETLINK,
    AF_PACKET,
    AF_UNIX,
    IPPROTO_ICMP,
    IPPROTO_IP,
    IPPROTO_MAXIMUM,
    IPPROTO_TCP,
    IPPROTO_UDP,
    SOCK_DGRAM,
    SOCK_MAXIMUM,
    SOCK_RAW,
    SOCK_SEQPACKET,
    SOCK_STREAM,
    SOCK_TYPE_MASK,
    SOL_SOCKET,
} from "../net/constants";
import { givenAddress, setGivenLength } from "../net/exchange";
import { NETLINK_KOBJECT_UEVENT, NETLINK_ROUTE, NetlinkSocket } from "../net/netlinkSocket";
import { OPTION_VALUE_MAXIMUM, optionScratch } from "../net/optionValue";
import { Socket } from "../net/socket";
import { getSocketOption, setSocketOption } from "../net/socketOptions";
import { TcpSocket } from "../net/tcpSocket";
import { UdpSocket } from "../net/udpSocket";
import { UnixSocket } from "../net/unixSocket";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

/** SOCK_NONBLOCK and SOCK_CLOEXEC are the flags of open(2). */
const FLAGS: u32 = O_NONBLOCK | O_CLOEXEC;

// ---------------------------------------------------------------- descriptors and addresses

/** The socket of a descriptor, or null: see `failure`. */
export function socketOf(descriptor: u64): Socket | null {
    const file = fileOf(descriptor);
    if (file === null) return null;
    if (file instanceof Socket) return <Socket>file;
    fail((file.flags & O_PATH) != 0 ? -EBADF : -ENOTSOCK);
    return null;
}

/** Reads an address argument to givenAddress. 0 or a negative errno. */
export function readAddress(address: u64, length_: u64): i64 {
    const length = <i32>length_;
    if (length < 0 || length > ADDRESS_MAXIMUM) return -EINVAL;
    // What the program leaves out reads as zero.
    memory.fill(givenAddress, 0, 32);
    if (copyIn(givenAddress, address, length) != 0) return -EFAULT;
    setGivenLength(length);
    return 0;
}

/** Writes an address, cut to the room that the i32 at `lengthAddress` says, and its real length there. 0 or a negative errno. */
export function writeAddressOut(from: usize, length: i32, address: u64, lengthAddress: u64): i64 {
    if (copyIn32(lengthAddress) != 0) return -EFAULT;
    const room = <i32>copiedIn;
    if (room < 0) return -EINVAL;
    if (copyOut(address, from, min(room, length)) != 0) return -EFAULT;
    return copyOut32(lengthAddress, length);
}

const nameScratch: usize = reserveBuffer(ADDRESS_MAXIMUM);

// ---------------------------------------------------------------- socket

/** A new socket, or null: see `failure`. */
function makeSocket(family: u32, type: u32, protocol: i32): Socket | null {
    let problem: i64 = -EAFNOSUPPORT;
    if (family >= AF_MAXIMUM) problem = -EAFNOSUPPORT;
    else if (type >= SOCK_MAXIMUM) problem = -EINVAL;
    else if (family == AF_UNIX) {
        // SOCK_RAW is another name for SOCK_DGRAM here.
        const kind = type == SOCK_RAW ? SOCK_DGRAM : type;
        if (protocol != 0 && protocol != <i32>AF_UNIX) problem = -EPROTONOSUPPORT;
        else if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET)
            problem = -ESOCKTNOSUPPORT;
        else return new UnixSocket(kind);
    } else if (family == AF_INET || family == AF_INET6) {
        if (protocol < 0 || protocol >= IPPROTO_MAXIMUM) problem = -EINVAL;
        else if (type == SOCK_STREAM) {
            if (protocol == IPPROTO_IP || protocol == IPPROTO_TCP) return new TcpSocket(family);
            problem = -EPROTONOSUPPORT;
        } else if (type == SOCK_DGRAM) {
            if (protocol == IPPROTO_IP || protocol == IPPROTO_UDP) return new UdpSocket(family);
            // net.ipv4.ping_group_range is empty by default.
            problem = protocol == IPPROTO_ICMP && family == AF_INET ? -EACCES : -EPROTONOSUPPORT;
        } else if (type == SOCK_RAW) {
            problem = protocol == IPPROTO_IP ? -EPROTONOSUPPORT : unsupported("socket: SOCK_RAW", EPERM);
        } else {
            problem = -ESOCKTNOSUPPORT;
        }
    } else if (family == AF_NETLINK) {
        if (type != SOCK_RAW && type != SOCK_DGRAM) problem = -ESOCKTNOSUPPORT;
        else if (protocol == NETLINK_ROUTE || protocol == NETLINK_KOBJECT_UEVENT) {
            return new NetlinkSocket(type, protocol);
        } else problem = -EPROTONOSUPPORT;
    } else if (family == AF_PACKET) {
        problem = unsupported("socket: AF_PACKET", EAFNOSUPPORT);
    }
    fail(problem);
    return null;
}

function addDescriptor(file: OpenFile, flags: u32): i64 {
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    file.flags |= flags & O_NONBLOCK;
    return current.process.fileDescriptors.add(file, (flags & O_CLOEXEC) != 0, limit);
}

function socket(family: u64, type_: u64, protocol: u64, d: u64, e: u64, f: u64): i64 {
    const type = <u32>type_;
    if ((type & ~SOCK_TYPE_MASK & ~FLAGS) != 0) return -EINVAL;
    const made = makeSocket(<u32>family, type & SOCK_TYPE_MASK, <i32>protocol);
    if (made === null) return failure;
    const descriptor = addDescriptor(made, type);
    if (descriptor < 0) made.release();
    return descriptor;
}

function socketpair(family: u64, type_: u64, protocol: u64, address: u64, e: u64, f: u64): i64 {
    const type = <u32>type_;
    if ((type & ~SOCK_TYPE_MASK & ~FLAGS) != 0) return -EINVAL;
    const first = makeSocket(<u32>family, type & SOCK_TYPE_MASK, <i32>protocol);
    if (first === null) return failure;
    if (!(first instanceof UnixSocket)) {
        first.release();
        return -EOPNOTSUPP;
    }
    const second = new UnixSocket(first.type);
    (<UnixSocket>first).pairWith(second);
    const table = current.process.fileDescriptors;
    const one = addDescriptor(first, type);
    if (one < 0) {
        first.release();
        second.release();
        return one;
    }
    const two = addDescriptor(second, type);
    if (two < 0) {
        table.close(<i32>one);
        second.release();
        return two;
    }
    store<i32>(nameScratch, <i32>one);
    store<i32>(nameScratch, <i32>two, 4);
    if (copyOut(address, nameScratch, 8) == 0) return 0;
    table.close(<i32>one);
    table.close(<i32>two);
    return -EFAULT;
}

// ---------------------------------------------------------------- names and connections

function bind(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    const error = readAddress(address, length);
    return error != 0 ? error : file.bind();
}

function listen(descriptor: u64, backlog: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    return file === null ? failure : file.listen(<i32>backlog);
}

function accept(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    return accept4(descriptor, address, length, 0, 0, 0);
}

function accept4(descriptor: u64, address: u64, length: u64, flags: u64, e: u64, f: u64): i64 {
    if (((<u32>flags) & ~FLAGS) != 0) return -EINVAL;
    const listener = socketOf(descriptor);
    if (listener === null) return failure;
    const table = current.process.fileDescriptors;
    if (!table.hasRoom(current.process.limits.soft[RLIMIT_NOFILE])) return -EMFILE;
    const made = listener.acceptNow();
    if (made === null) return failure == -EAGAIN ? listener.waitToAccept() : failure;
    const result = addDescriptor(made, <u32>flags);
    if (result < 0) {
        made.release();
        return result;
    }
    if (address == 0) return result;
    const size = made.peerName(nameScratch);
    // A peer that has gone already has no name to be told.
    const error = writeAddressOut(nameScratch, size < 0 ? 0 : <i32>size, address, length);
    if (error == 0) return result;
    table.close(<i32>result);
    return error;
}

function connect(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    const error = readAddress(address, length);
    if (error != 0) return error;
    return <i32>length < 2 ? -EINVAL : file.connect(file.isNonBlocking());
}

function shutdown(descriptor: u64, how: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    return file === null ? failure : file.shutdown(<i32>how);
}

function getsockname(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    const size = file.localName(nameScratch);
    return size < 0 ? size : writeAddressOut(nameScratch, <i32>size, address, length);
}

function getpeername(descriptor: u64, address: u64, length: u64, d: u64, e: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    const size = file.peerName(nameScratch);
    return size < 0 ? size : writeAddressOut(nameScratch, <i32>size, address, length);
}

// ---------------------------------------------------------------- options

function setsockopt(descriptor: u64, level: u64, name: u64, address: u64, length: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    if (<i32>length < 0) return -EINVAL;
    if (<i32>level == SOL_SOCKET) return setSocketOption(file, <i32>name, address, <i32>length);
    return file.setFamilyOption(<i32>level, <i32>name, address, <i32>length);
}

function getsockopt(descriptor: u64, level: u64, name: u64, address: u64, length: u64, f: u64): i64 {
    const file = socketOf(descriptor);
    if (file === null) return failure;
    if (copyIn32(length) != 0) return -EFAULT;
    const room = <i32>copiedIn;
    // Only levels that exist have an opinion of the length.
    if (room < 0 && <i32>level == SOL_SOCKET) return -EINVAL;
    const capacity = min(room, OPTION_VALUE_MAXIMUM);
    const size =
        <i32>level == SOL_SOCKET
            ? getSocketOption(file, <i32>name, optionScratch, capacity)
            : file.getFamilyOption(<i32>level, <i32>name, optionScratch, capacity);
    if (size < 0) return size;
    if (room < 0) return -EINVAL;
    const shown = min(<i32>size, room);
    if (copyOut(address, optionScratch, shown) != 0) return -EFAULT;
    return copyOut32(length, shown);
}

export function registerSocketCalls(): void {
    // Partial: AF_PACKET and SOCK_RAW are refused, and addresses beyond the container are unreachable.
    define(SYS_socket, socket, "dxd");
    define(SYS_socketpair, socketpair, "dxdP");
    define(SYS_bind, bind, "fpu");
    define(SYS_listen, listen, "fd");
    define(SYS_accept, accept, "fpp");
    define(SYS_accept4, accept4, "fppx");
    define(SYS_connect, connect, "fpu");
    define(SYS_getsockname, getsockname, "fpp");
    define(SYS_getpeername, getpeername, "fpp");
    define(SYS_shutdown, shutdown, "fd");
    // Partial: SO_PEEK_OFF, SO_ZEROCOPY, SO_TIMESTAMPING, filters, TCP_ULP and TCP_FASTOPEN_CONNECT are refused.
    define(SYS_setsockopt, setsockopt, "fddpu");
    define(SYS_getsockopt, getsockopt, "fddpp");
}
