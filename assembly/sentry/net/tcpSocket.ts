// SPDX-License-Identifier: Apache-2.0
//
// TCP (tcp(7)) within the container. There are no packets: a connection is two sockets that refer to each other, what one sends
// is appended to what the other can receive, and what a segment's flags would tell (SYN, FIN, RST) is done to the peer at
// once. Programs see what they see on Linux's loopback interface.

import { fail, failure } from "../fs/inode";
import { IoBuffer } from "../fs/ioBuffer";
import {
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDHUP,
    POLLRDNORM,
    POLLWRNORM,
} from "../fs/openFile";
import { signalOwner } from "../fs/signalOwner";
import { now } from "../kernel/clock";
import {
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAGAIN,
    EALREADY,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    ENETUNREACH,
    ENOTCONN,
    EPIPE,
    ERESTARTSYS,
    ETIMEDOUT,
} from "../kernel/errno";
import { blockUntil, deadlineReached, waitOn } from "../kernel/wait";
import { SIGURG } from "../signals/numbers";
import {
    AF_UNSPEC,
    IPPROTO_TCP,
    MSG_ERRQUEUE,
    MSG_FASTOPEN,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SHUT_RD,
    SHUT_RDWR,
    SHUT_WR,
    SOCK_STREAM,
} from "./constants";
import { addReceivedFlags, givenAddress, givenLength, stopReceiving } from "./exchange";
import { ByteQueue } from "./byteQueue";
import { addressHigh, addressLow, addressPort, ANY_LOW, isLocal, writeAddress } from "./inetAddress";
import { InetSocket } from "./inetSocket";
import { findListener } from "./listeners";
import { addTimeWait, PortTable, takePort, tcpPorts } from "./portTable";
import { OPTION_OOB_INLINE, Socket } from "./socket";
import { getTcpOption, setTcpOption, TcpOptions } from "./tcpOptions";
import { BACKLOG_MAXIMUM } from "./unixSocket";
import { AF_INET } from "./constants";
import { reserveBuffer } from "../memory/buffers";

/** States, with the numbers that TCP_INFO and /proc/net/tcp show. */
export const TCP_ESTABLISHED: u32 = 1;
export const TCP_SYN_SENT: u32 = 2;
export const TCP_FIN_WAIT2: u32 = 5;
export const TCP_TIME_WAIT: u32 = 6;
export const TCP_CLOSE: u32 = 7;
export const TCP_CLOSE_WAIT: u32 = 8;
export const TCP_LISTEN: u32 = 10;

// What connect(2) has come to: Linux's socket_state.
const UNCONNECTED: u32 = 0;
const CONNECTING: u32 = 1;
const CONNECTED: u32 = 2;

/** net.ipv4.tcp_wmem and tcp_rmem: the default sizes that getsockopt shows. */
const SEND_BUFFER_DEFAULT: u32 = 16384;
const RECEIVE_BUFFER_DEFAULT: u32 = 131072;
/**
 * What a connection's automatic sizes count for. On Linux they grow to megabytes; what is under way is the container's memory.
 * Programs that send to themselves before they receive find room for half a MiB.
 */
const SEND_AUTOMATIC: u32 = 131072;
const RECEIVE_AUTOMATIC: u32 = 393216;
/** A direction always has room for this much: a page for sendfile(2), and one to read meanwhile. */
const CAPACITY_MINIMUM: u32 = 8192;
/** Room below which a socket is not writable, as sendfile sends pages. */
const WRITABLE_MINIMUM: u32 = 4096;
/** What six SYNs without an answer take (net.ipv4.tcp_syn_retries): 127 seconds. */
const CONNECT_TIMEOUT: u64 = 127_000_000_000;

const URGENT_NONE: u32 = 0;
const URGENT_VALID: u32 = 1;
const URGENT_READ: u32 = 2;

const urgentScratch: usize = reserveBuffer(1);

export class TcpSocket extends InetSocket {
    state: u32 = TCP_CLOSE;
    private connection: u32 = UNCONNECTED;
    /** The other end; null when there is none any more. */
    peer: TcpSocket | null = null;
    /** What the peer has sent and nobody has received. */
    readonly incoming: ByteQueue = new ByteQueue();
    finSent: bool = false;
    finReceived: bool = false;
    tcp: TcpOptions | null = null;

