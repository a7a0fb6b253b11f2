// SPDX-License-Identifier: Apache-2.0
//
// The entries of a layer, one after another, in whatever form the layer is: a tar archive (tarReader.ts) or an EROFS image
// (erofsReader.ts). The present entry's fields live here and are overwritten by the next one, so that reading a layer allocates
// nothing.
//
// Whiteouts are entries by the image spec's names: "dir/.wh.name", and "dir/.wh..wh..opq" for an opaque directory.

import { Failure } from "../std/failure";
import { AttributeBlock } from "../std/layerIndex";
import { decodeUtf8 } from "../std/utf8";

/** Entries of one layer. Large development images have some 100,000 files in all. */
export const ENTRIES_MAXIMUM: u32 = 1 << 18;
/** Bytes of a path or a link's target: Linux's PATH_MAX less the zero byte. */
export const PATH_MAXIMUM: u32 = 4095;
/** Bytes of one name: Linux's NAME_MAX. */
export const NAME_MAXIMUM: u32 = 255;
/** Directories above a file. Deeper trees are made only to break those who read them. */
export const DEPTH_MAXIMUM: u32 = 128;
/** Bytes of one file: beyond any memory that Sealift runs in, and far from the overflow of sums. */
export const FILE_SIZE_MAXIMUM: i64 = 1 << 40;
/** Bytes of one entry's extended attributes: room for several of Linux's largest size (64 KiB). */
export const ATTRIBUTES_MAXIMUM: u32 = 256 * 1024;
/** Linux's limits of an extended attribute's name and value. */
const ATTRIBUTE_NAME_MAXIMUM: u32 = 255;
const ATTRIBUTE_VALUE_MAXIMUM: u32 = 65536;
/** What an inode of a layer index holds of a device: 12 bits and 20 bits, as Linux's 32-bit device numbers do. */
export const DEVICE_MAJOR_MAXIMUM: u32 = 0xfff;
export const DEVICE_MINOR_MAXIMUM: u32 = 0xfffff;

export abstract class LayerEntries {
    /** Why `next` or `readContent` failed. */
    failure: Failure | null = null;
    /** TYPE_ value (tarHeader.ts): regular, hard link, symbolic link, device, directory or fifo. */
    type: u8 = 0;
    /** The normalised name: no leading, trailing or double "/", no "." or ".." component. Empty: the root. */
    readonly name: usize;
    nameLength: u32 = 0;
    /** Symbolic link: the target as written. Hard link: the normalised name of the other file. */
    readonly link: usize;
    linkLength: u32 = 0;
    /** Permission bits: 07777 at most. */
    mode: u32 = 0;
    uid: u32 = 0;
    gid: u32 = 0;
    /** Bytes of content, holes included; 0 for anything but regular files. */
    size: u64 = 0;
    modificationSeconds: i64 = 0;
    modificationNanoseconds: u32 = 0;
    deviceMajor: u32 = 0;
    deviceMinor: u32 = 0;
    /** Extended attributes, as an AttributeBlock of std/layerIndex.ts; length 0 without any. */
    attributes: usize = 0;
    attributesLength: u32 = 0;
    /** Entries read so far. */
    entries: u32 = 0;

    constructor() {
        // Names of archives arrive un-normalised: "./" in front and the prefix of ustar make them longer than what is kept.
        this.name = heap.alloc(PATH_MAXIMUM + 1);
        this.link = heap.alloc(PATH_MAXIMUM + 1);
    }

    /** Goes to the next entry: false at the layer's end and after a failure. */
    abstract next(): bool;

    /** Reads content of the present entry: how many bytes (0 at its end only), or -1 after a failure. */
    abstract readContent(to: usize, length: u32): i32;

    /** Frees the buffers. */
    close(): void {
        heap.free(this.name);
        heap.free(this.link);
        if (this.attributes != 0) heap.free(this.attributes);
    }

    /** The entry's name for messages. */
    describe(): string {
        return '"' + decodeUtf8(this.name, this.nameLength) + '"';
    }

    /**
     * Adds an extended attribute whose name and value the caller fills in (AttributeBlock.name and value of the result). 0 where
     * one or all together are too long.
     */
    protected addAttributeOf(nameLength: u32, valueLength: u32): usize {
        if (nameLength == 0 || nameLength > ATTRIBUTE_NAME_MAXIMUM || valueLength > ATTRIBUTE_VALUE_MAXIMUM)
            return 0;
        if (this.attributes == 0) this.attributes = heap.alloc(ATTRIBUTES_MAXIMUM + AttributeBlock.HEADER);
        if (this.attributesLength == 0) this.attributesLength = AttributeBlock.HEADER;
        const size = AttributeBlock.ENTRY_HEADER + nameLength + valueLength;
        if (this.attributesLength + size > ATTRIBUTES_MAXIMUM) return 0;
        const at = this.attributes + this.attributesLength;
        store<u16>(at, <u16>nameLength);
        store<u32>(at, valueLength, 2);
        this.attributesLength += size;
        store<u32>(this.attributes, this.attributesLength - AttributeBlock.HEADER);
        return at;
    }

    /** Takes back the attribute that was added last. */
    protected removeLastAttribute(at: usize): void {
        this.attributesLength = <u32>(at - this.attributes);
        if (this.attributesLength == AttributeBlock.HEADER) this.attributesLength = 0;
        else store<u32>(this.attributes, this.attributesLength - AttributeBlock.HEADER);
    }

    protected fail(message: string): bool {
        if (this.failure === null) this.failure = new Failure(message);
        return false;
    }
}
