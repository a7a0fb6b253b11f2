// SPDX-License-Identifier: Apache-2.0
//
// The description of a process that the sentry is to start in its container (contract of the two sides: std/execDescription.ts).

import { encodeUtf8, utf8Length } from "../std/utf8";
import { provideHeap } from "./heap";

/** The console is a terminal. */
export const EXEC_TERMINAL: u32 = 1 << 0;
/** Standard input comes from the host. */
export const EXEC_INTERACTIVE: u32 = 1 << 1;
/** Nobody sees the output. */
export const EXEC_NO_OUTPUT: u32 = 1 << 2;

/** Counts, flags, and the terminal's size. */
const HEADER_SIZE: u32 = 16;

export class DescribedExec {
    constructor(
        /** In the heap, for whoever takes it over to free. */
        readonly data: usize,
        readonly bytes: u32,
    ) {}
}

/** The description of a process; null when there is no memory for it. */
export function describeExec(
    words: string[],
    environment: string[],
    workingDirectory: string,
    user: string,
    flags: u32,
    rows: u32,
    columns: u32,
): DescribedExec | null {
    const texts = words.concat(environment);
    texts.push(workingDirectory);
    texts.push(user);
    let bytes = HEADER_SIZE;
    for (let i = 0; i < texts.length; i++) bytes += utf8Length(texts[i]) + 1;
    if (!provideHeap(bytes)) return null;
    const data = heap.alloc(bytes);
    store<u32>(data, words.length);
    store<u32>(data, environment.length, 4);
    store<u32>(data, flags, 8);
    store<u16>(data, <u16>rows, 12);
    store<u16>(data, <u16>columns, 14);
    let at = data + HEADER_SIZE;
    for (let i = 0; i < texts.length; i++) {
        at += encodeUtf8(texts[i], at);
        store<u8>(at++, 0);
    }
    return new DescribedExec(data, bytes);
}
