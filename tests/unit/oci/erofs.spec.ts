// SPDX-License-Identifier: Apache-2.0
//
// A layer written as an EROFS image and read again is the layer that its tar archive makes. What Linux and erofs-utils say of the images is
// tested in tests/component.

import {
    BLOCK,
    CompactInode,
    ExtendedInode,
    SUPERBLOCK_OFFSET,
    Superblock,
    superblockChecksum,
} from "../../../assembly/oci/erofs";
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
} from "../../../assembly/std/layerIndex";
import { PAGE_SIZE } from "../../../assembly/std/pages";
import { decodeUtf8, encodeUtf8 } from "../../../assembly/std/utf8";
import { ErofsImage, UnpackedLayer, isSound, unpackTar } from "../erofsImage";
import { expectPart } from "../expectations";
import { TarBuilder } from "../tarBuilder";
import { random } from "../random";

/** First difference of two trees, or "". `links` collects which inode of the one is which of the other. */
function difference(one: UnpackedLayer, two: UnpackedLayer): string {
    const links = new Map<u32, u32>();
    return compareDirectories(one, 0, two, 0, "/", links);
}

function compareDirectories(
    one: UnpackedLayer,
    left: u32,
    two: UnpackedLayer,
    right: u32,
    path: string,
    links: Map<u32, u32>,
): string {
    const a = one.index.inode(left);
    const b = two.index.inode(right);
    const own = compareInodes(one, a, two, b);
    if (own.length > 0) return path + ": " + own;
    if (a.entryCount != b.entryCount) return path + ": number of entries";
    for (let i: u32 = 0; i < a.entryCount; i++) {
        const x = one.index.entry(a.firstEntry + i);
        const y = two.index.entry(b.firstEntry + i);
        const name = decodeUtf8(one.index.text(x.nameOffset), x.nameLength);
        if (name != decodeUtf8(two.index.text(y.nameOffset), y.nameLength)) return path + name + ": name";
        if (x.kind != y.kind) return path + name + ": kind";
        if (x.kind == KIND_WHITEOUT) continue;
        if (links.has(x.inode) && links.get(x.inode) != y.inode) return path + name + ": link";
        links.set(x.inode, y.inode);
        const below =
            x.kind == KIND_DIRECTORY
                ? compareDirectories(one, x.inode, two, y.inode, path + name + "/", links)
                : compareInodes(one, one.index.inode(x.inode), two, two.index.inode(y.inode));
        if (below.length > 0) return x.kind == KIND_DIRECTORY ? below : path + name + ": " + below;
    }
    return "";
}

function compareInodes(one: UnpackedLayer, a: Inode, two: UnpackedLayer, b: Inode): string {
    if (a.mode != b.mode) return "mode";
    if (a.flags != b.flags) return "flags";
    if (a.linkCount != b.linkCount) return "link count";
    if ((a.flags & INODE_IMPLIED) == 0) {
        if (a.uid != b.uid || a.gid != b.gid) return "owner";
        if (a.modificationSeconds != b.modificationSeconds) return "seconds";
        if (a.modificationNanoseconds != b.modificationNanoseconds) return "nanoseconds";
    }
    if (a.size != b.size) return "size";
    if ((a.attributes == 0) != (b.attributes == 0)) return "attributes";
    if (a.attributes != 0) {
        const x = one.index.text(a.attributes);
        const y = two.index.text(b.attributes);
        if (memory.compare(x, y, AttributeBlock.HEADER + load<u32>(x)) != 0) return "attributes";
    }
    switch (a.mode >> 12) {
        case KIND_REGULAR: {
            const x = one.data + a.value * PAGE_SIZE;
            const y = two.data + b.value * PAGE_SIZE;
            return memory.compare(x, y, <usize>a.size) != 0 ? "content" : "";
        }
        case KIND_SYMBOLIC_LINK: {
            const x = one.index.text(a.value);
            return memory.compare(x, two.index.text(b.value), <usize>a.size) != 0 ? "target" : "";
        }
        case KIND_DIRECTORY:
            return "";
        default:
            return a.value != b.value ? "device" : "";
    }
}

/** Writes a layer, reads it, and says what is different. */
function trip(tar: TarBuilder): string {
    const layer = unpackTar(tar);
    if (layer.failure.length > 0) return "tar: " + layer.failure;
    const image = new ErofsImage(layer);
    if (image.failure.length > 0) return "writer: " + image.failure;
    const read = image.unpack();
    const result = read.failure.length > 0 ? "reader: " + read.failure : difference(layer, read);
    read.free();
    image.free();
    layer.free();
    return result;
}

