// SPDX-License-Identifier: Apache-2.0
//
// AF_UNIX sockets (unix(7)). What has been sent waits in the receiver's `inbox`: a stream's bytes, with a new message where
// the ancillary data changes, or datagrams. A stream or seqpacket socket and its peer refer to each other until one of them is
// closed; a connected datagram socket only refers to where it sends.

import { fail, failure } from "../fs/inode";
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
    EAGAIN,
    ECONNREFUSED,
    ECONNRESET,
    EFAULT,
    EINVAL,
    EISCONN,
    EMSGSIZE,
    ENOTCONN,
    EOPNOTSUPP,
    EPERM,
    EPIPE,
} from "../kernel/errno";
import { current } from "../kernel/thread";
import { waitOn, WaitQueue } from "../kernel/wait";
import { unsupported } from "../syscalls/unsupported";
import {
    AF_UNIX,
    AF_UNSPEC,
    MSG_DONTWAIT,
    MSG_ERRQUEUE,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SHUT_RD,
    SHUT_RDWR,
    SHUT_WR,
    SOCK_DGRAM,
    SOCK_SEQPACKET,
    SOCK_STREAM,
} from "./constants";
import {
    addReceivedFlags,
    attachRights,
    givenAddress,
    givenLength,
    hasGivenRights,
    hasReceived,
    isSignedAlike,
    noteReceived,
    received,
    receivedAddress,
    setReceivedLength,
    signMessage,
    stopReceiving,
} from "./exchange";
import { collect } from "./inFlight";
import { Message, MessageQueue, takeMessage } from "./message";
import { OPTION_PASS_CREDENTIALS, Socket } from "./socket";
import { autobind, bindName, findNamed, releaseName, UnixName } from "./unixName";

const CLOSED: u32 = 0;
const LISTENING: u32 = 1;
const CONNECTED: u32 = 2;

/** net.unix.max_dgram_qlen, and net.core.somaxconn. */
export const DATAGRAM_QUEUE_LENGTH: u32 = 10;
export const BACKLOG_MAXIMUM: u32 = 4096;
/** What Linux keeps of SO_SNDBUF for itself in a datagram. */
const DATAGRAM_RESERVE: u32 = 32;

/** All UNIX sockets, the newest first. */
export let firstUnixSocket: UnixSocket | null = null;

export class UnixSocket extends Socket {
    state: u32 = CLOSED;
    nextSocket: UnixSocket | null = null;
    private previousSocket: UnixSocket | null = null;
    name: UnixName | null = null;
    /** This socket was bound to `name`; accepted ones only show it. */
    ownsName: bool = false;
    /** The next socket in the table of abstract names. */
    nextNamed: UnixSocket | null = null;
    peer: UnixSocket | null = null;
    /** The name of a peer that is closed. */
    private formerPeer: UnixName | null = null;
    readonly inbox: MessageQueue = new MessageQueue();
    /** Woken when there is room in the inbox or the backlog: senders and connecting sockets wait here. */
    readonly roomMade: WaitQueue = new WaitQueue();
    isClosed: bool = false;

    // Listening: connections that nobody has accepted yet. Each holds its one reference to itself for whoever accepts it.
    firstPending: UnixSocket | null = null;
    private lastPending: UnixSocket | null = null;
    private pendingCount: u32 = 0;
    private backlog: u32 = 0;
    nextPending: UnixSocket | null = null;
    isPending: bool = false;

    /** SO_PEERCRED. */
    peerPid: i32 = 0;
    peerUser: u32 = 0xffff_ffff;
    peerGroup: u32 = 0xffff_ffff;

    /** Messages that hold a reference to this socket, and for inFlight.ts where it is listed and what is known of it. */
    inFlight: i32 = 0;
    flyingIndex: i32 = 0;
    unreached: i32 = 0;

    constructor(type: u32) {
        super(AF_UNIX, type, 0);
        const next = firstUnixSocket;
        this.nextSocket = next;
        if (next !== null) next.previousSocket = this;
        firstUnixSocket = this;
    }

