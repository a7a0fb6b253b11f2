// SPDX-License-Identifier: Apache-2.0

import { FileSystem, TMPFS_MAGIC } from "../../../assembly/sentry/fs/fileSystem";
import { Inode } from "../../../assembly/sentry/fs/inode";
import {
    conflictingLock,
    LOCK_END,
    LOCK_NONE,
    LOCK_READ,
    LOCK_WRITE,
    setLock,
} from "../../../assembly/sentry/fs/locks";
import { EAGAIN } from "../../../assembly/sentry/kernel/errno";

class PlainInode extends Inode {}

const ALICE: usize = 8;
const BOB: usize = 16;

let file: Inode = changetype<Inode>(0);

function lock(owner: usize, type: u32, first: i64, last: i64): i64 {
    return setLock(file, type, first, last, owner, false, <i32>owner, false);
}

/** The locks of an owner as "first-last type", in the order of their bytes. */
function locksOf(owner: usize): string {
    let text = "";
    let from: i64 = 0;
    for (;;) {
        let nearest: i64 = LOCK_END;
        let found = "";
        let end: i64 = 0;
        for (let held = file.locks; ;) {
            if (held === null) break;
            if (held.owner == owner && held.first >= from && held.first < nearest) {
                nearest = held.first;
                end = held.last;
                const last = held.last == LOCK_END ? "end" : held.last.toString();
                found = held.first.toString() + "-" + last + (held.type == LOCK_WRITE ? "w " : "r ");
            }
            held = held.next;
        }
        if (found.length == 0) break;
        text += found;
        if (end == LOCK_END) break;
        from = end + 1;
    }
    return text;
}

describe("record locks", () => {
    beforeEach(() => {
        file = new PlainInode(new FileSystem("tmpfs", TMPFS_MAGIC, true), 1, 0o100644);
    });

    it("keep writers out of what others have, and readers out of what others write", () => {
        expect(lock(ALICE, LOCK_WRITE, 10, 19)).toBe(0);
        expect(lock(BOB, LOCK_READ, 0, 9)).toBe(0);
        expect(lock(BOB, LOCK_READ, 19, 30)).toBe(-EAGAIN);
        expect(lock(ALICE, LOCK_READ, 0, 9)).toBe(0);
        expect(lock(ALICE, LOCK_WRITE, 9, 9)).toBe(-EAGAIN);
        const conflict = conflictingLock(file, LOCK_READ, 0, LOCK_END, BOB, false);
        expect(conflict!.first).toBe(10);
        expect(conflict!.pid).toBe(<i32>ALICE);
    });

    it("split when a part of them is given back", () => {
        lock(ALICE, LOCK_WRITE, 0, 99);
        lock(ALICE, LOCK_NONE, 40, 59);
        expect(locksOf(ALICE)).toBe("0-39w 60-99w ");
        lock(ALICE, LOCK_NONE, 90, LOCK_END);
        expect(locksOf(ALICE)).toBe("0-39w 60-89w ");
        expect(lock(BOB, LOCK_WRITE, 40, 59)).toBe(0);
        lock(ALICE, LOCK_NONE, 0, LOCK_END);
        expect(locksOf(ALICE)).toBe("");
        expect(locksOf(BOB)).toBe("40-59w ");
    });

    it("join their neighbours and change their type in part", () => {
        lock(ALICE, LOCK_READ, 0, 9);
        lock(ALICE, LOCK_READ, 20, 29);
        lock(ALICE, LOCK_READ, 10, 19);
        expect(locksOf(ALICE)).toBe("0-29r ");
        lock(ALICE, LOCK_WRITE, 5, 14);
        expect(locksOf(ALICE)).toBe("0-4r 5-14w 15-29r ");
        lock(ALICE, LOCK_READ, 0, LOCK_END);
        expect(locksOf(ALICE)).toBe("0-endr ");
    });

    it("are no concern of flock", () => {
        expect(lock(ALICE, LOCK_WRITE, 0, LOCK_END)).toBe(0);
        expect(setLock(file, LOCK_WRITE, 0, LOCK_END, BOB, true, -1, false)).toBe(0);
        expect(setLock(file, LOCK_READ, 0, LOCK_END, ALICE, true, -1, false)).toBe(-EAGAIN);
    });

    it("that flock converts are lost when the new one is refused", () => {
        expect(setLock(file, LOCK_READ, 0, LOCK_END, ALICE, true, -1, false)).toBe(0);
        expect(setLock(file, LOCK_READ, 0, LOCK_END, BOB, true, -1, false)).toBe(0);
        expect(setLock(file, LOCK_WRITE, 0, LOCK_END, ALICE, true, -1, false)).toBe(-EAGAIN);
        expect(setLock(file, LOCK_WRITE, 0, LOCK_END, BOB, true, -1, false)).toBe(0);
    });
});
