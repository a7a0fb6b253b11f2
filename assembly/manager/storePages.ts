// SPDX-License-Identifier: Apache-2.0
//
// The pages of the layer store. Pages of contents that are equal, in whatever layer, have one frame: the layers' page maps say which. An
// index lies in adjacent frames.

import { BootKey } from "../sel4/generated/boot-keys";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import { BundleFile } from "./bundle";
import { provideHeap } from "./heap";
import { fact, machine } from "./machine";
import { OWNER_BUNDLE, OWNER_LAYER_DATA, OWNER_LAYER_MAPS, OWNER_SCRATCH } from "./owners";
import { PageMaps } from "./pageMaps";
import { STORE_FRAMES_MAXIMUM, StoreFrames } from "./storeFrames";
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
    readonly frames: StoreFrames = new StoreFrames();
    private readonly mapArea: WindowArea = new WindowArea(PAGE_MAPS, PAGE_MAPS_LIMIT, OWNER_LAYER_MAPS);
    readonly maps: PageMaps = new PageMaps(this.mapArea);
    private readonly uniqueArea: WindowArea = new WindowArea(UNIQUE_PAGES, UNIQUE_PAGES_LIMIT, OWNER_SCRATCH);
    private readonly unique: UniquePages = new UniquePages(this.uniqueArea, STORE_FRAMES);
    /** Frames that have a number; a few more may exist. */
    private used: u32 = 0;
    /** Frames of contents. */
    dataFrames: u32 = 0;
    /** Those of them that are pages of the bundle. */
    private adoptedFrames: u32 = 0;
    /** A bit for each page of the bundle, set where it is one of them; 0 before the first. */
    private adopted: usize = 0;

    /** Frames of indexes. */
    get indexFrames(): u32 {
        return this.used - (this.dataFrames - this.adoptedFrames);
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

    /** Adds a page of the bundle to the contents. False when memory is used up. */
    adopt(page: u32): bool {
        if (this.adopted == 0) {
            const bytes = (<u32>fact(BootKey.BUNDLE_PAGES) + 7) >> 3;
            if (!provideHeap(bytes)) return false;
            this.adopted = heap.alloc(bytes);
            memory.fill(this.adopted, 0, bytes);
        }
        if (!this.maps.add(STORE_FRAMES_MAXIMUM + page)) return false;
        if (this.isAdopted(page)) return true;
        const at = this.adopted + (page >> 3);
        store<u8>(at, load<u8>(at) | (<u8>((<u32>1) << (page & 7))));
        const pool = machine().pool;
        pool.account(OWNER_BUNDLE, -(<u64>PAGE_SIZE));
        pool.account(OWNER_LAYER_DATA, PAGE_SIZE);
        this.dataFrames++;
        this.adoptedFrames++;
        return true;
    }

    private isAdopted(page: u32): bool {
        return this.adopted != 0 && ((load<u8>(this.adopted + (page >> 3)) >> (page & 7)) & 1) != 0;
    }

    /** Nobody will read an EROFS image in the bundle again: its pages that are not of the contents serve the store. */
    freeImage(file: BundleFile): void {
        const end = <u32>((file.offset + file.size) >> PAGE_BITS);
        for (let page = <u32>pagesFor(file.offset); page < end; page++) {
            if (this.isAdopted(page)) continue;
            const begin = page;
            while (page < end && !this.isAdopted(page)) page++;
            this.frames.spare.addBundle((<u64>begin) << PAGE_BITS, (<u64>page) << PAGE_BITS);
        }
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
        this.adoptedFrames = 0;
        if (this.adopted != 0) heap.free(this.adopted);
        this.adopted = 0;
    }
}
