// SPDX-License-Identifier: Apache-2.0

import { MemoryStream } from "../../../assembly/oci/byteStream";
import { TarReader } from "../../../assembly/oci/tarReader";
import { decodeUtf8, encodeUtf8 } from "../../../assembly/std/utf8";
import { expectPart } from "../expectations";
import { TarBuilder } from "../tarBuilder";

/** Name, size and content (holes as dots) of every entry, or the failure's message. */
function contents(tar: TarBuilder): string {
    const reader = new TarReader(new MemoryStream(tar.start, tar.length));
    const buffer = heap.alloc(4096);
    let text = "";
    while (reader.next()) {
        text += decodeUtf8(reader.name, reader.nameLength) + " " + reader.size.toString() + " ";
        let at: usize = 0;
        while (true) {
            // Few bytes at a time, so that runs are cut.
            const count = reader.readContent(buffer + at, 7);
            if (count <= 0) break;
            at += count;
        }
        for (let i: usize = 0; i < at; i++) {
            if (load<u8>(buffer + i) == 0) store<u8>(buffer + i, 0x2e);
        }
        text += decodeUtf8(buffer, <u32>at) + "\n";
    }
    const failure = reader.failure;
    if (failure !== null) text = "FAILED " + failure.message;
    reader.close();
    heap.free(buffer);
    tar.free();
    return text;
}

const record = TarBuilder.record;

/** A header of type "S" with the first parts of a map, as octal numbers, and the size of the whole file. */
function oldHeader(tar: TarBuilder, parts: u32[], realSize: string, stored: u32, isExtended: bool): void {
    const header = tar.header("old", 0x53, "", stored);
    encodeUtf8("ustar  ", header + 257);
    for (let i = 0; i < parts.length; i++)
        encodeUtf8(parts[i].toString(8).padStart(11, "0"), header + 386 + 12 * i);
    store<u8>(header, isExtended ? 1 : 0, 482);
    encodeUtf8(realSize.padStart(11, "0"), header + 483);
    TarBuilder.sum(header);
}

function addContent(tar: TarBuilder, text: string): void {
    encodeUtf8(text, tar.start + tar.length);
    tar.length += 512;
}

