// SPDX-License-Identifier: Apache-2.0
//
// A layer while it is unpacked: what its unpacker hands over goes into the store's pages at once.

import { LayerIndex } from "../std/layerIndex";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import {
    UNPACKER_LOWER,
    UNPACKER_LOWER_END,
    UNPACK_INVALID,
    UNPACK_NO_MEMORY,
    UNPACK_OK,
} from "../std/unpackerProtocol";
import { BundleFile } from "./bundle";
import { StoredLayer } from "./storedLayer";
import { StoreFrames, STORE_FRAMES_MAXIMUM } from "./storeFrames";
import { StorePages } from "./storePages";
import { LowerPages } from "./unpackerDomain";
import { UNPACKING_CONTENT } from "./window";

export class LayerDraft extends LowerPages {
    /** Where the layer's page map begins. */
    readonly firstPlace: u32;
    /** Number of the index's first frame, when the index has begun. */
    firstIndexFrame: u32 = 0;
    indexPages: u32 = 0;
    private indexDone: u32 = 0;
    private readonly dataFramesBefore: u32;
    /** Up to where the bundle's pages have been freed. */
    private freed: u64;
    /** The packed layer will not be read any more, nor are pages of it taken. */
    isRead: bool = false;

    /** `lower` are the layers below, the lowest first. `isLastUse`: nobody will read the packed layer after this. */
    constructor(
        private readonly pages: StorePages,
        private readonly lower: StoredLayer[],
        private readonly file: BundleFile,
        private readonly isLastUse: bool,
    ) {
        super();
        this.firstPlace = pages.maps.next;
        this.dataFramesBefore = pages.dataFrames;
        this.freed = file.offset;
    }

    /** Pages of contents. */
    get dataPages(): u32 {
        return this.pages.maps.next - this.firstPlace;
    }

    /** Those of them for which no frame was needed. */
    get sharedPages(): u32 {
        return this.dataPages - (this.pages.dataFrames - this.dataFramesBefore);
    }

    /** Whether all of the index has come, and says of the contents what has come. */
    get isComplete(): bool {
        return this.indexPages != 0 && this.indexDone == this.indexPages;
    }

    /** The first `at` bytes of the packed layer have been handed over. */
    packedBytesRead(at: u64): void {
        if (!this.isLastUse) return;
        const end = this.file.offset + at;
        this.pages.frames.spare.addBundle(this.freed, end);
        this.freed = max<u64>(this.freed, end & ~(<u64>PAGE_SIZE - 1));
    }

    /** Adds the first `count` pages of UNPACKING_CONTENT to the contents. False when memory is used up. */
    addPages(count: u32): bool {
        for (let i: u32 = 0; i < count; i++) {
            if (!this.pages.add(UNPACKING_CONTENT + ((<usize>i) << PAGE_BITS))) return false;
        }
        return true;
    }

    /** Adds pages of the packed layer, which is an EROFS image. An answer to the unpacker. */
    adopt(page: u64, count: u64): u32 {
        const all = this.file.size >> PAGE_BITS;
        if (this.isRead || (this.file.offset & (PAGE_SIZE - 1)) != 0) return UNPACK_INVALID;
        if (page > all || count > all - page) return UNPACK_INVALID;
        const first = <u32>((this.file.offset >> PAGE_BITS) + page);
        for (let i: u32 = 0; i < <u32>count; i++) {
            if (!this.pages.adopt(first + i)) return UNPACK_NO_MEMORY;
        }
        return UNPACK_OK;
    }

    /** The EROFS image has been read. */
    endReading(): void {
        if (this.isRead) return;
        this.isRead = true;
        if (this.isLastUse) this.pages.freeImage(this.file);
    }

    /** Adds pages that a lower layer has. An answer to the unpacker. */
    share(layer: u64, page: u64, count: u64): u32 {
        if (layer >= <u64>this.lower.length) return UNPACK_INVALID;
        const source = this.lower[<i32>layer];
        if (page > source.dataPages || count > source.dataPages - page) return UNPACK_INVALID;
        for (let i: u32 = 0; i < <u32>count; i++) {
            if (!this.pages.addShared(source.firstPlace + <u32>page + i)) return UNPACK_NO_MEMORY;
        }
        return UNPACK_OK;
    }

    /** Adds the first `count` pages of UNPACKING_CONTENT to the index, which has `total`. An answer to the unpacker. */
    addIndexPages(total: u64, count: u32): u32 {
        if (this.indexPages == 0) {
            if (total == 0) return UNPACK_INVALID;
            if (total > STORE_FRAMES_MAXIMUM) return UNPACK_NO_MEMORY;
            const first = this.pages.takeAdjacent(<u32>total);
            if (first < 0) return UNPACK_NO_MEMORY;
            this.firstIndexFrame = first;
            this.indexPages = <u32>total;
        }
        if (total != this.indexPages || count > this.indexPages - this.indexDone) return UNPACK_INVALID;
        memory.copy(
            StoreFrames.address(this.firstIndexFrame + this.indexDone),
            UNPACKING_CONTENT,
            (<usize>count) << PAGE_BITS,
        );
        this.indexDone += count;
        return UNPACK_OK;
    }

    /**
     * Writes to `to` where the unpacker finds the indexes of the lower layers, one behind the other from UNPACKER_LOWER on; a u32 for
     * each. The result is how many there are.
     */
    writeLowerAddresses(to: usize): u32 {
        let address = UNPACKER_LOWER;
        for (let i = 0; i < this.lower.length; i++) {
            store<u32>(to + ((<usize>i) << 2), <u32>address);
            address += (<usize>this.lower[i].indexPages) << PAGE_BITS;
        }
        return this.lower.length;
    }

    slot(number: u32): u32 {
        for (let i = 0; i < this.lower.length; i++) {
            const pages = this.lower[i].indexPages;
            if (number < pages) return this.pages.frames.slot(this.lower[i].firstIndexFrame + number);
            number -= pages;
        }
        return 0;
    }
}
