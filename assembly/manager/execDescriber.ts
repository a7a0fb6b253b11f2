// SPDX-License-Identifier: Apache-2.0
//
// The description of a process that the sentry is to start in its container (std/execDescription.ts).

import { execDescriptionSize, writeExecTexts } from "../std/execDescription";
import { provideHeap } from "./heap";

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
    const bytes = execDescriptionSize(texts);
    if (!provideHeap(bytes)) return null;
    const data = heap.alloc(bytes);
    const description = writeExecTexts(data, texts);
    description.argumentCount = words.length;
    description.environmentCount = environment.length;
    description.flags = flags;
    description.terminalRows = <u16>rows;
    description.terminalColumns = <u16>columns;
    return new DescribedExec(data, bytes);
}
