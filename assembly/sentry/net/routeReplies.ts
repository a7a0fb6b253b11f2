// SPDX-License-Identifier: Apache-2.0
//
// NETLINK_ROUTE (rtnetlink(7)): the container's interface, its addresses and routes, as getifaddrs(3) and ip(8) ask for them.
// They cannot be changed.

import { EINVAL, ENETUNREACH, ENODEV, EOPNOTSUPP, EPERM } from "../kernel/errno";
import { AF_INET, AF_INET6, AF_UNSPEC } from "./constants";
import { isLocal, LOOPBACK6_LOW, MAPPED } from "./inetAddress";
import {
    LOOPBACK_FLAGS,
    LOOPBACK_INDEX,
    LOOPBACK_MTU,
    LOOPBACK_TYPE,
    TRANSMIT_QUEUE_LENGTH,
} from "./interfaces";
import { reserveBuffer } from "../memory/buffers";

const HEADER_SIZE: u32 = 16;
const NLMSG_DONE: u32 = 3;
const NLM_F_MULTI: u32 = 2;
/** NLM_F_ROOT or NLM_F_MATCH: everything. */
const NLM_F_DUMP: u32 = 0x300;

const RTM_NEWLINK: u32 = 16;
const RTM_GETLINK: u32 = 18;
const RTM_NEWADDR: u32 = 20;
const RTM_GETADDR: u32 = 22;
const RTM_NEWROUTE: u32 = 24;
const RTM_GETROUTE: u32 = 26;
const RTM_MAXIMUM: u32 = 123;
/** Of each object's four types, the one that asks. */
const KIND_GET: u32 = 2;

const IFLA_ADDRESS: u32 = 1;
const IFLA_BROADCAST: u32 = 2;
const IFLA_IFNAME: u32 = 3;
const IFLA_MTU: u32 = 4;
const IFLA_QDISC: u32 = 6;
const IFLA_STATS: u32 = 7;
const IFLA_TXQLEN: u32 = 13;
const IFLA_OPERSTATE: u32 = 16;
const IFLA_LINKMODE: u32 = 17;
const IFLA_STATS64: u32 = 23;
const IFLA_GROUP: u32 = 27;
const IFLA_PROMISCUITY: u32 = 30;
const IFLA_NUM_TX_QUEUES: u32 = 31;
const IFLA_NUM_RX_QUEUES: u32 = 32;
const IFLA_CARRIER: u32 = 33;
const IFLA_ALT_IFNAME: u32 = 53;
const IFF_LOWER_UP: u32 = 0x10000;
/** Bytes of struct rtnl_link_stats and rtnl_link_stats64: 24 counters each. Traffic is not counted. */
const STATS_SIZE: u32 = 96;
const STATS64_SIZE: u32 = 192;

const IFA_ADDRESS: u32 = 1;
const IFA_LOCAL: u32 = 2;
const IFA_LABEL: u32 = 3;
const IFA_CACHEINFO: u32 = 6;
const IFA_FLAGS: u32 = 8;
const IFA_F_PERMANENT: u32 = 0x80;

const RTA_DST: u32 = 1;
const RTA_OIF: u32 = 4;
const RTA_PRIORITY: u32 = 6;
const RTA_PREFSRC: u32 = 7;
const RTA_TABLE: u32 = 15;
const RT_TABLE_MAIN: u32 = 254;
const RT_TABLE_LOCAL: u32 = 255;
const RTPROT_KERNEL: u32 = 2;
const RT_SCOPE_UNIVERSE: u32 = 0;
const RT_SCOPE_LINK: u32 = 253;
const RT_SCOPE_HOST: u32 = 254;
const RTN_UNICAST: u32 = 1;
const RTN_LOCAL: u32 = 2;
const RTN_BROADCAST: u32 = 3;
const RTM_F_CLONED: u32 = 0x200;
const METRIC6: u32 = 256;
/** Metric of ::1 in the local table. */
const METRIC_LOCAL6: u32 = 0;

/** Where an answer is put together: all routes, the longest one, take less than half of it. */
export const reply: usize = reserveBuffer(2048);
export let replyLength: u32 = 0;

let sequence: u32 = 0;
let port: u32 = 0;
/** Where the message being put together begins. */
let messageStart: u32 = 0;

function begin(type: u32, flags: u32, size: u32): usize {
    messageStart = replyLength;
    const at = reply + replyLength;
    memory.fill(at, 0, HEADER_SIZE + size);
    store<u16>(at, <u16>type, 4);
    store<u16>(at, <u16>flags, 6);
    store<u32>(at, sequence, 8);
    store<u32>(at, port, 12);
    replyLength += HEADER_SIZE + size;
    return at + HEADER_SIZE;
}

function end(): void {
    store<u32>(reply + messageStart, replyLength - messageStart);
}

/** Adds an attribute of `size` zero bytes; where they are. */
function attribute(type: u32, size: u32): usize {
    const at = reply + replyLength;
    memory.fill(at, 0, (4 + size + 3) & ~3);
    store<u16>(at, <u16>(4 + size));
    store<u16>(at, <u16>type, 2);
    replyLength += (4 + size + 3) & ~3;
    return at + 4;
}

