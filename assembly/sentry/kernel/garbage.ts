// SPDX-License-Identifier: Apache-2.0
//
// When to collect garbage. The minimal runtime never collects by itself, and may only do so while no managed reference
// is on the Wasm stack: main.ts does it between two turns of the event loop. Whoever leaves managed memory behind in
// amounts says so here; the estimate decides, and so does growth of the heap.

import { heapFrames } from "../../sel4/generated/host";
import { PAGE_BITS } from "../../std/pages";

/**
 * Collecting takes a walk over all live objects: worth it once for this much garbage, or in a large heap for an eighth of it, so that
 * the work for each new object does not grow with their number.
 */
const GARBAGE_LIMIT: u32 = 48 * 1024;
const GARBAGE_SHIFT: u32 = 3;

let estimate: u32 = 0;
let framesAtCollection: u32 = 0;
/** Pages of linear memory at the last collection. */
let memoryAtCollection: i32 = 0;

/** `bytes` bytes of managed memory have become unreachable, or soon will. */
export function addGarbage(bytes: i32): void {
    estimate += bytes;
}

/** Collects if that is due. To be called with no managed reference on the stack. */
// @ts-ignore: decorator
@inline
export function collectIfDue(): void {
    // As nearly always: nothing to ask the C runtime for.
    if (estimate < GARBAGE_LIMIT && memory.size() == memoryAtCollection) return;
    collectIfWorthIt();
}

function collectIfWorthIt(): void {
    const frames = heapFrames();
    const share = (framesAtCollection << PAGE_BITS) >> GARBAGE_SHIFT;
    const grown = (frames - framesAtCollection) << PAGE_BITS;
    if (estimate < max(GARBAGE_LIMIT, share) && (grown == 0 || grown < share)) return;
    estimate = 0;
    __collect();
    framesAtCollection = frames;
    memoryAtCollection = memory.size();
}
