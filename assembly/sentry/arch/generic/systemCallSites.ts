// SPDX-License-Identifier: Apache-2.0
//
// Where seL4 reports a program's own system call instruction with all registers, code is executed as it is.

/** Code need not be patched before it is executed. */
export const PATCHES_CODE: bool = false;

export function isPatchedCall(message: usize): bool {
    return true;
}

export function isUnpatchedCall(first: u8, second: u8): bool {
    return false;
}

export function mayHaveCalls(page: usize): bool {
    return false;
}

export function findCalls(page: usize, before: usize, after: usize): i32 {
    return 0;
}

export function patchCalls(copy: usize, length: u32): void {}

export function writePatchedCall(at: usize): void {}
