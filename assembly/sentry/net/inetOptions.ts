// SPDX-License-Identifier: Apache-2.0
//
// Options of the levels IPPROTO_IP (ip(7)) and IPPROTO_IPV6 (ipv6(7)).

import {
    EADDRINUSE,
    EADDRNOTAVAIL,
    EFAULT,
    EINVAL,
    ENOBUFS,
    ENODEV,
    ENOPROTOOPT,
    ENOTCONN,
    EOPNOTSUPP,
    EPERM,
} from "../kernel/errno";
import { copyIn } from "../memory/userMemory";
import { unsupported } from "../syscalls/unsupported";
import { AF_INET6, IPPROTO_IP, IPPROTO_IPV6, SOCK_STREAM } from "./constants";
import { isMulticast, MAPPED } from "./inetAddress";
import { InetSocket } from "./inetSocket";
import { LOOPBACK_INDEX, LOOPBACK_MTU } from "./interfaces";
import { optionNumber, optionScratch, putNumber, readNumber, readNumberOrByte } from "./optionValue";

const IP_TOS: i32 = 1;
const IP_TTL: i32 = 2;
const IP_HDRINCL: i32 = 3;
const IP_OPTIONS: i32 = 4;
const IP_RECVOPTS: i32 = 6;
const IP_RETOPTS: i32 = 7;
const IP_PKTINFO: i32 = 8;
const IP_MTU_DISCOVER: i32 = 10;
const IP_RECVERR: i32 = 11;
const IP_RECVTTL: i32 = 12;
const IP_RECVTOS: i32 = 13;
const IP_MTU: i32 = 14;
const IP_FREEBIND: i32 = 15;
const IP_TRANSPARENT: i32 = 19;
const IP_RECVORIGDSTADDR: i32 = 20;
const IP_MINTTL: i32 = 21;
const IP_BIND_ADDRESS_NO_PORT: i32 = 24;
const IP_MULTICAST_IF: i32 = 32;
const IP_MULTICAST_TTL: i32 = 33;
const IP_MULTICAST_LOOP: i32 = 34;
const IP_ADD_MEMBERSHIP: i32 = 35;
const IP_DROP_MEMBERSHIP: i32 = 36;
const IP_MULTICAST_ALL: i32 = 49;

const IPV6_UNICAST_HOPS: i32 = 16;
const IPV6_MULTICAST_IF: i32 = 17;
const IPV6_MULTICAST_HOPS: i32 = 18;
const IPV6_MULTICAST_LOOP: i32 = 19;
const IPV6_ADD_MEMBERSHIP: i32 = 20;
const IPV6_DROP_MEMBERSHIP: i32 = 21;
const IPV6_MTU_DISCOVER: i32 = 23;
const IPV6_MTU: i32 = 24;
const IPV6_RECVERR: i32 = 25;
const IPV6_V6ONLY: i32 = 26;
const IPV6_RECVPKTINFO: i32 = 49;
const IPV6_RECVHOPLIMIT: i32 = 51;
const IPV6_RECVTCLASS: i32 = 66;
const IPV6_TCLASS: i32 = 67;
const IPV6_FREEBIND: i32 = 78;

/** net.ipv4.ip_default_ttl, and the hop limit of IPv6. */
export const TIME_TO_LIVE_DEFAULT: i32 = 64;
/** IP_PMTUDISC_WANT: what a new socket has; IP_PMTUDISC_OMIT is the last. */
const DISCOVER_WANT: i32 = 1;
const DISCOVER_MAXIMUM: i32 = 5;
/** net.ipv4.igmp_max_memberships. */
const MEMBERSHIPS_MAXIMUM: i32 = 20;

/** Ancillary data that a receiver wants: bits of `wanted`. */
export const WANT_PKTINFO: u32 = 1;
export const WANT_TTL: u32 = 2;
export const WANT_TOS: u32 = 4;
export const WANT_PKTINFO6: u32 = 8;
export const WANT_HOPLIMIT: u32 = 16;
export const WANT_TCLASS: u32 = 32;
export const WANT_ERRORS: u32 = 64;
export const WANT_ERRORS6: u32 = 128;

