// SPDX-License-Identifier: Apache-2.0
//
// The indexes of the image's layers (std/layerIndex.ts), mapped read-only into the sentry's window at first use. Their
// frames belong to the layer store.

import { containerConfiguration } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { allocateSlots, freeSlot } from "../capabilities/slots";
import { fetchIndexFrames } from "../manager";
import { mapAt, reserveInWindow } from "./window";

/** Index pages fetched by one call to the manager. */
const BATCH: u32 = 16;

/** By layer, as many as there are: made at the first use. */
let addresses: StaticArray<usize> = new StaticArray<usize>(0);

/** Where layer `layer`'s index is (a LayerIndex), or 0 when the container has not enough memory to map it. */
export function layerIndex(layer: u32): usize {
    if (addresses.length == 0) {
        addresses = new StaticArray<usize>(containerConfiguration().layerCount);
    }
    if (addresses[layer] == 0) addresses[layer] = mapIndex(layer);
    return addresses[layer];
}

function mapIndex(layer: u32): usize {
    const pages = containerConfiguration().layer(layer).indexPages;
    const base = reserveInWindow(pages);
    if (base == 0) return 0;
    for (let page: u32 = 0; page < pages; page += BATCH) {
        const count = min(BATCH, pages - page);
        const first = allocateSlots(count);
        if (first == 0) return 0;
        const got = fetchIndexFrames(layer, page, count, first);
        for (let i = got; i < count; i++) freeSlot(first + i);
        if (got < count) return 0;
        for (let i: u32 = 0; i < count; i++) {
            if (!mapAt(first + i, base + (page + i) * PAGE_SIZE, false)) return 0;
        }
    }
    return base;
}
