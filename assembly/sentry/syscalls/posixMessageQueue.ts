// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues: mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify, mq_getsetattr.

import { CAP_FOWNER } from "../kernel/capabilities";
import {
    SYS_mq_getsetattr,
    SYS_mq_notify,
    SYS_mq_open,
    SYS_mq_timedreceive,
    SYS_mq_timedsend,
    SYS_mq_unlink,
} from "../arch/systemCalls";
import { byteString } from "../exec/elf";
import { attributesChanged } from "../fs/fileTime";
import {
    chargedBytes,
    chargeOf,
    findQueue,
    MESSAGE_SIZE_DEFAULT,
    MESSAGE_SIZE_MAXIMUM,
    MESSAGES_DEFAULT,
    MESSAGES_MAXIMUM,
    MessageQueueFile,
    MessageQueueInode,
    queues,
    QUEUES_MAXIMUM,
    SIGEV_NONE,
    SIGEV_SIGNAL,
} from "../fs/messageQueueFile";
import { O_ACCMODE, O_CREAT, O_EXCL, O_NONBLOCK, O_RDWR, O_WRONLY } from "../fs/openFile";
import { fileOf } from "../fs/pathArgument";
import { checkAccess, MAY_READ, MAY_WRITE } from "../fs/permission";
import { NANOSECONDS, now, realtimeNow } from "../kernel/clock";
import {
    EACCES,
    EAGAIN,
    EBADF,
    EBUSY,
    EEXIST,
    EFAULT,
    EINVAL,
    EMFILE,
    EMSGSIZE,
    ENAMETOOLONG,
    ENOENT,
    ENOMEM,
    ENOSPC,
    EPERM,
    ETIMEDOUT,
} from "../kernel/errno";
import { RLIMIT_MSGQUEUE, RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { blockUntil, deadlineReached, waitOn, WaitQueue } from "../kernel/wait";
import { copyIn, copyInText, copyOut, copyOut32 } from "../memory/userMemory";
import { SIGNAL_MAXIMUM } from "../signals/numbers";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

const SIGEV_THREAD: i32 = 2;
/** Priorities are below (mq_overview(7), MQ_PRIO_MAX). */
const PRIORITY_LIMIT: u32 = 32768;
const NAME_MAXIMUM: i32 = 255;
const nameBuffer: usize = reserveBuffer(NAME_MAXIMUM + 1);
/** struct mq_attr: flags, messages, size of a message, messages now, each 8 bytes; reserved words. */
const ATTRIBUTES_SIZE: i32 = 64;
const EVENT_SIZE: i32 = 16;
const scratch: usize = reserveBuffer(ATTRIBUTES_SIZE);
const SECONDS_MAXIMUM: i64 = 9_000_000_000;

let queueName: string = "";

/** Reads a queue's name, which the C library gives without its slash. 0 or a negative errno. */
function readName(address: u64): i64 {
    const length = copyInText(nameBuffer, address, NAME_MAXIMUM + 1);
    if (length < 0) return length == -ENAMETOOLONG ? -ENAMETOOLONG : -EFAULT;
    if (length == 0) return -ENOENT;
    const name = byteString(nameBuffer, length);
    if (name == "." || name == ".." || name.includes("/")) return -EACCES;
    queueName = name;
    return 0;
}

/** Makes a queue as the attributes in `scratch` (`given`) or the defaults say, or null with `problem`. */
function makeQueue(mode: u32, given: bool): MessageQueueInode | null {
    if (queues.length >= QUEUES_MAXIMUM) {
        problem = -ENOSPC;
        return null;
    }
    const messages = given ? load<i64>(scratch, 8) : MESSAGES_DEFAULT;
    const size = given ? load<i64>(scratch, 16) : MESSAGE_SIZE_DEFAULT;
    if (messages <= 0 || size <= 0 || messages > MESSAGES_MAXIMUM || size > MESSAGE_SIZE_MAXIMUM) {
        problem = -EINVAL;
        return null;
    }
    const charge = chargeOf(messages, size);
    const limit = current.process.limits.soft[RLIMIT_MSGQUEUE];
    if (charge > limit || chargedBytes(current.process.credentials.fileUser) > limit - charge) {
        problem = -EMFILE;
        return null;
    }
    return new MessageQueueInode(queueName, mode & 0o7777 & ~current.process.files.umask, messages, size);
}

let problem: i64 = 0;

function mqOpen(name: u64, flags_: u64, mode: u64, attributes: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    const given = attributes != 0;
    if (given && copyIn(scratch, attributes, ATTRIBUTES_SIZE) != 0) return -EFAULT;
    const error = readName(name);
    if (error != 0) return error;
    let queue = findQueue(queueName);
    if (queue === null) {
        if ((flags & O_CREAT) == 0) return -ENOENT;
        queue = makeQueue(<u32>mode, given);
        if (queue === null) return problem;
    } else {
        if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
        const access = flags & O_ACCMODE;
        if (access == (O_WRONLY | O_RDWR)) return -EINVAL;
        const wanted = access == O_RDWR ? MAY_READ | MAY_WRITE : access == O_WRONLY ? MAY_WRITE : MAY_READ;
        if (checkAccess(queue, wanted) != 0) return -EACCES;
    }
    const file = queue.open(flags & (O_ACCMODE | O_NONBLOCK))!;
    const descriptor = current.process.fileDescriptors.add(
        file,
        true,
        current.process.limits.soft[RLIMIT_NOFILE],
    );
    if (descriptor < 0) file.release();
    return descriptor;
}

function mqUnlink(name: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const error = readName(name);
    if (error != 0) return error;
    const queue = findQueue(queueName);
    if (queue === null) return -ENOENT;
    // The directory of all queues is root's, sticky and writable by all.
    const who = current.process.credentials;
    if (who.fileUser != queue.userId && !who.has(CAP_FOWNER)) return -EPERM;
    queue.unlink();
    return 0;
}

function queueOf(descriptor: u64): MessageQueueFile | null {
    const file = fileOf(descriptor);
    return file !== null && file instanceof MessageQueueFile ? <MessageQueueFile>file : null;
}

/** Reads a point in time of the wall clock to `deadline`, as now() counts; none where `address` is 0. 0 or a negative errno. */
function readDeadline(address: u64): i64 {
    deadline = u64.MAX_VALUE;
    if (address == 0) return 0;
    if (copyIn(scratch, address, 16) != 0) return -EFAULT;
    const seconds = load<i64>(scratch);
    const nanoseconds = load<u64>(scratch, 8);
    if (seconds < 0 || nanoseconds >= NANOSECONDS) return -EINVAL;
    if (seconds > SECONDS_MAXIMUM) return 0;
    const time = <u64>seconds * NANOSECONDS + nanoseconds;
    const present = realtimeNow();
    deadline = time > present ? now() + (time - present) : 0;
    return 0;
}

let deadline: u64 = 0;

/** Waits on a queue until the deadline read last. */
function wait(queue: WaitQueue): i64 {
    if (deadline == 0 || deadlineReached()) return -ETIMEDOUT;
    waitOn(queue);
    return blockUntil(deadline);
}

function mqTimedsend(descriptor: u64, address: u64, length: u64, priority: u64, timeout: u64, f: u64): i64 {
    const invalid = readDeadline(timeout);
    if (<u32>priority >= PRIORITY_LIMIT) return -EINVAL;
    if (invalid != 0) return invalid;
    const file = queueOf(descriptor);
    if (file === null || !file.isWritable()) return -EBADF;
    const queue = file.queue;
    if (length > <u64>queue.sizeMaximum) return -EMSGSIZE;
    if (queue.count >= queue.messagesMaximum) {
        if (file.isNonBlocking()) return -EAGAIN;
        return wait(queue.senders);
    }
    const message = queue.prepare(<u32>length, <u32>priority);
    if (message == 0) return -ENOMEM;
    if (copyIn(queue.bytesOf(message), address, <i32>length) != 0) {
        heap.free(message);
        return -EFAULT;
    }
    queue.addPrepared(message);
    return 0;
}

function mqTimedreceive(
    descriptor: u64,
    address: u64,
    length: u64,
    priority: u64,
    timeout: u64,
    f: u64,
): i64 {
    const invalid = readDeadline(timeout);
    if (invalid != 0) return invalid;
    const file = queueOf(descriptor);
    if (file === null || !file.isReadable()) return -EBADF;
    const queue = file.queue;
    if (length < <u64>queue.sizeMaximum) return -EMSGSIZE;
    const message = queue.head;
    if (message === null) {
        if (file.isNonBlocking()) return -EAGAIN;
        return wait(queue.receivers);
    }
    const size = message.size;
    if (copyOut(address, message.bytes, size) != 0) return -EFAULT;
    if (priority != 0 && copyOut32(priority, message.priority) != 0) return -EFAULT;
    queue.removeHead();
    return size;
}

// Partial: SIGEV_THREAD is EINVAL.
function mqNotify(descriptor: u64, event: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    let notification = SIGEV_NONE;
    let signal: i32 = 0;
    let value: u64 = 0;
    if (event != 0) {
        if (copyIn(scratch, event, EVENT_SIZE) != 0) return -EFAULT;
        value = load<u64>(scratch);
        signal = load<i32>(scratch, 8);
        notification = load<i32>(scratch, 12);
        if (notification == SIGEV_THREAD) return unsupported("mq_notify: SIGEV_THREAD", EINVAL);
        if (notification != SIGEV_NONE && notification != SIGEV_SIGNAL) return -EINVAL;
        if (notification == SIGEV_SIGNAL && <u32>signal > <u32>SIGNAL_MAXIMUM) return -EINVAL;
    }
    const file = queueOf(descriptor);
    if (file === null) return -EBADF;
    const queue = file.queue;
    if (event == 0) {
        if (queue.notified === current.process) queue.notified = null;
        return 0;
    }
    if (queue.hasNotification) return -EBUSY;
    queue.setNotification(notification, signal, value);
    return 0;
}

function mqGetsetattr(descriptor: u64, wanted: u64, former: u64, d: u64, e: u64, f: u64): i64 {
    if (wanted != 0) {
        if (copyIn(scratch, wanted, ATTRIBUTES_SIZE) != 0) return -EFAULT;
        if ((load<u64>(scratch) & ~(<u64>O_NONBLOCK)) != 0) return -EINVAL;
    }
    const flags = load<u32>(scratch);
    const file = queueOf(descriptor);
    if (file === null) return -EBADF;
    const queue = file.queue;
    memory.fill(scratch, 0, ATTRIBUTES_SIZE);
    store<u64>(scratch, file.flags & O_NONBLOCK);
    store<i64>(scratch, queue.messagesMaximum, 8);
    store<i64>(scratch, queue.sizeMaximum, 16);
    store<i64>(scratch, queue.count, 24);
    if (wanted != 0) {
        file.flags = (file.flags & ~O_NONBLOCK) | (flags & O_NONBLOCK);
        attributesChanged(queue);
    }
    if (former != 0 && copyOut(former, scratch, ATTRIBUTES_SIZE) != 0) return -EFAULT;
    return 0;
}

export function registerPosixMessageQueueCalls(): void {
    define(SYS_mq_open, mqOpen, "sOop");
    define(SYS_mq_unlink, mqUnlink, "s");
    define(SYS_mq_timedsend, mqTimedsend, "fpuup");
    define(SYS_mq_timedreceive, mqTimedreceive, "fpupp");
    // Partial: SIGEV_THREAD, which takes a netlink socket of the C library, is refused.
    define(SYS_mq_notify, mqNotify, "fp");
    define(SYS_mq_getsetattr, mqGetsetattr, "fpp");
}
