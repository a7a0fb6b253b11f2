// SPDX-License-Identifier: Apache-2.0
//
// An inotify instance (inotify(7)): its watches, and the queue of events that nobody has read yet. The queue is a
// list of chunks that hold the events as read(2) hands them out; an event lies in one chunk.

import { isMemoryShort } from "../capabilities/quota";
import { EAGAIN, EEXIST, EINVAL, ENOSPC } from "../kernel/errno";
import { WaitQueue } from "../kernel/wait";
import { copyOut32 } from "../memory/userMemory";
import { anonymousInode } from "./anonymousInode";
import { Inode } from "./inode";
import { IoBuffer } from "./ioBuffer";
import { IN_DELETE_SELF, IN_ISDIR, IN_MOVE_SELF, IN_ONESHOT, Watch } from "./notify";
import { O_RDONLY, POLLIN, POLLRDNORM } from "./openFile";
import { addHexadecimal, addText } from "./proc/textBuilder";
import { StreamFile } from "./streamFile";

export const IN_CLOSE_WRITE: u32 = 0x8;
export const IN_CLOSE_NOWRITE: u32 = 0x10;
const IN_Q_OVERFLOW: u32 = 0x4000;
const IN_IGNORED: u32 = 0x8000;
const IN_MASK_CREATE: u32 = 0x10000000;
const IN_MASK_ADD: u32 = 0x20000000;
/** What a watch keeps of its mask: the events, IN_EXCL_UNLINK and IN_ONESHOT. */
const WATCH_BITS: u32 = 0x84000fff;

/** Linux's fs.inotify defaults; watches take about 60 bytes each, and keep their inode, of the sentry's memory. */
export const INOTIFY_EVENTS_MAXIMUM: i32 = 16384;
export const INOTIFY_INSTANCES_MAXIMUM: i32 = 128;
export const INOTIFY_WATCHES_MAXIMUM: i32 = 65536;
/** Chunks of one queue (2 MiB): long names fill it before INOTIFY_EVENTS_MAXIMUM does. */
const CHUNKS_MAXIMUM: i32 = 512;
const CHUNK_SIZE: i32 = 4080;

/** struct inotify_event: descriptor, mask, cookie, length of the name with its zeros. Names are padded to its size. */
const EVENT_SIZE: i32 = 16;

/** ioctl: bytes that can be read. */
const FIONREAD: u32 = 0x541b;

@unmanaged
class Chunk {
    next: usize;
    /** Events lie from `start` to `end`, counted from the chunk's own address. */
    start: i32;
    end: i32;
}

let instances: i32 = 0;
let watchesInUse: i32 = 0;

/** Whether one more instance is within the limit. */
export function mayMakeInotify(): bool {
    return instances < INOTIFY_INSTANCES_MAXIMUM;
}

export class InotifyFile extends StreamFile {
    private readonly watches: Map<i32, Watch> = new Map<i32, Watch>();
    private lastDescriptor: i32 = 0;
    /** Events are read from the oldest chunk and put to the newest one. */
    private oldest: usize = 0;
    private latest: usize = 0;
    private chunks: i32 = 0;
    /** Bytes that wait, and the address of the event put last, or 0 when it has been read. */
    private used: i32 = 0;
    private newest: usize = 0;
    private events: i32 = 0;
    private readonly queue: WaitQueue = new WaitQueue();

    constructor(flags: u32) {
        super(anonymousInode(), O_RDONLY | flags);
        instances++;
    }

    anonymousName(): string {
        return "inotify";
    }

    protected close(): void {
        const watches = this.watches.values();
        for (let i = 0; i < watches.length; i++) watches[i].leave();
        watchesInUse -= watches.length;
        this.watches.clear();
        while (this.oldest != 0) this.dropOldest();
        this.used = 0;
        instances--;
    }

    // ---- Watches

    /** inotify_add_watch(2): the watch's descriptor or a negative errno. */
    add(inode: Inode, mask: u32): i64 {
        let watch = inode.watches;
        while (watch !== null && watch.group !== this) watch = watch.next;
        if (watch !== null) {
            if ((mask & IN_MASK_CREATE) != 0) return -EEXIST;
            const bits = mask & WATCH_BITS;
            watch.mask = (mask & IN_MASK_ADD) != 0 ? watch.mask | bits : bits;
            return watch.descriptor;
        }
        if (watchesInUse >= INOTIFY_WATCHES_MAXIMUM) return -ENOSPC;
        // Descriptors are not given out again, so that late events are not taken for another watch's.
        do {
            this.lastDescriptor = this.lastDescriptor == i32.MAX_VALUE ? 1 : this.lastDescriptor + 1;
        } while (this.watches.has(this.lastDescriptor));
        watchesInUse++;
        this.watches.set(this.lastDescriptor, new Watch(this, inode, this.lastDescriptor, mask & WATCH_BITS));
        return this.lastDescriptor;
    }

    /** inotify_rm_watch(2): 0 or -EINVAL. */
    remove(descriptor: i32): i64 {
        if (!this.watches.has(descriptor)) return -EINVAL;
        this.end(this.watches.get(descriptor));
        return 0;
    }

    /** The watch ends, which is an event itself. */
    end(watch: Watch): void {
        watch.leave();
        this.watches.delete(watch.descriptor);
        watchesInUse--;
        this.enqueue(watch.descriptor, IN_IGNORED, 0, 0, 0);
    }

