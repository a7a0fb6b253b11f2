// SPDX-License-Identifier: Apache-2.0
//
// Ancillary data (cmsg(3)): what a program sends with a message, and what it gets with one.

import { O_CLOEXEC, OpenFile } from "../fs/openFile";
import { CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from "../kernel/capabilities";
import { NANOSECONDS } from "../kernel/clock";
import { EBADF, EFAULT, EINVAL, ENOBUFS, EPERM, ETOOMANYREFS } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { copyIn, copyOut } from "../memory/userMemory";
import {
    AF_INET6,
    AF_UNIX,
    IPPROTO_IP,
    IPPROTO_IPV6,
    MSG_CTRUNC,
    SCM_CREDENTIALS,
    SCM_MAX_FD,
    SCM_RIGHTS,
    SOL_SOCKET,
} from "./constants";
import {
    giveCredentials,
    giveRights,
    giveSource,
    giveTimeToLive,
    giveTypeOfService,
    hasReceived,
    received,
} from "./exchange";
import { isMapped, LOOPBACK6_LOW, LOOPBACK_LOW, MAPPED, writeAddress } from "./inetAddress";
import {
    optionsOf,
    WANT_HOPLIMIT,
    WANT_PKTINFO,
    WANT_PKTINFO6,
    WANT_TCLASS,
    WANT_TOS,
    WANT_TTL,
} from "./inetOptions";
import { InetSocket } from "./inetSocket";
import { land, mayFly } from "./inFlight";
import { LOOPBACK_INDEX } from "./interfaces";
import { OPTION_PASS_CREDENTIALS, OPTION_TIMESTAMP, OPTION_TIMESTAMP_NANOSECONDS, Socket } from "./socket";
import { reserveBuffer } from "../memory/buffers";

/** struct cmsghdr: u64 length with the header, i32 level, i32 type; data and the next header are 8-byte aligned. */
const HEADER_SIZE: u32 = 16;
/** net.core.optmem_max: longer ancillary data is refused. */
const CONTROL_MAXIMUM: u64 = 20480;

const IP_TOS: i32 = 1;
const IP_TTL: i32 = 2;
const IP_PKTINFO: i32 = 8;
const IP_RECVERR: i32 = 11;
const IPV6_RECVERR: i32 = 25;
const IPV6_PKTINFO: i32 = 50;
const IPV6_HOPLIMIT: i32 = 52;
const IPV6_TCLASS: i32 = 67;
const SO_TIMESTAMP: i32 = 29;
const SO_TIMESTAMPNS: i32 = 35;
const SO_MARK: i32 = 36;

/** sock_extended_err's origins, and what an unreachable port is in ICMP and ICMPv6. */
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

// ---------------------------------------------------------------- sending

let controlBuffer: usize = 0;
let controlCapacity: u64 = 0;

/** Reads the ancillary data of a message to be sent. 0 or a negative errno: rights read until then are given to exchange.ts. */
export function readControl(socket: Socket, address: u64, length: u64): i64 {
    if (length > CONTROL_MAXIMUM) return -ENOBUFS;
    if (length > controlCapacity) {
        if (controlBuffer != 0) heap.free(controlBuffer);
        controlBuffer = heap.alloc(<usize>length);
        controlCapacity = length;
    }
    if (copyIn(controlBuffer, address, <i32>length) != 0) return -EFAULT;
    const isUnix = socket.domain == AF_UNIX;
    let files: StaticArray<OpenFile> | null = null;
    let at: u64 = 0;
    let error: i64 = 0;
    while (error == 0 && length - at >= HEADER_SIZE) {
        const header = controlBuffer + <usize>at;
        const size = load<u64>(header);
        if (size < HEADER_SIZE || size > length - at) {
            error = -EINVAL;
            break;
        }
        const level = load<i32>(header, 8);
        const type = load<i32>(header, 12);
        const data = header + HEADER_SIZE;
        const dataLength = <i32>(size - HEADER_SIZE);
        if (level == SOL_SOCKET) {
            if (type == SCM_RIGHTS && isUnix) {
                files = addRights(files, data, dataLength >> 2);
                if (files === null) error = rightsError;
            } else if (type == SCM_CREDENTIALS && isUnix) {
                error = readCredentials(data, dataLength);
            } else if (type == SO_MARK) {
                error = -EPERM;
            } else if (type != SCM_RIGHTS && type != SCM_CREDENTIALS) {
                error = -EINVAL;
            }
        } else if (socket instanceof InetSocket) {
            error = readInternet(level, type, data, dataLength);
        }
        at += (size + 7) & ~7;
        if (at > length) break;
    }
    if (files !== null) {
        giveRights(files);
        if (error == 0 && files.length > 0 && !mayFly(files.length)) error = -ETOOMANYREFS;
    }
    return error;
}

let rightsError: i64 = 0;

/** The files of `count` descriptors, retained, behind those of an earlier SCM_RIGHTS. Null: see rightsError; nothing is held. */
function addRights(
    before: StaticArray<OpenFile> | null,
    descriptors: usize,
    count: i32,
): StaticArray<OpenFile> | null {
    const held = before === null ? 0 : before.length;
    rightsError = 0;
    if (held + count > SCM_MAX_FD) rightsError = -EINVAL;
    for (let i = 0; i < count && rightsError == 0; i++) {
        if (current.process.fileDescriptors.get(load<i32>(descriptors + (i << 2))) === null)
            rightsError = -EBADF;
    }
    if (rightsError != 0) {
        for (let i = 0; i < held; i++) before![i].release();
        return null;
    }
    const files = new StaticArray<OpenFile>(held + count);
    for (let i = 0; i < held; i++) files[i] = before![i];
    for (let i = 0; i < count; i++) {
        files[held + i] = current.process.fileDescriptors.get(load<i32>(descriptors + (i << 2)))!.retain();
    }
    return files;
}

/** SCM_CREDENTIALS: only what the sender is, or whatever its capabilities let it become. */
function readCredentials(data: usize, length: i32): i64 {
    if (length != 12) return -EINVAL;
    const pid = load<i32>(data);
    const user = load<u32>(data, 4);
    const group = load<u32>(data, 8);
    const who = current.process.credentials;
    const isOwnUser = user == who.realUser || user == who.effectiveUser || user == who.savedUser;
    const isOwnGroup = group == who.realGroup || group == who.effectiveGroup || group == who.savedGroup;
    if (pid != current.process.pid && !who.has(CAP_SYS_ADMIN)) return -EPERM;
    if (!isOwnUser && !who.has(CAP_SETUID)) return -EPERM;
    if (!isOwnGroup && !who.has(CAP_SETGID)) return -EPERM;
    giveCredentials(pid, user, group);
    return 0;
}

function readInternet(level: i32, type: i32, data: usize, length: i32): i64 {
    if (level == IPPROTO_IP) {
        if (type == IP_PKTINFO) {
            if (length != 12) return -EINVAL;
            giveSource(0, MAPPED | bswap<u32>(load<u32>(data, 4)));
            return 0;
        }
        if (type != IP_TTL && type != IP_TOS) return -EINVAL;
        if (length != 4 && !(type == IP_TOS && length == 1)) return -EINVAL;
        const value: i32 = length == 4 ? load<i32>(data) : load<u8>(data);
        if (value < (type == IP_TTL ? 1 : 0) || value > 255) return -EINVAL;
        if (type == IP_TTL) giveTimeToLive(value);
        else giveTypeOfService(value);
    } else if (level == IPPROTO_IPV6) {
        if (type == IPV6_PKTINFO) {
            if (length < 20) return -EINVAL;
            giveSource(bswap<u64>(load<u64>(data)), bswap<u64>(load<u64>(data, 8)));
            return 0;
        }
        if (type != IPV6_HOPLIMIT && type != IPV6_TCLASS) return -EINVAL;
        if (length != 4) return -EINVAL;
        const value = load<i32>(data);
        if (value < -1 || value > 255) return -EINVAL;
        if (type == IPV6_HOPLIMIT) giveTimeToLive(value);
        else giveTypeOfService(value);
    }
    return 0;
}

// ---------------------------------------------------------------- receiving

/** Where the next header goes, how much room is left, and how much has been used. */
let controlAddress: u64 = 0;
let controlLeft: u64 = 0;
export let controlUsed: u64 = 0;
/** MSG_CTRUNC, if something did not fit. */
export let controlFlags: u32 = 0;

const scratch: usize = reserveBuffer(64);

/** What follows goes to `length` bytes at the program's address `address`. */
export function beginControl(address: u64, length: u64): void {
    controlAddress = address;
    controlLeft = address == 0 ? 0 : length;
    controlUsed = 0;
    controlFlags = 0;
}

/** Writes a header with `length` bytes of `data`, or as much as there is room for. 0 or -EFAULT. */
function put(level: i32, type: i32, data: usize, length: u32): i64 {
    if (controlLeft < HEADER_SIZE) {
        controlFlags |= MSG_CTRUNC;
        return 0;
    }
    let size: u64 = HEADER_SIZE + length;
    if (size > controlLeft) {
        controlFlags |= MSG_CTRUNC;
        size = controlLeft;
    }
    if (copyOut(controlAddress + HEADER_SIZE, data, <i32>(size - HEADER_SIZE)) != 0) return -EFAULT;
    return finish(level, type, size);
}

/** Writes the header of `size` bytes that are complete, and goes behind it. */
function finish(level: i32, type: i32, size: u64): i64 {
    store<u64>(scratch, size, 48);
    store<i32>(scratch, level, 56);
    store<i32>(scratch, type, 60);
    if (copyOut(controlAddress, scratch + 48, HEADER_SIZE) != 0) return -EFAULT;
    const space = min((size + 7) & ~7, controlLeft);
    controlAddress += space;
    controlLeft -= space;
    controlUsed += space;
    return 0;
}

/** Writes what came with the message just received. 0 or a negative errno. Rights become descriptors. */
export function putReceived(socket: Socket, closeOnExec: bool): i64 {
    if (!hasReceived) return 0;
    let error: i64 = 0;
    if (socket.option(OPTION_TIMESTAMP) && received.time != 0) {
        const precise = socket.option(OPTION_TIMESTAMP_NANOSECONDS);
        const rest = received.time % NANOSECONDS;
        store<u64>(scratch, received.time / NANOSECONDS);
        store<u64>(scratch, precise ? rest : rest / 1000, 8);
        error = put(SOL_SOCKET, precise ? SO_TIMESTAMPNS : SO_TIMESTAMP, scratch, 16);
    }
    if (socket instanceof InetSocket) {
        if (error == 0) error = putInternet(<InetSocket>socket);
        return error;
    }
    if (error == 0 && socket.option(OPTION_PASS_CREDENTIALS) && received.hasCredentials) {
        store<i32>(scratch, received.pid);
        store<u32>(scratch, received.userId, 4);
        store<u32>(scratch, received.groupId, 8);
        error = put(SOL_SOCKET, SCM_CREDENTIALS, scratch, 12);
    }
    const unwritten = putRights(closeOnExec);
    return error != 0 ? error : unwritten;
}

/** Gives the program descriptors for the rights that came; those that do not fit are closed. */
function putRights(closeOnExec: bool): i64 {
    const files = received.rights;
    if (files === null) return 0;
    received.rights = null;
    land(files);
    const room = controlLeft <= HEADER_SIZE ? 0 : <i32>min<u64>((controlLeft - HEADER_SIZE) >> 2, SCM_MAX_FD);
    const limit = current.process.limits.soft[RLIMIT_NOFILE];
    const table = current.process.fileDescriptors;
    let count = 0;
    let fault = false;
    while (count < files.length && count < room) {
        const descriptor = table.add(files[count], closeOnExec, limit);
        if (descriptor < 0) break;
        store<i32>(scratch, descriptor);
        if (copyOut(controlAddress + HEADER_SIZE + ((<u64>count) << 2), scratch, 4) != 0) {
            table.close(descriptor);
            count++;
            fault = true;
            break;
        }
        count++;
    }
    for (let i = count; i < files.length; i++) files[i].release();
    if (fault) return -EFAULT;
    if (count < files.length) controlFlags |= MSG_CTRUNC;
    return count == 0 ? 0 : finish(SOL_SOCKET, SCM_RIGHTS, HEADER_SIZE + ((<u64>count) << 2));
}

function putInternet(socket: InetSocket): i64 {
    if (received.error != 0) return putError(socket);
    const wanted = optionsOf(socket).wanted;
    if (wanted == 0) return 0;
    let error: i64 = 0;
    if (isMapped(received.destinationHigh, received.destinationLow)) {
        const destination = bswap<u32>(<u32>received.destinationLow);
        if ((wanted & WANT_PKTINFO) != 0) {
            store<i32>(scratch, LOOPBACK_INDEX);
            store<u32>(scratch, destination, 4);
            store<u32>(scratch, destination, 8);
            error = put(IPPROTO_IP, IP_PKTINFO, scratch, 12);
        }
        if (error == 0 && (wanted & WANT_TTL) != 0) {
            store<i32>(scratch, received.timeToLive);
            error = put(IPPROTO_IP, IP_TTL, scratch, 4);
        }
        if (error == 0 && (wanted & WANT_TOS) != 0) {
            store<u8>(scratch, <u8>received.typeOfService);
            error = put(IPPROTO_IP, IP_TOS, scratch, 1);
        }
    }
    if (socket.domain != AF_INET6 || error != 0) return error;
    if ((wanted & WANT_PKTINFO6) != 0) {
        store<u64>(scratch, bswap<u64>(received.destinationHigh));
        store<u64>(scratch, bswap<u64>(received.destinationLow), 8);
        store<i32>(scratch, LOOPBACK_INDEX, 16);
        error = put(IPPROTO_IPV6, IPV6_PKTINFO, scratch, 20);
    }
    if (isMapped(received.destinationHigh, received.destinationLow)) return error;
    if (error == 0 && (wanted & WANT_HOPLIMIT) != 0) {
        store<i32>(scratch, received.timeToLive);
        error = put(IPPROTO_IPV6, IPV6_HOPLIMIT, scratch, 4);
    }
    if (error == 0 && (wanted & WANT_TCLASS) != 0) {
        store<i32>(scratch, received.typeOfService);
        error = put(IPPROTO_IPV6, IPV6_TCLASS, scratch, 4);
    }
    return error;
}

/** struct sock_extended_err and the address of who refused. */
function putError(socket: InetSocket): i64 {
    const mapped = isMapped(received.destinationHigh, received.destinationLow);
    memory.fill(scratch, 0, 48);
    store<u32>(scratch, received.error);
    store<u8>(scratch, mapped ? ORIGIN_ICMP : ORIGIN_ICMP6, 4);
    // Destination unreachable: port unreachable.
    store<u8>(scratch, mapped ? 3 : 1, 5);
    store<u8>(scratch, mapped ? 3 : 4, 6);
    const low = mapped ? LOOPBACK_LOW : LOOPBACK6_LOW;
    const size = writeAddress(scratch + 16, socket.domain, 0, low, 0);
    if (socket.domain == AF_INET6) return put(IPPROTO_IPV6, IPV6_RECVERR, scratch, 16 + size);
    return put(IPPROTO_IP, IP_RECVERR, scratch, 16 + size);
}
