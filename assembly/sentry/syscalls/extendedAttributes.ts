// SPDX-License-Identifier: Apache-2.0
//
// Extended attributes (xattr(7)): setxattr, getxattr, listxattr, removexattr with their l and f forms. Filesystems in memory
// and the image's have user., trusted. and security. attributes; access control lists are not kept.

import { CAP_SETFCAP } from "../kernel/capabilities";
import {
    SYS_fgetxattr,
    SYS_flistxattr,
    SYS_fremovexattr,
    SYS_fsetxattr,
    SYS_getxattr,
    SYS_lgetxattr,
    SYS_listxattr,
    SYS_llistxattr,
    SYS_lremovexattr,
    SYS_lsetxattr,
    SYS_removexattr,
    SYS_setxattr,
} from "../arch/systemCalls";
import { reserveHeap } from "../capabilities/heapReserve";
import {
    attributeName,
    attributeNameLength,
    attributeValue,
    attributeValueLength,
    ExtendedAttributes,
    isCapabilityName,
    XATTR_CREATE,
    XATTR_REPLACE,
} from "../fs/extendedAttributes";
import { attributesChanged } from "../fs/fileTime";
import { OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from "../fs/fileSystem";
import { failure, Inode, KIND_DIRECTORY, KIND_REGULAR, S_ISVTX } from "../fs/inode";
import { IN_ATTRIB } from "../fs/notify";
import { AT_SYMLINK_NOFOLLOW, WORKING_DIRECTORY } from "../fs/pathArgument";
import { checkAccess, credentials, MAY_READ, MAY_WRITE, ownsInode } from "../fs/permission";
import {
    E2BIG,
    EBADF,
    EFAULT,
    EINVAL,
    ENODATA,
    ENOMEM,
    EOPNOTSUPP,
    EPERM,
    ERANGE,
    EROFS,
} from "../kernel/errno";
import { copyIn, copyInText, copyOut } from "../memory/userMemory";
import { inodeAt, inodeOf, notifyChange } from "./attributes";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

/** Linux's XATTR_NAME_MAX, XATTR_SIZE_MAX and XATTR_LIST_MAX. */
const NAME_MAXIMUM: i32 = 255;
const VALUE_MAXIMUM: u64 = 65536;
const LIST_MAXIMUM: u64 = 65536;

const nameBuffer: usize = reserveBuffer(NAME_MAXIMUM + 1);
let nameLength: i32 = 0;

const NAMESPACE_USER: i32 = 0;
const NAMESPACE_TRUSTED: i32 = 1;
const NAMESPACE_SECURITY: i32 = 2;
const NAMESPACE_ACCESS_LIST: i32 = 3;

/** Reads the name to nameBuffer. 0 or a negative errno. */
function readName(address: u64): i64 {
    const length = copyInText(nameBuffer, address, NAME_MAXIMUM + 1);
    if (length == -EFAULT) return -EFAULT;
    // A name that is empty or too long.
    if (length <= 0) return -ERANGE;
    nameLength = <i32>length;
    return 0;
}

function startsWith(name: usize, length: i32, prefix: string): bool {
    if (length < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) {
        if (load<u8>(name + i) != <u8>prefix.charCodeAt(i)) return false;
    }
    return true;
}

/** The namespace of the name that was read, or a negative errno. */
function namespaceOf(inode: Inode): i32 {
    const magic = inode.fileSystem.magic;
    if (magic != OVERLAYFS_SUPER_MAGIC && magic != TMPFS_MAGIC) return -EOPNOTSUPP;
    let found = -1;
    let prefix = 0;
    if (startsWith(nameBuffer, nameLength, "user.")) {
        found = NAMESPACE_USER;
        prefix = 5;
    } else if (startsWith(nameBuffer, nameLength, "trusted.")) {
        found = NAMESPACE_TRUSTED;
        prefix = 8;
    } else if (startsWith(nameBuffer, nameLength, "security.")) {
        found = NAMESPACE_SECURITY;
        prefix = 9;
    } else if (startsWith(nameBuffer, nameLength, "system.posix_acl_")) {
        return NAMESPACE_ACCESS_LIST;
    }
    if (found < 0) return -EOPNOTSUPP;
    return nameLength == prefix ? -EINVAL : found;
}

/** 0 when the caller may change the attribute that was read. */
function checkChange(inode: Inode): i64 {
    if (inode.fileSystem.readOnly) return -EROFS;
    switch (namespaceOf(inode)) {
        case NAMESPACE_USER:
            const kind = inode.kind;
            if (kind != KIND_REGULAR && kind != KIND_DIRECTORY) return -EPERM;
            if (kind == KIND_DIRECTORY && (inode.mode & S_ISVTX) != 0 && !ownsInode(inode)) return -EPERM;
            return checkAccess(inode, MAY_WRITE);
        case NAMESPACE_SECURITY:
            // The others take CAP_SYS_ADMIN, which engines withhold.
            if (!isCapabilityName(nameBuffer, nameLength) || !credentials().has(CAP_SETFCAP)) return -EPERM;
            return inode.isRegular() ? 0 : -EINVAL;
        case NAMESPACE_TRUSTED:
            return -EPERM;
        case NAMESPACE_ACCESS_LIST:
            return unsupported("setxattr: access control lists", EOPNOTSUPP);
        default:
            return namespaceOf(inode);
    }
}

/** 0 when the caller may read the attribute. */
function checkRead(inode: Inode): i64 {
    switch (namespaceOf(inode)) {
        case NAMESPACE_USER:
            const kind = inode.kind;
            if (kind != KIND_REGULAR && kind != KIND_DIRECTORY) return -ENODATA;
            return checkAccess(inode, MAY_READ);
        case NAMESPACE_SECURITY:
            return 0;
        case NAMESPACE_TRUSTED:
            return -ENODATA;
        case NAMESPACE_ACCESS_LIST:
            return -EOPNOTSUPP;
        default:
            return namespaceOf(inode);
    }
}

/** struct vfs_cap_data: revision 1 has one pair of 32 bits behind the head, 2 two, 3 also a user id. */
const CAPABILITY_REVISION_MASK: u32 = 0xff00_0000;

function isCapabilityData(value: usize, size: i32): bool {
    if (size < 4) return false;
    const revision = load<u32>(value) & CAPABILITY_REVISION_MASK;
    return (revision == 0x0200_0000 && size == 20) || (revision == 0x0300_0000 && size == 24);
}

function set(inode: Inode, value: u64, size_: u64): i64 {
    const size = <i32>size_;
    if (!reserveHeap(size)) return -ENOMEM;
    const bytes = heap.alloc(max(size, 1));
    const result = copyIn(bytes, value, size) != 0 ? -EFAULT : setTo(inode, bytes, size);
    heap.free(bytes);
    return result;
}

let setFlags: u32 = 0;

function setTo(inode: Inode, value: usize, size: i32): i64 {
    const refused = checkChange(inode);
    if (refused != 0) return refused;
    // Linux keeps an empty value, which means nothing.
    if (size > 0 && isCapabilityName(nameBuffer, nameLength) && !isCapabilityData(value, size))
        return -EINVAL;
    let attributes = inode.attributes;
    if (attributes === null) attributes = new ExtendedAttributes(0);
    const error = attributes.set(nameBuffer, nameLength, value, size, setFlags);
    if (error != 0) return error;
    inode.attributes = attributes;
    attributesChanged(inode);
    notifyChange(inode, IN_ATTRIB);
    return 0;
}

/** What all forms of setxattr check before they look for the file. 0 or a negative errno. */
function readSet(name: u64, size: u64, flags: u64): i64 {
    setFlags = <u32>flags;
    if ((setFlags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return -EINVAL;
    const unreadable = readName(name);
    if (unreadable != 0) return unreadable;
    return size > VALUE_MAXIMUM ? -E2BIG : 0;
}

function setxattr(path: u64, name: u64, value: u64, size: u64, flags: u64, f: u64): i64 {
    const error = readSet(name, size, flags);
    if (error != 0) return error;
    const inode = inodeAt(WORKING_DIRECTORY, path, 0);
    return inode === null ? failure : set(inode, value, size);
}

function lsetxattr(path: u64, name: u64, value: u64, size: u64, flags: u64, f: u64): i64 {
    const error = readSet(name, size, flags);
    if (error != 0) return error;
    const inode = inodeAt(WORKING_DIRECTORY, path, AT_SYMLINK_NOFOLLOW);
    return inode === null ? failure : set(inode, value, size);
}

function fsetxattr(descriptor: u64, name: u64, value: u64, size: u64, flags: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    if (inode === null) return -EBADF;
    const error = readSet(name, size, flags);
    return error != 0 ? error : set(inode, value, size);
}

function get(inode: Inode | null, name: u64, value: u64, size: u64): i64 {
    if (inode === null) return failure;
    const unreadable = readName(name);
    if (unreadable != 0) return unreadable;
    const refused = checkRead(inode);
    if (refused != 0) return refused;
    const attributes = inode.attributes;
    if (attributes === null || !attributes.find(nameBuffer, nameLength)) return -ENODATA;
    if (size == 0) return attributeValueLength;
    if (<u64>attributeValueLength > size) return -ERANGE;
    const fault = copyOut(value, attributeValue, attributeValueLength);
    return fault != 0 ? fault : attributeValueLength;
}

function getxattr(path: u64, name: u64, value: u64, size: u64, e: u64, f: u64): i64 {
    return get(inodeAt(WORKING_DIRECTORY, path, 0), name, value, size);
}

function lgetxattr(path: u64, name: u64, value: u64, size: u64, e: u64, f: u64): i64 {
    return get(inodeAt(WORKING_DIRECTORY, path, AT_SYMLINK_NOFOLLOW), name, value, size);
}

function fgetxattr(descriptor: u64, name: u64, value: u64, size: u64, e: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    return inode === null ? -EBADF : get(inode, name, value, size);
}

/** The names with a zero byte behind each; trusted ones are not shown without CAP_SYS_ADMIN. */
function list(inode: Inode | null, address: u64, size: u64): i64 {
    if (inode === null) return failure;
    const attributes = inode.attributes;
    if (attributes === null) return 0;
    let total: u64 = 0;
    for (let more = attributes.begin(); more; more = attributes.next()) {
        if (!startsWith(attributeName, attributeNameLength, "trusted.")) total += attributeNameLength + 1;
    }
    if (size == 0) return total;
    if (total > min(size, LIST_MAXIMUM)) return -ERANGE;
    store<u8>(nameBuffer, 0);
    for (let more = attributes.begin(); more; more = attributes.next()) {
        if (startsWith(attributeName, attributeNameLength, "trusted.")) continue;
        if (copyOut(address, attributeName, attributeNameLength) != 0) return -EFAULT;
        if (copyOut(address + attributeNameLength, nameBuffer, 1) != 0) return -EFAULT;
        address += attributeNameLength + 1;
    }
    return total;
}

function listxattr(path: u64, address: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return list(inodeAt(WORKING_DIRECTORY, path, 0), address, size);
}

function llistxattr(path: u64, address: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    return list(inodeAt(WORKING_DIRECTORY, path, AT_SYMLINK_NOFOLLOW), address, size);
}

function flistxattr(descriptor: u64, address: u64, size: u64, d: u64, e: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    return inode === null ? -EBADF : list(inode, address, size);
}

function remove(inode: Inode | null, name: u64): i64 {
    if (inode === null) return failure;
    const unreadable = readName(name);
    if (unreadable != 0) return unreadable;
    const refused = checkChange(inode);
    if (refused != 0) return refused;
    const attributes = inode.attributes;
    const error = attributes === null ? -ENODATA : attributes.remove(nameBuffer, nameLength);
    if (error != 0) return error;
    attributesChanged(inode);
    notifyChange(inode, IN_ATTRIB);
    return 0;
}

function removexattr(path: u64, name: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return remove(inodeAt(WORKING_DIRECTORY, path, 0), name);
}

function lremovexattr(path: u64, name: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return remove(inodeAt(WORKING_DIRECTORY, path, AT_SYMLINK_NOFOLLOW), name);
}

function fremovexattr(descriptor: u64, name: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const inode = inodeOf(descriptor);
    return inode === null ? -EBADF : remove(inode, name);
}

export function registerExtendedAttributeCalls(): void {
    // Partial: access control lists (system.posix_acl_*) are EOPNOTSUPP; trusted. needs CAP_SYS_ADMIN, which nobody has.
    define(SYS_setxattr, setxattr, "sspux");
    // Partial: as setxattr.
    define(SYS_lsetxattr, lsetxattr, "sspux");
    // Partial: as setxattr.
    define(SYS_fsetxattr, fsetxattr, "fspux");
    define(SYS_getxattr, getxattr, "sspu");
    define(SYS_lgetxattr, lgetxattr, "sspu");
    define(SYS_fgetxattr, fgetxattr, "fspu");
    define(SYS_listxattr, listxattr, "spu");
    define(SYS_llistxattr, llistxattr, "spu");
    define(SYS_flistxattr, flistxattr, "fpu");
    define(SYS_removexattr, removexattr, "ss");
    define(SYS_lremovexattr, lremovexattr, "ss");
    define(SYS_fremovexattr, fremovexattr, "fs");
}
