// SPDX-License-Identifier: Apache-2.0
//
// System call instructions of riscv64 are not patched.

export * from "../generic/systemCallSites";
