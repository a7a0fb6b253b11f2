// SPDX-License-Identifier: Apache-2.0
//
// The layer store: each layer of an image unpacked once, as pages of file contents and an index (std/layerIndex.ts). Sentries get read-only
// copies of the frames' capabilities; the manager keeps the frames mapped in its window, to fill them and to find equal ones.

import { Failure, Result } from "../std/failure";
import { PAGE_BITS } from "../std/pages";
import { Layer } from "../oci/image";
import { Compression } from "../oci/mediaTypes";
import { BundleFile, ReadObserver } from "./bundle";
import { LayerDraft } from "./layerDraft";
import { LayerUnpacking } from "./layerUnpacking";
import { StoredLayer } from "./storedLayer";
import { StorePages } from "./storePages";

export class LayerStore {
    readonly layers: StoredLayer[] = new Array<StoredLayer>();
    private readonly pages: StorePages = new StorePages();

    /** Slot of the capability to the frame of a page of a layer's contents. */
    dataSlot(layer: StoredLayer, page: u32): u32 {
        return this.pages.frames.slot(this.dataFrame(layer, page));
    }

    /** Number of the frame of a page of a layer's contents. */
    dataFrame(layer: StoredLayer, page: u32): u32 {
        return this.pages.maps.frame(layer.firstPlace + page);
    }

    /** Where what a frame of contents holds can be read: where it is mapped, or else in `copy`, a page that gets it. */
    frameContent(frame: u32, copy: usize): usize {
        return this.pages.frames.content(frame, copy);
    }

    /** Slot of the capability to the frame of a page of a layer's index. */
    indexSlot(layer: StoredLayer, page: u32): u32 {
        return this.pages.frames.slot(layer.firstIndexFrame + page);
    }

    /** Bytes of frames with file contents; indexes are the rest. */
    get dataBytes(): u64 {
        return (<u64>this.pages.dataFrames) << PAGE_BITS;
    }

    /** Bytes of frames that nobody uses, and nobody but the store can. */
    get spareBytes(): u64 {
        return this.pages.frames.spare.freeBytes;
    }

    get indexBytes(): u64 {
        return (<u64>this.pages.indexFrames) << PAGE_BITS;
    }

    /** Gives back what only unpacking takes. No layer is added afterwards. */
    complete(): void {
        this.pages.complete();
        this.pages.frames.spare.addUnpacker();
    }

    /** As StoreFrames.takeApart. */
    takeFrame(slot: u32): bool {
        return this.pages.frames.takeApart(slot);
    }

    /** Gives all memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        this.pages.release();
        while (this.layers.length > 0) this.layers.pop();
    }

    /**
     * The number of a layer that lies over the layers `below` (numbers, the lowest first): unpacked now from its file in the bundle,
     * unless it is there. Its diff id is checked, where the layer has one. `isLastUse`: the file's memory may serve the store
     * afterwards. After a failure the store is to be released.
     */
    provide(
        layer: Layer,
        file: BundleFile,
        below: i32[],
        isLastUse: bool,
        observer: ReadObserver,
    ): Result<i32> {
        const isImage = layer.compression == Compression.Unpacked;
        for (let i = 0; i < this.layers.length; i++) {
            if (!this.layers[i].is(layer, file, below)) continue;
            if (isLastUse && isImage) this.pages.freeImage(file);
            else if (isLastUse) this.pages.frames.spare.addBundle(file.offset, file.offset + file.size);
            return Result.of<i32>(i);
        }
        const lower = new Array<StoredLayer>();
        for (let i = 0; i < below.length; i++) lower.push(this.layers[below[i]]);
        const draft = new LayerDraft(this.pages, lower, file, isLastUse);
        const unpacking = new LayerUnpacking(layer, file, draft, observer);
        let failure = unpacking.run();
        if (failure === null && layer.diffId.length != 0 && unpacking.digest != layer.diffId) {
            failure = new Failure(
                "the uncompressed content's digest is " +
                    unpacking.digest +
                    ", not " +
                    layer.diffId +
                    "; the image is damaged: pull it again",
            );
        }
        if (failure !== null) return Result.fail<i32>(failure.within(layer.name));
        this.layers.push(
            new StoredLayer(
                unpacking.digest,
                layer.digest,
                file.offset,
                unpacking.dependsOnLower ? below.slice(0) : null,
                draft.firstPlace,
                draft.dataPages,
                draft.sharedPages,
                draft.firstIndexFrame,
                draft.indexPages,
            ),
        );
        return Result.of<i32>(this.layers.length - 1);
    }
}
