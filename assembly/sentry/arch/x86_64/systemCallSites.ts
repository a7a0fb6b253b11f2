// SPDX-License-Identifier: Apache-2.0
//
// System call instructions in program code. seL4's entry for `syscall` (0f 05) does not save the program's stack pointer, and
// takes its own system call number from the third argument, so that a Linux program's call is lost or ends badly. `int 0xfe`
// (cd fe) is as long, comes to the sentry as an UnknownSyscall whatever the registers hold, and keeps all of them. So
// every page is patched before a program can execute it (std/code/x86_64Calls.ts).

import {
    FIRST_BYTE,
    PATCH_BUFFER_BYTES,
    PATCHED_PAGE,
    patchedPage,
    SECOND_BYTE,
} from "../../../std/code/x86_64Calls";
import { reserveBuffer } from "../../memory/buffers";

export { mayHaveCalls, writePatchedCall } from "../../../std/code/x86_64Calls";

/** Code has to be patched before it is executed. */
export const PATCHES_CODE: bool = true;
/** An instruction that was not patched in time cannot be answered. */
export const LOSES_UNPATCHED_CALLS: bool = true;

/** What findCalls has looked at last, patched. */
const buffer: usize = reserveBuffer(PATCH_BUFFER_BYTES);

/** Word of an UnknownSyscall message with the kernel's view of the number: for `int 0xfe` this above 24 bits of EAX. */
const MESSAGE_RAX: usize = 8;
const MESSAGE_NUMBER: usize = 8 + 18 * 8;
const INTERRUPT_NUMBER: u64 = 0xffff_ffff_fe00_0000;

/** Whether an UnknownSyscall message comes from a patched instruction; from any other, registers are missing. */
// @ts-ignore: decorator
@inline
export function isPatchedCall(message: usize): bool {
    return (
        load<u64>(message, MESSAGE_NUMBER) ==
        (INTERRUPT_NUMBER | (load<u64>(message, MESSAGE_RAX) & 0xff_ffff))
    );
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

/** Whether the two bytes at `code` are a system call instruction that has not been patched. */
export function isUnpatchedCall(first: u8, second: u8): bool {
    return first == FIRST_BYTE && second == SECOND_BYTE;
}

/**
 * Finds the system call instructions of a page. `before` is the page before it in the program, or 0 where the mapping begins;
 * `after` the page behind, or 0. The result is their number; patchCalls then writes them to a copy of the page.
 */
export function findCalls(page: usize, before: usize, after: usize): i32 {
    return patchedPage(buffer, page, before, after);
}

/** Writes the page of the latest findCalls with its calls patched: `length` bytes of it. */
export function patchCalls(copy: usize, length: u32): void {
    memory.copy(copy, buffer + PATCHED_PAGE, length);
}