function number(type: u32, value: u32): void {
    store<u32>(attribute(type, 4), value);
}

function byte(type: u32, value: u8): void {
    store<u8>(attribute(type, 1), value);
}

function text(type: u32, value: string): void {
    const at = attribute(type, value.length + 1);
    for (let i = 0; i < value.length; i++) store<u8>(at + i, <u8>value.charCodeAt(i));
}

/**
 * Answers the request of `size` bytes (a checked nlmsghdr) from socket port `from`: what is in `reply` (replyLength, which may be
 * 0). 0 or a negative errno.
 */
export function answerRoute(request: usize, size: u32, from: u32): i32 {
    replyLength = 0;
    sequence = load<u32>(request, 8);
    port = from;
    const type: u32 = load<u16>(request, 4);
    if (type > RTM_MAXIMUM) return -EOPNOTSUPP;
    if (size == HEADER_SIZE) return 0;
    // CAP_NET_ADMIN is not among the container's capabilities.
    if ((type & 3) != KIND_GET) return -EPERM;
    const family: u32 = load<u8>(request, HEADER_SIZE);
    if ((load<u16>(request, 6) & NLM_F_DUMP) != 0) {
        if (type == RTM_GETLINK) putLink(NLM_F_MULTI);
        else if (type == RTM_GETADDR) putAddresses(family);
        else if (type == RTM_GETROUTE) putRoutes(family);
        // Of neighbours, rules, queues and what else there may be, there are none.
        begin(NLMSG_DONE, NLM_F_MULTI, 4);
        end();
        return 0;
    }
    if (type == RTM_GETLINK) return answerLink(request, size);
    if (type == RTM_GETROUTE) return answerRouteTo(request, size, family);
    return -EOPNOTSUPP;
}

/** The first attribute of a type behind `offset` bytes of the request: its place, with attributeLength; 0 = none. */
let attributeLength: u32 = 0;

function findAttribute(request: usize, size: u32, offset: u32, type: u32): usize {
    let at = offset;
    while (at + 4 <= size) {
        const length: u32 = load<u16>(request + at);
        if (length < 4 || at + length > size) return 0;
        if (<u32>load<u16>(request + at, 2) == type) {
            attributeLength = length - 4;
            return request + at + 4;
        }
        at += (length + 3) & ~3;
    }
    return 0;
}

/** struct ifinfomsg: u8 family, u16 type, i32 index, u32 flags, u32 change. */
const LINK_SIZE: u32 = 16;

function putLink(flags: u32): void {
    const link = begin(RTM_NEWLINK, flags, LINK_SIZE);
    store<u16>(link, <u16>LOOPBACK_TYPE, 2);
    store<i32>(link, LOOPBACK_INDEX, 4);
    store<u32>(link, LOOPBACK_FLAGS | IFF_LOWER_UP, 8);
    text(IFLA_IFNAME, "lo");
    number(IFLA_TXQLEN, TRANSMIT_QUEUE_LENGTH);
    byte(IFLA_OPERSTATE, 0);
    byte(IFLA_LINKMODE, 0);
    number(IFLA_MTU, LOOPBACK_MTU);
    number(IFLA_GROUP, 0);
    number(IFLA_PROMISCUITY, 0);
    number(IFLA_NUM_TX_QUEUES, 1);
    number(IFLA_NUM_RX_QUEUES, 1);
    byte(IFLA_CARRIER, 1);
    text(IFLA_QDISC, "noqueue");
    attribute(IFLA_ADDRESS, 6);
    attribute(IFLA_BROADCAST, 6);
    attribute(IFLA_STATS64, STATS64_SIZE);
    attribute(IFLA_STATS, STATS_SIZE);
    end();
}

function answerLink(request: usize, size: u32): i32 {
    if (size < HEADER_SIZE + LINK_SIZE) return -EINVAL;
    const index = load<i32>(request, HEADER_SIZE + 4);
    if (index != 0) {
        if (index != LOOPBACK_INDEX) return index < 0 ? -EINVAL : -ENODEV;
    } else {
        let name = findAttribute(request, size, HEADER_SIZE + LINK_SIZE, IFLA_IFNAME);
        if (name == 0) name = findAttribute(request, size, HEADER_SIZE + LINK_SIZE, IFLA_ALT_IFNAME);
        if (name == 0) return -EINVAL;
        // "lo", with or without its zero byte.
        if (attributeLength < 2 || load<u16>(name) != 0x6f6c) return -ENODEV;
        if (attributeLength > 2 && load<u8>(name, 2) != 0) return -ENODEV;
    }
    putLink(0);
    return 0;
}

/** struct ifaddrmsg: u8 family, prefix length, flags, scope, u32 index. */
const ADDRESS_SIZE: u32 = 8;
const FOREVER: u32 = 0xffff_ffff;

