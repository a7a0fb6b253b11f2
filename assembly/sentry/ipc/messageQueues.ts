// SPDX-License-Identifier: Apache-2.0
//
// System V message queues. A message is unmanaged memory: its head, then its bytes.

import { reserveHeap } from "../capabilities/heapReserve";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { IpcObject, IpcTable } from "./objects";
import { secondsNow } from "./sharedMemory";

// Linux's defaults (msgget(2)).
export const MSGMNI: i32 = 32000;
export const MSGMAX: i32 = 8192;
export const MSGMNB: u64 = 16384;

@unmanaged
export class Message {
    next: Message | null;
    size: u32;
    type: i64;

    @inline get bytes(): usize {
        return changetype<usize>(this) + offsetof<Message>();
    }
}

/** A message with room for `size` bytes, or null: no memory. */
export function makeMessage(size: u32, type: i64): Message | null {
    if (!reserveHeap(offsetof<Message>() + size)) return null;
    const message = changetype<Message>(heap.alloc(offsetof<Message>() + size));
    message.next = null;
    message.size = size;
    message.type = type;
    return message;
}

export function freeMessage(message: Message): void {
    heap.free(changetype<usize>(message));
}

export const queues: IpcTable = new IpcTable(MSGMNI);

/** How a receiver chooses. */
export const CHOOSE_TYPE: u32 = 0;
export const CHOOSE_OTHER_TYPE: u32 = 1;
export const CHOOSE_INDEX: u32 = 2;

export class MessageQueue extends IpcObject {
    private first: Message | null = null;
    private last: Message | null = null;
    count: u64 = 0;
    bytes: u64 = 0;
    bytesMaximum: u64 = MSGMNB;
    sendTime: u64 = 0;
    receiveTime: u64 = 0;
    sendPid: i32 = 0;
    receivePid: i32 = 0;
    readonly senders: WaitQueue = new WaitQueue();
    readonly receivers: WaitQueue = new WaitQueue();
    /** Before the message that `find` found. */
    private before: Message | null = null;

    constructor(mode: u32) {
        super(mode);
        this.changeTime = secondsNow();
    }

    hasRoom(size: u32): bool {
        return this.bytes + size <= this.bytesMaximum && this.count + 1 <= this.bytesMaximum;
    }

    add(message: Message): void {
        if (this.last === null) this.first = message;
        else this.last!.next = message;
        this.last = message;
        this.count++;
        this.bytes += message.size;
        this.sendTime = secondsNow();
        this.sendPid = current.process.pid;
        this.receivers.wake();
    }

    /** The message that msgrcv(2) means with `type`, or null. */
    find(type: i64, choice: u32): Message | null {
        let before: Message | null = null;
        let found: Message | null = null;
        const lowest = type == i64.MIN_VALUE ? i64.MAX_VALUE : -type;
        let index: i64 = 0;
        let message = this.first;
        while (message !== null) {
            let better: bool;
            if (choice == CHOOSE_INDEX) better = index == type;
            else if (type == 0) better = true;
            else if (type < 0)
                better = message.type <= lowest && (found === null || found.type > message.type);
            else better = (message.type == type) == (choice == CHOOSE_TYPE);
            if (better) {
                found = message;
                this.before = before;
                // Only the lowest type has to be compared with all others.
                if (choice == CHOOSE_INDEX || type >= 0) break;
            }
            before = message;
            message = message.next;
            index++;
        }
        return found;
    }

    /** Takes out the message that the latest `find` found. */
    take(message: Message): void {
        const before = this.before;
        if (before === null) this.first = message.next;
        else before.next = message.next;
        if (this.last === message) this.last = before;
        this.before = null;
        this.count--;
        this.bytes -= message.size;
        this.receiveTime = secondsNow();
        this.receivePid = current.process.pid;
        this.senders.wake();
    }

    /** IPC_RMID: whoever waits is woken to find the queue gone. */
    destroy(): void {
        queues.remove(this);
        while (this.first !== null) {
            const message = this.first!;
            this.first = message.next;
            freeMessage(message);
        }
        this.last = null;
        this.senders.wake();
        this.receivers.wake();
    }
}
