// SPDX-License-Identifier: Apache-2.0
//
// The target's EROFS reader as a module for tests: lists the entries of an image in memory, with a sum over each file's content.

import { ErofsReader } from "../../assembly/oci/erofsReader";
import { MemoryAccess } from "../../assembly/oci/randomAccess";
import { HeapArea } from "../../assembly/std/growingArea";
import { AttributeBlock } from "../../assembly/std/layerIndex";
import { decodeUtf8 } from "../../assembly/std/utf8";

const CHUNK: u32 = 65536;

export function allocate(length: u32): usize {
    return heap.alloc(length);
}

/** The text is UTF-16; its length is in front of it. */
export function list(image: usize, length: u32): usize {
    const area = new HeapArea(1 << 20);
    const reader = new ErofsReader(new MemoryAccess(image, length), area);
    const lines = new Array<string>();
    while (reader.next()) lines.push(describe(reader));
    const failure = reader.failure;
    if (failure !== null) lines.push("FAILED " + failure.message);
    reader.close();
    heap.free(area.base);
    const text = lines.join("\n");
    const block = heap.alloc(4 + (text.length << 1));
    store<u32>(block, text.length);
    memory.copy(block + 4, changetype<usize>(text), text.length << 1);
    return block;
}

function describe(reader: ErofsReader): string {
    const name = decodeUtf8(reader.name, reader.nameLength);
    let line = String.fromCharCode(reader.type) + " /" + name;
    // Of other names and of whiteouts the name is all that counts.
    if (reader.type == 0x31) return line + " -> " + decodeUtf8(reader.link, reader.linkLength);
    if (name.slice(name.lastIndexOf("/") + 1).startsWith(".wh.")) return line;
    line += " " + reader.mode.toString(8) + " " + reader.uid.toString() + ":" + reader.gid.toString();
    line += " " + reader.modificationSeconds.toString();
    if (reader.type == 0x30) line += " " + reader.size.toString() + " " + contentSum(reader).toString();
    if (reader.type == 0x32) line += " -> " + decodeUtf8(reader.link, reader.linkLength);
    if (reader.type == 0x33 || reader.type == 0x34)
        line += " " + reader.deviceMajor.toString() + ":" + reader.deviceMinor.toString();
    if (reader.attributesLength == 0) return line;
    const block = reader.attributes;
    for (let at = AttributeBlock.first(block); at != 0; at = AttributeBlock.next(block, at))
        line +=
            " " +
            decodeUtf8(AttributeBlock.name(at), AttributeBlock.nameLength(at)) +
            "=" +
            decodeUtf8(AttributeBlock.value(at), AttributeBlock.valueLength(at));
    return line;
}

/** FNV-1a, 32 bits. */
function contentSum(reader: ErofsReader): u32 {
    const chunk = heap.alloc(CHUNK);
    let sum: u32 = 0x811c9dc5;
    while (true) {
        const count = reader.readContent(chunk, CHUNK);
        if (count <= 0) break;
        for (let i = 0; i < count; i++) sum = (sum ^ load<u8>(chunk + i)) * 0x01000193;
    }
    heap.free(chunk);
    return sum;
}
