// SPDX-License-Identifier: Apache-2.0
//
// Writes the metadata of an EROFS image (erofs.ts) of a layer, from the layer's index: superblock, inodes, attributes, directories. The
// layer's data pages, which the caller appends, become the blocks behind it. No file's data is packed into metadata, so that each
// of its pages is a block.
//
// What EROFS has no form for is written as overlayfs has it: a whiteout is a character device 0/0, an opaque directory has an
// attribute. Directories that only names imply have one of Sealift's own.
//
// The image: 1024 zeros, superblock, inodes from the root on, directory by directory; blocks of directories and of symbolic links that do not fit
// behind their inodes; data pages. An inode never crosses a block, nor what is inline behind it.

import { Failure } from "../std/failure";
import {
    Inode,
    KIND_BLOCK_DEVICE,
    KIND_CHARACTER_DEVICE,
    KIND_DIRECTORY,
    KIND_FIFO,
    KIND_REGULAR,
    KIND_SOCKET,
    KIND_SYMBOLIC_LINK,
    KIND_WHITEOUT,
    LayerIndex,
    compareNames,
} from "../std/layerIndex";
import { decimal } from "../std/numberText";
import { pagesFor } from "../std/pages";
import {
    ATTRIBUTE_ALIGNMENT,
    ATTRIBUTE_HEADER,
    BLOCK,
    BLOCK_BITS,
    CompactInode,
    DIRENT,
    Dirent,
    ExtendedInode,
    FEATURE_CHECKSUM,
    FILE_TYPE_BLOCK_DEVICE,
    FILE_TYPE_CHARACTER_DEVICE,
    FILE_TYPE_DIRECTORY,
    FILE_TYPE_FIFO,
    FILE_TYPE_REGULAR,
    FILE_TYPE_SOCKET,
    FILE_TYPE_SYMBOLIC_LINK,
    FORMAT_EXTENDED,
    FORMAT_LAYOUT_SHIFT,
    LAYOUT_INLINE,
    LAYOUT_PLAIN,
    SLOT,
    SUPERBLOCK_MAGIC,
    SUPERBLOCK_OFFSET,
    Superblock,
    superblockChecksum,
} from "./erofs";
import { TOO_LARGE, attributesSize, writeAttributes } from "./erofsAttributes";

/** What a whiteout is: S_IFCHR, device 0. */
const WHITEOUT_MODE: u16 = KIND_CHARACTER_DEVICE << 12;
/** Bytes of metadata that can be written: they lie in memory at once. */
const METADATA_MAXIMUM: u64 = 1 << 30;
/** Blocks of an image: their numbers have 32 bits, the greatest of which is none. */
const BLOCKS_MAXIMUM: u64 = 0xffffffff;

/** Where an inode of the index goes. */
@unmanaged
class Placement {
    /** Offset in the image; 0 before it has one. */
    offset: u32;
    /** Its names. */
    links: u32;
    /** Bytes of its attributes. */
    attributes: u32;
    /** Directory or symbolic link: bytes of data, and the block of its own, counted from the first such one. */
    size: u32;
    block: u32;
    /** Data lies behind the inode. */
    isInline: bool;
}

export class ErofsWriter {
    private readonly placements: usize;
    /** Inodes in the order of their offsets. */
    private readonly order: usize;
    private count: u32 = 0;
    /** Where the next inode can begin; then the inodes' end. */
    private end: u64 = 0;
    private ownBlocks: u32 = 0;
    private readonly whiteout: Placement = changetype<Placement>(heap.alloc(offsetof<Placement>()));
    /** The time that most inodes have, so that they can be compact. */
    private seconds: i64 = 0;
    private nanoseconds: u32 = 0;
    private readonly dots: usize = heap.alloc(2);
    private image: usize = 0;

    /** The index and its strings must stay where they are. */
    constructor(private readonly index: LayerIndex) {
        const inodes = <usize>index.inodeCount;
        this.placements = heap.alloc(inodes * offsetof<Placement>());
        memory.fill(this.placements, 0, inodes * offsetof<Placement>());
        this.order = heap.alloc(inodes << 2);
        memory.fill(changetype<usize>(this.whiteout), 0, offsetof<Placement>());
        store<u16>(this.dots, 0x2e2e);
    }

    /** Frees what the constructor took. */
    close(): void {
        heap.free(this.placements);
        heap.free(this.order);
        heap.free(changetype<usize>(this.whiteout));
        heap.free(this.dots);
    }