export class InternetOptions {
    typeOfService: i32 = 0;
    /** -1 = the default. */
    timeToLive: i32 = -1;
    trafficClass: i32 = 0;
    hopLimit: i32 = -1;
    multicastTimeToLive: i32 = 1;
    multicastHops: i32 = 1;
    multicastLoop: bool = true;
    multicastLoop6: bool = true;
    multicastAll: bool = true;
    /** Packets to groups go to the loopback interface; without it they have no route. */
    multicastInterface: bool = false;
    multicastInterfaceAddress: u32 = 0;
    multicastInterface6: bool = false;
    discover: i32 = DISCOVER_WANT;
    discover6: i32 = DISCOVER_WANT;
    minimumTimeToLive: i32 = 0;
    freeBind: bool = false;
    bindAddressNoPort: bool = false;
    wanted: u32 = 0;
    /** Groups that were joined: two words each. */
    groups: StaticArray<u64> = [];

    copy(): InternetOptions {
        const copy = new InternetOptions();
        memory.copy(changetype<usize>(copy), changetype<usize>(this), offsetof<InternetOptions>());
        copy.groups = [];
        return copy;
    }

    /** The index in `groups`, or -1. */
    private find(high: u64, low: u64): i32 {
        for (let i = 0; i < this.groups.length; i += 2) {
            if (this.groups[i] == high && this.groups[i + 1] == low) return i;
        }
        return -1;
    }

    isMember(high: u64, low: u64): bool {
        return this.find(high, low) >= 0;
    }

    join(high: u64, low: u64): i64 {
        if (this.find(high, low) >= 0) return -EADDRINUSE;
        const count = this.groups.length;
        if (count >= 2 * MEMBERSHIPS_MAXIMUM) return -ENOBUFS;
        const groups = new StaticArray<u64>(count + 2);
        for (let i = 0; i < count; i++) groups[i] = this.groups[i];
        groups[count] = high;
        groups[count + 1] = low;
        this.groups = groups;
        return 0;
    }

    leave(high: u64, low: u64): i64 {
        const at = this.find(high, low);
        if (at < 0) return -EADDRNOTAVAIL;
        const count = this.groups.length - 2;
        const groups = new StaticArray<u64>(count);
        for (let i = 0; i < count; i++) groups[i] = this.groups[i < at ? i : i + 2];
        this.groups = groups;
        return 0;
    }
}

const defaults: InternetOptions = new InternetOptions();

/** The socket's options, to be read. */
// @ts-ignore: decorator
@inline
export function optionsOf(socket: InetSocket): InternetOptions {
    const options = socket.internet;
    return options === null ? defaults : options;
}

/** The socket's options, to be changed. */
function changeable(socket: InetSocket): InternetOptions {
    let options = socket.internet;
    if (options === null) {
        options = new InternetOptions();
        socket.internet = options;
    }
    return options;
}

function want(socket: InetSocket, bit: u32): i64 {
    const options = changeable(socket);
    if (optionNumber != 0) options.wanted |= bit;
    else options.wanted &= ~bit;
    return 0;
}

export function setInternetOption(socket: InetSocket, level: i32, name: i32, address: u64, length: i32): i64 {
    if (level == IPPROTO_IP) return setIp(socket, name, address, length);
    if (level == IPPROTO_IPV6) {
        if (socket.domain != AF_INET6) return -ENOPROTOOPT;
        return setIp6(socket, name, address, length);
    }
    return -ENOPROTOOPT;
}

