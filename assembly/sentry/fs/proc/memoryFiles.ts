// SPDX-License-Identifier: Apache-2.0
//
// The memory of a process in /proc/PID: maps, smaps, smaps_rollup, statm and the Vm lines of status (proc(5)).

import { reserveHeap } from "../../capabilities/heapReserve";
import { EACCES, ENOMEM } from "../../kernel/errno";
import { Process } from "../../kernel/process";
import { mayInspect } from "../../kernel/processAccess";
import { current } from "../../kernel/thread";
import { AddressSpace } from "../../memory/addressSpace";
import { frameReferences, isFilesFrame } from "../../memory/frames";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_DONT_DUMP,
    REGION_DONT_FORK,
    REGION_GROWS_DOWN,
    REGION_HEAP,
    REGION_NEVER_EXECUTABLE,
    REGION_NEVER_WRITABLE,
    REGION_SEGMENT,
    REGION_SHARED,
    REGION_STACK,
    REGION_VDSO,
    REGION_WIPE_ON_FORK,
} from "../../memory/region";
import { BLOCK_BITS, BLOCK_PAGES, Page } from "../../memory/residentPages";
import { PAGE_BITS } from "../../../std/pages";
import { openFilePath, pathAddress, pathLength } from "../pathText";
import {
    addAligned,
    addByte,
    addBytes,
    addField,
    addHexadecimal,
    addNumber,
    addSpacesTo,
    addText,
    textLength,
} from "./textBuilder";

/** Column of the file names in /proc/PID/maps. */
const MAPS_NAME_COLUMN: i32 = 73;
/** Bytes of a line of maps and of an entry of smaps, with the buffer's doubling and its copy. */
const LINE_BYTES: usize = 3 * 128;
const DETAILS_BYTES: usize = 3 * 768;

// ---------------------------------------------------------------- maps

export function generateMaps(process: Process | null): i32 {
    const it = process!;
    if (!mayInspect(it)) return -EACCES;
    if (it.exited) return 0;
    const regions = it.addressSpace.regions;
    if (!reserveHeap(<usize>regions.length * LINE_BYTES)) return -ENOMEM;
    for (let i = 0; i < regions.length; i++) addRegion(regions[i]);
    return 0;
}

function addRange(start: u64, end: u64): void {
    addHexadecimal(start, 8);
    addByte(45);
    addHexadecimal(end, 8);
    addByte(32);
}

function addRegion(region: Region): void {
    const start = textLength();
    addRange(region.start, region.end);
    addByte((region.protection & PROT_READ) != 0 ? 0x72 : 45);
    addByte((region.protection & PROT_WRITE) != 0 ? 0x77 : 45);
    addByte((region.protection & PROT_EXEC) != 0 ? 0x78 : 45);
    addByte((region.flags & REGION_SHARED) != 0 ? 0x73 : 0x70);
    addByte(32);
    const file = region.file;
    addHexadecimal(file === null && region.shared === null ? 0 : region.offset, 8);
    addText(" 00:");
    addHexadecimal(file === null ? 0 : file.inode.fileSystem.device, 2);
    addByte(32);
    addNumber(file === null ? 0 : file.inode.number);
    addByte(32);
    if (file !== null) {
        addSpacesTo(start, MAPS_NAME_COLUMN);
        openFilePath(file, current.process.files.root);
        addBytes(pathAddress, pathLength);
    } else {
        const name = nameOf(region);
        if (name.length > 0) {
            addSpacesTo(start, MAPS_NAME_COLUMN);
            addText(name);
        }
    }
    addByte(10);
}

/** What stands in the place of a file's name. */
function nameOf(region: Region): string {
    const flags = region.flags;
    if ((flags & REGION_HEAP) != 0) return "[heap]";
    if ((flags & REGION_STACK) != 0) return "[stack]";
    if ((flags & REGION_VDSO) != 0) return "[vdso]";
    if ((flags & REGION_SEGMENT) != 0) return "/SYSV00000000 (deleted)";
    return (flags & REGION_SHARED) != 0 ? "/dev/zero (deleted)" : "";
}

// ---------------------------------------------------------------- smaps

// Pages of the region, or of all regions, that countPages has seen.
let residentCount: u64 = 0;
/** Bytes of resident pages, each divided by how many have it. */
let proportionalBytes: u64 = 0;
let sharedClean: u64 = 0;
let sharedDirty: u64 = 0;
let privateClean: u64 = 0;
let privateDirty: u64 = 0;
let anonymousCount: u64 = 0;
let lockedCount: u64 = 0;

