// SPDX-License-Identifier: Apache-2.0
//
// Layers and documents with random damage: whatever they hold, reading them ends with an answer or a failure, never with
// a trap, and an index that comes out of it refers only to itself. Seeds are fixed, so that a failure can be repeated.

import { AddOutcome, LayerTree } from "../../../assembly/unpacker/layerTree";
import { MemoryStream } from "../../../assembly/oci/byteStream";
import { JsonValue, parseJson } from "../../../assembly/oci/json";
import { readImageConfiguration } from "../../../assembly/oci/imageConfiguration";
import { readIndex, readManifest } from "../../../assembly/oci/manifest";
import { TarReader } from "../../../assembly/oci/tarReader";
import { Result } from "../../../assembly/std/failure";
import { GrowingArea, HeapArea } from "../../../assembly/std/growingArea";
import {
    KIND_DIRECTORY,
    KIND_SYMBOLIC_LINK,
    KIND_WHITEOUT,
    LayerIndex,
    compareNames,
} from "../../../assembly/std/layerIndex";
import { encodeUtf8, utf8Length } from "../../../assembly/std/utf8";
import { TarBuilder } from "../tarBuilder";
import { random } from "../random";

const ROUNDS = 8000;

/** Changes some bytes; `sums` repairs the checksums of headers afterwards, so that damage gets past them. */
function damage(bytes: usize, length: u32, sums: bool): void {
    for (let i: u32 = 0; i < 1 + random(6); i++) {
        const at = random(length);
        const how = random(4);
        if (how == 0) store<u8>(bytes + at, <u8>random(256));
        else if (how == 1) store<u8>(bytes + at, load<u8>(bytes + at) ^ (<u8>((<u32>1) << random(8))));
        else if (how == 2) store<u8>(bytes + at, 0x2f);
        else store<u8>(bytes + at, 0);
    }
    if (!sums) return;
    for (let block: u32 = 0; block + 512 <= length; block += 512) {
        if (load<u32>(bytes + block, 257) == 0x61747375) TarBuilder.sum(bytes + block);
    }
}

/** Whether everything an index refers to lies inside of it, and every directory is sorted. */
function isSound(index: LayerIndex, size: u32): bool {
    if (!index.isValid() || index.size != size || index.inodeCount == 0) return false;
    for (let i: u32 = 0; i < index.inodeCount; i++) {
        const inode = index.inode(i);
        const kind = inode.mode >> 12;
        if (inode.parent >= index.inodeCount) return false;
        if (kind == KIND_SYMBOLIC_LINK && <u64>inode.value + inode.size > size) return false;
        if (kind != KIND_DIRECTORY) continue;
        if (inode.firstEntry + inode.entryCount > index.entryCount) return false;
        for (let e: u32 = 0; e < inode.entryCount; e++) {
            const entry = index.entry(inode.firstEntry + e);
            if (entry.nameOffset + entry.nameLength > size || entry.nameLength == 0) return false;
            if (entry.kind != KIND_WHITEOUT && entry.inode >= index.inodeCount) return false;
            if (e == 0) continue;
            const before = index.entry(inode.firstEntry + e - 1);
            const left = index.text(before.nameOffset);
            const right = index.text(entry.nameOffset);
            if (compareNames(left, before.nameLength, right, entry.nameLength) >= 0) return false;
        }
    }
    return true;
}

const inodes = new HeapArea(1 << 16);
const names = new HeapArea(1 << 16);
const strings = new HeapArea(1 << 17);
const buckets = new HeapArea(1 << 16);

function clear(area: GrowingArea): void {
    memory.fill(area.base, 0, area.limit);
}

/** Reads a layer. Whether its index is sound, or a failure says why there is none. */
function readLayer(bytes: usize, length: u32, lower: LayerIndex[]): bool {
    clear(inodes);
    clear(names);
    clear(strings);
    clear(buckets);
    const reader = new TarReader(new MemoryStream(bytes, length));
    const tree = new LayerTree(inodes, names, strings, buckets, lower);
    while (reader.next() && tree.add(reader) != AddOutcome.Failed) {}
    reader.close();
    tree.close();
    if (tree.failure !== null) return tree.failure!.message.length > 0;
    const failure = reader.failure;
    if (failure !== null) return failure.message.length > 0;
    const size = <u32>tree.indexSize;
    const index = heap.alloc(size);
    memory.fill(index, 0, size);
    tree.writeIndex(index, 0, 0);
    const sound = isSound(changetype<LayerIndex>(index), size);
    heap.free(index);
    return sound;
}

