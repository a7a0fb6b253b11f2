// SPDX-License-Identifier: Apache-2.0
//
// The pages of a shared anonymous mapping: several regions, in several processes, refer to one such object. Pages get
// their frames at the first touch.

import { NO_PAGE, PageTree } from "../fs/pageTree";
import { allocateFrame, releaseFrame } from "./frames";

export class SharedPages {
    private readonly pages: PageTree = new PageTree(releaseFrame);
    protected references: i32 = 1;

    retain(): SharedPages {
        this.references++;
        return this;
    }

    /** One region fewer; the last one frees the frames (which regions' pages hold on their own). */
    release(): void {
        if (--this.references == 0) this.pages.truncate(0);
    }

    /** The frame of a page, not retained; 0 when memory is used up. */
    frame(page: u32): u32 {
        const known = this.pages.get(page);
        if (known != 0 || page == NO_PAGE) return known;
        const frame = allocateFrame();
        if (frame != 0) this.pages.set(page, frame);
        return frame;
    }

    /** The frame that a page has already, or 0. */
    presentFrame(page: u32): u32 {
        return this.pages.get(page);
    }

    /** Pages that have a frame. */
    get count(): u32 {
        return this.pages.count;
    }

    /** Gives up the frame of a page (madvise MADV_REMOVE). */
    remove(page: u32): void {
        this.pages.remove(page);
    }
}
