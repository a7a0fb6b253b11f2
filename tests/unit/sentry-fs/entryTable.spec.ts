// SPDX-License-Identifier: Apache-2.0

import { FileSystem, TMPFS_MAGIC } from "../../../assembly/sentry/fs/fileSystem";
import { Inode } from "../../../assembly/sentry/fs/inode";
import { copyName } from "../../../assembly/sentry/fs/location";
import { Entry, EntryTable } from "../../../assembly/sentry/fs/overlay/entryTable";

class PlainInode extends Inode {}

const fileSystem = new FileSystem("tmpfs", TMPFS_MAGIC, true);

function inode(number: u64): Inode {
    return new PlainInode(fileSystem, number, 0o100644);
}

/** The bytes of a text as a name that lasts. */
function name(text: string): StaticArray<u8> {
    const bytes = String.UTF8.encode(text);
    return copyName(changetype<usize>(bytes), bytes.byteLength);
}

function find(table: EntryTable, text: string): Entry | null {
    const bytes = String.UTF8.encode(text);
    return table.find(changetype<usize>(bytes), bytes.byteLength);
}

describe("the changed names of a directory", () => {
    it("finds names by their bytes", () => {
        const table = new EntryTable();
        table.add(name("a"), inode(1));
        table.add(name("ab"), inode(2));
        table.add(name("\u00e4"), inode(3));
        expect(find(table, "a")!.inode!.number).toBe(1);
        expect(find(table, "ab")!.inode!.number).toBe(2);
        expect(find(table, "\u00e4")!.inode!.number).toBe(3);
        expect(find(table, "b") === null).toBe(true);
        expect(find(table, "") === null).toBe(true);
    });

    it("keeps hundreds of names apart while names come and go", () => {
        const table = new EntryTable();
        for (let i = 0; i < 500; i++) table.add(name("n" + i.toString()), inode(i));
        for (let i = 0; i < 500; i += 2) table.remove(find(table, "n" + i.toString())!);
        let wrong = 0;
        for (let i = 0; i < 500; i++) {
            const entry = find(table, "n" + i.toString());
            if ((entry === null) != (i % 2 == 0)) wrong++;
            if (entry !== null && entry.inode!.number != <u64>i) wrong++;
        }
        expect(wrong).toBe(0);
    });

    it("is read in the order of making, from any cookie, past whiteouts", () => {
        const table = new EntryTable();
        for (let i = 0; i < 10; i++) table.add(name(i.toString()), i == 4 ? null : inode(i));
        let seen = "";
        let cookie: u32 = 0;
        for (let entry = table.from(0); entry !== null; entry = table.from(cookie)) {
            seen += entry.inode!.number.toString();
            cookie = entry.cookie + 1;
        }
        expect(seen).toBe("012356789");
        // A reader that has seen "2" goes on with "3", whatever happens before and behind.
        const position = find(table, "2")!.cookie + 1;
        table.remove(find(table, "2")!);
        table.remove(find(table, "0")!);
        table.add(name("new"), inode(99));
        expect(table.from(position)!.inode!.number).toBe(3);
        table.remove(find(table, "3")!);
        expect(table.from(position)!.inode!.number).toBe(5);
        expect(table.from(find(table, "9")!.cookie + 1)!.inode!.number).toBe(99);
        expect(table.from(find(table, "new")!.cookie + 1) === null).toBe(true);
    });

    it("is empty when everything has been removed", () => {
        const table = new EntryTable();
        table.add(name("a"), inode(1));
        table.add(name("b"), inode(2));
        table.remove(find(table, "b")!);
        table.remove(find(table, "a")!);
        expect(table.from(0) === null).toBe(true);
        table.add(name("c"), inode(3));
        expect(table.from(0)!.inode!.number).toBe(3);
    });
});
