// SPDX-License-Identifier: Apache-2.0
//
// RAM below 1 MiB. A PC's kernel leaves it out of its RAM and gives it to the root task as if it were a device's: of such an untyped frames
// can be made and nothing else, they are not cleared, and none can be an IPC buffer. So it serves what is of frames, and the manager's own:
// the layer store and the manager's heap. A board says whether it is to be used (docs/porting.md).

import { BootKey } from "../sel4/generated/boot-keys";
import { Untyped, capability } from "../sel4/capabilities";
import { CSpace } from "../sel4/cspace";
import { ERROR_NONE, OBJECT_FRAME } from "../sel4/objects";
import { PAGE_BITS } from "../std/pages";
import { fact } from "./machine";

export class LowMemory {
    /** Pages that nothing has been promised. */
    private pages: u32 = <u32>fact(BootKey.LOW_PAGES_LEFT);
    /** Slot of the untyped. */
    readonly slot: u32 = <u32>fact(BootKey.LOW_UNTYPED_SLOT);

    get freeBytes(): u64 {
        return (<u64>this.pages) << PAGE_BITS;
    }

    /** Makes a frame in an empty slot. What it holds is not said. False when nothing is left. */
    take(cspace: CSpace, slot: u32): bool {
        if (this.pages == 0) return false;
        if (cspace.retype(capability<Untyped>(this.slot), OBJECT_FRAME, 0, slot, 1) != ERROR_NONE)
            return false;
        this.pages--;
        return true;
    }

    /** Leaves `pages` frames to whoever makes them of the untyped. False when there are not so many. */
    promise(pages: u32): bool {
        if (pages > this.pages) return false;
        this.pages -= pages;
        return true;
    }
}
