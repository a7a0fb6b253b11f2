// SPDX-License-Identifier: Apache-2.0
//
// Pages of the layer store as programs execute them: with their system call instructions patched (std/code). A sentry says which page of its
// layers it wants so, and gets a read-only capability to a frame that every other container with the page executes as well. So
// nothing of a frame may come from a sentry: the manager patches by itself, from the store's own frames, and what it makes of a page depends
// on their bytes and on which neighbours count, which is part of the key.
//
// How many there can be follows from the size of the store (sharedFrames.ts); a sentry that is refused makes a copy in its own quota.

import { AARCH64, X86_64 } from "../sel4/registers";
import * as aarch64 from "../std/code/aarch64Calls";
import * as x86_64 from "../std/code/x86_64Calls";
import { PAGE_SIZE } from "../std/pages";
import { EINVAL, ENOENT, ENOMEM } from "./answers";
import { CodePageTable } from "./codePageTable";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { SharedFrames } from "./sharedFrames";
import { StoredLayer } from "./storedLayer";

// Which neighbours belong to the program: bits of a request.
const NEIGHBOUR_BEFORE: u32 = 1;
const NEIGHBOUR_BEHIND: u32 = 2;

/** Patched pages that there may be, whatever the size of the store: a small program has most of its system calls in a few. */
const PAGES_MINIMUM: u32 = 16;
/** Else one for so many pages of files, as a power of two. BusyBox has 41 in 495. */
const PAGES_SHIFT: u32 = 3;

export class CodePages {
    private readonly frames: SharedFrames;
    private readonly table: CodePageTable = new CodePageTable();

    constructor(private readonly store: LayerStore) {
        this.frames = new SharedFrames(store, PAGES_MINIMUM, PAGES_SHIFT);
    }

    /**
     * Puts a capability to page `page` of a layer of the container's, patched, into an empty slot of its sentry: 0, or ENOENT where the page has
     * no system call, EINVAL where there is no such page or slot, or ENOMEM.
     */
    give(container: Instance, layer: u64, page: u64, neighbours: u64, slot: u64): u32 {
        const layers = container.layers;
        if (layer >= <u64>layers.length || slot > u32.MAX_VALUE) return EINVAL;
        const stored = this.store.layers[layers[<i32>layer]];
        if (page >= <u64>stored.dataPages) return EINVAL;
        const before = (neighbours & NEIGHBOUR_BEFORE) != 0 && page > 0;
        const behind = (neighbours & NEIGHBOUR_BEHIND) != 0 && page + 1 < <u64>stored.dataPages;
        const index = this.provide(stored, <u32>page, before, behind);
        if (index < 0) return index == NO_CALLS ? ENOENT : ENOMEM;
        return this.frames.give(index, container, <u32>slot);
    }

    /** As SharedFrames.release. */
    release(): void {
        this.frames.release();
        this.table.clear();
    }

    /** The number of the frame with a page, made when it is asked for first; NO_CALLS or NO_MEMORY where there is none. */
    private provide(layer: StoredLayer, page: u32, before: bool, behind: bool): i32 {
        const store = this.store;
        const frame = store.dataFrame(layer, page);
        const frameBefore = before ? store.dataFrame(layer, page - 1) + 1 : 0;
        const frameBehind = behind ? store.dataFrame(layer, page + 1) + 1 : 0;
        const known = this.table.find(frame, frameBefore, frameBehind);
        if (known >= 0) return known;
        if (!this.frames.hasRoom) return NO_MEMORY;
        const buffer = heap.alloc(x86_64.PATCH_BUFFER_BYTES);
        const copies = heap.alloc(3 * PAGE_SIZE);
        let index = NO_CALLS;
        const calls = patch(
            buffer,
            store.frameContent(frame, copies),
            frameBefore == 0 ? 0 : store.frameContent(frameBefore - 1, copies + PAGE_SIZE),
            frameBehind == 0 ? 0 : store.frameContent(frameBehind - 1, copies + 2 * PAGE_SIZE),
        );
        if (calls > 0) {
            index = this.frames.add(buffer + x86_64.PATCHED_PAGE);
            if (index < 0) index = NO_MEMORY;
            else this.table.add(frame, frameBefore, frameBehind);
        }
        heap.free(copies);
        heap.free(buffer);
        return index;
    }
}

const NO_CALLS: i32 = -1;
const NO_MEMORY: i32 = -2;

/** Writes a page, patched for this machine, to `buffer` + PATCHED_PAGE; how many system calls it has. */
function patch(buffer: usize, page: usize, before: usize, behind: usize): i32 {
    const architecture = machine().architecture;
    if (architecture == X86_64) return x86_64.patchedPage(buffer, page, before, behind);
    if (architecture == AARCH64) return aarch64.patchedPage(buffer + x86_64.PATCHED_PAGE, page);
    return 0;
}