    /** Decides where everything goes. To be called first, once. */
    layOut(): Failure | null {
        this.collect();
        this.chooseTime();
        this.end = SUPERBLOCK_OFFSET + offsetof<Superblock>();
        for (let i: u32 = 0; i < this.count; i++) {
            const number = this.ordered(i);
            const inode = this.index.inode(number);
            const placement = this.placement(number);
            placement.attributes = attributesSize(this.index, inode);
            if (placement.attributes == TOO_LARGE)
                return new Failure(
                    "a file has extended attributes that are larger than EROFS can hold; use the layer packed",
                );
            const kind = inode.mode >> 12;
            if (kind == KIND_DIRECTORY) placement.size = this.directorySize(number);
            else if (kind == KIND_SYMBOLIC_LINK) placement.size = <u32>inode.size;
            this.place(placement, this.isExtended(inode, placement));
        }
        if (this.whiteout.links > 0) this.place(this.whiteout, this.whiteout.links > u16.MAX_VALUE);
        const size = this.metadataSize;
        if (size > METADATA_MAXIMUM || this.blocks(this.index.dataPages) > BLOCKS_MAXIMUM)
            return new Failure(
                "its EROFS image would have " + decimal(size) + " bytes of metadata; split the layer",
            );
        return null;
    }

    /** Bytes of the metadata, whole blocks. The data pages follow. */
    get metadataSize(): u64 {
        return (pagesFor(this.end) + this.ownBlocks) << BLOCK_BITS;
    }

    private blocks(dataPages: u32): u64 {
        return (this.metadataSize >> BLOCK_BITS) + dataPages;
    }

    /** Writes metadataSize bytes to `to`, which are zero. The image has `dataPages` blocks more. */
    write(to: usize, dataPages: u32): void {
        this.image = to;
        const superblock = changetype<Superblock>(to + SUPERBLOCK_OFFSET);
        superblock.magic = SUPERBLOCK_MAGIC;
        superblock.compatibleFeatures = FEATURE_CHECKSUM;
        superblock.blockBits = <u8>BLOCK_BITS;
        superblock.rootNid = <u16>this.nid(0);
        superblock.inodes = this.count + (this.whiteout.links > 0 ? 1 : 0);
        superblock.buildSeconds = this.seconds;
        superblock.buildNanoseconds = this.nanoseconds;
        superblock.blocks = <u32>this.blocks(dataPages);
        for (let i: u32 = 0; i < this.count; i++) this.writeInode(this.ordered(i));
        if (this.whiteout.links > 0) this.writeWhiteout();
        superblock.checksum = superblockChecksum(changetype<usize>(superblock), BLOCK - SUPERBLOCK_OFFSET);
    }

    // ---- laying out

    @inline private placement(number: u32): Placement {
        return changetype<Placement>(this.placements + number * offsetof<Placement>());
    }

    @inline private ordered(place: u32): u32 {
        return load<u32>(this.order + (place << 2));
    }

    private append(number: u32): void {
        store<u32>(this.order + (this.count << 2), number);
        this.count++;
    }

    /** Lists the inodes that names lead to, a directory's one after another, and counts their names. */
    private collect(): void {
        this.append(0);
        this.placement(0).links = 2;
        for (let i: u32 = 0; i < this.count; i++) {
            const number = this.ordered(i);
            const inode = this.index.inode(number);
            if (inode.mode >> 12 != KIND_DIRECTORY) continue;
            for (let e: u32 = 0; e < inode.entryCount; e++) {
                const entry = this.index.entry(inode.firstEntry + e);
                if (entry.kind == KIND_WHITEOUT) {
                    this.whiteout.links++;
                    continue;
                }
                const placement = this.placement(entry.inode);
                if (placement.links == 0) this.append(entry.inode);
                placement.links++;
                if (entry.kind != KIND_DIRECTORY) continue;
                // Its name and its "."; its own ".." counts above it.
                placement.links++;
                this.placement(number).links++;
            }
        }
    }

    /** Boyer and Moore's majority vote. */
    private chooseTime(): void {
        let votes: u32 = 0;
        for (let i: u32 = 0; i < this.count; i++) {
            const inode = this.index.inode(this.ordered(i));
            if (votes == 0) {
                this.seconds = inode.modificationSeconds;
                this.nanoseconds = inode.modificationNanoseconds;
            }
            votes = this.hasChosenTime(inode) ? votes + 1 : votes - 1;
        }
    }

