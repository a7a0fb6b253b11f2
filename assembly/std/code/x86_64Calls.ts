// SPDX-License-Identifier: Apache-2.0
//
// System call instructions in program code for x86_64, and what stands for them (docs/architecture.md, "System calls of programs"):
// `syscall` (0f 05) becomes `int 0xfe` (cd fe), which is as long. The sentry patches what belongs to its container alone, the
// manager the pages of the layer store.
//
// 0f 05 may as well be part of a longer instruction: only what begins where an instruction begins is patched. Instructions
// are counted off from some hundred bytes before; a count that begins inside an instruction falls into step soon.

import { PAGE_SIZE } from "../pages";
import { INSTRUCTION_CUT, INSTRUCTION_LENGTH_MAXIMUM, instructionLength } from "./instructionLength";

/** Bytes before a possible site from which instructions are counted off. */
const APPROACH: usize = 256;
/**
 * Instructions that must have been valid one after the other before a site: data between functions rarely is. A function
 * that begins with a system call has padding before it, or the start of the mapping.
 */
const VALID_BEFORE: i32 = 3;

/** Where the page is in a buffer of patchedPage, behind the end of the page before. */
export const PATCHED_PAGE: usize = 512;
/** Bytes of such a buffer: with the first byte behind the page. */
export const PATCH_BUFFER_BYTES: i32 = <i32>PATCHED_PAGE + <i32>PAGE_SIZE + 8;

export const FIRST_BYTE: u8 = 0x0f;
export const SECOND_BYTE: u8 = 0x05;
const PATCHED_FIRST_BYTE: u8 = 0xcd;
const PATCHED_SECOND_BYTE: u8 = 0xfe;

const FIVES: u64 = 0x0505_0505_0505_0505;
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

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
 * Writes a page with its system call instructions patched to `buffer` + PATCHED_PAGE; the result is their number. `before` is the page
 * before it in the program, or 0 where the mapping begins; `after` the page behind, or 0.
 */
export function patchedPage(buffer: usize, page: usize, before: usize, after: usize): i32 {
    const copy = buffer + PATCHED_PAGE;
    const copyEnd = copy + PAGE_SIZE;
    memory.copy(copy, page, PAGE_SIZE);
    if (before != 0) memory.copy(buffer, before + PAGE_SIZE - PATCHED_PAGE, PATCHED_PAGE);
    store<u8>(copyEnd, after != 0 ? load<u8>(after) : 0);
    const end = copyEnd + 1;
    let sites = 0;
    let position = before != 0 ? buffer : copy;
    let valid = VALID_BEFORE;
    for (let at = before != 0 ? copy - 1 : copy; at < copyEnd; at++) {
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

assert(APPROACH + INSTRUCTION_LENGTH_MAXIMUM <= PATCHED_PAGE);
