// SPDX-License-Identifier: Apache-2.0
//
// Changing attributes: chmod, chown, utimensat and their older forms, umask.

import { CAP_CHOWN } from "../kernel/capabilities";
import {
    SYS_chmod,
    SYS_chown,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchmodat2,
    SYS_fchown,
    SYS_fchownat,
    SYS_futimesat,
    SYS_lchown,
    SYS_umask,
    SYS_utime,
    SYS_utimensat,
    SYS_utimes,
} from "../arch/systemCalls";
import { dropFileCapabilities } from "../fs/extendedAttributes";
import { attributesChanged, fileTime, timeOf } from "../fs/fileTime";
import { failure, Inode, MODE_BITS, S_ISGID, S_ISUID } from "../fs/inode";
import {
    IN_ACCESS,
    IN_ATTRIB,
    IN_MODIFY,
    notifyFile,
    notifyFound,
    notifyInode,
    watchCount,
} from "../fs/notify";
import { O_PATH, OpenFile } from "../fs/openFile";
import {
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_SYMLINK_NOFOLLOW,
    fileOf,
    findInode,
    pathArgumentLength,
    WORKING_DIRECTORY,
} from "../fs/pathArgument";
import { MAY_WRITE, checkAccess, credentials, modeWithoutSetId, ownsInode } from "../fs/permission";
import { EACCES, EBADF, EFAULT, EINVAL, EOPNOTSUPP, EPERM, EROFS } from "../kernel/errno";
import { current } from "../kernel/thread";
import { copyIn } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** 0 when attributes of the inode can be changed at all. */
function checkChangeable(inode: Inode): i32 {
    return inode.fileSystem.readOnly ? -EROFS : inode.attributesChangeable();
}

/** The open file whose descriptor the call got, or null: it got a path. */
let changedFile: OpenFile | null = null;

/** The inode of a descriptor that was not opened with O_PATH, or null. */
export function inodeOf(descriptor: u64): Inode | null {
    const file = fileOf(descriptor);
    changedFile = file;
    return file === null || (file.flags & O_PATH) != 0 ? null : file.inode;
}

/** The inode that a path names, or null with `failure`. */
export function inodeAt(directory: u64, path: u64, flags: u32): Inode | null {
    const inode = findInode(directory, path, flags);
    changedFile = inode !== null && pathArgumentLength == 0 ? fileOf(directory) : null;
    return inode;
}

/** Tells who watches the inode that inodeOf or inodeAt found. */
export function notifyChange(inode: Inode, mask: u32): void {
    if (watchCount == 0) return;
    const file = changedFile;
    if (file === null) notifyFound(inode, mask);
    else if ((file.flags & O_PATH) != 0) notifyInode(inode, mask);
    else notifyFile(file, mask);
}

// ---------------------------------------------------------------- chmod

function changeMode(inode: Inode, mode_: u64): i64 {
    const refused = checkChangeable(inode);
    if (refused != 0) return refused;
    if (!ownsInode(inode)) return -EPERM;
    if (inode.isSymbolicLink()) return -EOPNOTSUPP;
    let mode = (<u32>mode_) & MODE_BITS;
    if (!credentials().maySetGroupId(inode.groupId)) mode &= ~S_ISGID;
    inode.mode = (inode.mode & ~MODE_BITS) | mode;
    attributesChanged(inode);
    notifyChange(inode, IN_ATTRIB);
    return 0;
}

function chmod(path: u64, mode: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return fchmodat(WORKING_DIRECTORY, path, mode, 0, 0, 0);
}

function fchmod(descriptor: u64, mode: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    return inode === null ? -EBADF : changeMode(inode, mode);
}

function fchmodat(directory: u64, path: u64, mode: u64, d: u64, e: u64, f: u64): i64 {
    const inode = inodeAt(directory, path, 0);
    return inode === null ? failure : changeMode(inode, mode);
}

