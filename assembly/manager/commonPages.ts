// SPDX-License-Identifier: Apache-2.0
//
// Pages that sentries make alike, like the vDSO, or the relocated pages of one program: one frame for all of them. A sentry writes what it wants
// the page to hold, and gets a read-only capability to a frame that holds just these bytes, whoever made it first. So one that was subverted gives
// others nothing but what they have written themselves.
//
// These frames are the store's (StoreFrames.takeApart) and stay. How many there can be follows from the size of the store, whatever
// sentries ask for; one that is refused has the page in its own quota.

import { Frame, capability } from "../sel4/capabilities";
import { pagesEqual, pagesHash } from "../sel4/generated/host";
import { ERROR_NONE, RIGHT_READ } from "../sel4/objects";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { DONE, EINVAL, ENOMEM } from "./answers";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { OWNER_LAYER_CODE, OWNER_LAYER_DATA } from "./owners";
import { SCRATCH_PAGE, mapInWindow } from "./window";

/** Pages that there may be, whatever the size of the store. */
const PAGES_MINIMUM: u32 = 16;
/** Else one for so many pages of files, as a power of two: of Debian's libraries one in thirty is relocated. */
const PAGES_SHIFT: u32 = 4;

/** Pages that are compared with one: a sentry can make different ones with one hash, to make the manager work. */
const LOOKS: i32 = 4;

export class CommonPages {
    /** Slots of the frames' capabilities. */
    private readonly frames: u32[] = new Array<u32>();
    private readonly hashes: u64[] = new Array<u64>();
    /** Number of the page that `give` gave last. */
    number: u32 = 0;

    constructor(private readonly store: LayerStore) {}

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
        this.hashes.length = 0;
    }

    private find(content: usize, hash: u64): i32 {
        let looks = 0;
        for (let i = 0; i < this.frames.length && looks < LOOKS; i++) {
            if (this.hashes[i] != hash || !mapInWindow(this.frames[i], SCRATCH_PAGE, false)) continue;
            looks++;
            const isEqual = pagesEqual(<u32>SCRATCH_PAGE, <u32>content) != 0;
            capability<Frame>(this.frames[i]).unmap();
            if (isEqual) return i;
        }
        return -1;
    }

    private add(content: usize, hash: u64): i32 {
        const most = max(PAGES_MINIMUM, <u32>(this.store.dataBytes >> (PAGE_BITS + PAGES_SHIFT)));
        if (<u32>this.frames.length >= most) return -1;
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
        this.hashes.push(hash);
        return this.frames.push(slot) - 1;
    }
}

/** `bytes` more of the store's memory are such pages. */
function account(bytes: i64): void {
    machine().pool.account(OWNER_LAYER_DATA, -bytes);
    machine().pool.account(OWNER_LAYER_CODE, bytes);
}
