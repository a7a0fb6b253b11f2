// SPDX-License-Identifier: Apache-2.0
//
// Reads a tar archive as a stream, one entry after another: ustar, v7, pax extended headers, GNU long names, sparse files and
// base-256 numbers. Nothing in it is believed: every header's checksum is verified, names are normalised and bounded, sizes are
// bounded.

import { AttributeBlock } from "../std/layerIndex";
import { decimal } from "../std/numberText";
import { decodeUtf8 } from "../std/utf8";
import { ByteStream } from "./byteStream";
import {
    ATTRIBUTES_MAXIMUM,
    DEPTH_MAXIMUM,
    DEVICE_MAJOR_MAXIMUM,
    DEVICE_MINOR_MAXIMUM,
    ENTRIES_MAXIMUM,
    FILE_SIZE_MAXIMUM,
    LayerEntries,
    NAME_MAXIMUM,
    PATH_MAXIMUM,
} from "./layerEntries";
import { PaxRecords, PaxTime } from "./paxRecords";
import { SparseMap } from "./sparseMap";
import {
    NOT_A_NUMBER,
    SPARSE_EXTENSION_PARTS,
    SPARSE_MAP_PARTS,
    TAR_BLOCK,
    TYPE_BLOCK_DEVICE,
    TYPE_CHARACTER_DEVICE,
    TYPE_CONTIGUOUS,
    TYPE_DIRECTORY,
    TYPE_FIFO,
    TYPE_GNU_LONG_LINK,
    TYPE_GNU_LONG_NAME,
    TYPE_GNU_SPARSE,
    TYPE_HARD_LINK,
    TYPE_PAX,
    TYPE_PAX_GLOBAL,
    TYPE_REGULAR,
    TYPE_SYMBOLIC_LINK,
    TarHeader,
    typeName,
} from "./tarHeader";

/** Bytes of one pax header, most of which can be extended attributes. */
export const PAX_MAXIMUM: u32 = ATTRIBUTES_MAXIMUM;
/** Beginning of the keys of pax records about a sparse file. */
const SPARSE_KEY: string = "GNU.sparse.";
/** Key of a pax record with an extended attribute, without the attribute's name. */
const ATTRIBUTE_KEY: string = "SCHILY.xattr.";
/** Bytes after the end mark. tar fills its last record, 10 KiB by default and at most 256 KiB. */
export const TRAILER_MAXIMUM: u64 = 1 << 20;

export class TarReader extends LayerEntries {
    /** Bytes of the archive read so far. */
    position: u64 = 0;

    private readonly header: TarHeader;
    private readonly time: PaxTime = new PaxTime();
    private readonly sparse: SparseMap = new SparseMap();
    /** Bytes of the sparse entry's content read so far, holes included. */
    private sparsePosition: u64 = 0;
    /** Content of the entry that the archive stores, not read yet, and zeros that fill its last block. */
    private contentLeft: u64 = 0;
    private padding: u32 = 0;
    // What extended headers say of the next entry.
    private hasName: bool = false;
    /** A sparse file's own name goes before "path", which is made up. */
    private hasSparseName: bool = false;
    private hasLink: bool = false;
    private hasTime: bool = false;
    private paxSize: i64 = -1;
    private paxUid: i64 = -1;
    private paxGid: i64 = -1;

    constructor(private readonly stream: ByteStream) {
        super();
        this.header = changetype<TarHeader>(heap.alloc(TAR_BLOCK));
    }

    close(): void {
        heap.free(changetype<usize>(this.header));
        this.sparse.close();
        super.close();
    }

