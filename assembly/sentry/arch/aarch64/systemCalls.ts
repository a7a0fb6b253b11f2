// SPDX-License-Identifier: Apache-2.0
//
// System call numbers of Linux on aarch64: the common list, and what the architecture decides itself.

import { ABSENT } from "../generic/systemCalls";
export * from "../generic/systemCalls";

/** Younger architectures have only renameat2. */
export const SYS_renameat: u32 = 38;
export const SYS_riscv_flush_icache: u32 = ABSENT;
