// SPDX-License-Identifier: Apache-2.0
//
// The layer store: each layer of an image unpacked once, as frames of file contents and frames of an index
// (std/layerIndex.ts). Sentries get read-only copies of the frames' capabilities; the manager keeps the frames mapped in its
// window, in the order in which they were made, to write them and to read lower layers.
//
// Frames are numbered from 0 over the whole store. A frame's number gives its address and its capability. An index lies in adjacent
// frames. Pages of contents that are equal, in whatever layer, have one frame: each layer's page map says which.

import { LayerIndex } from "../std/layerIndex";
import { Failure, Result } from "../std/failure";
import { byteSize, decimal } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import { Layer } from "../oci/image";
import { TarReader } from "../oci/tarReader";
import { BundleFolder, ReadObserver } from "./bundle";
import { FrameSeries } from "./frameSeries";
import { LayerStream } from "./layerStream";
import { AddOutcome, LayerTree } from "./layerTree";
import { machine } from "./machine";
import { OWNER_LAYER_DATA, OWNER_LAYER_MAPS, OWNER_SCRATCH } from "./owners";
import { PageMaps } from "./pageMaps";
import { UniquePages } from "./uniquePages";
import {
    PAGE_MAPS,
    PAGE_MAPS_LIMIT,
    STORE_FRAMES,
    STORE_FRAMES_END,
    TREE_BUCKETS,
    TREE_BUCKETS_LIMIT,
    TREE_INODES,
    TREE_INODES_LIMIT,
    TREE_NAMES,
    TREE_NAMES_LIMIT,
    TREE_STRINGS,
    TREE_STRINGS_LIMIT,
    UNIQUE_PAGES,
    UNIQUE_PAGES_LIMIT,
    WindowArea,
    mapInWindow,
} from "./window";
import { ZstdMemory } from "./zstdMemory";

/** Frames are addressable in the window only; the window is the store's limit. */
const FRAMES_MAXIMUM: u32 = <u32>((STORE_FRAMES_END - STORE_FRAMES) >> PAGE_BITS);

export class StoredLayer {
    constructor(
        /** The digest of the uncompressed layer. */
        readonly diffId: string,
        /** The layers below it (numbers, the lowest first), or null where its index would be the same over any. */
        private readonly below: i32[] | null,
        /** Where its page map begins, and the pages that its files have. */
        readonly firstPlace: u32,
        readonly dataPages: u32,
        /** Those of them for which no frame was needed, because an equal page was there. */
        readonly sharedPages: u32,
        /** Number of the index's first frame, and how many follow. */
        readonly firstIndexFrame: u32,
        readonly indexPages: u32,
    ) {}

    /** Whether it is the layer of a diff id as it is over these layers. */
    isOver(diffId: string, below: i32[]): bool {
        if (diffId != this.diffId) return false;
        const own = this.below;
        if (own === null) return true;
        if (below.length != own.length) return false;
        for (let i = 0; i < below.length; i++) {
            if (below[i] != own[i]) return false;
        }
        return true;
    }

    get index(): LayerIndex {
        return changetype<LayerIndex>(frameAddress(this.firstIndexFrame));
    }
}

function frameAddress(frame: u32): usize {
    return STORE_FRAMES + ((<usize>frame) << PAGE_BITS);
}

class StoreFrames extends FrameSeries {
    constructor() {
        super(OWNER_LAYER_DATA);
    }

    protected map(slot: u32, number: u32): bool {
        return mapInWindow(slot, frameAddress(number), true);
    }
}

