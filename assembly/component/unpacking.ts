// SPDX-License-Identifier: Apache-2.0
//
// Makes EROFS images of an image's layers: the same tree that the target makes of their archives, written by oci/erofsWriter.ts. The
// contents of files never come here: the host puts them where the metadata says.

import { Blobs } from "../oci/blobs";
import { ErofsWriter } from "../oci/erofsWriter";
import { TarReader } from "../oci/tarReader";
import { Failure } from "../std/failure";
import { LayerIndex } from "../std/layerIndex";
import { pagesFor } from "../std/pages";
import {
    TREE_BUCKETS_LIMIT,
    TREE_INODES_LIMIT,
    TREE_NAMES_LIMIT,
    TREE_STRINGS_LIMIT,
} from "../std/unpackerProtocol";
import { AddOutcome, LayerTree } from "../unpacker/layerTree";
import { takeString } from "./canonicalAbi";
import { HostStream } from "./hostStream";
import { ReservedArea } from "./reservedArea";

// @ts-ignore: decorator
@external("sealift:image/unpacking@0.1.0", "place")
declare function importedPlace(layer: u32, offset: u64, size: u64, result: usize): void;
// @ts-ignore: decorator
@external("sealift:image/unpacking@0.1.0", "share")
declare function importedShare(layer: u32, lower: u32, page: u32, size: u64, result: usize): void;
// @ts-ignore: decorator
@external("sealift:image/unpacking@0.1.0", "finish")
declare function importedFinish(layer: u32, metadata: usize, length: u32, result: usize): void;

/** result<u32, string> and result<_, string>: u8 is-error, the page or the pointer at 4, the length at 8. */
const resultArea: usize = memory.data(12, 8);

/** The layers are tar archives, the lowest first. */
export function unpackLayers(blobs: Blobs, paths: string[]): Failure | null {
    const indexes = new Array<LayerIndex>();
    let failure: Failure | null = null;
    for (let i = 0; i < paths.length && failure === null; i++) {
        failure = unpackLayer(blobs, paths[i], indexes);
        if (failure !== null) failure = failure.within(paths[i]);
    }
    for (let i = 0; i < indexes.length; i++) heap.free(changetype<usize>(indexes[i]));
    return failure;
}

/** Unpacks the layer over those of `indexes`, and adds its own. */
function unpackLayer(blobs: Blobs, path: string, indexes: LayerIndex[]): Failure | null {
    // As large as the target's: what that cannot unpack is not unpacked here.
    const inodes = new ReservedArea(TREE_INODES_LIMIT);
    const names = new ReservedArea(TREE_NAMES_LIMIT);
    const strings = new ReservedArea(TREE_STRINGS_LIMIT);
    const buckets = new ReservedArea(TREE_BUCKETS_LIMIT);
    const tree = new LayerTree(inodes, names, strings, buckets, indexes);
    const stream = new HostStream(blobs, path);
    const reader = new TarReader(stream);
    const contents = new Contents(indexes.length);
    let failure = contents.place(reader, tree);
    if (failure === null) {
        const size = <usize>tree.indexSize;
        const index = heap.alloc(size);
        memory.fill(index, 0, size);
        tree.writeIndex(index, contents.pages, reader.position);
        failure = writeImage(changetype<LayerIndex>(index), indexes.length, contents.pages);
        indexes.push(changetype<LayerIndex>(index));
    }
    reader.close();
    stream.close();
    tree.close();
    inodes.free();
    names.free();
    strings.free();
    buckets.free();
    return failure;
}

class Contents {
    /** Data pages of the layer. */
    pages: u32 = 0;

    constructor(private readonly layer: u32) {}

    /** Adds all entries to the tree and has their contents put into pages. */
    place(reader: TarReader, tree: LayerTree): Failure | null {
        while (reader.next()) {
            const outcome = tree.add(reader);
            if (outcome == AddOutcome.Failed) return tree.failure;
            if (outcome == AddOutcome.Done) continue;
            const inode = tree.inode(tree.added);
            if (outcome == AddOutcome.Content)
                importedPlace(this.layer, reader.position, inode.size, resultArea);
            else importedShare(this.layer, tree.sourceLayer, inode.value, inode.size, resultArea);
            const failure = takeFailure();
            if (failure !== null) return failure.within(reader.describe());
            inode.value = load<u32>(resultArea, 4);
            this.pages = max(this.pages, inode.value + <u32>pagesFor(inode.size));
        }
        return reader.failure;
    }
}

function writeImage(index: LayerIndex, layer: u32, pages: u32): Failure | null {
    const writer = new ErofsWriter(index);
    let failure = writer.layOut();
    if (failure === null) {
        const size = <usize>writer.metadataSize;
        const metadata = heap.alloc(size);
        memory.fill(metadata, 0, size);
        writer.write(metadata, pages);
        importedFinish(layer, metadata, <u32>size, resultArea);
        failure = takeFailure();
        heap.free(metadata);
    }
    writer.close();
    return failure;
}

/** The error in the result area, or null. */
function takeFailure(): Failure | null {
    if (load<u8>(resultArea) == 0) return null;
    return new Failure(takeString(load<u32>(resultArea, 4), load<u32>(resultArea, 8)));
}
