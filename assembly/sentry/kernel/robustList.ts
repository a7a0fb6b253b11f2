// SPDX-License-Identifier: Apache-2.0
//
// Robust futexes (get_robust_list(2)): a thread's list, in its own memory, of the locks it holds. When it ends, each of them is
// marked, and one who waits for it is woken. Everything in the list is the program's word.

import { copiedIn, copyIn, copyIn32, copyOut32 } from "../memory/userMemory";
import { wakeFutex } from "./futex";
import { Thread } from "./thread";
import { reserveBuffer } from "../memory/buffers";

/** Linux's ROBUST_LIST_LIMIT: a list may be a circle that does not come back to its head. */
const LIST_LIMIT: i32 = 2048;
const FUTEX_WAITERS: u32 = 0x8000_0000;
const FUTEX_OWNER_DIED: u32 = 0x4000_0000;
const FUTEX_TID_MASK: u32 = 0x3fff_ffff;
/** Bit 0 of an entry: a futex of the priority inheriting kind. */
const PRIORITY_INHERITING: u64 = 1;

/** struct robust_list_head: first entry, offset from an entry to its futex, entry that is being taken or given up. */
const head: usize = reserveBuffer(24);
const entryWord: usize = reserveBuffer(8);

/** Goes through the list of a thread of the current process that ends, or leaves its memory by execve. */
export function releaseRobustList(thread: Thread): void {
    const address = thread.robustList;
    if (address == 0) return;
    thread.robustList = 0;
    if (copyIn(head, address, 24) != 0) return;
    let entry = load<u64>(head);
    const offset = load<u64>(head, 8);
    const pending = load<u64>(head, 16);
    for (let i = 0; i < LIST_LIMIT && (entry & ~PRIORITY_INHERITING) != address; i++) {
        // The next entry is read first: a woken owner may free this one.
        const place = entry & ~PRIORITY_INHERITING;
        const readable = copyIn(entryWord, place, 8) == 0;
        const next = load<u64>(entryWord);
        if (
            place != (pending & ~PRIORITY_INHERITING) &&
            !release(thread, place + offset, (entry & PRIORITY_INHERITING) != 0, false)
        )
            return;
        if (!readable) return;
        entry = next;
    }
    if (pending != 0) {
        const place = pending & ~PRIORITY_INHERITING;
        release(thread, place + offset, (pending & PRIORITY_INHERITING) != 0, true);
    }
}

/** Marks one futex if the thread owns it. False: it cannot be read, and the list ends. */
function release(thread: Thread, futex: u64, inheriting: bool, isPending: bool): bool {
    if ((futex & 3) != 0 || copyIn32(futex) != 0) return false;
    const value = <u32>copiedIn;
    const space = thread.process.addressSpace;
    if (isPending && !inheriting && value == 0) {
        // It was given up, and the thread ended before it could wake anyone.
        wakeFutex(space, futex, 1);
        return true;
    }
    if ((value & FUTEX_TID_MASK) != <u32>thread.tid) return true;
    if (copyOut32(futex, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED) != 0) return false;
    if (!inheriting && (value & FUTEX_WAITERS) != 0) wakeFutex(space, futex, 1);
    return true;
}
