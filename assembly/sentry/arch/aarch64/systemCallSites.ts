// SPDX-License-Identifier: Apache-2.0
//
// System call instructions in program code. The kernel takes its own system call number from X7, which is none of Linux's
// arguments, so a program may have anything there. Most of the eleven numbers come to the sentry as a fault of the empty
// CSpace and cost no more than that. But with -6 (NBSend) and -11 (Yield) the kernel returns to the program without a word,
// and the Linux system call is lost. `brk` does not look at X7. So every page is patched before a program can execute it
// (std/code/aarch64Calls.ts).
//
// What is lost with it: a program that reads its own code as data sees the patched word, and a constant among the
// instructions that happens to be the word of an `svc` is changed.

import { tcbReadRegisters, tcbWriteRegisters } from "../../../sel4/generated/host";
import { PATCH_IMMEDIATE, PATCHED_CALL, patchedPage } from "../../../std/code/aarch64Calls";
import { PAGE_SIZE } from "../../../std/pages";
import { FLAGS, IP, SP, X0, X8 } from "./machine";
import { reserveBuffer } from "../../memory/buffers";

export { mayHaveCalls, PATCHED_CALL, writePatchedCall } from "../../../std/code/aarch64Calls";

/** Code has to be patched before it is executed. */
export const PATCHES_CODE: bool = true;
/** An `svc` that was written into executable memory works, but for the two numbers. */
export const LOSES_UNPATCHED_CALLS: bool = false;

/** ESR_EL1 or ESR_EL2 for it: exception class 0x3c, 32-bit instruction, the immediate. */
const SYNDROME: u64 = 0xf200_0000 | PATCH_IMMEDIATE;

/** Labels with which it comes: UserException; VCPUFault from a kernel at EL2. */
const FAULT_USER_EXCEPTION: u32 = 3;
const FAULT_VCPU: u32 = 8;

/** The page that findCalls has looked at last, patched. */
const patched: usize = reserveBuffer(PAGE_SIZE);

/** The first words of a seL4_UserContext: pc sp spsr x0..x8. */
const CONTEXT_NUMBER: u32 = 12;
const context: usize = reserveBuffer(CONTEXT_NUMBER * 8);
/** Those that the result of a system call changes: pc sp spsr x0. */
const CONTEXT_RESULT: u32 = 4;

export function isPatchedCall(message: usize): bool {
    return true;
}

export function isUnpatchedCall(first: u8, second: u8): bool {
    return false;
}

/** Whether a fault is the system call of a patched instruction. */
// @ts-ignore: decorator
@inline
export function isCallFault(label: u32, message: usize): bool {
    return (
        (label == FAULT_USER_EXCEPTION && load<u64>(message, 8 + 3 * 8) == SYNDROME) ||
        (label == FAULT_VCPU && load<u64>(message, 8) == SYNDROME)
    );
}

/** Whether this is the instruction that stands for a system call. */
export function isPatchedInstruction(word: u32): bool {
    return word == PATCHED_CALL;
}

/** Puts the registers of a patched system call in place of the fault's message, in the form of an UnknownSyscall. */
export function callFaultToSystemCall(tcb: u32, message: usize): void {
    tcbReadRegisters(tcb, 0, CONTEXT_NUMBER, <u32>context);
    store<u64>(message, load<u64>(context), IP);
    store<u64>(message, load<u64>(context, 8), SP);
    store<u64>(message, load<u64>(context, 16), FLAGS);
    memory.copy(message + X0, context + 3 * 8, 8 * 8);
    store<u64>(message, load<u64>(context, 11 * 8), X8);
}

/** Writes the result of a patched system call to the thread: the reply to its fault cannot carry one. */
export function writeCallResult(tcb: u32, message: usize): void {
    store<u64>(context, load<u64>(message, IP));
    store<u64>(context, load<u64>(message, SP), 8);
    store<u64>(context, load<u64>(message, FLAGS), 16);
    store<u64>(context, load<u64>(message, X0), 24);
    tcbWriteRegisters(tcb, 0, CONTEXT_RESULT, <u32>context);
}

/** Finds the system call instructions of a page. The result is their number; patchCalls then writes them to a copy. */
export function findCalls(page: usize, before: usize, after: usize): i32 {
    return patchedPage(patched, page);
}

/** Writes the page of the latest findCalls with its calls patched: `length` bytes of it. */
export function patchCalls(copy: usize, length: u32): void {
    memory.copy(copy, patched, length);
}
