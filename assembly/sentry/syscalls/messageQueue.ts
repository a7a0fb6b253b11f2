// SPDX-License-Identifier: Apache-2.0
//
// System V message queues: msgget, msgsnd, msgrcv, msgctl.

import { SYS_msgctl, SYS_msgget, SYS_msgrcv, SYS_msgsnd } from "../arch/systemCalls";
import {
    E2BIG,
    EACCES,
    EAGAIN,
    EFAULT,
    EIDRM,
    EINTR,
    EINVAL,
    ENOMEM,
    ENOMSG,
    ENOSPC,
    EPERM,
} from "../kernel/errno";
import { current } from "../kernel/thread";
import { BLOCKED, blockOn, WaitQueue } from "../kernel/wait";
import {
    CHOOSE_INDEX,
    CHOOSE_OTHER_TYPE,
    CHOOSE_TYPE,
    freeMessage,
    makeMessage,
    MessageQueue,
    MSGMAX,
    MSGMNB,
    MSGMNI,
    queues,
} from "../ipc/messageQueues";
import {
    IPC_INFO,
    IPC_NOWAIT,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    MAY_ALTER,
    MAY_READ,
    outcome,
    PERMISSION_SIZE,
    readForSet,
} from "../ipc/objects";
import { secondsNow } from "../ipc/sharedMemory";
import { copiedIn, copyIn, copyIn64, copyOut, copyOut64 } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

const MSG_NOERROR: u32 = 0o10000;
const MSG_EXCEPT: u32 = 0o20000;
const MSG_COPY: u32 = 0o40000;
const MSG_STAT: i32 = 11;
const MSG_INFO: i32 = 12;
const MSG_STAT_ANY: i32 = 13;

/** struct msqid64_ds: permission, three times, bytes, messages, limit, two pids, two reserved words. */
const STATUS_SIZE: i32 = 120;
const STATUS_LIMIT: usize = 88;
/** struct msginfo: seven numbers and a short one. */
const LIMITS_SIZE: i32 = 32;
/** MSGSSZ, MSGSEG, MSGPOOL, MSGTQL: of no effect on Linux either. */
const SEGMENT_SIZE: i32 = 16;
const SEGMENTS: i32 = 0xffff;
const scratch: usize = reserveBuffer(STATUS_SIZE);

function msgget(key: u64, flags_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    const found = queues.lookUp(<i32>key, flags);
    if (found !== null) return found.permits(flags) ? found.id : -EACCES;
    if (outcome != 0) return outcome;
    if (queues.count >= MSGMNI) return -ENOSPC;
    return queues.add(new MessageQueue(flags), <i32>key);
}

/** Waits for the queue; executed again, the call is to know that the queue was there. */
function wait(queue: WaitQueue): i64 {
    const result = blockOn(queue, -EINTR);
    if (result == BLOCKED) current.progress = 1;
    return result;
}

function msgsnd(id: u64, address: u64, size_: u64, flags: u64, e: u64, f: u64): i64 {
    const waited = current.progress != 0;
    current.progress = 0;
    if (copyIn64(address) != 0) return -EFAULT;
    const type = <i64>copiedIn;
    if (<i32>id < 0 || size_ > <u64>MSGMAX || type < 1) return -EINVAL;
    const size = <u32>size_;
    const object = queues.get(<i32>id);
    if (object === null) {
        if (waited) return -EIDRM;
        return -EINVAL;
    }
    const queue = changetype<MessageQueue>(object);
    if (!queue.permits(MAY_ALTER)) return -EACCES;
    if (!queue.hasRoom(size)) {
        if (((<u32>flags) & IPC_NOWAIT) != 0) return -EAGAIN;
        return wait(queue.senders);
    }
    const message = makeMessage(size, type);
    if (message === null) return -ENOMEM;
    if (copyIn(message.bytes, address + 8, size) != 0) {
        freeMessage(message);
        return -EFAULT;
    }
    queue.add(message);
    return 0;
}

