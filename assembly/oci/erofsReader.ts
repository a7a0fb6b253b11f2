// SPDX-License-Identifier: Apache-2.0
//
// Reads the tree of an EROFS image, an entry after another: a directory before what is in it, in the order of names. Nothing in it is
// believed. Each directory's ".." must be the directory above it, so that there are no circles; names must be in order, so that none
// is there twice; the rest of a file's last page must be zero, because that page can be mapped.
//
// A regular file's content is whole blocks from `firstBlock` on: page n of the file is block firstBlock + n of the image.

import { GrowingArea } from "../std/growingArea";
import {
    AttributeBlock,
    KIND_BLOCK_DEVICE,
    KIND_CHARACTER_DEVICE,
    KIND_DIRECTORY,
    KIND_FIFO,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    compareNames,
} from "../std/layerIndex";
import { decimal } from "../std/numberText";
import {
    ATTRIBUTE_ALIGNMENT,
    ATTRIBUTE_ENTRY,
    ATTRIBUTE_HEADER,
    ATTRIBUTE_SHARED_COUNT,
    BLOCK,
    BLOCK_BITS,
    FILE_TYPE_BLOCK_DEVICE,
    FILE_TYPE_CHARACTER_DEVICE,
    FILE_TYPE_DIRECTORY,
    FILE_TYPE_FIFO,
    FILE_TYPE_REGULAR,
    FILE_TYPE_SYMBOLIC_LINK,
    FILE_TYPE_UNKNOWN,
    IMPLIED_ATTRIBUTE,
    OPAQUE_ATTRIBUTE,
    attributePrefix,
    deviceMajor,
    deviceMinor,
    isWholeName,
} from "./erofs";
import { isName } from "./erofsAttributes";
import { ErofsLinks } from "./erofsLinks";
import { ErofsInode, ErofsVolume, REMEDY } from "./erofsVolume";
import { DEPTH_MAXIMUM, ENTRIES_MAXIMUM, LayerEntries, NAME_MAXIMUM, PATH_MAXIMUM } from "./layerEntries";
import { RandomAccess } from "./randomAccess";
import {
    TYPE_BLOCK_DEVICE,
    TYPE_CHARACTER_DEVICE,
    TYPE_DIRECTORY,
    TYPE_FIFO,
    TYPE_HARD_LINK,
    TYPE_REGULAR,
    TYPE_SYMBOLIC_LINK,
} from "./tarHeader";

const WHITEOUT_PREFIX: string = ".wh.";
const OPAQUE_NAME: string = ".wh..wh..opq";
/** Of aufs' own: says nothing but that its directory is there. */
const IMPLIED_NAME: string = ".wh..wh.aufs";

/** A directory that is being read. */
class Level {
    readonly inode: ErofsInode = new ErofsInode();
    /** Bytes of its path in `name`. */
    pathLength: u32 = 0;
    /** The next entry. */
    block: u32 = 0;
    entry: u32 = 0;
}

export class ErofsReader extends LayerEntries {
    /** Regular file with content: its first block. */
    firstBlock: u32 = 0;

    private readonly volume: ErofsVolume;
    private readonly links: ErofsLinks;
    private readonly levels: Level[] = new Array<Level>();
    /** Directories above the next entry. */
    private depth: i32 = 0;
    private isOpen: bool = false;
    private readonly inode: ErofsInode = new ErofsInode();
    private readonly other: ErofsInode = new ErofsInode();
    /** Marks of the attributes read last. */
    private isOpaque: bool = false;
    private isImplied: bool = false;
    /** The directory of the last entry is still to be said to be opaque. */
    private opaqueFollows: bool = false;
    private contentAt: u64 = 0;
    private contentLeft: u64 = 0;
    private readonly scratch: usize = heap.alloc(BLOCK);

    /** `area` is for the table of hard links and empty. */
    constructor(source: RandomAccess, area: GrowingArea) {
        super();
        this.volume = new ErofsVolume(source);
        this.links = new ErofsLinks(area);
    }

    close(): void {
        this.volume.close();
        this.links.close();
        heap.free(this.scratch);
        super.close();
    }

