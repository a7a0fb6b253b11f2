// SPDX-License-Identifier: Apache-2.0
//
// The zstd decoder's memory: frames at the place that the C runtime names, and the page tables that mapping them takes. It
// lies outside the manager's linear memory, because the decoder's state has addresses in it. It exists while a layer is
// unpacked whose frames want it, and is as large as the most demanding of them wants.

import { unzstdFact, unzstdMemory } from "../sel4/generated/host";
import { Frame, PageTable, capability } from "../sel4/capabilities";
import { TableSource, mapPage } from "../sel4/mapping";
import { ERROR_NONE, OBJECT_PAGE_TABLE, RIGHTS_READ_WRITE } from "../sel4/objects";
import { OwnedObject } from "../sel4/untypedPool";
import { PAGE_BITS, pagesFor } from "../std/pages";
import { FrameSeries } from "./frameSeries";
import { machine } from "./machine";
import { OWNER_PAGE_TABLES, OWNER_SCRATCH } from "./owners";

// Facts of codec.unzstd-fact (wit/sealift.wit).
const FACT_MEMORY_ADDRESS: u32 = 0;
const FACT_MEMORY_SIZE_MAXIMUM: u32 = 1;

/** Page tables that are given back. */
class TemporaryTables extends TableSource {
    private readonly tables: OwnedObject[] = new Array<OwnedObject>();

    makeTable(level: u32): PageTable | null {
        const object = OBJECT_PAGE_TABLE + level - 1;
        const table = machine().pool.makeObject(object, 0, machine().objectBits(object), OWNER_PAGE_TABLES);
        if (table === null) return null;
        this.tables.push(table);
        return capability<PageTable>(table.slot);
    }

    release(): void {
        while (this.tables.length > 0) machine().pool.releaseObject(this.tables.pop());
    }
}

class DecoderFrames extends FrameSeries {
    private readonly tables: TemporaryTables = new TemporaryTables();

    constructor() {
        super(OWNER_SCRATCH);
    }

    protected map(slot: u32, number: u32): bool {
        const address = unzstdFact(FACT_MEMORY_ADDRESS) + ((<u64>number) << PAGE_BITS);
        const vspace = machine().ownVSpace;
        return (
            mapPage(capability<Frame>(slot), vspace, address, RIGHTS_READ_WRITE, false, this.tables) ==
            ERROR_NONE
        );
    }

    release(): void {
        super.release();
        this.tables.release();
    }
}

export class ZstdMemory {
    private readonly frames: DecoderFrames = new DecoderFrames();

    /** Gives the decoder at least `bytes`. False when there are not so many; then it has none. */
    provide(bytes: u64): bool {
        if (bytes > unzstdFact(FACT_MEMORY_SIZE_MAXIMUM)) return false;
        if (!this.frames.ensure(<u32>pagesFor(bytes))) {
            this.release();
            return false;
        }
        unzstdMemory(<u32>bytes);
        return true;
    }

    /** Takes it all away from the decoder, which has no stream then. */
    release(): void {
        unzstdMemory(0);
        this.frames.release();
    }
}
