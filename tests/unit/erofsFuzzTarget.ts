// SPDX-License-Identifier: Apache-2.0
//
// The target's way from an EROFS image to a layer's index as a module, for fuzzing (tests/component/fuzz).

import { encodeUtf8 } from "../../assembly/std/utf8";
import { isSound, unpackErofs } from "./erofsImage";

/** Longest text that is handed out, in bytes. */
const TEXT_SIZE: u32 = 1 << 14;
const text: usize = heap.alloc(TEXT_SIZE);

export function allocate(length: u32): usize {
    return heap.alloc(length);
}

/** Where the text of the last run is. */
export function textAddress(): usize {
    return text;
}

/**
 * Reads an image. The result is the length of a text: nothing for an image that is a layer, else why it is refused; "UNSOUND" where
 * what was made of it refers to what is not there.
 */
export function run(image: usize, length: u32): u32 {
    const layer = unpackErofs(image, length);
    let result = layer.failure;
    if (result.length == 0 && !isSound(layer)) result = "UNSOUND";
    layer.free();
    return encodeUtf8(result.length * 3 > <i32>TEXT_SIZE ? "UNBOUNDED message" : result, text);
}
