// SPDX-License-Identifier: Apache-2.0
//
// The container's page frames. A frame is known by its id, an index of the frame table; ids count from 1. There are
// two kinds:
//
// - quota frames, made from the container's untyped memory: anonymous pages and the contents of written files;
// - store frames, read-only capability copies of the layer store's frames, got from the manager in batches and kept.
//
// A seL4 frame capability can be mapped once, so every mapping of a frame has a capability: the first takes the
// *original*, further ones take copies. A frame is mapped into the sentry's window only when the sentry touches its
// bytes, and stays there. Frames count their holders; a quota frame without holders goes to a free list as it is
// (with its bytes and its window mapping) and is zeroed when it is taken again.

import { containerConfiguration } from "../../std/containerConfiguration";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { pageMap, pageUnmap } from "../../sel4/generated/host";
import {
    allocateSlot,
    allocateSlots,
    copyCapability,
    deleteCapability,
    freeSlot,
} from "../capabilities/slots";
import {
    account,
    keepHeapRoom,
    OBJECT_FRAME,
    OWNER_ANONYMOUS,
    OWNER_FILES,
    OWNER_NONE,
    processReserve,
    quotaBytes,
    retype,
    RIGHT_READ,
    RIGHT_WRITE,
    userMemoryLeft,
} from "../capabilities/quota";
import { CODE_HAS_NO_CALLS, fetchCodeFrame, fetchCommonFrame, fetchStoreFrames } from "../manager";
import { SLOT_MASK } from "./residentPages";
import { mapAt, mapInWindow, reserveInWindow } from "./window";

/** Frames made by one retype: an invocation each is what costs, and 64 KiB is what a small process touches anyway. */
const FRAME_BATCH: u32 = 16;
/** Layer pages fetched by one call to the manager: the window that fault-around maps. */
export const STORE_BATCH: u32 = 8;

// What a frame's `state` has above the 24 bits of a capability slot.
/** Where the original capability is mapped: nowhere, in the window, or in a process. */
const USE_MASK: u32 = 3 << 24;
const ORIGINAL_FREE: u32 = 0;
const ORIGINAL_IN_WINDOW: u32 = 1 << 24;
const ORIGINAL_IN_PROCESS: u32 = 2 << 24;

const KIND_MASK: u32 = 3 << 26;
const KIND_ANONYMOUS: u32 = 0;
const KIND_FILE: u32 = 1 << 26;
const KIND_STORE: u32 = 2 << 26;
/** A frame of the quota with a page of the layer store patched for execution (executablePages.ts), or the vDSO. */
const KIND_CODE: u32 = 3 << 26;

/** Store frames: what is to be executed, the frame itself, NOT_PATCHED_YET, or the next frame in the hash chain; 0: not known yet. */
const EXECUTABLE_MASK: u32 = 3 << 28;
const EXECUTABLE_ITSELF: u32 = 1 << 28;
const EXECUTABLE_NOT_PATCHED: u32 = 2 << 28;
const EXECUTABLE_NEXT: u32 = 3 << 28;

/** A free frame's bytes may differ from zero. */
const DIRTY: u32 = 1 << 30;

/** The container has one for each page that it has seen: no more than what has to be known. */
@unmanaged
class Frame {
    /** Capability slot of the original (0: given up, which only store frames do), and what is above. */
    private state: u32;
    /** Where in the window, or 0. */
    windowAddress: u32;
    references: u32;
    /** Store frames: layer << 24 | data page. Free frames: the next free frame's id. Frames with patched pages: NO_KEY; common ones: COMMON_KEY. */
    key: u32;
    /** Store frames, and those with patched pages: the next id in the hash chain. */
    next: u32;

    /** Makes the entry one for the frame whose original capability is in `slot`. */
    @inline begin(slot: u32, kind: u32): void {
        this.state = slot | kind;
        this.windowAddress = 0;
        this.references = 0;
        this.key = 0;
        this.next = 0;
    }

    @inline get original(): u32 {
        return this.state & SLOT_MASK;
    }

    @inline set original(slot: u32) {
        this.state = (this.state & ~SLOT_MASK) | slot;
    }

    @inline get use(): u32 {
        return this.state & USE_MASK;
    }

