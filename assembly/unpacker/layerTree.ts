// SPDX-License-Identifier: Apache-2.0
//
// Builds the index of a layer (std/layerIndex.ts) while its entries are read.
//
// What a name means where it meets what is there already, in this layer or below, follows the engines, which unpack
// layers over each other into one directory: a directory over a directory changes its attributes, anything else replaces
// what was there; directories in a path are followed through symbolic links, which cannot lead out of the image.

import {
    AttributeBlock,
    INODE_IMPLIED,
    INODE_OPAQUE,
    Inode,
    KIND_BLOCK_DEVICE,
    KIND_CHARACTER_DEVICE,
    KIND_DIRECTORY,
    KIND_FIFO,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    KIND_WHITEOUT,
    LayerIndex,
    compareNames,
    deviceNumber,
} from "../std/layerIndex";
import { Failure } from "../std/failure";
import { GrowingArea } from "../std/growingArea";
import { decodeUtf8 } from "../std/utf8";
import { LayerEntries, PATH_MAXIMUM } from "../oci/layerEntries";
import {
    TYPE_BLOCK_DEVICE,
    TYPE_CHARACTER_DEVICE,
    TYPE_DIRECTORY,
    TYPE_FIFO,
    TYPE_HARD_LINK,
    TYPE_SYMBOLIC_LINK,
} from "../oci/tarHeader";
import { indexSize, writeIndex } from "./layerIndexWriter";
import { LayerTables, NO_NAME } from "./layerTables";
import { LowerLayers, componentLength } from "./lowerLayers";

/** Symbolic links followed in one path: Linux's limit. */
export const LINKS_FOLLOWED_MAXIMUM: u32 = 40;

/** ".wh.": the image spec's mark of a whiteout. */
const WHITEOUT_PREFIX: u32 = 0x2e68772e;
const WHITEOUT_PREFIX_LENGTH: u32 = 4;
const OPAQUE_NAME_LENGTH: u32 = 12;

/** What the caller of `add` has to do. */
export enum AddOutcome {
    /** Nothing. */
    Done,
    /** Read the entry's content into pages and put the first one into `inode(added).value`. */
    Content,
    /** Take content likewise: from the page `inode(added).value` of `sourceLayer`, which has the hard link's target. */
    Copy,
    /** See `failure`. */
    Failed,
}

export class LayerTree {
    /** Inode of the entry that `add` put in. */
    added: u32 = 0;
    /** For AddOutcome.Copy: number of a lower layer. */
    sourceLayer: u32 = 0;
    /** Whether lower layers were looked at: over others the index might be another. */
    dependsOnLower: bool = false;

    private readonly tables: LayerTables;
    private readonly lower: LowerLayers;
    /** The rest of a path while it is walked, and the part walked: both can be replaced by symbolic links' targets. */
    private readonly pending: usize = heap.alloc(PATH_MAXIMUM + 1);
    private pendingLength: u32 = 0;
    private readonly canonical: usize = heap.alloc(PATH_MAXIMUM + 1);
    private canonicalLength: u32 = 0;

    /**
     * Areas are empty. `lower` are the layers below, the lowest first, the addresses of their indexes.
     */
    constructor(
        inodes: GrowingArea,
        names: GrowingArea,
        strings: GrowingArea,
        buckets: GrowingArea,
        lower: LayerIndex[],
    ) {
        this.tables = new LayerTables(inodes, names, strings, buckets);
        this.lower = new LowerLayers(lower);
    }

    /** Why `add` failed. */
    get failure(): Failure | null {
        return this.tables.failure;
    }

    /** Bytes of the index of what has been added. */
    get indexSize(): u64 {
        return indexSize(this.tables);
    }

    /** Writes the index to `to`, indexSize bytes. The tree is not to be changed or written again afterwards. */
    writeIndex(to: usize, dataPages: u32, uncompressedSize: u64): void {
        writeIndex(this.tables, to, dataPages, uncompressedSize);
    }

    /** Frees the path buffers. The areas are the caller's. */
    close(): void {
        heap.free(this.pending);
        heap.free(this.canonical);
    }

    @inline inode(number: u32): Inode {
        return this.tables.inode(number);
    }

