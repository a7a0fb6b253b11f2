// SPDX-License-Identifier: Apache-2.0

/** Bytes of a small page frame on every architecture that Sealift runs on. */
export const PAGE_SIZE: u32 = 4096;
export const PAGE_BITS: u32 = 12;

/** How many whole pages hold `bytes` bytes. */
export function pagesFor(bytes: u64): u64 {
    return (bytes + (PAGE_SIZE - 1)) >> PAGE_BITS;
}
