// SPDX-License-Identifier: Apache-2.0
//
// Messages: a stretch of a ByteQueue with where it comes from and what came with it. Datagrams are a message each; a UNIX stream
// has a new one where the ancillary data changes; TCP has none. Records come from a free list.

import { EFAULT, ENOBUFS } from "../kernel/errno";
import { IoBuffer } from "../fs/ioBuffer";
import { OpenFile } from "../fs/openFile";
import { ByteQueue } from "./byteQueue";
import { forgetRights } from "./inFlight";
import { UnixName } from "./unixName";

/**
 * What a message counts for beside its bytes: Linux's SKB_TRUESIZE of an empty packet, so that as many small datagrams fit in
 * a buffer as there.
 */
export const MESSAGE_OVERHEAD: u32 = 768;

export class Message {
    next: Message | null = null;
    /** Bytes of the ByteQueue that are still to be received. */
    length: u32 = 0;
    /** Streams: it came with rights, so nothing is added and a receive stops behind it. */
    isSealed: bool = false;
    /** The sender's name, or null. */
    unixName: UnixName | null = null;
    /** The sender (ucred), if `hasCredentials`. */
    hasCredentials: bool = false;
    pid: i32 = 0;
    userId: u32 = 0;
    groupId: u32 = 0;
    /** SCM_RIGHTS: each holds a reference. */
    rights: StaticArray<OpenFile> | null = null;
    /** IP: source and destination (inetAddress.ts). */
    sourceHigh: u64 = 0;
    sourceLow: u64 = 0;
    sourcePort: u32 = 0;
    destinationHigh: u64 = 0;
    destinationLow: u64 = 0;
    timeToLive: u32 = 0;
    typeOfService: u32 = 0;
    /** When it was sent (CLOCK_REALTIME), or 0. */
    time: u64 = 0;
    /** Error queue: the errno; 0 in ordinary messages. */
    error: i32 = 0;
}

let free: Message | null = null;

/** An empty record. */
export function takeMessage(): Message {
    const message = free;
    if (message === null) return new Message();
    free = message.next;
    message.next = null;
    message.length = 0;
    message.isSealed = false;
    message.hasCredentials = false;
    message.time = 0;
    message.error = 0;
    return message;
}

/** The record is not used any more. Its rights have been taken. */
function giveMessage(message: Message): void {
    message.unixName = null;
    message.rights = null;
    message.next = free;
    free = message;
}

export class MessageQueue {
    readonly bytes: ByteQueue = new ByteQueue();
    first: Message | null = null;
    last: Message | null = null;
    count: u32 = 0;

    get isEmpty(): bool {
        return this.first === null;
    }

    /** What the queue counts for against a buffer's size. */
    get charge(): u32 {
        return this.bytes.length + this.count * MESSAGE_OVERHEAD;
    }

    /** Appends a whole datagram from `buffer`, which `message` describes. 0, or -EFAULT or -ENOBUFS and nothing is kept. */
    appendDatagram(message: Message, buffer: IoBuffer, length: u32): i64 {
        let done: u32 = 0;
        let error: i64 = 0;
        while (done < length && error >= 0) {
            error = this.bytes.append(buffer, done, length - done);
            if (error > 0) done += <u32>error;
        }
        if (error < 0) {
            if (done > 0) this.bytes.cut(done);
            giveMessage(message);
            return error == -EFAULT ? error : -ENOBUFS;
        }
        message.length = length;
        this.add(message);
        return 0;
    }

    add(message: Message): void {
        if (this.last === null) this.first = message;
        else this.last!.next = message;
        this.last = message;
        this.count++;
    }

    /** Takes the first message away with what is left of its bytes. Rights that it still has are released. */
    dropFirst(): void {
        const message = this.first!;
        this.first = message.next;
        if (this.first === null) this.last = null;
        this.count--;
        if (message.length > 0) this.bytes.drop(message.length);
        const rights = message.rights;
        message.rights = null;
        giveMessage(message);
        if (rights !== null) forgetRights(rights);
    }

    /** Nobody will receive what is there. */
    clear(): void {
        while (this.first !== null) this.dropFirst();
        this.bytes.clear();
    }
}
