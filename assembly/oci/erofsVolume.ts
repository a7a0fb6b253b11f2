// SPDX-License-Identifier: Apache-2.0
//
// The inodes and directory blocks of an EROFS image (erofs.ts). The image is untrusted: whatever is read from it has been checked to lie
// inside, and what a user of this file gets from it is bounded. Images that hold anything compressed, chunked or on other devices are
// refused.

import { Failure } from "../std/failure";
import { KIND_DIRECTORY, KIND_REGULAR, KIND_SYMBOLIC_LINK } from "../std/layerIndex";
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
    FEATURE_ZERO_PADDING,
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
import { FILE_SIZE_MAXIMUM, NAME_MAXIMUM } from "./layerEntries";
import { RandomAccess } from "./randomAccess";

/** What ends a message about an image. */
export const REMEDY: string = "; the EROFS image is damaged: build the boot image again";

/** An inode, read and checked. */
export class ErofsInode {
    nid: u32 = 0;
    mode: u16 = 0;
    uid: u32 = 0;
    gid: u32 = 0;
    linkCount: u32 = 0;
    size: u64 = 0;
    modificationSeconds: i64 = 0;
    modificationNanoseconds: u32 = 0;
    /** First block of data, or a device's number. */
    value: u32 = 0;
    /** Where its attributes begin, and their bytes with their header. */
    attributes: u64 = 0;
    attributesSize: u32 = 0;
    isInline: bool = false;

    get kind(): u16 {
        return this.mode >> 12;
    }

    get blocks(): u32 {
        return <u32>pagesFor(this.size);
    }
}

export class ErofsVolume {
    failure: Failure | null = null;
    /** Where names and values of shared attributes begin. */
    sharedAttributes: u64 = 0;
    rootNid: u32 = 0;
    /** Blocks of the image: what lies behind is not looked at. */
    blocks: u32 = 0;
    private metadata: u64 = 0;
    private buildSeconds: i64 = 0;
    private buildNanoseconds: u32 = 0;
    private readonly scratch: usize = heap.alloc(offsetof<ExtendedInode>());
    /** A block of a directory: which one, and its bytes. */
    private readonly block: usize = heap.alloc(BLOCK);
    private blockNid: u32 = 0;
    private blockNumber: u32 = 0;
    private blockSize: u32 = 0;

    constructor(private readonly source: RandomAccess) {}

    close(): void {
        heap.free(this.scratch);
        heap.free(this.block);
    }

    /** Reads the superblock. */
    open(): bool {
        if (this.source.size < BLOCK) return this.fail("it has less than one block" + REMEDY);
        if (!this.read(SUPERBLOCK_OFFSET, this.block, BLOCK - SUPERBLOCK_OFFSET)) return false;
        const superblock = changetype<Superblock>(this.block);
        if (superblock.magic != SUPERBLOCK_MAGIC) return this.fail("it is no EROFS image");
        if ((superblock.compatibleFeatures & FEATURE_CHECKSUM) != 0) {
            const stated = superblock.checksum;
            superblock.checksum = 0;
            if (superblockChecksum(this.block, BLOCK - SUPERBLOCK_OFFSET) != stated)
                return this.fail("the superblock's checksum is wrong" + REMEDY);
        }
        if (superblock.blockBits != BLOCK_BITS || superblock.directoryBlockBits != 0)
            return this.fail(
                "it has blocks of another size than 4096 bytes; make it with mkfs.erofs -b 4096",
            );
        if ((superblock.incompatibleFeatures & ~FEATURE_ZERO_PADDING) != 0 || superblock.extraDevices != 0)
            return this.fail(
                "it has features that are not supported; make it uncompressed, with mkfs.erofs -E noinline_data",
            );
        this.blocks = superblock.blocks;
        if ((<u64>this.blocks) << BLOCK_BITS > this.source.size)
            return this.fail("it ends before its " + decimal(this.blocks) + " blocks do" + REMEDY);
        this.metadata = (<u64>superblock.metadataBlock) << BLOCK_BITS;
        this.sharedAttributes = (<u64>superblock.sharedAttributesBlock) << BLOCK_BITS;
        this.rootNid = superblock.rootNid;
        this.buildSeconds = superblock.buildSeconds;
        this.buildNanoseconds = superblock.buildNanoseconds;
        return true;
    }

    /** Copies `length` bytes, which must lie in the image. */
    read(offset: u64, to: usize, length: u32): bool {
        const size = this.blocks == 0 ? this.source.size : (<u64>this.blocks) << BLOCK_BITS;
        if (offset > size || length > size - offset)
            return this.fail("it refers to byte " + decimal(offset) + ", behind its end" + REMEDY);
        const failure = this.source.read(offset, to, length);
        if (failure !== null) this.failure = failure;
        return failure === null;
    }