    @inline set use(use: u32) {
        this.state = (this.state & ~USE_MASK) | use;
    }

    @inline get kind(): u32 {
        return this.state & KIND_MASK;
    }

    @inline set kind(kind: u32) {
        this.state = (this.state & ~KIND_MASK) | kind;
    }

    @inline get executable(): u32 {
        return this.state & EXECUTABLE_MASK;
    }

    @inline set executable(executable: u32) {
        this.state = (this.state & ~EXECUTABLE_MASK) | executable;
    }

    @inline get isDirty(): bool {
        return (this.state & DIRTY) != 0;
    }

    @inline setDirty(): void {
        this.state |= DIRTY;
    }
}

/** Frames per piece of the table: pieces are never moved. 64 * 20 bytes. */
const PIECE_BITS: u32 = 6;
const PIECE_SIZE: u32 = 1 << PIECE_BITS;
/** Pieces that the directory holds at first: 4 MiB of frames. */
const PIECES_INITIAL: u32 = 16;

/** The directory of pieces grows by doubling. */
let pieces: StaticArray<usize> = new StaticArray<usize>(PIECES_INITIAL);
let frameCount: u32 = 1;

// @ts-ignore: decorator
@inline
function frame(id: u32): Frame {
    return changetype<Frame>(
        unchecked(pieces[id >> PIECE_BITS]) + (id & (PIECE_SIZE - 1)) * offsetof<Frame>(),
    );
}

/** A new id, for the frame whose original capability is in `slot`. */
function newEntry(slot: u32, kind: u32): u32 {
    const piece = frameCount >> PIECE_BITS;
    if (piece >= <u32>pieces.length) {
        const larger = new StaticArray<usize>(pieces.length * 2);
        memory.copy(
            changetype<usize>(larger),
            changetype<usize>(pieces),
            <usize>pieces.length * sizeof<usize>(),
        );
        pieces = larger;
    }
    // Entries are written as they are needed: memory that nothing has touched yet costs nothing.
    if (pieces[piece] == 0) pieces[piece] = heap.alloc(PIECE_SIZE * offsetof<Frame>());
    frame(frameCount).begin(slot, kind);
    return frameCount++;
}

/** Free quota frames: never used ones (zero already) and used ones. Linked by `key`. */
let freshList: u32 = 0;
let usedList: u32 = 0;
let freeFrames: u32 = 0;

/** Quota frames that nobody holds. They count as free memory. */
export function freeFrameCount(): u32 {
    return freeFrames;
}

/**
 * Whether a written file may take another frame: what is left beyond that is kept for processes (quota.ts). A pipe, which
 * empties again, is not bound by it.
 */
export function filesMayGrow(): bool {
    return userMemoryLeft() + <u64>freeFrames * PAGE_SIZE >= processReserve();
}

/**
 * A frame of zeros from the quota, held once by the caller; its id, or 0 when the container's memory is used up.
 * `forFile`: it holds the contents of a file or a pipe (accounting only).
 */
export function allocateFrame(forFile: bool = false): u32 {
    if (usedList == 0 && freshList == 0 && !makeFrames()) return 0;
    let id = usedList;
    if (id != 0) {
        usedList = frame(id).key;
        if (frame(id).isDirty) {
            const address = frameAddress(id);
            if (address == 0) {
                frame(id).key = usedList;
                usedList = id;
                return 0;
            }
            memory.fill(address, 0, PAGE_SIZE);
        }
    } else {
        id = freshList;
        freshList = frame(id).key;
    }
    freeFrames--;
    const entry = frame(id);
    entry.key = 0;
    entry.references = 1;
    entry.setDirty();
    entry.kind = forFile ? KIND_FILE : KIND_ANONYMOUS;
    account(OWNER_NONE, forFile ? OWNER_FILES : OWNER_ANONYMOUS, PAGE_SIZE);
    return id;
}

/** What is free beyond this may be given out before it is touched: small containers have nothing to give away. */
const AHEAD_MINIMUM: u64 = 512 << 10;

/** Whether so much is free that a page may be given out before it is touched: a quarter of the quota, and AHEAD_MINIMUM. */
export function mayMapAhead(): bool {
    return userMemoryLeft() + <u64>freeFrames * PAGE_SIZE > max(quotaBytes() >> 2, AHEAD_MINIMUM);
}

