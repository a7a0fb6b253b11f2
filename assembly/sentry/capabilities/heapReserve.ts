// SPDX-License-Identifier: Apache-2.0
//
// Large blocks of the sentry's heap. The heap grows in one piece by what an allocation needs, out of slots and memory that
// are set aside for it (quota.ts): enough for small blocks at any time. Whoever is about to allocate more than that asks
// here first, and refuses what a program wanted when the answer is no: a heap that cannot grow ends the container.

import { heapCanGrow, isMemoryShort, refillHeapSource, userMemoryLeft } from "./quota";

/** Blocks up to this size need no question: one growth of the heap always fits. */
const SMALL_BLOCK: usize = 32 * 1024;
/** A block that makes the heap grow by one Wasm page. With its header it is a multiple of 16 bytes. */
const PIECE: usize = 60 * 1024 - 4;
const PIECE_WITH_HEADER: usize = PIECE + 4;
/** Left over for everything else when a large block has been taken. */
const MEMORY_LEFT_OVER: u64 = 128 * 1024;

/** Whether the heap has, or can get, a block of `bytes` bytes. The next allocation of that size then succeeds. */
export function reserveHeap(bytes: usize): bool {
    if (isMemoryShort()) return false;
    if (bytes <= SMALL_BLOCK) return true;
    // TLSF looks for a block of the next size class, a sixteenth larger at most.
    const needed = bytes + (bytes >> 4) + 64;
    if (userMemoryLeft() < <u64>needed + MEMORY_LEFT_OVER) return false;
    // Pieces, each of which makes the heap grow a little at its end, until enough of them lie side by side. Freed, they are one.
    let pieces: usize = 0;
    let previous: usize = 0;
    let run: usize = 0;
    let reserved = true;
    while (run < needed) {
        refillHeapSource();
        if (userMemoryLeft() < MEMORY_LEFT_OVER || !heapCanGrow(PIECE)) {
            reserved = false;
            break;
        }
        const piece = heap.alloc(PIECE);
        store<usize>(piece, pieces);
        pieces = piece;
        run = piece == previous + PIECE_WITH_HEADER ? run + PIECE_WITH_HEADER : PIECE_WITH_HEADER;
        previous = piece;
    }
    while (pieces != 0) {
        const next = load<usize>(pieces);
        heap.free(pieces);
        pieces = next;
    }
    return reserved;
}
