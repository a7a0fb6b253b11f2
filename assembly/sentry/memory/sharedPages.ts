// SPDX-License-Identifier: Apache-2.0
//
// The pages of a shared anonymous mapping: several regions, in several processes, refer to one such object. Pages get
// their frames at the first touch.

import { allocateFrame, releaseFrame } from "./frames";

export class SharedPages {
    private frames: Array<u32> = [];
    private references: i32 = 1;

    retain(): SharedPages {
        this.references++;
        return this;
    }

    /** One region fewer; the last one frees the frames (which regions' pages hold on their own). */
    release(): void {
        if (--this.references > 0) return;
        for (let i = 0; i < this.frames.length; i++) {
            if (this.frames[i] != 0) releaseFrame(this.frames[i]);
        }
        this.frames = [];
    }

    /** The frame of a page, not retained; 0 when memory is used up. */
    frame(page: u32): u32 {
        // Appending keeps the array as short as what has been touched.
        while (<u32>this.frames.length <= page) this.frames.push(0);
        if (this.frames[page] == 0) this.frames[page] = allocateFrame();
        return this.frames[page];
    }
}
