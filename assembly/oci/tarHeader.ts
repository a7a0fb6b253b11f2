// SPDX-License-Identifier: Apache-2.0
//
// One 512-byte header block of a tar archive: POSIX ustar (IEEE 1003.1, pax "ustar Interchange Format"), the older v7
// format, and GNU's. Fields are read in place.

import { signedDecimal } from "../std/numberText";

export const TAR_BLOCK: u32 = 512;

// Type flags.
export const TYPE_REGULAR: u8 = 0x30; // "0"
export const TYPE_HARD_LINK: u8 = 0x31;
export const TYPE_SYMBOLIC_LINK: u8 = 0x32;
export const TYPE_CHARACTER_DEVICE: u8 = 0x33;
export const TYPE_BLOCK_DEVICE: u8 = 0x34;
export const TYPE_DIRECTORY: u8 = 0x35;
export const TYPE_FIFO: u8 = 0x36;
export const TYPE_CONTIGUOUS: u8 = 0x37; // "7": to be read as a regular file
export const TYPE_PAX_GLOBAL: u8 = 0x67; // "g"
export const TYPE_PAX: u8 = 0x78; // "x"
export const TYPE_GNU_LONG_LINK: u8 = 0x4b; // "K"
export const TYPE_GNU_LONG_NAME: u8 = 0x4c; // "L"
export const TYPE_GNU_SPARSE: u8 = 0x53; // "S"

// Offsets and sizes of fields.
const NAME: usize = 0;
const NAME_SIZE: u32 = 100;
const MODE: usize = 100;
const UID: usize = 108;
const GID: usize = 116;
const ID_SIZE: u32 = 8;
const SIZE: usize = 124;
const MTIME: usize = 136;
const NUMBER_SIZE: u32 = 12;
const CHECKSUM: usize = 148;
const CHECKSUM_SIZE: u32 = 8;
const TYPE: usize = 156;
const LINK: usize = 157;
const MAGIC: usize = 257;
const DEVICE_MAJOR: usize = 329;
const DEVICE_MINOR: usize = 337;
const PREFIX: usize = 345;
const PREFIX_SIZE: u32 = 155;

// GNU's sparse files of type "S": four offsets and lengths in the header, 21 in each block that extends it.
export const SPARSE_FIELD: u32 = 12;
const SPARSE_MAP: usize = 386;
export const SPARSE_MAP_PARTS: u32 = 4;
const SPARSE_IS_EXTENDED: usize = 482;
const SPARSE_REAL_SIZE: usize = 483;
export const SPARSE_EXTENSION_PARTS: u32 = 21;
const SPARSE_EXTENSION_IS_EXTENDED: usize = 504;

/** What `parseNumber` gives for a field that holds no number, or one beyond 63 bits. */
export const NOT_A_NUMBER: i64 = i64.MIN_VALUE;

/** A view of a header block. */
@unmanaged
export class TarHeader {
    @inline private get base(): usize {
        return changetype<usize>(this);
    }

    /** Two blocks of zeros end an archive. */
    isZero(): bool {
        for (let i: usize = 0; i < TAR_BLOCK; i += 8) {
            if (load<u64>(this.base + i) != 0) return false;
        }
        return true;
    }

    /** The sum of all bytes with the checksum's own counted as spaces. Some old writers summed signed bytes. */
    checksumIsRight(): bool {
        let unsigned: i64 = 0;
        let signed: i64 = 0;
        for (let i: usize = 0; i < TAR_BLOCK; i++) {
            const byte = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE ? <u8>0x20 : load<u8>(this.base + i);
            unsigned += byte;
            signed += <i8>byte;
        }
        const stated = parseNumber(this.base + CHECKSUM, CHECKSUM_SIZE);
        return stated == unsigned || stated == signed;
    }

    get type(): u8 {
        const flag = load<u8>(this.base, TYPE);
        return flag == 0 ? TYPE_REGULAR : flag;
    }

    get mode(): i64 {
        return parseNumber(this.base + MODE, ID_SIZE);
    }

    get uid(): i64 {
        return parseNumber(this.base + UID, ID_SIZE);
    }

    get gid(): i64 {
        return parseNumber(this.base + GID, ID_SIZE);
    }

