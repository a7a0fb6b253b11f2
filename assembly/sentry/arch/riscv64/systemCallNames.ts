// SPDX-License-Identifier: Apache-2.0
//
// Names of Linux's riscv64 system calls by number: those of the common list.

export * from "../generic/systemCallNames";