    private hasChosenTime(inode: Inode): bool {
        return inode.modificationSeconds == this.seconds && inode.modificationNanoseconds == this.nanoseconds;
    }

    private isExtended(inode: Inode, placement: Placement): bool {
        return (
            inode.uid > u16.MAX_VALUE ||
            inode.gid > u16.MAX_VALUE ||
            inode.size > u32.MAX_VALUE ||
            placement.links > u16.MAX_VALUE ||
            !this.hasChosenTime(inode)
        );
    }

    /** Gives an inode its place, and its data, if that lies in metadata. */
    private place(placement: Placement, extended: bool): void {
        const form = extended ? <u32>offsetof<ExtendedInode>() : <u32>offsetof<CompactInode>();
        const head = form + placement.attributes;
        placement.isInline = placement.size > 0 && head + placement.size <= BLOCK;
        const whole = placement.isInline ? head + placement.size : form;
        const left = BLOCK - <u32>(this.end & (BLOCK - 1));
        if (whole > left) this.end += left;
        placement.offset = <u32>this.end;
        this.end += head + (placement.isInline ? placement.size : 0);
        this.end = (this.end + (SLOT - 1)) & ~(<u64>(SLOT - 1));
        if (placement.size == 0 || placement.isInline) return;
        placement.block = this.ownBlocks;
        this.ownBlocks += <u32>pagesFor(placement.size);
    }

    // ---- directories

    /** Bytes of a directory. */
    private directorySize(number: u32): u32 {
        return this.layOutDirectory(number, 0);
    }

    /** Bytes of a directory, which is written where `to` is not 0: to blocks, of which the last may be a part. */
    private layOutDirectory(number: u32, to: usize): u32 {
        const directory = this.index.inode(number);
        const total = directory.entryCount + 2;
        let done: u32 = 0;
        let size: u32 = 0;
        while (done < total) {
            // A block takes as many entries as fit with their names.
            let used: u32 = 0;
            let entries: u32 = 0;
            while (done + entries < total) {
                const more = DIRENT + this.nameLength(directory, done + entries);
                if (used + more > BLOCK) break;
                used += more;
                entries++;
            }
            if (to != 0) this.writeDirectoryBlock(directory, number, done, entries, to + size);
            done += entries;
            size += done < total ? BLOCK : used;
        }
        return size;
    }

    private writeDirectoryBlock(directory: Inode, number: u32, first: u32, entries: u32, to: usize): void {
        let name = entries * DIRENT;
        for (let i: u32 = 0; i < entries; i++) {
            const dirent = changetype<Dirent>(to + i * DIRENT);
            const at = this.mergedEntry(directory, first + i);
            dirent.nameOffset = <u16>name;
            if (at < 0) {
                const isParent = at == PARENT_ENTRY;
                dirent.nid = this.nid(isParent ? directory.parent : number);
                dirent.fileType = FILE_TYPE_DIRECTORY;
                memory.copy(to + name, this.dots, isParent ? 2 : 1);
                name += isParent ? 2 : 1;
                continue;
            }
            const entry = this.index.entry(at);
            const isWhiteout = entry.kind == KIND_WHITEOUT;
            dirent.nid = isWhiteout ? this.whiteout.offset / SLOT : this.nid(entry.inode);
            dirent.fileType = fileTypeOf(entry.kind);
            memory.copy(to + name, this.index.text(entry.nameOffset), entry.nameLength);
            name += entry.nameLength;
        }
    }

    private nameLength(directory: Inode, place: u32): u32 {
        const at = this.mergedEntry(directory, place);
        return at == OWN_ENTRY ? 1 : at == PARENT_ENTRY ? 2 : this.index.entry(at).nameLength;
    }

    /** The entry at a place among all of a directory: a number of the index's, OWN_ENTRY or PARENT_ENTRY. Few names precede "." */
    private mergedEntry(directory: Inode, place: u32): i32 {
        const before = this.entriesBefore(directory, 1);
        if (place == before) return OWN_ENTRY;
        if (place < before) return directory.firstEntry + place;
        const beforeParent = this.entriesBefore(directory, 2);
        if (place == beforeParent + 1) return PARENT_ENTRY;
        return directory.firstEntry + place - (place < beforeParent + 1 ? 1 : 2);
    }

