// SPDX-License-Identifier: Apache-2.0
//
// The layer store: each layer of an image unpacked once, as frames of file contents and frames of an index
// (std/layerIndex.ts). Sentries get read-only copies of the frames' capabilities; the manager keeps the frames mapped in its
// window, in the order in which they were made, to write them and to read lower layers.
//
// Frames are numbered from 0 over the whole store. A frame's number gives its address and its capability.

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
import { OWNER_LAYER_DATA } from "./owners";
import {
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
        /** The layers below it, by which hard links across layers were resolved: numbers, the lowest first. */
        private readonly below: i32[],
        /** Numbers of the first frames, and how many follow. */
        readonly firstDataFrame: u32,
        readonly dataPages: u32,
        readonly firstIndexFrame: u32,
        readonly indexPages: u32,
    ) {}

    /** Whether it is the layer of a diff id over the same layers. */
    isOver(diffId: string, below: i32[]): bool {
        if (diffId != this.diffId || below.length != this.below.length) return false;
        for (let i = 0; i < below.length; i++) {
            if (below[i] != this.below[i]) return false;
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
    /** Frames that have a number; a few more may exist. */
    private used: u32 = 0;

    /** Slot of a frame's capability. */
    frameSlot(frame: u32): u32 {
        return this.frames.slot(frame);
    }

    /** Bytes of frames with file contents; indexes are the rest. */
    get dataBytes(): u64 {
        let pages: u64 = 0;
        for (let i = 0; i < this.layers.length; i++) pages += this.layers[i].dataPages;
        return pages * PAGE_SIZE;
    }

    get indexBytes(): u64 {
        let pages: u64 = 0;
        for (let i = 0; i < this.layers.length; i++) pages += this.layers[i].indexPages;
        return pages * PAGE_SIZE;
    }

    /** Gives all memory back. Copies of frames that sentries hold go with it. */
    release(): void {
        this.frames.release();
        while (this.layers.length > 0) this.layers.pop();
        this.used = 0;
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
        const firstDataFrame = this.used;

        let diffId = layer.diffId;
        let failure = this.readEntries(reader, tree, below);
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
            const dataPages = this.used - firstDataFrame;
            const firstIndexFrame = this.used;
            const indexPages = <u32>pagesFor(tree.indexSize);
            if (this.takeFrames(indexPages) < 0) failure = this.outOfMemory("its index", tree.indexSize);
            else {
                tree.writeIndex(frameAddress(firstIndexFrame), dataPages, reader.position);
                this.layers.push(
                    new StoredLayer(
                        diffId,
                        below.slice(0),
                        firstDataFrame,
                        dataPages,
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

    private readEntries(reader: TarReader, tree: LayerTree, below: i32[]): Failure | null {
        while (reader.next()) {
            const outcome = tree.add(reader);
            if (outcome == AddOutcome.Failed) return tree.failure;
            if (outcome == AddOutcome.Content) {
                const pages = pagesFor(reader.size);
                const first = pages <= FRAMES_MAXIMUM ? this.takeFrames(<u32>pages) : -1;
                if (first < 0) return this.outOfMemory(reader.describe(), reader.size);
                // The frames are adjacent in the window and zero, so that the last page's rest is right already.
                let at = frameAddress(first);
                let left = reader.size;
                while (left > 0) {
                    const count = reader.readContent(at, <u32>min<u64>(left, 1 << 20));
                    if (count <= 0) return reader.failure;
                    at += count;
                    left -= count;
                }
                tree.inode(tree.added).value = first - this.dataStart();
            } else if (outcome == AddOutcome.Copy) {
                const inode = tree.inode(tree.added);
                const source = this.layers[below[tree.sourceLayer]];
                const pages = <u32>pagesFor(inode.size);
                const first = this.takeFrames(pages);
                if (first < 0) return this.outOfMemory(reader.describe(), inode.size);
                memory.copy(
                    frameAddress(first),
                    frameAddress(source.firstDataFrame + inode.value),
                    <usize>inode.size,
                );
                inode.value = first - this.dataStart();
            }
        }
        return null;
    }

    /** Number of the first data frame of the layer that is being unpacked. */
    private dataStart(): u32 {
        if (this.layers.length == 0) return 0;
        const last = this.layers[this.layers.length - 1];
        return last.firstIndexFrame + last.indexPages;
    }

    /** The number of the first of `count` adjacent zeroed frames, mapped; -1 when there is no memory for them. */
    private takeFrames(count: u32): i32 {
        if (count > FRAMES_MAXIMUM - this.used) return -1;
        if (!this.frames.ensure(this.used + count)) return -1;
        const first = this.used;
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
