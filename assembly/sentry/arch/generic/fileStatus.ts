// SPDX-License-Identifier: Apache-2.0
//
// struct stat as the common list of architectures lays it out (asm-generic/stat.h), and struct epoll_event.

/** Bytes of struct stat. */
export const STAT_SIZE: i32 = 128;

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
    store<u32>(to, mode, 16);
    store<u32>(to, <u32>linkCount, 20);
    store<u32>(to, userId, 24);
    store<u32>(to, groupId, 28);
    store<u64>(to, specialDevice, 32);
    store<u64>(to, size, 48);
    store<u32>(to, <u32>blockSize, 56);
    store<u64>(to, blocks, 64);
}

/** Where access, modification and change time are: seconds and nanoseconds, 8 bytes each. */
export const STAT_TIMES: usize = 72;

/** Bytes of struct epoll_event, and where its data is. */
export const EVENT_SIZE: i32 = 16;
export const EVENT_DATA: usize = 8;