describe("sparse files", () => {
    it("are read from headers of type S", () => {
        const tar = new TarBuilder();
        oldHeader(tar, [2, 3, 8, 1, 12, 0], "14", 4, false);
        addContent(tar, "abcd");
        expect(contents(tar.file("next", "n").end())).toBe("old 12 ..abc...d...\nnext 1 n\n");
    });

    it("are read from headers that are extended", () => {
        const tar = new TarBuilder();
        oldHeader(tar, [0, 1, 2, 1, 4, 1, 6, 1], "100", 26, true);
        for (let block: u32 = 0; block < 2; block++) {
            const extension = tar.start + tar.length;
            const parts: u32 = block == 0 ? 21 : 1;
            for (let i: u32 = 0; i < parts; i++) {
                const offset = 8 + 2 * (21 * block + i);
                encodeUtf8(offset.toString(8).padStart(11, "0"), extension + 24 * i);
                encodeUtf8("00000000001", extension + 24 * i + 12);
            }
            store<u8>(extension, block == 0 ? 1 : 0, 504);
            tar.length += 512;
        }
        addContent(tar, "abcdefghijklmnopqrstuvwxyz");
        expect(contents(tar.file("next", "n").end())).toBe(
            "old 64 a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.............\nnext 1 n\n",
        );
    });

    it("are read from pax records of single numbers (0.0)", () => {
        const records =
            record("GNU.sparse.size", "10") +
            record("GNU.sparse.numblocks", "2") +
            record("GNU.sparse.offset", "0") +
            record("GNU.sparse.numbytes", "2") +
            record("GNU.sparse.offset", "6") +
            record("GNU.sparse.numbytes", "1");
        expect(contents(new TarBuilder().pax(records).file("a", "xyz").file("b", "c").end())).toBe(
            "a 10 xy....z...\nb 1 c\n",
        );
    });

    it("are read from a pax record of all numbers (0.1)", () => {
        const records =
            record("GNU.sparse.name", "real/name") +
            record("path", "made/up") +
            record("GNU.sparse.size", "8") +
            record("GNU.sparse.map", "1,2,5,1,8,0");
        expect(contents(new TarBuilder().pax(records).file("GNUSparseFile.0/name", "xyz").end())).toBe(
            "real/name 8 .xy..z..\n",
        );
    });

    it("are read from a map in front of the content (1.0)", () => {
        const head =
            record("GNU.sparse.major", "1") +
            record("GNU.sparse.minor", "0") +
            record("GNU.sparse.name", "a");
        let map = "80\n";
        let expected = "";
        let content = "";
        for (let i = 0; i < 80; i++) {
            map += (1000 + 3 * i).toString() + "\n1\n";
            expected += "x..";
            content += "x";
        }
        const size = 1000 + 3 * 80;
        const tar = new TarBuilder()
            .pax(head + record("GNU.sparse.realsize", size.toString()))
            .file("b", map.padEnd(1024, "\0") + content)
            .file("next", "n");
        expect(map.length > 512).toBe(true);
        expect(contents(tar.end())).toBe(
            "a " + size.toString() + " " + ".".repeat(1000) + expected + "\nnext 1 n\n",
        );
        // A file that is one hole.
        const hole = new TarBuilder()
            .pax(head + record("GNU.sparse.realsize", "5"))
            .file("b", "1\n5\n0\n".padEnd(512, "\0"));
        expect(contents(hole.end())).toBe("a 5 .....\n");
    });

    it("are refused with a damaged map", () => {
        const size = record("GNU.sparse.size", "10");
        const maps = ["0,1,0,1", "5,1,3,1", "0", "0,1,", "x", "0,,1", "-1,1", "1234567890123456789,1"];
        for (let i = 0; i < maps.length; i++) {
            const tar = new TarBuilder().pax(size + record("GNU.sparse.map", maps[i])).file("a", "xy");
            expectPart(contents(tar), '"a" is a sparse file ');
        }
        expectPart(
            contents(new TarBuilder().pax(size + record("GNU.sparse.map", "0,3")).file("a", "xy")),
            "with 2 bytes for parts of 3",
        );
        expectPart(
            contents(new TarBuilder().pax(size + record("GNU.sparse.map", "9,2")).file("a", "xy")),
            "parts lie beyond its end",
        );
        expectPart(
            contents(new TarBuilder().pax(record("GNU.sparse.map", "0,2")).file("a", "xy")),
            "of unknown size",
        );
        expectPart(
            contents(new TarBuilder().pax(size + record("GNU.sparse.offset", "1")).file("a", "")),
            "an incomplete map",
        );
        expectPart(
            contents(new TarBuilder().pax(record("GNU.sparse.major", "2")).file("a", "")),
            "of an unknown form",
        );
        expectPart(
            contents(new TarBuilder().pax(record("GNU.sparse.size", "9999999999999")).file("a", "")),
            "absurd size",
        );
        const version = record("GNU.sparse.major", "1") + record("GNU.sparse.realsize", "5");
        expectPart(contents(new TarBuilder().pax(version).file("a", "")), "without its map");
        expectPart(contents(new TarBuilder().pax(version).file("a", "3\n1\n")), "without its map");
        expectPart(contents(new TarBuilder().pax(version).file("a", "1\nx\n")), "no list of numbers");
        const cut = new TarBuilder();
        oldHeader(cut, [0, 1], "1", 1, true);
        expectPart(contents(cut), "ends inside");
    });

    it("are read or refused whatever is damaged", () => {
        const tar = new TarBuilder();
        oldHeader(tar, [2, 3, 8, 1, 12, 0], "15", 4, true);
        encodeUtf8("00000000015\x0000000000000", tar.start + tar.length);
        tar.length += 512;
        addContent(tar, "abcd");
        tar.pax(record("GNU.sparse.size", "8") + record("GNU.sparse.map", "1,2,5,1,8,0")).file("b", "xyz");
        tar.pax(record("GNU.sparse.major", "1") + record("GNU.sparse.realsize", "9"));
        tar.file("c", "2\n1\n1\n4\n2\n".padEnd(512, "\0") + "xyz").end();
        const copy = heap.alloc(tar.length);
        const buffer = heap.alloc(4096);
        const undamaged = new TarBuilder();
        memory.copy(undamaged.start, tar.start, tar.length);
        undamaged.length = tar.length;
        expect(contents(undamaged)).toBe("old 13 ..abc...d....\nb 8 .xy..z..\nc 9 .x..yz...\n");
        let seed: u32 = 2463534242;
        let whole = 0;
        let wrong = 0;
        for (let round = 0; round < 1000; round++) {
            memory.copy(copy, tar.start, tar.length);
            for (let i = 0; i < 3; i++) {
                seed = seed * 1664525 + 1013904223;
                // Where the maps are, digits most often.
                const at = (seed >> 8) % tar.length;
                if (load<u8>(copy + at) != 0) store<u8>(copy + at, <u8>(0x2c + (seed >> 28)));
            }
            for (let block: u32 = 0; block < tar.length; block += 512) {
                if (load<u32>(copy + block, 257) == 0x61747375) TarBuilder.sum(copy + block);
            }
            const reader = new TarReader(new MemoryStream(copy, tar.length));
            while (reader.next()) {
                let total: u64 = 0;
                while (total < 1 << 16) {
                    const count = reader.readContent(buffer, 4096);
                    if (count <= 0) break;
                    total += count;
                }
                if (total == reader.size) whole++;
                else if ((total < 1 << 16 || total > reader.size) && reader.failure === null) wrong++;
            }
            reader.close();
        }
        expect(wrong).toBe(0);
        expect(whole).toBeGreaterThan(1000);
        heap.free(copy);
        heap.free(buffer);
        tar.free();
    });
});