function setIp(socket: InetSocket, name: i32, address: u64, length: i32): i64 {
    if (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP)
        return changeMembership(socket, name == IP_ADD_MEMBERSHIP, address, length);
    if (name == IP_MULTICAST_IF) return setMulticastInterface(socket, address, length);
    if (name == IP_OPTIONS) return length == 0 ? 0 : unsupported("setsockopt: IP_OPTIONS", ENOPROTOOPT);
    const error = readNumberOrByte(address, length);
    if (error != 0) return error;
    const value = optionNumber;
    switch (name) {
        case IP_TOS:
            // The two bits of explicit congestion notification are TCP's own.
            changeable(socket).typeOfService =
                socket.type == SOCK_STREAM
                    ? (value & 0xff & ~3) | (optionsOf(socket).typeOfService & 3)
                    : value & 0xff;
            return 0;
        case IP_TTL:
            if (length < 1 || (value != -1 && (value < 1 || value > 255))) return -EINVAL;
            changeable(socket).timeToLive = value;
            return 0;
        case IP_PKTINFO:
            return want(socket, WANT_PKTINFO);
        case IP_RECVTTL:
            return want(socket, WANT_TTL);
        case IP_RECVTOS:
            return want(socket, WANT_TOS);
        case IP_RECVERR:
            return want(socket, WANT_ERRORS);
        case IP_MTU_DISCOVER:
            if (value < 0 || value > DISCOVER_MAXIMUM) return -EINVAL;
            changeable(socket).discover = value;
            return 0;
        case IP_FREEBIND:
            if (length < 1) return -EINVAL;
            changeable(socket).freeBind = value != 0;
            return 0;
        case IP_TRANSPARENT:
            // CAP_NET_ADMIN is not among the container's capabilities.
            return value != 0 ? -EPERM : 0;
        case IP_MINTTL:
            if (length < 1 || value < 0 || value > 255) return -EINVAL;
            changeable(socket).minimumTimeToLive = value;
            return 0;
        case IP_BIND_ADDRESS_NO_PORT:
            changeable(socket).bindAddressNoPort = value != 0;
            return 0;
        case IP_MULTICAST_TTL:
            if (socket.type == SOCK_STREAM || length < 1) return -EINVAL;
            if (value < -1 || value > 255) return -EINVAL;
            changeable(socket).multicastTimeToLive = value == -1 ? 1 : value;
            return 0;
        case IP_MULTICAST_LOOP:
            if (length < 1) return -EINVAL;
            changeable(socket).multicastLoop = value != 0;
            return 0;
        case IP_MULTICAST_ALL:
            if (length < 1 || (value != 0 && value != 1)) return -EINVAL;
            changeable(socket).multicastAll = value != 0;
            return 0;
        case IP_HDRINCL:
            return -ENOPROTOOPT;
        case IP_RECVOPTS:
        case IP_RETOPTS:
        case IP_RECVORIGDSTADDR:
            return value == 0 ? 0 : unsupported("setsockopt: IP_RECVOPTS, IP_RECVORIGDSTADDR", ENOPROTOOPT);
        default:
            return -ENOPROTOOPT;
    }
}

/** struct ip_mreq (group, interface address) or ip_mreqn (with the interface's index behind). */
function changeMembership(socket: InetSocket, joins: bool, address: u64, length: i32): i64 {
    if (socket.type == SOCK_STREAM) return -ENOPROTOOPT;
    if (length < 8) return -EINVAL;
    const size = min(length, 12);
    store<u32>(optionScratch, 0, 8);
    if (copyIn(optionScratch, address, size) != 0) return -EFAULT;
    const group = bswap<u32>(load<u32>(optionScratch));
    if (!isMulticast(0, MAPPED | group)) return -EINVAL;
    const options = changeable(socket);
    if (!joins) return options.leave(0, MAPPED | group);
    if (!isLoopbackInterface(bswap<u32>(load<u32>(optionScratch, 4)), load<i32>(optionScratch, 8)))
        return -ENODEV;
    return options.join(0, MAPPED | group);
}

/** Whether an address of the interface or its index name the loopback interface. */
function isLoopbackInterface(address: u32, index: i32): bool {
    if (index != 0) return index == LOOPBACK_INDEX;
    return address >> 24 == 127;
}

