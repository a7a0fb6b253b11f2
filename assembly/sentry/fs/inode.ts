// SPDX-License-Identifier: Apache-2.0
//
// An inode: one file of any type, with the attributes that stat(2) shows. Kinds of files are subclasses; what a kind
// cannot do answers with the errno that Linux gives.
//
// Names and paths are bytes, passed as (address, length) in the sentry's memory; no zero byte follows them.
//
// Life: an inode lives while something *pins* it (an open file, a working directory, a name in a writable
// directory, a child directory) or a process-independent reason keeps it (`modified`). Inodes that merely mirror an
// image layer are made anew from the layer's index when they are needed again (overlay/inodeCache.ts). When the last
// name and the last pin of an inode are gone, `discard` gives back what its content occupied.

import { EINVAL, EISDIR, ENOTDIR, EPERM } from "../kernel/errno";
import { DirectoryFile } from "./directoryFile";
import { ExtendedAttributes } from "./extendedAttributes";
import { FileSystem } from "./fileSystem";
import { Location } from "./location";
import { FileLock } from "./locks";
import { notifyGone, Watch } from "./notify";
import { OpenFile } from "./openFile";

/** File types, as d_type numbers them; a mode's type is kind << 12. */
export const KIND_FIFO: u32 = 1;
export const KIND_CHARACTER_DEVICE: u32 = 2;
export const KIND_DIRECTORY: u32 = 4;
export const KIND_BLOCK_DEVICE: u32 = 6;
export const KIND_REGULAR: u32 = 8;
export const KIND_SYMBOLIC_LINK: u32 = 10;
export const KIND_SOCKET: u32 = 12;

export const S_IFMT: u32 = 0o170000;
export const S_IFIFO: u32 = 0o010000;
export const S_IFCHR: u32 = 0o020000;
export const S_IFDIR: u32 = 0o040000;
export const S_IFBLK: u32 = 0o060000;
export const S_IFREG: u32 = 0o100000;
export const S_IFLNK: u32 = 0o120000;
export const S_IFSOCK: u32 = 0o140000;
export const S_ISUID: u32 = 0o4000;
export const S_ISGID: u32 = 0o2000;
export const S_ISVTX: u32 = 0o1000;
/** Everything of a mode that chmod(2) sets. */
export const MODE_BITS: u32 = 0o7777;

/**
 * Why the latest function that answers with an object answered null: a negative errno, or BLOCKED. Set by whoever
 * returns null, read at once by the caller.
 */
export let failure: i64 = 0;

/** Records why null is returned. */
export function fail(error: i64): void {
    failure = error;
}

export abstract class Inode {
    /** st_ino: stable while the container runs, unique in its filesystem. */
    number: u64;
    /** File type and permission bits, as st_mode. */
    mode: u32;
    userId: u32 = 0;
    groupId: u32 = 0;
    linkCount: u32 = 1;
    /** Bytes of content; of a symbolic link: of its target. */
    size: u64 = 0;
    /** st_rdev of device files. */
    device: u32 = 0;
    /** Holders that need this very object: see the head of this file. */
    pins: i32 = 0;
    /** Regions of address spaces that map the content (memory/region.ts). */
    mappings: i32 = 0;
    /** Nanoseconds since the epoch. */
    accessTime: i64 = 0;
    modificationTime: i64 = 0;
    changeTime: i64 = 0;
    readonly fileSystem: FileSystem;
    /** Locations of open files under names of this inode: what rename(2) and unlink(2) must tell. */
    locations: Location | null = null;
    /** Advisory locks (fcntl, flock), in no order. */
    locks: FileLock | null = null;
    /** Who wants to know what happens to it (inotify). */
    watches: Watch | null = null;
    /** Extended attributes, or null without any. */
    attributes: ExtendedAttributes | null = null;
    /** Open descriptions that may write, and address spaces whose program it is: there cannot be both (ETXTBSY). */
    writers: i32 = 0;
    executions: i32 = 0;
    /** It differs from what its image layer says, so it cannot be made anew from the layer. */
    modified: bool = false;
    /** Found since the cache was last trimmed (overlay/inodeCache.ts). */
    recent: bool = false;
    /** The next inode in the cache's chain. */
    cacheNext: Inode | null = null;

    constructor(fileSystem: FileSystem, number: u64, mode: u32) {
        this.fileSystem = fileSystem;
        this.number = number;
        this.mode = mode;
    }

    @inline get kind(): u32 {
        return (this.mode & S_IFMT) >> 12;
    }

    @inline isDirectory(): bool {
        return (this.mode & S_IFMT) == S_IFDIR;
    }

    @inline isRegular(): bool {
        return (this.mode & S_IFMT) == S_IFREG;
    }

    @inline isSymbolicLink(): bool {
        return (this.mode & S_IFMT) == S_IFLNK;
    }

    @inline pin(): void {
        this.pins++;
    }

    unpin(): void {
        if (--this.pins > 0 || this.linkCount > 0) return;
        if (this.watches !== null) notifyGone(this);
        this.discard();
    }

    /** Called when neither a name nor a pin is left. */
    discard(): void {}

    /** st_blocks: units of 512 bytes. */
    blocks(): u64 {
        return 0;
    }

    /** A new open file description with `flags` (access mode and status flags), or null: see `failure`. */
    open(flags: u32): OpenFile | null {
        fail(-EINVAL);
        return null;
    }

