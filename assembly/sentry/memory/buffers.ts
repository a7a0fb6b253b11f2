// SPDX-License-Identifier: Apache-2.0
//
// Buffers that modules of the sentry keep for good. They lie side by side in the heap: as static data (memory.data) each would be among strings and
// other constants, in a page that all sentries share until one writes to it (docs/architecture.md), and a few bytes that are
// written would cost a page. Nothing is touched before it is used.

/** Bytes of all buffers together, and what their alignment takes. */
const AREA_BYTES: usize = 56 * 1024;
/** From this size on a buffer is likely to be used for its first bytes only: it lies apart from the small ones. */
const LARGE: usize = 1024;
const ALIGNMENT: usize = 8;

const area: usize = makeArea();
/** Small ones from the area's begin upwards, large ones from its end downwards. */
let small: usize = area;
let large: usize = area + AREA_BYTES;

/** The heap's memory is zero at first but for what the allocator keeps at both ends of what is free. */
function makeArea(): usize {
    const ends: usize = 32;
    const start = heap.alloc(AREA_BYTES);
    memory.fill(start, 0, ends);
    memory.fill(start + AREA_BYTES - ends, 0, ends);
    return start;
}

/** A buffer of zeros for a module's constant. */
export function reserveBuffer(bytes: usize): usize {
    const size = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    assert(size <= large - small, "the sentry's buffers are larger than AREA_BYTES");
    if (size >= LARGE) {
        large -= size;
        return large;
    }
    small += size;
    return small - size;
}
