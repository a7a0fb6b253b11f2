// SPDX-License-Identifier: Apache-2.0
//
// The shape of the sentry's CSpace (contract §4), which the manager and this module agree on.

/** Slots of a second-level CNode, as bits. */
export const CNODE_RADIX: u32 = 7;