function clearCounts(): void {
    residentCount = 0;
    proportionalBytes = 0;
    sharedClean = 0;
    sharedDirty = 0;
    privateClean = 0;
    privateDirty = 0;
    anonymousCount = 0;
    lockedCount = 0;
}

function countPage(page: Page, region: Region): void {
    residentCount++;
    if (region.isLocked) lockedCount++;
    const ofImage = isFilesFrame(page.frame) || (region.flags & REGION_VDSO) != 0;
    // A page of the layer store is clean, and others may have it; of other frames the references say who does. A file holds its
    // own frames as well.
    const ofFile = region.file !== null && (region.flags & REGION_SHARED) != 0;
    const holders = max<u32>(frameReferences(page.frame) - (ofFile && !ofImage ? 1 : 0), 1);
    proportionalBytes += (1 << PAGE_BITS) / holders;
    const shared = holders > 1;
    if (ofImage) {
        if (shared) sharedClean++;
        else privateClean++;
    } else {
        if (shared) sharedDirty++;
        else privateDirty++;
        if (!ofFile && region.shared === null) anonymousCount++;
    }
}

function countPages(space: AddressSpace, region: Region): void {
    const pages = space.pages;
    const first = region.start >> PAGE_BITS;
    const last = region.end >> PAGE_BITS;
    const few = (last - first) >> BLOCK_BITS <= pages.capacity;
    const count = few ? ((last - 1) >> BLOCK_BITS) - (first >> BLOCK_BITS) + 1 : <u64>pages.capacity;
    for (let i: u64 = 0; i < count; i++) {
        const block = few ? pages.findBlock((first >> BLOCK_BITS) + i) : pages.blockAt(<u32>i);
        if (block === null || block.used == 0) continue;
        const base = block.firstPage;
        for (let k: u32 = 0; k < BLOCK_PAGES; k++) {
            if (base + k < first || base + k >= last) continue;
            const page = block.page(k);
            if (page.frame != 0) countPage(page, region);
        }
    }
}

function addSize(name: string, bytes: u64): void {
    addText(name);
    addAligned(bytes >> 10, 24 - name.length);
    addText(" kB\n");
}

function addPages(name: string, pages: u64): void {
    addSize(name, pages << PAGE_BITS);
}

/** What smaps and smaps_rollup have in common. */
function addCounts(): void {
    addPages("Rss:", residentCount);
    addSize("Pss:", proportionalBytes);
    addSize("Pss_Dirty:", (privateDirty + sharedDirty) << PAGE_BITS);
    addPages("Shared_Clean:", sharedClean);
    addPages("Shared_Dirty:", sharedDirty);
    addPages("Private_Clean:", privateClean);
    addPages("Private_Dirty:", privateDirty);
    addPages("Referenced:", residentCount);
    addPages("Anonymous:", anonymousCount);
    addText(
        "KSM:                   0 kB\n" +
            "LazyFree:              0 kB\n" +
            "AnonHugePages:         0 kB\n" +
            "ShmemPmdMapped:        0 kB\n" +
            "FilePmdMapped:         0 kB\n" +
            "Shared_Hugetlb:        0 kB\n" +
            "Private_Hugetlb:       0 kB\n" +
            "Swap:                  0 kB\n" +
            "SwapPss:               0 kB\n",
    );
    addPages("Locked:", lockedCount);
}

function addFlag(set: bool, name: string): void {
    if (set) addText(name);
}

/** The line VmFlags: what Linux has of it that has a meaning here. */
function addFlags(region: Region): void {
    const protection = region.protection;
    const flags = region.flags;
    addText("VmFlags: ");
    addFlag((protection & PROT_READ) != 0, "rd ");
    addFlag((protection & PROT_WRITE) != 0, "wr ");
    addFlag((protection & PROT_EXEC) != 0, "ex ");
    addFlag((flags & REGION_SHARED) != 0, "sh ");
    addText("mr ");
    addFlag((flags & REGION_NEVER_WRITABLE) == 0, "mw ");
    addFlag((flags & REGION_NEVER_EXECUTABLE) == 0, "me ");
    addFlag((flags & REGION_SHARED) != 0, "ms ");
    addFlag((flags & REGION_GROWS_DOWN) != 0, "gd ");
    addFlag(region.isLocked, "lo ");
    addFlag((flags & REGION_DONT_FORK) != 0, "dc ");
    addFlag(region.isData, "ac ");
    addFlag((flags & REGION_WIPE_ON_FORK) != 0, "wf ");
    addFlag((flags & REGION_DONT_DUMP) != 0, "dd ");
    addByte(10);
}

