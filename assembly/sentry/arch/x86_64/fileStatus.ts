// SPDX-License-Identifier: Apache-2.0
//
// What x86_64 has of its own in the interface to files: struct stat (asm/stat.h), flags of open(2) (asm-generic/fcntl.h),
// struct epoll_event.

export * from "../generic/statfs";

export const O_DIRECT: u32 = 0x4000;
export const O_LARGEFILE: u32 = 0x8000;
export const O_DIRECTORY: u32 = 0x10000;
export const O_NOFOLLOW: u32 = 0x20000;

/** Bytes of struct epoll_event, and where its data is: packed here, and only here. */
export const EVENT_SIZE: i32 = 12;
export const EVENT_DATA: usize = 4;

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
