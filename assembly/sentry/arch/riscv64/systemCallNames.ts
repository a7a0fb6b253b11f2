// SPDX-License-Identifier: Apache-2.0
//
// Names of Linux's riscv64 system calls by number: those of the common list, and one of its own.

import { putText } from "../../kernel/text";
import * as common from "../generic/systemCallNames";
import { SYS_riscv_flush_icache } from "./systemCalls";

/** Puts the name of a system call to the gathered text (kernel/text.ts). False: the number has none. */
export function putSystemCallName(number: u32): bool {
    if (number != SYS_riscv_flush_icache) return common.putSystemCallName(number);
    putText("riscv_flush_icache");
    return true;
}