    release(): void {
        super.release();
        if (this.inFlight > 0 && this.references == this.inFlight) collect();
    }

    /** The peer's credentials become those of the current process. */
    private introduce(): void {
        const process = current.process;
        this.peerPid = process.pid;
        this.peerUser = process.credentials.effectiveUser;
        this.peerGroup = process.credentials.effectiveGroup;
    }

    // ---------------------------------------------------------------- life

    protected close(): void {
        super.close();
        this.isClosed = true;
        const before = this.previousSocket;
        const after = this.nextSocket;
        if (before === null) firstUnixSocket = after;
        else before.nextSocket = after;
        if (after !== null) after.previousSocket = before;
        this.nextSocket = null;
        this.previousSocket = null;
        releaseName(this);
        let pending = this.firstPending;
        this.firstPending = null;
        this.lastPending = null;
        while (pending !== null) {
            const next = pending.nextPending;
            pending.nextPending = null;
            pending.release();
            pending = next;
        }
        const peer = this.peer;
        this.peer = null;
        if (peer !== null && this.type != SOCK_DGRAM) {
            peer.sendClosed = true;
            peer.receiveClosed = true;
            // What it sent is lost.
            if (!this.inbox.isEmpty || this.isPending) peer.error = ECONNRESET;
            peer.peer = null;
            peer.formerPeer = this.name;
            peer.notify();
        }
        this.inbox.clear();
        this.roomMade.wake();
    }

    bind(): i64 {
        return bindName(this);
    }

    listen(backlog: i32): i64 {
        if (this.type == SOCK_DGRAM) return -EOPNOTSUPP;
        if (this.name === null || this.state == CONNECTED) return -EINVAL;
        const limit = min(<u32>backlog, BACKLOG_MAXIMUM);
        const more = limit > this.backlog;
        this.backlog = limit;
        this.state = LISTENING;
        this.introduce();
        if (more) this.roomMade.wake();
        return 0;
    }

    isListening(): bool {
        return this.state == LISTENING;
    }

    acceptNow(): Socket | null {
        if (this.type == SOCK_DGRAM) {
            fail(-EOPNOTSUPP);
            return null;
        }
        if (this.state != LISTENING) {
            fail(-EINVAL);
            return null;
        }
        const socket = this.firstPending;
        if (socket === null) {
            fail(this.receiveClosed ? -EINVAL : -EAGAIN);
            return null;
        }
        this.firstPending = socket.nextPending;
        if (this.firstPending === null) this.lastPending = null;
        socket.nextPending = null;
        socket.isPending = false;
        this.pendingCount--;
        this.roomMade.wake();
        return socket;
    }

    connect(nonBlocking: bool): i64 {
        const family: u32 = load<u16>(givenAddress);
        if (this.type == SOCK_DGRAM) return this.connectDatagram(family);
        if (family != AF_UNIX) return -EINVAL;
        if (this.option(OPTION_PASS_CREDENTIALS) && this.name === null) autobind(this);
        const listener = findNamed(this.type);
        if (listener === null) return failure;
        if (listener.state != LISTENING || listener.receiveClosed) return -ECONNREFUSED;
        if (this.state == CONNECTED) return -EISCONN;
        if (this.state == LISTENING) return -EINVAL;
        if (listener.pendingCount > listener.backlog) {
            return nonBlocking ? -EAGAIN : this.waitToSend(listener.roomMade, 0, -EAGAIN);
        }
        const accepted = new UnixSocket(this.type);
        accepted.name = listener.name;
        accepted.options = listener.options & OPTION_PASS_CREDENTIALS;
        accepted.isPending = true;
        joinPair(this, accepted);
        accepted.introduce();
        this.peerPid = listener.peerPid;
        this.peerUser = listener.peerUser;
        this.peerGroup = listener.peerGroup;
        if (listener.lastPending === null) listener.firstPending = accepted;
        else listener.lastPending!.nextPending = accepted;
        listener.lastPending = accepted;
        listener.pendingCount++;
        listener.notify();
        return 0;
    }

