// SPDX-License-Identifier: Apache-2.0
//
// Argument and environment strings on their way into a new address space: from the memory of the process that calls
// execve, or from the container's configuration for pid 1. They are copied straight from one to the other.

import { TextReference } from "../../std/containerConfiguration";
import { PAGE_SIZE } from "../../std/pages";
import { E2BIG, EFAULT, ENOMEM } from "../kernel/errno";
import { AddressSpace } from "../memory/addressSpace";
import { byteString } from "./elf";

/** Linux's MAX_ARG_STRLEN: 32 pages, with the zero byte. */
const STRING_MAXIMUM: i32 = 32 * 4096;
/**
 * Bytes of all strings: Linux's limits. It is a quarter of RLIMIT_STACK, but no more than three quarters of the default
 * stack, and no less than 128 KiB.
 */
export const STRINGS_SIZE_MAXIMUM: u64 = 6 << 20;
export const STRINGS_SIZE_ALWAYS: u64 = 128 << 10;
/** Pointers in one array: what fits in the limit. */
const STRINGS_MAXIMUM: i32 = <i32>(STRINGS_SIZE_MAXIMUM / 8);

/** Strings by index. */
export abstract class StringSource {
    /** How many, or a negative errno. */
    count: i32 = 0;

    /** Length of a string without its zero byte, or a negative errno. */
    abstract lengthOf(index: i32): i32;

    /** Copies a string of `length` bytes and its zero byte. 0 or a negative errno. */
    abstract copyTo(index: i32, length: i32, space: AddressSpace, address: u64): i32;
}

/** A zero-terminated array of pointers in a process; null stands for an empty one, as on Linux. */
export class UserStrings extends StringSource {
    private space: AddressSpace;
    private array: u64;

    constructor(space: AddressSpace, array: u64) {
        super();
        this.space = space;
        this.array = array;
        this.count = array == 0 ? 0 : this.countPointers();
    }

    private countPointers(): i32 {
        let count = 0;
        while (true) {
            const pointer = this.pointer(count);
            if (pointer == 0) return count;
            if (pointer == u64.MAX_VALUE) return -EFAULT;
            if (++count > STRINGS_MAXIMUM) return -E2BIG;
        }
    }

    /** The string's address, or all ones where the array cannot be read. */
    private pointer(index: i32): u64 {
        const address = this.array + ((<u64>index) << 3);
        if ((address & (PAGE_SIZE - 1)) <= PAGE_SIZE - 8) {
            const at = this.space.touch(address, false);
            return at == 0 ? u64.MAX_VALUE : load<u64>(at);
        }
        let pointer: u64 = 0;
        for (let i = 7; i >= 0; i--) {
            const at = this.space.touch(address + i, false);
            if (at == 0) return u64.MAX_VALUE;
            pointer = (pointer << 8) | load<u8>(at);
        }
        return pointer;
    }

    lengthOf(index: i32): i32 {
        let address = this.pointer(index);
        let length = 0;
        while (true) {
            let at = this.space.touch(address, false);
            if (at == 0) return -EFAULT;
            const end = at + (<usize>PAGE_SIZE - <usize>(address & (PAGE_SIZE - 1)));
            const start = at;
            while (at < end && load<u8>(at) != 0) at++;
            length += <i32>(at - start);
            if (length >= STRING_MAXIMUM) return -E2BIG;
            if (at < end) return length;
            address += at - start;
        }
    }

    copyTo(index: i32, length: i32, space: AddressSpace, address: u64): i32 {
        let source = this.pointer(index);
        let left = length + 1;
        while (left > 0) {
            const part = min(left, <i32>(PAGE_SIZE - <u32>(source & (PAGE_SIZE - 1))));
            const from = this.space.touch(source, false);
            if (from == 0) return -EFAULT;
            if (!space.write(address, from, part)) return -ENOMEM;
            source += part;
            address += part;
            left -= part;
        }
        return 0;
    }
}

/**
 * Texts of the configuration, or of the description of a process to be started: `count` references at `list`, their offsets counted from
 * `base`.
 */
export class ConfigurationStrings extends StringSource {
    constructor(
        private base: usize,
        private list: usize,
        count: i32,
    ) {
        super();
        this.count = count;
    }

    private reference(index: i32): TextReference {
        return changetype<TextReference>(this.list + index * offsetof<TextReference>());
    }

    lengthOf(index: i32): i32 {
        return <i32>this.reference(index).length;
    }

    copyTo(index: i32, length: i32, space: AddressSpace, address: u64): i32 {
        return space.write(address, this.base + this.reference(index).offset, length + 1) ? 0 : -ENOMEM;
    }

    /** A text as a byte string. */
    textOf(index: i32): string {
        const reference = this.reference(index);
        return byteString(this.base + reference.offset, <i32>reference.length);
    }

    /** What follows `prefix` ("NAME=") in the first text that begins with it, or null. */
    valueOf(prefix: string): string | null {
        for (let i = 0; i < this.count; i++) {
            const text = this.textOf(i);
            if (text.startsWith(prefix)) return text.substring(prefix.length);
        }
        return null;
    }
}

/** Byte strings in front of another source, whose first strings are left out: the arguments of a script's interpreter. */
export class PrefixedStrings extends StringSource {
    constructor(
        private prefix: string[],
        private rest: StringSource,
        private skipped: i32,
    ) {
        super();
        this.count = prefix.length + max(rest.count - skipped, 0);
    }

    lengthOf(index: i32): i32 {
        if (index < this.prefix.length) return this.prefix[index].length;
        return this.rest.lengthOf(index - this.prefix.length + this.skipped);
    }

    copyTo(index: i32, length: i32, space: AddressSpace, address: u64): i32 {
        if (index >= this.prefix.length) {
            return this.rest.copyTo(index - this.prefix.length + this.skipped, length, space, address);
        }
        return writeByteString(space, address, this.prefix[index]) ? 0 : -ENOMEM;
    }
}

/** Writes a byte string and a zero byte. */
export function writeByteString(space: AddressSpace, address: u64, text: string): bool {
    for (let i = 0; i <= text.length; i++) {
        const at = space.touch(address + i, true);
        if (at == 0) return false;
        store<u8>(at, i < text.length ? <u8>text.charCodeAt(i) : 0);
    }
    return true;
}
