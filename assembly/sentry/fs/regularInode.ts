// SPDX-License-Identifier: Apache-2.0
//
// Regular files. The content of a file of an image layer is read straight from the layer store's frames, which every container
// with the layer shares; a page is copied to a frame of this container when it is first written (copy-up per page). Files
// made at run time have only such frames.

import { EFBIG, ENOMEM, ENOSPC, EPERM } from "../kernel/errno";
import { PAGE_BITS, PAGE_SIZE, pagesFor } from "../../std/pages";
import { allocateFrame, filesMayGrow, frameAddress, releaseFrame, storeFrame } from "../memory/frames";
import { forgetFileEnd, forgetFilePage } from "../memory/fileMappings";
import { contentChanged } from "./fileTime";
import { FileSystem } from "./fileSystem";
import { fail, Inode } from "./inode";
import { OpenFile } from "./openFile";
import { NO_PAGE, PageTree } from "./pageTree";
import { RegularFile } from "./regularFile";

/** Largest file: page numbers have 32 bits, and the last one is NO_PAGE. */
export const FILE_SIZE_MAXIMUM: u64 = (<u64>NO_PAGE) << PAGE_BITS;

// Seals (fcntl(2), F_ADD_SEALS).
export const F_SEAL_SEAL: u32 = 1;
export const F_SEAL_SHRINK: u32 = 2;
export const F_SEAL_GROW: u32 = 4;
export const F_SEAL_WRITE: u32 = 8;
export const F_SEAL_FUTURE_WRITE: u32 = 16;
export const F_SEAL_EXEC: u32 = 32;

const SECTORS_PER_PAGE: u64 = PAGE_SIZE / 512;

export class RegularInode extends Inode {
    /** Layer and first data page of the content that the image gave the file. */
    private layer: u32 = 0;
    private firstPage: u32 = 0;
    /** Pages below this number that `pages` does not have are the layer's. */
    private layerPages: u32 = 0;
    /** Made without a name (O_TMPFILE): linkat(2) may give it one. */
    unnamed: bool = false;
    /** F_SEAL_ bits (memfd_create(2)); what is no memory file has only the one that forbids more. */
    seals: u32 = F_SEAL_SEAL;
    /** Made by memfd_create, and the name it was given, a byte string. */
    isMemoryFile: bool = false;
    memoryName: string = "";
    /** Pages of this container's own, or null. */
    private pages: PageTree | null = null;

    constructor(fileSystem: FileSystem, number: u64, mode: u32) {
        super(fileSystem, number, mode);
    }

    /** The content is that of a file of an image layer. */
    setLayerContent(layer: u32, firstPage: u32, size: u64): void {
        this.layer = layer;
        this.firstPage = firstPage;
        this.size = size;
        this.layerPages = <u32>pagesFor(size);
    }

    open(flags: u32): OpenFile | null {
        return new RegularFile(this, flags);
    }

    /** The same content of an image layer, seen through another mount: `fileSystem`. */
    viewThrough(fileSystem: FileSystem): RegularInode {
        const view = new RegularInode(fileSystem, this.number, this.mode);
        view.setLayerContent(this.layer, this.firstPage, this.size);
        return view;
    }

    /** Gives back the container's own pages from page `first` on. */
    private cutPages(first: u32): void {
        const pages = this.pages;
        if (pages === null) return;
        const before = pages.count;
        pages.truncate(first);
        this.fileSystem.pagesUsed -= before - pages.count;
    }

    discard(): void {
        this.cutPages(0);
        this.pages = null;
        this.layerPages = 0;
    }

    blocks(): u64 {
        const pages = this.pages;
        if (pages === null) return <u64>this.layerPages * SECTORS_PER_PAGE;
        if (this.layerPages == 0) return <u64>pages.count * SECTORS_PER_PAGE;
        let count: u64 = this.layerPages;
        // Pages that replace a page of the layer count once.
        for (let page = pages.next(0); page != NO_PAGE; page = pages.next(page + 1)) {
            if (page >= this.layerPages) count++;
        }
        return count * SECTORS_PER_PAGE;
    }

    /** Whether page `index` has content of its own, or is a hole. */
    isHole(index: u32): bool {
        if (index < this.layerPages) return false;
        const pages = this.pages;
        return pages === null || pages.get(index) == 0;
    }

    /** The frame with page `index`, for reading; not retained. 0: a hole, or (not `isHole`) no memory to reach it. */
    frame(index: u32): u32 {
        const pages = this.pages;
        if (pages !== null) {
            const frame = pages.get(index);
            if (frame != 0) return frame;
        }
        return index < this.layerPages ? storeFrame(this.layer, this.firstPage + index) : 0;
    }

    /** Where the bytes of page `index` are, or 0 with a hole, or `failure` set when there is no memory to reach them. */
    pageAddress(index: u32): usize {
        const frame = this.frame(index);
        if (frame != 0) {
            const address = frameAddress(frame);
            if (address != 0) return address;
        }
        fail(this.isHole(index) ? 0 : -ENOMEM);
        return 0;
    }

