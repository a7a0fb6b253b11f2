// SPDX-License-Identifier: Apache-2.0
//
// UDP (udp(7)) within the container: a datagram goes at once to the queue of the socket it is for. Where there is none, a
// connected sender is told ECONNREFUSED, as by an ICMP message, at its next call.

import { IoBuffer } from "../fs/ioBuffer";
import {
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDHUP,
    POLLRDNORM,
    POLLWRBAND,
    POLLWRNORM,
} from "../fs/openFile";
import {
    EACCES,
    EAGAIN,
    ECONNREFUSED,
    EDESTADDRREQ,
    EFAULT,
    EINVAL,
    EMSGSIZE,
    ENETUNREACH,
    ENOTCONN,
    EOPNOTSUPP,
    EPIPE,
} from "../kernel/errno";
import {
    AF_INET,
    AF_UNSPEC,
    IPPROTO_UDP,
    MSG_DONTWAIT,
    MSG_ERRQUEUE,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SHUT_RD,
    SHUT_RDWR,
    SHUT_WR,
    SOCK_DGRAM,
} from "./constants";
import {
    addReceivedFlags,
    givenAddress,
    givenLength,
    givenSourceHigh,
    givenSourceLow,
    givenTimeToLive,
    givenTypeOfService,
    noteReceived,
    receivedAddress,
    setReceivedLength,
    sourceGiven,
} from "./exchange";
import {
    addressHigh,
    addressLow,
    addressPort,
    ANY_LOW,
    isAny,
    isBroadcast,
    isLocal,
    isMapped,
    isMulticast,
    LOOPBACK6_LOW,
    LOOPBACK_LOW,
    MAPPED,
    writeAddress,
} from "./inetAddress";
import { InternetOptions, optionsOf, TIME_TO_LIVE_DEFAULT, WANT_ERRORS, WANT_ERRORS6 } from "./inetOptions";
import { InetSocket } from "./inetSocket";
import { fit } from "./listeners";
import { MessageQueue, takeMessage } from "./message";
import { PortTable, udpPorts } from "./portTable";
import { OPTION_BROADCAST, OPTION_REUSE_PORT } from "./socket";

/** Longest datagrams: 65535 bytes less the headers. */
const DATAGRAM_MAXIMUM: i64 = 65507;
const DATAGRAM6_MAXIMUM: i64 = 65527;
/** 127.255.255.255, the broadcast address of the interface. */
const BROADCAST_LOW: u64 = MAPPED | 0x7fff_ffff;
/** Errors that wait to be read (MSG_ERRQUEUE); further ones are lost. */
const ERRORS_MAXIMUM: u32 = 64;

/** sock_extended_err: what a refusal is on IPv4 and IPv6 (SO_EE_ORIGIN_ICMP, port unreachable). */
export const ORIGIN_ICMP: u32 = 2;
export const ORIGIN_ICMP6: u32 = 3;

export class UdpSocket extends InetSocket {
    readonly inbox: MessageQueue = new MessageQueue();
    /** What IP_RECVERR collects, or null. */
    private errors: MessageQueue | null = null;

    constructor(domain: u32) {
        super(domain, SOCK_DGRAM, IPPROTO_UDP);
    }

    protected ports(): PortTable {
        return udpPorts;
    }

    protected close(): void {
        super.close();
        udpPorts.remove(this);
        this.inbox.clear();
        const errors = this.errors;
        if (errors !== null) errors.clear();
    }

    connect(nonBlocking: bool): i64 {
        if (<u32>load<u16>(givenAddress) == AF_UNSPEC) {
            this.disconnect();
            return 0;
        }
        const problem = this.readDestination();
        if (problem != 0) return problem;
        const high = addressHigh;
        const low = addressLow;
        const port = addressPort;
        const reachable = this.checkDestination(high, low);
        if (reachable != 0) return reachable;
        if (this.bindAutomatically() != 0) return -EAGAIN;
        if (!this.hasChosenAddress) this.chooseSource(high, low);
        this.peerHigh = high;
        this.peerLow = low;
        this.peerPort = port;
        return 0;
    }

