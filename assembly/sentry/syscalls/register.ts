// SPDX-License-Identifier: Apache-2.0
//
// Fills the table of system calls from all families.

import { registerFileSyscalls } from "../fs/register";
import { registerFutexCalls } from "./futex";
import { registerIdentityCalls } from "./identity";
import { registerMemoryCalls } from "./memory";
import { registerProcessCalls } from "./process";
import { registerSignalCalls } from "./signal";
import { registerSystemCalls } from "./system";
import { registerTimeCalls } from "./time";

export function registerAllCalls(): void {
    registerProcessCalls();
    registerIdentityCalls();
    registerMemoryCalls();
    registerSignalCalls();
    registerTimeCalls();
    registerFutexCalls();
    registerSystemCalls();
    registerFileSyscalls();
}
