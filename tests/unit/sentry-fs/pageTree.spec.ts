// SPDX-License-Identifier: Apache-2.0

import { NO_PAGE, PageTree } from "../../../assembly/sentry/fs/pageTree";

let released: u32 = 0;
let releasedSum: u64 = 0;

function release(frame: u32): void {
    released++;
    releasedSum += frame;
}

/** Numbers of a linear congruential generator: the same in every run. */
let seed: u32 = 1;
function next(limit: u32): u32 {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

describe("the page tree of a file", () => {
    beforeEach(() => {
        released = 0;
        releasedSum = 0;
    });

    it("holds a single page without a node, and pages far apart", () => {
        const tree = new PageTree(release);
        expect(tree.get(0)).toBe(0);
        expect(tree.next(0)).toBe(NO_PAGE);
        tree.set(0, 7);
        expect(tree.get(0)).toBe(7);
        expect(tree.get(1)).toBe(0);
        expect(tree.get(64)).toBe(0);
        expect(tree.get(u32.MAX_VALUE - 1)).toBe(0);
        tree.set(u32.MAX_VALUE - 1, 8);
        tree.set(4095, 9);
        expect(tree.get(0)).toBe(7);
        expect(tree.get(4095)).toBe(9);
        expect(tree.get(u32.MAX_VALUE - 1)).toBe(8);
        expect(tree.get(4094)).toBe(0);
        expect(tree.count).toBe(3);
        expect(tree.next(0)).toBe(0);
        expect(tree.next(1)).toBe(4095);
        expect(tree.next(4096)).toBe(u32.MAX_VALUE - 1);
        expect(tree.next(u32.MAX_VALUE)).toBe(NO_PAGE);
        tree.truncate(0);
        expect(released).toBe(3);
        expect(releasedSum).toBe(24);
        expect(tree.next(0)).toBe(NO_PAGE);
    });

    it("agrees with a plain array over many changes", () => {
        const size: u32 = 6000;
        const frames = new StaticArray<u32>(size);
        const tree = new PageTree(release);
        let count: u32 = 0;
        let expectedReleases: u32 = 0;
        let wrong = 0;
        for (let step: u32 = 1; step <= 30000; step++) {
            const index = next(size);
            if (tree.get(index) != frames[index]) wrong++;
            if (frames[index] == 0) {
                tree.set(index, step);
                frames[index] = step;
                count++;
            } else if (next(3) == 0) {
                tree.remove(index);
                frames[index] = 0;
                count--;
                expectedReleases++;
            }
            if (step % 5000 == 0) {
                const first = next(size);
                tree.truncate(first);
                for (let i = first; i < size; i++) {
                    if (frames[i] == 0) continue;
                    frames[i] = 0;
                    count--;
                    expectedReleases++;
                }
            }
            if (tree.count != count || released != expectedReleases) wrong++;
        }
        expect(wrong).toBe(0);
        let page: u32 = 0;
        for (let i: u32 = 0; i < size; i++) {
            if (frames[i] == 0) continue;
            page = tree.next(page);
            if (page != i) wrong++;
            page++;
        }
        expect(wrong).toBe(0);
        expect(tree.next(page)).toBe(NO_PAGE);
    });
});
