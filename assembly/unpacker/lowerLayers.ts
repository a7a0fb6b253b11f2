// SPDX-License-Identifier: Apache-2.0

import { INODE_OPAQUE, Inode, KIND_DIRECTORY, KIND_WHITEOUT, LayerIndex } from "../std/layerIndex";

/** The layers below the one that is being unpacked, as they lie over each other. */
export class LowerLayers {
    /** Where `find` found: a layer's number and an inode of it. */
    layer: u32 = 0;
    inode: u32 = 0;

    /** Indexes, the lowest layer's first. */
    constructor(private readonly layers: LayerIndex[]) {}

    /** The index of the layer that was found. */
    get foundIndex(): LayerIndex {
        return this.layers[this.layer];
    }

    get foundInode(): Inode {
        return this.foundIndex.inode(this.inode);
    }

    /** Finds a path without symbolic links in the layers laid over each other: `layer` and `inode`. */
    find(path: usize, length: u32): bool {
        for (let layer = this.layers.length - 1; layer >= 0; layer--) {
            const index = this.layers[layer];
            let directory: u32 = 0;
            let opaque = (index.inode(0).flags & INODE_OPAQUE) != 0;
            let at: u32 = 0;
            while (true) {
                const size = componentLength(path + at, length - at);
                const number = index.find(directory, path + at, size);
                if (number < 0) break;
                const entry = index.entry(number);
                if (entry.kind == KIND_WHITEOUT) return false;
                at += size + 1;
                if (at > length) {
                    this.layer = layer;
                    this.inode = entry.inode;
                    return true;
                }
                if (entry.kind != KIND_DIRECTORY) return false;
                directory = entry.inode;
                if ((index.inode(directory).flags & INODE_OPAQUE) != 0) opaque = true;
            }
            if (opaque) return false;
        }
        return false;
    }
}

/** Bytes before the first "/". */
export function componentLength(path: usize, length: u32): u32 {
    let size: u32 = 0;
    while (size < length && load<u8>(path + size) != 0x2f) size++;
    return size;
}
