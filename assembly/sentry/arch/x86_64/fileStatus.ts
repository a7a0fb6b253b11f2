// SPDX-License-Identifier: Apache-2.0
//
// struct stat and struct statfs as x86_64 lays them out (asm/stat.h, asm-generic/statfs.h).

/** Bytes of struct stat. */
export const STAT_SIZE: i32 = 144;

/** Fills STAT_SIZE bytes at `to`. Times are seconds and nanoseconds. */
export function putStat(
    to: usize,
    device: u64,
    inode: u64,
    linkCount: u64,
    mode: u32,
    userId: u32,
    groupId: u32,
    specialDevice: u64,
    size: u64,
    blockSize: u64,
    blocks: u64,
): void {
    memory.fill(to, 0, STAT_SIZE);
    store<u64>(to, device);
    store<u64>(to, inode, 8);
    store<u64>(to, linkCount, 16);
    store<u32>(to, mode, 24);
    store<u32>(to, userId, 28);
    store<u32>(to, groupId, 32);
    store<u64>(to, specialDevice, 40);
    store<u64>(to, size, 48);
    store<u64>(to, blockSize, 56);
    store<u64>(to, blocks, 64);
}

/** Where access, modification and change time are: seconds and nanoseconds, 8 bytes each. */
export const STAT_TIMES: usize = 72;

/** Bytes of struct statfs. */
export const STATFS_SIZE: i32 = 120;

export function putStatfs(
    to: usize,
    type: u64,
    blockSize: u64,
    blocks: u64,
    freeBlocks: u64,
    files: u64,
    freeFiles: u64,
    identifier: u64,
    nameLength: u64,
    flags: u64,
): void {
    memory.fill(to, 0, STATFS_SIZE);
    store<u64>(to, type);
    store<u64>(to, blockSize, 8);
    store<u64>(to, blocks, 16);
    store<u64>(to, freeBlocks, 24);
    store<u64>(to, freeBlocks, 32);
    store<u64>(to, files, 40);
    store<u64>(to, freeFiles, 48);
    store<u64>(to, identifier, 56);
    store<u64>(to, nameLength, 64);
    store<u64>(to, blockSize, 72);
    store<u64>(to, flags, 80);
}
