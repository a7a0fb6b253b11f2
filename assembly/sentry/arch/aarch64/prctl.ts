// SPDX-License-Identifier: Apache-2.0
//
// arch_prctl(2) is x86's alone. Here its number is ABSENT, and this is never called.

import { EINVAL } from "../../kernel/errno";

export function architecturePrctl(code: i32, address: u64): i64 {
    return -EINVAL;
}
