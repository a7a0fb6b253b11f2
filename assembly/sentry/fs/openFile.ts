// SPDX-License-Identifier: Apache-2.0
//
// An open file description (open(2)): what descriptors, duplicated or inherited, share. Descriptor tables, memory
// mappings and transfers each hold a reference; `release` gives one back and the last one closes the file.
//
// Reads and writes may block: they return BLOCKED after blockOn(queue), and are executed again from the start when the queue
// is woken. Bytes already transferred are then in current.progress.

import { O_DIRECT, O_DIRECTORY, O_LARGEFILE, O_NOFOLLOW } from "../arch/fileStatus";
import { EINVAL, ENODEV, ENOTTY, ESPIPE } from "../kernel/errno";
import { Observer, waitOn, WaitQueue } from "../kernel/wait";
import { Inode } from "./inode";
import { IoBuffer, sentryBuffer, userBuffer } from "./ioBuffer";
import { Location } from "./location";
import { releaseLease } from "./leases";
import { releaseDescriptionLocks } from "./locks";
import { notifyClose, watchCount } from "./notify";
import { SignalOwner } from "./signalOwner";

/** open(2) flags that have the same number on every architecture; arch/fileStatus.ts has the others. */
export const O_ACCMODE: u32 = 0x3;
export const O_RDONLY: u32 = 0x0;
export const O_WRONLY: u32 = 0x1;
export const O_RDWR: u32 = 0x2;
export const O_CREAT: u32 = 0x40;
export const O_EXCL: u32 = 0x80;
export const O_NOCTTY: u32 = 0x100;
export const O_TRUNC: u32 = 0x200;
export const O_APPEND: u32 = 0x400;
export const O_NONBLOCK: u32 = 0x800;
export const O_DSYNC: u32 = 0x1000;
export const O_ASYNC: u32 = 0x2000;
export { O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW };
export const O_NOATIME: u32 = 0x40000;
export const O_CLOEXEC: u32 = 0x80000;
export const O_SYNC: u32 = 0x101000;
export const O_PATH: u32 = 0x200000;
export const O_TMPFILE: u32 = 0x400000 | O_DIRECTORY;

/** Status flags that F_SETFL may change. */
export const STATUS_FLAGS_CHANGEABLE: u32 = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

/** poll(2) events. */
export const POLLIN: u32 = 0x1;
export const POLLPRI: u32 = 0x2;
export const POLLOUT: u32 = 0x4;
export const POLLERR: u32 = 0x8;
export const POLLHUP: u32 = 0x10;
export const POLLNVAL: u32 = 0x20;
export const POLLRDNORM: u32 = 0x40;
export const POLLRDBAND: u32 = 0x80;
export const POLLWRNORM: u32 = 0x100;
export const POLLWRBAND: u32 = 0x200;
export const POLLRDHUP: u32 = 0x2000;

export const SEEK_SET: i32 = 0;
export const SEEK_CUR: i32 = 1;
export const SEEK_END: i32 = 2;
export const SEEK_DATA: i32 = 3;
export const SEEK_HOLE: i32 = 4;

/** As an offset: read or write at the file's position, and advance it. */
export const AT_POSITION: i64 = -1;

/** Open file descriptions that exist (/proc/sys/fs/file-nr). */
export let openFileCount: i32 = 0;

export abstract class OpenFile {
    /** Descriptors, mappings and running transfers that hold this description. */
    references: i32 = 1;
    /** O_ACCMODE, status flags and O_PATH: what F_GETFL returns. */
    flags: u32;
    position: i64 = 0;
    readonly inode: Inode;
    /** Entries of epoll sets for this description: they end with it. */
    interests: Observer | null = null;
    /** Where it was opened, for /proc/self/fd, fchdir and *at calls; null for pipes and other files without a name. */
    location: Location | null = null;
    /** Whom its signals go to (F_SETOWN), or null. */
    owner: SignalOwner | null = null;
    /** It counts among its inode's writers. */
    private isWriter: bool = false;

    constructor(inode: Inode, flags: u32) {
        this.inode = inode;
        this.flags = flags & ~O_NOCTTY;
        openFileCount++;
        inode.pin();
    }

    /** Whether the access mode allows reading. */
    @inline isReadable(): bool {
        return (this.flags & O_ACCMODE) != O_WRONLY && (this.flags & O_PATH) == 0;
    }

