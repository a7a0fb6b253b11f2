// SPDX-License-Identifier: Apache-2.0
//
// The image layers of one overlay, as the directories of the overlay see them: a number from 0 (lowest), an index, and the
// range of inode numbers that the layer's inodes have in the overlay.

import { containerConfiguration } from "../../../std/containerConfiguration";
import { LayerIndex } from "../../../std/layerIndex";
import { layerIndex } from "../../memory/layerIndexes";

/** Inode numbers before those of layer 0: number 1 is the root's on no filesystem but ext2's relatives use 2. */
const FIRST_NUMBER: u64 = 2;

let firstNumbers: StaticArray<u64> = new StaticArray<u64>(0);

/** Maps the indexes of all layers. False when one is missing or is not an index: the container cannot start. */
export function openLayers(): bool {
    let number = FIRST_NUMBER;
    firstNumbers = new StaticArray<u64>(layerCount());
    for (let layer = layerCount(); layer > 0; layer--) {
        const address = layerIndex(layer - 1);
        if (address == 0 || !changetype<LayerIndex>(address).isValid()) return false;
        // From the top, so that the root directory, inode 0 of the top layer, has the first number.
        firstNumbers[layer - 1] = number;
        number += changetype<LayerIndex>(address).inodeCount;
    }
    firstFree = number;
    return true;
}

let firstFree: u64 = FIRST_NUMBER;

/** The first inode number that no layer uses. */
export function firstFreeNumber(): u64 {
    return firstFree;
}

export function layerCount(): u32 {
    return containerConfiguration().layerCount;
}

// @ts-ignore: decorator
@inline
export function layer(number: u32): LayerIndex {
    return changetype<LayerIndex>(layerIndex(number));
}

/** The overlay's number of inode `inode` of a layer. */
// @ts-ignore: decorator
@inline
export function inodeNumber(layerNumber: u32, inode: u32): u64 {
    return unchecked(firstNumbers[layerNumber]) + inode;
}
