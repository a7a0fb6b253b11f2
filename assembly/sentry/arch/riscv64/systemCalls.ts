// SPDX-License-Identifier: Apache-2.0
//
// System call numbers of Linux on riscv64: the common list, and what the architecture decides itself.

import { ABSENT } from "../generic/systemCalls";
export * from "../generic/systemCalls";

/** renameat2 takes its place. */
export const SYS_renameat: u32 = ABSENT;
export const SYS_riscv_flush_icache: u32 = 259;
