// SPDX-License-Identifier: Apache-2.0
//
// What aarch64 has in the interface to files: the common structures, and its flags of open(2) (asm/fcntl.h of arm64).

export * from "../generic/fileStatus";
export * from "../generic/statfs";

export const O_DIRECT: u32 = 0x10000;
export const O_LARGEFILE: u32 = 0x20000;
export const O_DIRECTORY: u32 = 0x4000;
export const O_NOFOLLOW: u32 = 0x8000;
