// SPDX-License-Identifier: Apache-2.0
//
// A manager that hands a host function a range in the window with no frame behind it.

import { consoleWrite } from "../../../assembly/sel4/generated/host";
import { line } from "./report";

export function main(): void {
    line("before");
    consoleWrite(0x7fff0000, 16);
    line("after");
}
