// SPDX-License-Identifier: Apache-2.0
//
// Pages that sentries make alike, like the vDSO: one frame for all of them. A sentry writes what it wants the page to hold, and gets a read-only
// capability to a frame that holds just these bytes, whoever made it first. So one that was subverted gives others nothing but what they have
// written themselves.
//
// These frames are the store's (StoreFrames.takeApart) and stay. There are few; a sentry that gets none has the page in its own quota.

import { ERROR_NONE, RIGHT_READ } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { DONE, EINVAL, ENOMEM } from "./answers";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { OWNER_LAYER_CODE, OWNER_LAYER_DATA } from "./owners";
import { COMMON_PAGES, COMMON_PAGES_MAXIMUM, mapInWindow } from "./window";

export class CommonPages {
    /** Slots of the frames' capabilities; each is mapped in the window, in this order. */
    private readonly frames: u32[] = new Array<u32>();

    constructor(private readonly store: LayerStore) {}

    /**
     * Puts a capability to a frame with the bytes of the container's exchange page into an empty slot of its sentry: 0, or EINVAL where there is
     * no such slot, or ENOMEM.
     */
    give(container: Instance, slot: u64): u32 {
        if (slot > u32.MAX_VALUE) return EINVAL;
        let index = this.find(container.exchange);
        if (index < 0) index = this.add(container.exchange);
        if (index < 0) return ENOMEM;
        const error = machine().cspace.copyInto(container.root, <u32>slot, this.frames[index], RIGHT_READ);
        return error == ERROR_NONE ? DONE : EINVAL;
    }

    /** Forgets all pages; the store, which is to be released next, gives their memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        const cspace = machine().cspace;
        account(-((<i64>this.frames.length) << PAGE_BITS));
        while (this.frames.length > 0) {
            const slot = this.frames.pop();
            cspace.delete(slot);
            cspace.free(slot);
        }
    }

    private find(content: usize): i32 {
        for (let i = 0; i < this.frames.length; i++) {
            if (memory.compare(address(i), content, PAGE_SIZE) == 0) return i;
        }
        return -1;
    }

    private add(content: usize): i32 {
        const index = this.frames.length;
        if (<u32>index == COMMON_PAGES_MAXIMUM) return -1;
        const cspace = machine().cspace;
        const slot = cspace.allocate();
        if (slot == 0) return -1;
        if (!this.store.takeFrame(slot)) {
            cspace.free(slot);
            return -1;
        }
        if (!mapInWindow(slot, address(index), true)) {
            // The frame is nobody's until the store gives its memory back.
            cspace.delete(slot);
            cspace.free(slot);
            return -1;
        }
        memory.copy(address(index), content, PAGE_SIZE);
        account(PAGE_SIZE);
        return this.frames.push(slot) - 1;
    }
}

function address(index: i32): usize {
    return COMMON_PAGES + ((<usize>index) << PAGE_BITS);
}

/** `bytes` more of the store's memory are such pages. */
function account(bytes: i64): void {
    machine().pool.account(OWNER_LAYER_DATA, -bytes);
    machine().pool.account(OWNER_LAYER_CODE, bytes);
}