/** The message of the reader for an image of a small layer in which `change` was made. */
function damaged(change: (image: ErofsImage) => void): string {
    const tar = new TarBuilder();
    tar.directory("d").file("d/f", "content").symbolicLink("l", "d/f").end();
    const layer = unpackTar(tar);
    const image = new ErofsImage(layer);
    change(image);
    const read = image.unpack();
    const message = read.failure;
    read.free();
    image.free();
    layer.free();
    return message;
}

function superblock(image: ErofsImage): Superblock {
    return changetype<Superblock>(image.start + SUPERBLOCK_OFFSET);
}

/** Writes the checksum that belongs to a changed superblock. */
function seal(image: ErofsImage): void {
    superblock(image).checksum = 0;
    superblock(image).checksum = superblockChecksum(
        image.start + SUPERBLOCK_OFFSET,
        BLOCK - SUPERBLOCK_OFFSET,
    );
}

/** What the reader says of an image whose metadata was changed. */
function refusal(image: ErofsImage): string {
    seal(image);
    return image.unpack().failure;
}

/** Names in order, with everything that can come before or between "." and "..". */
function manyNames(tar: TarBuilder): void {
    tar.directory("d").file("d/!", "").file("d/-", "").file("d/.!", "").file("d/.-", "").file("d/..!", "");
    tar.file("d/...", "").file("d/.a", "");
    for (let i = 0; i < 500; i++) tar.file("d/" + ("name" + i.toString()).padEnd(40 + (i % 60), "-"), "");
}

