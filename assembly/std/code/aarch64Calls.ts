// SPDX-License-Identifier: Apache-2.0
//
// System call instructions in program code for aarch64, and what stands for them (docs/architecture.md, "System calls of programs"): `svc #0`
// becomes a `brk`. The sentry patches what belongs to its container alone, the manager the pages of the layer store. Instructions
// are words at multiples of four, there is nothing to decode.

import { PAGE_SIZE } from "../pages";

/**
 * `svc #0`, which is what C libraries and compilers write. Linux ignores the immediate, but each further value would be one more word
 * that symbol tables and constants between the instructions may happen to have: in Debian's libsqlite3 a symbol's hash is
 * `svc #0x8233`. Such a call works unpatched, but for the two numbers.
 */
const SVC: u32 = 0xd400_0001;
/** What tells our `brk` from a program's own: compilers and debuggers use small numbers. */
export const PATCH_IMMEDIATE: u32 = 0x5ea1;
/** `brk #PATCH_IMMEDIATE`. */
export const PATCHED_CALL: u32 = 0xd420_0000 | (PATCH_IMMEDIATE << 5);

/** Whether a page has system call instructions. */
export function mayHaveCalls(page: usize): bool {
    for (let at = page; at < page + PAGE_SIZE; at += 4) if (load<u32>(at) == SVC) return true;
    return false;
}

/** Writes a page with its system call instructions patched to `copy`; the result is their number. */
export function patchedPage(copy: usize, page: usize): i32 {
    memory.copy(copy, page, PAGE_SIZE);
    let sites = 0;
    for (let at = copy; at < copy + PAGE_SIZE; at += 4) {
        if (load<u32>(at) != SVC) continue;
        writePatchedCall(at);
        sites++;
    }
    return sites;
}

/** Puts the instruction that the sentry can answer in place of another. */
export function writePatchedCall(at: usize): void {
    store<u32>(at, PATCHED_CALL);
}