function makeFrames(): bool {
    if (!keepHeapRoom()) return false;
    const count = userMemoryLeft() >= <u64>FRAME_BATCH * PAGE_SIZE ? FRAME_BATCH : 1;
    if (userMemoryLeft() < PAGE_SIZE) return false;
    const first = allocateSlots(count);
    if (first == 0) return false;
    if (!retype(OBJECT_FRAME, PAGE_BITS, first, count, OWNER_NONE)) {
        for (let i: u32 = 0; i < count; i++) freeSlot(first + i);
        return false;
    }
    // From the last to the first, so that frames are handed out in the order of their addresses.
    for (let i = count; i > 0; i--) {
        const id = newEntry(first + i - 1, KIND_ANONYMOUS);
        frame(id).key = freshList;
        freshList = id;
        freeFrames++;
    }
    return true;
}

/** One more holder. */
export function retainFrame(id: u32): void {
    frame(id).references++;
}

/** One holder fewer. A quota frame without holders is free again; store frames stay cached. */
export function releaseFrame(id: u32): void {
    const entry = frame(id);
    assert(entry.references > 0, "a frame was released more often than retained");
    if (--entry.references > 0 || entry.kind == KIND_STORE) return;
    account(entry.kind == KIND_ANONYMOUS ? OWNER_ANONYMOUS : OWNER_FILES, OWNER_NONE, PAGE_SIZE);
    entry.key = usedList;
    usedList = id;
    freeFrames++;
}

/** How many hold the frame. */
export function frameReferences(id: u32): u32 {
    return frame(id).references;
}

/** Whether the frame belongs to the layer store: it can never be written. */
export function isStoreFrame(id: u32): bool {
    return frame(id).kind == KIND_STORE;
}

/** Whether the frame's bytes are an image's, and every process with the page has this frame: it is never written. */
export function isImageFrame(id: u32): bool {
    return frame(id).kind >= KIND_STORE;
}

/** A frame for the vDSO, as allocateFrame makes them: a page of the image as far as processes are concerned. */
export function allocateCodeFrame(): u32 {
    const id = allocateFrame(true);
    if (id != 0) frame(id).kind = KIND_CODE;
    return id;
}

/** For executableOf: the page may have system calls, and nothing has executed it yet. No frame has this number. */
export const NOT_PATCHED_YET: u32 = u32.MAX_VALUE;

/** The frame that is executed instead of a store frame (itself, where nothing is patched); 0 = not known yet. */
export function executableOf(store: u32): u32 {
    const known = frame(store).executable;
    if (known == EXECUTABLE_ITSELF) return store;
    if (known == EXECUTABLE_NOT_PATCHED) return NOT_PATCHED_YET;
    return known == EXECUTABLE_NEXT ? frame(store).next : 0;
}

/** Keeps the answer of executableOf; a patched frame's reference passes to the store frame, for good. */
export function setExecutable(store: u32, executable: u32): void {
    const entry = frame(store);
    assert(entry.executable != EXECUTABLE_NEXT, "a frame was patched twice");
    if (executable == store || executable == NOT_PATCHED_YET) {
        entry.executable = executable == store ? EXECUTABLE_ITSELF : EXECUTABLE_NOT_PATCHED;
        if (executable == NOT_PATCHED_YET) giveUpOriginal(entry);
        return;
    }
    // Few frames have another one to execute: it needs no place in all entries, but has its own in the hash chain.
    const patched = frame(executable);
    if (patched.kind != KIND_STORE) patched.kind = KIND_CODE;
    patched.key = NO_KEY;
    patched.next = entry.next;
    entry.next = executable;
    entry.executable = EXECUTABLE_NEXT;
}

/** Processes will have another frame of the page: the slot can serve for something else. */
function giveUpOriginal(entry: Frame): void {
    if (entry.use != ORIGINAL_FREE || entry.original == 0) return;
    deleteCapability(entry.original);
    entry.original = 0;
}

/** Whether the original is there, fetched once more if it was given up. */
// @ts-ignore: decorator
@inline
function hasOriginal(entry: Frame): bool {
    return entry.original != 0 || fetchOriginal(entry);
}

