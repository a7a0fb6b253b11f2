// SPDX-License-Identifier: Apache-2.0
//
// Bytes that have been sent and wait to be received: a ring of page frames from the container's quota, as in a pipe. A frame
// is taken when something is written behind the last one and given back when it has been read. Whoever appends bounds
// the length (SO_SNDBUF, SO_RCVBUF).

import { EAGAIN, ENOMEM } from "../kernel/errno";
import { IoBuffer } from "../fs/ioBuffer";
import { allocateFrame, filesMayGrow, frameAddress, releaseFrame } from "../memory/frames";
import { PAGE_SIZE } from "../../std/pages";

/** Slots of a ring at first, made when something is sent: most connections never have more than a page under way. */
const SLOTS_INITIAL: u32 = 2;

/** A page of the ring: bytes offset to offset + length of the frame. */
@unmanaged
class Slot {
    frame: u32;
    offset: u16;
    length: u16;
}

export class ByteQueue {
    /** Bytes in the queue. */
    length: u32 = 0;
    private slots: usize = 0;
    private capacity: u32 = 0;
    private first: u32 = 0;
    private used: u32 = 0;

    @inline private slot(number: u32): Slot {
        return changetype<Slot>(
            this.slots + ((this.first + number) & (this.capacity - 1)) * offsetof<Slot>(),
        );
    }

    /**
     * Whether a further frame may be taken: what the container keeps for its processes is not spent on what waits to be
     * received. An empty queue always may have one, so that everything goes on, if slowly.
     */
    get mayGrow(): bool {
        return this.used == 0 || filesMayGrow();
    }

    /**
     * Appends `count` bytes from position `from` of the buffer on. The result is the number of bytes, less than `count` when
     * memory ran out or the program's memory ends; nothing at all: -EAGAIN, -ENOMEM or -EFAULT.
     */
    append(buffer: IoBuffer, from: i64, count: u32): i64 {
        let done: u32 = 0;
        while (done < count) {
            let slot: Slot;
            let part: u32;
            if (this.used > 0) {
                slot = this.slot(this.used - 1);
                const end = <u32>slot.offset + slot.length;
                part = min(PAGE_SIZE - end, count - done);
                if (part > 0) {
                    const error = buffer.take(from + done, frameAddress(slot.frame) + end, part);
                    if (error != 0) return done > 0 ? <i64>done : error;
                    slot.length += <u16>part;
                    this.length += part;
                    done += part;
                    continue;
                }
            }
            if (!this.mayGrow) return done > 0 ? <i64>done : -EAGAIN;
            part = min(PAGE_SIZE, count - done);
            const frame = allocateFrame(true);
            const address: usize = frame == 0 ? 0 : frameAddress(frame);
            const error = address == 0 ? -ENOMEM : buffer.take(from + done, address, part);
            if (error != 0) {
                if (frame != 0) releaseFrame(frame);
                return done > 0 ? <i64>done : error;
            }
            if (this.used == this.capacity) this.grow();
            slot = this.slot(this.used);
            slot.frame = frame;
            slot.offset = 0;
            slot.length = <u16>part;
            this.used++;
            this.length += part;
            done += part;
        }
        return done;
    }

    private grow(): void {
        const capacity = max(SLOTS_INITIAL, this.capacity << 1);
        const slots = heap.alloc(capacity * offsetof<Slot>());
        for (let i: u32 = 0; i < this.used; i++) {
            memory.copy(slots + i * offsetof<Slot>(), changetype<usize>(this.slot(i)), offsetof<Slot>());
        }
        if (this.slots != 0) heap.free(this.slots);
        this.slots = slots;
        this.capacity = capacity;
        this.first = 0;
    }

    /**
     * Copies `count` bytes (at most what is there) from position `skip` of the queue to position `at` of the buffer; they stay.
     * The result is the number of bytes, less where the program's memory ends; nothing at all: -EFAULT.
     */
    copyTo(buffer: IoBuffer, at: i64, skip: u32, count: u32): i64 {
        let done: u32 = 0;
        for (let i: u32 = 0; i < this.used && done < count; i++) {
            const slot = this.slot(i);
            const length = <u32>slot.length;
            if (skip >= length) {
                skip -= length;
                continue;
            }
            const part = min(length - skip, count - done);
            const error = buffer.put(at + done, frameAddress(slot.frame) + slot.offset + skip, part);
            if (error != 0) return done > 0 ? <i64>done : error;
            done += part;
            skip = 0;
        }
        return done;
    }

    /** The byte at position `at`, which is there. */
    byteAt(at: u32): u32 {
        let i: u32 = 0;
        while (at >= this.slot(i).length) at -= this.slot(i++).length;
        return load<u8>(frameAddress(this.slot(i).frame) + this.slot(i).offset + at);
    }

    /** Takes the first `count` bytes away (at most what is there). */
    drop(count: u32): void {
        this.length -= count;
        while (count > 0) {
            const slot = this.slot(0);
            const part = min(count, <u32>slot.length);
            slot.offset += <u16>part;
            slot.length -= <u16>part;
            count -= part;
            if (slot.length > 0) return;
            releaseFrame(slot.frame);
            this.first = (this.first + 1) & (this.capacity - 1);
            this.used--;
        }
    }

    /** Takes the last `count` bytes away: a datagram of which only a part could be appended. */
    cut(count: u32): void {
        this.length -= count;
        while (count > 0) {
            const slot = this.slot(this.used - 1);
            const part = min(count, <u32>slot.length);
            slot.length -= <u16>part;
            count -= part;
            if (slot.length > 0) return;
            releaseFrame(slot.frame);
            this.used--;
        }
    }

    /** Gives everything back. The queue may be used again. */
    clear(): void {
        this.drop(this.length);
        if (this.slots != 0) heap.free(this.slots);
        this.slots = 0;
        this.capacity = 0;
        this.first = 0;
    }
}