    // Listening: connections that nobody has accepted yet, and sockets whose SYN waits for room among them.
    private firstPending: TcpSocket | null = null;
    private lastPending: TcpSocket | null = null;
    pendingCount: u32 = 0;
    backlog: u32 = 0;
    private nextPending: TcpSocket | null = null;
    private isPending: bool = false;
    private firstWaiting: TcpSocket | null = null;
    private lastWaiting: TcpSocket | null = null;
    private nextWaiting: TcpSocket | null = null;
    /** The listening socket that this one's SYN waits at. */
    private waitsAt: TcpSocket | null = null;

    // The urgent byte (tcp(7), "Sockets API"): where it is in the stream of bytes received.
    private urgent: u32 = URGENT_NONE;
    private urgentAt: u64 = 0;
    private urgentByte: u8 = 0;
    private readPosition: u64 = 0;

    constructor(domain: u32) {
        super(domain, SOCK_STREAM, IPPROTO_TCP);
        this.sendBuffer = SEND_BUFFER_DEFAULT;
        this.receiveBuffer = RECEIVE_BUFFER_DEFAULT;
    }

    protected ports(): PortTable {
        return tcpPorts;
    }

    isListening(): bool {
        return this.state == TCP_LISTEN;
    }

    protected isConnected(): bool {
        return this.peerPort != 0 && this.state == TCP_ESTABLISHED;
    }

    /** The state as Linux would name it. */
    get visibleState(): u32 {
        if (this.state != TCP_ESTABLISHED) return this.state;
        if (this.finSent) return TCP_FIN_WAIT2;
        return this.finReceived ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
    }

    // ---------------------------------------------------------------- listening

    listen(backlog: i32): i64 {
        if (this.connection != UNCONNECTED) return -EINVAL;
        const limit = min(<u32>backlog, BACKLOG_MAXIMUM);
        this.backlog = limit;
        if (this.state == TCP_LISTEN) {
            this.admitWaiting();
            return 0;
        }
        if (this.isBound) {
            tcpPorts.remove(this);
            this.state = TCP_LISTEN;
            if (tcpPorts.conflicts(this, this.localHigh, this.localLow, this.localPort)) {
                this.state = TCP_CLOSE;
                tcpPorts.add(this);
                return -EADDRINUSE;
            }
            tcpPorts.add(this);
        } else {
            this.state = TCP_LISTEN;
            const error = takePort(tcpPorts, this, this.localHigh, this.localLow, 0);
            if (error != 0) {
                this.state = TCP_CLOSE;
                return error;
            }
        }
        this.receiveClosed = false;
        this.sendClosed = false;
        return 0;
    }

    acceptNow(): Socket | null {
        if (this.state != TCP_LISTEN) {
            fail(-EINVAL);
            return null;
        }
        const socket = this.firstPending;
        if (socket === null) {
            fail(-EAGAIN);
            return null;
        }
        this.firstPending = socket.nextPending;
        if (this.firstPending === null) this.lastPending = null;
        socket.nextPending = null;
        socket.isPending = false;
        this.pendingCount--;
        this.admitWaiting();
        return socket;
    }

    private get isFull(): bool {
        return this.pendingCount > this.backlog;
    }

    /** Sockets whose SYN waits for room in the backlog are connected as far as there is some. */
    private admitWaiting(): void {
        while (!this.isFull) {
            const client = this.firstWaiting;
            if (client === null) return;
            this.firstWaiting = client.nextWaiting;
            if (this.firstWaiting === null) this.lastWaiting = null;
            client.nextWaiting = null;
            client.waitsAt = null;
            client.establish(this);
            client.notify();
        }
    }

    /** The socket's SYN does not wait any more. */
    private leaveListener(): void {
        const listener = this.waitsAt;
        if (listener === null) return;
        this.waitsAt = null;
        let before: TcpSocket | null = null;
        let at = listener.firstWaiting;
        while (at !== null && at !== this) {
            before = at;
            at = at.nextWaiting;
        }
        if (before === null) listener.firstWaiting = this.nextWaiting;
        else before.nextWaiting = this.nextWaiting;
        if (listener.lastWaiting === this) listener.lastWaiting = before;
        this.nextWaiting = null;
    }