function msgrcv(id: u64, address: u64, size: u64, type: u64, flags_: u64, f: u64): i64 {
    const waited = current.progress != 0;
    current.progress = 0;
    const flags = <u32>flags_;
    if (<i32>id < 0 || <i64>size < 0) return -EINVAL;
    let choice = (flags & MSG_EXCEPT) != 0 ? CHOOSE_OTHER_TYPE : CHOOSE_TYPE;
    if ((flags & MSG_COPY) != 0) {
        if ((flags & MSG_EXCEPT) != 0 || (flags & IPC_NOWAIT) == 0) return -EINVAL;
        choice = CHOOSE_INDEX;
    }
    const object = queues.get(<i32>id);
    if (object === null) {
        if (waited) return -EIDRM;
        return -EINVAL;
    }
    const queue = changetype<MessageQueue>(object);
    if (!queue.permits(MAY_READ)) return -EACCES;
    const message = queue.find(<i64>type, choice);
    if (message === null) {
        if ((flags & IPC_NOWAIT) != 0) return -ENOMSG;
        return wait(queue.receivers);
    }
    if (<u64>message.size > size && (flags & MSG_NOERROR) == 0) return -E2BIG;
    const count = min<u64>(message.size, size);
    // On Linux a message whose bytes cannot be delivered is lost; here it stays.
    if (copyOut64(address, message.type) != 0) return -EFAULT;
    if (copyOut(address + 8, message.bytes, <i32>count) != 0) return -EFAULT;
    if (choice != CHOOSE_INDEX) {
        queue.take(message);
        freeMessage(message);
    }
    return count;
}

function writeStatus(queue: MessageQueue): void {
    memory.fill(scratch, 0, STATUS_SIZE);
    queue.writePermission(scratch);
    const at = scratch + PERMISSION_SIZE;
    store<u64>(at, queue.sendTime);
    store<u64>(at, queue.receiveTime, 8);
    store<u64>(at, queue.changeTime, 16);
    store<u64>(at, queue.bytes, 24);
    store<u64>(at, queue.count, 32);
    store<u64>(at, queue.bytesMaximum, 40);
    store<i32>(at, queue.sendPid, 48);
    store<i32>(at, queue.receivePid, 52);
}

function information(address: u64, use: bool): i64 {
    let bytes: u64 = 0;
    let messages: u64 = 0;
    for (let i = 0; i < queues.objects.length; i++) {
        const object = queues.objects[i];
        if (object === null) continue;
        bytes += changetype<MessageQueue>(object).bytes;
        messages += changetype<MessageQueue>(object).count;
    }
    const pool = <i32>((<u64>MSGMNI * MSGMNB) >> 10);
    store<i32>(scratch, use ? queues.count : pool);
    store<i32>(scratch, use ? <i32>messages : <i32>MSGMNB, 4);
    store<i32>(scratch, MSGMAX, 8);
    store<i32>(scratch, <i32>MSGMNB, 12);
    store<i32>(scratch, MSGMNI, 16);
    store<i32>(scratch, SEGMENT_SIZE, 20);
    store<i32>(scratch, use ? <i32>bytes : <i32>MSGMNB, 24);
    store<i32>(scratch, SEGMENTS, 28);
    return copyOut(address, scratch, LIMITS_SIZE) != 0 ? -EFAULT : queues.highest;
}

function msgctl(id_: u64, command_: u64, address: u64, d: u64, e: u64, f: u64): i64 {
    const id = <i32>id_;
    const command = <i32>command_;
    if (id < 0 || command < 0) return -EINVAL;
    switch (command) {
        case IPC_INFO:
        case MSG_INFO:
            return information(address, command == MSG_INFO);
        case MSG_STAT:
        case MSG_STAT_ANY:
        case IPC_STAT: {
            const object = command == IPC_STAT ? queues.get(id) : queues.at(id & 0x7fff);
            if (object === null) return -EINVAL;
            if (command != MSG_STAT_ANY && !object.permits(MAY_READ)) return -EACCES;
            writeStatus(changetype<MessageQueue>(object));
            if (copyOut(address, scratch, STATUS_SIZE) != 0) return -EFAULT;
            return command == IPC_STAT ? 0 : object.id;
        }
        case IPC_SET: {
            if (readForSet(scratch, address, STATUS_SIZE) != 0) return -EFAULT;
            const object = queues.get(id);
            if (object === null) return -EINVAL;
            if (!object.isOwned()) return -EPERM;
            const queue = changetype<MessageQueue>(object);
            const limit = load<u64>(scratch, STATUS_LIMIT);
            // More takes CAP_SYS_RESOURCE.
            if (limit > MSGMNB) return -EPERM;
            queue.readPermission(scratch);
            queue.bytesMaximum = limit;
            queue.changeTime = secondsNow();
            queue.senders.wake();
            return 0;
        }
        case IPC_RMID: {
            const object = queues.get(id);
            if (object === null) return -EINVAL;
            if (!object.isOwned()) return -EPERM;
            changetype<MessageQueue>(object).destroy();
            return 0;
        }
        default:
            return -EINVAL;
    }
}

export function registerMessageQueueCalls(): void {
    define(SYS_msgget, msgget, "xx");
    define(SYS_msgsnd, msgsnd, "dpux");
    define(SYS_msgrcv, msgrcv, "dpudx");
    define(SYS_msgctl, msgctl, "ddp");
}
