// SPDX-License-Identifier: Apache-2.0
//
// One layer, from its packed bytes to pages and an index.

import { Failure } from "../std/failure";
import { GrowingArea } from "../std/growingArea";
import { byteSize, decimal } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import {
    TREE_BUCKETS,
    TREE_BUCKETS_LIMIT,
    TREE_INODES,
    TREE_INODES_LIMIT,
    TREE_NAMES,
    TREE_NAMES_LIMIT,
    TREE_STRINGS,
    TREE_STRINGS_LIMIT,
    UNPACKER_CONTENT,
    UNPACKER_CONTENT_PAGES,
    UNPACKER_EXCHANGE,
    UNPACKER_INDEX,
    UNPACKER_TABLES_END,
} from "../std/unpackerProtocol";
import { TarReader } from "../oci/tarReader";
import { ContentPages } from "./contentPages";
import { LayerStream } from "./layerStream";
import { AddOutcome, LayerTree } from "./layerTree";
import { Task, addIndexPages, allMemory, freeMemory } from "./manager";

/** Bytes of a file that are worth the question whether the machine has as many. */
const LARGE: u64 = 1 << 20;

/** A table in the window, where memory comes when it is touched. */
class WindowTable extends GrowingArea {
    ensure(bytes: u32): bool {
        return bytes <= this.limit;
    }
}

/** Unpacks the layer and leaves its archive's digest in UNPACKER_EXCHANGE. */
export function unpackLayer(task: Task): Failure | null {
    const stream = new LayerStream(task.size, task.compression);
    const reader = new TarReader(stream);
    const tree = new LayerTree(
        new WindowTable(TREE_INODES, TREE_INODES_LIMIT),
        new WindowTable(TREE_NAMES, TREE_NAMES_LIMIT),
        new WindowTable(TREE_STRINGS, TREE_STRINGS_LIMIT),
        new WindowTable(TREE_BUCKETS, TREE_BUCKETS_LIMIT),
        task.lower,
    );
    const contents = new ContentPages();
    let failure = readEntries(reader, tree, contents);
    if (failure === null) failure = reader.failure;
    if (failure !== null) return failure;
    if (!contents.flush()) return outOfMemory("its contents", (<u64>contents.next) << PAGE_BITS);
    failure = handOverIndex(tree, contents.next, reader.position);
    if (failure !== null) return failure;
    task.dependsOnLower = tree.dependsOnLower;
    stream.digest(UNPACKER_EXCHANGE);
    return null;
}

function readEntries(reader: TarReader, tree: LayerTree, contents: ContentPages): Failure | null {
    while (reader.next()) {
        const outcome = tree.add(reader);
        if (outcome == AddOutcome.Failed) return tree.failure;
        if (outcome == AddOutcome.Done) continue;
        const inode = tree.inode(tree.added);
        const first = contents.next;
        // What no memory could hold is refused before it is read.
        if (inode.size > LARGE && inode.size > allMemory()) return outOfMemory(reader.describe(), inode.size);
        const isKept =
            outcome == AddOutcome.Content
                ? contents.add(reader)
                : contents.share(tree.sourceLayer, inode.value, <u32>pagesFor(inode.size));
        if (!isKept) {
            const failure = reader.failure;
            return failure !== null ? failure : outOfMemory(reader.describe(), inode.size);
        }
        inode.value = first;
    }
    return null;
}

/** Writes the index and hands it over, some pages at a time. */
function handOverIndex(tree: LayerTree, dataPages: u32, uncompressedSize: u64): Failure | null {
    const size = tree.indexSize;
    if (size > UNPACKER_TABLES_END - UNPACKER_INDEX) return outOfMemory("its index", size);
    tree.writeIndex(UNPACKER_INDEX, dataPages, uncompressedSize);
    const total = <u32>pagesFor(size);
    for (let done: u32 = 0; done < total;) {
        const pages = min(total - done, UNPACKER_CONTENT_PAGES);
        memory.copy(UNPACKER_CONTENT, UNPACKER_INDEX + ((<usize>done) << PAGE_BITS), pages * PAGE_SIZE);
        if (!addIndexPages(total, pages)) return outOfMemory("its index", size);
        done += pages;
    }
    return null;
}

function outOfMemory(thing: string, bytes: u64): Failure {
    return new Failure(
        thing +
            " of " +
            byteSize(bytes) +
            " (" +
            decimal(bytes) +
            " bytes) does not fit the machine's free memory of " +
            byteSize(freeMemory()) +
            "; give the machine more memory or use a smaller image",
    );
}
