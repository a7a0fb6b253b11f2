// SPDX-License-Identifier: Apache-2.0
//
// memfd_create and seals (fcntl F_ADD_SEALS, F_GET_SEALS).

import { SYS_memfd_create } from "../arch/systemCalls";
import { FileSystem, TMPFS_MAGIC } from "../fs/fileSystem";
import { setTimes } from "../fs/fileTime";
import { S_IFREG } from "../fs/inode";
import { O_LARGEFILE, O_RDWR, OpenFile } from "../fs/openFile";
import {
    asRegular,
    F_SEAL_EXEC,
    F_SEAL_FUTURE_WRITE,
    F_SEAL_GROW,
    F_SEAL_SEAL,
    F_SEAL_SHRINK,
    F_SEAL_WRITE,
    RegularInode,
} from "../fs/regularInode";
import { byteString } from "../exec/elf";
import { EBUSY, EFAULT, EINVAL, EMFILE, ENAMETOOLONG, EPERM } from "../kernel/errno";
import { RLIMIT_NOFILE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { isMappedWritable } from "../memory/fileMappings";
import { copyInText } from "../memory/userMemory";
import { define } from "./table";
import { unsupported } from "./unsupported";
import { reserveBuffer } from "../memory/buffers";

const MFD_CLOEXEC: u32 = 1;
const MFD_ALLOW_SEALING: u32 = 2;
const MFD_HUGETLB: u32 = 4;
const MFD_NOEXEC_SEAL: u32 = 8;
const MFD_EXEC: u32 = 16;
const MFD_ALL: u32 = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC;
const SEALS_ALL: u32 =
    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC;

/** Linux's MFD_NAME_MAX_LEN: what remains of NAME_MAX behind "memfd:". */
const NAME_MAXIMUM: i32 = 249;
const nameBuffer: usize = reserveBuffer(256);

/** The filesystem of all memory files, mounted nowhere. */
let fileSystem: FileSystem | null = null;

// Partial: MFD_HUGETLB is EINVAL.
function memfdCreate(name: u64, flags_: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const flags = <u32>flags_;
    if ((flags & MFD_HUGETLB) != 0) return unsupported("memfd_create: MFD_HUGETLB", EINVAL);
    if ((flags & ~MFD_ALL) != 0) return -EINVAL;
    if ((flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) == (MFD_EXEC | MFD_NOEXEC_SEAL)) return -EINVAL;
    const length = copyInText(nameBuffer, name, NAME_MAXIMUM + 1);
    if (length < 0) return length == -ENAMETOOLONG ? -EINVAL : -EFAULT;
    if (fileSystem === null) fileSystem = new FileSystem("tmpfs", TMPFS_MAGIC, true);
    const owner = fileSystem!;
    const noExecution = (flags & MFD_NOEXEC_SEAL) != 0;
    const inode = new RegularInode(owner, owner.newInodeNumber(), S_IFREG | (noExecution ? 0o666 : 0o777));
    inode.userId = current.process.credentials.fileUser;
    inode.groupId = current.process.credentials.fileGroup;
    inode.linkCount = 0;
    inode.isMemoryFile = true;
    inode.memoryName = byteString(nameBuffer, length);
    if (noExecution) inode.seals = F_SEAL_EXEC;
    else inode.seals = (flags & MFD_ALLOW_SEALING) != 0 ? 0 : F_SEAL_SEAL;
    setTimes(inode);
    const file = inode.open(O_RDWR | O_LARGEFILE)!;
    const descriptor = current.process.fileDescriptors.add(
        file,
        (flags & MFD_CLOEXEC) != 0,
        current.process.limits.soft[RLIMIT_NOFILE],
    );
    if (descriptor < 0) file.release();
    return descriptor;
}

/** fcntl F_ADD_SEALS. */
export function addSeals(file: OpenFile, seals: u64): i64 {
    const content = asRegular(file.inode);
    if (content === null || content.fileSystem.magic != TMPFS_MAGIC) return -EINVAL;
    if (!file.isWritable()) return -EPERM;
    if (((<u32>seals) & ~SEALS_ALL) != 0) return -EINVAL;
    if ((content.seals & F_SEAL_SEAL) != 0) return -EPERM;
    let added = <u32>seals;
    if ((added & F_SEAL_WRITE) != 0 && (content.seals & F_SEAL_WRITE) == 0 && isMappedWritable(content))
        return -EBUSY;
    // A file that may never become executable has its content sealed as well, and one with execute bits keeps them.
    if ((added & F_SEAL_EXEC) != 0 && (content.mode & 0o111) != 0)
        added |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
    content.seals |= added;
    return 0;
}

/** fcntl F_GET_SEALS. */
export function getSeals(file: OpenFile): i64 {
    const content = asRegular(file.inode);
    return content === null || content.fileSystem.magic != TMPFS_MAGIC ? -EINVAL : content.seals;
}

export function registerSealCalls(): void {
    // Partial: MFD_HUGETLB is refused.
    define(SYS_memfd_create, memfdCreate, "sx");
}
