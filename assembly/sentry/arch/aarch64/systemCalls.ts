// SPDX-License-Identifier: Apache-2.0
//
// System call numbers of Linux on aarch64: the common list, and what the architecture decides itself.

export * from "../generic/systemCalls";

/** Younger architectures have only renameat2. */
export const SYS_renameat: u32 = 38;
