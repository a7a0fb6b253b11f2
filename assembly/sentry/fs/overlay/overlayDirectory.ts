// SPDX-License-Identifier: Apache-2.0
//
// Directories: what the image layers have under a name, laid over each other, with the changes made at run time on top. A
// directory that no layer has (of a tmpfs, or made at run time) is all changes.
//
// Rules, as overlayfs has them: a name is looked up from the top layer down; a whiteout ends the search; directories of
// several layers merge until one is opaque or something else than a directory lies between. Beyond overlayfs, a directory of a
// layer can be renamed (it takes its layers along), and a changed file keeps its inode number.

import { ENOENT, ENOTEMPTY } from "../../kernel/errno";
import {
    DirectoryEntry,
    Inode as LayerInode,
    INODE_IMPLIED,
    INODE_OPAQUE,
    KIND_DIRECTORY,
    KIND_WHITEOUT,
    LayerIndex,
} from "../../../std/layerIndex";
import { attributesChanged, contentChanged, setTimes } from "../fileTime";
import { ExtendedAttributes } from "../extendedAttributes";
import { FileSystem, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from "../fileSystem";
import {
    Directory,
    fail,
    FIRST_ENTRY,
    Inode,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    S_IFDIR,
    S_IFREG,
    setEntry,
} from "../inode";
import { copyName, Location } from "../location";
import { asRegular, RegularInode } from "../regularInode";
import { SpecialInode } from "../specialInode";
import { SymbolicLink } from "../symbolicLink";
import { EntryTable } from "./entryTable";
import { cachedInode, cacheInode } from "./inodeCache";
import { inodeNumber, layer } from "./layers";

/** What ext4 shows for a directory with few entries. */
const DIRECTORY_SIZE: u64 = 4096;
/** What tmpfs shows: 20 for each entry, "." and ".." included. */
const TMPFS_ENTRY_SIZE: u64 = 20;

const NO_LAYERS: StaticArray<u64> = [];

/** Layers that the directory being looked up consists of: each layer << 32 | inode, the topmost first. */
const found: Array<u64> = new Array<u64>();

export class OverlayDirectory extends Directory {
    /** Directories of image layers that this one consists of: each layer << 32 | inode, the topmost first. */
    private layers: StaticArray<u64> = NO_LAYERS;
    private changes: EntryTable | null = null;

    constructor(fileSystem: FileSystem, number: u64, mode: u32) {
        super(fileSystem, number, mode);
        if (fileSystem.magic == TMPFS_MAGIC) this.size = 2 * TMPFS_ENTRY_SIZE;
        else if (fileSystem.magic == OVERLAYFS_SUPER_MAGIC) this.size = DIRECTORY_SIZE;
    }

    /** The directory that consists of `layers`. */
    static ofLayers(fileSystem: FileSystem, layers: StaticArray<u64>): OverlayDirectory {
        const top = layers[0];
        const number = inodeNumber(<u32>(top >> 32), <u32>top);
        // The attributes are those of the topmost layer that really describes the directory.
        let described = top;
        for (let i = 0; i < layers.length; i++) {
            if ((layerInode(layers[i]).flags & INODE_IMPLIED) != 0) continue;
            described = layers[i];
            break;
        }
        const source = layerInode(described);
        const directory = new OverlayDirectory(fileSystem, number, S_IFDIR | (source.mode & 0o7777));
        takeAttributes(directory, layer(<u32>(described >> 32)), source);
        // A directory that no archive describes is as old as the container.
        if ((source.flags & INODE_IMPLIED) != 0) setTimes(directory);
        directory.layers = layers;
        if (layers.length > 1) directory.countSubdirectories();
        return directory;
    }

    /** The same directory, seen through another mount: `fileSystem`. What is below it is that mount's, too. */
    viewThrough(fileSystem: FileSystem): OverlayDirectory {
        if (this.layers.length > 0) {
            const view = OverlayDirectory.ofLayers(fileSystem, this.layers);
            view.changes = this.changes;
            return view;
        }
        const view = new OverlayDirectory(fileSystem, this.number, this.mode);
        view.userId = this.userId;
        view.groupId = this.groupId;
        view.linkCount = this.linkCount;
        view.accessTime = this.accessTime;
        view.modificationTime = this.modificationTime;
        view.changeTime = this.changeTime;
        view.changes = this.changes;
        return view;
    }

    private countSubdirectories(): void {
        let links: u32 = 2;
        for (
            let position = this.firstVisible(FIRST_ENTRY);
            position >= 0;
            position = this.firstVisible(position + 1)
        ) {
            if (visibleKind == KIND_DIRECTORY) links++;
        }
        this.linkCount = links;
    }

    blocks(): u64 {
        return this.fileSystem.magic == OVERLAYFS_SUPER_MAGIC ? DIRECTORY_SIZE / 512 : 0;
    }

    lookup(name: usize, length: i32): Inode | null {
        const changes = this.changes;
        if (changes !== null) {
            const entry = changes.find(name, length);
            if (entry !== null) {
                if (entry.inode === null) fail(-ENOENT);
                return entry.inode;
            }
        }
        return this.lookupInLayers(name, length);
    }

    private lookupInLayers(name: usize, length: i32): Inode | null {
        const layers = this.layers;
        for (let i = 0; i < layers.length; i++) {
            const at = unchecked(layers[i]);
            const index = layer(<u32>(at >> 32));
            const number = index.find(<u32>at, name, length);
            if (number < 0) continue;
            const entry = index.entry(number);
            if (entry.kind == KIND_WHITEOUT) break;
            const known = cachedInode(this.fileSystem, inodeNumber(<u32>(at >> 32), entry.inode));
            if (known !== null) return known;
            return entry.kind == KIND_DIRECTORY
                ? this.mergeDirectory(i, entry, name, length)
                : makeLayerInode(this.fileSystem, <u32>(at >> 32), index, entry.inode);
        }
        fail(-ENOENT);
        return null;
    }

    /** The child directory whose topmost part is `entry` of the i-th layer of this directory. */
    private mergeDirectory(i: i32, entry: DirectoryEntry, name: usize, length: i32): Inode {
        const layers = this.layers;
        const nameAddress = layer(<u32>(layers[i] >> 32)).text(entry.nameOffset);
        found.length = 0;
        for (;;) {
            const part = (layers[i] & 0xffff_ffff_0000_0000) | entry.inode;
            found.push(part);
            if ((layerInode(part).flags & INODE_OPAQUE) != 0) break;
            let number = -1;
            while (number < 0 && ++i < layers.length) {
                number = layer(<u32>(layers[i] >> 32)).find(<u32>layers[i], name, length);
            }
            if (number < 0) break;
            entry = layer(<u32>(layers[i] >> 32)).entry(number);
            if (entry.kind != KIND_DIRECTORY) break;
        }
        const parts = new StaticArray<u64>(found.length);
        for (let n = 0; n < found.length; n++) parts[n] = found[n];
        const directory = OverlayDirectory.ofLayers(this.fileSystem, parts);
        directory.place(this, nameAddress, length, null);
        cacheInode(directory);
        return directory;
    }

    /** Whether one of the layers from the i-th on has the name; the answer of the first that mentions it counts. */
    private layersHave(from: i32, to: i32, name: usize, length: i32): bool {
        const layers = this.layers;
        for (let i = from; i < to; i++) {
            const at = unchecked(layers[i]);
            const index = layer(<u32>(at >> 32));
            const number = index.find(<u32>at, name, length);
            if (number >= 0) return index.entry(number).kind != KIND_WHITEOUT;
        }
        return false;
    }

    /** Whether one of the first `to` layers mentions the name, be it as a whiteout. */
    private layersMention(to: i32, name: usize, length: i32): bool {
        const layers = this.layers;
        for (let i = 0; i < to; i++) {
            const at = unchecked(layers[i]);
            if (layer(<u32>(at >> 32)).find(<u32>at, name, length) >= 0) return true;
        }
        return false;
    }

    /**
     * The position of the first entry at or behind `from`, or -1; it is left in `visible...`. A position is 1 + the number of
     * a layer in `layers`, then 32 bits with the entry's number in it; the changes come last, by cookie.
     */
    private firstVisible(from: i64): i64 {
        let phase = <i32>(from >> 32);
        let index = <u32>from;
        if (phase == 0) {
            phase = 1;
            index = 0;
        }
        const layers = this.layers;
        const changes = this.changes;
        for (; phase <= layers.length; phase++, index = 0) {
            const at = layers[phase - 1];
            const indexOfLayer = layer(<u32>(at >> 32));
            const directory = indexOfLayer.inode(<u32>at);
            for (; index < directory.entryCount; index++) {
                const entry = indexOfLayer.entry(directory.firstEntry + index);
                if (entry.kind == KIND_WHITEOUT) continue;
                const name = indexOfLayer.text(entry.nameOffset);
                if (changes !== null && changes.find(name, entry.nameLength) !== null) continue;
                if (phase > 1 && this.layersMention(phase - 1, name, entry.nameLength)) continue;
                visibleName = name;
                visibleLength = entry.nameLength;
                visibleKind = entry.kind;
                visibleNumber = inodeNumber(<u32>(at >> 32), entry.inode);
                return ((<i64>phase) << 32) | index;
            }
        }
        if (changes === null || phase > layers.length + 1) return -1;
        const entry = changes.from(index);
        if (entry === null) return -1;
        const inode = entry.inode!;
        visibleName = changetype<usize>(entry.name);
        visibleLength = entry.name.length;
        visibleKind = inode.kind;
        visibleNumber = inode.number;
        return ((<i64>phase) << 32) | entry.cookie;
    }

    next(from: i64): bool {
        const position = this.firstVisible(from);
        if (position < 0) return false;
        setEntry(visibleName, visibleLength, visibleNumber, visibleKind, position + 1);
        return true;
    }

    // ---- Changes

    private table(): EntryTable {
        let changes = this.changes;
        if (changes === null) {
            changes = new EntryTable();
            this.changes = changes;
        }
        return changes;
    }

    /** Gives `inode` the name, which does not exist. The result is the name's lasting copy. */
    private insert(name: usize, length: i32, inode: Inode): StaticArray<u8> {
        const table = this.table();
        const whiteout = table.find(name, length);
        if (whiteout !== null) table.remove(whiteout);
        const copy = copyName(name, length);
        table.add(copy, inode);
        inode.pin();
        this.grown(1);
        return copy;
    }

    /** Takes the name away; where a layer has it a whiteout stays. */
    private take(name: usize, length: i32, inode: Inode): void {
        const table = this.table();
        const entry = table.find(name, length);
        const below = this.layersHave(0, this.layers.length, name, length);
        if (entry === null) {
            table.add(copyName(name, length), null);
        } else if (below) {
            entry.inode = null;
        } else {
            table.remove(entry);
        }
        if (entry !== null) inode.unpin();
        this.grown(-1);
    }

    private grown(entries: i64): void {
        if (this.fileSystem.magic == TMPFS_MAGIC) this.size += entries * TMPFS_ENTRY_SIZE;
        contentChanged(this);
    }

    private begin(inode: Inode): void {
        setTimes(inode);
        inode.modified = true;
    }

    make(name: usize, length: i32, mode: u32, device: u32): Inode | null {
        if (this.removed) {
            fail(-ENOENT);
            return null;
        }
        const inode = this.newFile(mode, device);
        this.insert(name, length, inode);
        return inode;
    }

    private newFile(mode: u32, device: u32): Inode {
        const number = this.fileSystem.newInodeNumber();
        const inode: Inode =
            (mode & 0o170000) == S_IFREG
                ? <Inode>new RegularInode(this.fileSystem, number, mode)
                : <Inode>new SpecialInode(this.fileSystem, number, mode, device);
        this.begin(inode);
        return inode;
    }

    makeUnnamed(mode: u32): Inode | null {
        const inode = this.newFile(mode, 0);
        inode.linkCount = 0;
        const content = asRegular(inode);
        if (content !== null) content.unnamed = true;
        return inode;
    }

    makeDirectory(name: usize, length: i32, mode: u32): Directory | null {
        if (this.removed) {
            fail(-ENOENT);
            return null;
        }
        const directory = new OverlayDirectory(
            this.fileSystem,
            this.fileSystem.newInodeNumber(),
            S_IFDIR | (mode & 0o7777),
        );
        this.begin(directory);
        const copy = this.insert(name, length, directory);
        directory.place(this, changetype<usize>(copy), length, copy);
        this.linkCount++;
        return directory;
    }

    makeSymbolicLink(name: usize, length: i32, target: usize, targetLength: i32): Inode | null {
        if (this.removed) {
            fail(-ENOENT);
            return null;
        }
        const text = copyName(target, targetLength);
        const link = new SymbolicLink(
            this.fileSystem,
            this.fileSystem.newInodeNumber(),
            changetype<usize>(text),
            targetLength,
            text,
        );
        this.begin(link);
        this.insert(name, length, link);
        return link;
    }

    link(name: usize, length: i32, inode: Inode): i32 {
        if (this.removed) return -ENOENT;
        inode.linkCount++;
        attributesChanged(inode);
        this.insert(name, length, inode);
        return 0;
    }

    /** Mounts the file `inode` on the name: what has it is hidden from now on, and the directory itself does not change. */
    cover(name: usize, length: i32, inode: Inode): void {
        const table = this.table();
        const entry = table.find(name, length);
        if (entry === null) table.add(copyName(name, length), inode);
        else entry.inode = inode;
        inode.pin();
        this.modified = true;
    }

    unlink(name: usize, length: i32, child: Inode): i32 {
        Location.nameRemoved(child, this, name, length);
        // The pin makes sure that the content goes after the last name, and not before.
        child.pin();
        this.take(name, length, child);
        child.linkCount--;
        attributesChanged(child);
        child.unpin();
        return 0;
    }

    removeDirectory(name: usize, length: i32, child: Directory): i32 {
        if (child.next(FIRST_ENTRY)) return -ENOTEMPTY;
        child.pin();
        this.take(name, length, child);
        child.removed = true;
        child.linkCount = 0;
        attributesChanged(child);
        this.linkCount--;
        child.unpin();
        return 0;
    }

    discard(): void {
        // A removed directory has no name that could be asked for; its place in the tree is given up.
        const parent = this.parent;
        if (!this.removed || parent === null || parent === this) return;
        this.parent = this;
        parent.unpin();
    }

    rename(
        name: usize,
        length: i32,
        child: Inode,
        target: Directory,
        newName: usize,
        newLength: i32,
        replaced: Inode | null,
        exchange: bool,
    ): i32 {
        const there = changetype<OverlayDirectory>(target);
        if (there.removed) return -ENOENT;
        child.pin();
        this.take(name, length, child);
        if (replaced !== null) {
            if (exchange) {
                replaced.pin();
                there.take(newName, newLength, replaced);
                this.moveHere(name, length, replaced, there, newName, newLength);
                replaced.unpin();
            } else if (replaced.isDirectory()) {
                there.removeDirectory(newName, newLength, changetype<Directory>(replaced));
            } else {
                there.unlink(newName, newLength, replaced);
            }
        }
        there.moveHere(newName, newLength, child, this, name, length);
        child.unpin();
        return 0;
    }

    /** Puts `inode`, just taken from `before`, under a name of this directory. */
    private moveHere(
        name: usize,
        length: i32,
        inode: Inode,
        before: OverlayDirectory,
        nameBefore: usize,
        lengthBefore: i32,
    ): void {
        const copy = this.insert(name, length, inode);
        attributesChanged(inode);
        if (inode.isDirectory()) {
            changetype<Directory>(inode).place(this, changetype<usize>(copy), length, copy);
            if (before !== this) {
                before.linkCount--;
                this.linkCount++;
            }
        } else {
            Location.nameMoved(inode, before, nameBefore, lengthBefore, this, copy);
        }
    }
}

// What firstVisible found.
let visibleName: usize = 0;
let visibleLength: i32 = 0;
let visibleKind: u32 = 0;
let visibleNumber: u64 = 0;

// @ts-ignore: decorator
@inline
function layerInode(at: u64): LayerInode {
    return layer(<u32>(at >> 32)).inode(<u32>at);
}

const NANOSECONDS: i64 = 1_000_000_000;

function takeAttributes(inode: Inode, index: LayerIndex, source: LayerInode): void {
    inode.userId = source.uid;
    inode.groupId = source.gid;
    inode.linkCount = source.linkCount;
    if (source.attributes != 0) inode.attributes = new ExtendedAttributes(index.text(source.attributes));
    // Tar has times in seconds of 33 bits and pax up to nanoseconds: within an i64 of nanoseconds once clamped.
    const seconds = max<i64>(-9_000_000_000, min<i64>(9_000_000_000, source.modificationSeconds));
    const time = seconds * NANOSECONDS + source.modificationNanoseconds;
    inode.accessTime = time;
    inode.modificationTime = time;
    inode.changeTime = time;
}

/** The object for an inode of a layer that is not a directory. */
function makeLayerInode(fileSystem: FileSystem, layerNumber: u32, index: LayerIndex, number: u32): Inode {
    const source = index.inode(number);
    const overlayNumber = inodeNumber(layerNumber, number);
    const kind: u32 = source.mode >> 12;
    let inode: Inode;
    if (kind == KIND_REGULAR) {
        const regular = new RegularInode(fileSystem, overlayNumber, source.mode);
        regular.setLayerContent(layerNumber, source.value, source.size);
        inode = regular;
    } else if (kind == KIND_SYMBOLIC_LINK) {
        inode = new SymbolicLink(fileSystem, overlayNumber, index.text(source.value), <i32>source.size, null);
    } else {
        inode = new SpecialInode(fileSystem, overlayNumber, source.mode, source.value);
    }
    takeAttributes(inode, index, source);
    cacheInode(inode);
    return inode;
}
