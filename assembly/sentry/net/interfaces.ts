// SPDX-License-Identifier: Apache-2.0
//
// The container's network interface, lo, and the ioctls of sockets (netdevice(7), tcp(7), udp(7), unix(7)).

import { O_ASYNC } from "../fs/openFile";
import { ownerOf, setOwner } from "../fs/signalOwner";
import { EFAULT, EINVAL, ENODEV, ENOTTY, EOPNOTSUPP, EPERM } from "../kernel/errno";
import { copiedIn, copyIn, copyIn32, copyIn64, copyOut, copyOut32 } from "../memory/userMemory";
import { AF_INET } from "./constants";
import { Socket } from "./socket";
import { TcpSocket } from "./tcpSocket";
import { reserveBuffer } from "../memory/buffers";

export const LOOPBACK_INDEX: i32 = 1;
export const LOOPBACK_MTU: i32 = 65536;
/** IFF_UP, IFF_LOOPBACK, IFF_RUNNING; rtnetlink shows IFF_LOWER_UP, too. */
export const LOOPBACK_FLAGS: u32 = 0x49;
/** ARPHRD_LOOPBACK. */
export const LOOPBACK_TYPE: u32 = 772;
export const TRANSMIT_QUEUE_LENGTH: u32 = 1000;
/** "lo" in four bytes. */
const LOOPBACK_NAME: u32 = 0x6f6c;

const FIONREAD: u32 = 0x541b;
const SIOCOUTQ: u32 = 0x5411;
const FIOASYNC: u32 = 0x5452;
const FIOSETOWN: u32 = 0x8901;
const SIOCSPGRP: u32 = 0x8902;
const FIOGETOWN: u32 = 0x8903;
const SIOCGPGRP: u32 = 0x8904;
const SIOCATMARK: u32 = 0x8905;
const SIOCGIFNAME: u32 = 0x8910;
const SIOCGIFCONF: u32 = 0x8912;
const SIOCGIFFLAGS: u32 = 0x8913;
const SIOCSIFFLAGS: u32 = 0x8914;
const SIOCGIFADDR: u32 = 0x8915;
const SIOCSIFADDR: u32 = 0x8916;
const SIOCGIFDSTADDR: u32 = 0x8917;
const SIOCGIFBRDADDR: u32 = 0x8919;
const SIOCSIFBRDADDR: u32 = 0x891a;
const SIOCGIFNETMASK: u32 = 0x891b;
const SIOCSIFNETMASK: u32 = 0x891c;
const SIOCGIFMETRIC: u32 = 0x891d;
const SIOCSIFMTU: u32 = 0x8922;
const SIOCGIFMTU: u32 = 0x8921;
const SIOCSIFHWADDR: u32 = 0x8924;
const SIOCGIFHWADDR: u32 = 0x8927;
const SIOCGIFINDEX: u32 = 0x8933;
const SIOCGIFTXQLEN: u32 = 0x8942;
const SIOCETHTOOL: u32 = 0x8946;
const SIOCGIFMAP: u32 = 0x8970;

/** struct ifreq: a name of 16 bytes, then the union. */
const REQUEST_SIZE: i32 = 40;
const REQUEST_VALUE: i32 = 16;
const request: usize = reserveBuffer(REQUEST_SIZE);