    /** Puts the reader's present entry into the tree. */
    add(reader: LayerEntries): AddOutcome {
        if (this.failure !== null) return AddOutcome.Failed;
        if (reader.nameLength == 0) {
            if (reader.type != TYPE_DIRECTORY)
                return this.fail('"/" is not a directory in the archive; do not use this image');
            this.describe(0, reader, KIND_DIRECTORY);
            return AddOutcome.Done;
        }
        const split = lastComponent(reader.name, reader.nameLength);
        const directory = this.walk(reader.name, split, reader);
        if (directory < 0) return AddOutcome.Failed;
        const name = reader.name + split;
        const length = reader.nameLength - split;
        if (length >= WHITEOUT_PREFIX_LENGTH && load<u32>(name) == WHITEOUT_PREFIX) {
            return this.addWhiteout(
                directory,
                name + WHITEOUT_PREFIX_LENGTH,
                length - WHITEOUT_PREFIX_LENGTH,
                reader,
            );
        }
        if (reader.type == TYPE_DIRECTORY) return this.addDirectory(directory, name, length, reader);
        if (reader.type == TYPE_HARD_LINK) return this.addHardLink(directory, name, length, reader);
        return this.addFile(directory, name, length, reader);
    }

    private addWhiteout(directory: u32, name: usize, length: u32, reader: LayerEntries): AddOutcome {
        if (length >= WHITEOUT_PREFIX_LENGTH && load<u32>(name) == WHITEOUT_PREFIX) {
            // ".wh..wh..opq" makes the directory opaque; other names of this form are aufs' bookkeeping.
            if (length == OPAQUE_NAME_LENGTH - WHITEOUT_PREFIX_LENGTH && load<u32>(name, 4) == 0x71706f2e) {
                this.inode(directory).flags |= INODE_OPAQUE;
            }
            return AddOutcome.Done;
        }
        const isDots = (length == 1 && load<u8>(name) == 0x2e) || (length == 2 && load<u16>(name) == 0x2e2e);
        if (length == 0 || isDots)
            return this.fail(reader.describe() + " is a whiteout of no name; do not use this image");
        const existing = this.tables.find(directory, name, length);
        if (existing == NO_NAME) {
            return this.tables.newName(directory, name, length, KIND_WHITEOUT, 0)
                ? AddOutcome.Done
                : AddOutcome.Failed;
        }
        // A whiteout hides what lower layers have; what this layer itself has stays.
        const record = this.tables.nameRecord(existing);
        if (record.kind == KIND_DIRECTORY) this.inode(record.inode).flags |= INODE_OPAQUE;
        return AddOutcome.Done;
    }

    private addDirectory(directory: u32, name: usize, length: u32, reader: LayerEntries): AddOutcome {
        const existing = this.tables.find(directory, name, length);
        let number: i32;
        if (existing == NO_NAME) {
            number = this.tables.newDirectory(directory, name, length, 0);
        } else if (this.tables.nameRecord(existing).kind == KIND_DIRECTORY) {
            number = this.tables.nameRecord(existing).inode;
        } else {
            number = this.tables.replaceByDirectory(existing, directory);
        }
        if (number < 0) return AddOutcome.Failed;
        this.describe(number, reader, KIND_DIRECTORY);
        this.inode(number).flags &= ~INODE_IMPLIED;
        return AddOutcome.Done;
    }

    private addFile(directory: u32, name: usize, length: u32, reader: LayerEntries): AddOutcome {
        const kind = kindOfType(reader.type);
        const number = this.tables.newInode(0, 0, directory);
        if (number < 0 || !this.tables.setName(directory, name, length, kind, number))
            return AddOutcome.Failed;
        this.describe(number, reader, kind);
        this.added = number;
        if (kind == KIND_REGULAR) {
            this.inode(number).size = reader.size;
            return reader.size == 0 ? AddOutcome.Done : AddOutcome.Content;
        }
        if (kind == KIND_SYMBOLIC_LINK) {
            const offset = this.tables.newString(reader.link, reader.linkLength);
            if (offset < 0) return AddOutcome.Failed;
            this.inode(number).size = reader.linkLength;
            this.inode(number).value = offset;
        } else if (kind != KIND_FIFO) {
            this.inode(number).value = deviceNumber(reader.deviceMajor, reader.deviceMinor);
        }
        return AddOutcome.Done;
    }

