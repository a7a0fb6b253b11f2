// SPDX-License-Identifier: Apache-2.0

import { BLOCK_BITS, BLOCK_PAGES, ResidentPages } from "../../../assembly/sentry/memory/residentPages";

/** Numbers of a linear congruential generator: the same in every run. */
let seed: u32 = 1;
function next(limit: u32): u32 {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

function remove(pages: ResidentPages, number: u64): void {
    const block = pages.findBlock(number >> BLOCK_BITS)!;
    pages.remove(block, block.page((<u32>number) & (BLOCK_PAGES - 1)));
}

describe("resident pages", () => {
    it("finds what was added and nothing else", () => {
        const pages = new ResidentPages();
        for (let i: u64 = 1; i <= 1000; i++) pages.add(i * 3, <u32>i, 0);
        expect(pages.count).toBe(1000);
        let wrong = 0;
        for (let number: u64 = 1; number <= 3010; number++) {
            const page = pages.find(number);
            const expected = number % 3 == 0 && number <= 3000;
            if (expected != (page !== null)) wrong++;
            else if (page !== null && <u64>page.frame != number / 3) wrong++;
        }
        expect(wrong).toBe(0);
    });

    it("agrees with a plain array over many additions and removals", () => {
        // Few numbers in several far-apart clusters, so that runs of the table meet and wrap around.
        const clusters: u64[] = [0x400, 0x600, 0x10100, 0x10101, 0x7fffffff0];
        const frames = new StaticArray<u32>(5 * 64);
        const pages = new ResidentPages();
        let count: u32 = 0;
        let wrong = 0;
        for (let step: u32 = 1; step <= 20000; step++) {
            const index = next(5 * 64);
            const number =
                clusters[index >> 6] +
                (index & 63) * (index >> 6 == 2 ? 2 : 1) +
                (index >> 6 == 3 ? index & 63 : 0);
            const page = pages.find(number);
            if ((page === null ? 0 : page.frame) != frames[index]) wrong++;
            if (page === null) {
                pages.add(number, step, 0);
                frames[index] = step;
                count++;
            } else {
                remove(pages, number);
                frames[index] = 0;
                count--;
                if (next(16) == 0) pages.sweep();
            }
            if (pages.count != count) wrong++;
        }
        expect(wrong).toBe(0);
    });

    it("frees blocks without pages, and shrinks", () => {
        const pages = new ResidentPages();
        for (let i: u64 = 1; i <= 5000; i++) pages.add(i, <u32>i, 0);
        const large = pages.capacity;
        for (let i: u64 = 1; i <= 5000; i++) if (i % 100 != 0) remove(pages, i);
        pages.sweep();
        expect(pages.count).toBe(50);
        expect(pages.capacity).toBeLessThan(large);
        let found = 0;
        for (let i: u64 = 1; i <= 5000; i++) if (pages.find(i) !== null) found++;
        expect(found).toBe(50);
        let blocks = 0;
        for (let i: u32 = 0; i < pages.capacity; i++) if (pages.blockAt(i) !== null) blocks++;
        expect(blocks).toBe(50);
    });

    it("keeps slot and flags apart", () => {
        const pages = new ResidentPages();
        const page = pages.add(7, 9, 1 << 25);
        page.slot = 0x1234;
        expect(page.slot).toBe(0x1234);
        expect(page.has(1 << 25)).toBe(true);
        page.slot = 0;
        expect(page.state).toBe(1 << 25);
    });
});
