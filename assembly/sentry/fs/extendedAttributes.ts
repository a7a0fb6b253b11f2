// SPDX-License-Identifier: Apache-2.0
//
// Extended attributes of an inode (xattr(7)): names and values, in the order of setting. Those of an image layer's file are
// read from the layer's index until one is changed.

import { reserveHeap } from "../capabilities/heapReserve";
import { EEXIST, ENODATA, ENOSPC } from "../kernel/errno";
import { AttributeBlock } from "../../std/layerIndex";
import { Inode } from "./inode";

/** Bytes of all names and values of one inode: what Linux allows a single value, and more than its filesystems keep. */
const ATTRIBUTES_MAXIMUM: i32 = 65536;
/** Attributes of one inode: a list is searched from its beginning. */
const ATTRIBUTE_COUNT_MAXIMUM: i32 = 1024;

export const XATTR_CREATE: u32 = 1;
export const XATTR_REPLACE: u32 = 2;

class Attribute {
    next: Attribute | null = null;

    constructor(
        readonly name: StaticArray<u8>,
        public value: StaticArray<u8>,
    ) {}
}

// What `next` and `find` found.
export let attributeName: usize = 0;
export let attributeNameLength: i32 = 0;
export let attributeValue: usize = 0;
export let attributeValueLength: i32 = 0;

export class ExtendedAttributes {
    private first: Attribute | null = null;
    private bytes: i32 = 0;
    private count: i32 = 0;
    /** Where `next` is. */
    private at: Attribute | null = null;
    private blockAt: usize = 0;

    constructor(
        /** The attributes that the image gave, as std/layerIndex.ts has them; 0 when they have been copied to the list. */
        private block: usize,
    ) {}

    /** Goes to the first attribute: false without one. */
    begin(): bool {
        this.at = this.first;
        this.blockAt = this.block == 0 ? 0 : AttributeBlock.first(this.block);
        return this.present();
    }

    /** Goes to the next attribute: false at the end. */
    next(): bool {
        if (this.block != 0) this.blockAt = AttributeBlock.next(this.block, this.blockAt);
        else this.at = this.at!.next;
        return this.present();
    }

    private present(): bool {
        if (this.block != 0) {
            const at = this.blockAt;
            if (at == 0) return false;
            attributeName = AttributeBlock.name(at);
            attributeNameLength = AttributeBlock.nameLength(at);
            attributeValue = AttributeBlock.value(at);
            attributeValueLength = AttributeBlock.valueLength(at);
            return true;
        }
        const at = this.at;
        if (at === null) return false;
        attributeName = changetype<usize>(at.name);
        attributeNameLength = at.name.length;
        attributeValue = changetype<usize>(at.value);
        attributeValueLength = at.value.length;
        return true;
    }

    find(name: usize, length: i32): bool {
        for (let more = this.begin(); more; more = this.next()) {
            if (attributeNameLength == length && memory.compare(attributeName, name, length) == 0)
                return true;
        }
        return false;
    }

    /** Copies what the image gave to the list, so that it can be changed. */
    private settle(): void {
        if (this.block == 0) return;
        let last: Attribute | null = null;
        for (let more = this.begin(); more; more = this.next()) {
            const attribute = new Attribute(
                copyBytes(attributeName, attributeNameLength),
                copyBytes(attributeValue, attributeValueLength),
            );
            this.bytes += attributeNameLength + attributeValueLength;
            this.count++;
            if (last === null) this.first = attribute;
            else last.next = attribute;
            last = attribute;
        }
        this.block = 0;
    }

    /** setxattr(2): 0 or a negative errno. `flags`: XATTR_CREATE, XATTR_REPLACE or 0. */
    set(name: usize, length: i32, value: usize, valueLength: i32, flags: u32): i32 {
        const exists = this.find(name, length);
        if (exists && (flags & XATTR_CREATE) != 0) return -EEXIST;
        if (!exists && (flags & XATTR_REPLACE) != 0) return -ENODATA;
        const copied = this.block == 0 ? 0 : load<u32>(this.block);
        if (!reserveHeap(<usize>valueLength + length + copied)) return -ENOSPC;
        this.settle();
        const attribute = this.attribute(name, length);
        const added = attribute === null ? length + valueLength : valueLength - attribute.value.length;
        if (this.bytes + added > ATTRIBUTES_MAXIMUM) return -ENOSPC;
        if (attribute !== null) {
            attribute.value = copyBytes(value, valueLength);
        } else {
            if (this.count >= ATTRIBUTE_COUNT_MAXIMUM) return -ENOSPC;
            const made = new Attribute(copyBytes(name, length), copyBytes(value, valueLength));
            made.next = this.first;
            this.first = made;
            this.count++;
        }
        this.bytes += added;
        return 0;
    }

    private attribute(name: usize, length: i32): Attribute | null {
        let attribute = this.first;
        while (attribute !== null) {
            const same =
                attribute.name.length == length &&
                memory.compare(changetype<usize>(attribute.name), name, length) == 0;
            if (same) return attribute;
            attribute = attribute.next;
        }
        return null;
    }

    /** removexattr(2): 0 or -ENODATA. */
    remove(name: usize, length: i32): i32 {
        if (!this.find(name, length)) return -ENODATA;
        this.settle();
        const attribute = this.attribute(name, length)!;
        if (this.first === attribute) {
            this.first = attribute.next;
        } else {
            let before = this.first!;
            while (before.next !== attribute) before = before.next!;
            before.next = attribute.next;
        }
        this.bytes -= length + attribute.value.length;
        this.count--;
        return 0;
    }
}

function copyBytes(from: usize, length: i32): StaticArray<u8> {
    const copy = new StaticArray<u8>(length);
    memory.copy(changetype<usize>(copy), from, length);
    return copy;
}

/** "security.capability": what an executable gives whoever executes it (capabilities(7), "File capabilities"). */
const CAPABILITY_NAME: usize = memory.data<u8>([
    0x73, 0x65, 0x63, 0x75, 0x72, 0x69, 0x74, 0x79, 0x2e, 0x63, 0x61, 0x70, 0x61, 0x62, 0x69, 0x6c, 0x69,
    0x74, 0x79,
]);
const CAPABILITY_NAME_LENGTH: i32 = 19;

/** Whether the bytes are "security.capability". */
export function isCapabilityName(name: usize, length: i32): bool {
    return length == CAPABILITY_NAME_LENGTH && memory.compare(name, CAPABILITY_NAME, length) == 0;
}

/** Looks for the inode's file capabilities: found, they are at attributeValue, attributeValueLength bytes. */
export function findFileCapabilities(inode: Inode): bool {
    const attributes = inode.attributes;
    return attributes !== null && attributes.find(CAPABILITY_NAME, CAPABILITY_NAME_LENGTH);
}

/** A write or a change of owner takes a file's capabilities away. */
export function dropFileCapabilities(inode: Inode): void {
    const attributes = inode.attributes;
    if (attributes !== null && attributes.remove(CAPABILITY_NAME, CAPABILITY_NAME_LENGTH) == 0)
        inode.modified = true;
}