    /** Bytes of the image. */
    get imageSize(): u64 {
        return (<u64>this.volume.blocks) << BLOCK_BITS;
    }

    next(): bool {
        const found = this.failure === null && this.advance();
        const failure = this.volume.failure;
        if (failure !== null && this.failure === null) this.failure = failure;
        return found && this.failure === null;
    }

    readContent(to: usize, length: u32): i32 {
        const count = <u32>min<u64>(length, this.contentLeft);
        if (!this.volume.read(this.contentAt, to, count)) {
            this.failure = this.volume.failure;
            return -1;
        }
        this.contentAt += count;
        this.contentLeft -= count;
        return count;
    }

    private advance(): bool {
        this.contentLeft = 0;
        this.attributesLength = 0;
        if (!this.isOpen) {
            this.isOpen = true;
            if (!this.openRoot()) return false;
            if (this.depth > 0 && !this.isImplied) return true;
        }
        if (this.opaqueFollows) {
            this.opaqueFollows = false;
            return this.mark(OPAQUE_NAME);
        }
        while (this.depth > 0) {
            const level = this.levels[this.depth - 1];
            const count = this.volume.loadDirectory(level.inode, level.block);
            if (count < 0) return false;
            if (level.entry == count) {
                level.entry = 0;
                if (++level.block == level.inode.blocks) this.depth--;
                continue;
            }
            const number = level.entry++;
            if (!isDots(this.volume.name(number), this.volume.nameLength(number)))
                return this.readEntry(level, number);
        }
        return false;
    }

    private openRoot(): bool {
        if (!this.volume.open()) return false;
        const level = this.level(0);
        if (!this.volume.readInode(this.volume.rootNid, level.inode)) return false;
        this.nameLength = 0;
        if (level.inode.kind != KIND_DIRECTORY) return this.fail("its root is no directory" + REMEDY);
        return this.enterDirectory(level, level.inode.nid);
    }

    private level(depth: i32): Level {
        while (this.levels.length <= depth) this.levels.push(new Level());
        return this.levels[depth];
    }

    /** An entry of the directory's present block. */
    private readEntry(directory: Level, number: u32): bool {
        if (++this.entries > ENTRIES_MAXIMUM)
            return this.fail("it has more than " + decimal(ENTRIES_MAXIMUM) + " entries; split the layer");
        const length = this.volume.nameLength(number);
        if (!this.setName(directory.pathLength, this.volume.name(number), length)) return false;
        const dirent = this.volume.dirent(number);
        const fileType = dirent.fileType;
        const below = this.level(this.depth);
        const inode = fileType == FILE_TYPE_DIRECTORY ? below.inode : this.inode;
        if (!this.volume.readInode(dirent.nid, inode)) return false;
        if (fileType == FILE_TYPE_UNKNOWN || fileType != fileTypeOf(inode.kind))
            return this.fail(this.describe() + " is not what its directory says" + REMEDY);
        if (fileType == FILE_TYPE_DIRECTORY) {
            // The root is above itself, so that its ".." would not tell.
            if (inode.nid == this.volume.rootNid)
                return this.fail(this.describe() + " is the root again" + REMEDY);
            if (this.depth > <i32>DEPTH_MAXIMUM)
                return this.fail(this.describe() + " lies in more than 128 directories; flatten the tree");
            return this.enterDirectory(below, directory.inode.nid);
        }
        if (fileType == FILE_TYPE_CHARACTER_DEVICE && inode.value == 0)
            return this.whiteout(directory.pathLength, length);
        if (inode.linkCount > 1) {
            const first = this.links.find(inode.nid);
            if (first >= 0) return this.hardLink(<u32>first, inode.nid);
            if (!this.links.add(inode.nid, directory.inode.nid))
                return this.fail("there is too little memory for its hard links; give the machine more");
        }
        if (!this.describeInode(inode)) return false;
        switch (fileType) {
            case FILE_TYPE_SYMBOLIC_LINK:
                return this.symbolicLink(inode);
            case FILE_TYPE_FIFO:
                this.type = TYPE_FIFO;
                return true;
            case FILE_TYPE_REGULAR:
                return this.regularFile(inode);
            default:
                this.type = fileType == FILE_TYPE_BLOCK_DEVICE ? TYPE_BLOCK_DEVICE : TYPE_CHARACTER_DEVICE;
                this.deviceMajor = deviceMajor(inode.value);
                this.deviceMinor = deviceMinor(inode.value);
                return true;
        }
    }

