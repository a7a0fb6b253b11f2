// SPDX-License-Identifier: Apache-2.0
//
// The files of /proc/PID/task/TID that are about the thread and not about its process; in /proc/PID they are about the first
// thread.

import { Process } from "../../kernel/process";
import { findThread, Thread, THREAD_BLOCKED, THREAD_DEAD } from "../../kernel/thread";
import { FileSystem } from "../fileSystem";
import { StaticEntry, TextInode } from "./procInodes";

/** Said by the inode whose text is being made or taken; null when that is one of /proc/PID. */
let prepared: Thread | null = null;

/** A file of /proc/PID/task/TID that is about the thread. */
class ThreadText extends TextInode {
    constructor(
        fileSystem: FileSystem,
        number: u64,
        entry: StaticEntry,
        process: Process,
        private readonly thread: Thread,
    ) {
        super(fileSystem, number, entry, process);
    }

    prepare(): void {
        prepared = this.thread;
    }
}

/** The inode of a row of /proc/PID/task/TID, or null when the row is about the process. */
export function makeThreadText(
    fileSystem: FileSystem,
    number: u64,
    entry: StaticEntry,
    process: Process,
    thread: Thread,
): TextInode | null {
    const name = entry.name;
    if (name != "comm" && name != "stat" && name != "status") return null;
    return new ThreadText(fileSystem, number, entry, process, thread);
}

/** The thread that `takeThread` found, or null: a first thread that has ended before its process. */
export let shownThread: Thread | null = null;
/** Whether only that thread is shown, and not the process with it. */
export let isThreadAlone: bool = false;

/** Finds whose text it is. False when the thread has ended. */
export function takeThread(process: Process): bool {
    shownThread = prepared;
    isThreadAlone = prepared !== null;
    prepared = null;
    if (isThreadAlone) return shownThread!.state != THREAD_DEAD;
    shownThread = findThread(process.pid);
    return true;
}

/** The state's letter: R, S, T or Z. */
export function stateOf(process: Process, thread: Thread | null): string {
    if (process.exited || thread === null) return "Z";
    if (process.stopped) return "T";
    return thread.state == THREAD_BLOCKED ? "S" : "R";
}

/** comm of the thread that takeThread found. */
export function nameOf(process: Process, thread: Thread | null): string {
    return thread === null ? process.name : thread.comm;
}
