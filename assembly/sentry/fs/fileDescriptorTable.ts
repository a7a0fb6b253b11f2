// SPDX-License-Identifier: Apache-2.0
//
// The file descriptors of a process: small numbers for open file descriptions. Threads that share the table
// (CLONE_FILES) share the object, fork clones it.

import { PAGE_SIZE } from "../../std/pages";
import { reserveHeap } from "../capabilities/heapReserve";
import { EBADF, EINVAL, EMFILE, ENOMEM } from "../kernel/errno";
import { releaseRecordLocks } from "./locks";
import { OpenFile } from "./openFile";

/** Descriptors in a new table: what a shell pipeline uses without growing. */
const INITIAL_CAPACITY: i32 = 16;
/** Linux's fs.nr_open default: RLIMIT_NOFILE cannot go above. */
export const DESCRIPTORS_MAXIMUM: i32 = 1048576;

export class FileDescriptorTable {
    private files: StaticArray<OpenFile | null>;
    /** One byte for each descriptor: 1 = close on exec. */
    private closeOnExecution: StaticArray<u8>;
    /** No descriptor below is free. */
    private firstFree: i32 = 0;
    /** Processes and threads that use this table. */
    private users: i32 = 1;

    constructor(capacity: i32 = INITIAL_CAPACITY) {
        this.files = new StaticArray<OpenFile | null>(capacity);
        this.closeOnExecution = new StaticArray<u8>(capacity);
    }

    /** One more user (CLONE_FILES). */
    share(): FileDescriptorTable {
        this.users++;
        return this;
    }

    get isShared(): bool {
        return this.users > 1;
    }

    /** One user fewer; the last one closes everything. */
    release(): void {
        if (--this.users > 0) return;
        this.closeAll();
    }

    /** Descriptors that are or were in use: a bound for going through them. */
    get length(): i32 {
        return this.files.length;
    }

    /** The open file of `descriptor`, or null (EBADF). The caller's reference ends with its system call. */
    get(descriptor: i32): OpenFile | null {
        if (<u32>descriptor >= <u32>this.files.length) return null;
        return unchecked(this.files[descriptor]);
    }

    /**
     * The lowest free descriptor, at least `minimum`, for `file`, whose reference the table takes over. -EMFILE when
     * none is below `limit` (RLIMIT_NOFILE), -ENOMEM without memory for a larger table; the reference is then still the caller's.
     */
    add(file: OpenFile, closeOnExec: bool, limit: u64, minimum: i32 = 0): i32 {
        let descriptor = max(minimum, this.firstFree);
        const length = this.files.length;
        while (descriptor < length && unchecked(this.files[descriptor]) !== null) descriptor++;
        if (<u64>descriptor >= limit || descriptor >= DESCRIPTORS_MAXIMUM) return -EMFILE;
        if (descriptor >= length && !this.grow(descriptor + 1)) return -ENOMEM;
        if (minimum <= this.firstFree) this.firstFree = descriptor + 1;
        this.files[descriptor] = file;
        this.closeOnExecution[descriptor] = closeOnExec ? 1 : 0;
        return descriptor;
    }

    /** Whether `add` would find a descriptor below `limit`. */
    hasRoom(limit: u64): bool {
        let descriptor = this.firstFree;
        while (descriptor < this.files.length && this.files[descriptor] !== null) descriptor++;
        this.firstFree = descriptor;
        if (<u64>descriptor >= limit || descriptor >= DESCRIPTORS_MAXIMUM) return false;
        return descriptor < this.files.length || this.grow(descriptor + 1);
    }

    /** Puts `file`, whose reference the table takes over, at exactly `descriptor`; what was there is closed. */
    set(descriptor: i32, file: OpenFile, closeOnExec: bool, limit: u64): i32 {
        if (descriptor < 0 || <u64>descriptor >= limit || descriptor >= DESCRIPTORS_MAXIMUM) return -EBADF;
        if (descriptor >= this.files.length && !this.grow(descriptor + 1)) return -ENOMEM;
        const before = this.files[descriptor];
        this.files[descriptor] = file;
        this.closeOnExecution[descriptor] = closeOnExec ? 1 : 0;
        if (before !== null) this.forget(before);
        return descriptor;
    }

    /** 0 or -EBADF. */
    close(descriptor: i32): i32 {
        const file = this.get(descriptor);
        if (file === null) return -EBADF;
        this.files[descriptor] = null;
        if (descriptor < this.firstFree) this.firstFree = descriptor;
        this.forget(file);
        return 0;
    }

    @inline isCloseOnExec(descriptor: i32): bool {
        return this.closeOnExecution[descriptor] != 0;
    }

    @inline setCloseOnExec(descriptor: i32, on: bool): void {
        this.closeOnExecution[descriptor] = on ? 1 : 0;
    }

    /** A copy for a child process: the same descriptions under the same numbers. */
    clone(): FileDescriptorTable {
        let length = this.files.length;
        while (length > INITIAL_CAPACITY && this.files[length - 1] === null) length--;
        const copy = new FileDescriptorTable(length);
        for (let i = 0; i < length; i++) {
            const file = unchecked(this.files[i]);
            if (file === null) continue;
            unchecked((copy.files[i] = file.retain()));
            unchecked((copy.closeOnExecution[i] = this.closeOnExecution[i]));
        }
        copy.firstFree = this.firstFree;
        return copy;
    }

    /** What execve(2) does. */
    closeOnExec(): void {
        for (let i = 0, length = this.files.length; i < length; i++) {
            if (unchecked(this.closeOnExecution[i]) != 0 && unchecked(this.files[i]) !== null) this.close(i);
        }
    }

    closeAll(): void {
        for (let i = 0, length = this.files.length; i < length; i++) {
            if (unchecked(this.files[i]) !== null) this.close(i);
        }
    }

    /** close_range(2): closes, or marks close-on-exec, the descriptors `first` to `last`. */
    forRange(first: u32, last: u32, markOnly: bool): i32 {
        if (first > last) return -EINVAL;
        const end = min<u32>(last, <u32>this.files.length - 1);
        for (let i = first; i <= end; i++) {
            if (this.files[i] === null) continue;
            if (markOnly) this.closeOnExecution[i] = 1;
            else this.close(i);
        }
        return 0;
    }

    /** Heap that a table takes: references and flags are two blocks, and fit where one of their sum does. */
    private static bytesOf(capacity: i32): usize {
        return <usize>capacity * (sizeof<usize>() + 1) + PAGE_SIZE;
    }

    /** Whether there is memory for a `clone`. */
    canClone(): bool {
        return reserveHeap(FileDescriptorTable.bytesOf(this.files.length));
    }

    /** False: there is no memory for so many. */
    private grow(needed: i32): bool {
        let capacity = this.files.length;
        while (capacity < needed) capacity <<= 1;
        if (!reserveHeap(FileDescriptorTable.bytesOf(capacity))) return false;
        const files = new StaticArray<OpenFile | null>(capacity);
        const flags = new StaticArray<u8>(capacity);
        const length = this.files.length;
        for (let i = 0; i < length; i++) {
            unchecked((files[i] = this.files[i]));
            unchecked((flags[i] = this.closeOnExecution[i]));
        }
        this.files = files;
        this.closeOnExecution = flags;
        return true;
    }

    /** A descriptor's reference to `file` ends, and with it the process's record locks on the file (fcntl(2)). */
    private forget(file: OpenFile): void {
        if (file.inode.locks !== null) releaseRecordLocks(file.inode, this);
        file.release();
    }
}
