// SPDX-License-Identifier: Apache-2.0
//
// A manager that calls itself without end.

import { line } from "./report";

function descend(depth: u32): u32 {
    if (depth == 0) return 0;
    return descend(depth - 1) + descend(depth >> 1) + 1;
}

export function main(): void {
    line("before");
    line(descend(0x7fffffff).toString());
}