describe("EROFS images", () => {
    it("have what a layer has", () => {
        const tar = new TarBuilder();
        tar.mode = 0o4751;
        tar.uid = 12;
        tar.gid = 34;
        tar.directory("").directory("usr").directory("usr/bin").file("usr/bin/tool", "content".repeat(700));
        tar.file("usr/bin/other", "x").file("empty", "").symbolicLink("lib", "usr/lib");
        tar.file("page", "p".repeat(4096)).entry("fifo", 0x36, "", "");
        const device = tar.header("null", 0x33, "", 0);
        store<u8>(device + 329, 0x31);
        store<u8>(device + 337, 0x33);
        TarBuilder.sum(device);
        tar.hardLink("usr/bin/again", "usr/bin/tool").hardLink("a", "usr/bin/tool").hardLink("z", "fifo");
        expect(trip(tar.end())).toBe("");
    });

    it("have a layer of nothing", () => {
        expect(trip(new TarBuilder().end())).toBe("");
    });

    it("keep owners and times that compact inodes have no room for", () => {
        const tar = new TarBuilder();
        tar.directory("").file("a", "1").file("b", "2");
        tar.uid = 65536;
        tar.file("uid", "");
        tar.uid = 65535;
        tar.gid = 0o7777777;
        tar.file("gid", "");
        tar.time = 7;
        tar.file("time", "");
        tar.pax(TarBuilder.record("mtime", "-5.25")).file("early", "x");
        tar.pax(TarBuilder.record("uid", "4294967295")).symbolicLink("last", "a");
        expect(trip(tar.end())).toBe("");
    });

    it("are compact where nothing asks for more", () => {
        const tar = new TarBuilder();
        tar.directory("");
        for (let i = 0; i < 200; i++) tar.file(i.toString(), "");
        const compact = new ErofsImage(unpackTar(tar.end()));
        const other = new TarBuilder();
        other.directory("");
        other.uid = 1 << 16;
        for (let i = 0; i < 200; i++) other.file(i.toString(), "");
        const extended = new ErofsImage(unpackTar(other.end()));
        expect(extended.length - compact.length).toBeGreaterThanOrEqual(
            <u32>(200 * (offsetof<ExtendedInode>() - offsetof<CompactInode>()) - BLOCK),
        );
        expect(extended.length - compact.length).toBeLessThanOrEqual(<u32>(200 * 32 + BLOCK));
        compact.free();
        extended.free();
    });

    it("have whiteouts, opaque directories and directories that only names imply", () => {
        const tar = new TarBuilder();
        tar.directory("o").file("o/.wh..wh..opq", "").file("o/new", "n").file(".wh.gone", "");
        tar.file("implied/below/f", "f").file("implied/.wh.x", "").file("implied/below/.wh..wh..opq", "");
        tar.file(".wh." + "n".repeat(95), "").file("w/.wh..wh.plnk", "");
        const layer = unpackTar(tar.end());
        const image = new ErofsImage(layer);
        const read = image.unpack();
        expect(read.failure).toBe("");
        expect(difference(layer, read)).toBe("");
        const name = heap.alloc(8);
        encodeUtf8("implied", name);
        const entry = read.index.find(0, name, 7);
        expect(read.index.inode(read.index.entry(entry).inode).flags).toBe(INODE_IMPLIED);
        encodeUtf8("o", name);
        const opaque = read.index.find(0, name, 1);
        expect(read.index.inode(read.index.entry(opaque).inode).flags).toBe(INODE_OPAQUE);
        encodeUtf8("gone", name);
        expect(read.index.entry(read.index.find(0, name, 4)).kind).toBe(KIND_WHITEOUT);
    });

    it("take a device 0/0 for the whiteout that it is to overlayfs", () => {
        expect(trip(new TarBuilder().entry("null", 0x33, "", "").end())).toBe("/null: kind");
    });

    it("have directories of many blocks, in order", () => {
        const tar = new TarBuilder();
        manyNames(tar);
        expect(trip(tar.end())).toBe("");
    });

    it("have links of every length", () => {
        const tar = new TarBuilder();
        tar.pax(TarBuilder.record("linkpath", "t/".repeat(2047))).symbolicLink("longest", "");
        for (let i = 1; i < 60; i++)
            tar.pax(TarBuilder.record("linkpath", "u".repeat(i * 67))).symbolicLink(i.toString(), "");
        expect(trip(tar.end())).toBe("");
    });

    it("have extended attributes", () => {
        const tar = new TarBuilder();
        const capability = TarBuilder.record("SCHILY.xattr.security.capability", "\u0001\u0000\u0000\u0002c");
        const access = TarBuilder.record("SCHILY.xattr.system.posix_acl_access", "acl");
        const many = TarBuilder.record("SCHILY.xattr.user.large", "v".repeat(60000));
        tar.pax(capability + access).file("f", "content");
        tar.pax(TarBuilder.record("SCHILY.xattr.trusted.t", "")).directory("d");
        tar.pax(many).symbolicLink("l", "f").hardLink("h", "l");
        tar.pax(capability).file("d/.wh..wh..opq", "");
        expect(trip(tar.end())).toBe("");
    });

    it("leave out attributes that Linux has no namespace for, and marks of a layer's own", () => {
        const tar = new TarBuilder();
        tar.pax(
            TarBuilder.record("SCHILY.xattr.com.example", "v") +
                TarBuilder.record("SCHILY.xattr.trusted.overlay.opaque", "y") +
                TarBuilder.record("SCHILY.xattr.user.kept", "v"),
        ).directory("d");
        const read = new ErofsImage(unpackTar(tar.end())).unpack();
        const inode = read.index.inode(1);
        expect(inode.flags).toBe(0);
        const block = read.index.text(inode.attributes);
        const first = AttributeBlock.first(block);
        expect(decodeUtf8(AttributeBlock.name(first), AttributeBlock.nameLength(first))).toBe("user.kept");
        expect(AttributeBlock.next(block, first)).toBe(0);
    });

    it("refuse an attribute that is too large", () => {
        const tar = new TarBuilder();
        tar.pax(TarBuilder.record("SCHILY.xattr.user.large", "v".repeat(65536))).file("f", "");
        expectPart(new ErofsImage(unpackTar(tar.end())).failure, "larger than EROFS can hold");
    });
});

