// SPDX-License-Identifier: Apache-2.0
//
// Writes the index of an unpacked layer (std/layerIndex.ts) from its tables.

import {
    DirectoryEntry,
    Inode,
    KIND_DIRECTORY,
    KIND_SYMBOLIC_LINK,
    LAYER_INDEX_MAGIC,
    LayerIndex,
    compareNames,
} from "../std/layerIndex";
import { LayerTables, NO_NAME } from "./layerTables";

/** Bytes of the finished index. */
export function indexSize(tables: LayerTables): u64 {
    return (
        <u64>offsetof<LayerIndex>() +
        <u64>tables.inodeCount * offsetof<Inode>() +
        <u64>tables.nameCount * offsetof<DirectoryEntry>() +
        tables.stringBytes
    );
}

/** Writes the index to `to`, indexSize bytes. The tree is not to be changed or written again afterwards. */
export function writeIndex(tables: LayerTables, to: usize, dataPages: u32, uncompressedSize: u64): void {
    const index = changetype<LayerIndex>(to);
    index.magic = LAYER_INDEX_MAGIC;
    index.inodeCount = tables.inodeCount;
    index.entryCount = tables.nameCount;
    index.stringBytes = tables.stringBytes;
    index.dataPages = dataPages;
    index.uncompressedSize = uncompressedSize;
    index.inodesOffset = offsetof<LayerIndex>();
    index.entriesOffset = index.inodesOffset + tables.inodeCount * offsetof<Inode>();
    index.stringsOffset = index.entriesOffset + tables.nameCount * offsetof<DirectoryEntry>();
    index.size = index.stringsOffset + tables.stringBytes;
    memory.copy(index.text(index.stringsOffset), tables.text(0), tables.stringBytes);

    let next: u32 = 0;
    for (let number: u32 = 0; number < tables.inodeCount; number++) {
        const inode = tables.inode(number);
        const kind = inode.mode >> 12;
        if (kind == KIND_SYMBOLIC_LINK) inode.value += index.stringsOffset;
        if (inode.attributes != 0) inode.attributes += index.stringsOffset - 1;
        if (kind == KIND_DIRECTORY) next = writeEntries(tables, index, inode, next);
        memory.copy(changetype<usize>(index.inode(number)), changetype<usize>(inode), offsetof<Inode>());
    }
}

/** Writes a directory's entries from number `next` on. The result is the number after them. */
function writeEntries(tables: LayerTables, index: LayerIndex, directory: Inode, next: u32): u32 {
    const first = next;
    let number = directory.firstEntry;
    directory.firstEntry = first;
    directory.linkCount = 2;
    while (number != NO_NAME) {
        const record = tables.nameRecord(number);
        const entry = index.entry(next++);
        entry.nameOffset = index.stringsOffset + record.nameOffset;
        entry.nameLength = record.nameLength;
        entry.kind = record.kind;
        entry.inode = record.inode;
        entry.hash = record.hash;
        if (record.kind == KIND_DIRECTORY) directory.linkCount++;
        number = record.sibling;
    }
    sortEntries(index, first, next - first);
    return next;
}

/** Heap sort by name: in place, without recursion, n log n for every input. */
function sortEntries(index: LayerIndex, first: u32, count: u32): void {
    for (let start = count / 2; start > 0; start--) siftDown(index, first, start - 1, count);
    for (let end = count; end > 1; end--) {
        swapEntries(index.entry(first), index.entry(first + end - 1));
        siftDown(index, first, 0, end - 1);
    }
}

function siftDown(index: LayerIndex, first: u32, root: u32, count: u32): void {
    while (true) {
        let largest = root * 2 + 1;
        if (largest >= count) return;
        if (largest + 1 < count && entryOrder(index, first + largest, first + largest + 1) < 0) largest++;
        if (entryOrder(index, first + root, first + largest) >= 0) return;
        swapEntries(index.entry(first + root), index.entry(first + largest));
        root = largest;
    }
}

function entryOrder(index: LayerIndex, left: u32, right: u32): i32 {
    const a = index.entry(left);
    const b = index.entry(right);
    return compareNames(index.text(a.nameOffset), a.nameLength, index.text(b.nameOffset), b.nameLength);
}

function swapEntries(a: DirectoryEntry, b: DirectoryEntry): void {
    const from = changetype<usize>(a);
    const to = changetype<usize>(b);
    const low = load<u64>(from);
    const high = load<u64>(from, 8);
    store<u64>(from, load<u64>(to));
    store<u64>(from, load<u64>(to, 8), 8);
    store<u64>(to, low);
    store<u64>(to, high, 8);
}
