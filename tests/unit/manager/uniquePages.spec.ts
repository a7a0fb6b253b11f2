// SPDX-License-Identifier: Apache-2.0

import { PROBES_MAXIMUM, UniquePages } from "../../../assembly/manager/uniquePages";
import { HeapArea } from "../../../assembly/std/growingArea";
import { PAGE_SIZE } from "../../../assembly/std/pages";

const AREA_SIZE: u32 = 1 << 16;

let frames: HeapArea | null = null;

/** A table over `count` frames of zeros. */
function makeTable(count: u32, areaSize: u32 = AREA_SIZE): UniquePages {
    frames = new HeapArea(count * <u32>PAGE_SIZE);
    return new UniquePages(new HeapArea(areaSize), frames!.base);
}

function page(number: u32): usize {
    return frames!.base + <usize>number * PAGE_SIZE;
}

/** Makes the sum of the bytes, which is the hash of these tests, one more than `value`. */
function writeNumber(number: u32, value: u32): void {
    let left = value + 1;
    for (let at: usize = 0; left > 0; at++) {
        const byte = min<u32>(left, 255);
        store<u8>(page(number) + at, <u8>byte);
        left -= byte;
    }
}

afterEach(() => {
    heap.free(frames!.base);
});

describe("UniquePages", () => {
    it("finds a page that holds the same", () => {
        const table = makeTable(4);
        store<u32>(page(1), 7, PAGE_SIZE - 4);
        store<u32>(page(3), 7, PAGE_SIZE - 4);
        expect(table.unify(0)).toBe(0);
        expect(table.unify(1)).toBe(1);
        expect(table.unify(2)).toBe(0, "zeros");
        expect(table.unify(3)).toBe(1, "all but zeros");
    });

    it("keeps pages apart that have one hash", () => {
        // The hash of these tests is the sum of the bytes.
        const table = makeTable(3);
        store<u8>(page(0), 1, 10);
        store<u8>(page(1), 1, 11);
        store<u8>(page(2), 1, 11);
        expect(table.unify(0)).toBe(0);
        expect(table.unify(1)).toBe(1);
        expect(table.unify(2)).toBe(1);
    });

    it("finds as before when it has grown", () => {
        const count: u32 = 700;
        const table = makeTable(count * 2);
        for (let i: u32 = 0; i < count; i++) {
            writeNumber(i, i);
            writeNumber(count + i, i);
        }
        for (let i: u32 = 0; i < count; i++) {
            expect(table.unify(i)).toBe(i);
        }
        for (let i: u32 = 0; i < count; i++) expect(table.unify(count + i)).toBe(i);
    });

    it("looks at no more buckets than the limit", () => {
        const table = makeTable(PROBES_MAXIMUM + 2);
        for (let i: u32 = 0; i < PROBES_MAXIMUM + 1; i++) {
            store<u8>(page(i) + i, 1);
            expect(table.unify(i)).toBe(i);
        }
        store<u8>(page(PROBES_MAXIMUM + 1) + PROBES_MAXIMUM - 1, 1);
        expect(table.unify(PROBES_MAXIMUM + 1)).toBe(PROBES_MAXIMUM - 1, "the last that is in the table");
        store<u8>(page(PROBES_MAXIMUM + 1) + PROBES_MAXIMUM - 1, 0);
        store<u8>(page(PROBES_MAXIMUM + 1) + PROBES_MAXIMUM, 1);
        expect(table.unify(PROBES_MAXIMUM + 1)).toBe(PROBES_MAXIMUM + 1, "kept for itself");
    });

    it("says when memory is used up", () => {
        const table = makeTable(600, 4096);
        let last: i32 = 0;
        let number: u32 = 0;
        while (number < 600) {
            writeNumber(number, number);
            last = table.unify(number);
            if (last < 0) break;
            number++;
        }
        expect(last).toBe(-1);
        expect(number).toBe(384, "three quarters of the first table");
    });

    it("forgets", () => {
        const table = makeTable(2);
        expect(table.unify(0)).toBe(0);
        table.clear();
        expect(table.unify(1)).toBe(1);
    });
});
