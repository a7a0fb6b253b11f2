// SPDX-License-Identifier: Apache-2.0
//
// One layer, from its packed bytes to pages and an index.

import { Failure } from "../std/failure";
import { GrowingArea } from "../std/growingArea";
import { byteSize, decimal } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../std/pages";
import {
    LINKS,
    LINKS_LIMIT,
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
import { ErofsReader } from "../oci/erofsReader";
import { LayerEntries } from "../oci/layerEntries";
import { Compression } from "../oci/mediaTypes";
import { TarReader } from "../oci/tarReader";
import { ContentPages } from "./contentPages";
import { ImageAccess } from "./imageAccess";
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

/** Unpacks the layer; where it is an archive, leaves that one's digest in UNPACKER_EXCHANGE. */
export function unpackLayer(task: Task): Failure | null {
    return task.compression == Compression.Unpacked ? takeImage(task) : unpackArchive(task);
}

function unpackArchive(task: Task): Failure | null {
    const stream = new LayerStream(task.size, task.compression);
    const reader = new TarReader(stream);
    const tree = makeTree(task);
    const contents = new ContentPages();
    let failure = readEntries(reader, null, tree, contents);
    if (failure === null) failure = handOver(task, tree, contents, reader.position);
    if (failure === null) stream.digest(UNPACKER_EXCHANGE);
    return failure;
}

/** The layer's pages are there already, in an EROFS image. */
function takeImage(task: Task): Failure | null {
    const image = new ErofsReader(new ImageAccess(task.size), new WindowTable(LINKS, LINKS_LIMIT));
    const tree = makeTree(task);
    const contents = new ContentPages();
    const failure = readEntries(image, image, tree, contents);
    return failure === null ? handOver(task, tree, contents, image.imageSize) : failure;
}

function makeTree(task: Task): LayerTree {
    return new LayerTree(
        new WindowTable(TREE_INODES, TREE_INODES_LIMIT),
        new WindowTable(TREE_NAMES, TREE_NAMES_LIMIT),
        new WindowTable(TREE_STRINGS, TREE_STRINGS_LIMIT),
        new WindowTable(TREE_BUCKETS, TREE_BUCKETS_LIMIT),
        task.lower,
    );
}

/** Adds all entries. `image` are the same where their contents are pages of an EROFS image. */
function readEntries(
    entries: LayerEntries,
    image: ErofsReader | null,
    tree: LayerTree,
    contents: ContentPages,
): Failure | null {
    while (entries.next()) {
        const outcome = tree.add(entries);
        if (outcome == AddOutcome.Failed) return tree.failure;
        if (outcome == AddOutcome.Done) continue;
        const inode = tree.inode(tree.added);
        const first = contents.next;
        // What no memory could hold is refused before it is read.
        if (inode.size > LARGE && inode.size > allMemory())
            return outOfMemory(entries.describe(), inode.size);
        const pages = <u32>pagesFor(inode.size);
        const isKept =
            outcome == AddOutcome.Copy
                ? contents.share(tree.sourceLayer, inode.value, pages)
                : image !== null
                  ? contents.adopt(image.firstBlock, pages)
                  : contents.add(entries);
        if (!isKept) {
            const failure = entries.failure;
            return failure !== null ? failure : outOfMemory(entries.describe(), inode.size);
        }
        inode.value = first;
    }
    return entries.failure;
}

/** Hands over what the manager does not have yet. */
function handOver(
    task: Task,
    tree: LayerTree,
    contents: ContentPages,
    uncompressedSize: u64,
): Failure | null {
    if (!contents.flush()) return outOfMemory("its contents", (<u64>contents.next) << PAGE_BITS);
    task.dependsOnLower = tree.dependsOnLower;
    return handOverIndex(tree, contents.next, uncompressedSize);
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
