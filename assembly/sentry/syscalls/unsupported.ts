// SPDX-License-Identifier: Apache-2.0
//
// Options of known system calls that Linux has and the sentry has not: refused with the error that Linux gives for an
// option it does not know, counted, and named once when the container ends. What Linux itself would refuse does not come
// here. --strace marks each such call.

import { clearText, logLine, putByte, putText, putUnsigned } from "../kernel/text";

/** Different options that are remembered; further ones are counted together. They fill a line of the console at most. */
const REMEMBERED: i32 = 16;
const options: StaticArray<string | null> = new StaticArray<string | null>(REMEMBERED);
const counts: StaticArray<u32> = new StaticArray<u32>(REMEMBERED);
let remembered: i32 = 0;
let others: u32 = 0;

/** The option that the call being executed was refused for, or null: --strace prints and forgets it. */
let refused: string | null = null;

/**
 * Refuses an option that is not supported. `option` names call and option ("mremap: MREMAP_DONTUNMAP") and is a literal, so
 * that one option is one object. The result is -errno.
 */
export function unsupported(option: string, errno: i64): i64 {
    refused = option;
    for (let i = 0; i < remembered; i++) {
        if (changetype<usize>(unchecked(options[i])) != changetype<usize>(option)) continue;
        counts[i]++;
        return -errno;
    }
    if (remembered == REMEMBERED) {
        others++;
    } else {
        options[remembered] = option;
        counts[remembered++] = 1;
    }
    return -errno;
}

/** Appends to the line of --strace what was not supported in the call, if anything. */
export function putRefusal(): void {
    const option = refused;
    if (option === null) return;
    refused = null;
    putText(" (not supported: ");
    putText(option);
    putByte(41);
}

/** One line for all of them, on the console; nothing when there were none. */
export function reportUnsupported(): void {
    if (remembered == 0) return;
    clearText();
    putText("sealift: options that are not supported, refused:");
    for (let i = 0; i < remembered; i++) {
        putText(i == 0 ? " " : ", ");
        putText(options[i]!);
        putText(" (");
        putUnsigned(counts[i]);
        putByte(41);
    }
    if (others > 0) {
        putText(", others (");
        putUnsigned(others);
        putByte(41);
    }
    logLine();
}
