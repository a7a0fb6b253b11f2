// SPDX-License-Identifier: Apache-2.0
//
// AF_NETLINK sockets (netlink(7)): requests to NETLINK_ROUTE are answered at once (routeReplies.ts), into the socket's own
// inbox. NETLINK_KOBJECT_UEVENT can be listened to; devices do not come and go here.

import { IoBuffer, sentryBuffer } from "../fs/ioBuffer";
import { POLLERR, POLLIN, POLLOUT, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../fs/openFile";
import {
    EADDRINUSE,
    EAGAIN,
    ECONNREFUSED,
    EFAULT,
    EINVAL,
    EMSGSIZE,
    ENOBUFS,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPERM,
} from "../kernel/errno";
import { current } from "../kernel/thread";
import { AF_NETLINK, MSG_ERRQUEUE, MSG_OOB, MSG_PEEK, MSG_TRUNC } from "./constants";
import {
    addReceivedFlags,
    givenAddress,
    givenLength,
    noteReceived,
    receivedAddress,
    setReceivedLength,
} from "./exchange";
import { MessageQueue, takeMessage } from "./message";
import { optionNumber, putNumber, readNumber } from "./optionValue";
import { answerRoute, reply, replyLength } from "./routeReplies";
import { Socket } from "./socket";

export const NETLINK_ROUTE: i32 = 0;
export const NETLINK_KOBJECT_UEVENT: i32 = 15;

/** struct sockaddr_nl: u16 family, u32 port at 4, u32 groups at 8. */
const NAME_SIZE: i32 = 12;
const PORT: usize = 4;
const GROUPS: usize = 8;

/** struct nlmsghdr. */
const HEADER_SIZE: u32 = 16;
const NLM_F_REQUEST: u32 = 1;
const NLM_F_ACK: u32 = 4;
const NLM_F_CAPPED: u32 = 0x100;
const NLMSG_ERROR: u16 = 2;
/** Types below are netlink's own. */
const NLMSG_MIN_TYPE: u32 = 16;

const SOL_NETLINK: i32 = 270;
const NETLINK_ADD_MEMBERSHIP: i32 = 1;
const NETLINK_DROP_MEMBERSHIP: i32 = 2;
const NETLINK_PKTINFO: i32 = 3;
const NETLINK_BROADCAST_ERROR: i32 = 4;
const NETLINK_NO_ENOBUFS: i32 = 5;
const NETLINK_CAP_ACK: i32 = 10;
const NETLINK_EXT_ACK: i32 = 11;
const NETLINK_GET_STRICT_CHK: i32 = 12;

/** Longest request that is read: Linux's are bounded by SO_SNDBUF; none of those that are answered is longer than a page. */
const REQUEST_MAXIMUM: i64 = 32768;
/** Requests of which only the header is repeated in an error. */
const REPEATED_MAXIMUM: u32 = 1024;

/** Bound sockets. */
let bound: NetlinkSocket | null = null;
/** Where ports that are no pid begin, downwards: as Linux's. */
const OTHER_PORTS: u32 = 0xffff_efff;

export class NetlinkSocket extends Socket {
    port: u32 = 0;
    private groups: u32 = 0;
    private peerPort: u32 = 0;
    private peerGroups: u32 = 0;
    /** NETLINK_CAP_ACK and other options that are kept: a bit for each number. */
    private kept: u32 = 0;
    readonly inbox: MessageQueue = new MessageQueue();
    private nextBound: NetlinkSocket | null = null;

    constructor(type: u32, protocol: i32) {
        super(AF_NETLINK, type, protocol);
    }

    isStream(): bool {
        return false;
    }

    protected close(): void {
        super.close();
        this.inbox.clear();
        if (this.port == 0) return;
        let before: NetlinkSocket | null = null;
        let at = bound;
        while (at !== null && at !== this) {
            before = at;
            at = at.nextBound;
        }
        if (before === null) bound = this.nextBound;
        else before.nextBound = this.nextBound;
        this.nextBound = null;
    }

    private portIsTaken(port: u32): bool {
        let other = bound;
        while (other !== null) {
            if (other.port == port && other.protocol == this.protocol) return true;
            other = other.nextBound;
        }
        return false;
    }

    private take(port: u32): void {
        this.port = port;
        this.nextBound = bound;
        bound = this;
    }

    private bindAutomatically(): void {
        if (this.port != 0) return;
        let port: u32 = current.process.pid;
        if (this.portIsTaken(port)) port = OTHER_PORTS;
        while (this.portIsTaken(port)) port--;
        this.take(port);
    }

    bind(): i64 {
        if (givenLength < NAME_SIZE || <u32>load<u16>(givenAddress) != AF_NETLINK) return -EINVAL;
        const port = load<u32>(givenAddress, PORT);
        if (this.port != 0) {
            if (port != this.port && port != 0) return -EINVAL;
        } else if (port == 0) {
            this.bindAutomatically();
        } else {
            if (this.portIsTaken(port)) return -EADDRINUSE;
            this.take(port);
        }
        this.groups = load<u32>(givenAddress, GROUPS);
        return 0;
    }

    connect(nonBlocking: bool): i64 {
        const family: u32 = load<u16>(givenAddress);
        if (family == 0) {
            this.peerPort = 0;
            this.peerGroups = 0;
            return 0;
        }
        if (family != AF_NETLINK || givenLength < NAME_SIZE) return -EINVAL;
        this.bindAutomatically();
        this.peerPort = load<u32>(givenAddress, PORT);
        this.peerGroups = load<u32>(givenAddress, GROUPS);
        return 0;
    }

    localName(to: usize): i64 {
        return writeName(to, this.port, this.groups);
    }

    peerName(to: usize): i64 {
        return writeName(to, this.peerPort, this.peerGroups);
    }

    // ---------------------------------------------------------------- requests

    sendNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
        let port = this.peerPort;
        let groups = this.peerGroups;
        if (givenLength > 0) {
            if (givenLength < NAME_SIZE || <u32>load<u16>(givenAddress) != AF_NETLINK) return -EINVAL;
            port = load<u32>(givenAddress, PORT);
            groups = load<u32>(givenAddress, GROUPS);
        }
        // CAP_NET_ADMIN is not among the container's capabilities.
        if (groups != 0) return -EPERM;
        this.bindAutomatically();
        const length = buffer.length;
        if (length > <i64>this.sendBuffer - 32 || length > REQUEST_MAXIMUM) return -EMSGSIZE;
        // Messages between processes are of families that the container does not have.
        if (port != 0) return -ECONNREFUSED;
        if (this.protocol != NETLINK_ROUTE) return -ECONNREFUSED;
        if (length == 0) return 0;
        const request = heap.alloc(<usize>length);
        const error = buffer.take(0, request, <i32>length);
        if (error == 0) this.serve(request, <u32>length);
        heap.free(request);
        return error != 0 ? error : length;
    }

    /** Answers the messages of a request. */
    private serve(request: usize, length: u32): void {
        while (length >= HEADER_SIZE) {
            const size = load<u32>(request);
            if (size < HEADER_SIZE || size > length) return;
            const type: u32 = load<u16>(request, 4);
            const flags: u32 = load<u16>(request, 6);
            if ((flags & NLM_F_REQUEST) != 0) {
                let error: i32 = 0;
                if (type >= NLMSG_MIN_TYPE) {
                    error = answerRoute(request, size, this.port);
                    if (error == 0 && replyLength > 0) this.enqueue(reply, replyLength);
                }
                if (error != 0 || ((flags & NLM_F_ACK) != 0 && replyLength == 0)) {
                    this.acknowledge(request, size, error);
                }
            }
            const step = min((size + 3) & ~3, length);
            request += step;
            length -= step;
        }
    }

    private acknowledge(request: usize, size: u32, error: i32): void {
        const capped =
            error == 0 || (this.kept & (1 << NETLINK_CAP_ACK)) != 0 || size > REPEATED_MAXIMUM ? true : false;
        const repeated = capped ? HEADER_SIZE : size;
        const length = HEADER_SIZE + 4 + repeated;
        store<u32>(reply, length);
        store<u16>(reply, NLMSG_ERROR, 4);
        store<u16>(reply, <u16>(capped ? NLM_F_CAPPED : 0), 6);
        store<u32>(reply, load<u32>(request, 8), 8);
        store<u32>(reply, this.port, 12);
        store<i32>(reply, error, 16);
        memory.copy(reply + 20, request, repeated);
        this.enqueue(reply, length);
    }

    private enqueue(from: usize, length: u32): void {
        if (this.inbox.charge > this.receiveBuffer) {
            this.error = ENOBUFS;
        } else {
            const message = takeMessage();
            const error = this.inbox.appendDatagram(message, sentryBuffer.at(from, length), length);
            if (error != 0) this.error = ENOBUFS;
        }
        this.queue.wake();
    }

    // ---------------------------------------------------------------- receiving

    receiveNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
        if ((flags & MSG_ERRQUEUE) != 0) return -EAGAIN;
        if (this.error != 0) return this.takeError();
        const message = this.inbox.first;
        if (message === null) return -EAGAIN;
        const length = message.length;
        const part = <u32>min<i64>(length, buffer.length);
        const count = this.inbox.bytes.copyTo(buffer, 0, 0, part);
        if (count < 0 || count < <i64>part) return -EFAULT;
        const peek = (flags & MSG_PEEK) != 0;
        noteReceived(message, peek);
        setReceivedLength(<i32>writeName(receivedAddress, 0, 0));
        if (length > part) addReceivedFlags(MSG_TRUNC);
        if (!peek) this.inbox.dropFirst();
        return (flags & MSG_TRUNC) != 0 ? length : part;
    }

    readiness(): u32 {
        let events: u32 = POLLOUT | POLLWRNORM | POLLWRBAND;
        if (this.error != 0) events |= POLLERR;
        if (!this.inbox.isEmpty) events |= POLLIN | POLLRDNORM;
        return events;
    }

    // ---------------------------------------------------------------- options

    setFamilyOption(level: i32, name: i32, address: u64, length: i32): i64 {
        if (level != SOL_NETLINK) return -ENOPROTOOPT;
        const error = readNumber(address, length);
        if (error != 0) return error;
        switch (name) {
            case NETLINK_ADD_MEMBERSHIP:
            case NETLINK_DROP_MEMBERSHIP:
                // Nothing ever changes that members would be told of.
                this.bindAutomatically();
                return optionNumber < 1 ? -EINVAL : 0;
            case NETLINK_PKTINFO:
            case NETLINK_BROADCAST_ERROR:
            case NETLINK_NO_ENOBUFS:
            case NETLINK_CAP_ACK:
            case NETLINK_EXT_ACK:
            case NETLINK_GET_STRICT_CHK:
                if (optionNumber != 0) this.kept |= 1 << name;
                else this.kept &= ~(1 << name);
                return 0;
            default:
                return -ENOPROTOOPT;
        }
    }

    getFamilyOption(level: i32, name: i32, to: usize, capacity: i32): i64 {
        if (level != SOL_NETLINK) return -ENOPROTOOPT;
        switch (name) {
            case NETLINK_PKTINFO:
            case NETLINK_BROADCAST_ERROR:
            case NETLINK_NO_ENOBUFS:
            case NETLINK_CAP_ACK:
            case NETLINK_EXT_ACK:
            case NETLINK_GET_STRICT_CHK:
                return capacity < 4 ? -EINVAL : putNumber(to, (this.kept >> name) & 1);
            default:
                return -ENOPROTOOPT;
        }
    }
}

function writeName(to: usize, port: u32, groups: u32): i64 {
    store<u32>(to, AF_NETLINK);
    store<u32>(to, port, PORT);
    store<u32>(to, groups, GROUPS);
    return NAME_SIZE;
}
