// SPDX-License-Identifier: Apache-2.0
//
// The on-disk format of EROFS (Linux: Documentation/filesystems/erofs.rst, fs/erofs/erofs_fs.h) as far as uncompressed images of one
// device have it. Numbers are little endian. Inodes are found by their number (nid): the slot of 32 bytes in which they begin,
// counted from the block `metadataBlock`.

import { PAGE_BITS, PAGE_SIZE } from "../std/pages";

/** Blocks are pages, so that a file's blocks can be mapped. */
export const BLOCK: u32 = PAGE_SIZE;
export const BLOCK_BITS: u32 = PAGE_BITS;
/** Bytes of an inode's slot. */
export const SLOT: u32 = 32;

export const SUPERBLOCK_OFFSET: u32 = 1024;
export const SUPERBLOCK_MAGIC: u32 = 0xe0f5e1e2;
/** Compatible feature: the superblock has a checksum. */
export const FEATURE_CHECKSUM: u32 = 1;
/** Incompatible feature: compressed data begins with zeros; means nothing where nothing is compressed. */
export const FEATURE_ZERO_PADDING: u32 = 1;

@unmanaged
export class Superblock {
    magic: u32;
    checksum: u32;
    compatibleFeatures: u32;
    blockBits: u8;
    extensionSlots: u8;
    rootNid: u16;
    inodes: u64;
    /** Of inodes in compact form: their modification time. */
    buildSeconds: i64;
    buildNanoseconds: u32;
    blocks: u32;
    metadataBlock: u32;
    sharedAttributesBlock: u32;
    uuid0: u64;
    uuid1: u64;
    volumeName0: u64;
    volumeName1: u64;
    incompatibleFeatures: u32;
    compression: u16;
    extraDevices: u16;
    deviceTableSlot: u16;
    directoryBlockBits: u8;
    attributePrefixes: u8;
    attributePrefixesStart: u32;
    packedNid: u64;
    reserved0: u64;
    reserved1: u64;
    reserved2: u64;
}

// Bits of an inode's format: its form, then where its data is.
export const FORMAT_EXTENDED: u16 = 1;
export const FORMAT_LAYOUT_SHIFT: u16 = 1;
/** Data in blocks of their own, one behind the other. */
export const LAYOUT_PLAIN: u16 = 0;
/** As plain, but the last block's bytes follow the inode and its attributes. */
export const LAYOUT_INLINE: u16 = 2;

/** The first half of both forms of an inode. */
@unmanaged
export class CompactInode {
    format: u16;
    /** 0: no extended attributes; else 12 bytes and 4 times one less than this. */
    attributeCount: u16;
    mode: u16;
    linkCount: u16;
    size: u32;
    reserved1: u32;
    /** Regular file, directory, symbolic link: first block. Device: its number. */
    value: u32;
    number: u32;
    uid: u16;
    gid: u16;
    reserved2: u32;
}

@unmanaged
export class ExtendedInode {
    format: u16;
    attributeCount: u16;
    mode: u16;
    reserved1: u16;
    size: u64;
    value: u32;
    number: u32;
    uid: u32;
    gid: u32;
    modificationSeconds: i64;
    modificationNanoseconds: u32;
    linkCount: u32;
    reserved2: u64;
    reserved3: u64;
}

/**
 * A block of a directory begins with its entries, sorted by name, bytewise, over all blocks; the names follow in the same order. The last
 * one ends with the block, the directory, or a zero byte.
 */
@unmanaged
export class Dirent {
    nid: u64;
    nameOffset: u16;
    /** FILE_TYPE_ value. */
    fileType: u8;
    reserved: u8;
}

/** Bytes of a Dirent. */
export const DIRENT: u32 = 12;

export const FILE_TYPE_UNKNOWN: u8 = 0;
export const FILE_TYPE_REGULAR: u8 = 1;
export const FILE_TYPE_DIRECTORY: u8 = 2;
export const FILE_TYPE_CHARACTER_DEVICE: u8 = 3;
export const FILE_TYPE_BLOCK_DEVICE: u8 = 4;
export const FILE_TYPE_FIFO: u8 = 5;
export const FILE_TYPE_SOCKET: u8 = 6;
export const FILE_TYPE_SYMBOLIC_LINK: u8 = 7;

// Extended attributes of an inode: a header, numbers of shared ones, then entries of its own, aligned to 4.
export const ATTRIBUTE_HEADER: u32 = 12;
export const ATTRIBUTE_SHARED_COUNT: u32 = 4;
/** u8 length of the name behind its prefix, u8 number of the prefix, u16 length of the value; then name and value. */
export const ATTRIBUTE_ENTRY: u32 = 4;
export const ATTRIBUTE_ALIGNMENT: u32 = 4;

/** Extended attribute of a directory that hides those of lower layers, as overlayfs has it; the value is "y". */
export const OPAQUE_ATTRIBUTE: string = "trusted.overlay.opaque";
/**
 * Extended attribute of a directory that no entry of the layer describes (INODE_IMPLIED of std/layerIndex.ts); the value
 * is "y". It is Sealift's own: the format has no other way to say so.
 */
export const IMPLIED_ATTRIBUTE: string = "trusted.sealift.implied";

/** Numbers of attribute names' prefixes. */
export function attributePrefix(index: u8): string {
    switch (index) {
        case 1:
            return "user.";
        case 2:
            return "system.posix_acl_access";
        case 3:
            return "system.posix_acl_default";
        case 4:
            return "trusted.";
        case 6:
            return "security.";
        default:
            return "";
    }
}

export const ATTRIBUTE_PREFIX_MAXIMUM: u8 = 6;

/** Whether nothing may follow the prefix. */
export function isWholeName(index: u8): bool {
    return index == 2 || index == 3;
}

/** CRC-32C (RFC 3720, reflected, polynomial 0x1edc6f41), as the superblock has it: not inverted at the end. */
export function superblockChecksum(bytes: usize, length: u32): u32 {
    let crc: u32 = 0xffffffff;
    for (let i: u32 = 0; i < length; i++) {
        crc ^= load<u8>(bytes + i);
        for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78 & (0 - (crc & 1)));
    }
    return crc;
}

/** Linux's 32-bit device number taken apart, the inverse of deviceNumber (std/layerIndex.ts). */
export function deviceMajor(number: u32): u32 {
    return (number >> 8) & 0xfff;
}

export function deviceMinor(number: u32): u32 {
    return (number & 0xff) | ((number >> 12) & 0xfff00);
}