    // ---- kinds of entries

    /** Checks the directory of the entry's name from end to end and makes it the one that is read next. */
    private enterDirectory(level: Level, parent: u32): bool {
        const inode = level.inode;
        level.pathLength = this.nameLength;
        level.block = 0;
        level.entry = 0;
        this.type = TYPE_DIRECTORY;
        if (!this.checkDirectory(inode, parent) || !this.describeInode(inode)) return false;
        this.depth++;
        this.opaqueFollows = this.isOpaque;
        return !this.isImplied || this.nameLength == 0 || this.mark(IMPLIED_NAME);
    }

    /** Names must be in order; "." and ".." must be there and lead where they should. */
    private checkDirectory(inode: ErofsInode, parent: u32): bool {
        const last = this.scratch;
        let lastLength: u32 = 0;
        let dots = 0;
        for (let block: u32 = 0; block < inode.blocks; block++) {
            const count = this.volume.loadDirectory(inode, block);
            if (count < 0) return false;
            for (let i: i32 = 0; i < count; i++) {
                const name = this.volume.name(i);
                const length = this.volume.nameLength(i);
                if (compareNames(last, lastLength, name, length) >= 0)
                    return this.fail(this.describe() + " has its names not in order" + REMEDY);
                memory.copy(last, name, length);
                lastLength = length;
                if (!isDots(name, length)) continue;
                dots++;
                if (this.volume.dirent(i).nid != (length == 1 ? inode.nid : parent))
                    return this.fail(this.describe() + ' has a "." or ".." that leads elsewhere' + REMEDY);
            }
        }
        return dots == 2 || this.fail(this.describe() + ' lacks "." or ".."' + REMEDY);
    }

    private regularFile(inode: ErofsInode): bool {
        this.type = TYPE_REGULAR;
        this.size = inode.size;
        if (inode.size == 0) return true;
        if (inode.isInline)
            return this.fail(
                this.describe() +
                    " is packed into the metadata, which is not supported; make the image with mkfs.erofs -E noinline_data",
            );
        this.firstBlock = inode.value;
        this.contentAt = (<u64>inode.value) << BLOCK_BITS;
        this.contentLeft = inode.size;
        return this.checkRest(this.contentAt + inode.size);
    }

    /** The rest of a file's last page must be zero. */
    private checkRest(end: u64): bool {
        const length = <u32>((BLOCK - (end & (BLOCK - 1))) & (BLOCK - 1));
        if (!this.volume.read(end, this.scratch, length)) return false;
        for (let i: u32 = 0; i < length; i++) {
            if (load<u8>(this.scratch + i) != 0)
                return this.fail(this.describe() + " has bytes behind its end" + REMEDY);
        }
        return true;
    }

    private symbolicLink(inode: ErofsInode): bool {
        this.type = TYPE_SYMBOLIC_LINK;
        let isValid = inode.size > 0 && inode.size <= PATH_MAXIMUM;
        if (isValid) {
            this.linkLength = <u32>inode.size;
            if (!this.volume.readBlock(inode, 0, this.link, this.linkLength)) return false;
            for (let i: u32 = 0; isValid && i < this.linkLength; i++) isValid = load<u8>(this.link + i) != 0;
        }
        return isValid || this.fail(this.describe() + " has no valid target" + REMEDY);
    }

    /** The name of what is not there, by the image spec's rule. */
    private whiteout(pathLength: u32, length: u32): bool {
        const skipped = this.nameLength - length;
        memory.copy(this.scratch, this.name + skipped, length);
        if (!this.mark(WHITEOUT_PREFIX, pathLength)) return false;
        if (this.nameLength + length > PATH_MAXIMUM) return this.failLong();
        memory.copy(this.name + this.nameLength, this.scratch, length);
        this.nameLength += length;
        return true;
    }

