// SPDX-License-Identifier: Apache-2.0
//
// What all sockets have in common (socket(7)): an inode, options, waiting. A family's class says what can be done now:
// -EAGAIN means that it has to wait for `queue`. Waiting, timeouts and SIGPIPE are here.

import { FileSystem, SOCKFS_MAGIC } from "../fs/fileSystem";
import { setTimes } from "../fs/fileTime";
import { fail, S_IFSOCK } from "../fs/inode";
import { IoBuffer } from "../fs/ioBuffer";
import { AT_POSITION, O_ASYNC, O_RDWR } from "../fs/openFile";
import { signalOwner } from "../fs/signalOwner";
import { SpecialInode } from "../fs/specialInode";
import { StreamFile } from "../fs/streamFile";
import { now, realtimeNow } from "../kernel/clock";
import { EAGAIN, EINTR, EINVAL, ENOTTY, EOPNOTSUPP, EPIPE, ERESTARTSYS, ESPIPE } from "../kernel/errno";
import { addGarbage } from "../kernel/garbage";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached, waitOn, WaitQueue } from "../kernel/wait";
import { SIGIO, SIGPIPE } from "../signals/numbers";
import { sendSignalToThread } from "../signals/send";
import { MSG_DONTWAIT, MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_PEEK, MSG_WAITALL, SOCK_STREAM } from "./constants";
import { beginReceive, beginSend, dropReceivedRights, receiveStopped } from "./exchange";
import { networkIoctl } from "./interfaces";
import { Message } from "./message";

/** net.core.rmem_default and wmem_default, and what an unprivileged setsockopt can ask for (rmem_max, wmem_max). */
export const BUFFER_DEFAULT: u32 = 212992;
export const BUFFER_MAXIMUM: u32 = 212992;

/** Options that are on or off: bits of `options`. */
export const OPTION_DEBUG: u32 = 1;
export const OPTION_REUSE_ADDRESS: u32 = 2;
export const OPTION_REUSE_PORT: u32 = 4;
export const OPTION_KEEP_ALIVE: u32 = 8;
export const OPTION_BROADCAST: u32 = 16;
export const OPTION_OOB_INLINE: u32 = 32;
export const OPTION_PASS_CREDENTIALS: u32 = 64;
export const OPTION_TIMESTAMP: u32 = 128;
export const OPTION_TIMESTAMP_NANOSECONDS: u32 = 256;
export const OPTION_DONT_ROUTE: u32 = 512;
export const OPTION_NO_CHECK: u32 = 1024;

/** Managed memory of a closed socket, roughly: for the garbage estimate. */
const SOCKET_BYTES: i32 = 768;

const NEVER: u64 = u64.MAX_VALUE;

const socketFileSystem: FileSystem = new FileSystem("sockfs", SOCKFS_MAGIC, false);

let lastCookie: u64 = 0;
/** Sockets in the container. */
export let socketCount: u32 = 0;

function newInode(): SpecialInode {
    const inode = new SpecialInode(socketFileSystem, socketFileSystem.newInodeNumber(), S_IFSOCK | 0o777, 0);
    inode.userId = current.process.credentials.fileUser;
    inode.groupId = current.process.credentials.fileGroup;
    setTimes(inode);
    return inode;
}

export abstract class Socket extends StreamFile {
    /** Woken when something can be received or sent, or an error or the end has come. */
    readonly queue: WaitQueue = new WaitQueue();
    /** SO_ERROR: a positive errno that the next call reports, or 0. */
    error: i32 = 0;
    /** shutdown(2), by either side. */
    receiveClosed: bool = false;
    sendClosed: bool = false;
    /**
     * Somebody was told that nothing can be sent: whoever makes room wakes `queue`. Without it every receive would wake the
     * sender, which mostly waits for the answer.
     */
    wantsRoom: bool = false;
    options: u32 = 0;
    sendBuffer: u32 = BUFFER_DEFAULT;
    receiveBuffer: u32 = BUFFER_DEFAULT;
    /** SO_SNDBUF or SO_RCVBUF has been set: no automatic size any more. */
    sendBufferSet: bool = false;
    receiveBufferSet: bool = false;
    receiveLow: i32 = 1;
    /** SO_RCVTIMEO, SO_SNDTIMEO: nanoseconds, 0 = for ever. */
    receiveTimeout: u64 = 0;
    sendTimeout: u64 = 0;
    /** SO_LINGER: seconds, -1 = off. */
    linger: i32 = -1;
    priority: i32 = 0;
    /** SO_BINDTODEVICE: the index of an interface, 0 = none. There is one, so nothing changes. */
    boundInterface: i32 = 0;
    private cookieValue: u64 = 0;

