// SPDX-License-Identifier: Apache-2.0
//
// A manager that reads a window page with no frame behind it, three calls deep.

import { line } from "./report";

function innermost(address: usize): u32 {
    return load<u32>(address);
}

function pass(address: usize): u32 {
    return innermost(address) + 1;
}

function outer(address: usize): u32 {
    return pass(address) * 3;
}

export function main(): void {
    line("before");
    line(outer(0x12345678).toString());
    line("after");
}