function fetchOriginal(entry: Frame): bool {
    const slot = allocateSlot();
    if (slot == 0) return false;
    const page = entry.key & ((1 << KEY_PAGE_BITS) - 1);
    if (fetchStoreFrames(entry.key >> KEY_PAGE_BITS, page, 1, slot) != 1) {
        freeSlot(slot);
        return false;
    }
    entry.original = slot;
    return true;
}

/**
 * The manager's frame with the patched page of a store frame, which all containers share: its id, held once by the caller; the store frame's
 * where nothing has to be patched; 0 where the manager makes none. `before` and `behind` as in fetchCodeFrame.
 */
export function sharedCodeFrame(store: u32, before: bool, behind: bool): u32 {
    const slot = keepHeapRoom() ? allocateSlot() : 0;
    if (slot == 0) return 0;
    const key = frame(store).key;
    const page = key & ((1 << KEY_PAGE_BITS) - 1);
    const error = fetchCodeFrame(key >> KEY_PAGE_BITS, page, before, behind, slot);
    if (error != 0) {
        freeSlot(slot);
        return error == CODE_HAS_NO_CALLS ? store : 0;
    }
    return managersFrame(slot);
}

/** The frames of commonFrame, by the manager's numbers: few. */
const commonNumbers: i32[] = new Array<i32>();
const commonIds: u32[] = new Array<u32>();

/**
 * The manager's frame with the bytes of the exchange page (fetchCommonFrame): its id, held once more for the caller; 0 where the manager makes none.
 * Each is asked for a second time with a new slot, and kept once: pages of a program that is started again and again take nothing more.
 */
export function commonFrame(): u32 {
    const slot = keepHeapRoom() ? allocateSlot() : 0;
    if (slot == 0) return 0;
    const number = fetchCommonFrame(slot);
    if (number < 0) {
        freeSlot(slot);
        return 0;
    }
    const known = commonNumbers.indexOf(number);
    if (known >= 0) {
        deleteCapability(slot);
        retainFrame(commonIds[known]);
        return commonIds[known];
    }
    const id = managersFrame(slot);
    frame(id).key = COMMON_KEY;
    commonNumbers.push(number);
    commonIds.push(id);
    return id;
}

/** Whether the frame's bytes are those of a file of an image: isImageFrame, but for commonFrame's. */
export function isFilesFrame(id: u32): bool {
    return isImageFrame(id) && !(frame(id).kind == KIND_STORE && frame(id).key == COMMON_KEY);
}

/** A read-only frame of the manager's, held once by the caller, that is no page of a layer. */
function managersFrame(slot: u32): u32 {
    const id = newEntry(slot, KIND_STORE);
    frame(id).references = 1;
    return id;
}

/**
 * Where the sentry can touch the frame: PAGE_SIZE bytes of its window, read-only for store frames (a write traps). The
 * address holds as long as the frame has a holder. 0 when there is no memory for the mapping.
 */
export function frameAddress(id: u32): usize {
    const entry = frame(id);
    if (entry.windowAddress != 0) return entry.windowAddress;
    if (!hasOriginal(entry)) return 0;
    let slot = entry.original;
    if (entry.use != ORIGINAL_FREE) {
        slot = copyCapability(entry.original);
        if (slot == 0) return 0;
    }
    const address = mapInWindow(slot, entry.kind != KIND_STORE);
    if (address == 0) {
        if (slot != entry.original) deleteCapability(slot);
        return 0;
    }
    if (slot == entry.original) entry.use = ORIGINAL_IN_WINDOW;
    entry.windowAddress = <u32>address;
    return address;
}

/** A page of the window for a look at store frames that nothing else needs there; 0: not reserved yet. */
let lookingPage: usize = 0;

/**
 * Where a store frame can be looked at until endLook; 0: no memory. A frame's only capability serves a process afterwards: with
 * frameAddress each page of a program would take two.
 */
export function beginLook(id: u32): usize {
    const entry = frame(id);
    if (entry.use != ORIGINAL_FREE || entry.windowAddress != 0) return frameAddress(id);
    if (lookingPage == 0) lookingPage = reserveInWindow(1);
    return lookingPage != 0 && hasOriginal(entry) && mapAt(entry.original, lookingPage, false)
        ? lookingPage
        : 0;
}

