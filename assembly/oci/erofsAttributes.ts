// SPDX-License-Identifier: Apache-2.0
//
// Extended attributes of an index's inode as EROFS stores them behind the inode. Those of namespaces that EROFS has no number for are left
// out: Linux's file systems refuse them too.

import {
    AttributeBlock,
    INODE_IMPLIED,
    INODE_OPAQUE,
    Inode,
    KIND_DIRECTORY,
    LayerIndex,
} from "../std/layerIndex";
import {
    ATTRIBUTE_ALIGNMENT,
    ATTRIBUTE_ENTRY,
    ATTRIBUTE_HEADER,
    ATTRIBUTE_PREFIX_MAXIMUM,
    IMPLIED_ATTRIBUTE,
    OPAQUE_ATTRIBUTE,
    attributePrefix,
    isWholeName,
} from "./erofs";

/** What attributesSize gives where EROFS has no room for them: lengths have 16 bits. */
export const TOO_LARGE: u32 = u32.MAX_VALUE;
const VALUE_MAXIMUM: u32 = 0xffff;
const SIZE_MAXIMUM: u32 = ATTRIBUTE_HEADER + (0xffff - 1) * ATTRIBUTE_ALIGNMENT;

/** Bytes of an inode's attributes with their header, 0 where it has none, or TOO_LARGE. */
export function attributesSize(index: LayerIndex, inode: Inode): u32 {
    return layOut(index, inode, 0);
}

/** Writes them to `to`, attributesSize bytes that are zero. */
export function writeAttributes(index: LayerIndex, inode: Inode, to: usize): void {
    layOut(index, inode, to);
}

/** Bytes of the attributes, which are written where `to` is not 0. */
function layOut(index: LayerIndex, inode: Inode, to: usize): u32 {
    let size: u32 = ATTRIBUTE_HEADER;
    if (inode.attributes != 0) {
        const block = index.text(inode.attributes);
        for (let at = AttributeBlock.first(block); at != 0; at = AttributeBlock.next(block, at)) {
            const name = AttributeBlock.name(at);
            const nameLength = AttributeBlock.nameLength(at);
            const prefix = prefixOf(name, nameLength);
            // Marks in the layer itself would be taken for ours.
            if (prefix == 0 || isMark(name, nameLength)) continue;
            const skipped = <u32>attributePrefix(prefix).length;
            const valueLength = AttributeBlock.valueLength(at);
            if (valueLength > VALUE_MAXIMUM) return TOO_LARGE;
            if (to != 0) {
                const entry = beginEntry(to + size, prefix, nameLength - skipped, valueLength);
                memory.copy(entry, name + skipped, nameLength - skipped);
                memory.copy(entry + nameLength - skipped, AttributeBlock.value(at), valueLength);
            }
            size += entrySize(nameLength - skipped, valueLength);
            if (size > SIZE_MAXIMUM) return TOO_LARGE;
        }
    }
    if (inode.mode >> 12 == KIND_DIRECTORY) {
        if ((inode.flags & INODE_OPAQUE) != 0) size += addMark(OPAQUE_ATTRIBUTE, to == 0 ? 0 : to + size);
        if ((inode.flags & INODE_IMPLIED) != 0) size += addMark(IMPLIED_ATTRIBUTE, to == 0 ? 0 : to + size);
    }
    return size == ATTRIBUTE_HEADER ? 0 : size > SIZE_MAXIMUM ? TOO_LARGE : size;
}

/** Writes a mark's attribute, unless `to` is 0. The result is its size. */
function addMark(mark: string, to: usize): u32 {
    const prefix: u8 = 4;
    const skipped = attributePrefix(prefix).length;
    const length = mark.length - skipped;
    if (to != 0) {
        const entry = beginEntry(to, prefix, length, 1);
        for (let i = 0; i < length; i++) store<u8>(entry + i, <u8>mark.charCodeAt(skipped + i));
        store<u8>(entry + length, 0x79); // "y"
    }
    return entrySize(length, 1);
}

function beginEntry(entry: usize, prefix: u8, nameLength: u32, valueLength: u32): usize {
    store<u8>(entry, <u8>nameLength);
    store<u8>(entry, prefix, 1);
    store<u16>(entry, <u16>valueLength, 2);
    return entry + ATTRIBUTE_ENTRY;
}

function entrySize(nameLength: u32, valueLength: u32): u32 {
    return (
        (ATTRIBUTE_ENTRY + nameLength + valueLength + (ATTRIBUTE_ALIGNMENT - 1)) & ~(ATTRIBUTE_ALIGNMENT - 1)
    );
}

/** The number of a name's prefix, or 0. */
function prefixOf(name: usize, length: u32): u8 {
    for (let index: u8 = 1; index <= ATTRIBUTE_PREFIX_MAXIMUM; index++) {
        const prefix = attributePrefix(index);
        const size = <u32>prefix.length;
        if (size == 0 || (isWholeName(index) ? length != size : length <= size)) continue;
        if (bytesAre(name, prefix)) return index;
    }
    return 0;
}

function isMark(name: usize, length: u32): bool {
    return isName(name, length, OPAQUE_ATTRIBUTE) || isName(name, length, IMPLIED_ATTRIBUTE);
}

/** Whether a name of `length` bytes is `text`, which is ASCII. */
export function isName(name: usize, length: u32, text: string): bool {
    return length == <u32>text.length && bytesAre(name, text);
}

function bytesAre(bytes: usize, text: string): bool {
    for (let i = 0; i < text.length; i++) {
        if (load<u8>(bytes + i) != <u8>text.charCodeAt(i)) return false;
    }
    return true;
}
