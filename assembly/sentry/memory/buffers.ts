// SPDX-License-Identifier: Apache-2.0
//
// Buffers that modules of the sentry keep for good. They lie side by side in the heap: as static data (memory.data) each would be among strings and
// other constants, in a page that all sentries share until one writes to it (docs/architecture.md), and a few bytes that are
// written would cost a page. Nothing is touched before it is used, and pages that are never touched cost nothing. So the buffers lie in this order:
// small ones; larger ones that every container uses, and then a path's; all others; and at the area's end those that are filled from their end.

/** limits.h, PATH_MAX: a path's final zero byte included. */
export const PATH_MAXIMUM: i32 = 4096;

/** Bytes of all buffers together, and what their alignment takes. */
const AREA_BYTES: usize = 56 * 1024;
/** The largest small buffer, and bytes of all small ones. */
const SMALL: usize = 64;
const SMALL_BYTES: usize = 1560;
/** Bytes of common ones: of threads' registers they are largest on aarch64. */
const COMMON_BYTES: usize = 1496;
const ALIGNMENT: usize = 8;

const area: usize = makeArea();
let small: usize = area;
let common: usize = small + SMALL_BYTES;
/** The largest that every container uses, mostly a few bytes from its beginning: a system call's path. */
export const pathBuffer: usize = common + COMMON_BYTES;
let others: usize = pathBuffer + PATH_MAXIMUM;
let end: usize = area + AREA_BYTES;

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
    const size = aligned(bytes);
    if (size <= SMALL) {
        small += size;
        assert(small <= area + SMALL_BYTES, "the sentry's small buffers are larger than SMALL_BYTES");
        return small - size;
    }
    others += size;
    assert(others <= end, "the sentry's buffers are larger than AREA_BYTES");
    return others - size;
}

/** The same, for one that every container uses. */
export function reserveCommonBuffer(bytes: usize): usize {
    common += aligned(bytes);
    assert(common <= pathBuffer, "the sentry's common buffers are larger than COMMON_BYTES");
    return common - aligned(bytes);
}

/** The same, for one that is filled from its end. */
export function reserveBufferForEnd(bytes: usize): usize {
    end -= aligned(bytes);
    assert(others <= end, "the sentry's buffers are larger than AREA_BYTES");
    return end;
}

function aligned(bytes: usize): usize {
    return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}
