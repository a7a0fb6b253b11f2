// SPDX-License-Identifier: Apache-2.0

import { AddOutcome, LayerTree } from "../../../assembly/unpacker/layerTree";
import { MemoryStream } from "../../../assembly/oci/byteStream";
import { TarReader } from "../../../assembly/oci/tarReader";
import { HeapArea } from "../../../assembly/std/growingArea";
import {
    AttributeBlock,
    INODE_IMPLIED,
    INODE_OPAQUE,
    Inode,
    KIND_DIRECTORY,
    KIND_REGULAR,
    KIND_SYMBOLIC_LINK,
    KIND_WHITEOUT,
    LayerIndex,
    compareNames,
} from "../../../assembly/std/layerIndex";
import { decodeUtf8, encodeUtf8, utf8Length } from "../../../assembly/std/utf8";
import { expectPart } from "../expectations";
import { TarBuilder } from "../tarBuilder";

let failure: string = "";
let copies: i32 = 0;

/** Builds the index of an archive over lower layers. Contents get page 7; `failure` says what went wrong. */
function build(tar: TarBuilder, lower: LayerIndex[] = []): LayerIndex {
    const reader = new TarReader(new MemoryStream(tar.start, tar.length));
    const tree = new LayerTree(
        new HeapArea(1 << 20),
        new HeapArea(1 << 20),
        new HeapArea(1 << 18),
        new HeapArea(1 << 18),
        lower,
    );
    failure = "";
    copies = 0;
    while (reader.next()) {
        const outcome = tree.add(reader);
        if (outcome == AddOutcome.Content) tree.inode(tree.added).value = 7;
        if (outcome == AddOutcome.Copy) {
            tree.inode(tree.added).value = 9;
            copies++;
        }
        if (outcome == AddOutcome.Failed) {
            failure = tree.failure!.message;
            break;
        }
    }
    const readFailure = reader.failure;
    if (readFailure !== null) failure = readFailure.message;
    const index = heap.alloc(<usize>tree.indexSize);
    memory.fill(index, 0, <usize>tree.indexSize);
    tree.writeIndex(index, 3, reader.position);
    tar.free();
    return changetype<LayerIndex>(index);
}

/** The entry number of a path, walked without following links, or -1. */
function lookUp(index: LayerIndex, path: string): i32 {
    const parts = path.split("/");
    let directory: u32 = 0;
    let entry: i32 = -1;
    for (let i = 0; i < parts.length; i++) {
        const length = utf8Length(parts[i]);
        const name = heap.alloc(length);
        encodeUtf8(parts[i], name);
        entry = index.find(directory, name, length);
        heap.free(name);
        if (entry < 0) return -1;
        directory = index.entry(entry).inode;
    }
    return entry;
}

function kindOf(index: LayerIndex, path: string): i32 {
    const entry = lookUp(index, path);
    return entry < 0 ? -1 : index.entry(entry).kind;
}

function inodeOf(index: LayerIndex, path: string): Inode {
    return index.inode(index.entry(lookUp(index, path)).inode);
}

/** "name:value " for each extended attribute. */
function attributesOf(index: LayerIndex, path: string): string {
    const offset = inodeOf(index, path).attributes;
    if (offset == 0) return "";
    const block = index.text(offset);
    let text = "";
    for (let at = AttributeBlock.first(block); at != 0; at = AttributeBlock.next(block, at)) {
        text += decodeUtf8(AttributeBlock.name(at), AttributeBlock.nameLength(at)) + ":";
        text += decodeUtf8(AttributeBlock.value(at), AttributeBlock.valueLength(at)) + " ";
    }
    return text;
}