describe("EROFS reader", () => {
    it("wants a superblock that it understands", () => {
        expectPart(
            damaged((image) => {
                image.length = BLOCK - 1;
            }),
            "less than one block",
        );
        expectPart(
            damaged((image) => {
                superblock(image).magic++;
            }),
            "no EROFS image",
        );
        expectPart(
            damaged((image) => {
                superblock(image).blocks++;
            }),
            "checksum",
        );
        expectPart(
            damaged((image) => {
                superblock(image).blocks++;
                seal(image);
            }),
            "ends before its",
        );
        expectPart(
            damaged((image) => {
                superblock(image).blockBits = 16;
                seal(image);
            }),
            "another size",
        );
        expectPart(
            damaged((image) => {
                superblock(image).incompatibleFeatures = 4;
                seal(image);
            }),
            "not supported",
        );
    });

    it("wants files inside the image, of whole pages", () => {
        const file = (image: ErofsImage): CompactInode => {
            // The root, "d" and "l", of which each has a little behind it, come first.
            let at = image.start + SUPERBLOCK_OFFSET + offsetof<Superblock>();
            while (load<u16>(at, 4) >> 12 != KIND_REGULAR || load<u32>(at, 8) != 7) at += 32;
            return changetype<CompactInode>(at);
        };
        const image = new ErofsImage(
            unpackTar(new TarBuilder().directory("").file("f", "content").file("g", "another").end()),
        );
        const inode = file(image);
        const block = inode.value;
        inode.value = block + 2;
        expectPart(refusal(image), "behind the image's end");
        inode.value = u32.MAX_VALUE;
        expectPart(refusal(image), "behind the image's end");
        inode.value = block;
        inode.format = 2 << 1;
        expectPart(refusal(image), "packed into the metadata");
        inode.format = 4 << 1;
        expectPart(refusal(image), "in chunks");
        inode.format = 0;
        inode.size = 6;
        expectPart(refusal(image), "bytes behind its end");
        inode.size = 7;
        expect(refusal(image)).toBe("");
    });

    it("wants directories without circles and names in order", () => {
        const make = (): ErofsImage =>
            new ErofsImage(unpackTar(new TarBuilder().directory("").directory("a").directory("b").end()));
        // The root's names follow its inode: ".", "..", "a", "b".
        const root = SUPERBLOCK_OFFSET + <u32>offsetof<Superblock>() + <u32>offsetof<CompactInode>();
        const rootNid = <u64>(SUPERBLOCK_OFFSET + offsetof<Superblock>()) / 32;
        let image = make();
        store<u64>(image.start + root + 2 * 12, rootNid);
        expectPart(refusal(image), "is the root again");
        image = make();
        store<u64>(image.start + root, 1);
        expectPart(refusal(image), "leads elsewhere");
        image = make();
        store<u8>(image.start + root + 4 * 12 + 3, 0x63); // "c", "b"
        expectPart(refusal(image), "not in order");
        image = make();
        store<u8>(image.start + root + 4 * 12 + 3, 0x62); // "b" twice
        expectPart(refusal(image), "not in order");
        image = make();
        store<u8>(image.start + root + 4 * 12 + 3, 0x2f);
        expectPart(refusal(image), "invalid name");
        image = make();
        store<u8>(image.start + root + 4 * 12, 0x2d); // "-" in the place of "."
        expectPart(refusal(image), 'lacks "." or ".."');
        image = make();
        store<u16>(image.start + root + 8, 47);
        expectPart(refusal(image), "malformed block");
        image = make();
        store<u8>(image.start + root + 2 * 12 + 10, 1);
        expectPart(refusal(image), "not what its directory says");
    });

    it("reads anything without a trap", () => {
        const tar = new TarBuilder();
        tar.directory("usr")
            .file("usr/f", "content".repeat(700))
            .symbolicLink("l", "usr")
            .hardLink("h", "usr/f");
        tar.pax(TarBuilder.record("SCHILY.xattr.user.a", "value")).file("usr/a", "a");
        tar.file("implied/.wh..wh..opq", "").file("implied/f", "1").file("usr/.wh.gone", "");
        const layer = unpackTar(tar.end());
        const image = new ErofsImage(layer);
        const whole = heap.alloc(image.length);
        memory.copy(whole, image.start, image.length);
        const metadata = image.length - layer.pages * PAGE_SIZE;
        let refused = 0;
        for (let round = 0; round < 3000; round++) {
            memory.copy(image.start, whole, image.length);
            for (let i: u32 = 0; i < 1 + random(4); i++) {
                const at = image.start + SUPERBLOCK_OFFSET + random(metadata - SUPERBLOCK_OFFSET);
                if (random(2) == 0) store<u8>(at, <u8>random(256));
                else store<u8>(at, load<u8>(at) ^ (<u8>((<u32>1) << random(8))));
            }
            if (random(8) != 0) seal(image);
            const read = image.unpack();
            if (read.failure.length > 0) refused++;
            else if (!isSound(read)) {
                expect(round).toBe(-1, "an index refers to what is not in it");
            }
            read.free();
        }
        // Most bytes of the first block are not used, and some of those that are may be anything.
        expect(refused).toBeGreaterThan(300);
    });
});
