// SPDX-License-Identifier: Apache-2.0
//
// Watches on inodes (inotify(7)): who is told what happens to a file. A watch is in the list of its inode and in the
// table of the inotify instance (inotifyFile.ts) that set it. What happens to a file is told to the watches of the directory
// that it was found in, with its name, and then to its own.
//
// Everything here costs one comparison as long as nobody watches anything.

import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, InotifyFile } from "./inotifyFile";
import { Directory, Inode } from "./inode";
import { Location } from "./location";
import { O_ACCMODE, O_PATH, O_RDONLY, OpenFile } from "./openFile";
import { LAST_NAME, lastDirectory, lastLength, lastLink, lastName, lastType } from "./pathWalk";

export const IN_ACCESS: u32 = 0x1;
export const IN_MODIFY: u32 = 0x2;
export const IN_ATTRIB: u32 = 0x4;
export const IN_OPEN: u32 = 0x20;
export const IN_MOVED_FROM: u32 = 0x40;
export const IN_MOVED_TO: u32 = 0x80;
export const IN_CREATE: u32 = 0x100;
export const IN_DELETE: u32 = 0x200;
export const IN_DELETE_SELF: u32 = 0x400;
export const IN_MOVE_SELF: u32 = 0x800;
export const IN_EXCL_UNLINK: u32 = 0x4000000;
export const IN_ISDIR: u32 = 0x40000000;
export const IN_ONESHOT: u32 = 0x80000000;

export class Watch {
    /** The next watch of the same inode. */
    next: Watch | null;

    constructor(
        readonly group: InotifyFile,
        readonly inode: Inode,
        readonly descriptor: i32,
        /** Events, IN_EXCL_UNLINK and IN_ONESHOT. */
        public mask: u32,
    ) {
        this.next = inode.watches;
        inode.watches = this;
        watchCount++;
    }

    /** Takes the watch out of its inode's list. */
    leave(): void {
        const inode = this.inode;
        let watch = inode.watches;
        watchCount--;
        if (watch === this) {
            inode.watches = this.next;
            return;
        }
        while (watch !== null) {
            const next = watch.next;
            if (next === this) {
                watch.next = this.next;
                return;
            }
            watch = next;
        }
    }
}

/** Watches of all instances. */
export let watchCount: i32 = 0;

let lastCookie: u32 = 0;

/** A number that ties IN_MOVED_FROM and IN_MOVED_TO together. */
export function newCookie(): u32 {
    return ++lastCookie;
}

/** Tells the watches of `inode`. `unlinked`: the event belongs to an open file whose name is gone. */
function tell(inode: Inode, mask: u32, cookie: u32, name: usize, length: i32, unlinked: bool): void {
    let watch = inode.watches;
    while (watch !== null) {
        // Telling may end the watch (IN_ONESHOT).
        const next = watch.next;
        const wanted = (watch.mask & mask & ~IN_ISDIR) != 0;
        if (wanted && !(unlinked && (watch.mask & IN_EXCL_UNLINK) != 0)) {
            watch.group.report(watch, mask, cookie, name, length);
        }
        watch = next;
    }
}

/** Something happened to the entry `name` of a directory: it was made, deleted or moved. */
export function notifyEntry(
    directory: Directory,
    mask: u32,
    child: Inode,
    name: usize,
    length: i32,
    cookie: u32 = 0,
): void {
    if (watchCount == 0 || directory.watches === null) return;
    tell(directory, child.isDirectory() ? mask | IN_ISDIR : mask, cookie, name, length, false);
}

/** Something happened to an inode that concerns itself only. */
export function notifyInode(inode: Inode, mask: u32): void {
    if (watchCount == 0 || inode.watches === null) return;
    tell(inode, inode.isDirectory() ? mask | IN_ISDIR : mask, 0, 0, 0, false);
}

/** Something happened to `inode`, which the latest walk (pathWalk.ts) found: its directory is told, too. */
export function notifyFound(inode: Inode, mask: u32): void {
    if (watchCount == 0) return;
    if (inode.isDirectory()) return notifyDirectory(changetype<Directory>(inode), mask);
    const link = lastLink;
    if (link !== null) return notifyAt(inode, link.followLocation(), mask);
    if (lastType == LAST_NAME && lastDirectory.watches !== null) {
        tell(lastDirectory, mask, 0, lastName, lastLength, false);
    }
    if (inode.watches !== null) tell(inode, mask, 0, 0, 0, false);
}

function notifyDirectory(directory: Directory, mask: u32): void {
    mask |= IN_ISDIR;
    const parent = directory.parent;
    if (parent !== null && parent !== directory && parent.watches !== null) {
        tell(parent, mask, 0, directory.nameAddress, directory.nameLength, directory.removed);
    }
    if (directory.watches !== null) tell(directory, mask, 0, 0, 0, directory.removed);
}

function notifyAt(inode: Inode, location: Location | null, mask: u32): void {
    const removed = location !== null && location.removed;
    if (location !== null && location.directory.watches !== null) {
        tell(location.directory, mask, 0, location.nameAddress, location.nameLength, removed);
    }
    if (inode.watches !== null) tell(inode, mask, 0, 0, 0, removed);
}

/** Something happened to an open file. */
export function notifyFile(file: OpenFile, mask: u32): void {
    if (watchCount == 0 || (file.flags & O_PATH) != 0) return;
    const inode = file.inode;
    if (inode.isDirectory()) notifyDirectory(changetype<Directory>(inode), mask);
    else notifyAt(inode, file.location, mask);
}

/** The last reference of an open file ends. */
export function notifyClose(file: OpenFile): void {
    notifyFile(file, (file.flags & O_ACCMODE) == O_RDONLY ? IN_CLOSE_NOWRITE : IN_CLOSE_WRITE);
}

/** The inode's last name and last user are gone: its watches end. */
export function notifyGone(inode: Inode): void {
    if (inode.watches === null) return;
    tell(inode, IN_DELETE_SELF, 0, 0, 0, false);
    let watch = inode.watches;
    while (watch !== null) {
        const next = watch.next;
        watch.group.end(watch);
        watch = next;
    }
}
