// SPDX-License-Identifier: Apache-2.0
//
// The pages of the layer store. Pages of contents that are equal, in whatever layer, have one frame: the layers' page maps say which. An
// index lies in adjacent frames.

import { PAGE_SIZE } from "../std/pages";
import { BundlePages } from "./bundlePages";
import { OWNER_LAYER_MAPS, OWNER_SCRATCH } from "./owners";
import { PageMaps } from "./pageMaps";
import { StoreFrames } from "./storeFrames";
import { UniquePages } from "./uniquePages";
import {
    PAGE_MAPS,
    PAGE_MAPS_LIMIT,
    STORE_FRAMES,
    UNIQUE_PAGES,
    UNIQUE_PAGES_LIMIT,
    WindowArea,
} from "./window";

export class StorePages {
    readonly frames: StoreFrames = new StoreFrames(new BundlePages());
    private readonly mapArea: WindowArea = new WindowArea(PAGE_MAPS, PAGE_MAPS_LIMIT, OWNER_LAYER_MAPS, 0);
    readonly maps: PageMaps = new PageMaps(this.mapArea);
    private readonly uniqueArea: WindowArea = new WindowArea(
        UNIQUE_PAGES,
        UNIQUE_PAGES_LIMIT,
        OWNER_SCRATCH,
        0,
    );
    private readonly unique: UniquePages = new UniquePages(this.uniqueArea, STORE_FRAMES);
    /** Frames that have a number; a few more may exist. */
    private used: u32 = 0;
    /** Frames of contents. */
    dataFrames: u32 = 0;

    /** Frames of indexes. */
    get indexFrames(): u32 {
        return this.used - this.dataFrames;
    }

    /** Adds a copy of a page to the contents. False when memory is used up. */
    add(page: usize): bool {
        if (!this.frames.ensure(this.used + 1)) return false;
        // What the unpacker can write is copied before it is looked at.
        memory.copy(StoreFrames.address(this.used), page, PAGE_SIZE);
        const frame = this.unique.unify(this.used);
        if (frame < 0 || !this.maps.add(frame)) return false;
        if (<u32>frame == this.used) {
            this.used++;
            this.dataFrames++;
        }
        return true;
    }

    /** Adds the page at a place of the maps to the contents once more. False when memory is used up. */
    addShared(place: u32): bool {
        return this.maps.add(this.maps.frame(place));
    }

    /** The number of the first of `count` adjacent frames, or -1 when memory is used up. What they hold is not said. */
    takeAdjacent(count: u32): i32 {
        if (!this.frames.ensure(this.used + count)) return -1;
        const first = this.used;
        this.used += count;
        return first;
    }

    /** Gives back what only the search for equal pages takes. No page is added afterwards. */
    complete(): void {
        this.unique.clear();
        this.uniqueArea.release();
    }

    /** Gives all memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        this.complete();
        this.maps.clear();
        this.mapArea.release();
        this.frames.release();
        this.used = 0;
        this.dataFrames = 0;
    }
}
