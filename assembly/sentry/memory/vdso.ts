// SPDX-License-Identifier: Apache-2.0
//
// The vDSO: one page for all processes, mapped read-only behind each stack. It holds a shared library with
// the time functions (runtime-c/vdso, vdso(7)), the clock's data for them, and the machine code with which threads enter
// and leave signal handlers and forks (arch, the stubs). Linux has the clock's data in a page of its own, [vvar], because it
// changes; here none of it changes while the machine runs, and a second page would be a second fault in every process.

import { clockCounter } from "../../sel4/generated/host";
import { EXCHANGE_ADDRESS, containerConfiguration } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { writeStubs } from "../arch/machine";
import { VDSO_STUBS } from "../arch/layout";
import { allocateCodeFrame, commonFrame, frameAddress, releaseFrame } from "./frames";
import { vdsoImage } from "./vdsoImage";

/** Where the clock's data is in the page: struct vdso_clock_data of runtime-c/vdso/clock_data.h, placed by vdso.ld. */
const CLOCK_DATA: usize = 0xbc0;

let frame: u32 = 0;

/**
 * The vDSO's frame (not retained), or 0 when memory is used up. It is the same in all containers, and so they share one; it is this container's
 * own where the manager has none to share.
 */
export function vdsoFrame(): u32 {
    if (frame != 0) return frame;
    write(EXCHANGE_ADDRESS);
    const common = commonFrame();
    if (common != 0) {
        frame = common;
        return frame;
    }
    const made = allocateCodeFrame();
    if (made == 0) return 0;
    const page = frameAddress(made);
    if (page == 0) {
        releaseFrame(made);
        return 0;
    }
    write(page);
    frame = made;
    return frame;
}

function write(page: usize): void {
    memory.fill(page, 0, PAGE_SIZE);
    memory.copy(page, changetype<usize>(vdsoImage), vdsoImage.length);
    const data = page + CLOCK_DATA;
    for (let fact = 0; fact < 3; fact++) store<u64>(data + (fact << 3), clockCounter(fact));
    store<u64>(data, containerConfiguration().realtimeOffset, 24);
    writeStubs(page + <usize>VDSO_STUBS);
}