/** `address` is what beginLook has answered. */
export function endLook(id: u32, address: usize): void {
    if (address == lookingPage) pageUnmap(frame(id).original);
}

/** The capability slot to map the frame in a process with, or 0 when there is no slot. See returnMapping. */
export function takeMapping(id: u32): u32 {
    const entry = frame(id);
    if (!hasOriginal(entry)) return 0;
    if (entry.use == ORIGINAL_FREE) {
        entry.use = ORIGINAL_IN_PROCESS;
        return entry.original;
    }
    return copyCapability(entry.original);
}

/** Ends the mapping that was made with a slot of takeMapping. */
export function returnMapping(id: u32, slot: u32): void {
    const entry = frame(id);
    if (slot == entry.original) {
        pageUnmap(slot);
        entry.use = ORIGINAL_FREE;
    } else {
        // Deleting a mapped frame capability unmaps it.
        deleteCapability(slot);
    }
}

/** Maps with a slot of takeMapping; the answer is seL4's error. */
export function mapFrame(slot: u32, vspace: u32, address: u64, writable: bool, execute: bool): u32 {
    return pageMap(slot, vspace, address, writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ, execute ? 1 : 0);
}

// ---- Store frames: a hash table of chains through the frame table.

const STORE_BUCKETS: u32 = 256;
const storeBuckets: StaticArray<u32> = new StaticArray<u32>(STORE_BUCKETS);

/** Layers and data pages that a key can hold: 128 layers (containerConfiguration.ts) of 64 GiB. */
const KEY_PAGE_BITS: u32 = 24;
/** No page of a layer has this key. */
const NO_KEY: u32 = u32.MAX_VALUE;
/** The key of commonFrame's frames. */
const COMMON_KEY: u32 = u32.MAX_VALUE - 1;

// @ts-ignore: decorator
@inline
function bucketOf(key: u32): u32 {
    return (key ^ (key >> KEY_PAGE_BITS)) & (STORE_BUCKETS - 1);
}

function findStoreFrame(key: u32): u32 {
    let id = unchecked(storeBuckets[bucketOf(key)]);
    while (id != 0 && frame(id).key != key) id = frame(id).next;
    return id;
}

/**
 * The frame with data page `dataPage` of layer `layer`, read-only and not retained (the cache holds it). Fetched from
 * the manager together with its neighbours when it is not here yet. 0 when there is no such page or no slot for it.
 */
export function storeFrame(layer: u32, dataPage: u32): u32 {
    const key = (layer << KEY_PAGE_BITS) | dataPage;
    const id = findStoreFrame(key);
    return id != 0 ? id : fetchBatch(layer, dataPage);
}

/** Whether storeFrame would answer without asking the manager: what fault-around maps. */
export function cachedStoreFrame(layer: u32, dataPage: u32): u32 {
    return findStoreFrame((layer << KEY_PAGE_BITS) | dataPage);
}

let storeFrames: u32 = 0;

/** Layer pages that the container holds capabilities to. */
export function storeFramesCached(): u32 {
    return storeFrames;
}

function fetchBatch(layer: u32, dataPage: u32): u32 {
    const pages = containerConfiguration().layer(layer).dataPages;
    if (dataPage >= pages || !keepHeapRoom()) return 0;
    const firstPage = dataPage & ~(STORE_BATCH - 1);
    const batch = min(STORE_BATCH, pages - firstPage);
    const first = allocateSlots(batch);
    if (first == 0) return 0;
    const count = fetchStoreFrames(layer, firstPage, batch, first);
    let wanted: u32 = 0;
    for (let i: u32 = 0; i < batch; i++) {
        const key = (layer << KEY_PAGE_BITS) | (firstPage + i);
        if (i >= count) {
            freeSlot(first + i);
            continue;
        }
        const id = newEntry(first + i, KIND_STORE);
        const entry = frame(id);
        entry.key = key;
        const bucket = bucketOf(key);
        entry.next = storeBuckets[bucket];
        storeBuckets[bucket] = id;
        storeFrames++;
        if (firstPage + i == dataPage) wanted = id;
    }
    return wanted;
}