    next(): bool {
        this.forgetExtensions();
        while (true) {
            if (!this.skipContent()) return false;
            const read = this.readBlock();
            if (read <= 0) return read < 0 ? false : this.endWithoutMark();
            if (this.header.isZero()) {
                return this.drain();
            }
            if (!this.header.checksumIsRight()) {
                return this.fail(
                    "the tar header at byte " +
                        decimal(this.position - TAR_BLOCK) +
                        " has a wrong checksum; the archive is damaged",
                );
            }
            const type = this.header.type;
            const size = this.header.size;
            if (size < 0 || size > FILE_SIZE_MAXIMUM)
                return this.fail(
                    "the entry at byte " +
                        decimal(this.position - TAR_BLOCK) +
                        " has an absurd size; the archive is damaged",
                );
            if (type == TYPE_PAX || type == TYPE_PAX_GLOBAL) {
                if (!this.readPax(<u64>size, type == TYPE_PAX_GLOBAL)) return false;
            } else if (type == TYPE_GNU_LONG_NAME) {
                const length = this.readText(this.name, <u64>size);
                if (length < 0) return false;
                this.nameLength = length;
                this.hasName = true;
            } else if (type == TYPE_GNU_LONG_LINK) {
                const length = this.readText(this.link, <u64>size);
                if (length < 0) return false;
                this.linkLength = length;
                this.hasLink = true;
            } else {
                return this.readEntry(type, <u64>size);
            }
        }
    }

    readContent(to: usize, length: u32): i32 {
        if (!this.sparse.present) return this.readStored(to, length);
        const run = this.sparse.run(this.sparsePosition);
        const count = <i32>min<i64>(length, run < 0 ? -run : run);
        if (run < 0) memory.fill(to, 0, count);
        else if (run > 0 && this.readStored(to, count) < 0) return -1;
        this.sparsePosition += count;
        return count;
    }

    /** Reads what the archive stores of the present entry. */
    private readStored(to: usize, length: u32): i32 {
        const wanted = <u32>min<u64>(length, this.contentLeft);
        const count = this.stream.readFully(to, wanted);
        if (count < 0) {
            this.failure = this.stream.failure;
            return -1;
        }
        this.position += count;
        if (<u32>count < wanted) {
            this.failInside();
            return -1;
        }
        this.contentLeft -= count;
        return count;
    }

    private readEntry(type: u8, size: u64): bool {
        if (++this.entries > ENTRIES_MAXIMUM)
            return this.fail(
                "the archive has more than " + decimal(ENTRIES_MAXIMUM) + " entries; split the layer",
            );
        if (!this.hasName) this.nameLength = this.header.copyName(this.name);
        if (!this.hasLink) this.linkLength = this.header.copyLink(this.link);
        const isDirectoryName = this.nameLength > 0 && load<u8>(this.name + this.nameLength - 1) == 0x2f;
        const nameFault = normalise(this.name, this.nameLength);
        if (nameFault != null) return this.failEntry(this.name, this.nameLength, nameFault);
        this.nameLength = normalisedLength;

        if (type == TYPE_CONTIGUOUS) type = TYPE_REGULAR;
        const isSparseHeader = type == TYPE_GNU_SPARSE;
        if (isSparseHeader) type = TYPE_REGULAR;
        // Formats before ustar mark a directory by the last character of its name.
        if (type == TYPE_REGULAR && isDirectoryName) type = TYPE_DIRECTORY;
        this.type = type;
        switch (type) {
            case TYPE_REGULAR:
            case TYPE_DIRECTORY:
            case TYPE_FIFO:
                break;
            case TYPE_HARD_LINK: {
                const linkFault = normalise(this.link, this.linkLength);
                if (linkFault != null || normalisedLength == 0) {
                    return this.fail(
                        this.describe() +
                            ' is a hard link to "' +
                            decodeUtf8(this.link, this.linkLength) +
                            '", which is no name inside the image; do not use this image',
                    );
                }
                this.linkLength = normalisedLength;
                break;
            }
            case TYPE_SYMBOLIC_LINK:
                if (this.linkLength == 0 || hasZero(this.link, this.linkLength))
                    return this.fail(
                        this.describe() +
                            " is a symbolic link without a valid target; the archive is damaged",
                    );
                break;
            case TYPE_CHARACTER_DEVICE:
            case TYPE_BLOCK_DEVICE: {
                const major = this.header.deviceMajor;
                const minor = this.header.deviceMinor;
                if (
                    major < 0 ||
                    major > <i64>DEVICE_MAJOR_MAXIMUM ||
                    minor < 0 ||
                    minor > <i64>DEVICE_MINOR_MAXIMUM
                )
                    return this.fail(
                        this.describe() + " is a device with an absurd number; the archive is damaged",
                    );
                this.deviceMajor = <u32>major;
                this.deviceMinor = <u32>minor;
                break;
            }
            default:
                return this.fail(
                    this.describe() +
                        " has the unknown tar type " +
                        typeName(type) +
                        "; make the layer with another tool",
                );
        }
        if (!this.readNumbers(type, size)) return false;
        if (type != TYPE_REGULAR) this.sparse.reset();
        if (isSparseHeader) return this.readSparseHeader();
        return this.sparse.present ? this.readSparseContent() : true;
    }

