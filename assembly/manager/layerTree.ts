// SPDX-License-Identifier: Apache-2.0
//
// Builds the index of a layer (std/layerIndex.ts) while its tar archive is read. Names and inodes are unmanaged records
// in growing areas; names are found by a hash table over (directory, name).
//
// What a name means where it meets what is there already, in this layer or below, follows the engines, which unpack
// layers over each other into one directory: a directory over a directory changes its attributes, anything else replaces
// what was there; directories in a path are followed through symbolic links, which cannot lead out of the image.

import {
    INODE_IMPLIED,
    INODE_OPAQUE,
    KIND_BLOCK_DEVICE,
    KIND_CHARACTER_DEVICE,
    KIND_DIRECTORY,
    KIND_FIFO,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    KIND_WHITEOUT,
    DirectoryEntry,
    Inode,
    LAYER_INDEX_MAGIC,
    LayerIndex,
    compareNames,
    deviceNumber,
    nameHash,
} from "../std/layerIndex";
import { Failure } from "../std/failure";
import { GrowingArea } from "../std/growingArea";
import { decimal } from "../std/numberText";
import { decodeUtf8 } from "../std/utf8";
import { PATH_MAXIMUM, TarReader } from "../oci/tarReader";
import {
    TYPE_BLOCK_DEVICE,
    TYPE_CHARACTER_DEVICE,
    TYPE_DIRECTORY,
    TYPE_FIFO,
    TYPE_HARD_LINK,
    TYPE_SYMBOLIC_LINK,
} from "../oci/tarHeader";

/** Inodes of one layer: twice the entries an archive may have, for directories that only names imply. */
export const INODES_MAXIMUM: u32 = 1 << 19;
/** Symbolic links followed in one path: Linux's limit. */
export const LINKS_FOLLOWED_MAXIMUM: u32 = 40;

/** Mode of a directory that no entry describes. */
const IMPLIED_MODE: u16 = 0o755;
/** ".wh.": the image spec's mark of a whiteout. */
const WHITEOUT_PREFIX: u32 = 0x2e68772e;
const WHITEOUT_PREFIX_LENGTH: u32 = 4;
const OPAQUE_NAME_LENGTH: u32 = 12;
const NO_NAME: u32 = 0;
const FIRST_BUCKETS: u32 = 1024;

/** What the caller of `add` has to do. */
export enum AddOutcome {
    /** Nothing. */
    Done,
    /** Read the entry's content into pages and put the first one into `inode(added).value`. */
    Content,
    /** Copy the content of `sourceInode` of `sourceLayer`, a hard link's target in a lower layer, likewise. */
    Copy,
    /** See `failure`. */
    Failed,
}

/** A name in a directory. Numbers of names are one higher than their place in the area, so that 0 is none. */
@unmanaged
class TreeName {
    /** Inode of the directory. */
    directory: u32;
    /** Next name of the same directory. */
    sibling: u32;
    /** Next name of the same bucket. */
    chain: u32;
    nameOffset: u32;
    nameLength: u16;
    kind: u16;
    inode: u32;
    hash: u32;
    reserved: u32;
}

export class LayerTree {
    failure: Failure | null = null;
    /** Inode of the entry that `add` put in. */
    added: u32 = 0;
    /** For AddOutcome.Copy. */
    sourceLayer: u32 = 0;
    sourceInode: u32 = 0;
    inodeCount: u32 = 0;
    nameCount: u32 = 0;
    stringBytes: u32 = 0;

    private bucketCount: u32 = FIRST_BUCKETS;
    /** The rest of a path while it is walked, and the part walked: both can be replaced by symbolic links' targets. */
    private readonly pending: usize = heap.alloc(PATH_MAXIMUM + 1);
    private pendingLength: u32 = 0;
    private readonly canonical: usize = heap.alloc(PATH_MAXIMUM + 1);
    private canonicalLength: u32 = 0;

