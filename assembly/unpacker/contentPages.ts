// SPDX-License-Identifier: Apache-2.0
//
// The layer's contents on their way to the manager: pages are gathered in UNPACKER_CONTENT and handed over together. A page's number is
// its place among the layer's pages.

import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { LayerEntries } from "../oci/layerEntries";
import { UNPACKER_CONTENT, UNPACKER_CONTENT_PAGES } from "../std/unpackerProtocol";
import { addPages, adoptPages, sharePages } from "./manager";

export class ContentPages {
    /** Pages of the layer so far: the next one's number. */
    next: u32 = 0;
    /** Those of them that the manager does not have yet. */
    private gathered: u32 = 0;

    /** Adds the content of the reader's entry, its last page filled up with zeros. False when memory is used up, or the reader has failed. */
    add(reader: LayerEntries): bool {
        let left = reader.size;
        while (left > 0) {
            const page = UNPACKER_CONTENT + ((<usize>this.gathered) << PAGE_BITS);
            const length = <u32>min<u64>(left, PAGE_SIZE);
            let filled: u32 = 0;
            while (filled < length) {
                const count = reader.readContent(page + filled, length - filled);
                if (count <= 0) return false;
                filled += count;
            }
            memory.fill(page + length, 0, PAGE_SIZE - length);
            this.gathered++;
            this.next++;
            left -= length;
            if (this.gathered == UNPACKER_CONTENT_PAGES && !this.flush()) return false;
        }
        return true;
    }

    /** Adds pages of a lower layer. False when memory is used up. */
    share(lowerLayer: u32, page: u32, pages: u32): bool {
        if (!this.flush() || !sharePages(lowerLayer, page, pages)) return false;
        this.next += pages;
        return true;
    }

    /** Adds pages of the layer's EROFS image. False when memory is used up. */
    adopt(page: u32, pages: u32): bool {
        if (!this.flush() || !adoptPages(page, pages)) return false;
        this.next += pages;
        return true;
    }

    /** Hands over what is gathered. False when memory is used up. */
    flush(): bool {
        const pages = this.gathered;
        this.gathered = 0;
        return pages == 0 || addPages(pages);
    }
}
