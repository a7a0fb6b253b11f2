// SPDX-License-Identifier: Apache-2.0
//
// The index of one unpacked layer: its names, inodes, and where each file's content begins among the layer's data
// pages. The manager writes it (manager/layerTree.ts) into frames that every container with the layer maps read-only;
// sentries read it in place through the views below, which allocate nothing.
//
// An index is: LayerIndex, inodes, directory entries, strings. Offsets count from its first byte, numbers are little
// endian. Inode 0 is the root directory. The entries of one directory are adjacent and sorted by name, bytewise. The content of
// a file begins at a page of its own; the last page's rest is zero. Layers are laid over each other by whoever
// looks names up, top to bottom, as overlayfs does: a whiteout hides the name below, an opaque directory everything
// below it.

/** "SLINDEX1" read as a little-endian number. */
export const LAYER_INDEX_MAGIC: u64 = 0x315845444e494c53;

/** Inode flag: lower layers' entries of this directory do not show through. */
export const INODE_OPAQUE: u16 = 1;
/**
 * Inode flag: no tar entry described this directory; it was made because something lies in it. Where a lower layer has
 * the directory, that one's mode, owner and times hold.
 */
export const INODE_IMPLIED: u16 = 2;

/** Entry kinds are Linux's d_type values. */
export const KIND_FIFO: u16 = 1;
export const KIND_CHARACTER_DEVICE: u16 = 2;
export const KIND_DIRECTORY: u16 = 4;
export const KIND_BLOCK_DEVICE: u16 = 6;
export const KIND_REGULAR: u16 = 8;
export const KIND_SYMBOLIC_LINK: u16 = 10;
export const KIND_SOCKET: u16 = 12;
/** The name does not exist from this layer downwards. Its inode number means nothing. */
export const KIND_WHITEOUT: u16 = 14;

/** File type bits of a mode; type = kind << 12. */
export const MODE_TYPE_MASK: u16 = 0xf000;

@unmanaged
export class Inode {
    /** File type and permission bits, as st_mode has them. */
    mode: u16;
    /** INODE_ flags. */
    flags: u16;
    uid: u32;
    gid: u32;
    /** Names of this inode in this layer; for a directory 2 and one for each subdirectory in this layer. */
    linkCount: u32;
    /** Bytes of content, or of a symbolic link's target. */
    size: u64;
    modificationSeconds: i64;
    modificationNanoseconds: u32;
    /** Regular file: first data page. Symbolic link: offset of the target in the index. Device: makedev(major, minor). */
    value: u32;
    /** Directory: number of its first entry, and how many follow. */
    firstEntry: u32;
    entryCount: u32;
    /** Directory: the inode above it (the root's is itself). Else the directory of the first name. */
    parent: u32;
    /** Offset of the extended attributes (AttributeBlock) in the index; 0 without any. */
    attributes: u32;
    reserved1: u64;
}

@unmanaged
export class DirectoryEntry {
    /** Offset of the name in the index. No zero byte follows it. */
    nameOffset: u32;
    nameLength: u16;
    /** KIND_ value. */
    kind: u16;
    inode: u32;
    /** nameHash of the name. */
    hash: u32;
}

@unmanaged
export class LayerIndex {
    magic: u64;
    inodeCount: u32;
    entryCount: u32;
    stringBytes: u32;
    /** Data frames of the layer. */
    dataPages: u32;
    /** Bytes of the uncompressed tar archive. */
    uncompressedSize: u64;
    inodesOffset: u32;
    entriesOffset: u32;
    stringsOffset: u32;
    /** Bytes of the whole index. */
    size: u32;
    reserved0: u64;
    reserved1: u64;

    @inline isValid(): bool {
        return this.magic == LAYER_INDEX_MAGIC;
    }

    @inline inode(number: u32): Inode {
        return changetype<Inode>(changetype<usize>(this) + this.inodesOffset + number * offsetof<Inode>());
    }

    /** Entry by number: inode.firstEntry + i for the i-th of a directory. */
    @inline entry(number: u32): DirectoryEntry {
        return changetype<DirectoryEntry>(
            changetype<usize>(this) + this.entriesOffset + number * offsetof<DirectoryEntry>(),
        );
    }

    /** Address of a name or a symbolic link's target. */
    @inline text(offset: u32): usize {
        return changetype<usize>(this) + offset;
    }

    /**
     * The number of the entry `name` (`length` bytes at address `name`) of the directory `directory` in this layer, or
     * -1. Whiteouts are found like any entry.
     */
    find(directory: u32, name: usize, length: u32): i32 {
        const inode = this.inode(directory);
        let low = inode.firstEntry;
        let high = low + inode.entryCount;
        while (low < high) {
            const middle = (low + high) >>> 1;
            const entry = this.entry(middle);
            const order = compareNames(this.text(entry.nameOffset), entry.nameLength, name, length);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return -1;
    }
}

/**
 * Extended attributes of an inode: the bytes of all that follows (u32), then for each attribute the lengths of its name (u16)
 * and value (u32), the name, the value. Nothing is aligned.
 */
export namespace AttributeBlock {
    /** Bytes in front of the first attribute, and in front of each name. */
    export const HEADER: u32 = 4;
    export const ENTRY_HEADER: u32 = 6;

    /** Address of the first attribute, or 0. */
    export function first(block: usize): usize {
        return load<u32>(block) == 0 ? 0 : block + HEADER;
    }

    /** Address of the attribute behind the one at `at`, or 0. */
    export function next(block: usize, at: usize): usize {
        const following = value(at) + valueLength(at);
        return following < block + HEADER + load<u32>(block) ? following : 0;
    }

    export function nameLength(at: usize): u32 {
        return load<u16>(at);
    }

    export function valueLength(at: usize): u32 {
        return load<u32>(at, 2);
    }

    export function name(at: usize): usize {
        return at + ENTRY_HEADER;
    }

    export function value(at: usize): usize {
        return at + ENTRY_HEADER + nameLength(at);
    }
}

/** Bytewise order of two names; a name sorts before its own extensions. Negative, 0 or positive. */
export function compareNames(left: usize, leftLength: u32, right: usize, rightLength: u32): i32 {
    const shorter = min(leftLength, rightLength);
    let at: u32 = 0;
    for (; at + 8 <= shorter; at += 8) {
        const difference = load<u64>(left + at) ^ load<u64>(right + at);
        if (difference == 0) continue;
        at += <u32>(ctz(difference) >> 3);
        return <i32>load<u8>(left + at) - <i32>load<u8>(right + at);
    }
    for (; at < shorter; at++) {
        const difference = <i32>load<u8>(left + at) - <i32>load<u8>(right + at);
        if (difference != 0) return difference;
    }
    return <i32>leftLength - <i32>rightLength;
}

/** FNV-1a, 32 bits, over `length` bytes. */
export function nameHash(name: usize, length: u32): u32 {
    let hash: u32 = 0x811c9dc5;
    for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(name + i)) * 0x01000193;
    return hash;
}

/** KIND_ value of a mode. */
export function kindOfMode(mode: u16): u16 {
    return mode >> 12;
}

/** Linux's makedev for the 32-bit device numbers that fit `Inode.value`: 12 bits major, 20 bits minor. */
export function deviceNumber(major: u32, minor: u32): u32 {
    return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12);
}