describe("layer tree", () => {
    it("indexes files, directories and links", () => {
        const tar = new TarBuilder();
        tar.mode = 0o755;
        tar.directory("bin")
            .file("bin/busybox", "x")
            .symbolicLink("bin/sh", "busybox")
            .hardLink("bin/ls", "bin/busybox");
        const index = build(tar.end());
        expect(failure).toBe("");
        expect(index.isValid()).toBe(true);
        expect(kindOf(index, "bin")).toBe(KIND_DIRECTORY);
        expect(kindOf(index, "bin/busybox")).toBe(KIND_REGULAR);
        expect(kindOf(index, "bin/sh")).toBe(KIND_SYMBOLIC_LINK);
        expect(inodeOf(index, "bin/busybox").mode).toBe(0o100755);
        expect(inodeOf(index, "bin/busybox").value).toBe(7);
        expect(inodeOf(index, "bin/busybox").linkCount).toBe(2);
        expect(index.entry(lookUp(index, "bin/ls")).inode).toBe(
            index.entry(lookUp(index, "bin/busybox")).inode,
        );
        const link = inodeOf(index, "bin/sh");
        expect(decodeUtf8(index.text(link.value), <i32>link.size)).toBe("busybox");
        expect(index.inode(0).linkCount).toBe(3);
        expect(inodeOf(index, "bin").parent).toBe(0);
        expect(inodeOf(index, "bin").flags).toBe(0);
    });

    it("keeps extended attributes, also of a hard link's target in a lower layer", () => {
        const lower = build(
            new TarBuilder()
                .pax(
                    TarBuilder.record("SCHILY.xattr.user.one", "first=1") +
                        TarBuilder.record("SCHILY.xattr.security.two", ""),
                )
                .file("kept", "x")
                .file("plain", "x")
                .end(),
        );
        expect(failure).toBe("");
        expect(attributesOf(lower, "kept")).toBe("user.one:first=1 security.two: ");
        expect(attributesOf(lower, "plain")).toBe("");
        const upper = build(new TarBuilder().hardLink("link", "kept").end(), [lower]);
        expect(failure).toBe("");
        expect(attributesOf(upper, "link")).toBe("user.one:first=1 security.two: ");
    });

    it("refuses extended attributes beyond Linux's limits", () => {
        build(new TarBuilder().pax(TarBuilder.record("SCHILY.xattr.", "x")).file("a", "").end());
        expectPart(failure, 'invalid "SCHILY.xattr."');
        const name = "SCHILY.xattr.user." + "n".repeat(251);
        build(new TarBuilder().pax(TarBuilder.record(name, "x")).file("a", "").end());
        expectPart(failure, "invalid");
        const value = "v".repeat(65537);
        build(new TarBuilder().pax(TarBuilder.record("SCHILY.xattr.user.x", value)).file("a", "").end());
        expectPart(failure, "invalid");
    });

    it("sorts many entries by their bytes", () => {
        const tar = new TarBuilder();
        for (let i = 0; i < 1500; i++) tar.file("d/" + ((i * 7919) % 1500).toString(), "");
        tar.file("d/\u00e4", "").file("d/z", "");
        const index = build(tar.end());
        expect(failure).toBe("");
        const directory = inodeOf(index, "d");
        expect(directory.entryCount).toBe(1502);
        for (let i: u32 = 1; i < directory.entryCount; i++) {
            const left = index.entry(directory.firstEntry + i - 1);
            const right = index.entry(directory.firstEntry + i);
            const order = compareNames(
                index.text(left.nameOffset),
                left.nameLength,
                index.text(right.nameOffset),
                right.nameLength,
            );
            if (order >= 0) expect(order).toBeLessThan(0);
        }
        for (let i = 0; i < 1500; i++) {
            if (lookUp(index, "d/" + i.toString()) < 0) expect(i).toBe(-1, "is missing");
        }
        expect(lookUp(index, "d/1500")).toBe(-1);
    });

    it("makes directories that only names imply, until an entry describes them", () => {
        const tar = new TarBuilder();
        tar.mode = 0o700;
        tar.file("a/b/c", "x").directory("a");
        const index = build(tar.end());
        expect(inodeOf(index, "a").mode).toBe(0o40700);
        expect(inodeOf(index, "a").flags).toBe(0);
        expect(inodeOf(index, "a/b").mode).toBe(0o40755);
        expect(inodeOf(index, "a/b").flags).toBe(INODE_IMPLIED);
    });

    it("keeps whiteouts and opaque directories", () => {
        const index = build(
            new TarBuilder()
                .file(".wh.gone", "")
                .file("d/.wh..wh..opq", "")
                .file("d/new", "x")
                .file(".wh..wh.plnk", "")
                .end(),
        );
        expect(failure).toBe("");
        expect(kindOf(index, "gone")).toBe(KIND_WHITEOUT);
        expect(inodeOf(index, "d").flags & INODE_OPAQUE).toBe(INODE_OPAQUE);
        expect(kindOf(index, "d/new")).toBe(KIND_REGULAR);
        expect(index.inode(0).entryCount).toBe(2);
    });

    it("refuses whiteouts of no name", () => {
        build(new TarBuilder().file(".wh.", ""));
        expectPart(failure, "whiteout of no name");
        build(new TarBuilder().file("a/.wh...", ""));
        expectPart(failure, "whiteout of no name");
    });

    it("a whiteout beside the name itself hides only what is below", () => {
        const before = build(new TarBuilder().file(".wh.d", "").file("d/f", "x").end());
        expect(kindOf(before, "d/f")).toBe(KIND_REGULAR);
        expect(inodeOf(before, "d").flags & INODE_OPAQUE).toBe(INODE_OPAQUE);
        const after = build(
            new TarBuilder().file("d/f", "x").file(".wh.d", "").file("g", "").file(".wh.g", "").end(),
        );
        expect(kindOf(after, "d/f")).toBe(KIND_REGULAR);
        expect(inodeOf(after, "d").flags & INODE_OPAQUE).toBe(INODE_OPAQUE);
        expect(kindOf(after, "g")).toBe(KIND_REGULAR);
    });

    it("later entries replace earlier ones", () => {
        const index = build(
            new TarBuilder()
                .file("a", "x")
                .directory("a")
                .file("b/c", "x")
                .file("b", "y")
                .hardLink("h", "b")
                .file("b", "z")
                .end(),
        );
        expect(failure).toBe("");
        expect(kindOf(index, "a")).toBe(KIND_DIRECTORY);
        expect(kindOf(index, "b")).toBe(KIND_REGULAR);
        expect(inodeOf(index, "b").linkCount).toBe(1);
        expect(inodeOf(index, "h").linkCount).toBe(1);
        expect(index.entry(lookUp(index, "h")).inode).not.toBe(index.entry(lookUp(index, "b")).inode);
    });

    it("follows symbolic links in paths, and never out of the image", () => {
        const lower = build(
            new TarBuilder()
                .directory("usr/lib")
                .symbolicLink("lib", "usr/lib")
                .symbolicLink("up", "../../..")
                .end(),
        );
        const index = build(
            new TarBuilder()
                .file("lib/x", "1")
                .file("up/usr/y", "2")
                .symbolicLink("own", "/usr")
                .file("own/z", "3")
                .end(),
            [lower],
        );
        expect(failure).toBe("");
        expect(kindOf(index, "usr/lib/x")).toBe(KIND_REGULAR);
        expect(kindOf(index, "usr/y")).toBe(KIND_REGULAR);
        expect(kindOf(index, "usr/z")).toBe(KIND_REGULAR);
        expect(kindOf(index, "lib")).toBe(-1);
    });

    it("ends loops of symbolic links", () => {
        build(new TarBuilder().symbolicLink("a", "b").symbolicLink("b", "a").file("a/x", ""));
        expectPart(failure, "more than 40 symbolic links");
        build(new TarBuilder().symbolicLink("a", "a/a/a/a/a").file("a/x", ""));
        expectPart(failure, "symbolic links");
    });

    it("does not follow a lower layer's link that an opaque directory hides", () => {
        const lower = build(new TarBuilder().symbolicLink("d/l", "/usr").end());
        const index = build(new TarBuilder().file("d/.wh..wh..opq", "").file("d/l/x", "1").end(), [lower]);
        expect(kindOf(index, "d/l/x")).toBe(KIND_REGULAR);
        expect(kindOf(index, "usr")).toBe(-1);
    });

    it("refuses a file below a file", () => {
        build(new TarBuilder().file("a", "").file("a/b", ""));
        expectPart(failure, '"a/b" lies below "a", which is not a directory');
        const lower = build(new TarBuilder().file("a", "").end());
        build(new TarBuilder().file("a/b", ""), [lower]);
        expectPart(failure, "which is not a directory");
    });

    it("copies a lower layer's file for a hard link to it", () => {
        const lower = build(new TarBuilder().file("bin/a", "content").end());
        const index = build(new TarBuilder().hardLink("b", "bin/a").hardLink("c", "b").end(), [lower]);
        expect(failure).toBe("");
        expect(copies).toBe(1);
        expect(kindOf(index, "bin/a")).toBe(KIND_REGULAR);
        expect(index.entry(lookUp(index, "bin/a")).inode).toBe(index.entry(lookUp(index, "c")).inode);
        expect(inodeOf(index, "b").linkCount).toBe(3);
        expect(inodeOf(index, "b").size).toBe(7);
    });

    it("refuses hard links to nothing, to directories and to what a whiteout removed", () => {
        const lower = build(new TarBuilder().file("a", "x").directory("d").end());
        build(new TarBuilder().hardLink("b", "absent"), [lower]);
        expectPart(failure, 'hard link to "absent", which neither this layer nor a lower one has');
        build(new TarBuilder().hardLink("b", "d"), [lower]);
        expectPart(failure, "which is a directory");
        build(new TarBuilder().file(".wh.a", "").hardLink("b", "a"), [lower]);
        expectPart(failure, "which neither");
        const middle = build(new TarBuilder().file(".wh.a", "").end(), [lower]);
        build(new TarBuilder().hardLink("b", "a"), [lower, middle]);
        expectPart(failure, "which neither");
    });

    it("says when memory for the index is used up", () => {
        const tar = new TarBuilder();
        for (let i = 0; i < 100; i++) tar.file(i.toString(), "");
        const reader = new TarReader(new MemoryStream(tar.start, tar.length));
        const tree = new LayerTree(
            new HeapArea(50 * 64),
            new HeapArea(1 << 16),
            new HeapArea(1 << 12),
            new HeapArea(1 << 12),
            [],
        );
        while (reader.next() && tree.add(reader) != AddOutcome.Failed) {}
        expectPart(tree.failure!.message, "does not fit the machine's free memory");
        tar.free();
    });
});