    /**
     * A frame of this container's own with page `index`, for writing; not retained. 0 when memory is used up, or the
     * filesystem is full.
     */
    ownFrame(index: u32): u32 {
        let pages = this.pages;
        if (pages === null) {
            pages = new PageTree(releaseFrame);
            this.pages = pages;
        }
        const present = pages.get(index);
        if (present != 0) return present;
        const frame = filesMayGrow() && !this.fileSystem.isFull ? allocateFrame(true) : 0;
        if (frame == 0) return 0;
        if (index < this.layerPages) {
            const source = storeFrame(this.layer, this.firstPage + index);
            const from: usize = source == 0 ? 0 : frameAddress(source);
            const to: usize = from == 0 ? 0 : frameAddress(frame);
            if (to == 0) {
                releaseFrame(frame);
                return 0;
            }
            memory.copy(to, from, PAGE_SIZE);
        }
        pages.set(index, frame);
        this.fileSystem.pagesUsed++;
        if (index < this.layerPages) forgetFilePage(this, index, 0);
        this.modified = true;
        return frame;
    }

    truncate(size: u64): i32 {
        if (size > FILE_SIZE_MAXIMUM) return -EFBIG;
        if ((this.seals & F_SEAL_SHRINK) != 0 && size < this.size) return -EPERM;
        if ((this.seals & F_SEAL_GROW) != 0 && size > this.size) return -EPERM;
        if (size < this.size) {
            const error = this.clearRest(size);
            if (error != 0) return error;
            const whole = <u32>pagesFor(size);
            forgetFileEnd(this, whole);
            if (whole < this.layerPages) this.layerPages = whole;
            this.cutPages(whole);
        }
        this.size = size;
        contentChanged(this);
        return 0;
    }

    /** Zeroes the bytes of the last page behind `size`: they would show when the file grows again. */
    private clearRest(size: u64): i32 {
        const rest = <u32>(size & (PAGE_SIZE - 1));
        const index = <u32>(size >> PAGE_BITS);
        if (rest == 0 || this.isHole(index)) return 0;
        const frame = this.ownFrame(index);
        const address: usize = frame == 0 ? 0 : frameAddress(frame);
        if (address == 0) return -ENOSPC;
        memory.fill(address + rest, 0, PAGE_SIZE - rest);
        return 0;
    }

    /** The first position at or behind `offset` (below size) that is in a hole (`hole`) or in data; size at the end. */
    nextEdge(offset: u64, hole: bool): u64 {
        const end = <u32>pagesFor(this.size);
        let index = <u32>(offset >> PAGE_BITS);
        const first = index;
        const pages = this.pages;
        if (hole) {
            if (index < this.layerPages) index = this.layerPages;
            while (index < end && pages !== null && pages.get(index) != 0) index++;
        } else if (index >= this.layerPages) {
            index = pages === null ? end : min(pages.next(index), end);
        }
        return index == first ? offset : min((<u64>index) << PAGE_BITS, this.size);
    }

    /** fallocate(2): gives the pages of the range frames, so that writes there cannot fail for want of memory. */
    reserve(offset: u64, length: u64): i32 {
        if ((this.seals & F_SEAL_GROW) != 0 && offset + length > this.size) return -EPERM;
        const last = <u32>((offset + length - 1) >> PAGE_BITS);
        let index = <u32>(offset >> PAGE_BITS);
        while (!this.isHole(index) || this.ownFrame(index) != 0) {
            if (index++ == last) return 0;
        }
        return -ENOSPC;
    }

    /** fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_ZERO_RANGE: the range (within size) reads as zeros. */
    clearRange(offset: u64, length: u64): i32 {
        if ((this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
        const end = min(offset + length, this.size);
        while (offset < end) {
            const index = <u32>(offset >> PAGE_BITS);
            const within = <u32>(offset & (PAGE_SIZE - 1));
            const part = <u32>min<u64>(PAGE_SIZE - within, end - offset);
            if (!this.isHole(index)) {
                const pages = this.pages;
                if (part == PAGE_SIZE && index >= this.layerPages && pages !== null) {
                    forgetFilePage(this, index, pages.get(index));
                    pages.remove(index);
                    this.fileSystem.pagesUsed--;
                } else {
                    const frame = this.ownFrame(index);
                    const address: usize = frame == 0 ? 0 : frameAddress(frame);
                    if (address == 0) return -ENOSPC;
                    memory.fill(address + within, 0, part);
                }
            }
            offset += part;
        }
        contentChanged(this);
        return 0;
    }
}

/** The regular file with content of its own that `inode` is, or null (files of /proc are regular files, too). */
export function asRegular(inode: Inode): RegularInode | null {
    return inode instanceof RegularInode ? <RegularInode>inode : null;
}
