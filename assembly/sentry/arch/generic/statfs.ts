// SPDX-License-Identifier: Apache-2.0
//
// struct statfs, which all three architectures lay out alike (asm-generic/statfs.h).

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
