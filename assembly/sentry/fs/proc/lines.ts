// SPDX-License-Identifier: Apache-2.0
//
// Files of one line, as most of /proc/sys and /sys are: the line, and 0 for the result of a generator.

import { Process } from "../../kernel/process";
import { addByte, addNumber, addText } from "./textBuilder";

export function addNumberLine(value: u64): i32 {
    addNumber(value);
    addByte(10);
    return 0;
}

export function addTextLine(text: string): i32 {
    addText(text);
    addByte(10);
    return 0;
}

/** The generator of what is off, or not counted. */
export function generateZero(process: Process | null): i32 {
    return addNumberLine(0);
}