    /**
     * One more name for a file. A lower layer's file is copied into this layer, as an engine's overlay copies it up:
     * an index refers to nothing outside itself.
     */
    private addHardLink(directory: u32, name: usize, length: u32, reader: LayerEntries): AddOutcome {
        const split = lastComponent(reader.link, reader.linkLength);
        const targetDirectory = this.walk(reader.link, split, reader);
        if (targetDirectory < 0) return AddOutcome.Failed;
        const target = reader.link + split;
        const targetLength = reader.linkLength - split;
        const existing = this.tables.find(targetDirectory, target, targetLength);
        if (existing != NO_NAME && this.tables.nameRecord(existing).kind != KIND_WHITEOUT) {
            const kind = this.tables.nameRecord(existing).kind;
            const number = this.tables.nameRecord(existing).inode;
            if (kind == KIND_DIRECTORY) return this.failLink(reader, "which is a directory");
            if (targetDirectory == directory && compareNames(target, targetLength, name, length) == 0)
                return AddOutcome.Done;
            if (!this.tables.setName(directory, name, length, kind, number)) return AddOutcome.Failed;
            this.inode(number).linkCount++;
            return AddOutcome.Done;
        }
        if (
            existing != NO_NAME ||
            this.isHidden(targetDirectory) ||
            !this.appendCanonical(target, targetLength) ||
            !this.findBelow()
        ) {
            return this.failLink(reader, "which neither this layer nor a lower one has");
        }
        const sourceIndex = this.lower.foundIndex;
        const source = this.lower.foundInode;
        this.sourceLayer = this.lower.layer;
        const kind = source.mode >> 12;
        if (kind == KIND_DIRECTORY) return this.failLink(reader, "which is a directory");
        const number = this.tables.newInode(source.mode, 0, directory);
        if (number < 0) return AddOutcome.Failed;
        const inode = this.inode(number);
        inode.uid = source.uid;
        inode.gid = source.gid;
        inode.size = source.size;
        inode.modificationSeconds = source.modificationSeconds;
        inode.modificationNanoseconds = source.modificationNanoseconds;
        inode.value = source.value;
        if (source.attributes != 0) {
            const block = sourceIndex.text(source.attributes);
            this.keepAttributes(inode, block, AttributeBlock.HEADER + load<u32>(block));
        }
        if (!this.tables.setName(directory, name, length, kind, number)) return AddOutcome.Failed;
        this.added = number;
        if (kind == KIND_SYMBOLIC_LINK) {
            const offset = this.tables.newString(sourceIndex.text(source.value), <u32>source.size);
            if (offset < 0) return AddOutcome.Failed;
            this.inode(number).value = offset;
        }
        // The target's own name must lead to the copy as well, or writing by one name would not show by the other.
        if (!this.tables.setName(targetDirectory, target, targetLength, kind, number))
            return AddOutcome.Failed;
        this.inode(number).linkCount = 2;
        return kind == KIND_REGULAR && source.size != 0 ? AddOutcome.Copy : AddOutcome.Done;
    }

    // ---- walking

    /**
     * The inode of the directory that `length` bytes of path lead to, made where it is missing; -1 after a failure.
     * `canonical` is then its path without symbolic links.
     */
    private walk(path: usize, length: u32, reader: LayerEntries): i32 {
        memory.copy(this.pending, path, length);
        this.pendingLength = length;
        this.canonicalLength = 0;
        let current: u32 = 0;
        let followed: u32 = 0;
        while (this.pendingLength > 0) {
            const size = componentLength(this.pending, this.pendingLength);
            const first = load<u8>(this.pending);
            if (size == 0 || (size == 1 && first == 0x2e)) {
                this.dropComponent(size);
                continue;
            }
            if (size == 2 && load<u16>(this.pending) == 0x2e2e) {
                current = this.inode(current).parent;
                this.shortenCanonical();
                this.dropComponent(size);
                continue;
            }
            const existing = this.tables.find(current, this.pending, size);
            let next: i32 = -1;
            let link: usize = 0;
            let linkLength: u32 = 0;
            if (existing != NO_NAME) {
                const record = this.tables.nameRecord(existing);
                if (record.kind == KIND_DIRECTORY) next = record.inode;
                else if (record.kind == KIND_SYMBOLIC_LINK) {
                    const inode = this.inode(record.inode);
                    link = this.tables.text(inode.value);
                    linkLength = <u32>inode.size;
                } else if (record.kind == KIND_WHITEOUT) {
                    next = this.tables.replaceByDirectory(existing, current);
                    if (next < 0) return -1;
                } else return this.failWalk(reader, size);
            } else {
                const mark = this.canonicalLength;
                if (!this.appendCanonical(this.pending, size)) return this.failLongPath(reader);
                const below = !this.isHidden(current) && this.findBelow();
                this.canonicalLength = mark;
                if (below) {
                    const index = this.lower.foundIndex;
                    const inode = this.lower.foundInode;
                    const kind = inode.mode >> 12;
                    if (kind == KIND_SYMBOLIC_LINK) {
                        link = index.text(inode.value);
                        linkLength = <u32>inode.size;
                    } else if (kind != KIND_DIRECTORY) return this.failWalk(reader, size);
                }
                if (link == 0) {
                    next = this.tables.newDirectory(current, this.pending, size, INODE_IMPLIED);
                    if (next < 0) return -1;
                }
            }
            if (link != 0) {
                if (++followed > LINKS_FOLLOWED_MAXIMUM) {
                    this.fail(
                        reader.describe() + " lies behind more than 40 symbolic links; do not use this image",
                    );
                    return -1;
                }
                if (!this.spliceLink(size, link, linkLength)) return this.failLongPath(reader);
                if (load<u8>(link) == 0x2f) {
                    current = 0;
                    this.canonicalLength = 0;
                }
                continue;
            }
            if (!this.appendCanonical(this.pending, size)) return this.failLongPath(reader);
            current = next;
            this.dropComponent(size);
        }
        return current;
    }