function setMulticastInterface(socket: InetSocket, address: u64, length: i32): i64 {
    if (socket.type == SOCK_STREAM || length < 4) return -EINVAL;
    memory.fill(optionScratch, 0, 12);
    // struct in_addr, ip_mreq or ip_mreqn: the address is first in the first one only.
    const size = length >= 12 ? 12 : length >= 8 ? 8 : 4;
    if (copyIn(size == 4 ? optionScratch + 4 : optionScratch, address, size) != 0) return -EFAULT;
    const interfaceAddress = bswap<u32>(load<u32>(optionScratch, 4));
    const index = load<i32>(optionScratch, 8);
    const options = changeable(socket);
    if (index == 0 && interfaceAddress == 0) {
        options.multicastInterface = false;
        options.multicastInterfaceAddress = 0;
        return 0;
    }
    if (!isLoopbackInterface(interfaceAddress, index)) return -EADDRNOTAVAIL;
    options.multicastInterface = true;
    options.multicastInterfaceAddress = interfaceAddress;
    return 0;
}

function setIp6(socket: InetSocket, name: i32, address: u64, length: i32): i64 {
    if (name == IPV6_ADD_MEMBERSHIP || name == IPV6_DROP_MEMBERSHIP) {
        if (socket.type == SOCK_STREAM) return -ENOPROTOOPT;
        if (length < 20) return -EINVAL;
        if (copyIn(optionScratch, address, 20) != 0) return -EFAULT;
        const high = bswap<u64>(load<u64>(optionScratch));
        const low = bswap<u64>(load<u64>(optionScratch, 8));
        if (high >> 56 != 0xff) return -EINVAL;
        const options = changeable(socket);
        if (name == IPV6_DROP_MEMBERSHIP) return options.leave(high, low);
        if (load<i32>(optionScratch, 16) != LOOPBACK_INDEX) return -ENODEV;
        return options.join(high, low);
    }
    const error = length == 0 ? -EINVAL : readNumber(address, length);
    if (error != 0) return error;
    const value = optionNumber;
    switch (name) {
        case IPV6_V6ONLY:
            if (socket.isBound) return -EINVAL;
            socket.onlyIPv6 = value != 0;
            return 0;
        case IPV6_UNICAST_HOPS:
            if (value < -1 || value > 255) return -EINVAL;
            changeable(socket).hopLimit = value;
            return 0;
        case IPV6_MULTICAST_HOPS:
            if (socket.type == SOCK_STREAM) return -ENOPROTOOPT;
            if (value < -1 || value > 255) return -EINVAL;
            changeable(socket).multicastHops = value == -1 ? 1 : value;
            return 0;
        case IPV6_MULTICAST_LOOP:
            if (value != 0 && value != 1) return -EINVAL;
            changeable(socket).multicastLoop6 = value != 0;
            return 0;
        case IPV6_MULTICAST_IF:
            if (socket.type == SOCK_STREAM) return -ENOPROTOOPT;
            if (value != 0 && value != LOOPBACK_INDEX) return -ENODEV;
            changeable(socket).multicastInterface6 = value != 0;
            return 0;
        case IPV6_MTU_DISCOVER:
            if (value < 0 || value > DISCOVER_MAXIMUM) return -EINVAL;
            changeable(socket).discover6 = value;
            return 0;
        case IPV6_RECVERR:
            return want(socket, WANT_ERRORS6);
        case IPV6_RECVPKTINFO:
            return want(socket, WANT_PKTINFO6);
        case IPV6_RECVHOPLIMIT:
            return want(socket, WANT_HOPLIMIT);
        case IPV6_RECVTCLASS:
            return want(socket, WANT_TCLASS);
        case IPV6_TCLASS:
            if (value < -1 || value > 255) return -EINVAL;
            changeable(socket).trafficClass = value == -1 ? 0 : value;
            return 0;
        case IPV6_FREEBIND:
            changeable(socket).freeBind = value != 0;
            return 0;
        default:
            return -ENOPROTOOPT;
    }
}

export function getInternetOption(socket: InetSocket, level: i32, name: i32, to: usize, capacity: i32): i64 {
    if (level == IPPROTO_IP) return getIp(socket, name, to, capacity);
    if (level == IPPROTO_IPV6 && socket.domain == AF_INET6) return getIp6(socket, name, to);
    return socket.domain == AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP;
}

