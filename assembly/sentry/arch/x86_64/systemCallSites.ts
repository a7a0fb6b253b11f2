// SPDX-License-Identifier: Apache-2.0
//
// System call instructions in program code. seL4's entry for `syscall` (0f 05) does not save the program's stack pointer, and
// takes its own system call number from the third argument, so that a Linux program's call is lost or ends badly. `int 0xfe`
// (cd fe) is as long, comes to the sentry as an UnknownSyscall whatever the registers hold, and keeps all of them. So
// every page is patched before a program can execute it.
//
// 0f 05 may as well be part of a longer instruction: only what begins where an instruction begins is patched. Instructions
// are counted off from some hundred bytes before; a count that begins inside an instruction falls into step soon.

import { PAGE_SIZE } from "../../../std/pages";
import { INSTRUCTION_CUT, INSTRUCTION_LENGTH_MAXIMUM, instructionLength } from "./instructionLength";

/** Code has to be patched before it is executed. */
export const PATCHES_CODE: bool = true;
/** An instruction that was not patched in time cannot be answered. */
export const LOSES_UNPATCHED_CALLS: bool = true;

/** Bytes before a possible site from which instructions are counted off. */
const APPROACH: usize = 256;
/**
 * Instructions that must have been valid one after the other before a site: data between functions rarely is. A function
 * that begins with a system call has padding before it, or the start of the mapping.
 */
const VALID_BEFORE: i32 = 3;

/** The end of the page before, the page, and the first byte behind. */
const BUFFER: usize = memory.data(512 + 4096 + 8, 8);
const PAGE: usize = BUFFER + 512;
const PAGE_END: usize = PAGE + PAGE_SIZE;

const FIRST_BYTE: u8 = 0x0f;
const SECOND_BYTE: u8 = 0x05;
const PATCHED_FIRST_BYTE: u8 = 0xcd;
const PATCHED_SECOND_BYTE: u8 = 0xfe;

const FIVES: u64 = 0x0505_0505_0505_0505;
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

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

/** Whether 0f 05 can begin in the page or end there: a quick look, most pages have neither. */
export function mayHaveCalls(page: usize): bool {
    if (load<u8>(page) == SECOND_BYTE || load<u8>(page + PAGE_SIZE - 1) == FIRST_BYTE) return true;
    for (let at = page; at < page + PAGE_SIZE; at += 8) {
        const differences = load<u64>(at) ^ FIVES;
        if (((differences - ONES) & ~differences & TOPS) == 0) continue;
        for (let byte = at; byte < at + 8; byte++) {
            if (load<u8>(byte) == SECOND_BYTE && byte > page && load<u8>(byte - 1) == FIRST_BYTE) return true;
        }
    }
    return false;
}

/**
 * Finds the system call instructions of a page. `before` is the page before it in the program, or 0 where the mapping begins;
 * `after` the page behind, or 0. The result is their number; patchCalls then writes them to a copy of the page.
 */
export function findCalls(page: usize, before: usize, after: usize): i32 {
    memory.copy(PAGE, page, PAGE_SIZE);
    if (before != 0) memory.copy(BUFFER, before + PAGE_SIZE - (PAGE - BUFFER), PAGE - BUFFER);
    const first = before != 0 ? BUFFER : PAGE;
    store<u8>(PAGE_END, after != 0 ? load<u8>(after) : 0);
    const end = PAGE_END + 1;
    let sites = 0;
    let position = first;
    let valid = VALID_BEFORE;
    for (let at = before != 0 ? PAGE - 1 : PAGE; at < PAGE_END; at++) {
        if (load<u8>(at) != FIRST_BYTE || load<u8>(at + 1) != SECOND_BYTE) continue;
        if (position + APPROACH < at) {
            position = at - APPROACH;
            valid = 0;
        }
        while (position < at) {
            const length = instructionLength(position, end);
            if (length == INSTRUCTION_CUT) {
                position = end;
            } else if (length > 0) {
                position += length;
                valid++;
            } else {
                position++;
                valid = 0;
            }
        }
        if (position != at || valid < VALID_BEFORE) continue;
        // Marked in the buffer, which patchCalls copies.
        writePatchedCall(at);
        sites++;
    }
    return sites;
}

/** Puts the instruction that the sentry can answer in place of another of two bytes. */
export function writePatchedCall(at: usize): void {
    store<u8>(at, PATCHED_FIRST_BYTE);
    store<u8>(at + 1, PATCHED_SECOND_BYTE);
}

/** Writes the page of the latest findCalls with its calls patched: `length` bytes of it. */
export function patchCalls(copy: usize, length: u32): void {
    memory.copy(copy, PAGE, length);
}

assert(APPROACH + INSTRUCTION_LENGTH_MAXIMUM <= PAGE - BUFFER);
