// SPDX-License-Identifier: Apache-2.0
//
// Pages of the layer store as programs execute them: with their system call instructions patched (std/code). A sentry says which page of its
// layers it wants so, and gets a read-only capability to a frame that every other container with the page executes as well. So
// nothing of a frame may come from a sentry: the manager patches by itself, from the store's own frames, and what it makes of a page depends
// on their bytes and on which neighbours count, which is part of the key.
//
// These frames are the store's (StoreFrames.takeApart) and stay. How many there can be follows from the size of the store, whatever
// sentries ask for; one that is refused makes a copy in its own quota.

import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE, RIGHT_READ } from "../sel4/objects";
import { AARCH64, X86_64 } from "../sel4/registers";
import * as aarch64 from "../std/code/aarch64Calls";
import * as x86_64 from "../std/code/x86_64Calls";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { DONE, EINVAL, ENOENT, ENOMEM } from "./answers";
import { CodePageTable } from "./codePageTable";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { OWNER_LAYER_CODE, OWNER_LAYER_DATA } from "./owners";
import { StoredLayer } from "./storedLayer";
import { SCRATCH_PAGE, mapInWindow } from "./window";

// Which neighbours belong to the program: bits of a request.
const NEIGHBOUR_BEFORE: u32 = 1;
const NEIGHBOUR_BEHIND: u32 = 2;

/** Patched pages that there may be, whatever the size of the store: a small program has most of its system calls in a few. */
const PAGES_MINIMUM: u32 = 16;
/** Else one for so many pages of files, as a power of two. BusyBox has 41 in 495. */
const PAGES_SHIFT: u32 = 3;

export class CodePages {
    /** Slots of the frames' capabilities. */
    private readonly frames: u32[] = new Array<u32>();
    private readonly table: CodePageTable = new CodePageTable();

    constructor(private readonly store: LayerStore) {}

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
        const error = machine().cspace.copyInto(container.root, <u32>slot, this.frames[index], RIGHT_READ);
        return error == ERROR_NONE ? DONE : EINVAL;
    }

    /** Forgets all pages; the store, which is to be released next, gives their memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        const frames = this.frames;
        const cspace = machine().cspace;
        account(-((<i64>frames.length) << PAGE_BITS));
        while (frames.length > 0) {
            const slot = frames.pop();
            cspace.delete(slot);
            cspace.free(slot);
        }
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
        const most = max(PAGES_MINIMUM, <u32>(store.dataBytes >> (PAGE_BITS + PAGES_SHIFT)));
        if (<u32>this.frames.length >= most) return NO_MEMORY;
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
            index = this.makeFrame(buffer + x86_64.PATCHED_PAGE);
            if (index >= 0) this.table.add(frame, frameBefore, frameBehind);
        }
        heap.free(copies);
        heap.free(buffer);
        return index;
    }

    /** Makes a frame with PAGE_SIZE bytes from `content`. Its index in `frames`, or NO_MEMORY. */
    private makeFrame(content: usize): i32 {
        const cspace = machine().cspace;
        const slot = cspace.allocate();
        if (slot == 0) return NO_MEMORY;
        if (!this.store.takeFrame(slot)) {
            cspace.free(slot);
            return NO_MEMORY;
        }
        if (!mapInWindow(slot, SCRATCH_PAGE, true)) {
            // The frame is nobody's until the store gives its memory back.
            cspace.delete(slot);
            cspace.free(slot);
            return NO_MEMORY;
        }
        memory.copy(SCRATCH_PAGE, content, PAGE_SIZE);
        // From here on nobody can write it.
        capability<Frame>(slot).unmap();
        account(PAGE_SIZE);
        return this.frames.push(slot) - 1;
    }
}

const NO_CALLS: i32 = -1;
const NO_MEMORY: i32 = -2;

/** `bytes` more of the store's memory are patched code. */
function account(bytes: i64): void {
    machine().pool.account(OWNER_LAYER_DATA, -bytes);
    machine().pool.account(OWNER_LAYER_CODE, bytes);
}

/** Writes a page, patched for this machine, to `buffer` + PATCHED_PAGE; how many system calls it has. */
function patch(buffer: usize, page: usize, before: usize, behind: usize): i32 {
    const architecture = machine().architecture;
    if (architecture == X86_64) return x86_64.patchedPage(buffer, page, before, behind);
    if (architecture == AARCH64) return aarch64.patchedPage(buffer + x86_64.PATCHED_PAGE, page);
    return 0;
}