    private connectDatagram(family: u32): i64 {
        const before = this.peer;
        if (family == AF_UNSPEC) {
            this.peer = null;
        } else {
            if (family != AF_UNIX) return -EINVAL;
            if (this.option(OPTION_PASS_CREDENTIALS) && this.name === null) autobind(this);
            const other = findNamed(SOCK_DGRAM);
            if (other === null) return failure;
            if (other.peer !== null && other.peer !== this) return -EPERM;
            this.peer = other;
        }
        this.state = this.peer === null ? CLOSED : CONNECTED;
        if (before !== null && before !== this.peer) {
            // What the former peer sent is not for this connection.
            this.inbox.clear();
            if (before.peer === this) {
                before.error = ECONNRESET;
                before.notify();
            }
        }
        return 0;
    }

    /** The socket and `other` become a pair (socketpair(2)). */
    pairWith(other: UnixSocket): void {
        joinPair(this, other);
        this.introduce();
        other.introduce();
    }

    shutdown(how: i32): i64 {
        if (how < SHUT_RD || how > SHUT_RDWR) return -EINVAL;
        if (how != SHUT_WR) this.receiveClosed = true;
        if (how != SHUT_RD) this.sendClosed = true;
        const peer = this.peer;
        if (peer !== null && this.type != SOCK_DGRAM) {
            if (how != SHUT_WR) peer.sendClosed = true;
            if (how != SHUT_RD) peer.receiveClosed = true;
            peer.notify();
        }
        this.notify();
        this.roomMade.wake();
        return 0;
    }

    localName(to: usize): i64 {
        return writeName(this.name, to);
    }

    peerName(to: usize): i64 {
        const peer = this.peer;
        if (peer !== null) return writeName(peer.name, to);
        // The name of a peer that is closed outlives it.
        return this.type != SOCK_DGRAM && this.state == CONNECTED
            ? writeName(this.formerPeer, to)
            : -ENOTCONN;
    }

    // ---------------------------------------------------------------- sending

    sendNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_OOB) != 0) return unsupported("send: MSG_OOB on UNIX sockets", EOPNOTSUPP);
        if (this.type == SOCK_STREAM) return this.sendStream(buffer, from);
        if (this.type == SOCK_SEQPACKET) {
            if (this.state != CONNECTED) return -ENOTCONN;
            return this.sendDatagram(buffer, this.peer);
        }
        if (givenLength == 0) {
            const peer = this.peer;
            return peer === null ? -ENOTCONN : this.sendDatagram(buffer, peer);
        }
        if (<u32>load<u16>(givenAddress) != AF_UNIX) return -EINVAL;
        const other = findNamed(SOCK_DGRAM);
        return other === null ? failure : this.sendDatagram(buffer, other);
    }

    private sendStream(buffer: IoBuffer, from: i64): i64 {
        if (givenLength > 0) return this.state == CONNECTED ? -EISCONN : -EOPNOTSUPP;
        if (this.state != CONNECTED) return -ENOTCONN;
        if (this.sendClosed) return -EPIPE;
        if (this.error != 0) return this.takeError();
        const peer = this.peer;
        if (peer === null || peer.receiveClosed) return -EPIPE;
        const rest = buffer.length - from;
        if (rest == 0) return 0;
        const inbox = peer.inbox;
        const charge = inbox.charge;
        if (charge >= this.sendBuffer) return -EAGAIN;
        const part = <u32>min<i64>(rest, this.sendBuffer - charge);
        const count = inbox.bytes.append(buffer, from, part);
        if (count <= 0) return count;
        const last = inbox.last;
        if (last === null || last.isSealed || hasGivenRights() || !isSignedAlike(last)) {
            const message = takeMessage();
            message.length = <u32>count;
            signMessage(message);
            attachRights(message);
            peer.stamp(message);
            inbox.add(message);
        } else {
            last.length += <u32>count;
        }
        peer.notify();
        return count;
    }

    private sendDatagram(buffer: IoBuffer, other: UnixSocket | null): i64 {
        if (this.option(OPTION_PASS_CREDENTIALS) && this.name === null) autobind(this);
        if (buffer.length > <i64>this.sendBuffer - DATAGRAM_RESERVE) return -EMSGSIZE;
        if (this.error != 0) return this.takeError();
        if (this.sendClosed) return -EPIPE;
        if (other === null) return -EPIPE;
        if (other.isClosed) {
            if (this.peer === other) {
                this.peer = null;
                this.state = CLOSED;
            }
            return -ECONNREFUSED;
        }
        if (other.peer !== null && other.peer !== this) return -EPERM;
        if (other.receiveClosed) return -EPIPE;
        if (!this.hasRoomAt(other)) return -EAGAIN;
        const length = <u32>buffer.length;
        const message = takeMessage();
        signMessage(message);
        message.unixName = this.name;
        other.stamp(message);
        const error = other.inbox.appendDatagram(message, buffer, length);
        if (error != 0) return error;
        attachRights(message);
        other.notify();
        return length;
    }

    /** Whether a datagram can be sent to `other` now. Only pairs count bytes: others have short queues. */
    private hasRoomAt(other: UnixSocket): bool {
        if (other.peer === this) return other.inbox.charge < this.sendBuffer;
        return other === this || other.inbox.count <= DATAGRAM_QUEUE_LENGTH;
    }

    protected roomQueue(): WaitQueue {
        if (this.type != SOCK_DGRAM) return this.queue;
        let other = this.peer;
        if (givenLength > 0) other = findNamed(SOCK_DGRAM);
        return other === null ? this.queue : other.roomMade;
    }

    // ---------------------------------------------------------------- receiving

    receiveNow(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if ((flags & MSG_ERRQUEUE) != 0) return -EAGAIN;
        if (this.type == SOCK_STREAM) return this.receiveStream(buffer, from, flags);
        if ((flags & MSG_OOB) != 0) return -EOPNOTSUPP;
        if (this.type == SOCK_SEQPACKET && this.state != CONNECTED) return -ENOTCONN;
        if (this.error != 0) return this.takeError();
        const message = this.inbox.first;
        if (message !== null) return this.receiveDatagram(message, buffer, flags);
        if (!this.receiveClosed) return -EAGAIN;
        const waits = !this.isNonBlocking() && (flags & MSG_DONTWAIT) == 0;
        return waits || this.type == SOCK_SEQPACKET ? 0 : -EAGAIN;
    }

    private receiveStream(buffer: IoBuffer, from: i64, flags: u32): i64 {
        if (this.state != CONNECTED) return -EINVAL;
        if ((flags & MSG_OOB) != 0) return unsupported("recv: MSG_OOB on UNIX sockets", EOPNOTSUPP);
        const peek = (flags & MSG_PEEK) != 0;
        const wanted = buffer.length - from;
        const inbox = this.inbox;
        let message = inbox.first;
        let done: u32 = 0;
        while (message !== null && <i64>done < wanted) {
            if (hasReceived && this.option(OPTION_PASS_CREDENTIALS) && !isFromSame(message)) {
                stopReceiving();
                break;
            }
            const part = <u32>min<i64>(message.length, wanted - done);
            const count = inbox.bytes.copyTo(buffer, from + done, peek ? done : 0, part);
            if (count < 0) {
                if (done > 0) break;
                return count;
            }
            const sealed = message.isSealed;
            noteReceived(message, peek);
            done += <u32>count;
            if (!peek) {
                inbox.bytes.drop(<u32>count);
                message.length -= <u32>count;
                if (message.length == 0) inbox.dropFirst();
            }
            if (sealed || count < <i64>part) {
                stopReceiving();
                break;
            }
            message = peek ? message.next : inbox.first;
        }
        if (done > 0) {
            const peer = this.peer;
            if (peer !== null && peer.name !== null) setReceivedLength(peer.name!.write(receivedAddress));
            if (!peek && peer !== null) this.tellRoom(peer);
            return done;
        }
        if (inbox.first !== null && wanted == 0) return 0;
        if (this.error != 0) return from > 0 ? 0 : this.takeError();
        return this.receiveClosed ? 0 : -EAGAIN;
    }

    private receiveDatagram(message: Message, buffer: IoBuffer, flags: u32): i64 {
        const length = message.length;
        const part = <u32>min<i64>(length, buffer.length);
        const count = this.inbox.bytes.copyTo(buffer, 0, 0, part);
        if (count < 0 || count < <i64>part) return -EFAULT;
        const peek = (flags & MSG_PEEK) != 0;
        noteReceived(message, peek);
        const name = this.type == SOCK_DGRAM ? message.unixName : this.peer === null ? null : this.peer!.name;
        if (name !== null) setReceivedLength(name.write(receivedAddress));
        if (length > part) addReceivedFlags(MSG_TRUNC);
        if (!peek) {
            this.inbox.dropFirst();
            this.roomMade.wake();
            const peer = this.peer;
            if (peer !== null && peer.peer === this) this.tellRoom(peer);
        }
        return (flags & MSG_TRUNC) != 0 ? length : part;
    }

    /** Something has been received: the peer is woken if it waits to send and there is room worth it. */
    private tellRoom(peer: UnixSocket): void {
        if (!peer.wantsRoom || !peer.isWritableNow()) return;
        peer.wantsRoom = false;
        peer.notify();
    }

    // ---------------------------------------------------------------- readiness

    /** As Linux's unix_writable: at most a quarter of the buffer is under way. */
    private isWritableNow(): bool {
        if (this.state == LISTENING) return false;
        const peer = this.peer;
        if (peer === null) return true;
        if (this.type == SOCK_DGRAM && peer.peer !== this) {
            return peer.isClosed || peer.inbox.count <= DATAGRAM_QUEUE_LENGTH;
        }
        return peer.inbox.charge <= this.sendBuffer >> 2 && peer.inbox.bytes.mayGrow;
    }

    readiness(): u32 {
        let events: u32 = 0;
        if (this.error != 0) events |= POLLERR;
        if (this.receiveClosed) events |= POLLRDHUP | POLLIN | POLLRDNORM;
        if (this.receiveClosed && this.sendClosed) events |= POLLHUP;
        if (!this.inbox.isEmpty || this.firstPending !== null) events |= POLLIN | POLLRDNORM;
        if (this.type != SOCK_DGRAM && this.state == CLOSED) events |= POLLHUP;
        if (this.isWritableNow()) events |= POLLOUT | POLLWRNORM | POLLWRBAND;
        else this.wantsRoom = true;
        return events;
    }

    joinQueues(): void {
        super.joinQueues();
        const peer = this.peer;
        if (this.type == SOCK_DGRAM && peer !== null && peer !== this) waitOn(peer.roomMade);
    }

    bytesToReceive(): i64 {
        if (this.state == LISTENING) return -EINVAL;
        if (this.type != SOCK_DGRAM) return this.inbox.bytes.length;
        const message = this.inbox.first;
        return message === null ? 0 : message.length;
    }

    bytesSent(): i64 {
        if (this.state == LISTENING) return -EINVAL;
        const peer = this.peer;
        return peer === null || this.type == SOCK_DGRAM ? 0 : peer.inbox.bytes.length;
    }
}

function joinPair(first: UnixSocket, second: UnixSocket): void {
    first.peer = second;
    second.peer = first;
    first.state = CONNECTED;
    second.state = CONNECTED;
}

/** Writes a name; that of an unnamed socket is its family alone. */
function writeName(name: UnixName | null, to: usize): i64 {
    if (name !== null) return name.write(to);
    store<u16>(to, <u16>AF_UNIX);
    return 2;
}

/** Whether a message has the sender of what has been received already. */
function isFromSame(message: Message): bool {
    return (
        message.pid == received.pid &&
        message.userId == received.userId &&
        message.groupId == received.groupId
    );
}