    /** Sets the size of the content. 0 or a negative errno. */
    truncate(size: u64): i32 {
        return this.isDirectory() ? -EISDIR : -EINVAL;
    }

    /** chmod, chown and utimensat go through here; filesystems without such attributes refuse. */
    attributesChangeable(): i32 {
        return this.fileSystem.attributesChangeable ? 0 : -EPERM;
    }

    /**
     * Symbolic links: the target, to be found at `linkAddress` and `linkLength` until the next call. 0 or a
     * negative errno.
     */
    readLink(): i32 {
        return -EINVAL;
    }

    /** Symbolic links of /proc that lead to an object, not to a path: that object, or null with `failure` 0 when the
     *  target is a path like any other. */
    followObject(): Inode | null {
        fail(0);
        return null;
    }

    /** Where `followObject` of this link led: for names in /proc/self/fd. */
    followLocation(): Location | null {
        return null;
    }
}

/** What the latest readLink found. */
export let linkAddress: usize = 0;
export let linkLength: i32 = 0;

export function setLink(address: usize, length: i32): void {
    linkAddress = address;
    linkLength = length;
}

/** What the latest Directory.next found: an entry of a directory. */
export let entryName: usize = 0;
export let entryNameLength: i32 = 0;
export let entryNumber: u64 = 0;
export let entryKind: u32 = 0;
/** The position to continue at. */
export let entryNext: i64 = 0;

export function setEntry(name: usize, nameLength: i32, number: u64, kind: u32, next: i64): void {
    entryName = name;
    entryNameLength = nameLength;
    entryNumber = number;
    entryKind = kind;
    entryNext = next;
}

/** First position after "." (0) and ".." (1), which whoever reads a directory makes itself. */
export const FIRST_ENTRY: i64 = 2;

/** A directory. It has one name and one parent, so it knows its own path. */
export abstract class Directory extends Inode {
    /** The directory above; the root's is itself. A filesystem's root has the directory above its mount point. */
    parent: Directory | null = null;
    /** Its name in `parent`: bytes in a layer's index or in `nameHolder`. */
    nameAddress: usize = 0;
    nameLength: i32 = 0;
    nameHolder: StaticArray<u8> | null = null;
    /** The root of the filesystem that is mounted here. */
    mounted: Directory | null = null;
    /** Removed by rmdir(2): it has no path any more and takes no new entries. */
    removed: bool = false;

    constructor(fileSystem: FileSystem, number: u64, mode: u32) {
        super(fileSystem, number, mode);
        this.linkCount = 2;
    }

    /** Puts the directory in its place. It pins its parent, so that the path upwards stays. */
    place(parent: Directory, nameAddress: usize, nameLength: i32, nameHolder: StaticArray<u8> | null): void {
        const before = this.parent;
        if (parent !== this) parent.pin();
        this.parent = parent;
        this.nameAddress = nameAddress;
        this.nameLength = nameLength;
        this.nameHolder = nameHolder;
        if (before !== null && before !== this) before.unpin();
    }

    /** The child `name`, or null: see `failure`. "." and ".." are the path walk's business. */
    abstract lookup(name: usize, length: i32): Inode | null;

    /**
     * The first entry at or after position `from` (at least FIRST_ENTRY): true and entryName..., or false at the end.
     * Positions stay valid while entries come and go.
     */
    abstract next(from: i64): bool;

    /**
     * Makes a regular file, FIFO, socket or device called `name`, which does not exist, and returns it; null: see `failure`.
     * `mode` has the type and, after umask, the permissions.
     */
    make(name: usize, length: i32, mode: u32, device: u32): Inode | null {
        fail(-EPERM);
        return null;
    }

    makeDirectory(name: usize, length: i32, mode: u32): Directory | null {
        fail(-EPERM);
        return null;
    }

    makeSymbolicLink(name: usize, length: i32, target: usize, targetLength: i32): Inode | null {
        fail(-EPERM);
        return null;
    }

    /** An inode without a name (O_TMPFILE), or null: see `failure`. */
    makeUnnamed(mode: u32): Inode | null {
        fail(-EPERM);
        return null;
    }

    /** Gives `inode`, of the same filesystem, the further name `name`, which does not exist. 0 or a negative errno. */
    link(name: usize, length: i32, inode: Inode): i32 {
        return -EPERM;
    }

    /** Takes the name of `child`, which is not a directory, away. 0 or a negative errno. */
    unlink(name: usize, length: i32, child: Inode): i32 {
        return -EPERM;
    }

    /** Takes an empty directory away. 0 or a negative errno (-ENOTEMPTY). */
    removeDirectory(name: usize, length: i32, child: Directory): i32 {
        return -EPERM;
    }

    /**
     * Moves `child` from here to `target`, replacing `replaced` (checked by the caller; a directory is empty) if it is
     * not null. `exchange`: `replaced` takes the place of `child`. 0 or a negative errno.
     */
    rename(
        name: usize,
        length: i32,
        child: Inode,
        target: Directory,
        newName: usize,
        newLength: i32,
        replaced: Inode | null,
        exchange: bool,
    ): i32 {
        return -EPERM;
    }

    open(flags: u32): OpenFile | null {
        return new DirectoryFile(this, flags);
    }

    truncate(size: u64): i32 {
        return -EISDIR;
    }
}

/** The directory that `inode` is, or null with `failure` -ENOTDIR. */
export function asDirectory(inode: Inode): Directory | null {
    if (inode.isDirectory()) return changetype<Directory>(inode);
    fail(-ENOTDIR);
    return null;
}