    /** The map of a sparse file of type "S": in its header, and in blocks that follow it and are no content. */
    private readSparseHeader(): bool {
        const map = this.sparse;
        map.reset();
        map.present = true;
        map.realSize = this.header.sparseRealSize;
        map.addFields(this.header.sparseParts, SPARSE_MAP_PARTS);
        let isExtended = this.header.sparseIsExtended;
        while (isExtended && map.fault === null) {
            const count = this.readBlock();
            if (count <= 0) return count < 0 ? false : this.failInside();
            map.addFields(changetype<usize>(this.header), SPARSE_EXTENSION_PARTS);
            isExtended = this.header.extensionIsExtended;
        }
        return this.beginSparse();
    }

    /** A sparse file whose map pax records have, or whose content it begins. */
    private readSparseContent(): bool {
        const map = this.sparse;
        let goesOn = map.leadsContent;
        while (goesOn) {
            // The header's memory is free: its numbers have been read.
            const count = this.readStored(changetype<usize>(this.header), TAR_BLOCK);
            if (count < 0) return false;
            if (count == 0)
                return this.fail(
                    this.describe() + " is a sparse file without its map; the archive is damaged",
                );
            goesOn = map.feed(changetype<usize>(this.header), count);
        }
        return this.beginSparse();
    }

    private beginSparse(): bool {
        const map = this.sparse;
        map.check(this.contentLeft);
        const fault = map.fault;
        if (fault !== null) return this.fail(this.describe() + " " + fault + "; the archive is damaged");
        if (map.realSize > FILE_SIZE_MAXIMUM)
            return this.fail(this.describe() + " has an absurd size; the archive is damaged");
        this.size = <u64>map.realSize;
        this.sparsePosition = 0;
        return true;
    }

    private readNumbers(type: u8, size: u64): bool {
        const mode = this.header.mode;
        const uid = this.paxUid >= 0 ? this.paxUid : this.header.uid;
        const gid = this.paxGid >= 0 ? this.paxGid : this.header.gid;
        if (
            mode == NOT_A_NUMBER ||
            uid < 0 ||
            uid > <i64>u32.MAX_VALUE ||
            gid < 0 ||
            gid > <i64>u32.MAX_VALUE
        ) {
            return this.fail(this.describe() + " has an invalid mode or owner; the archive is damaged");
        }
        this.mode = (<u32>mode) & 0o7777;
        this.uid = <u32>uid;
        this.gid = <u32>gid;
        if (this.hasTime) {
            this.modificationSeconds = this.time.seconds;
            this.modificationNanoseconds = this.time.nanoseconds;
        } else {
            const seconds = this.header.modificationTime;
            if (seconds == NOT_A_NUMBER)
                return this.fail(this.describe() + " has an invalid time; the archive is damaged");
            this.modificationSeconds = seconds;
            this.modificationNanoseconds = 0;
        }
        const content = this.paxSize >= 0 ? <u64>this.paxSize : size;
        if (content > <u64>FILE_SIZE_MAXIMUM)
            return this.fail(this.describe() + " has an absurd size; the archive is damaged");
        // Links and the like may state a size, of which no byte follows; a directory's is room, in theory.
        this.size = type == TYPE_REGULAR ? content : 0;
        this.beginContent(this.size);
        return true;
    }

    private readPax(size: u64, global: bool): bool {
        if (size > PAX_MAXIMUM)
            return this.fail(
                "a pax header has " + decimal(size) + " bytes; at most " + decimal(PAX_MAXIMUM) + " are read",
            );
        const buffer = heap.alloc(<usize>size + 1);
        this.beginContent(size);
        let ok = this.readStored(buffer, <u32>size) >= 0;
        if (ok) ok = this.applyPax(new PaxRecords(buffer, <u32>size), global);
        heap.free(buffer);
        return ok;
    }