    // ---- Events

    /** One event of a watch. */
    report(watch: Watch, mask: u32, cookie: u32, name: usize, length: i32): void {
        // As on Linux these say nothing of the type.
        if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) mask &= ~IN_ISDIR;
        this.enqueue(watch.descriptor, mask, cookie, name, length);
        if ((watch.mask & IN_ONESHOT) != 0) this.end(watch);
    }

    private enqueue(descriptor: i32, mask: u32, cookie: u32, name: usize, length: i32): void {
        const padded = length == 0 ? 0 : (length + EVENT_SIZE) & ~(EVENT_SIZE - 1);
        if (this.repeatsNewest(descriptor, mask, name, length, padded)) return;
        if (this.events < INOTIFY_EVENTS_MAXIMUM && this.makeRoom(EVENT_SIZE + padded)) {
            this.put(descriptor, mask, cookie, name, length, padded);
        } else {
            const newest = this.newest;
            // Without a single chunk there is nothing to say it with.
            if (this.latest == 0 || (newest != 0 && load<u32>(newest, 4) == IN_Q_OVERFLOW)) return;
            this.put(-1, IN_Q_OVERFLOW, 0, 0, 0, 0);
        }
        this.queue.wake();
    }

    /** An event that says what the newest one in the queue says is dropped. */
    private repeatsNewest(descriptor: i32, mask: u32, name: usize, length: i32, padded: i32): bool {
        const event = this.newest;
        if (event == 0 || mask == IN_IGNORED) return false;
        if (load<i32>(event) != descriptor || load<u32>(event, 4) != mask) return false;
        if (load<i32>(event, 12) != padded) return false;
        if (padded == 0) return true;
        if (memory.compare(event + EVENT_SIZE, name, length) != 0) return false;
        return load<u8>(event + EVENT_SIZE + length) == 0;
    }

    /** Makes room for `size` more bytes and an overflow event behind them. False: there is none. */
    private makeRoom(size: i32): bool {
        const latest = this.latest;
        if (latest != 0 && changetype<Chunk>(latest).end + size + EVENT_SIZE <= CHUNK_SIZE) return true;
        if (this.chunks == CHUNKS_MAXIMUM || isMemoryShort()) return false;
        const made = heap.alloc(CHUNK_SIZE);
        const chunk = changetype<Chunk>(made);
        chunk.next = 0;
        chunk.start = offsetof<Chunk>();
        chunk.end = offsetof<Chunk>();
        if (latest == 0) this.oldest = made;
        else changetype<Chunk>(latest).next = made;
        this.latest = made;
        this.chunks++;
        return true;
    }

    private dropOldest(): void {
        const chunk = this.oldest;
        this.oldest = changetype<Chunk>(chunk).next;
        if (this.oldest == 0) this.latest = 0;
        heap.free(chunk);
        this.chunks--;
    }

    private put(descriptor: i32, mask: u32, cookie: u32, name: usize, length: i32, padded: i32): void {
        const chunk = changetype<Chunk>(this.latest);
        const event = this.latest + chunk.end;
        store<i32>(event, descriptor);
        store<u32>(event, mask, 4);
        store<u32>(event, cookie, 8);
        store<i32>(event, padded, 12);
        memory.copy(event + EVENT_SIZE, name, length);
        memory.fill(event + EVENT_SIZE + length, 0, padded - length);
        chunk.end += EVENT_SIZE + padded;
        this.newest = event;
        this.used += EVENT_SIZE + padded;
        this.events++;
    }

    // ---- The file

    receive(buffer: IoBuffer): i64 {
        if (this.used == 0) return -EAGAIN;
        let done: i64 = 0;
        while (this.used > 0) {
            const chunk = changetype<Chunk>(this.oldest);
            const event = this.oldest + chunk.start;
            const size = EVENT_SIZE + load<i32>(event, 12);
            if (done + size > buffer.length) return done == 0 ? -EINVAL : done;
            const error = buffer.put(done, event, size);
            if (error != 0) return done > 0 ? done : error;
            done += size;
            chunk.start += size;
            this.used -= size;
            this.events--;
            if (event == this.newest) this.newest = 0;
            if (chunk.start == chunk.end) this.dropOldest();
        }
        return done;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        return -EINVAL;
    }

    /** Linux's noop_llseek: it succeeds and does nothing. */
    seek(offset: i64, whence: i32): i64 {
        return 0;
    }

    readiness(): u32 {
        return this.used > 0 ? POLLIN | POLLRDNORM : 0;
    }

    waitQueue(): WaitQueue | null {
        return this.queue;
    }

    ioctl(request: u32, argument: u64): i64 {
        if (request != FIONREAD) return super.ioctl(request, argument);
        return copyOut32(argument, this.used);
    }

    /** The lines of /proc/PID/fdinfo. */
    describe(): void {
        const watches = this.watches.values();
        for (let i = 0; i < watches.length; i++) {
            const watch = watches[i];
            addText("inotify wd:");
            addHexadecimal(watch.descriptor, 1);
            addText(" ino:");
            addHexadecimal(watch.inode.number, 1);
            addText(" sdev:");
            addHexadecimal(watch.inode.fileSystem.device, 1);
            addText(" mask:");
            addHexadecimal(watch.mask, 1);
            addText(" ignored_mask:0 \n");
        }
    }
}