    @inline isWritable(): bool {
        return (this.flags & O_ACCMODE) != O_RDONLY && (this.flags & O_PATH) == 0;
    }

    @inline isNonBlocking(): bool {
        return (this.flags & O_NONBLOCK) != 0;
    }

    /** Counts it among its inode's writers, if it may write. Files without a name, as memfd_create(2) makes, do not count. */
    countWriter(): void {
        if (this.isWriter || !this.isWritable()) return;
        this.isWriter = true;
        this.inode.writers++;
    }

    /** One more holder. */
    retain(): OpenFile {
        this.references++;
        return this;
    }

    /** One holder fewer; the last one closes the description. */
    release(): void {
        if (--this.references > 0) return;
        openFileCount--;
        while (this.interests !== null) this.interests!.end();
        if (watchCount != 0) notifyClose(this);
        this.close();
        if (this.isWriter) this.inode.writers--;
        releaseLease(this);
        if (this.inode.locks !== null) releaseDescriptionLocks(this.inode, this);
        const location = this.location;
        if (location !== null) location.release();
        this.location = null;
        this.inode.unpin();
    }

    /** The description's own end: called once, by the last release. */
    protected close(): void {}

    /**
     * Reads to the calling process's `address`, at most `length` bytes, from `offset` or AT_POSITION. The result is
     * the number of bytes (0 = end), a negative errno, or BLOCKED.
     */
    read(address: u64, length: i64, offset: i64): i64 {
        return this.readTo(userBuffer.at(address, length), offset);
    }

    /** Writes from the calling process's `address`; as `read`. */
    write(address: u64, length: i64, offset: i64): i64 {
        return this.writeFrom(userBuffer.at(address, length), offset);
    }

    /** Reads into the sentry's own memory, for exec and sendfile. */
    readBytes(destination: usize, length: i32, offset: i64): i64 {
        return this.readTo(sentryBuffer.at(destination, length), offset);
    }

    writeBytes(source: usize, length: i32, offset: i64): i64 {
        return this.writeFrom(sentryBuffer.at(source, length), offset);
    }

    /** What `read` does, for any buffer. The access mode has been checked. */
    readTo(buffer: IoBuffer, offset: i64): i64 {
        return -EINVAL;
    }

    /** What `write` does, for any buffer. The access mode has been checked. */
    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        return -EINVAL;
    }

    /** Whether pread, pwrite and lseek have a meaning. */
    isSeekable(): bool {
        return false;
    }

    /** lseek(2): the new position or a negative errno. */
    seek(offset: i64, whence: i32): i64 {
        return -ESPIPE;
    }

    /** What /proc/PID/fd shows behind "anon_inode:" for a file that is only a descriptor. */
    anonymousName(): string {
        return "";
    }

    /** Adds what /proc/PID/fdinfo shows of this kind of file beside the position and the flags (proc/textBuilder.ts). */
    describe(): void {}

    /** Bytes of the content; 0 where that has no meaning. */
    size(): u64 {
        return 0;
    }

    /** Events that hold now: POLL bits. Regular files are always ready. */
    readiness(): u32 {
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    }

    /** What is woken when `readiness` may have changed, or null where it never does. */
    waitQueue(): WaitQueue | null {
        return null;
    }

    /** Puts the calling thread on the queues that are woken when `readiness` may have changed. */
    joinQueues(): void {
        const queue = this.waitQueue();
        if (queue !== null) waitOn(queue);
    }

    /** ioctl(2) requests that belong to this kind of file. */
    ioctl(request: u32, argument: u64): i64 {
        return -ENOTTY;
    }

    /** 0 when mmap(2) may map this file, else a negative errno. */
    mappable(): i32 {
        return -ENODEV;
    }

    /** Whether a mapping shows no content of the file, but memory of its own (/dev/zero). */
    mapsAnonymously(): bool {
        return false;
    }

    /**
     * The frame with page `pageIndex` of the content, to be mapped read-only; the caller retains it. 0 where the
     * content ends before that page (SIGBUS) or memory ran out.
     */
    mappableFrame(pageIndex: u32): u32 {
        return 0;
    }

    /** The same for a shared writable mapping: a frame whose changes are the file's. */
    writableFrame(pageIndex: u32): u32 {
        return 0;
    }
}