    /** How many of the directory's names precede `length` dots: bisection. */
    private entriesBefore(directory: Inode, length: u32): u32 {
        let low: u32 = 0;
        let high = directory.entryCount;
        while (low < high) {
            const middle = (low + high) >>> 1;
            const entry = this.index.entry(directory.firstEntry + middle);
            const order = compareNames(
                this.index.text(entry.nameOffset),
                entry.nameLength,
                this.dots,
                length,
            );
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // ---- writing

    @inline private nid(number: u32): u32 {
        return this.placement(number).offset / SLOT;
    }

    private writeInode(number: u32): void {
        const inode = this.index.inode(number);
        const placement = this.placement(number);
        const kind = inode.mode >> 12;
        const isRegular = kind == KIND_REGULAR;
        const size = isRegular ? inode.size : placement.size;
        const ownBlock = <u32>pagesFor(this.end) + placement.block;
        let value: u32 = 0;
        if (isRegular && size > 0) value = <u32>(this.metadataSize >> BLOCK_BITS) + inode.value;
        else if (kind == KIND_CHARACTER_DEVICE || kind == KIND_BLOCK_DEVICE) value = inode.value;
        else if (placement.size > 0 && !placement.isInline) value = ownBlock;
        const extended = this.isExtended(inode, placement);
        this.writeHead(placement, extended, inode.mode, size, value);
        const at = this.image + placement.offset;
        if (extended) {
            const to = changetype<ExtendedInode>(at);
            to.uid = inode.uid;
            to.gid = inode.gid;
            to.modificationSeconds = inode.modificationSeconds;
            to.modificationNanoseconds = inode.modificationNanoseconds;
        } else {
            const to = changetype<CompactInode>(at);
            to.uid = <u16>inode.uid;
            to.gid = <u16>inode.gid;
        }
        const behind = at + (extended ? offsetof<ExtendedInode>() : offsetof<CompactInode>());
        if (placement.attributes > 0) writeAttributes(this.index, inode, behind);
        if (placement.size == 0) return;
        const data = placement.isInline
            ? behind + placement.attributes
            : this.image + ((<usize>ownBlock) << BLOCK_BITS);
        if (kind == KIND_DIRECTORY) this.layOutDirectory(number, data);
        else memory.copy(data, this.index.text(inode.value), placement.size);
    }

    private writeWhiteout(): void {
        this.writeHead(this.whiteout, this.whiteout.links > u16.MAX_VALUE, WHITEOUT_MODE, 0, 0);
    }

    /** Writes what both forms have. */
    private writeHead(placement: Placement, extended: bool, mode: u16, size: u64, value: u32): void {
        const at = this.image + placement.offset;
        const layout = placement.isInline ? LAYOUT_INLINE : LAYOUT_PLAIN;
        const head = changetype<CompactInode>(at);
        head.format = (layout << FORMAT_LAYOUT_SHIFT) | (extended ? FORMAT_EXTENDED : 0);
        if (placement.attributes > 0)
            head.attributeCount = <u16>((placement.attributes - ATTRIBUTE_HEADER) / ATTRIBUTE_ALIGNMENT + 1);
        head.mode = mode;
        head.value = value;
        head.number = placement.offset / SLOT;
        if (extended) {
            const to = changetype<ExtendedInode>(at);
            to.size = size;
            to.linkCount = placement.links;
        } else {
            head.size = <u32>size;
            head.linkCount = <u16>placement.links;
        }
    }
}

// What stands for "." and ".." among a directory's entries.
const OWN_ENTRY: i32 = -1;
const PARENT_ENTRY: i32 = -2;

function fileTypeOf(kind: u16): u8 {
    switch (kind) {
        case KIND_DIRECTORY:
            return FILE_TYPE_DIRECTORY;
        case KIND_SYMBOLIC_LINK:
            return FILE_TYPE_SYMBOLIC_LINK;
        case KIND_BLOCK_DEVICE:
            return FILE_TYPE_BLOCK_DEVICE;
        case KIND_CHARACTER_DEVICE:
        case KIND_WHITEOUT:
            return FILE_TYPE_CHARACTER_DEVICE;
        case KIND_FIFO:
            return FILE_TYPE_FIFO;
        case KIND_SOCKET:
            return FILE_TYPE_SOCKET;
        default:
            return FILE_TYPE_REGULAR;
    }
}