    get size(): i64 {
        return parseNumber(this.base + SIZE, NUMBER_SIZE);
    }

    get modificationTime(): i64 {
        return parseNumber(this.base + MTIME, NUMBER_SIZE);
    }

    get deviceMajor(): i64 {
        return parseNumber(this.base + DEVICE_MAJOR, ID_SIZE);
    }

    get deviceMinor(): i64 {
        return parseNumber(this.base + DEVICE_MINOR, ID_SIZE);
    }

    // ---- sparse files: the header, and blocks that extend it

    get sparseRealSize(): i64 {
        return parseNumber(this.base + SPARSE_REAL_SIZE, NUMBER_SIZE);
    }

    get sparseParts(): usize {
        return this.base + SPARSE_MAP;
    }

    /** Whether a block with more parts follows the header. */
    get sparseIsExtended(): bool {
        return load<u8>(this.base, SPARSE_IS_EXTENDED) != 0;
    }

    /** Whether one more block follows this one, which extends a header. */
    get extensionIsExtended(): bool {
        return load<u8>(this.base, SPARSE_EXTENSION_IS_EXTENDED) != 0;
    }

    /** Copies prefix and name, joined by "/", to `to` (256 bytes at most). The result is the length. */
    copyName(to: usize): u32 {
        let length: u32 = 0;
        // GNU's format has times where ustar has the prefix; the byte after "ustar" tells them apart.
        const isUstar = load<u32>(this.base, MAGIC) == 0x61747375 && load<u16>(this.base, MAGIC + 4) == 0x72;
        if (isUstar && load<u8>(this.base, PREFIX) != 0) {
            length = fieldLength(this.base + PREFIX, PREFIX_SIZE);
            memory.copy(to, this.base + PREFIX, length);
            store<u8>(to + length++, 0x2f);
        }
        const name = fieldLength(this.base + NAME, NAME_SIZE);
        memory.copy(to + length, this.base + NAME, name);
        return length + name;
    }

    /** Copies the link's target to `to` (100 bytes at most). The result is the length. */
    copyLink(to: usize): u32 {
        const length = fieldLength(this.base + LINK, NAME_SIZE);
        memory.copy(to, this.base + LINK, length);
        return length;
    }
}

/** Bytes before the first zero of a field. */
function fieldLength(field: usize, size: u32): u32 {
    let length: u32 = 0;
    while (length < size && load<u8>(field + length) != 0) length++;
    return length;
}

/**
 * A numeric field: octal digits between spaces and a zero, or (GNU, star) base 256 with the first bit set. An empty
 * field is 0.
 */
export function parseNumber(field: usize, size: u32): i64 {
    const first = load<u8>(field);
    if ((first & 0x80) != 0) return parseBase256(field, size);
    let at: u32 = 0;
    while (at < size && load<u8>(field + at) == 0x20) at++;
    let value: u64 = 0;
    for (; at < size; at++) {
        const byte = load<u8>(field + at);
        if (byte == 0 || byte == 0x20) break;
        if (byte < 0x30 || byte > 0x37) return NOT_A_NUMBER;
        // 12 digits of 3 bits: no overflow.
        value = (value << 3) | (byte - 0x30);
    }
    for (; at < size; at++) {
        const byte = load<u8>(field + at);
        if (byte != 0 && byte != 0x20) return NOT_A_NUMBER;
    }
    return <i64>value;
}

/** Two's complement, big endian; the very first bit is the mark and the next one the sign. */
function parseBase256(field: usize, size: u32): i64 {
    const first = load<u8>(field);
    let value: i64 = (first & 0x40) != 0 ? -1 : 0;
    value = (value << 6) | (first & 0x3f);
    for (let i: u32 = 1; i < size; i++) {
        if (value > i64.MAX_VALUE >> 8 || value < i64.MIN_VALUE >> 8) return NOT_A_NUMBER;
        value = (value << 8) | load<u8>(field + i);
    }
    return value;
}

/** A type flag for messages: its character, or its number. */
export function typeName(type: u8): string {
    return type > 0x20 && type < 0x7f ? '"' + String.fromCharCode(type) + '"' : signedDecimal(type);
}