    private stopListening(): void {
        this.state = TCP_CLOSE;
        let pending = this.firstPending;
        this.firstPending = null;
        this.lastPending = null;
        this.pendingCount = 0;
        while (pending !== null) {
            const next = pending.nextPending;
            pending.nextPending = null;
            pending.release();
            pending = next;
        }
        let waiting = this.firstWaiting;
        this.firstWaiting = null;
        this.lastWaiting = null;
        while (waiting !== null) {
            const next = waiting.nextWaiting;
            waiting.nextWaiting = null;
            waiting.waitsAt = null;
            waiting.refuse(ECONNREFUSED);
            waiting.notify();
            waiting = next;
        }
    }

    // ---------------------------------------------------------------- connecting

    connect(nonBlocking: bool): i64 {
        if (<u32>load<u16>(givenAddress) == AF_UNSPEC) {
            this.disconnect();
            return 0;
        }
        if (this.connection == CONNECTED) return -EISCONN;
        if (this.connection == UNCONNECTED) {
            if (this.state != TCP_CLOSE) return -EISCONN;
            const problem = this.begin();
            if (problem != 0) return problem;
            if (nonBlocking) return -EINPROGRESS;
        } else if (this.state == TCP_SYN_SENT && nonBlocking) {
            return -EALREADY;
        }
        if (this.state == TCP_SYN_SENT) {
            if (!deadlineReached()) {
                waitOn(this.queue);
                const timeout = this.sendTimeout;
                if (timeout == 0) return blockUntil(now() + CONNECT_TIMEOUT, -ERESTARTSYS);
                return blockUntil(now() + timeout, -ERESTARTSYS);
            }
            if (this.sendTimeout != 0) return -EINPROGRESS;
            this.refuse(ETIMEDOUT);
        }
        if (this.state == TCP_CLOSE) {
            this.connection = UNCONNECTED;
            const error = this.takeError();
            return error != 0 ? error : -ECONNABORTED;
        }
        this.connection = CONNECTED;
        return 0;
    }

    /** Sends the SYN: afterwards the socket is connected, refused, or waits for room in a backlog. 0 or a negative errno. */
    private begin(): i64 {
        const problem = this.readDestination();
        if (problem != 0) return problem;
        const high = addressHigh;
        const low = addressLow;
        const port = addressPort;
        if (!isLocal(high, low)) return -ENETUNREACH;
        if (this.bindAutomatically() != 0) return -EADDRNOTAVAIL;
        this.chooseSource(high, low);
        this.peerHigh = high;
        this.peerLow = low;
        this.peerPort = port;
        this.connection = CONNECTING;
        this.receiveClosed = false;
        this.sendClosed = false;
        this.finSent = false;
        this.finReceived = false;
        const listener = findListener(high, low, port);
        if (listener === null) {
            if (port == this.localPort && high == this.localHigh && low == this.localLow) {
                // A simultaneous open with oneself: RFC 9293, 3.5.
                this.peer = this;
                this.state = TCP_ESTABLISHED;
                this.notify();
            } else {
                this.refuse(ECONNREFUSED);
            }
        } else if (listener.isFull) {
            this.state = TCP_SYN_SENT;
            this.waitsAt = listener;
            if (listener.lastWaiting === null) listener.firstWaiting = this;
            else listener.lastWaiting!.nextWaiting = this;
            listener.lastWaiting = this;
        } else {
            this.establish(listener);
            this.notify();
        }
        return 0;
    }

    /** The connection does not come about. */
    private refuse(error: i32): void {
        this.leaveListener();
        this.state = TCP_CLOSE;
        this.error = error;
        this.receiveClosed = true;
        this.sendClosed = true;
        this.forgetAddresses();
        this.notify();
    }

    /** Gives back what bind(2) did not ask for. */
    private forgetAddresses(): void {
        this.peerPort = 0;
        if (!this.hasChosenAddress) {
            this.localHigh = 0;
            this.localLow = this.domain == AF_INET ? ANY_LOW : 0;
        }
        if (this.hasChosenPort) return;
        tcpPorts.remove(this);
        this.localPort = 0;
    }

