// SPDX-License-Identifier: Apache-2.0
//
// A manager whose assertion fails.

import "../../../assembly/std/abort"; // what assertions call

export function main(): void {
    assert(false, "the plan has a hole");
}
