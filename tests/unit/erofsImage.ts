// SPDX-License-Identifier: Apache-2.0
//
// Layers through the EROFS writer and reader, in memory.

import { MemoryStream } from "../../assembly/oci/byteStream";
import { ErofsReader } from "../../assembly/oci/erofsReader";
import { ErofsWriter } from "../../assembly/oci/erofsWriter";
import { LayerEntries } from "../../assembly/oci/layerEntries";
import { MemoryAccess } from "../../assembly/oci/randomAccess";
import { TarReader } from "../../assembly/oci/tarReader";
import { HeapArea } from "../../assembly/std/growingArea";
import { KIND_DIRECTORY, KIND_REGULAR, KIND_SYMBOLIC_LINK, LayerIndex } from "../../assembly/std/layerIndex";
import { PAGE_SIZE, pagesFor } from "../../assembly/std/pages";
import { AddOutcome, LayerTree } from "../../assembly/unpacker/layerTree";
import { TarBuilder } from "./tarBuilder";

const DATA: u32 = 1 << 18;
const IMAGE: u32 = 1 << 19;

/** A layer's index and its data pages. */
export class UnpackedLayer {
    index: LayerIndex = changetype<LayerIndex>(0);
    readonly data: usize = heap.alloc(DATA);
    pages: u32 = 0;
    failure: string = "";

    free(): void {
        heap.free(this.data);
        if (changetype<usize>(this.index) != 0) heap.free(changetype<usize>(this.index));
    }
}

/** Puts all entries into an index, and their contents into pages. */
export function unpack(entries: LayerEntries): UnpackedLayer {
    const layer = new UnpackedLayer();
    memory.fill(layer.data, 0, DATA);
    const areas = [
        new HeapArea(1 << 18),
        new HeapArea(1 << 18),
        new HeapArea(1 << 19),
        new HeapArea(1 << 16),
    ];
    const tree = new LayerTree(areas[0], areas[1], areas[2], areas[3], []);
    while (layer.failure.length == 0 && entries.next()) {
        const outcome = tree.add(entries);
        if (outcome == AddOutcome.Failed) layer.failure = tree.failure!.message;
        if (outcome != AddOutcome.Content) continue;
        const pages = <u32>pagesFor(entries.size);
        if (layer.pages + pages > DATA / PAGE_SIZE) {
            layer.failure = "more data than a test has";
            break;
        }
        tree.inode(tree.added).value = layer.pages;
        entries.readContent(layer.data + layer.pages * PAGE_SIZE, <u32>entries.size);
        layer.pages += pages;
    }
    const failure = entries.failure;
    if (failure !== null) layer.failure = failure.message;
    if (layer.failure.length == 0) {
        const size = <usize>tree.indexSize;
        layer.index = changetype<LayerIndex>(heap.alloc(size));
        memory.fill(changetype<usize>(layer.index), 0, size);
        tree.writeIndex(changetype<usize>(layer.index), layer.pages, 0);
    }
    tree.close();
    for (let i = 0; i < areas.length; i++) heap.free(areas[i].base);
    return layer;
}

export function unpackTar(tar: TarBuilder): UnpackedLayer {
    const reader = new TarReader(new MemoryStream(tar.start, tar.length));
    const layer = unpack(reader);
    reader.close();
    tar.free();
    return layer;
}

/** Whether what an index refers to lies inside of it. */
export function isSound(layer: UnpackedLayer): bool {
    const index = layer.index;
    if (!index.isValid()) return false;
    for (let i: u32 = 0; i < index.inodeCount; i++) {
        const inode = index.inode(i);
        const kind = inode.mode >> 12;
        if (inode.parent >= index.inodeCount) return false;
        if (kind == KIND_SYMBOLIC_LINK && <u64>inode.value + inode.size > index.size) return false;
        if (kind == KIND_REGULAR && inode.size > 0 && inode.value >= layer.pages) return false;
        if (kind == KIND_DIRECTORY && inode.firstEntry + inode.entryCount > index.entryCount) return false;
    }
    return true;
}

/** Reads an EROFS image in memory. */
export function unpackErofs(start: usize, length: u32): UnpackedLayer {
    const area = new HeapArea(1 << 16);
    const reader = new ErofsReader(new MemoryAccess(start, length), area);
    const layer = unpack(reader);
    reader.close();
    heap.free(area.base);
    return layer;
}

/** An EROFS image in memory. */
export class ErofsImage {
    readonly start: usize = heap.alloc(IMAGE);
    length: u32 = 0;
    failure: string = "";

    constructor(layer: UnpackedLayer) {
        memory.fill(this.start, 0, IMAGE);
        const writer = new ErofsWriter(layer.index);
        const failure = writer.layOut();
        if (failure !== null) this.failure = failure.message;
        else {
            const size = <u32>writer.metadataSize;
            writer.write(this.start, layer.pages);
            memory.copy(this.start + size, layer.data, layer.pages * PAGE_SIZE);
            this.length = size + layer.pages * PAGE_SIZE;
        }
        writer.close();
    }

    unpack(): UnpackedLayer {
        return unpackErofs(this.start, this.length);
    }

    free(): void {
        heap.free(this.start);
    }
}
