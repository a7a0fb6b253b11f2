// SPDX-License-Identifier: Apache-2.0
//
// Where seL4 reports a program's own system call instruction with all registers, code is executed as it is.

/** Code need not be patched before it is executed. */
export const PATCHES_CODE: bool = false;
export const LOSES_UNPATCHED_CALLS: bool = false;

export function isPatchedCall(message: usize): bool {
    return true;
}

/** Whether a fault is a system call: here they come as UnknownSyscall only. */
// @ts-ignore: decorator
@inline
export function isCallFault(label: u32, message: usize): bool {
    return false;
}

export function isPatchedInstruction(word: u32): bool {
    return false;
}

export function callFaultToSystemCall(tcb: u32, message: usize): void {}

export function writeCallResult(tcb: u32, message: usize): void {}

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