export class LayerStore {
    readonly layers: StoredLayer[] = new Array<StoredLayer>();
    private readonly frames: StoreFrames = new StoreFrames();
    private readonly zstdMemory: ZstdMemory = new ZstdMemory();
    private readonly mapArea: WindowArea = new WindowArea(PAGE_MAPS, PAGE_MAPS_LIMIT, OWNER_LAYER_MAPS, 0);
    private readonly maps: PageMaps = new PageMaps(this.mapArea);
    private readonly uniqueArea: WindowArea = new WindowArea(
        UNIQUE_PAGES,
        UNIQUE_PAGES_LIMIT,
        OWNER_SCRATCH,
        0,
    );
    private readonly unique: UniquePages = new UniquePages(this.uniqueArea, STORE_FRAMES);
    /** Frames that have a number; a few more may exist. */
    private used: u32 = 0;
    /** Whether the frame after them has been written: with a page that was there already. */
    private nextIsWritten: bool = false;
    /** Frames of contents. */
    private dataFrames: u32 = 0;

    /** Slot of the capability to the frame of a page of a layer's contents. */
    dataSlot(layer: StoredLayer, page: u32): u32 {
        return this.frames.slot(this.maps.frame(layer.firstPlace + page));
    }

    /** Slot of the capability to the frame of a page of a layer's index. */
    indexSlot(layer: StoredLayer, page: u32): u32 {
        return this.frames.slot(layer.firstIndexFrame + page);
    }

    /** Bytes of frames with file contents; indexes are the rest. */
    get dataBytes(): u64 {
        return (<u64>this.dataFrames) << PAGE_BITS;
    }

    get indexBytes(): u64 {
        return (<u64>(this.used - this.dataFrames)) << PAGE_BITS;
    }

    /** Gives back what only unpacking takes. No layer is added afterwards. */
    complete(): void {
        this.unique.clear();
        this.uniqueArea.release();
    }

    /** Gives all memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        this.complete();
        this.maps.clear();
        this.mapArea.release();
        this.frames.release();
        while (this.layers.length > 0) this.layers.pop();
        this.used = 0;
        this.nextIsWritten = false;
        this.dataFrames = 0;
    }

    /**
     * The number of a layer that lies over the layers `below` (numbers, the lowest first): unpacked now, unless it is there. Its diff id is
     * checked, where the layer has one. After a failure the store is to be released.
     */
    provide(files: BundleFolder, layer: Layer, below: i32[], observer: ReadObserver): Result<i32> {
        for (let i = 0; i < this.layers.length; i++) {
            if (layer.diffId.length != 0 && this.layers[i].isOver(layer.diffId, below))
                return Result.of<i32>(i);
        }
        const failure = this.unpack(files, layer, below, observer);
        return failure !== null ? Result.fail<i32>(failure) : Result.of<i32>(this.layers.length - 1);
    }

    private unpack(files: BundleFolder, layer: Layer, below: i32[], observer: ReadObserver): Failure | null {
        const stream = new LayerStream(
            files.find(layer.path)!.offset,
            <u64>layer.size,
            layer.compression,
            observer,
            this.zstdMemory,
        );
        const reader = new TarReader(stream);
        const inodes = new WindowArea(TREE_INODES, TREE_INODES_LIMIT);
        const names = new WindowArea(TREE_NAMES, TREE_NAMES_LIMIT);
        const strings = new WindowArea(TREE_STRINGS, TREE_STRINGS_LIMIT);
        const buckets = new WindowArea(TREE_BUCKETS, TREE_BUCKETS_LIMIT);
        const lower = new Array<LayerIndex>();
        for (let i = 0; i < below.length; i++) lower.push(this.layers[below[i]].index);
        const tree = new LayerTree(inodes, names, strings, buckets, lower);
        const firstPlace = this.maps.next;
        const framesBefore = this.dataFrames;

        let diffId = layer.diffId;
        let failure = this.readEntries(reader, tree, below, firstPlace);
        if (failure === null) failure = reader.failure;
        if (failure === null) {
            const digest = stream.finish();
            if (diffId.length == 0) diffId = digest;
            if (digest != diffId) {
                failure = new Failure(
                    "the uncompressed content's digest is " +
                        digest +
                        ", not " +
                        layer.diffId +
                        "; the image is damaged: pull it again",
                );
            }
        } else stream.close();
        if (failure === null) {
            const dataPages = this.maps.next - firstPlace;
            const indexPages = <u32>pagesFor(tree.indexSize);
            const firstIndexFrame = this.takeIndexFrames(indexPages);
            if (firstIndexFrame < 0) failure = this.outOfMemory("its index", tree.indexSize);
            else {
                tree.writeIndex(frameAddress(firstIndexFrame), dataPages, reader.position);
                this.layers.push(
                    new StoredLayer(
                        diffId,
                        tree.dependsOnLower ? below.slice(0) : null,
                        firstPlace,
                        dataPages,
                        dataPages - (this.dataFrames - framesBefore),
                        firstIndexFrame,
                        indexPages,
                    ),
                );
            }
        }
        inodes.release();
        names.release();
        strings.release();
        buckets.release();
        tree.close();
        reader.close();
        return failure === null ? null : failure.within(layer.name);
    }

