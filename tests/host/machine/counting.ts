// SPDX-License-Identifier: Apache-2.0
//
// A manager that counts its own instructions, on a runtime built to count them.

import { reportInstructions } from "../../../assembly/sel4/generated/host";
import { check, end } from "./report";

function loop(turns: u32): u64 {
    const before = reportInstructions();
    for (let i: u32 = 0; i < turns; i++) store<u32>(memory.data(4), i);
    return reportInstructions() - before;
}

export function main(): void {
    const short = loop(1000);
    const long = loop(2000);
    check("a loop executes instructions", short > 1000 * 3);
    check("1000 turns more cost the same each", (long - short) % 1000 == 0);
    check("and few", (long - short) / 1000 < 20);
    end();
}