    /** An entry that is nothing but a name of the image spec's, in the directory whose path has `pathLength` bytes of the name. */
    private mark(text: string, pathLength: u32 = this.levels[this.depth - 1].pathLength): bool {
        for (let i = 0; i < text.length; i++)
            store<u8>(this.scratch + BLOCK - 16 + i, <u8>text.charCodeAt(i));
        this.type = TYPE_REGULAR;
        this.size = 0;
        this.attributesLength = 0;
        return this.setName(pathLength, this.scratch + BLOCK - 16, text.length);
    }

    private setName(pathLength: u32, name: usize, length: u32): bool {
        const slash: u32 = pathLength > 0 ? 1 : 0;
        if (pathLength + slash + length > PATH_MAXIMUM) return this.failLong();
        if (slash != 0) store<u8>(this.name + pathLength, 0x2f);
        memory.copy(this.name + pathLength + slash, name, length);
        this.nameLength = pathLength + slash + length;
        return true;
    }

    /** One more name of an inode whose first one is in `directory`. */
    private hardLink(directory: u32, nid: u32): bool {
        this.type = TYPE_HARD_LINK;
        this.size = 0;
        this.linkLength = 0;
        // The path is put together from its end: at the end of the buffer, then moved to its beginning.
        for (let depth: u32 = 0; depth <= DEPTH_MAXIMUM; depth++) {
            const parent = this.prependName(directory, nid);
            if (parent < 0) return false;
            if (directory == this.volume.rootNid) {
                memory.copy(this.link, this.link + PATH_MAXIMUM - this.linkLength, this.linkLength);
                return true;
            }
            nid = directory;
            directory = <u32>parent;
        }
        return this.failLong();
    }

    /** Puts the first name of `nid` in `directory` before the link's. The result is the directory above `directory`, or -1. */
    private prependName(directory: u32, nid: u32): i64 {
        if (!this.volume.readInode(directory, this.other)) return -1;
        let parent: i64 = -1;
        let isFound = false;
        for (let block: u32 = 0; block < this.other.blocks; block++) {
            const count = this.volume.loadDirectory(this.other, block);
            for (let i: i32 = 0; i < count; i++) {
                const name = this.volume.name(i);
                const length = this.volume.nameLength(i);
                if (isDots(name, length)) {
                    if (length == 2) parent = this.volume.dirent(i).nid;
                } else if (!isFound && this.volume.dirent(i).nid == nid) {
                    isFound = true;
                    const slash: u32 = this.linkLength > 0 ? 1 : 0;
                    if (this.linkLength + slash + length > PATH_MAXIMUM) {
                        this.failLong();
                        return -1;
                    }
                    const at = this.link + PATH_MAXIMUM - this.linkLength - slash;
                    if (slash != 0) store<u8>(at, 0x2f);
                    memory.copy(at - length, name, length);
                    this.linkLength += slash + length;
                }
            }
        }
        if (!isFound || parent < 0) this.fail(this.describe() + " has lost another name" + REMEDY);
        return isFound ? parent : -1;
    }

    /** What all kinds of inodes have. */
    private describeInode(inode: ErofsInode): bool {
        this.mode = inode.mode & 0o7777;
        this.uid = inode.uid;
        this.gid = inode.gid;
        this.size = 0;
        this.modificationSeconds = inode.modificationSeconds;
        this.modificationNanoseconds = inode.modificationNanoseconds;
        return this.readAttributes(inode);
    }

    // ---- extended attributes

