// SPDX-License-Identifier: Apache-2.0
//
// What all inodes of one mounted filesystem share.

/** f_type values of statfs(2). */
export const OVERLAYFS_SUPER_MAGIC: u32 = 0x794c7630;
export const TMPFS_MAGIC: u32 = 0x01021994;
export const PROC_SUPER_MAGIC: u32 = 0x9fa0;
export const SYSFS_MAGIC: u32 = 0x62656572;
export const DEVPTS_SUPER_MAGIC: u32 = 0x1cd1;
export const PIPEFS_MAGIC: u32 = 0x50495045;
export const SOCKFS_MAGIC: u32 = 0x534f434b;
export const ANON_INODE_FS_MAGIC: u32 = 0x09041934;

let lastDevice: u32 = 0x2f;

export class FileSystem {
    /** st_dev: an unnamed device (major 0), numbered in the order of creation, from 48 as on a booted Linux. */
    readonly device: u32;
    /** Every change is refused with EROFS. */
    readOnly: bool = false;
    /** Mounted noexec: its files cannot be executed, nor mapped for execution. */
    forbidsExecution: bool = false;
    /** Mounted nosuid: set-ID bits of its programs mean nothing. */
    ignoresSetId: bool = false;
    /** chmod and chown have a meaning (not in /proc). */
    attributesChangeable: bool = true;
    /** Pages that its files may have together; 0: as many as the quota has. */
    pageLimit: u32 = 0;
    /** Pages that its files have of the container's own. */
    pagesUsed: u32 = 0;
    private lastInodeNumber: u64 = 0;

    constructor(
        /** As in /proc/filesystems. */
        readonly typeName: string,
        readonly magic: u32,
        /** Its frames are the container's memory: statfs shows the quota. */
        readonly holdsMemory: bool,
        /** The filesystem of which this is another mount, or null. */
        origin: FileSystem | null = null,
    ) {
        this.device = origin === null ? ++lastDevice : origin.device;
    }

    /** Its limit of pages is reached. */
    get isFull(): bool {
        return this.pageLimit != 0 && this.pagesUsed >= this.pageLimit;
    }

    /** A number for an inode that the image does not have. */
    newInodeNumber(): u64 {
        return ++this.lastInodeNumber;
    }

    /** Numbers up to `last` are taken. */
    reserveInodeNumbers(last: u64): void {
        if (last > this.lastInodeNumber) this.lastInodeNumber = last;
    }

    /** Inodes made so far: an upper bound of those in use. */
    get inodesMade(): u64 {
        return this.lastInodeNumber;
    }
}