    readInode(nid: u64, inode: ErofsInode): bool {
        if (nid > u32.MAX_VALUE) return this.fail("it has an absurd inode number" + REMEDY);
        const offset = this.metadata + nid * SLOT;
        if (!this.read(offset, this.scratch, offsetof<CompactInode>())) return false;
        const compact = changetype<CompactInode>(this.scratch);
        inode.nid = <u32>nid;
        inode.mode = compact.mode;
        inode.value = compact.value;
        const layout = (compact.format & ~FORMAT_EXTENDED) >> FORMAT_LAYOUT_SHIFT;
        if (layout != LAYOUT_PLAIN && layout != LAYOUT_INLINE)
            return this.failInode(
                inode,
                "is compressed or in chunks, which is not supported; make it with mkfs.erofs -E noinline_data",
            );
        inode.isInline = layout == LAYOUT_INLINE;
        let size: u32 = offsetof<CompactInode>();
        if ((compact.format & FORMAT_EXTENDED) == 0) {
            inode.size = compact.size;
            inode.uid = compact.uid;
            inode.gid = compact.gid;
            inode.linkCount = compact.linkCount;
            inode.modificationSeconds = this.buildSeconds;
            inode.modificationNanoseconds = this.buildNanoseconds;
        } else {
            size = offsetof<ExtendedInode>();
            if (!this.read(offset, this.scratch, size)) return false;
            const extended = changetype<ExtendedInode>(this.scratch);
            inode.size = extended.size;
            inode.uid = extended.uid;
            inode.gid = extended.gid;
            inode.linkCount = extended.linkCount;
            inode.modificationSeconds = extended.modificationSeconds;
            inode.modificationNanoseconds = extended.modificationNanoseconds;
        }
        if (inode.modificationNanoseconds >= 1_000_000_000)
            return this.failInode(inode, "has an invalid time" + REMEDY);
        const count = <u32>compact.attributeCount;
        inode.attributes = offset + size;
        inode.attributesSize = count == 0 ? 0 : ATTRIBUTE_HEADER + (count - 1) * ATTRIBUTE_ALIGNMENT;
        return this.checkData(inode);
    }

    /** Checks that an inode's data lies in the image. */
    private checkData(inode: ErofsInode): bool {
        const kind = inode.kind;
        if (kind != KIND_REGULAR && kind != KIND_DIRECTORY && kind != KIND_SYMBOLIC_LINK) {
            inode.size = 0;
            return true;
        }
        if (inode.size == 0) return true;
        if (inode.size > <u64>FILE_SIZE_MAXIMUM) return this.failInode(inode, "has an absurd size" + REMEDY);
        const plain = inode.isInline ? inode.blocks - 1 : inode.blocks;
        if (plain > 0 && <u64>inode.value + plain > this.blocks)
            return this.failInode(inode, "has data behind the image's end" + REMEDY);
        if (!inode.isInline) return true;
        const tail = inode.attributes + inode.attributesSize;
        const tailSize = inode.size - ((<u64>plain) << BLOCK_BITS);
        if ((tail & (BLOCK - 1)) + tailSize > BLOCK)
            return this.failInode(inode, "has inline data that crosses a block" + REMEDY);
        return true;
    }

    /** Copies bytes of an inode's data block `block` from its beginning; at most what it has. */
    readBlock(inode: ErofsInode, block: u32, to: usize, length: u32): bool {
        return this.read(
            inode.isInline && block == inode.blocks - 1
                ? inode.attributes + inode.attributesSize
                : (<u64>inode.value + block) << BLOCK_BITS,
            to,
            length,
        );
    }

    // ---- directories

    /**
     * Makes block `block` of a directory the present one and checks its form: entries that lie in it, with names. The result is the
     * number of its entries, or -1.
     */
    loadDirectory(directory: ErofsInode, block: u32): i32 {
        // Number 0 means that there is none: inode 0 can be a directory too, but is read again.
        if (directory.nid != this.blockNid || block != this.blockNumber || directory.nid == 0) {
            this.blockNid = 0;
            const size = <u32>min<u64>(BLOCK, directory.size - ((<u64>block) << BLOCK_BITS));
            if (!this.readBlock(directory, block, this.block, size)) return -1;
            this.blockSize = size;
            if (!this.checkDirectoryBlock(directory)) return -1;
            this.blockNid = directory.nid;
            this.blockNumber = block;
        }
        return this.direntCount;
    }

    private get direntCount(): u32 {
        return load<u16>(this.block, offsetof<Dirent>("nameOffset")) / DIRENT;
    }

    private checkDirectoryBlock(directory: ErofsInode): bool {
        const names: u32 = this.blockSize < DIRENT ? <u32>0 : <u32>this.dirent(0).nameOffset;
        if (names < DIRENT || names % DIRENT != 0 || names >= this.blockSize)
            return this.failInode(directory, "is a directory with a malformed block" + REMEDY);
        const count = this.direntCount;
        for (let i: u32 = 0; i < count; i++) {
            const start = <u32>this.dirent(i).nameOffset;
            const end = i + 1 < count ? <u32>this.dirent(i + 1).nameOffset : this.blockSize;
            if (start < names || end <= start || end > this.blockSize)
                return this.failInode(directory, "is a directory with a malformed block" + REMEDY);
            const name = this.name(i);
            const length = this.nameLength(i);
            let isValid = length > 0 && length <= NAME_MAXIMUM;
            for (let at: u32 = 0; isValid && at < length; at++) {
                const byte = load<u8>(name + at);
                isValid = byte != 0 && byte != 0x2f;
            }
            if (!isValid) return this.failInode(directory, "is a directory with an invalid name" + REMEDY);
        }
        return true;
    }

    /** An entry of the present block. */
    @inline dirent(number: u32): Dirent {
        return changetype<Dirent>(this.block + number * DIRENT);
    }

    @inline name(number: u32): usize {
        return this.block + this.dirent(number).nameOffset;
    }

    nameLength(number: u32): u32 {
        const start = <u32>this.dirent(number).nameOffset;
        if (number + 1 < this.direntCount) return this.dirent(number + 1).nameOffset - start;
        // The last name ends before the block where a zero byte follows it.
        let end = start;
        while (end < this.blockSize && load<u8>(this.block + end) != 0) end++;
        return end - start;
    }

    // ---- failures

    private failInode(inode: ErofsInode, reason: string): bool {
        return this.fail("inode " + decimal(inode.nid) + " " + reason);
    }

    fail(message: string): bool {
        if (this.failure === null) this.failure = new Failure(message);
        return false;
    }
}
