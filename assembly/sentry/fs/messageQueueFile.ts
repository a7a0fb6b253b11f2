// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues (mq_overview(7)): inodes of a filesystem of their own, found by name, and their open descriptions.

import { reserveHeap } from "../capabilities/heapReserve";
import { Process } from "../kernel/process";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { SI_MESGQ } from "../signals/numbers";
import { sendToProcess } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { FileSystem } from "./fileSystem";
import { attributesChanged, setTimes } from "./fileTime";
import { Inode, S_IFREG } from "./inode";
import { IoBuffer } from "./ioBuffer";
import { OpenFile, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./openFile";
import {
    addBytes,
    addNumber,
    addSpacesTo,
    addText,
    beginText,
    copyText,
    textLength,
} from "./proc/textBuilder";

const MQUEUE_MAGIC: u32 = 0x19800202;

/** Linux's defaults (mq_overview(7)). */
export const QUEUES_MAXIMUM: i32 = 256;
export const MESSAGES_MAXIMUM: i64 = 10;
export const MESSAGE_SIZE_MAXIMUM: i64 = 8192;
export const MESSAGES_DEFAULT: i64 = 10;
export const MESSAGE_SIZE_DEFAULT: i64 = 8192;
/** What stat(2) shows as the size: the length of the text that reading gives. */
const TEXT_SIZE: u64 = 80;
/** Linux counts so much for each message and each priority in use (RLIMIT_MSGQUEUE). */
const MESSAGE_OVERHEAD: i64 = 48;
const PRIORITY_OVERHEAD: i64 = 48;

export const SIGEV_SIGNAL: i32 = 0;
export const SIGEV_NONE: i32 = 1;

@unmanaged
export class Message {
    next: Message | null;
    size: u32;
    priority: u32;

    @inline get bytes(): usize {
        return changetype<usize>(this) + offsetof<Message>();
    }
}

let fileSystem: FileSystem | null = null;
/** Queues that have a name. */
export const queues: MessageQueueInode[] = new Array<MessageQueueInode>();

/** The names are in the sentry's memory as byte strings. */
export function findQueue(name: string): MessageQueueInode | null {
    for (let i = 0; i < queues.length; i++) if (queues[i].name == name) return queues[i];
    return null;
}

export class MessageQueueInode extends Inode {
    /** Messages by falling priority, the oldest of one priority first. */
    private first: Message | null = null;
    count: i64 = 0;
    private bytes: u64 = 0;
    readonly senders: WaitQueue = new WaitQueue();
    readonly receivers: WaitQueue = new WaitQueue();
    /** Those who wait in poll(2) and its like. */
    readonly pollers: WaitQueue = new WaitQueue();
    /** mq_notify: who is told of the next message, how, and with which value. */
    notified: Process | null = null;
    private notification: i32 = SIGEV_NONE;
    private signal: i32 = 0;
    private value: u64 = 0;
    private notifiedUser: u32 = 0;

    constructor(
        readonly name: string,
        mode: u32,
        readonly messagesMaximum: i64,
        readonly sizeMaximum: i64,
    ) {
        super(queueFileSystem(), queueFileSystem().newInodeNumber(), S_IFREG | mode);
        this.size = TEXT_SIZE;
        this.userId = current.process.credentials.fileUser;
        this.groupId = current.process.credentials.fileGroup;
        this.modified = true;
        setTimes(this);
        queues.push(this);
    }

    /** Bytes that count against RLIMIT_MSGQUEUE of the user who made it. */
    get charge(): u64 {
        return chargeOf(this.messagesMaximum, this.sizeMaximum);
    }

    open(flags: u32): OpenFile | null {
        return new MessageQueueFile(this, flags);
    }

    /** mq_unlink(3): the queue goes with its last description. */
    unlink(): void {
        const index = queues.indexOf(this);
        if (index >= 0) queues.splice(index, 1);
        this.linkCount = 0;
        if (this.pins == 0) this.discard();
    }

    discard(): void {
        while (this.first !== null) {
            const message = this.first!;
            this.first = message.next;
            heap.free(changetype<usize>(message));
        }
        this.count = 0;
    }

    /** A place for a message of `size` bytes, where its bytes are to be written before `add`; 0: no memory. */
    prepare(size: u32, priority: u32): usize {
        if (!reserveHeap(offsetof<Message>() + size)) return 0;
        const message = changetype<Message>(heap.alloc(offsetof<Message>() + size));
        message.next = null;
        message.size = size;
        message.priority = priority;
        return changetype<usize>(message);
    }

    /** Where the bytes of a prepared message belong. */
    bytesOf(prepared: usize): usize {
        return changetype<Message>(prepared).bytes;
    }

    addPrepared(prepared: usize): void {
        const message = changetype<Message>(prepared);
        let before: Message | null = null;
        let after = this.first;
        while (after !== null && after.priority >= message.priority) {
            before = after;
            after = after.next;
        }
        message.next = after;
        if (before === null) this.first = message;
        else before.next = message;
        this.bytes += message.size;
        const wasEmpty = this.count++ == 0;
        attributesChanged(this);
        const someoneWaits = !this.receivers.isEmpty;
        this.receivers.wake();
        this.pollers.wake();
        if (wasEmpty && !someoneWaits) this.notify();
    }

    get head(): Message | null {
        return this.first;
    }

    removeHead(): void {
        const message = this.first!;
        this.first = message.next;
        this.count--;
        this.bytes -= message.size;
        heap.free(changetype<usize>(message));
        attributesChanged(this);
        this.senders.wake();
        this.pollers.wake();
    }

    /** Whether a process other than one that has ended is to be told of the next message. */
    get hasNotification(): bool {
        const process = this.notified;
        if (process !== null && process.exited) this.notified = null;
        return this.notified !== null;
    }

    setNotification(notification: i32, signal: i32, value: u64): void {
        this.notified = current.process;
        this.notifiedUser = current.process.credentials.realUser;
        this.notification = notification;
        this.signal = signal;
        this.value = value;
    }

    private notify(): void {
        if (!this.hasNotification) return;
        const process = this.notified!;
        this.notified = null;
        if (this.notification != SIGEV_SIGNAL || this.signal == 0) return;
        const info = new SignalInfo(
            this.signal,
            SI_MESGQ,
            current.process.pid,
            current.process.credentials.realUser,
        );
        info.value = this.value;
        sendToProcess(process, info);
    }

    /** What reading a descriptor shows. */
    addStatus(): void {
        beginText();
        addText("QSIZE:");
        let start = textLength();
        addNumber(this.bytes);
        addSpacesTo(start, 10);
        addText(" NOTIFY:");
        start = textLength();
        addNumber(this.hasNotification ? <u64>this.notification : 0);
        addSpacesTo(start, 5);
        addText(" SIGNO:");
        start = textLength();
        addNumber(this.hasNotification && this.notification == SIGEV_SIGNAL ? <u64>this.signal : 0);
        addSpacesTo(start, 5);
        addText(" NOTIFY_PID:");
        start = textLength();
        addNumber(this.hasNotification ? <u64>this.notified!.pid : 0);
        addSpacesTo(start, 6);
        addText("\n");
    }
}

function queueFileSystem(): FileSystem {
    if (fileSystem === null) fileSystem = new FileSystem("mqueue", MQUEUE_MAGIC, true);
    return fileSystem!;
}

export function chargeOf(messages: i64, size: i64): u64 {
    return <u64>(messages * (size + MESSAGE_OVERHEAD) + min<i64>(messages, 32768) * PRIORITY_OVERHEAD);
}

/** Bytes of all queues' charges, for RLIMIT_MSGQUEUE. */
export function chargedBytes(user: u32): u64 {
    let bytes: u64 = 0;
    for (let i = 0; i < queues.length; i++) if (queues[i].userId == user) bytes += queues[i].charge;
    return bytes;
}

export class MessageQueueFile extends OpenFile {
    constructor(
        readonly queue: MessageQueueInode,
        flags: u32,
    ) {
        super(queue, flags);
    }

    /** A process that closes the queue is not told of messages any more. */
    protected close(): void {
        if (this.queue.notified === current.process) this.queue.notified = null;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        this.queue.addStatus();
        const length = <i64>textLength();
        const text = copyText();
        const position = offset < 0 ? this.position : offset;
        let result: i64 = 0;
        if (position < length) {
            const part = <i32>min<i64>(buffer.length, length - position);
            const error = buffer.put(0, text + <usize>position, part);
            result = error != 0 ? error : part;
            if (error == 0 && offset < 0) this.position = position + part;
        }
        heap.free(text);
        return result;
    }

    readiness(): u32 {
        const queue = this.queue;
        let events: u32 = 0;
        if (queue.count > 0) events |= POLLIN | POLLRDNORM;
        if (queue.count < queue.messagesMaximum) events |= POLLOUT | POLLWRNORM;
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.queue.pollers;
    }
}