function beginAddress(family: u32, prefix: u32): void {
    const address = begin(RTM_NEWADDR, NLM_F_MULTI, ADDRESS_SIZE);
    store<u8>(address, <u8>family);
    store<u8>(address, <u8>prefix, 1);
    store<u8>(address, <u8>IFA_F_PERMANENT, 2);
    store<u8>(address, <u8>RT_SCOPE_HOST, 3);
    store<i32>(address, LOOPBACK_INDEX, 4);
}

function putLifetime(): void {
    const cache = attribute(IFA_CACHEINFO, 16);
    store<u32>(cache, FOREVER);
    store<u32>(cache, FOREVER, 4);
}

function putAddresses(family: u32): void {
    if (family == AF_UNSPEC || family == AF_INET) {
        beginAddress(AF_INET, 8);
        number(IFA_ADDRESS, bswap<u32>(0x7f00_0001));
        number(IFA_LOCAL, bswap<u32>(0x7f00_0001));
        text(IFA_LABEL, "lo");
        number(IFA_FLAGS, IFA_F_PERMANENT);
        putLifetime();
        end();
    }
    if (family == AF_UNSPEC || family == AF_INET6) {
        beginAddress(AF_INET6, 128);
        store<u8>(attribute(IFA_ADDRESS, 16), 1, 15);
        putLifetime();
        number(IFA_FLAGS, IFA_F_PERMANENT);
        end();
    }
}

/** struct rtmsg: u8 family, lengths of destination and source, type of service, table, protocol, scope, type, u32 flags. */
const ROUTE_SIZE: u32 = 12;

function beginRoute(
    flags: u32,
    family: u32,
    prefix: u32,
    table: u32,
    scope: u32,
    type: u32,
    routeFlags: u32,
): void {
    const route = begin(RTM_NEWROUTE, flags, ROUTE_SIZE);
    store<u8>(route, <u8>family);
    store<u8>(route, <u8>prefix, 1);
    store<u8>(route, <u8>table, 4);
    store<u8>(route, <u8>(routeFlags != 0 ? 0 : RTPROT_KERNEL), 5);
    store<u8>(route, <u8>scope, 6);
    store<u8>(route, <u8>type, 7);
    store<u32>(route, routeFlags, 8);
    number(RTA_TABLE, table);
}

function putRoute4(flags: u32, destination: u32, prefix: u32, scope: u32, type: u32, routeFlags: u32): void {
    beginRoute(flags, AF_INET, prefix, RT_TABLE_LOCAL, scope, type, routeFlags);
    number(RTA_DST, bswap<u32>(destination));
    number(RTA_OIF, LOOPBACK_INDEX);
    number(RTA_PREFSRC, bswap<u32>(0x7f00_0001));
    end();
}

function putRoute6(flags: u32, table: u32, type: u32, metric: u32, routeFlags: u32): void {
    beginRoute(flags, AF_INET6, 128, table, RT_SCOPE_UNIVERSE, type, routeFlags);
    store<u8>(attribute(RTA_DST, 16), 1, 15);
    number(RTA_PRIORITY, metric);
    number(RTA_OIF, LOOPBACK_INDEX);
    end();
}

function putRoutes(family: u32): void {
    if (family == AF_UNSPEC || family == AF_INET) {
        putRoute4(NLM_F_MULTI, 0x7f00_0000, 8, RT_SCOPE_HOST, RTN_LOCAL, 0);
        putRoute4(NLM_F_MULTI, 0x7f00_0001, 32, RT_SCOPE_HOST, RTN_LOCAL, 0);
        putRoute4(NLM_F_MULTI, 0x7fff_ffff, 32, RT_SCOPE_LINK, RTN_BROADCAST, 0);
    }
    if (family == AF_UNSPEC || family == AF_INET6) {
        putRoute6(NLM_F_MULTI, RT_TABLE_MAIN, RTN_UNICAST, METRIC6, 0);
        putRoute6(NLM_F_MULTI, RT_TABLE_LOCAL, RTN_LOCAL, METRIC_LOCAL6, 0);
    }
}

/** `ip route get`: how a packet to the address in RTA_DST goes. */
function answerRouteTo(request: usize, size: u32, family: u32): i32 {
    if (size < HEADER_SIZE + ROUTE_SIZE) return -EINVAL;
    const destination = findAttribute(request, size, HEADER_SIZE + ROUTE_SIZE, RTA_DST);
    if (family == AF_INET) {
        if (destination == 0 || attributeLength < 4) return -EINVAL;
        const address = bswap<u32>(load<u32>(destination));
        if (!isLocal(0, MAPPED | address)) return -ENETUNREACH;
        putRoute4(0, address, 32, RT_SCOPE_UNIVERSE, RTN_LOCAL, RTM_F_CLONED);
        return 0;
    }
    if (family != AF_INET6) return -EOPNOTSUPP;
    if (destination == 0 || attributeLength < 16) return -EINVAL;
    if (load<u64>(destination) != 0 || bswap<u64>(load<u64>(destination, 8)) != LOOPBACK6_LOW) {
        return -ENETUNREACH;
    }
    putRoute6(0, RT_TABLE_LOCAL, RTN_LOCAL, METRIC_LOCAL6, RTM_F_CLONED);
    return 0;
}