function lowerLayer(): LayerIndex {
    const tar = new TarBuilder();
    tar.directory("usr/lib")
        .symbolicLink("lib", "usr/lib")
        .file("usr/lib/a", "x")
        .symbolicLink("loop", "loop")
        .end();
    const reader = new TarReader(new MemoryStream(tar.start, tar.length));
    const tree = new LayerTree(inodes, names, strings, buckets, []);
    while (reader.next()) tree.add(reader);
    const index = heap.alloc(<usize>tree.indexSize);
    memory.fill(index, 0, <usize>tree.indexSize);
    tree.writeIndex(index, 0, 0);
    tar.free();
    return changetype<LayerIndex>(index);
}

const DOCUMENT =
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":' +
    '"application/vnd.oci.image.config.v1+json","digest":"sha256:' +
    "0123456789abcdef".repeat(4) +
    '","size":7},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:' +
    "fedcba9876543210".repeat(4) +
    '","size":123,"annotations":{"a":"\\u00e4\\ud834\\udd1e"}}],"manifests":[],"os":"linux","architecture":"amd64",' +
    '"rootfs":{"type":"layers","diff_ids":["sha256:' +
    "0123456789abcdef".repeat(4) +
    '"]},"config2":{"Env":["A=1"],"Cmd":null,"Labels":{"x":"y"},"Volumes":{"/v":{}}}}';

describe("random damage", () => {
    it("never breaks the reading of a layer", () => {
        const tar = new TarBuilder();
        tar.directory("usr/")
            .file("usr/bin/tool", "content".repeat(100))
            .symbolicLink("lib", "usr/lib")
            .file("lib/x", "1");
        tar.pax(
            TarBuilder.record("path", "long/".repeat(30) + "name") + TarBuilder.record("mtime", "1.5"),
        ).file("p", "2");
        tar.entry("././@LongLink", 0x4c, "", "gnu/".repeat(40) + "name\0").file("g", "3");
        tar.hardLink("usr/bin/other", "usr/bin/tool").hardLink("copy", "usr/lib/a").file("usr/.wh.gone", "");
        tar.file("usr/.wh..wh..opq", "")
            .entry("null", 0x33, "", "")
            .directory("usr/bin")
            .file("loop2/x", "")
            .end();
        const lower = [lowerLayer()];
        expect(readLayer(tar.start, tar.length, lower)).toBe(true);
        const copy = heap.alloc(tar.length);
        for (let round = 0; round < ROUNDS; round++) {
            memory.copy(copy, tar.start, tar.length);
            damage(copy, tar.length, random(4) != 0);
            const length = random(8) == 0 ? random(tar.length) : tar.length;
            if (!readLayer(copy, length, lower)) expect(round).toBe(-1, "this round's index is not sound");
        }
        heap.free(copy);
        tar.free();
    });

    it("never breaks the reading of a document", () => {
        const length = utf8Length(DOCUMENT);
        const original = heap.alloc(length);
        encodeUtf8(DOCUMENT, original);
        expect(parseJson(original, length).ok).toBe(true);
        const copy = heap.alloc(length);
        let read = 0;
        for (let round = 0; round < ROUNDS; round++) {
            memory.copy(copy, original, length);
            damage(copy, length, false);
            const parsed: Result<JsonValue | null> = parseJson(copy, length - random(2) * random(length));
            if (!parsed.ok) continue;
            read++;
            readIndex(parsed.value, "index");
            readManifest(parsed.value, "manifest");
            readImageConfiguration(parsed.value, "configuration");
        }
        // Most damage is found by the parser; the rest must get as far as the readers for the test to mean anything.
        expect(read).toBeGreaterThan(50);
        heap.free(copy);
        heap.free(original);
    });
});
