// SPDX-License-Identifier: Apache-2.0
//
// A manager that hands a host function a range beyond its memory.

import { consoleWrite } from "../../../assembly/sel4/generated/host";
import { line } from "./report";

export function main(): void {
    line("before");
    consoleWrite(0xfffffff0, 32);
}
