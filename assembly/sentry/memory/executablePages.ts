// SPDX-License-Identifier: Apache-2.0
//
// Pages that programs execute, on architectures where code has to be patched first (arch/systemCallSites.ts). A page of an
// image without system calls is executed from the layer store like any other. One with system calls is copied once for all
// containers, by the manager, or where that has no memory left for it, once for this one; reading the file gives the image's bytes.
// The statically linked BusyBox of the demonstration has 284 system calls in 41 of its 388 executable pages, esbuild has 40 in
// 4 of 1447. Pages of files written at run time are copied for each process, since their bytes may still change.

import { OpenFile } from "../fs/openFile";
import { PAGE_SIZE } from "../../std/pages";
import { findCalls, mayHaveCalls, patchCalls, PATCHES_CODE } from "../arch/systemCallSites";
import {
    allocateFrame,
    beginLook,
    endLook,
    executableOf,
    frameAddress,
    isStoreFrame,
    NOT_PATCHED_YET,
    releaseFrame,
    setExecutable,
    sharedCodeFrame,
} from "./frames";

/** Where the bytes of a neighbour are, or 0: it only helps to tell instructions from operands. */
function neighbour(file: OpenFile, index: u32, exists: bool): usize {
    if (!exists) return 0;
    const frame = file.mappableFrame(index);
    return frame == 0 ? 0 : frameAddress(frame);
}

/**
 * System calls in page `index` of a file, whose frame is `source`, as findCalls counts them; -1 when there is no memory to
 * look. `follows`: the page before belongs to the same mapping.
 */
export function callsInFile(file: OpenFile, index: u32, source: u32, follows: bool): i32 {
    const page = frameAddress(source);
    if (page == 0) return -1;
    if (!mayHaveCalls(page)) return 0;
    return findCalls(page, neighbour(file, index - 1, follows), neighbour(file, index + 1, true));
}

/**
 * The frame to execute page `index` of a file from, where its content is in `source` (mappableFrame); not retained. What is
 * returned for a file that may still change is `source`: the caller looks for system calls. 0: no memory. NOT_PATCHED_YET: another
 * frame may be needed, which is asked for only when the page `isNeeded`.
 */
export function executableFrame(file: OpenFile, index: u32, source: u32, follows: bool, isNeeded: bool): u32 {
    if (!PATCHES_CODE || !isStoreFrame(source)) return source;
    let known = executableOf(source);
    if (known == 0) {
        const page = beginLook(source);
        if (page == 0) return 0;
        known = mayHaveCalls(page) ? NOT_PATCHED_YET : source;
        endLook(source, page);
        setExecutable(source, known);
    }
    if (known != NOT_PATCHED_YET || !isNeeded) return known;
    let executable = sharedCodeFrame(source, follows, file.mappableFrame(index + 1) != 0);
    if (executable == 0) {
        const calls = callsInFile(file, index, source, follows);
        if (calls < 0) return 0;
        executable = calls == 0 ? source : patchedFrame(PAGE_SIZE, true);
        if (executable == 0) return 0;
    }
    setExecutable(source, executable);
    return executable;
}

/** A frame with the first `bytes` bytes of the page that findCalls has looked at last, patched, and zeros behind; or 0. */
export function patchedFrame(bytes: u32, forFile: bool): u32 {
    const frame = allocateFrame(forFile);
    if (frame == 0) return 0;
    const address = frameAddress(frame);
    if (address == 0) {
        releaseFrame(frame);
        return 0;
    }
    patchCalls(address, bytes);
    return frame;
}

/** Patches the page in a frame that belongs to one mapping alone. False: no memory to reach it. */
export function patchInPlace(frame: u32): bool {
    const page = frameAddress(frame);
    if (page == 0) return false;
    if (mayHaveCalls(page) && findCalls(page, 0, 0) > 0) patchCalls(page, PAGE_SIZE);
    return true;
}