    private readAttributes(inode: ErofsInode): bool {
        this.isOpaque = false;
        this.isImplied = false;
        if (inode.attributesSize == 0) return true;
        const end = inode.attributes + inode.attributesSize;
        if (!this.volume.read(inode.attributes, this.scratch, ATTRIBUTE_HEADER)) return false;
        const shared = <u32>load<u8>(this.scratch, ATTRIBUTE_SHARED_COUNT);
        let at = inode.attributes + ATTRIBUTE_HEADER;
        for (let i: u32 = 0; i < shared; i++) {
            if (end - at < 4) return this.failAttributes();
            if (!this.volume.read(at, this.scratch, 4)) return false;
            const place = <u64>load<u32>(this.scratch) * ATTRIBUTE_ALIGNMENT;
            if (this.readAttribute(this.volume.sharedAttributes + place, this.imageSize) == 0) return false;
            at += 4;
        }
        while (end - at >= ATTRIBUTE_ENTRY) {
            at = this.readAttribute(at, end);
            if (at == 0) return false;
        }
        return true;
    }

    /** Reads an attribute that ends before `end`. The result is where the next one begins, 0 after a failure. */
    private readAttribute(at: u64, end: u64): u64 {
        if (!this.volume.read(at, this.scratch, ATTRIBUTE_ENTRY)) return 0;
        const suffixLength = <u32>load<u8>(this.scratch);
        const prefixIndex = load<u8>(this.scratch, 1);
        const valueLength = <u32>load<u16>(this.scratch, 2);
        const prefix = attributePrefix(prefixIndex);
        const next = at + ATTRIBUTE_ENTRY + suffixLength + valueLength;
        const isWhole = isWholeName(prefixIndex);
        const block =
            prefix.length == 0 || next > end || (suffixLength == 0) != isWhole
                ? <usize>0
                : this.addAttributeOf(prefix.length + suffixLength, valueLength);
        if (block == 0) {
            this.failAttributes();
            return 0;
        }
        const name = AttributeBlock.name(block);
        for (let i = 0; i < prefix.length; i++) store<u8>(name + i, <u8>prefix.charCodeAt(i));
        const value = AttributeBlock.value(block);
        const position = at + ATTRIBUTE_ENTRY;
        if (
            !this.volume.read(position, name + prefix.length, suffixLength) ||
            !this.volume.read(position + suffixLength, value, valueLength)
        )
            return 0;
        const nameLength = AttributeBlock.nameLength(block);
        const opaque = isName(name, nameLength, OPAQUE_ATTRIBUTE);
        const implied = isName(name, nameLength, IMPLIED_ATTRIBUTE);
        if (opaque || implied) {
            // Marks are not attributes of the file.
            this.removeLastAttribute(block);
            const isSet = valueLength == 1 && load<u8>(value) == 0x79; // "y"
            if (opaque && isSet) this.isOpaque = true;
            if (implied && isSet) this.isImplied = true;
        }
        return min(end, (next + (ATTRIBUTE_ALIGNMENT - 1)) & ~(<u64>(ATTRIBUTE_ALIGNMENT - 1)));
    }

    // ---- failures

    private failAttributes(): bool {
        return this.fail(this.describe() + " has malformed extended attributes" + REMEDY);
    }

    private failLong(): bool {
        return this.fail(
            "a name has more than " + decimal(PATH_MAXIMUM) + " bytes, which Linux cannot open; shorten it",
        );
    }
}

/** Whether a name is "." or "..". */
function isDots(name: usize, length: u32): bool {
    return length <= 2 && load<u8>(name) == 0x2e && load<u8>(name + length - 1) == 0x2e;
}

/** FILE_TYPE_ value of a kind; unknown for those that no layer has. */
function fileTypeOf(kind: u16): u8 {
    switch (kind) {
        case KIND_REGULAR:
            return FILE_TYPE_REGULAR;
        case KIND_DIRECTORY:
            return FILE_TYPE_DIRECTORY;
        case KIND_SYMBOLIC_LINK:
            return FILE_TYPE_SYMBOLIC_LINK;
        case KIND_CHARACTER_DEVICE:
            return FILE_TYPE_CHARACTER_DEVICE;
        case KIND_BLOCK_DEVICE:
            return FILE_TYPE_BLOCK_DEVICE;
        case KIND_FIFO:
            return FILE_TYPE_FIFO;
        default:
            return FILE_TYPE_UNKNOWN;
    }
}
