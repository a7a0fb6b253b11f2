// SPDX-License-Identifier: Apache-2.0

import { CodePageTable } from "../../../assembly/manager/codePageTable";

const COUNT: u32 = 1000;

describe("the table of patched pages", () => {
    it("numbers entries in the order in which they are added, as it grows", () => {
        const table = new CodePageTable();
        for (let i: u32 = 0; i < COUNT; i++) {
            expect(table.find(i, i + 1, i + 2)).toBe(-1);
            table.add(i, i + 1, i + 2);
        }
        for (let i: u32 = 0; i < COUNT; i++) expect(table.find(i, i + 1, i + 2)).toBe(<i32>i);
        expect(table.find(COUNT, COUNT + 1, COUNT + 2)).toBe(-1);
    });

    it("tells a page's variants by its neighbours", () => {
        const table = new CodePageTable();
        table.add(7, 0, 0);
        table.add(7, 7, 0);
        table.add(7, 0, 9);
        table.add(7, 7, 9);
        expect(table.find(7, 0, 0)).toBe(0);
        expect(table.find(7, 7, 0)).toBe(1);
        expect(table.find(7, 0, 9)).toBe(2);
        expect(table.find(7, 7, 9)).toBe(3);
        expect(table.find(7, 9, 7)).toBe(-1);
    });

    it("is empty again when it is cleared", () => {
        const table = new CodePageTable();
        for (let i: u32 = 0; i < COUNT; i++) table.add(i, 0, 0);
        table.clear();
        for (let i: u32 = 0; i < COUNT; i++) expect(table.find(i, 0, 0)).toBe(-1);
        table.add(5, 0, 0);
        expect(table.find(5, 0, 0)).toBe(0);
    });
});
