// SPDX-License-Identifier: Apache-2.0
//
// The records of a layer that is being unpacked: inodes, names, strings, and a hash table over (directory, name). They
// lie unmanaged in growing areas, so that records keep their addresses and nothing is copied when a table grows.

import {
    INODE_IMPLIED,
    INODE_OPAQUE,
    Inode,
    KIND_DIRECTORY,
    KIND_WHITEOUT,
    nameHash,
} from "../std/layerIndex";
import { Failure } from "../std/failure";
import { GrowingArea } from "../std/growingArea";
import { decimal } from "../std/numberText";

/** Inodes of one layer: twice the entries an archive may have, for directories that only names imply. */
export const INODES_MAXIMUM: u32 = 1 << 19;
/** Number of no name. */
export const NO_NAME: u32 = 0;

/** Mode of a directory that no entry describes. */
const IMPLIED_MODE: u16 = 0o755;
const FIRST_BUCKETS: u32 = 1024;

/** A name in a directory. Numbers of names are one higher than their place in the area, so that 0 is none. */
@unmanaged
export class TreeName {
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

export class LayerTables {
    /** The first failure; nothing is added after it. */
    failure: Failure | null = null;
    inodeCount: u32 = 0;
    nameCount: u32 = 0;
    stringBytes: u32 = 0;
    private bucketCount: u32 = FIRST_BUCKETS;

    /** Areas are empty. The root directory is made. */
    constructor(
        private readonly inodes: GrowingArea,
        private readonly names: GrowingArea,
        private readonly strings: GrowingArea,
        private readonly buckets: GrowingArea,
    ) {
        if (!this.buckets.ensure(this.bucketCount << 2)) this.outOfMemory();
        else this.newInode((KIND_DIRECTORY << 12) | IMPLIED_MODE, INODE_IMPLIED, 0);
    }

    @inline inode(number: u32): Inode {
        return changetype<Inode>(this.inodes.base + number * offsetof<Inode>());
    }

    /** Address of a string of newString. */
    @inline text(offset: u32): usize {
        return this.strings.base + offset;
    }

    @inline nameRecord(number: u32): TreeName {
        return changetype<TreeName>(this.names.base + (number - 1) * offsetof<TreeName>());
    }

    /** The number of the name in the directory, or NO_NAME. */
    find(directory: u32, name: usize, length: u32): u32 {
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
    setName(directory: u32, name: usize, length: u32, kind: u16, inode: u32): bool {
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

    newName(directory: u32, name: usize, length: u32, kind: u16, inode: u32): bool {
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
    newString(text: usize, length: u32): i32 {
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
    newInode(mode: u16, flags: u16, parent: u32): i32 {
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

    newDirectory(parent: u32, name: usize, length: u32, flags: u16): i32 {
        const number = this.newInode((KIND_DIRECTORY << 12) | IMPLIED_MODE, flags, parent);
        return number >= 0 && this.newName(parent, name, length, KIND_DIRECTORY, number) ? number : -1;
    }

    /** Makes a directory of a name that was a whiteout or a file: what lies below it in lower layers is gone. */
    replaceByDirectory(existing: u32, parent: u32): i32 {
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

    fail(message: string): void {
        if (this.failure === null) this.failure = new Failure(message);
    }

    private outOfMemory(): bool {
        this.fail(
            "the index of its " +
                decimal(this.inodeCount) +
                " files does not fit the machine's free memory; use a smaller image or a larger machine",
        );
        return false;
    }
}