function wants(socket: InetSocket, bit: u32): i32 {
    return (optionsOf(socket).wanted & bit) != 0 ? 1 : 0;
}

function getIp(socket: InetSocket, name: i32, to: usize, capacity: i32): i64 {
    const options = optionsOf(socket);
    let value = 0;
    switch (name) {
        case IP_TOS:
            value = options.typeOfService;
            break;
        case IP_TTL:
            value = options.timeToLive < 0 ? TIME_TO_LIVE_DEFAULT : options.timeToLive;
            break;
        case IP_OPTIONS:
            return 0;
        case IP_PKTINFO:
            value = wants(socket, WANT_PKTINFO);
            break;
        case IP_RECVTTL:
            value = wants(socket, WANT_TTL);
            break;
        case IP_RECVTOS:
            value = wants(socket, WANT_TOS);
            break;
        case IP_RECVERR:
            value = wants(socket, WANT_ERRORS);
            break;
        case IP_RECVOPTS:
        case IP_RETOPTS:
        case IP_RECVORIGDSTADDR:
        case IP_TRANSPARENT:
            break;
        case IP_MTU_DISCOVER:
            value = options.discover;
            break;
        case IP_MTU:
            if (socket.peerPort == 0) return -ENOTCONN;
            value = LOOPBACK_MTU;
            break;
        case IP_FREEBIND:
            value = options.freeBind ? 1 : 0;
            break;
        case IP_MINTTL:
            value = options.minimumTimeToLive;
            break;
        case IP_BIND_ADDRESS_NO_PORT:
            value = options.bindAddressNoPort ? 1 : 0;
            break;
        case IP_MULTICAST_TTL:
            value = options.multicastTimeToLive;
            break;
        case IP_MULTICAST_LOOP:
            value = options.multicastLoop ? 1 : 0;
            break;
        case IP_MULTICAST_ALL:
            value = options.multicastAll ? 1 : 0;
            break;
        case IP_MULTICAST_IF:
            return putNumber(to, bswap<u32>(options.multicastInterfaceAddress));
        default:
            return -ENOPROTOOPT;
    }
    if (capacity > 0 && capacity < 4 && value >= 0 && value <= 255) {
        store<u8>(to, <u8>value);
        return 1;
    }
    return putNumber(to, value);
}

function getIp6(socket: InetSocket, name: i32, to: usize): i64 {
    const options = optionsOf(socket);
    switch (name) {
        case IPV6_V6ONLY:
            return putNumber(to, socket.onlyIPv6 ? 1 : 0);
        case IPV6_UNICAST_HOPS:
            return putNumber(to, options.hopLimit < 0 ? TIME_TO_LIVE_DEFAULT : options.hopLimit);
        case IPV6_MULTICAST_HOPS:
            return putNumber(to, options.multicastHops);
        case IPV6_MULTICAST_LOOP:
            return putNumber(to, options.multicastLoop6 ? 1 : 0);
        case IPV6_MULTICAST_IF:
            return putNumber(to, options.multicastInterface6 ? LOOPBACK_INDEX : 0);
        case IPV6_MTU_DISCOVER:
            return putNumber(to, options.discover6);
        case IPV6_MTU:
            return socket.peerPort == 0 ? -ENOTCONN : putNumber(to, LOOPBACK_MTU);
        case IPV6_RECVERR:
            return putNumber(to, wants(socket, WANT_ERRORS6));
        case IPV6_RECVPKTINFO:
            return putNumber(to, wants(socket, WANT_PKTINFO6));
        case IPV6_RECVHOPLIMIT:
            return putNumber(to, wants(socket, WANT_HOPLIMIT));
        case IPV6_RECVTCLASS:
            return putNumber(to, wants(socket, WANT_TCLASS));
        case IPV6_TCLASS:
            return putNumber(to, options.trafficClass);
        case IPV6_FREEBIND:
            return putNumber(to, options.freeBind ? 1 : 0);
        default:
            return -ENOPROTOOPT;
    }
}
