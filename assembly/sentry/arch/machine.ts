// SPDX-License-Identifier: Apache-2.0
//
// Registers, messages, faults, signal frames and the stubs of the architecture that is built for. scripts/sentry.mjs puts another architecture's name
// in place of x86_64 here.

export * from "./x86_64/machine";
