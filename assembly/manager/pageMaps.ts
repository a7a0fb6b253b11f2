// SPDX-License-Identifier: Apache-2.0
//
// Which frame of the layer store holds which page of a layer's contents: the maps of all layers, one behind the other.

import { GrowingArea } from "../std/growingArea";

export class PageMaps {
    /** Pages that have a frame. */
    private pages: u32 = 0;

    /** `area` is empty. */
    constructor(private readonly area: GrowingArea) {}

    /** Place of the page that is added next. */
    get next(): u32 {
        return this.pages;
    }

    /** Frame of the page at a place. */
    frame(place: u32): u32 {
        return load<u32>(this.area.base + ((<usize>place) << 2));
    }

    /** Adds a page. False when memory is used up. */
    add(frame: u32): bool {
        if (!this.area.ensure((this.pages + 1) << 2)) return false;
        store<u32>(this.area.base + ((<usize>this.pages) << 2), frame);
        this.pages++;
        return true;
    }

    /** Forgets all layers. The area's memory is the caller's. */
    clear(): void {
        this.pages = 0;
    }
}