    private dropComponent(size: u32): void {
        const dropped = min(size + 1, this.pendingLength);
        this.pendingLength -= dropped;
        memory.copy(this.pending, this.pending + dropped, this.pendingLength);
    }

    /** Puts a link's target in the place of the first component. */
    private spliceLink(size: u32, link: usize, linkLength: u32): bool {
        const rest = this.pendingLength - size;
        if (linkLength + rest > PATH_MAXIMUM) return false;
        memory.copy(this.pending + linkLength, this.pending + size, rest);
        memory.copy(this.pending, link, linkLength);
        this.pendingLength = linkLength + rest;
        return true;
    }

    private appendCanonical(name: usize, length: u32): bool {
        if (this.canonicalLength + 1 + length > PATH_MAXIMUM) return false;
        if (this.canonicalLength > 0) store<u8>(this.canonical + this.canonicalLength++, 0x2f);
        memory.copy(this.canonical + this.canonicalLength, name, length);
        this.canonicalLength += length;
        return true;
    }

    private shortenCanonical(): void {
        const split = lastComponent(this.canonical, this.canonicalLength);
        this.canonicalLength = split > 0 ? split - 1 : 0;
    }

    /** Finds the canonical path in the lower layers. */
    private findBelow(): bool {
        this.dependsOnLower = true;
        return this.lower.find(this.canonical, this.canonicalLength);
    }

    /** Whether lower layers do not show through a directory of this layer. */
    private isHidden(directory: u32): bool {
        while (true) {
            const inode = this.inode(directory);
            if ((inode.flags & INODE_OPAQUE) != 0) return true;
            if (directory == 0) return false;
            directory = inode.parent;
        }
    }

    private describe(number: u32, reader: LayerEntries, kind: u16): void {
        const inode = this.inode(number);
        inode.mode = (kind << 12) | (<u16>reader.mode);
        inode.uid = reader.uid;
        inode.gid = reader.gid;
        inode.modificationSeconds = reader.modificationSeconds;
        inode.modificationNanoseconds = reader.modificationNanoseconds;
        if (kind == KIND_DIRECTORY) inode.flags &= ~INODE_IMPLIED;
        inode.attributes = 0;
        if (reader.attributesLength > 0)
            this.keepAttributes(inode, reader.attributes, reader.attributesLength);
    }

    /** While the tree is built, `attributes` is one more than the offset among the strings. */
    private keepAttributes(inode: Inode, block: usize, length: u32): void {
        const offset = this.tables.newString(block, length);
        if (offset >= 0) inode.attributes = offset + 1;
    }

    // ---- failures

    private failLink(reader: LayerEntries, reason: string): AddOutcome {
        return this.fail(
            reader.describe() +
                ' is a hard link to "' +
                decodeUtf8(reader.link, reader.linkLength) +
                '", ' +
                reason +
                "; the image is damaged",
        );
    }

    private failWalk(reader: LayerEntries, size: u32): i32 {
        this.appendCanonical(this.pending, size);
        this.fail(
            reader.describe() +
                ' lies below "' +
                decodeUtf8(this.canonical, this.canonicalLength) +
                '", which is not a directory; the image is damaged',
        );
        return -1;
    }

    private failLongPath(reader: LayerEntries): i32 {
        this.fail(
            reader.describe() +
                " lies behind symbolic links that make a path of more than 4095 bytes; do not use this image",
        );
        return -1;
    }

    private fail(message: string): AddOutcome {
        this.tables.fail(message);
        return AddOutcome.Failed;
    }
}

/** Offset of a path's last component. */
function lastComponent(path: usize, length: u32): u32 {
    while (length > 0 && load<u8>(path + length - 1) != 0x2f) length--;
    return length;
}

function kindOfType(type: u8): u16 {
    switch (type) {
        case TYPE_SYMBOLIC_LINK:
            return KIND_SYMBOLIC_LINK;
        case TYPE_CHARACTER_DEVICE:
            return KIND_CHARACTER_DEVICE;
        case TYPE_BLOCK_DEVICE:
            return KIND_BLOCK_DEVICE;
        case TYPE_FIFO:
            return KIND_FIFO;
        default:
            return KIND_REGULAR;
    }
}