    /** Makes the other end and leaves it to be accepted. */
    private establish(listener: TcpSocket): void {
        const other = new TcpSocket(listener.domain);
        other.takeOptions(listener);
        other.localHigh = this.peerHigh;
        other.localLow = this.peerLow;
        other.localPort = this.peerPort;
        other.peerHigh = this.localHigh;
        other.peerLow = this.localLow;
        other.peerPort = this.localPort;
        other.state = TCP_ESTABLISHED;
        other.connection = CONNECTED;
        other.isPending = true;
        other.peer = this;
        tcpPorts.add(other);
        this.peer = other;
        this.state = TCP_ESTABLISHED;
        if (listener.lastPending === null) listener.firstPending = other;
        else listener.lastPending!.nextPending = other;
        listener.lastPending = other;
        listener.pendingCount++;
        listener.notify();
    }

    /** An accepted socket has its listening socket's options. */
    private takeOptions(listener: TcpSocket): void {
        this.options = listener.options;
        this.onlyIPv6 = listener.onlyIPv6;
        this.sendBuffer = listener.sendBuffer;
        this.receiveBuffer = listener.receiveBuffer;
        this.sendBufferSet = listener.sendBufferSet;
        this.receiveBufferSet = listener.receiveBufferSet;
        this.receiveLow = listener.receiveLow;
        this.receiveTimeout = listener.receiveTimeout;
        this.sendTimeout = listener.sendTimeout;
        this.linger = listener.linger;
        this.priority = listener.priority;
        const tcp = listener.tcp;
        if (tcp !== null) this.tcp = tcp.copy();
        const internet = listener.internet;
        if (internet !== null) this.internet = internet.copy();
    }

    // ---------------------------------------------------------------- the end

    protected close(): void {
        super.close();
        if (this.state == TCP_LISTEN) {
            this.stopListening();
        } else if (this.state == TCP_SYN_SENT) {
            this.leaveListener();
        } else if (this.state == TCP_ESTABLISHED) {
            const peer = this.peer;
            this.peer = null;
            // What it sent is lost: it is told so (RFC 2525, 2.17). So it is with SO_LINGER 0.
            const aborts = this.incoming.length > 0 || this.linger == 0 || this.isPending;
            if (peer !== null && peer !== this) {
                peer.peer = null;
                if (aborts) peer.reset();
                else if (!this.finSent) peer.receiveFin();
            }
            if (!aborts && (this.finSentFirst || !this.finReceived)) addTimeWait(this);
        }
        this.state = TCP_CLOSE;
        tcpPorts.remove(this);
        this.incoming.clear();
    }

    /** The peer was not through when this end was: the connection's TIME_WAIT is here. */
    private finSentFirst: bool = false;

    /** The peer will send nothing any more. */
    private receiveFin(): void {
        if (this.state != TCP_ESTABLISHED) return;
        this.finReceived = true;
        this.receiveClosed = true;
        this.finish();
        this.notify();
    }

    /** Where both ends have sent their FIN the connection is over, and only what it left to be received remains. */
    private finish(): void {
        if (!this.finReceived || !this.finSent) return;
        if (this.finSentFirst && this.state == TCP_ESTABLISHED) addTimeWait(this);
        this.state = TCP_CLOSE;
        if (!this.hasChosenPort || this.connection == CONNECTED) tcpPorts.remove(this);
    }

    /** A RST came. */
    private reset(): void {
        if (this.state == TCP_CLOSE) return;
        this.error = this.finReceived ? EPIPE : ECONNRESET;
        this.end();
    }

    private end(): void {
        this.state = TCP_CLOSE;
        this.peer = null;
        this.receiveClosed = true;
        this.sendClosed = true;
        tcpPorts.remove(this);
        this.notify();
    }

    /** connect(2) to AF_UNSPEC: the socket is as new, but for what bind(2) gave it. */
    private disconnect(): void {
        if (this.state == TCP_LISTEN) {
            tcpPorts.remove(this);
            this.stopListening();
            tcpPorts.add(this);
        }
        this.leaveListener();
        const peer = this.peer;
        this.peer = null;
        if (peer !== null && peer !== this) {
            peer.peer = null;
            peer.reset();
        }
        this.state = TCP_CLOSE;
        this.connection = UNCONNECTED;
        this.incoming.clear();
        this.error = 0;
        this.receiveClosed = false;
        this.sendClosed = false;
        this.finSent = false;
        this.finSentFirst = false;
        this.finReceived = false;
        this.urgent = URGENT_NONE;
        this.forgetAddresses();
        this.notify();
    }

