// SPDX-License-Identifier: Apache-2.0

import { realtimeNow } from "../kernel/clock";
import { Inode } from "./inode";

/** Now, as inodes keep times: nanoseconds since the epoch. */
// @ts-ignore: decorator
@inline
export function fileTime(): i64 {
    return <i64>realtimeNow();
}

/** All times of `inode` become now: it is new. */
export function setTimes(inode: Inode): void {
    const time = fileTime();
    inode.accessTime = time;
    inode.modificationTime = time;
    inode.changeTime = time;
}

/** The content of `inode` has changed. */
export function contentChanged(inode: Inode): void {
    const time = fileTime();
    inode.modified = true;
    inode.modificationTime = time;
    inode.changeTime = time;
}

/** A day: relatime sets access times that are older. */
const ACCESS_TIME_AGE: i64 = 24 * 3600 * 1_000_000_000;

/**
 * The content of `inode` has been read. As mounted with relatime: the access time becomes now if it is not newer than the other
 * times, or a day old. Files that are as the image has them keep theirs, as below an overlay.
 */
export function contentRead(inode: Inode): void {
    if (!inode.modified || inode.fileSystem.readOnly) return;
    const before = inode.accessTime;
    if (before > inode.modificationTime && before > inode.changeTime) {
        if (fileTime() - before < ACCESS_TIME_AGE) return;
    }
    inode.accessTime = fileTime();
}

/** Attributes or names of `inode` have changed. */
export function attributesChanged(inode: Inode): void {
    inode.modified = true;
    inode.changeTime = fileTime();
}

const NANOSECONDS: i64 = 1_000_000_000;
/** What an i64 of nanoseconds reaches: the years 1677 to 2262. Times beyond are clamped, as filesystems do. */
const SECONDS_MAXIMUM: i64 = i64.MAX_VALUE / NANOSECONDS - 1;

/** A time of seconds and nanoseconds. */
export function timeOf(seconds: i64, nanoseconds: u32): i64 {
    return max(-SECONDS_MAXIMUM, min(SECONDS_MAXIMUM, seconds)) * NANOSECONDS + nanoseconds;
}

/** Whole seconds of a time, rounded down, so that secondsOf * 10^9 + nanosecondsOf is the time. */
export function secondsOf(time: i64): i64 {
    const seconds = time / NANOSECONDS;
    return time % NANOSECONDS < 0 ? seconds - 1 : seconds;
}

export function nanosecondsOf(time: i64): u32 {
    const rest = time % NANOSECONDS;
    return <u32>(rest < 0 ? rest + NANOSECONDS : rest);
}