    private applyPax(records: PaxRecords, global: bool): bool {
        while (records.next()) {
            const isSparseName = records.keyIs("GNU.sparse.name");
            const isPath = isSparseName || records.keyIs("path");
            if (isPath || records.keyIs("linkpath")) {
                if (global) return this.failGlobal(records);
                if (isPath && this.hasSparseName) continue;
                if (isSparseName) this.hasSparseName = true;
                if (records.valueLength > PATH_MAXIMUM) return this.failLong();
                memory.copy(isPath ? this.name : this.link, records.value, records.valueLength);
                if (isPath) {
                    this.nameLength = records.valueLength;
                    this.hasName = true;
                } else {
                    this.linkLength = records.valueLength;
                    this.hasLink = true;
                }
            } else if (records.keyIs("size")) {
                if (global) return this.failGlobal(records);
                this.paxSize = records.unsignedValue();
                if (this.paxSize < 0) return this.failPaxValue(records);
            } else if (records.keyIs("uid")) {
                if (global) return this.failGlobal(records);
                this.paxUid = records.unsignedValue();
                if (this.paxUid < 0) return this.failPaxValue(records);
            } else if (records.keyIs("gid")) {
                if (global) return this.failGlobal(records);
                this.paxGid = records.unsignedValue();
                if (this.paxGid < 0) return this.failPaxValue(records);
            } else if (records.keyIs("mtime")) {
                if (global) return this.failGlobal(records);
                this.hasTime = this.time.parse(records.value, records.valueLength);
                if (!this.hasTime) return this.failPaxValue(records);
            } else if (records.keyStartsWith(ATTRIBUTE_KEY)) {
                if (global) return this.failGlobal(records);
                if (!this.addAttribute(records)) return false;
            } else if (records.keyStartsWith(SPARSE_KEY)) {
                if (global) return this.failGlobal(records);
                this.sparse.addRecord(records);
            }
            // Everything else describes what is not kept: comments, user names, access times.
        }
        const failure = records.failure;
        return failure === null ? true : this.fail(failure.message + "; the archive is damaged");
    }

    /** Adds an extended attribute to the block of the next entry. */
    private addAttribute(records: PaxRecords): bool {
        const skipped = <u32>ATTRIBUTE_KEY.length;
        const at = this.addAttributeOf(records.keyLength - skipped, records.valueLength);
        // Two headers in front of one entry could say more than one may.
        if (at == 0) return this.failPaxValue(records);
        memory.copy(AttributeBlock.name(at), records.key + skipped, records.keyLength - skipped);
        memory.copy(AttributeBlock.value(at), records.value, records.valueLength);
        return true;
    }

    /** Reads the text that is the content of a GNU long name entry. The result is its length, or -1. */
    private readText(to: usize, size: u64): i32 {
        if (size > PATH_MAXIMUM + 1) {
            this.failLong();
            return -1;
        }
        this.beginContent(size);
        let length = this.readStored(to, <u32>size);
        // GNU tar writes a zero byte at the end, other writers do not.
        while (length > 0 && load<u8>(to + length - 1) == 0) length--;
        return length;
    }

    private beginContent(size: u64): void {
        this.contentLeft = size;
        this.padding = <u32>((TAR_BLOCK - (size & (TAR_BLOCK - 1))) & (TAR_BLOCK - 1));
    }

    private skipContent(): bool {
        // The header's memory is free between entries.
        const scratch = changetype<usize>(this.header);
        if (this.contentLeft > 0) {
            const count = this.stream.skip(this.contentLeft, scratch, TAR_BLOCK);
            if (count < 0) {
                this.failure = this.stream.failure;
                return false;
            }
            this.position += count;
            this.contentLeft -= count;
            if (this.contentLeft > 0) return this.failInside();
        }
        if (this.padding > 0) {
            const count = this.stream.readFully(changetype<usize>(this.header), this.padding);
            if (count < 0) {
                this.failure = this.stream.failure;
                return false;
            }
            this.position += count;
            // An archive may end with its last entry's content: nothing is missing then.
            this.padding = 0;
        }
        return true;
    }