    constructor(
        readonly domain: u32,
        readonly type: u32,
        readonly protocol: i32,
    ) {
        super(newInode(), O_RDWR);
        socketCount++;
    }

    @inline option(bit: u32): bool {
        return (this.options & bit) != 0;
    }

    /** SO_COOKIE: a number that no other socket has. */
    get cookie(): u64 {
        if (this.cookieValue == 0) this.cookieValue = ++lastCookie;
        return this.cookieValue;
    }

    protected close(): void {
        addGarbage(SOCKET_BYTES);
        socketCount--;
        // Threads of a process that has closed the descriptor under them find that there is none.
        this.queue.wake();
    }

    waitQueue(): WaitQueue | null {
        return this.queue;
    }

    /** The pending error as a negative errno, which is reported once; 0 without one. */
    takeError(): i64 {
        const error = this.error;
        this.error = 0;
        return -error;
    }

    /** Wakes who waits for the socket, and sends SIGIO to whoever asked for it (O_ASYNC, F_SETOWN). */
    notify(): void {
        this.queue.wake();
        if ((this.flags & O_ASYNC) != 0) signalOwner(this, SIGIO);
    }

    // ---- What a family implements. Addresses given are in exchange.ts.

    bind(): i64 {
        return -EOPNOTSUPP;
    }

    listen(backlog: i32): i64 {
        return -EOPNOTSUPP;
    }

    /** A connection that waits to be accepted, or null: see `failure` (-EAGAIN: none yet). */
    acceptNow(): Socket | null {
        fail(-EOPNOTSUPP);
        return null;
    }

    /** connect(2): 0, a negative errno, or BLOCKED. */
    connect(nonBlocking: bool): i64 {
        return -EOPNOTSUPP;
    }

    shutdown(how: i32): i64 {
        return -EOPNOTSUPP;
    }

    /** Writes the socket's own address to `to` (ADDRESS_MAXIMUM bytes). The result is its length or a negative errno. */
    localName(to: usize): i64 {
        return -EOPNOTSUPP;
    }

    peerName(to: usize): i64 {
        return -EOPNOTSUPP;
    }

    /**
     * Sends what can be sent now from position `from` of the buffer on: the number of bytes, -EAGAIN or another negative
     * errno. Datagrams are sent whole.
     */
    abstract sendNow(buffer: IoBuffer, from: i64, flags: u32): i64;

    /** Receives what is there to position `from` of the buffer: the number of bytes, 0 = end, -EAGAIN or another negative errno. */
    abstract receiveNow(buffer: IoBuffer, from: i64, flags: u32): i64;

    /** setsockopt for levels other than SOL_SOCKET: 0 or a negative errno. `value` is the argument's first i32. */
    setFamilyOption(level: i32, name: i32, address: u64, length: i32): i64 {
        return -EOPNOTSUPP;
    }

    /** getsockopt: writes the value to `to` (`capacity` bytes). The result is its length or a negative errno. */
    getFamilyOption(level: i32, name: i32, to: usize, capacity: i32): i64 {
        return -EOPNOTSUPP;
    }

    /** SO_ACCEPTCONN. */
    isListening(): bool {
        return false;
    }

    /** Whether bytes have no boundaries: MSG_WAITALL and SO_RCVLOWAT count. */
    isStream(): bool {
        return this.type == SOCK_STREAM;
    }

    // ---- Waiting

    /** The call waits until `queue` is woken, for at most the timeout of a receive. */
    private waitToReceive(done: i64): i64 {
        if (deadlineReached()) return done > 0 ? done : -EAGAIN;
        current.progress = done;
        waitOn(this.queue);
        const timeout = this.receiveTimeout;
        if (timeout == 0) return blockUntil(NEVER, -ERESTARTSYS);
        return blockUntil(now() + timeout, -EINTR);
    }