/** The newer form, with flags. */
function fchmodat2(directory: u64, path: u64, mode: u64, flags: u64, e: u64, f: u64): i64 {
    if (((<u32>flags) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
    const inode = inodeAt(directory, path, <u32>flags);
    return inode === null ? failure : changeMode(inode, mode);
}

function umask(mask: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const files = current.process.files;
    const before = files.umask;
    files.umask = (<u32>mask) & 0o777;
    return before;
}

// ---------------------------------------------------------------- chown

/** An id argument of -1: leave it as it is. */
const UNCHANGED: u32 = 0xffff_ffff;

function changeOwner(inode: Inode, user_: u64, group_: u64): i64 {
    const user = <u32>user_;
    const group = <u32>group_;
    const refused = checkChangeable(inode);
    if (refused != 0) return refused;
    const who = credentials();
    if (!who.has(CAP_CHOWN)) {
        const owner = who.fileUser == inode.userId;
        if (user != UNCHANGED && (!owner || user != inode.userId)) return -EPERM;
        if (group != UNCHANGED && (!owner || (group != inode.groupId && !who.isInGroup(group))))
            return -EPERM;
    }
    const mode = inode.isDirectory() ? inode.mode : modeWithoutSetId(inode);
    // Taking set-ID bits away is a change of the mode.
    if (mode != inode.mode && !ownsInode(inode)) return -EPERM;
    if (user != UNCHANGED) inode.userId = user;
    if (group != UNCHANGED) inode.groupId = group;
    if (!inode.isDirectory()) dropFileCapabilities(inode);
    inode.mode = mode;
    attributesChanged(inode);
    notifyChange(inode, IN_ATTRIB);
    return 0;
}

function chown(path: u64, user: u64, group: u64, d: u64, e: u64, f: u64): i64 {
    return fchownat(WORKING_DIRECTORY, path, user, group, 0, 0);
}

function lchown(path: u64, user: u64, group: u64, d: u64, e: u64, f: u64): i64 {
    return fchownat(WORKING_DIRECTORY, path, user, group, AT_SYMLINK_NOFOLLOW, 0);
}

function fchown(descriptor: u64, user: u64, group: u64, d: u64, e: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    return inode === null ? -EBADF : changeOwner(inode, user, group);
}

function fchownat(directory: u64, path: u64, user: u64, group: u64, flags_: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
    const inode = inodeAt(directory, path, flags);
    return inode === null ? failure : changeOwner(inode, user, group);
}

// ---------------------------------------------------------------- times

/** Nanoseconds of a utimensat time that mean "now" and "leave it". */
const UTIME_NOW: i64 = 0x3fff_ffff;
const UTIME_OMIT: i64 = 0x3fff_fffe;
const NANOSECONDS: i64 = 1_000_000_000;

const scratch: usize = reserveBuffer(32);

/** Sets access and modification time: nanoseconds since the epoch where `setAccess` and `setModification` say so. */
function changeTimes(
    inode: Inode,
    accessTime: i64,
    setAccess: bool,
    modificationTime: i64,
    setModification: bool,
): i64 {
    if (setAccess) inode.accessTime = accessTime;
    if (setModification) inode.modificationTime = modificationTime;
    attributesChanged(inode);
    // Linux takes a single time for a read or a write.
    notifyChange(inode, setAccess && setModification ? IN_ATTRIB : setAccess ? IN_ACCESS : IN_MODIFY);
    return 0;
}

/** Both times become now: whoever may write the file may do that. */
function touch(inode: Inode): i64 {
    const refused = checkChangeable(inode);
    if (refused != 0) return refused;
    if (!ownsInode(inode) && checkAccess(inode, MAY_WRITE) != 0) return -EACCES;
    const time = fileTime();
    return changeTimes(inode, time, true, time, true);
}

/** Times given by the caller: the owner may set them. */
function setTimes(inode: Inode, accessTime: i64, modificationTime: i64): i64 {
    const refused = checkChangeable(inode);
    if (refused != 0) return refused;
    if (!ownsInode(inode)) return -EPERM;
    return changeTimes(inode, accessTime, true, modificationTime, true);
}

function utimensat(directory: u64, path: u64, times: u64, flags_: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if (times != 0 && copyIn(scratch, times, 32) != 0) return -EFAULT;
    const accessNanoseconds = load<i64>(scratch, 8);
    const modificationNanoseconds = load<i64>(scratch, 24);
    if (times != 0) {
        if (!isTime(accessNanoseconds) || !isTime(modificationNanoseconds)) return -EINVAL;
        // Nothing is checked then, not even that the file exists.
        if (accessNanoseconds == UTIME_OMIT && modificationNanoseconds == UTIME_OMIT) return 0;
    }
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
    // Without a path the descriptor itself is meant.
    const isDescriptor = path == 0 && <i32>directory != AT_FDCWD;
    if (isDescriptor && flags != 0) return -EINVAL;
    const inode = isDescriptor ? inodeOf(directory) : inodeAt(directory, path, flags);
    if (inode === null) return isDescriptor ? -EBADF : failure;
    if (times == 0 || (accessNanoseconds == UTIME_NOW && modificationNanoseconds == UTIME_NOW))
        return touch(inode);
    const refused = checkChangeable(inode);
    if (refused != 0) return refused;
    if (!ownsInode(inode)) return -EPERM;
    const now = fileTime();
    return changeTimes(
        inode,
        accessNanoseconds == UTIME_NOW ? now : timeOf(load<i64>(scratch), <u32>accessNanoseconds),
        accessNanoseconds != UTIME_OMIT,
        modificationNanoseconds == UTIME_NOW
            ? now
            : timeOf(load<i64>(scratch, 16), <u32>modificationNanoseconds),
        modificationNanoseconds != UTIME_OMIT,
    );
}

function isTime(nanoseconds: i64): bool {
    return <u64>nanoseconds < <u64>NANOSECONDS || nanoseconds == UTIME_NOW || nanoseconds == UTIME_OMIT;
}

/** Two times of seconds and microseconds. */
function futimesat(directory: u64, path: u64, times: u64, d: u64, e: u64, f: u64): i64 {
    if (times != 0) {
        if (copyIn(scratch, times, 32) != 0) return -EFAULT;
        if (load<u64>(scratch, 8) >= 1_000_000 || load<u64>(scratch, 24) >= 1_000_000) return -EINVAL;
    }
    const isDescriptor = path == 0 && <i32>directory != AT_FDCWD;
    const inode = isDescriptor ? inodeOf(directory) : inodeAt(directory, path, 0);
    if (inode === null) return isDescriptor ? -EBADF : failure;
    if (times == 0) return touch(inode);
    return setTimes(
        inode,
        timeOf(load<i64>(scratch), load<u32>(scratch, 8) * 1000),
        timeOf(load<i64>(scratch, 16), load<u32>(scratch, 24) * 1000),
    );
}

function utimes(path: u64, times: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return futimesat(WORKING_DIRECTORY, path, times, 0, 0, 0);
}

/** Two times of whole seconds. */
function utime(path: u64, times: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (times != 0 && copyIn(scratch, times, 16) != 0) return -EFAULT;
    const inode = inodeAt(WORKING_DIRECTORY, path, 0);
    if (inode === null) return failure;
    if (times == 0) return touch(inode);
    return setTimes(inode, timeOf(load<i64>(scratch), 0), timeOf(load<i64>(scratch, 8), 0));
}

export function registerAttributeCalls(): void {
    define(SYS_chmod, chmod, "so");
    define(SYS_fchmod, fchmod, "fo");
    define(SYS_fchmodat, fchmodat, "Dso");
    define(SYS_fchmodat2, fchmodat2, "DsoA");
    define(SYS_umask, umask, "o");
    define(SYS_chown, chown, "sdd");
    define(SYS_lchown, lchown, "sdd");
    define(SYS_fchown, fchown, "fdd");
    define(SYS_fchownat, fchownat, "DsddA");
    define(SYS_utimensat, utimensat, "DspA");
    define(SYS_futimesat, futimesat, "Dsp");
    define(SYS_utimes, utimes, "sp");
    define(SYS_utime, utime, "sp");
}