    private readEntries(reader: TarReader, tree: LayerTree, below: i32[], firstPlace: u32): Failure | null {
        while (reader.next()) {
            const outcome = tree.add(reader);
            if (outcome == AddOutcome.Failed) return tree.failure;
            if (outcome == AddOutcome.Done) continue;
            const inode = tree.inode(tree.added);
            const first = this.maps.next - firstPlace;
            // What no memory could hold is refused before it is read.
            if (pagesFor(inode.size) > FRAMES_MAXIMUM) return this.outOfMemory(reader.describe(), inode.size);
            const stored =
                outcome == AddOutcome.Content
                    ? this.readContent(reader)
                    : this.shareContent(
                          this.layers[below[tree.sourceLayer]].firstPlace + inode.value,
                          <u32>pagesFor(inode.size),
                      );
            if (!stored) {
                const failure = reader.failure;
                return failure !== null ? failure : this.outOfMemory(reader.describe(), inode.size);
            }
            inode.value = first;
        }
        return null;
    }

    /** Adds the pages of the reader's entry. False when memory is used up, or the reader has failed. */
    private readContent(reader: TarReader): bool {
        let left = reader.size;
        while (left > 0) {
            if (this.used == FRAMES_MAXIMUM || !this.frames.ensure(this.used + 1)) return false;
            const page = frameAddress(this.used);
            const length = <u32>min<u64>(left, PAGE_SIZE);
            let filled: u32 = 0;
            while (filled < length) {
                const count = reader.readContent(page + filled, length - filled);
                if (count <= 0) return false;
                filled += count;
            }
            if (this.nextIsWritten) memory.fill(page + length, 0, PAGE_SIZE - length);
            this.nextIsWritten = true;
            const frame = this.unique.unify(this.used);
            if (frame < 0 || !this.maps.add(frame)) return false;
            if (<u32>frame == this.used) {
                this.used++;
                this.dataFrames++;
                this.nextIsWritten = false;
            }
            left -= length;
        }
        return true;
    }

    /** Adds pages of a lower layer, which begin at a place of its map. False when memory is used up. */
    private shareContent(place: u32, pages: u32): bool {
        for (let i: u32 = 0; i < pages; i++) {
            if (!this.maps.add(this.maps.frame(place + i))) return false;
        }
        return true;
    }

    /** The number of the first of `count` adjacent zeroed frames, mapped; -1 when there is no memory for them. */
    private takeIndexFrames(count: u32): i32 {
        if (count > FRAMES_MAXIMUM - this.used) return -1;
        if (!this.frames.ensure(this.used + count)) return -1;
        const first = this.used;
        if (this.nextIsWritten) memory.fill(frameAddress(first), 0, PAGE_SIZE);
        this.nextIsWritten = false;
        this.used += count;
        return first;
    }

    private outOfMemory(thing: string, bytes: u64): Failure {
        const free = machine().pool.freeBytes;
        return new Failure(
            thing +
                " of " +
                byteSize(bytes) +
                " (" +
                decimal(bytes) +
                " bytes) does not fit the machine's free memory of " +
                byteSize(free) +
                "; give the machine more memory or use a smaller image",
        );
    }
}