    private disconnect(): void {
        this.peerPort = 0;
        this.peerHigh = 0;
        this.peerLow = this.domain == AF_INET ? ANY_LOW : 0;
        if (!this.hasChosenAddress) {
            this.localHigh = 0;
            this.localLow = this.domain == AF_INET ? ANY_LOW : 0;
        }
        if (this.hasChosenPort) return;
        udpPorts.remove(this);
        this.localPort = 0;
    }

    /** 0 when a datagram can go to the address, else a negative errno. */
    private checkDestination(high: u64, low: u64): i64 {
        if (isLocal(high, low)) return 0;
        if (isMulticast(high, low)) {
            const options = optionsOf(this);
            const routed = isMapped(high, low) ? options.multicastInterface : options.multicastInterface6;
            return routed || this.boundInterface != 0 ? 0 : -ENETUNREACH;
        }
        if (low == BROADCAST_LOW && high == 0) {
            return this.option(OPTION_BROADCAST) ? 0 : -EACCES;
        }
        return -ENETUNREACH;
    }

    shutdown(how: i32): i64 {
        if (how < SHUT_RD || how > SHUT_RDWR) return -EINVAL;
        const connected = this.peerPort != 0;
        if (how != SHUT_WR) this.receiveClosed = true;
        if (how != SHUT_RD) this.sendClosed = true;
        this.notify();
        return connected ? 0 : -ENOTCONN;
    }

    // ---------------------------------------------------------------- sending

    sendNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
        const length = buffer.length;
        if (length > (this.domain == AF_INET ? DATAGRAM_MAXIMUM : DATAGRAM6_MAXIMUM)) return -EMSGSIZE;
        let high = this.peerHigh;
        let low = this.peerLow;
        let port = this.peerPort;
        if (givenLength > 0) {
            const problem = this.readDestination();
            if (problem != 0) return problem;
            high = addressHigh;
            low = addressLow;
            port = addressPort;
            if (port == 0) return -EINVAL;
        } else if (port == 0) {
            return -EDESTADDRREQ;
        }
        if (length > DATAGRAM_MAXIMUM && isMapped(high, low)) return -EMSGSIZE;
        const reachable = this.checkDestination(high, low);
        if (reachable != 0) return reachable;
        if (
            sourceGiven &&
            !isAny(givenSourceHigh, givenSourceLow) &&
            !isLocal(givenSourceHigh, givenSourceLow)
        ) {
            return -EINVAL;
        }
        if (this.bindAutomatically() != 0) return -EAGAIN;
        if (this.error != 0) return this.takeError();
        if (this.sendClosed) return -EPIPE;
        if (isMulticast(high, low)) return this.sendToGroup(buffer, high, low, port);
        const target = this.findReceiver(high, low, port);
        if (target !== null) return this.deliver(target, buffer, high, low);
        return this.refuse(buffer, high, low, port);
    }

    /** The source address of a datagram to the address. */
    private sourceLow(high: u64, low: u64): u64 {
        if (sourceGiven && givenSourceLow != 0 && givenSourceLow != ANY_LOW) return givenSourceLow;
        if (!isAny(this.localHigh, this.localLow) && !isMulticast(this.localHigh, this.localLow))
            return this.localLow;
        return isMapped(high, low) ? LOOPBACK_LOW : LOOPBACK6_LOW;
    }

    /** The socket that a datagram is for, or null: the one whose addresses say most about it. */
    private findReceiver(high: u64, low: u64, port: u32): UdpSocket | null {
        const source = this.sourceLow(high, low);
        let best: UdpSocket | null = null;
        let bestScore: u32 = 0;
        let sharers: u32 = 0;
        let following: InetSocket | null = udpPorts.chain(port);
        while (following !== null) {
            const socket = following;
            following = socket.nextBound;
            if (socket.localPort != port) continue;
            const receiver = changetype<UdpSocket>(socket);
            const score = this.score(receiver, high, low, source);
            if (score == 0) continue;
            if (score > bestScore) {
                best = receiver;
                bestScore = score;
                sharers = 1;
            } else if (score == bestScore && receiver.option(OPTION_REUSE_PORT)) {
                sharers++;
            }
        }
        if (sharers < 2) return best;
        // All datagrams of one sender go to the same of those that share the port.
        let number = (this.localPort * 0x9e37_79b1) % sharers;
        following = udpPorts.chain(port);
        while (following !== null) {
            const socket = following;
            following = socket.nextBound;
            if (socket.localPort != port) continue;
            const receiver = changetype<UdpSocket>(socket);
            if (this.score(receiver, high, low, source) == bestScore && number-- == 0) return receiver;
        }
        return best;
    }

    private score(receiver: UdpSocket, high: u64, low: u64, source: u64): u32 {
        const broadcast = isBroadcast(high, low);
        const fits: u32 = broadcast
            ? isAny(receiver.localHigh, receiver.localLow) || receiver.localLow == low
                ? 2
                : 0
            : fit(receiver, high, low);
        if (fits == 0 || receiver.peerPort == 0) return fits;
        const matches =
            receiver.peerPort == this.localPort && receiver.peerHigh == 0 && receiver.peerLow == source;
        return matches ? fits + 4 : 0;
    }

    private deliver(target: UdpSocket, buffer: IoBuffer, high: u64, low: u64): i64 {
        const length = <u32>buffer.length;
        // A full queue loses datagrams; nobody is told.
        if (target.receiveClosed || target.inbox.charge > target.receiveBuffer) return this.lose(buffer);
        const message = takeMessage();
        message.sourceHigh = 0;
        message.sourceLow = this.sourceLow(high, low);
        message.sourcePort = this.localPort;
        message.destinationHigh = high;
        message.destinationLow = low;
        this.setHeader(message.destinationHigh, message.destinationLow);
        message.timeToLive = headerTimeToLive;
        message.typeOfService = headerTypeOfService;
        target.stamp(message);
        const error = target.inbox.appendDatagram(message, buffer, length);
        if (error != 0) return error;
        target.notify();
        return length;
    }

    private setHeader(high: u64, low: u64): void {
        const options = optionsOf(this);
        const group = isMulticast(high, low);
        if (isMapped(high, low)) {
            const own = group ? options.multicastTimeToLive : options.timeToLive;
            headerTimeToLive = givenTimeToLive >= 0 ? givenTimeToLive : own < 0 ? TIME_TO_LIVE_DEFAULT : own;
            headerTypeOfService = givenTypeOfService >= 0 ? givenTypeOfService : options.typeOfService;
        } else {
            const own = group ? options.multicastHops : options.hopLimit;
            headerTimeToLive = givenTimeToLive >= 0 ? givenTimeToLive : own < 0 ? TIME_TO_LIVE_DEFAULT : own;
            headerTypeOfService = givenTypeOfService >= 0 ? givenTypeOfService : options.trafficClass;
        }
    }

    /** A datagram to a group goes to every member with the port. */
    private sendToGroup(buffer: IoBuffer, high: u64, low: u64, port: u32): i64 {
        const own = optionsOf(this);
        const loops = isMapped(high, low) ? own.multicastLoop : own.multicastLoop6;
        if (!loops) return this.lose(buffer);
        let following: InetSocket | null = udpPorts.chain(port);
        while (following !== null) {
            const socket = following;
            following = socket.nextBound;
            if (socket.localPort != port) continue;
            const any = isAny(socket.localHigh, socket.localLow);
            if (!any && (socket.localHigh != high || socket.localLow != low)) continue;
            const options: InternetOptions = optionsOf(socket);
            if (!options.isMember(high, low)) continue;
            const error = this.deliver(changetype<UdpSocket>(socket), buffer, high, low);
            if (error < 0) return error;
        }
        return this.lose(buffer);
    }

    /** A datagram that nobody gets; the sender's memory is read all the same. */
    private lose(buffer: IoBuffer): i64 {
        const error = buffer.check();
        return error != 0 ? error : buffer.length;
    }

    /** Nobody has the port. */
    private refuse(buffer: IoBuffer, high: u64, low: u64, port: u32): i64 {
        const lost = this.lose(buffer);
        if (lost < 0 || isBroadcast(high, low)) return lost;
        const wanted = optionsOf(this).wanted;
        const collects = (wanted & (isMapped(high, low) ? WANT_ERRORS : WANT_ERRORS6)) != 0;
        if (collects) {
            let errors = this.errors;
            if (errors === null) {
                errors = new MessageQueue();
                this.errors = errors;
            }
            if (errors.count < ERRORS_MAXIMUM) {
                const message = takeMessage();
                message.error = ECONNREFUSED;
                message.sourceHigh = high;
                message.sourceLow = low;
                message.sourcePort = port;
                message.destinationHigh = high;
                message.destinationLow = low;
                const error = errors.appendDatagram(message, buffer, <u32>buffer.length);
                if (error != 0) return error;
            }
        }
        if (collects || this.peerPort != 0) {
            this.error = ECONNREFUSED;
            this.notify();
        }
        return lost;
    }

    // ---------------------------------------------------------------- receiving

    receiveNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_ERRQUEUE) != 0) return this.receiveError(buffer, flags);
        if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
        if (this.error != 0) return this.takeError();
        const message = this.inbox.first;
        if (message === null) {
            if (!this.receiveClosed || this.isNonBlocking() || (flags & MSG_DONTWAIT) != 0) return -EAGAIN;
            return 0;
        }
        return this.take(this.inbox, buffer, flags);
    }

    private receiveError(buffer: IoBuffer, flags: u32): i64 {
        const errors = this.errors;
        if (errors === null || errors.isEmpty) return -EAGAIN;
        addReceivedFlags(MSG_ERRQUEUE);
        this.error = 0;
        const count = this.take(errors, buffer, flags & ~MSG_PEEK);
        if (!errors.isEmpty) this.error = ECONNREFUSED;
        return count;
    }

    private take(queue: MessageQueue, buffer: IoBuffer, flags: u32): i64 {
        const message = queue.first!;
        const length = message.length;
        const part = <u32>min<i64>(length, buffer.length);
        const count = queue.bytes.copyTo(buffer, 0, 0, part);
        if (count < 0 || count < <i64>part) return -EFAULT;
        const peek = (flags & MSG_PEEK) != 0;
        noteReceived(message, peek);
        setReceivedLength(
            writeAddress(
                receivedAddress,
                this.domain,
                message.sourceHigh,
                message.sourceLow,
                message.sourcePort,
            ),
        );
        if (length > part) addReceivedFlags(MSG_TRUNC);
        if (!peek) queue.dropFirst();
        return (flags & MSG_TRUNC) != 0 ? length : part;
    }

    // ---------------------------------------------------------------- readiness

    readiness(): u32 {
        let events: u32 = POLLOUT | POLLWRNORM | POLLWRBAND;
        const errors = this.errors;
        if (this.error != 0 || (errors !== null && !errors.isEmpty)) events |= POLLERR;
        if (this.receiveClosed) events |= POLLRDHUP | POLLIN | POLLRDNORM;
        if (this.receiveClosed && this.sendClosed) events |= POLLHUP;
        if (!this.inbox.isEmpty) events |= POLLIN | POLLRDNORM;
        return events;
    }

    bytesToReceive(): i64 {
        const message = this.inbox.first;
        return message === null ? 0 : message.length;
    }

    bytesSent(): i64 {
        return 0;
    }
}

// What setHeader chose.
let headerTimeToLive: u32 = 0;
let headerTypeOfService: u32 = 0;