    /** The same for sending, on any queue. `onTimeout` is what a timeout results in. */
    protected waitToSend(queue: WaitQueue, done: i64, onTimeout: i64): i64 {
        if (deadlineReached()) return done > 0 ? done : onTimeout;
        current.progress = done;
        waitOn(queue);
        const timeout = this.sendTimeout;
        if (timeout == 0) return blockUntil(NEVER, -ERESTARTSYS);
        return blockUntil(now() + timeout, -EINTR);
    }

    /** What a sender waits for: a datagram socket waits for room at another. */
    protected roomQueue(): WaitQueue {
        return this.queue;
    }

    /** Waits for a connection as accept(2) does. */
    waitToAccept(): i64 {
        return this.isNonBlocking() ? -EAGAIN : this.waitToReceive(0);
    }

    // ---- Sending and receiving

    /** The whole of a receive call: what exchange.ts says has been begun. */
    receiveMessage(buffer: IoBuffer, flags: u32): i64 {
        let done = current.progress;
        const stream = this.isStream();
        let target: i64 = 1;
        if (stream) {
            target = (flags & MSG_WAITALL) != 0 ? buffer.length : min<i64>(this.receiveLow, buffer.length);
            if (target == 0) target = 1;
        }
        while (true) {
            const count = this.receiveNow(buffer, done, flags);
            if (count == -EAGAIN) {
                if (done >= target || this.isNonBlocking() || (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) != 0)
                    return done > 0 ? done : -EAGAIN;
                return this.waitToReceive(done);
            }
            if (count < 0) return done > 0 ? done : count;
            done += count;
            if (count == 0 || done >= target || receiveStopped || (flags & MSG_PEEK) != 0) return done;
        }
    }

    /** The whole of a send call. */
    sendMessage(buffer: IoBuffer, flags: u32): i64 {
        let done = current.progress;
        while (true) {
            const count = this.sendNow(buffer, done, flags);
            if (count >= 0) {
                done += count;
                if (done >= buffer.length || count == 0) return done;
                continue;
            }
            if (count == -EAGAIN) {
                // Of whoever does not wait here, too: it may wait for an edge of epoll(7), which asks for readiness only then.
                this.wantsRoom = true;
                if (!this.isNonBlocking() && (flags & MSG_DONTWAIT) == 0)
                    return this.waitToSend(this.roomQueue(), done, -EAGAIN);
            }
            if (done > 0) return done;
            if (count == -EPIPE && this.raisesPipeSignal() && (flags & MSG_NOSIGNAL) == 0) {
                sendSignalToThread(current, SIGPIPE);
            }
            return count;
        }
    }

    /** Whether EPIPE comes with SIGPIPE: of connections that are streams. */
    protected raisesPipeSignal(): bool {
        return this.type == SOCK_STREAM;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        if (buffer.length == 0) return 0;
        beginReceive();
        const count = this.receiveMessage(buffer, 0);
        dropReceivedRights();
        return count;
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        if (offset != AT_POSITION) return -ESPIPE;
        beginSend();
        return this.sendMessage(buffer, 0);
    }

    receive(buffer: IoBuffer): i64 {
        beginReceive();
        const count = this.receiveNow(buffer, 0, 0);
        dropReceivedRights();
        return count;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        beginSend();
        const count = this.sendNow(buffer, from, 0);
        if (count == -EAGAIN || (count >= 0 && count < buffer.length - from)) this.wantsRoom = true;
        return count;
    }

    /** Notes the time in a message for this socket, if it wants it. */
    stamp(message: Message): void {
        message.time = this.option(OPTION_TIMESTAMP) ? realtimeNow() : 0;
    }

    /** FIONREAD and SIOCOUTQ: bytes, or a negative errno. */
    bytesToReceive(): i64 {
        return -EINVAL;
    }

    bytesSent(): i64 {
        return -EINVAL;
    }

    ioctl(request: u32, argument: u64): i64 {
        const result = networkIoctl(this, request, argument);
        return result == -ENOTTY ? super.ioctl(request, argument) : result;
    }
}
