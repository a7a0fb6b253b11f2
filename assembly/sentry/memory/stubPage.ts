// SPDX-License-Identifier: Apache-2.0
//
// The page with the sentry's machine code for programs (arch): one frame for all processes of the container, mapped
// read-only behind each stack when a signal handler first runs.

import { writeStubs } from "../arch/machine";
import { allocateFrame, frameAddress, releaseFrame } from "./frames";

let frame: u32 = 0;

/** The stub page's frame (not retained), or 0 when memory is used up. */
export function stubFrame(): u32 {
    if (frame != 0) return frame;
    const made = allocateFrame();
    if (made == 0) return 0;
    const address = frameAddress(made);
    if (address == 0) {
        releaseFrame(made);
        return 0;
    }
    writeStubs(address);
    frame = made;
    return frame;
}
