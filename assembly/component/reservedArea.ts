// SPDX-License-Identifier: Apache-2.0

import { GrowingArea } from "../std/growingArea";

/** Zeroed at a time. */
const STEP: u32 = 1 << 16;

/** An area whose addresses are taken at once and whose memory when it is needed, as hosts back memory that is written to. */
export class ReservedArea extends GrowingArea {
    private zeroed: u32 = 0;

    constructor(limit: u32) {
        super(heap.alloc(limit), limit);
    }

    ensure(bytes: u32): bool {
        if (bytes > this.limit) return false;
        if (bytes <= this.zeroed) return true;
        const end = min(this.limit, (bytes + (STEP - 1)) & ~(STEP - 1));
        memory.fill(this.base + this.zeroed, 0, end - this.zeroed);
        this.zeroed = end;
        return true;
    }

    free(): void {
        heap.free(this.base);
    }
}
