// SPDX-License-Identifier: Apache-2.0
//
// Pipes and FIFOs (pipe(7)). As in Linux a pipe is a ring of pages: 16 of them make the 64 KiB that programs
// expect, a page is taken when something is written and given back when it has been read, and a write of at most a page goes to
// one page and so is atomic.

import { EAGAIN, EBUSY, EINVAL, ENOMEM, ENXIO, EPERM, EPIPE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { blockOn, WaitQueue } from "../kernel/wait";
import { allocateFrame, frameAddress, releaseFrame } from "../memory/frames";
import { copyOut32 } from "../memory/userMemory";
import { SIGPIPE } from "../signals/numbers";
import { sendSignalToThread } from "../signals/send";
import { PAGE_SIZE } from "../../std/pages";
import { setTimes } from "./fileTime";
import { FileSystem, PIPEFS_MAGIC } from "./fileSystem";
import { fail, S_IFIFO } from "./inode";
import { IoBuffer } from "./ioBuffer";
import {
    O_ACCMODE,
    O_DIRECT,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    OpenFile,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
} from "./openFile";
import { SpecialInode } from "./specialInode";
import { StreamFile } from "./streamFile";

/** Pages of a new pipe (64 KiB), and the most that F_SETPIPE_SZ gives (fs.pipe-max-size, 1 MiB). */
const DEFAULT_SLOTS: u32 = 16;
const SLOTS_MAXIMUM: u32 = 256;

/** ioctl: bytes that can be read. */
const FIONREAD: u32 = 0x541b;

const pipeFileSystem: FileSystem = new FileSystem("pipefs", PIPEFS_MAGIC, false);

/** A page of the ring: bytes offset to offset + length of the frame wait to be read. */
@unmanaged
class Slot {
    frame: u32;
    offset: u16;
    length: u16;
    /** A write of its own (O_DIRECT): a read takes it whole or drops the rest. */
    isPacket: u32;
}

export class Pipe {
    readers: i32 = 0;
    writers: i32 = 0;
    /** How often the pipe was opened for writing: tells "no writer yet" from "no writer any more". */
    writersSeen: u32 = 0;
    /** Who waits in read(2) and write(2): woken one at a time, for the next one goes on when the first has left something. */
    readonly readersQueue: WaitQueue = new WaitQueue(true);
    readonly writersQueue: WaitQueue = new WaitQueue(true);
    /** Who waits in other calls: woken when data or room comes, or an end closes. */
    readonly queue: WaitQueue = new WaitQueue();
    /** FIFOs: threads whose open(2) waits for the other side. */
    readonly openingReaders: WaitQueue = new WaitQueue();
    readonly openingWriters: WaitQueue = new WaitQueue();
    private slots: usize = heap.alloc(DEFAULT_SLOTS * offsetof<Slot>());
    private capacity: u32 = DEFAULT_SLOTS;
    private first: u32 = 0;
    private used: u32 = 0;

    @inline private slot(number: u32): Slot {
        return changetype<Slot>(
            this.slots + ((this.first + number) & (this.capacity - 1)) * offsetof<Slot>(),
        );
    }

    get isEmpty(): bool {
        return this.used == 0;
    }

    get isFull(): bool {
        return this.used == this.capacity;
    }

    /** Bytes that can be read. */
    available(): u32 {
        let bytes: u32 = 0;
        for (let i: u32 = 0; i < this.used; i++) bytes += this.slot(i).length;
        return bytes;
    }

    /** The number of bytes read, 0 with an empty pipe, -EFAULT. */
    read(buffer: IoBuffer): i64 {
        let done: i64 = 0;
        while (done < buffer.length && this.used > 0) {
            const slot = this.slot(0);
            const part = <i32>min<i64>(slot.length, buffer.length - done);
            const error = buffer.put(done, frameAddress(slot.frame) + slot.offset, part);
            if (error != 0) {
                if (done == 0) return error;
                break;
            }
            done += part;
            slot.offset += <u16>part;
            slot.length -= <u16>part;
            if (slot.isPacket != 0) {
                this.dropFirst();
                break;
            }
            if (slot.length == 0) this.dropFirst();
        }
        return done;
    }

    // What waits in the pipe, as splice(2) and tee(2) see it: pieces of at most a page.

    get pieces(): u32 {
        return this.used;
    }

    pieceLength(number: u32): i32 {
        return this.slot(number).length;
    }

    pieceAddress(number: u32): usize {
        const slot = this.slot(number);
        return frameAddress(slot.frame) + slot.offset;
    }

    /** Takes `bytes` bytes of the first piece away. */
    consume(bytes: u32): void {
        const slot = this.slot(0);
        slot.offset += <u16>bytes;
        slot.length -= <u16>bytes;
        if (slot.length == 0) this.dropFirst();
    }

    private dropFirst(): void {
        releaseFrame(this.slot(0).frame);
        this.first = (this.first + 1) & (this.capacity - 1);
        this.used--;
    }

    /** The number of bytes written from position `from` of the buffer on, 0 with a full pipe, -EFAULT or -ENOMEM. */
    write(buffer: IoBuffer, from: i64, asPackets: bool): i64 {
        const length = buffer.length - from;
        let done: i64 = 0;
        // What does not fill a page is put to the page before, if it has room: small writes share pages.
        const rest = <i32>(length & (PAGE_SIZE - 1));
        if (rest > 0 && this.used > 0) {
            const last = this.slot(this.used - 1);
            const end = <i32>last.offset + last.length;
            if (last.isPacket == 0 && end + rest <= <i32>PAGE_SIZE) {
                const error = buffer.take(from, frameAddress(last.frame) + end, rest);
                if (error != 0) return error;
                last.length += <u16>rest;
                done = rest;
            }
        }
        while (done < length && this.used < this.capacity) {
            const part = <i32>min<i64>(PAGE_SIZE, length - done);
            const frame = allocateFrame(true);
            const address: usize = frame == 0 ? 0 : frameAddress(frame);
            const error = address == 0 ? -ENOMEM : buffer.take(from + done, address, part);
            if (error != 0) {
                if (frame != 0) releaseFrame(frame);
                return done > 0 ? done : error;
            }
            const slot = this.slot(this.used);
            slot.frame = frame;
            slot.offset = 0;
            slot.length = <u16>part;
            slot.isPacket = asPackets ? 1 : 0;
            this.used++;
            done += part;
        }
        return done;
    }

    /** F_GETPIPE_SZ. */
    get size(): i32 {
        return this.capacity * PAGE_SIZE;
    }

    /** F_SETPIPE_SZ: the new size in bytes or a negative errno. */
    resize(bytes: u32): i64 {
        if (bytes > SLOTS_MAXIMUM * PAGE_SIZE) return bytes > 0x80000000 ? -EINVAL : -EPERM;
        let capacity: u32 = 1;
        while (capacity * PAGE_SIZE < bytes) capacity <<= 1;
        if (capacity < this.used) return -EBUSY;
        const slots = heap.alloc(capacity * offsetof<Slot>());
        for (let i: u32 = 0; i < this.used; i++) {
            memory.copy(slots + i * offsetof<Slot>(), changetype<usize>(this.slot(i)), offsetof<Slot>());
        }
        heap.free(this.slots);
        this.slots = slots;
        this.capacity = capacity;
        this.first = 0;
        this.wakeAll();
        return this.size;
    }

    /** Bytes have come. */
    filled(): void {
        this.readersQueue.wakeOne();
        if (!this.isFull) this.writersQueue.wakeOne();
        this.queue.wake(POLLIN | POLLRDNORM);
    }

    /** Bytes have gone. */
    emptied(): void {
        this.writersQueue.wakeOne();
        if (!this.isEmpty) this.readersQueue.wakeOne();
        this.queue.wake(POLLOUT | POLLWRNORM);
    }

    /** An end has come or gone. */
    wakeAll(): void {
        this.readersQueue.wake();
        this.writersQueue.wake();
        this.queue.wake();
    }

    /** Nobody has the pipe open: what was not read is gone. */
    clear(): void {
        while (this.used > 0) this.dropFirst();
    }

    /** Gives the ring back. The pipe is not used again. */
    dispose(): void {
        this.clear();
        heap.free(this.slots);
        this.slots = 0;
    }
}

/** One end of a pipe, or (FIFOs only) both. */
export class PipeFile extends StreamFile {
    readonly pipe: Pipe;
    /** `writersSeen` when this end was opened: POLLHUP only after a writer has come and gone. */
    private readonly writersSeenAtOpen: u32;

    constructor(inode: SpecialInode, pipe: Pipe, flags: u32) {
        super(inode, flags);
        this.pipe = pipe;
        this.writersSeenAtOpen = pipe.writers > 0 ? pipe.writersSeen - 1 : pipe.writersSeen;
    }

    protected close(): void {
        const pipe = this.pipe;
        if (this.isReadable()) pipe.readers--;
        if (this.isWritable()) pipe.writers--;
        pipe.wakeAll();
        if (pipe.readers > 0 || pipe.writers > 0) return;
        if (pipe.openingReaders.isEmpty && pipe.openingWriters.isEmpty) {
            changetype<SpecialInode>(this.inode).pipe = null;
            pipe.dispose();
        } else {
            pipe.clear();
        }
    }

    receive(buffer: IoBuffer): i64 {
        const pipe = this.pipe;
        if (buffer.length == 0) return 0;
        if (pipe.isEmpty) return pipe.writers == 0 ? 0 : -EAGAIN;
        const count = pipe.read(buffer);
        if (count > 0) pipe.emptied();
        return count;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        const pipe = this.pipe;
        if (buffer.length == from) return 0;
        if (pipe.readers == 0) {
            sendSignalToThread(current, SIGPIPE);
            return -EPIPE;
        }
        const count = pipe.write(buffer, from, (this.flags & O_DIRECT) != 0);
        if (count > 0) pipe.filled();
        return count == 0 ? -EAGAIN : count;
    }

    readiness(): u32 {
        const pipe = this.pipe;
        let events: u32 = 0;
        if (this.isReadable()) {
            if (!pipe.isEmpty) events |= POLLIN | POLLRDNORM;
            if (pipe.writers == 0 && pipe.writersSeen != this.writersSeenAtOpen) events |= POLLHUP;
        }
        if (this.isWritable()) {
            if (!pipe.isFull) events |= POLLOUT | POLLWRNORM;
            if (pipe.readers == 0) events |= POLLERR;
        }
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.pipe.queue;
    }

    readersQueue(): WaitQueue | null {
        return this.pipe.readersQueue;
    }

    writersQueue(): WaitQueue | null {
        return this.pipe.writersQueue;
    }

    ioctl(request: u32, argument: u64): i64 {
        if (request != FIONREAD) return super.ioctl(request, argument);
        return copyOut32(argument, this.pipe.available());
    }
}

/** The two ends that makePipe made. */
export let readEnd: PipeFile = changetype<PipeFile>(0);
export let writeEnd: PipeFile = changetype<PipeFile>(0);

/** pipe2(2): a pipe whose ends are left in readEnd and writeEnd. `flags`: O_NONBLOCK or 0. */
export function makePipe(flags: u32): void {
    const inode = new SpecialInode(pipeFileSystem, pipeFileSystem.newInodeNumber(), S_IFIFO | 0o600, 0);
    inode.userId = current.process.credentials.fileUser;
    inode.groupId = current.process.credentials.fileGroup;
    setTimes(inode);
    const pipe = new Pipe();
    inode.pipe = pipe;
    pipe.readers = 1;
    pipe.writers = 1;
    pipe.writersSeen = 1;
    readEnd = new PipeFile(inode, pipe, O_RDONLY | flags);
    writeEnd = new PipeFile(inode, pipe, O_WRONLY | flags);
}

/** What `progress` says in a thread whose open(2) of a FIFO waited and whose other side has come. */
const OPENING_GRANTED: i64 = 1;

/**
 * The threads that wait in `queue` may go on: they count as openers from now on, even if the side that let them in
 * closes before they run again.
 */
function grantOpening(queue: WaitQueue): i32 {
    let granted = 0;
    let waiter = queue.first;
    while (waiter !== null) {
        const thread = waiter.thread!;
        if (thread.progress != OPENING_GRANTED) granted++;
        thread.progress = OPENING_GRANTED;
        waiter = waiter.next;
    }
    queue.wake();
    return granted;
}

/** open(2) of a FIFO, or of a pipe through /proc/PID/fd (fifo(7)). */
export function openFifo(inode: SpecialInode, flags: u32): OpenFile | null {
    let pipe = inode.pipe;
    if (pipe === null) {
        pipe = new Pipe();
        inode.pipe = pipe;
    }
    const access = flags & O_ACCMODE;
    // Only FIFOs wait for the other side; an end of a pipe is opened once more as it is.
    const granted = current.progress == OPENING_GRANTED;
    const waits = inode.fileSystem !== pipeFileSystem;
    if (access == O_RDONLY && !granted) {
        const writersWait = !pipe.openingWriters.isEmpty;
        if (waits && (flags & O_NONBLOCK) == 0 && pipe.writers == 0 && !writersWait) {
            fail(blockOn(pipe.openingReaders));
            return null;
        }
        pipe.readers++;
        const writers = grantOpening(pipe.openingWriters);
        pipe.writers += writers;
        pipe.writersSeen += writers;
    } else if (access == O_WRONLY && !granted) {
        if (waits && pipe.readers == 0 && pipe.openingReaders.isEmpty) {
            if ((flags & O_NONBLOCK) != 0) {
                forgetUnused(inode, pipe);
                fail(-ENXIO);
            } else {
                fail(blockOn(pipe.openingWriters));
            }
            return null;
        }
        pipe.writers++;
        pipe.writersSeen++;
        pipe.readers += grantOpening(pipe.openingReaders);
    } else if (access == O_RDWR) {
        pipe.readers++;
        pipe.writers++;
        pipe.writersSeen++;
        const writers = grantOpening(pipe.openingWriters);
        pipe.writers += writers;
        pipe.writersSeen += writers;
        pipe.readers += grantOpening(pipe.openingReaders);
    }
    const file = new PipeFile(inode, pipe, flags);
    pipe.wakeAll();
    return file;
}

function forgetUnused(inode: SpecialInode, pipe: Pipe): void {
    if (pipe.readers > 0 || pipe.writers > 0) return;
    if (!pipe.openingReaders.isEmpty || !pipe.openingWriters.isEmpty) return;
    inode.pipe = null;
    pipe.dispose();
}