    /**
     * Areas are empty. `lower` are the layers below, the lowest first, the addresses of their indexes.
     */
    constructor(
        private readonly inodes: GrowingArea,
        private readonly names: GrowingArea,
        private readonly strings: GrowingArea,
        private readonly buckets: GrowingArea,
        private readonly lower: LayerIndex[],
    ) {
        if (!this.buckets.ensure(this.bucketCount << 2)) this.outOfMemory();
        else this.newInode((KIND_DIRECTORY << 12) | IMPLIED_MODE, INODE_IMPLIED, 0);
    }

    /** Frees the path buffers. The areas are the caller's. */
    close(): void {
        heap.free(this.pending);
        heap.free(this.canonical);
    }

    @inline inode(number: u32): Inode {
        return changetype<Inode>(this.inodes.base + number * offsetof<Inode>());
    }

    /** Puts the reader's present entry into the tree. */
    add(reader: TarReader): AddOutcome {
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

    private addWhiteout(directory: u32, name: usize, length: u32, reader: TarReader): AddOutcome {
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
        const existing = this.find(directory, name, length);
        if (existing == NO_NAME) {
            return this.newName(directory, name, length, KIND_WHITEOUT, 0)
                ? AddOutcome.Done
                : AddOutcome.Failed;
        }
        // A whiteout hides what lower layers have; what this layer itself has stays.
        const record = this.nameRecord(existing);
        if (record.kind == KIND_DIRECTORY) this.inode(record.inode).flags |= INODE_OPAQUE;
        return AddOutcome.Done;
    }

    private addDirectory(directory: u32, name: usize, length: u32, reader: TarReader): AddOutcome {
        const existing = this.find(directory, name, length);
        let number: i32;
        if (existing == NO_NAME) {
            number = this.newDirectory(directory, name, length, 0);
        } else if (this.nameRecord(existing).kind == KIND_DIRECTORY) {
            number = this.nameRecord(existing).inode;
        } else {
            number = this.replaceByDirectory(existing, directory);
        }
        if (number < 0) return AddOutcome.Failed;
        this.describe(number, reader, KIND_DIRECTORY);
        this.inode(number).flags &= ~INODE_IMPLIED;
        return AddOutcome.Done;
    }

    private addFile(directory: u32, name: usize, length: u32, reader: TarReader): AddOutcome {
        const kind = kindOfType(reader.type);
        const number = this.newInode(0, 0, directory);
        if (number < 0 || !this.setName(directory, name, length, kind, number)) return AddOutcome.Failed;
        this.describe(number, reader, kind);
        this.added = number;
        if (kind == KIND_REGULAR) {
            this.inode(number).size = reader.size;
            return reader.size == 0 ? AddOutcome.Done : AddOutcome.Content;
        }
        if (kind == KIND_SYMBOLIC_LINK) {
            const offset = this.newString(reader.link, reader.linkLength);
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
    private addHardLink(directory: u32, name: usize, length: u32, reader: TarReader): AddOutcome {
        const split = lastComponent(reader.link, reader.linkLength);
        const targetDirectory = this.walk(reader.link, split, reader);
        if (targetDirectory < 0) return AddOutcome.Failed;
        const target = reader.link + split;
        const targetLength = reader.linkLength - split;
        const existing = this.find(targetDirectory, target, targetLength);
        if (existing != NO_NAME && this.nameRecord(existing).kind != KIND_WHITEOUT) {
            const kind = this.nameRecord(existing).kind;
            const number = this.nameRecord(existing).inode;
            if (kind == KIND_DIRECTORY) return this.failLink(reader, "which is a directory");
            if (targetDirectory == directory && compareNames(target, targetLength, name, length) == 0)
                return AddOutcome.Done;
            if (!this.setName(directory, name, length, kind, number)) return AddOutcome.Failed;
            this.inode(number).linkCount++;
            return AddOutcome.Done;
        }
        if (
            existing != NO_NAME ||
            this.isHidden(targetDirectory) ||
            !this.appendCanonical(target, targetLength) ||
            !this.findBelow(this.canonical, this.canonicalLength)
        ) {
            return this.failLink(reader, "which neither this layer nor a lower one has");
        }
        const sourceIndex = this.lower[this.sourceLayer];
        const source = sourceIndex.inode(this.sourceInode);
        const kind = source.mode >> 12;
        if (kind == KIND_DIRECTORY) return this.failLink(reader, "which is a directory");
        const number = this.newInode(source.mode, 0, directory);
        if (number < 0) return AddOutcome.Failed;
        const inode = this.inode(number);
        inode.uid = source.uid;
        inode.gid = source.gid;
        inode.size = source.size;
        inode.modificationSeconds = source.modificationSeconds;
        inode.modificationNanoseconds = source.modificationNanoseconds;
        inode.value = source.value;
        if (!this.setName(directory, name, length, kind, number)) return AddOutcome.Failed;
        this.added = number;
        if (kind == KIND_SYMBOLIC_LINK) {
            const offset = this.newString(sourceIndex.text(source.value), <u32>source.size);
            if (offset < 0) return AddOutcome.Failed;
            this.inode(number).value = offset;
        }
        // The target's own name must lead to the copy as well, or writing by one name would not show by the other.
        if (!this.setName(targetDirectory, target, targetLength, kind, number)) return AddOutcome.Failed;
        this.inode(number).linkCount = 2;
        return kind == KIND_REGULAR && source.size != 0 ? AddOutcome.Copy : AddOutcome.Done;
    }

    // ---- walking

    /**
     * The inode of the directory that `length` bytes of path lead to, made where it is missing; -1 after a failure.
     * `canonical` is then its path without symbolic links.
     */
    private walk(path: usize, length: u32, reader: TarReader): i32 {
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
            const existing = this.find(current, this.pending, size);
            let next: i32 = -1;
            let link: usize = 0;
            let linkLength: u32 = 0;
            if (existing != NO_NAME) {
                const record = this.nameRecord(existing);
                if (record.kind == KIND_DIRECTORY) next = record.inode;
                else if (record.kind == KIND_SYMBOLIC_LINK) {
                    const inode = this.inode(record.inode);
                    link = this.strings.base + inode.value;
                    linkLength = <u32>inode.size;
                } else if (record.kind == KIND_WHITEOUT) {
                    next = this.replaceByDirectory(existing, current);
                    if (next < 0) return -1;
                } else return this.failWalk(reader, size);
            } else {
                const mark = this.canonicalLength;
                if (!this.appendCanonical(this.pending, size)) return this.failLongPath(reader);
                const below = !this.isHidden(current) && this.findBelow(this.canonical, this.canonicalLength);
                this.canonicalLength = mark;
                if (below) {
                    const index = this.lower[this.sourceLayer];
                    const inode = index.inode(this.sourceInode);
                    const kind = inode.mode >> 12;
                    if (kind == KIND_SYMBOLIC_LINK) {
                        link = index.text(inode.value);
                        linkLength = <u32>inode.size;
                    } else if (kind != KIND_DIRECTORY) return this.failWalk(reader, size);
                }
                if (link == 0) {
                    next = this.newDirectory(current, this.pending, size, INODE_IMPLIED);
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

    /** Whether lower layers do not show through a directory of this layer. */
    private isHidden(directory: u32): bool {
        while (true) {
            const inode = this.inode(directory);
            if ((inode.flags & INODE_OPAQUE) != 0) return true;
            if (directory == 0) return false;
            directory = inode.parent;
        }
    }

    /** Finds a path without symbolic links in the lower layers laid over each other: sourceLayer and sourceInode. */
    private findBelow(path: usize, length: u32): bool {
        for (let layer = this.lower.length - 1; layer >= 0; layer--) {
            const index = this.lower[layer];
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
                    this.sourceLayer = layer;
                    this.sourceInode = entry.inode;
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

    // ---- records

    @inline private nameRecord(number: u32): TreeName {
        return changetype<TreeName>(this.names.base + (number - 1) * offsetof<TreeName>());
    }

    /** The number of the name in the directory, or NO_NAME. */
    private find(directory: u32, name: usize, length: u32): u32 {
        const hash = nameHash(name, length);
        let number = load<u32>(this.bucketOf(directory, hash));
        while (number != NO_NAME) {
            const record = this.nameRecord(number);
            if (
                record.hash == hash &&
                record.directory == directory &&
                record.nameLength == length &&
                memory.compare(this.strings.base + record.nameOffset, name, length) == 0
            ) {
                return number;
            }
            number = record.chain;
        }
        return NO_NAME;
    }

    /** Address of the bucket of a name. */
    @inline private bucketOf(directory: u32, hash: u32): usize {
        return this.buckets.base + (((hash ^ (directory * 0x9e3779b1)) & (this.bucketCount - 1)) << 2);
    }

    /** Makes the name lead to the inode, whatever it led to before. */
    private setName(directory: u32, name: usize, length: u32, kind: u16, inode: u32): bool {
        const existing = this.find(directory, name, length);
        if (existing == NO_NAME) return this.newName(directory, name, length, kind, inode);
        const record = this.nameRecord(existing);
        // The inode that loses its name keeps its other names.
        if (record.kind != KIND_WHITEOUT && record.kind != KIND_DIRECTORY)
            this.inode(record.inode).linkCount--;
        record.kind = kind;
        record.inode = inode;
        return true;
    }

    private newName(directory: u32, name: usize, length: u32, kind: u16, inode: u32): bool {
        const offset = this.newString(name, length);
        if (offset < 0) return false;
        if (!this.names.ensure((this.nameCount + 1) * offsetof<TreeName>())) return this.outOfMemory();
        const number = ++this.nameCount;
        const record = this.nameRecord(number);
        const hash = nameHash(name, length);
        const parent = this.inode(directory);
        record.directory = directory;
        record.nameOffset = offset;
        record.nameLength = <u16>length;
        record.kind = kind;
        record.inode = inode;
        record.hash = hash;
        record.sibling = parent.firstEntry;
        parent.firstEntry = number;
        parent.entryCount++;
        this.link(number);
        return this.nameCount <= this.bucketCount * 2 || this.growBuckets();
    }

    @inline private link(number: u32): void {
        const record = this.nameRecord(number);
        const bucket = this.bucketOf(record.directory, record.hash);
        record.chain = load<u32>(bucket);
        store<u32>(bucket, number);
    }

    private growBuckets(): bool {
        const count = this.bucketCount * 4;
        if (!this.buckets.ensure(count << 2)) return this.outOfMemory();
        this.bucketCount = count;
        memory.fill(this.buckets.base, 0, count << 2);
        for (let number: u32 = 1; number <= this.nameCount; number++) this.link(number);
        return true;
    }

    /** Offset of a copy of the text among the strings, or -1. */
    private newString(text: usize, length: u32): i32 {
        const offset = this.stringBytes;
        if (offset > this.strings.limit - length || !this.strings.ensure(offset + length)) {
            this.outOfMemory();
            return -1;
        }
        memory.copy(this.strings.base + offset, text, length);
        this.stringBytes += length;
        return offset;
    }

    /** Number of a new inode with one name, or -1. */
    private newInode(mode: u16, flags: u16, parent: u32): i32 {
        if (this.inodeCount >= INODES_MAXIMUM) {
            this.fail("the layer has more than " + decimal(INODES_MAXIMUM) + " files; split it");
            return -1;
        }
        if (!this.inodes.ensure((this.inodeCount + 1) * offsetof<Inode>())) {
            this.outOfMemory();
            return -1;
        }
        const number = this.inodeCount++;
        const inode = this.inode(number);
        inode.mode = mode;
        inode.flags = flags;
        inode.linkCount = 1;
        inode.parent = parent;
        return number;
    }

    private newDirectory(parent: u32, name: usize, length: u32, flags: u16): i32 {
        const number = this.newInode((KIND_DIRECTORY << 12) | IMPLIED_MODE, flags, parent);
        return number >= 0 && this.newName(parent, name, length, KIND_DIRECTORY, number) ? number : -1;
    }

    /** Makes a directory of a name that was a whiteout or a file: what lies below it in lower layers is gone. */
    private replaceByDirectory(existing: u32, parent: u32): i32 {
        const number = this.newInode(
            (KIND_DIRECTORY << 12) | IMPLIED_MODE,
            INODE_IMPLIED | INODE_OPAQUE,
            parent,
        );
        if (number < 0) return -1;
        const record = this.nameRecord(existing);
        if (record.kind != KIND_WHITEOUT) this.inode(record.inode).linkCount--;
        record.kind = KIND_DIRECTORY;
        record.inode = number;
        return number;
    }

    private describe(number: u32, reader: TarReader, kind: u16): void {
        const inode = this.inode(number);
        inode.mode = (kind << 12) | (<u16>reader.mode);
        inode.uid = reader.uid;
        inode.gid = reader.gid;
        inode.modificationSeconds = reader.modificationSeconds;
        inode.modificationNanoseconds = reader.modificationNanoseconds;
        if (kind == KIND_DIRECTORY) inode.flags &= ~INODE_IMPLIED;
    }

    // ---- writing

    /** Bytes of the finished index. */
    get indexSize(): u64 {
        return (
            <u64>offsetof<LayerIndex>() +
            <u64>this.inodeCount * offsetof<Inode>() +
            <u64>this.nameCount * offsetof<DirectoryEntry>() +
            this.stringBytes
        );
    }

    /** Writes the index to `to`, indexSize bytes. The tree is not to be changed or written again afterwards. */
    writeIndex(to: usize, dataPages: u32, uncompressedSize: u64): void {
        const index = changetype<LayerIndex>(to);
        index.magic = LAYER_INDEX_MAGIC;
        index.inodeCount = this.inodeCount;
        index.entryCount = this.nameCount;
        index.stringBytes = this.stringBytes;
        index.dataPages = dataPages;
        index.uncompressedSize = uncompressedSize;
        index.inodesOffset = offsetof<LayerIndex>();
        index.entriesOffset = index.inodesOffset + this.inodeCount * offsetof<Inode>();
        index.stringsOffset = index.entriesOffset + this.nameCount * offsetof<DirectoryEntry>();
        index.size = index.stringsOffset + this.stringBytes;
        memory.copy(index.text(index.stringsOffset), this.strings.base, this.stringBytes);

        let next: u32 = 0;
        for (let number: u32 = 0; number < this.inodeCount; number++) {
            const inode = this.inode(number);
            const kind = inode.mode >> 12;
            if (kind == KIND_SYMBOLIC_LINK) inode.value += index.stringsOffset;
            if (kind == KIND_DIRECTORY) next = this.writeEntries(index, inode, next);
            memory.copy(changetype<usize>(index.inode(number)), changetype<usize>(inode), offsetof<Inode>());
        }
    }

    /** Writes a directory's entries from number `next` on. The result is the number after them. */
    private writeEntries(index: LayerIndex, directory: Inode, next: u32): u32 {
        const first = next;
        let number = directory.firstEntry;
        directory.firstEntry = first;
        directory.linkCount = 2;
        while (number != NO_NAME) {
            const record = this.nameRecord(number);
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

    // ---- failures

    private failLink(reader: TarReader, reason: string): AddOutcome {
        return this.fail(
            reader.describe() +
                ' is a hard link to "' +
                decodeUtf8(reader.link, reader.linkLength) +
                '", ' +
                reason +
                "; the image is damaged",
        );
    }

    private failWalk(reader: TarReader, size: u32): i32 {
        this.appendCanonical(this.pending, size);
        this.fail(
            reader.describe() +
                ' lies below "' +
                decodeUtf8(this.canonical, this.canonicalLength) +
                '", which is not a directory; the image is damaged',
        );
        return -1;
    }

    private failLongPath(reader: TarReader): i32 {
        this.fail(
            reader.describe() +
                " lies behind symbolic links that make a path of more than 4095 bytes; do not use this image",
        );
        return -1;
    }

    private outOfMemory(): bool {
        this.fail(
            "the index of its " +
                decimal(this.inodeCount) +
                " files does not fit the machine's free memory; use a smaller image or a larger machine",
        );
        return false;
    }

    private fail(message: string): AddOutcome {
        if (this.failure === null) this.failure = new Failure(message);
        return AddOutcome.Failed;
    }
}

/** Offset of a path's last component. */
function lastComponent(path: usize, length: u32): u32 {
    while (length > 0 && load<u8>(path + length - 1) != 0x2f) length--;
    return length;
}

/** Bytes before the first "/". */
function componentLength(path: usize, length: u32): u32 {
    let size: u32 = 0;
    while (size < length && load<u8>(path + size) != 0x2f) size++;
    return size;
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
