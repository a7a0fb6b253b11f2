// SPDX-License-Identifier: Apache-2.0
//
// Lists of names as one literal, separated by a space: AssemblyScript joins texts at run time, and in memory one text is
// shorter than one for each name.

import { putByte } from "../kernel/text";

const SPACE: i32 = 32;
const HYPHEN: i32 = 45;

/** Puts word `index` of a list to the gathered text (kernel/text.ts). False: there is none, or a hyphen in its place. */
export function putWord(list: string, index: u32): bool {
    let at = 0;
    const end = list.length;
    for (; index > 0; index--) {
        while (at < end && list.charCodeAt(at) != SPACE) at++;
        if (at++ >= end) return false;
    }
    if (at >= end || list.charCodeAt(at) == HYPHEN) return false;
    for (; at < end && list.charCodeAt(at) != SPACE; at++) putByte(<u8>list.charCodeAt(at));
    return true;
}