    shutdown(how: i32): i64 {
        if (how < SHUT_RD || how > SHUT_RDWR) return -EINVAL;
        if (this.state == TCP_CLOSE) {
            if (how != SHUT_WR) this.receiveClosed = true;
            if (how != SHUT_RD) this.sendClosed = true;
            this.notify();
            return -ENOTCONN;
        }
        if (this.state == TCP_LISTEN || this.state == TCP_SYN_SENT) {
            // Listening ends with the side that receives; a connection being made is given up.
            if (how != SHUT_WR) this.disconnect();
            return 0;
        }
        if (how != SHUT_WR) this.receiveClosed = true;
        if (how != SHUT_RD && !this.finSent) {
            this.sendClosed = true;
            this.finSent = true;
            this.finSentFirst = !this.finReceived;
            const peer = this.peer;
            if (peer !== null) peer.receiveFin();
            this.finish();
        }
        this.notify();
        return 0;
    }

    // ---------------------------------------------------------------- sending

    /** Bytes that may be under way to the peer. */
    private capacityTo(peer: TcpSocket): u32 {
        // Of the sizes that programs choose, half is for the system's own (socket(7)).
        const send = this.sendBufferSet ? this.sendBuffer >> 1 : SEND_AUTOMATIC;
        const receive = peer.receiveBufferSet ? peer.receiveBuffer >> 1 : RECEIVE_AUTOMATIC;
        return max(CAPACITY_MINIMUM, send + receive);
    }

    sendNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_FASTOPEN) != 0 && this.connection != CONNECTED) {
            // The data goes with the SYN: it is a connect that has something to send.
            if (givenLength < 2) return -EINVAL;
            const waits = this.connect(true);
            if (waits != 0 && waits != -EINPROGRESS) return waits == -EALREADY ? -EAGAIN : waits;
            if (this.state == TCP_ESTABLISHED) this.connection = CONNECTED;
        }
        if (this.error != 0) return this.takeError();
        if (this.sendClosed) return -EPIPE;
        if (this.state != TCP_ESTABLISHED) return this.state == TCP_SYN_SENT ? -EAGAIN : -EPIPE;
        const rest = buffer.length - from;
        if (rest == 0) return 0;
        const peer = this.peer;
        if (peer === null) {
            // The peer's socket is closed: what is sent is thrown away, and a RST is the answer.
            this.error = EPIPE;
            this.end();
            return rest;
        }
        const capacity = this.capacityTo(peer);
        const used = peer.incoming.length;
        if (used >= capacity) return -EAGAIN;
        const part = <u32>min<i64>(rest, capacity - used);
        const count = peer.incoming.append(buffer, from, part);
        if (count <= 0) return count;
        if ((flags & MSG_OOB) != 0 && count == rest) peer.markUrgent();
        peer.notify();
        return count;
    }

    // ---------------------------------------------------------------- receiving

    receiveNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_ERRQUEUE) != 0) return -EAGAIN;
        if (this.state == TCP_LISTEN) return -ENOTCONN;
        if ((flags & MSG_OOB) != 0) return this.receiveUrgent(buffer, flags);
        const wanted = buffer.length - from;
        const incoming = this.incoming;
        let available: i64 = incoming.length;
        let skip: u32 = 0;
        const peek = (flags & MSG_PEEK) != 0;
        if (this.urgent != URGENT_NONE && available > 0) {
            const before = <i64>(this.urgentAt - this.readPosition);
            if (before > 0) {
                if (before < available) available = before;
            } else if (from > 0) {
                // A receive does not go across the mark.
                stopReceiving();
                return 0;
            } else if (!this.option(OPTION_OOB_INLINE)) {
                if (peek) {
                    skip = 1;
                } else {
                    this.consume(1);
                }
                available--;
            }
        }
        if (available > 0) {
            const part = <u32>min(available, wanted);
            let count: i64 = part;
            // MSG_TRUNC throws the bytes away.
            if ((flags & MSG_TRUNC) == 0) count = incoming.copyTo(buffer, from, skip, part);
            if (count <= 0 || peek) return count;
            this.consume(<u32>count);
            if (count < <i64>part) stopReceiving();
            return count;
        }
        if (this.finReceived) return 0;
        if (this.error != 0) return from > 0 ? 0 : this.takeError();
        if (this.receiveClosed) return 0;
        if (this.state == TCP_CLOSE) return -ENOTCONN;
        return -EAGAIN;
    }

    /** Bytes have been received: there is room for the peer to send. */
    private consume(count: u32): void {
        this.incoming.drop(count);
        this.readPosition += count;
        if (this.urgent != URGENT_NONE && this.readPosition > this.urgentAt) this.urgent = URGENT_NONE;
        const peer = this.peer;
        if (peer === null || !peer.wantsRoom || !peer.hasRoom()) return;
        peer.wantsRoom = false;
        peer.notify();
    }

    /** The last byte that has come is urgent: there is one at a time. */
    private markUrgent(): void {
        this.urgentAt = this.readPosition + this.incoming.length - 1;
        this.urgentByte = <u8>this.incoming.byteAt(this.incoming.length - 1);
        this.urgent = URGENT_VALID;
        signalOwner(this, SIGURG);
    }

    private receiveUrgent(buffer: IoBuffer, flags: u32): i64 {
        if (this.option(OPTION_OOB_INLINE) || this.urgent != URGENT_VALID) return -EINVAL;
        addReceivedFlags(MSG_OOB);
        if (buffer.length == 0) return 0;
        store<u8>(urgentScratch, this.urgentByte);
        const error = buffer.put(0, urgentScratch, 1);
        if (error != 0) return error;
        if ((flags & MSG_PEEK) == 0) this.urgent = URGENT_READ;
        stopReceiving();
        return 1;
    }

    /** SIOCATMARK. */
    get isAtMark(): bool {
        return this.urgent != URGENT_NONE && this.readPosition == this.urgentAt;
    }

    // ---------------------------------------------------------------- readiness

    /** Whether there is room worth waking a sender for: a third, as on Linux, and at least a page. */
    private hasRoom(): bool {
        const peer = this.peer;
        if (peer === null) return true;
        const capacity = this.capacityTo(peer);
        const used = peer.incoming.length;
        return used + max(WRITABLE_MINIMUM, capacity / 3) <= capacity && peer.incoming.mayGrow;
    }

    private get isReadableNow(): bool {
        let target = this.receiveLow;
        if (this.urgent != URGENT_NONE && this.isAtMark && !this.option(OPTION_OOB_INLINE)) target++;
        return <i64>this.incoming.length >= target;
    }

    readiness(): u32 {
        if (this.state == TCP_LISTEN) return this.firstPending !== null ? POLLIN | POLLRDNORM : 0;
        let events: u32 = this.error != 0 ? POLLERR : 0;
        if (this.state == TCP_CLOSE || (this.receiveClosed && this.sendClosed)) events |= POLLHUP;
        if (this.receiveClosed) events |= POLLIN | POLLRDNORM | POLLRDHUP;
        if (this.state == TCP_SYN_SENT) return events;
        if (this.isReadableNow) events |= POLLIN | POLLRDNORM;
        if (this.urgent == URGENT_VALID) events |= POLLPRI;
        if (this.sendClosed || this.hasRoom()) events |= POLLOUT | POLLWRNORM;
        else this.wantsRoom = true;
        return events;
    }

    bytesToReceive(): i64 {
        if (this.state == TCP_LISTEN) return -EINVAL;
        if (this.urgent != URGENT_NONE && !this.option(OPTION_OOB_INLINE)) {
            return this.urgentAt - this.readPosition;
        }
        return this.incoming.length;
    }

    bytesSent(): i64 {
        if (this.state == TCP_LISTEN) return -EINVAL;
        const peer = this.peer;
        return peer === null ? 0 : peer.incoming.length;
    }

    setFamilyOption(level: i32, name: i32, address: u64, length: i32): i64 {
        if (level == IPPROTO_TCP) return setTcpOption(this, name, address, length);
        return super.setFamilyOption(level, name, address, length);
    }

    getFamilyOption(level: i32, name: i32, to: usize, capacity: i32): i64 {
        if (level == IPPROTO_TCP) return getTcpOption(this, name, to, capacity);
        return super.getFamilyOption(level, name, to, capacity);
    }
}