export function generateMapDetails(process: Process | null): i32 {
    const it = process!;
    if (!mayInspect(it)) return -EACCES;
    if (it.exited) return 0;
    const space = it.addressSpace;
    const regions = space.regions;
    if (!reserveHeap(<usize>regions.length * DETAILS_BYTES)) return -ENOMEM;
    for (let i = 0; i < regions.length; i++) {
        const region = regions[i];
        addRegion(region);
        clearCounts();
        countPages(space, region);
        addSize("Size:", region.end - region.start);
        addText("KernelPageSize:        4 kB\nMMUPageSize:           4 kB\n");
        addCounts();
        addText("THPeligible:           0\n");
        addFlags(region);
    }
    return 0;
}

export function generateMapSums(process: Process | null): i32 {
    const it = process!;
    if (!mayInspect(it)) return -EACCES;
    if (it.exited) return 0;
    const space = it.addressSpace;
    const regions = space.regions;
    clearCounts();
    for (let i = 0; i < regions.length; i++) countPages(space, regions[i]);
    const start = textLength();
    const none = regions.length == 0;
    addRange(none ? 0 : regions[0].start, none ? 0 : regions[regions.length - 1].end);
    addText("---p 00000000 00:00 0 ");
    addSpacesTo(start, MAPS_NAME_COLUMN);
    addText("[rollup]\n");
    addCounts();
    return 0;
}

// ---------------------------------------------------------------- statm and status

/** Bytes of a process's regions by purpose, as sizesOf found them. */
let dataBytes: u64 = 0;
let stackBytes: u64 = 0;
let codeBytes: u64 = 0;

function sizesOf(process: Process): void {
    dataBytes = 0;
    stackBytes = 0;
    codeBytes = 0;
    if (process.exited) return;
    const regions = process.addressSpace.regions;
    for (let i = 0; i < regions.length; i++) {
        const region = regions[i];
        const bytes = region.end - region.start;
        if ((region.flags & REGION_GROWS_DOWN) != 0) stackBytes += bytes;
        else if ((region.protection & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC) codeBytes += bytes;
        else if (region.isData) dataBytes += bytes;
    }
}

/** Pages of a process that are not of its memory alone: of files and of shared memory. */
function sharedPages(space: AddressSpace): u64 {
    clearCounts();
    for (let i = 0; i < space.regions.length; i++) countPages(space, space.regions[i]);
    return residentCount - anonymousCount;
}

export function generateMemoryPages(process: Process | null): i32 {
    const it = process!;
    if (it.exited) {
        addText("0 0 0 0 0 0 0\n");
        return 0;
    }
    sizesOf(it);
    const space = it.addressSpace;
    addField(space.mappedBytes >> PAGE_BITS);
    addField(space.pages.count);
    addField(sharedPages(space));
    addField((space.codeEnd - space.codeStart) >> PAGE_BITS);
    addField(0);
    addField((dataBytes + stackBytes) >> PAGE_BITS);
    addText("0\n");
    return 0;
}

function addKibibytes(name: string, bytes: u64): void {
    addText(name);
    addByte(9);
    addAligned(bytes >> 10, 8);
    addText(" kB\n");
}

/** The lines VmPeak to VmSwap of status; `process` has not ended. */
export function addMemoryStatus(process: Process): void {
    const space = process.addressSpace;
    sizesOf(process);
    const shared = sharedPages(space);
    const resident = <u64>space.pages.count;
    const codeSize = space.codeEnd - space.codeStart;
    addKibibytes("VmPeak:", max(space.mappedPeak, space.mappedBytes));
    addKibibytes("VmSize:", space.mappedBytes);
    addKibibytes("VmLck:", space.lockedBytes);
    addKibibytes("VmPin:", 0);
    addKibibytes("VmHWM:", max<u64>(space.pagesPeak, resident) << PAGE_BITS);
    addKibibytes("VmRSS:", resident << PAGE_BITS);
    addKibibytes("RssAnon:", (resident - shared) << PAGE_BITS);
    addKibibytes("RssFile:", shared << PAGE_BITS);
    addKibibytes("RssShmem:", 0);
    addKibibytes("VmData:", dataBytes);
    addKibibytes("VmStk:", stackBytes);
    addKibibytes("VmExe:", codeSize);
    addKibibytes("VmLib:", codeBytes > codeSize ? codeBytes - codeSize : 0);
    addKibibytes("VmPTE:", 0);
    addKibibytes("VmSwap:", 0);
}