    /** A block into `header`: TAR_BLOCK, 0 at the end of the stream, -1 after a failure. */
    private readBlock(): i32 {
        const count = this.stream.readFully(changetype<usize>(this.header), TAR_BLOCK);
        if (count < 0) {
            this.failure = this.stream.failure;
            return -1;
        }
        this.position += count;
        if (count > 0 && <u32>count < TAR_BLOCK) {
            this.fail("the archive ends inside a header, at byte " + decimal(this.position));
            return -1;
        }
        return count;
    }

    /** Some writers leave out the two blocks of zeros. An archive of no bytes at all is a damaged one. */
    private endWithoutMark(): bool {
        if (this.position == 0) return this.fail("the archive is empty, it has not even an end mark");
        if (this.hasName || this.hasLink)
            return this.fail("the archive ends after an extended header, at byte " + decimal(this.position));
        return false;
    }

    /** Reads what follows the end mark: the digest of a layer is over all its bytes. */
    private drain(): bool {
        const end = this.position;
        while (true) {
            const count = this.stream.read(changetype<usize>(this.header), TAR_BLOCK);
            if (count < 0) {
                this.failure = this.stream.failure;
                return false;
            }
            if (count == 0) return false;
            this.position += count;
            if (this.position - end > TRAILER_MAXIMUM) {
                return this.fail(
                    "more than " +
                        decimal(TRAILER_MAXIMUM) +
                        " bytes follow the archive's end; do not use this image",
                );
            }
        }
    }

    private forgetExtensions(): void {
        this.hasName = false;
        this.hasSparseName = false;
        this.sparse.reset();
        this.hasLink = false;
        this.hasTime = false;
        this.attributesLength = 0;
        this.paxSize = -1;
        this.paxUid = -1;
        this.paxGid = -1;
    }

    private failInside(): bool {
        return this.fail(
            "the archive ends inside " + this.describe() + ", at byte " + decimal(this.position),
        );
    }

    private failEntry(name: usize, length: u32, reason: string): bool {
        // A hostile name may be long; its beginning tells enough.
        return this.fail('"' + decodeUtf8(name, min(length, NAME_MAXIMUM)) + '" ' + reason);
    }

    private failGlobal(records: PaxRecords): bool {
        return this.fail(
            'a global pax header sets "' +
                records.keyText +
                '" for every entry, which is not supported; make the layer with another tool',
        );
    }

    private failPaxValue(records: PaxRecords): bool {
        return this.fail('a pax header has an invalid "' + records.keyText + '"; the archive is damaged');
    }

    private failLong(): bool {
        return this.fail(
            "a name has more than " + decimal(PATH_MAXIMUM) + " bytes, which Linux cannot open; shorten it",
        );
    }
}

/** Length that the last successful `normalise` left. */
let normalisedLength: u32 = 0;

/**
 * Normalises a path in place: leading "/" and "./" and doubled slashes go, as every engine strips them. What is wrong
 * with it, or null; then `normalisedLength` is its length.
 */
function normalise(path: usize, length: u32): string | null {
    let to: u32 = 0;
    let at: u32 = 0;
    let depth: u32 = 0;
    while (at < length) {
        const start = at;
        while (at < length && load<u8>(path + at) != 0x2f) {
            if (load<u8>(path + at) == 0) return "has a zero byte in its name; the archive is damaged";
            at++;
        }
        const size = at - start;
        at++;
        if (size == 0) continue;
        if (size == 1 && load<u8>(path + start) == 0x2e) continue;
        if (size == 2 && load<u16>(path + start) == 0x2e2e)
            return 'leads out of the image by ".."; do not use this image';
        if (size > NAME_MAXIMUM)
            return "has a name of more than 255 bytes, which Linux cannot open; shorten it";
        if (++depth > DEPTH_MAXIMUM) return "lies in more than 128 directories; flatten the tree";
        if (to > 0) store<u8>(path + to++, 0x2f);
        memory.copy(path + to, path + start, size);
        to += size;
    }
    if (to > PATH_MAXIMUM) return "has a path of more than 4095 bytes, which Linux cannot open; shorten it";
    normalisedLength = to;
    return null;
}

function hasZero(text: usize, length: u32): bool {
    for (let i: u32 = 0; i < length; i++) {
        if (load<u8>(text + i) == 0) return true;
    }
    return false;
}
