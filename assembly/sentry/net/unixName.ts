// SPDX-License-Identifier: Apache-2.0
//
// Names of UNIX sockets (unix(7)): a path, which is an inode of the filesystem, or an abstract name, which begins with a zero
// byte and is in a table here. Accepted sockets have the listening socket's name, and messages have their sender's.

import { fail, failure, S_IFSOCK } from "../fs/inode";
import { IN_CREATE, notifyEntry } from "../fs/notify";
import { setOwner } from "../fs/open";
import { lastDirectory, lastInode, lastLength, lastName, lastSlash, walk, walkToInode } from "../fs/pathWalk";
import { checkAccess, checkCreate, MAY_WRITE } from "../fs/permission";
import { SpecialInode } from "../fs/specialInode";
import { EADDRINUSE, ECONNREFUSED, EINVAL, ENOENT, EPERM, EPROTOTYPE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { AF_UNIX } from "./constants";
import { givenAddress, givenLength } from "./exchange";
import { UnixSocket } from "./unixSocket";
import { reserveBuffer } from "../memory/buffers";

/** struct sockaddr_un: the family, then at most 108 bytes. */
export const UNIX_PATH_OFFSET: i32 = 2;
export const UNIX_ADDRESS_MAXIMUM: i32 = 110;

export class UnixName {
    /** The inode of a path, or null for abstract names. It is pinned. */
    inode: SpecialInode | null = null;

    /** The bytes of sun_path, as getsockname gives them. */
    constructor(readonly bytes: StaticArray<u8>) {}

    /** Writes the sockaddr_un to `to`. The result is its length. */
    write(to: usize): i32 {
        store<u16>(to, <u16>AF_UNIX);
        memory.copy(to + UNIX_PATH_OFFSET, changetype<usize>(this.bytes), this.bytes.length);
        return UNIX_PATH_OFFSET + this.bytes.length;
    }

    is(bytes: usize, length: i32): bool {
        return (
            this.bytes.length == length && memory.compare(changetype<usize>(this.bytes), bytes, length) == 0
        );
    }
}

/** Chains of sockets with abstract names, by hash. */
const BUCKETS: i32 = 64;
const buckets: StaticArray<UnixSocket | null> = new StaticArray<UnixSocket | null>(BUCKETS);

function bucketOf(bytes: usize, length: i32): i32 {
    let hash: u32 = 2166136261;
    for (let i = 0; i < length; i++) hash = (hash ^ load<u8>(bytes + i)) * 16777619;
    return hash & (BUCKETS - 1);
}

/** The socket with an abstract name (its zero byte included), or null. */
export function findAbstract(bytes: usize, length: i32): UnixSocket | null {
    let socket = buckets[bucketOf(bytes, length)];
    while (socket !== null && !socket.name!.is(bytes, length)) socket = socket.nextNamed;
    return socket;
}

/** Enters a socket that has got an abstract name. */
export function addAbstract(socket: UnixSocket): void {
    const bytes = socket.name!.bytes;
    const bucket = bucketOf(changetype<usize>(bytes), bytes.length);
    socket.nextNamed = buckets[bucket];
    buckets[bucket] = socket;
}

export function removeAbstract(socket: UnixSocket): void {
    const bytes = socket.name!.bytes;
    const bucket = bucketOf(changetype<usize>(bytes), bytes.length);
    let before: UnixSocket | null = null;
    let at = buckets[bucket];
    while (at !== null && at !== socket) {
        before = at;
        at = at.nextNamed;
    }
    if (at === null) return;
    if (before === null) buckets[bucket] = socket.nextNamed;
    else before.nextNamed = socket.nextNamed;
    socket.nextNamed = null;
}

/** Bytes of the path at givenAddress: up to a zero byte. */
function givenPathLength(): i32 {
    const limit = givenLength - UNIX_PATH_OFFSET;
    let length = 0;
    while (length < limit && load<u8>(givenAddress + UNIX_PATH_OFFSET + length) != 0) length++;
    return length;
}

function copyBytes(from: usize, length: i32): StaticArray<u8> {
    const bytes = new StaticArray<u8>(length);
    memory.copy(changetype<usize>(bytes), from, length);
    return bytes;
}

/** The socket of a type with the name at givenAddress that the caller may send to, or null: see `failure`. */
export function findNamed(type: u32): UnixSocket | null {
    if (givenLength <= UNIX_PATH_OFFSET || givenLength > UNIX_ADDRESS_MAXIMUM) {
        fail(-EINVAL);
        return null;
    }
    const path = givenAddress + UNIX_PATH_OFFSET;
    let socket: UnixSocket | null = null;
    if (load<u8>(path) == 0) {
        socket = findAbstract(path, givenLength - UNIX_PATH_OFFSET);
    } else {
        let error = walkToInode(current.process.files.workingDirectory, path, givenPathLength(), true);
        if (error == 0) error = checkAccess(lastInode!, MAY_WRITE);
        if (error != 0) {
            fail(error);
            return null;
        }
        const inode = lastInode!;
        if (inode instanceof SpecialInode) {
            const file = (<SpecialInode>inode).socket;
            if (file instanceof UnixSocket) socket = <UnixSocket>file;
        }
    }
    if (socket === null) {
        fail(-ECONNREFUSED);
        return null;
    }
    if (socket.type != type) {
        fail(-EPROTOTYPE);
        return null;
    }
    return socket;
}

/** bind(2) to the name at givenAddress. 0 or a negative errno. */
export function bindName(socket: UnixSocket): i64 {
    if (givenLength < UNIX_PATH_OFFSET || <u32>load<u16>(givenAddress) != AF_UNIX) return -EINVAL;
    if (givenLength > UNIX_ADDRESS_MAXIMUM) return -EINVAL;
    if (givenLength == UNIX_PATH_OFFSET) return socket.name !== null ? 0 : autobind(socket);
    const path = givenAddress + UNIX_PATH_OFFSET;
    if (load<u8>(path) != 0) return bindPath(socket, path, givenPathLength());
    if (socket.name !== null) return -EINVAL;
    const length = givenLength - UNIX_PATH_OFFSET;
    if (findAbstract(path, length) !== null) return -EADDRINUSE;
    bindAbstract(socket, path, length);
    return 0;
}

function bindAbstract(socket: UnixSocket, bytes: usize, length: i32): void {
    socket.name = new UnixName(copyBytes(bytes, length));
    socket.ownsName = true;
    addAbstract(socket);
}

function bindPath(socket: UnixSocket, path: usize, length: i32): i64 {
    // The text is kept with its zero byte; what follows it was not part of the path.
    store<u8>(path + length, 0);
    const problem = walk(current.process.files.workingDirectory, path, length, false);
    if (problem != 0) return problem;
    if (lastInode !== null) return -EADDRINUSE;
    const directory = lastDirectory;
    if (lastSlash || directory.removed) return -ENOENT;
    const refused = checkCreate(directory);
    if (refused != 0) return refused;
    if (socket.name !== null) return -EINVAL;
    const permissions = socket.inode.mode & 0o7777 & ~current.process.files.umask;
    const made = directory.make(lastName, lastLength, S_IFSOCK | permissions, 0);
    if (made === null) return failure;
    if (!(made instanceof SpecialInode)) return -EPERM;
    setOwner(made, directory);
    notifyEntry(directory, IN_CREATE, made, lastName, lastLength);
    const inode = <SpecialInode>made;
    inode.pin();
    inode.socket = socket;
    const name = new UnixName(copyBytes(path, length + 1));
    name.inode = inode;
    socket.name = name;
    socket.ownsName = true;
    return 0;
}

/** The number that the next automatic name is tried with: five hexadecimal digits. */
let nextAutomatic: u32 = 0;
const AUTOMATIC_MASK: u32 = 0xfffff;
const automatic: usize = reserveBuffer(6);

/** Gives the socket a free abstract name (unix(7), "Autobind feature"). 0 or -EADDRINUSE. */
export function autobind(socket: UnixSocket): i64 {
    for (let tries: u32 = 0; tries <= AUTOMATIC_MASK; tries++) {
        let number = nextAutomatic;
        nextAutomatic = (nextAutomatic + 1) & AUTOMATIC_MASK;
        store<u8>(automatic, 0);
        for (let i = 5; i > 0; i--, number >>= 4) {
            const digit = number & 15;
            store<u8>(automatic + i, <u8>(digit < 10 ? 48 + digit : 87 + digit));
        }
        if (findAbstract(automatic, 6) !== null) continue;
        bindAbstract(socket, automatic, 6);
        return 0;
    }
    return -EADDRINUSE;
}

/** The socket is closed: its name leads nowhere any more. A path stays. */
export function releaseName(socket: UnixSocket): void {
    const name = socket.name;
    if (name === null || !socket.ownsName) return;
    socket.ownsName = false;
    const inode = name.inode;
    if (inode === null) {
        removeAbstract(socket);
    } else {
        inode.socket = null;
        name.inode = null;
        inode.unpin();
    }
}
