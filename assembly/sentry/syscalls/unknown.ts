// SPDX-License-Identifier: Apache-2.0
//
// System calls that the table does not have: ENOSYS, counted, and named once when the container ends.

import { putSystemCallName } from "../arch/systemCallNames";
import { clearText, logLine, putText, putUnsigned } from "../kernel/text";

/** Different numbers that are remembered; further ones are counted together. */
const REMEMBERED: i32 = 16;
const numbers: StaticArray<u32> = new StaticArray<u32>(REMEMBERED);
const counts: StaticArray<u32> = new StaticArray<u32>(REMEMBERED);
let remembered: i32 = 0;
let others: u32 = 0;

export function countUnknownCall(number: u32): void {
    for (let i = 0; i < remembered; i++) {
        if (numbers[i] != number) continue;
        counts[i]++;
        return;
    }
    if (remembered == REMEMBERED) {
        others++;
        return;
    }
    numbers[remembered] = number;
    counts[remembered++] = 1;
}

/** One line for all of them, on the console; nothing when there were none. */
export function reportUnknownCalls(): void {
    if (remembered == 0) return;
    clearText();
    putText("sealift: system calls answered with ENOSYS:");
    for (let i = 0; i < remembered; i++) {
        putText(i == 0 ? " " : ", ");
        if (!putSystemCallName(numbers[i])) {
            putText("number ");
            putUnsigned(numbers[i]);
        }
        putText(" (");
        putUnsigned(counts[i]);
        putText(")");
    }
    if (others > 0) {
        putText(", others (");
        putUnsigned(others);
        putText(")");
    }
    logLine();
}
