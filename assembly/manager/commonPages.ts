// SPDX-License-Identifier: Apache-2.0
//
// Pages that sentries make alike, like the vDSO, or the relocated pages of one program: one frame for all of them. A sentry writes what it wants
// the page to hold, and gets a read-only capability to a frame that holds just these bytes, whoever made it first. So one that was subverted gives
// others nothing but what they have written themselves.
//
// How many there can be follows from the size of the store (sharedFrames.ts); a sentry that is refused has the page in its own quota.

import { pagesEqual, pagesHash } from "../sel4/generated/host";
import { EINVAL, ENOMEM } from "./answers";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { SharedFrames } from "./sharedFrames";
import { SCRATCH_PAGE } from "./window";

/** Pages that there may be, whatever the size of the store. */
const PAGES_MINIMUM: u32 = 16;
/** Else one for so many pages of files, as a power of two: of Debian's libraries one in thirty is relocated. */
const PAGES_SHIFT: u32 = 4;

/** Pages that are compared with one: a sentry can make different ones with one hash, to make the manager work. */
const LOOKS: i32 = 4;

export class CommonPages {
    private readonly frames: SharedFrames;
    private readonly hashes: u64[] = new Array<u64>();
    /** Number of the page that `give` gave last. */
    number: u32 = 0;

    constructor(store: LayerStore) {
        this.frames = new SharedFrames(store, PAGES_MINIMUM, PAGES_SHIFT);
    }

    /**
     * Puts a capability to a frame with the bytes of the container's exchange page into an empty slot of its sentry: 0, and `number` is the
     * page's, or EINVAL where there is no such slot, or ENOMEM.
     */
    give(container: Instance, slot: u64): u32 {
        if (slot > u32.MAX_VALUE) return EINVAL;
        const hash = pagesHash(<u32>container.exchange);
        let index = this.find(container.exchange, hash);
        if (index < 0) index = this.add(container.exchange, hash);
        if (index < 0) return ENOMEM;
        this.number = index;
        return this.frames.give(index, container, <u32>slot);
    }

    /** As SharedFrames.release. */
    release(): void {
        this.frames.release();
        this.hashes.length = 0;
    }

    private find(content: usize, hash: u64): i32 {
        let looks = 0;
        for (let i = 0; i < this.frames.count && looks < LOOKS; i++) {
            if (this.hashes[i] != hash || !this.frames.beginLook(i)) continue;
            looks++;
            const isEqual = pagesEqual(<u32>SCRATCH_PAGE, <u32>content) != 0;
            this.frames.endLook(i);
            if (isEqual) return i;
        }
        return -1;
    }

    private add(content: usize, hash: u64): i32 {
        const index = this.frames.hasRoom ? this.frames.add(content) : -1;
        if (index >= 0) this.hashes.push(hash);
        return index;
    }
}