/** ioctl(2) of a socket: -ENOTTY for what is not a socket's. */
export function networkIoctl(socket: Socket, number: u32, argument: u64): i64 {
    switch (number) {
        case FIONREAD: {
            const bytes = socket.bytesToReceive();
            return bytes < 0 ? bytes : copyOut32(argument, <u32>bytes);
        }
        case SIOCOUTQ: {
            const bytes = socket.bytesSent();
            return bytes < 0 ? bytes : copyOut32(argument, <u32>bytes);
        }
        case FIOASYNC:
            if (copyIn32(argument) != 0) return -EFAULT;
            if (copiedIn != 0) socket.flags |= O_ASYNC;
            else socket.flags &= ~O_ASYNC;
            return 0;
        case FIOSETOWN:
        case SIOCSPGRP:
            if (copyIn32(argument) != 0) return -EFAULT;
            return setOwner(socket, <i32>copiedIn);
        case FIOGETOWN:
        case SIOCGPGRP:
            return copyOut32(argument, ownerOf(socket));
        case SIOCATMARK:
            if (!(socket instanceof TcpSocket)) return -ENOTTY;
            return copyOut32(argument, (<TcpSocket>socket).isAtMark ? 1 : 0);
        case SIOCGIFCONF:
            return listInterfaces(argument);
        case SIOCGIFNAME:
            if (copyIn(request, argument, REQUEST_SIZE) != 0) return -EFAULT;
            if (load<i32>(request, REQUEST_VALUE) != LOOPBACK_INDEX) return -ENODEV;
            memory.fill(request, 0, REQUEST_VALUE);
            store<u32>(request, LOOPBACK_NAME);
            return copyOut(argument, request, REQUEST_SIZE);
        case SIOCSIFFLAGS:
        case SIOCSIFADDR:
        case SIOCSIFBRDADDR:
        case SIOCSIFNETMASK:
        case SIOCSIFMTU:
        case SIOCSIFHWADDR:
            // CAP_NET_ADMIN is not among the container's capabilities.
            return -EPERM;
        case SIOCGIFFLAGS:
        case SIOCGIFADDR:
        case SIOCGIFDSTADDR:
        case SIOCGIFBRDADDR:
        case SIOCGIFNETMASK:
        case SIOCGIFMETRIC:
        case SIOCGIFMTU:
        case SIOCGIFHWADDR:
        case SIOCGIFINDEX:
        case SIOCGIFTXQLEN:
        case SIOCGIFMAP:
        case SIOCETHTOOL:
            return askInterface(number, argument);
        default:
            return -ENOTTY;
    }
}

function putSocketAddress(to: usize, address: u32): void {
    store<u16>(to, <u16>AF_INET);
    store<u32>(to, bswap<u32>(address), 4);
}

function askInterface(number: u32, argument: u64): i64 {
    if (copyIn(request, argument, REQUEST_SIZE) != 0) return -EFAULT;
    if ((load<u32>(request) & 0xffffff) != LOOPBACK_NAME) return -ENODEV;
    const value = request + REQUEST_VALUE;
    memory.fill(value, 0, REQUEST_SIZE - REQUEST_VALUE);
    switch (number) {
        case SIOCGIFFLAGS:
            store<u16>(value, <u16>LOOPBACK_FLAGS);
            break;
        case SIOCGIFADDR:
        case SIOCGIFDSTADDR:
            putSocketAddress(value, 0x7f00_0001);
            break;
        case SIOCGIFBRDADDR:
            putSocketAddress(value, 0);
            break;
        case SIOCGIFNETMASK:
            putSocketAddress(value, 0xff00_0000);
            break;
        case SIOCGIFMTU:
            store<i32>(value, LOOPBACK_MTU);
            break;
        case SIOCGIFHWADDR:
            store<u16>(value, <u16>LOOPBACK_TYPE);
            break;
        case SIOCGIFINDEX:
            store<i32>(value, LOOPBACK_INDEX);
            break;
        case SIOCGIFTXQLEN:
            store<u32>(value, TRANSMIT_QUEUE_LENGTH);
            break;
        case SIOCETHTOOL:
            return -EOPNOTSUPP;
    }
    return copyOut(argument, request, REQUEST_SIZE);
}

/** SIOCGIFCONF: struct ifconf is an int, the buffer's length, and at 8 its address. */
function listInterfaces(argument: u64): i64 {
    if (copyIn32(argument) != 0) return -EFAULT;
    const length = <i32>copiedIn;
    if (copyIn64(argument + 8) != 0) return -EFAULT;
    const buffer = copiedIn;
    if (length < 0) return -EINVAL;
    let filled = REQUEST_SIZE;
    if (buffer != 0) {
        filled = 0;
        if (length >= REQUEST_SIZE) {
            memory.fill(request, 0, REQUEST_SIZE);
            store<u32>(request, LOOPBACK_NAME);
            putSocketAddress(request + REQUEST_VALUE, 0x7f00_0001);
            if (copyOut(buffer, request, REQUEST_SIZE) != 0) return -EFAULT;
            filled = REQUEST_SIZE;
        }
    }
    return copyOut32(argument, filled);
}
