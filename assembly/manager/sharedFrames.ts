// SPDX-License-Identifier: Apache-2.0
//
// Frames that the manager fills once and that containers share read-only: pages of code (codePages.ts) and pages that they have in common
// (commonPages.ts). They are the store's (StoreFrames.takeApart), are mapped nowhere, and stay.

import { Frame, capability } from "../sel4/capabilities";
import { ERROR_NONE, RIGHT_READ } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { DONE, EINVAL } from "./answers";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { OWNER_LAYER_CODE, OWNER_LAYER_DATA } from "./owners";
import { SCRATCH_PAGE, mapInWindow } from "./window";

export class SharedFrames {
    /** Slots of the frames' capabilities. */
    private readonly slots: u32[] = new Array<u32>();

    /** There can be `minimum` frames, or one for 2^`shift` of the store's pages of files, where that is more: whatever sentries ask for. */
    constructor(
        private readonly store: LayerStore,
        private readonly minimum: u32,
        private readonly shift: u32,
    ) {}

    get count(): i32 {
        return this.slots.length;
    }

    /** Whether there may be another one. */
    get hasRoom(): bool {
        return <u32>this.count < max(this.minimum, <u32>(this.store.dataBytes >> (PAGE_BITS + this.shift)));
    }

    /** Makes a frame with PAGE_SIZE bytes from `content`. Its index, or -1 when memory is used up. */
    add(content: usize): i32 {
        const cspace = machine().cspace;
        const slot = cspace.allocate();
        if (slot == 0) return -1;
        if (!this.store.takeFrame(slot)) {
            cspace.free(slot);
            return -1;
        }
        if (!mapInWindow(slot, SCRATCH_PAGE, true)) {
            // The frame is nobody's until the store gives its memory back.
            cspace.delete(slot);
            cspace.free(slot);
            return -1;
        }
        memory.copy(SCRATCH_PAGE, content, PAGE_SIZE);
        // From here on nobody can write it.
        capability<Frame>(slot).unmap();
        account(PAGE_SIZE);
        return this.slots.push(slot) - 1;
    }

    /** Maps a frame at SCRATCH_PAGE, to be looked at. False when there is no memory for page tables. */
    beginLook(index: i32): bool {
        return mapInWindow(this.slots[index], SCRATCH_PAGE, false);
    }

    endLook(index: i32): void {
        capability<Frame>(this.slots[index]).unmap();
    }

    /** Puts a capability to a frame into an empty slot of a container's sentry: DONE, or EINVAL where there is no such slot. */
    give(index: i32, container: Instance, slot: u32): u32 {
        const error = machine().cspace.copyInto(container.root, slot, this.slots[index], RIGHT_READ);
        return error == ERROR_NONE ? DONE : EINVAL;
    }

    /** Forgets all frames; the store, which is to be released next, gives their memory back. Copies that sentries hold go with it. */
    release(): void {
        const cspace = machine().cspace;
        account(-((<i64>this.count) << PAGE_BITS));
        while (this.slots.length > 0) {
            const slot = this.slots.pop();
            cspace.delete(slot);
            cspace.free(slot);
        }
    }
}

/** `bytes` more of the store's memory are such frames. */
function account(bytes: i64): void {
    machine().pool.account(OWNER_LAYER_DATA, -bytes);
    machine().pool.account(OWNER_LAYER_CODE, bytes);
}
