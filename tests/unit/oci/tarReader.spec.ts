// SPDX-License-Identifier: Apache-2.0

import { MemoryStream } from "../../../assembly/oci/byteStream";
import { NOT_A_NUMBER, parseNumber } from "../../../assembly/oci/tarHeader";
import { PAX_MAXIMUM, TRAILER_MAXIMUM, TarReader } from "../../../assembly/oci/tarReader";
import { decodeUtf8, encodeUtf8 } from "../../../assembly/std/utf8";
import { expectPart } from "../expectations";
import { TarBuilder } from "../tarBuilder";

function readerOf(tar: TarBuilder): TarReader {
    return new TarReader(new MemoryStream(tar.start, tar.length));
}

/** Names of all entries, a space after each, or the failure's message. */
function listing(tar: TarBuilder): string {
    const reader = readerOf(tar);
    let names = "";
    while (reader.next()) names += decodeUtf8(reader.name, reader.nameLength) + " ";
    const failure = reader.failure;
    const text = failure === null ? names : "FAILED " + failure.message;
    reader.close();
    tar.free();
    return text;
}

describe("tar reader", () => {
    it("reads names, attributes and content", () => {
        const tar = new TarBuilder();
        tar.mode = 0o4755;
        tar.uid = 1000;
        tar.gid = 100;
        tar.time = 1234567890;
        tar.directory("./bin/").file("bin/sh", "content").symbolicLink("bin/ash", "sh").end();
        const reader = readerOf(tar);
        expect(reader.next()).toBe(true);
        expect(reader.type).toBe(0x35);
        expect(decodeUtf8(reader.name, reader.nameLength)).toBe("bin");
        expect(reader.next()).toBe(true);
        expect(reader.mode).toBe(0o4755);
        expect(reader.uid).toBe(1000);
        expect(reader.gid).toBe(100);
        expect(reader.modificationSeconds).toBe(1234567890);
        expect(reader.size).toBe(7);
        const buffer = heap.alloc(16);
        expect(reader.readContent(buffer, 16)).toBe(7);
        expect(decodeUtf8(buffer, 7)).toBe("content");
        expect(reader.readContent(buffer, 16)).toBe(0);
        expect(reader.next()).toBe(true);
        expect(decodeUtf8(reader.link, reader.linkLength)).toBe("sh");
        expect(reader.next()).toBe(false);
        expect(reader.failure === null).toBe(true);
        expect(reader.position).toBe(tar.length);
        heap.free(buffer);
        tar.free();
    });

    it("skips content that nobody read", () => {
        expect(listing(new TarBuilder().file("a", "x".repeat(2000)).file("b", "").end())).toBe("a b ");
    });

    it("accepts an archive without an end mark", () => {
        expect(listing(new TarBuilder().file("a", "x"))).toBe("a ");
    });

    it("strips leading slashes and dots", () => {
        expect(
            listing(new TarBuilder().file("/etc/passwd", "").file("././a//b/./c", "").directory("./").end()),
        ).toBe("etc/passwd a/b/c  ");
    });

    it("refuses names that lead out of the image", () => {
        expectPart(listing(new TarBuilder().file("../etc/passwd", "")), "leads out of the image");
        expectPart(listing(new TarBuilder().file("a/../../b", "")), "leads out of the image");
        expectPart(listing(new TarBuilder().directory("a/..")), "leads out of the image");
        expect(listing(new TarBuilder().file("a/..b/c..", ""))).toBe("a/..b/c.. ");
    });

    it("refuses hard links out of the image", () => {
        expectPart(listing(new TarBuilder().hardLink("a", "../../etc/shadow")), "no name inside the image");
        expectPart(listing(new TarBuilder().hardLink("a", "/")), "no name inside the image");
        expectPart(listing(new TarBuilder().hardLink("a", "")), "no name inside the image");
    });

    it("joins the prefix of ustar and leaves GNU's alone", () => {
        const tar = new TarBuilder();
        const header = tar.header("name", 0x30, "", 0);
        encodeUtf8("some/prefix", header + 345);
        TarBuilder.sum(header);
        const gnu = tar.header("gnu", 0x30, "", 0);
        encodeUtf8("ustar  ", gnu + 257);
        encodeUtf8("12345670123", gnu + 345);
        TarBuilder.sum(gnu);
        expect(listing(tar)).toBe("some/prefix/name gnu ");
    });

    it("reads pax names, sizes, times and owners", () => {
        const name = "directory/".repeat(20) + "\u00e4";
        const tar = new TarBuilder();
        tar.pax(
            TarBuilder.record("path", name) +
                TarBuilder.record("mtime", "-1.25") +
                TarBuilder.record("uid", "4294967294") +
                TarBuilder.record("size", "5") +
                TarBuilder.record("comment", "a=b\nc"),
        );
        const header = tar.header("short", 0x30, "", 0);
        encodeUtf8("12345", header + 512);
        tar.length += 512;
        tar.file("next", "").end();
        const reader = readerOf(tar);
        expect(reader.next()).toBe(true);
        expect(decodeUtf8(reader.name, reader.nameLength)).toBe(name);
        expect(reader.size).toBe(5);
        expect(reader.uid).toBe(4294967294);
        expect(reader.modificationSeconds).toBe(-2);
        expect(reader.modificationNanoseconds).toBe(750000000);
        expect(reader.next()).toBe(true);
        expect(decodeUtf8(reader.name, reader.nameLength)).toBe("next");
        expect(reader.uid).toBe(0);
        expect(reader.next()).toBe(false);
        tar.free();
    });

    it("reads GNU long names and links", () => {
        const name = "n/".repeat(60) + "f";
        const link = "l".repeat(200);
        expect(listing(new TarBuilder().entry("././@LongLink", 0x4c, "", name + "\0").file("cut", ""))).toBe(
            name + " ",
        );
        const tar = new TarBuilder().entry("././@LongLink", 0x4b, "", link + "\0").symbolicLink("s", "cut");
        const reader = readerOf(tar);
        expect(reader.next()).toBe(true);
        expect(reader.linkLength).toBe(200);
        tar.free();
    });

    it("refuses malformed pax headers", () => {
        const cases = [
            "5",
            "99 path=a\n",
            "9 path=ab",
            "0 a=b\n",
            "7 patha\n",
            "6 =ab\n",
            "99999999999 a=b\n",
            "x a=b\n",
        ];
        for (let i = 0; i < cases.length; i++) {
            expectPart(listing(new TarBuilder().pax(cases[i]).file("a", "")), "pax header is malformed");
        }
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("size", "-1")).file("a", "")),
            'invalid "size"',
        );
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("mtime", "1..2")).file("a", "")),
            'invalid "mtime"',
        );
        expectPart(
            listing(new TarBuilder().entry("g", 0x67, "", TarBuilder.record("path", "x")).file("a", "")),
            'sets "path" for every entry',
        );
        expect(
            listing(new TarBuilder().entry("g", 0x67, "", TarBuilder.record("comment", "x")).file("a", "")),
        ).toBe("a ");
    });

    it("refuses names too long or too deep", () => {
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("path", "a/".repeat(200) + "b")).file("a", "")),
            "more than 128 directories",
        );
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("path", "a".repeat(256))).file("a", "")),
            "more than 255 bytes",
        );
        expectPart(
            listing(
                new TarBuilder()
                    .pax(TarBuilder.record("path", ("a".repeat(250) + "/").repeat(17)))
                    .file("a", ""),
            ),
            "more than 4095 bytes",
        );
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("path", "a\0b")).file("a", "")),
            "zero byte",
        );
    });

    it("refuses absurd sizes and numbers", () => {
        const tar = new TarBuilder();
        const header = tar.header("a", 0x30, "", 0);
        store<u8>(header, 0x80, 124);
        store<u32>(header, 0xff, 128);
        TarBuilder.sum(header);
        expectPart(listing(tar), "absurd size");

        const negative = new TarBuilder();
        const second = negative.header("a", 0x30, "", 0);
        memory.fill(second + 124, 0xff, 12);
        TarBuilder.sum(second);
        expectPart(listing(negative), "absurd size");

        const huge = new TarBuilder();
        huge.header("pax", 0x78, "", PAX_MAXIMUM + 1);
        expectPart(listing(huge), "a pax header has");
    });

    it("reads base-256 numbers", () => {
        const field = heap.alloc(12);
        memory.fill(field, 0, 12);
        store<u8>(field, 0x80);
        store<u8>(field, 0x12, 10);
        store<u8>(field, 0x34, 11);
        expect(parseNumber(field, 12)).toBe(0x1234);
        memory.fill(field, 0xff, 12);
        expect(parseNumber(field, 12)).toBe(-1);
        store<u8>(field, 0x80);
        expect(parseNumber(field, 12)).toBe(NOT_A_NUMBER);
        memory.fill(field, 0x20, 12);
        expect(parseNumber(field, 12)).toBe(0);
        store<u8>(field, 0x38);
        expect(parseNumber(field, 12)).toBe(NOT_A_NUMBER);
        heap.free(field);
    });

    it("verifies checksums", () => {
        const tar = new TarBuilder();
        const header = tar.header("a", 0x30, "", 0);
        store<u8>(header, 0x62);
        expectPart(listing(tar), "header at byte 0 has a wrong checksum");
    });

    it("says where an archive ends early", () => {
        const tar = new TarBuilder();
        tar.header("a", 0x30, "", 5000);
        tar.length += 100;
        expectPart(listing(tar), 'ends inside "a", at byte 612');
        const half = new TarBuilder().file("a", "");
        half.length -= 100;
        expectPart(listing(half), "ends inside a header, at byte 412");
        expectPart(listing(new TarBuilder()), "the archive is empty");
        expectPart(
            listing(new TarBuilder().pax(TarBuilder.record("path", "x"))),
            "ends after an extended header",
        );
    });

    it("refuses types it does not know", () => {
        expectPart(listing(new TarBuilder().entry("a", 0x4d, "", "")), 'unknown tar type "M"');
    });

    it("reads devices and bounds their numbers", () => {
        const tar = new TarBuilder();
        const header = tar.header("null", 0x33, "", 0);
        encodeUtf8("0000001\x000000003", header + 329);
        TarBuilder.sum(header);
        const reader = readerOf(tar);
        expect(reader.next()).toBe(true);
        expect(reader.deviceMajor).toBe(1);
        expect(reader.deviceMinor).toBe(3);
        tar.free();
    });

    it("bounds what follows the end", () => {
        const tar = new TarBuilder().end();
        const reader = new TarReader(new MemoryStream(tar.start, <u32>TRAILER_MAXIMUM));
        expect(reader.next()).toBe(false);
        expect(reader.failure === null).toBe(true);
        tar.free();
    });
});
