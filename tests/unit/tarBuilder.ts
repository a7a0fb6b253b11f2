// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8, utf8Length } from "../../assembly/std/utf8";

const CAPACITY: u32 = 1 << 20;

/** Writes tar archives, the hostile ones too, into memory. */
export class TarBuilder {
    readonly start: usize = heap.alloc(CAPACITY);
    length: u32 = 0;
    mode: u32 = 0o644;
    uid: u32 = 0;
    gid: u32 = 0;
    time: u32 = 1;

    constructor() {
        memory.fill(this.start, 0, CAPACITY);
    }

    free(): void {
        heap.free(this.start);
    }

    directory(name: string): TarBuilder {
        return this.entry(name, 0x35, "", "");
    }

    file(name: string, content: string): TarBuilder {
        return this.entry(name, 0x30, "", content);
    }

    symbolicLink(name: string, target: string): TarBuilder {
        return this.entry(name, 0x32, target, "");
    }

    hardLink(name: string, target: string): TarBuilder {
        return this.entry(name, 0x31, target, "");
    }

    /** A pax header with the records as they are given. */
    pax(records: string): TarBuilder {
        return this.entry("pax", 0x78, "", records);
    }

    /** One pax record with the length that counts itself. */
    static record(key: string, value: string): string {
        const rest = utf8Length(key) + utf8Length(value) + 3;
        let total = rest + 1;
        while (total != rest + total.toString().length) total = rest + total.toString().length;
        return total.toString() + " " + key + "=" + value + "\n";
    }

    entry(name: string, type: u8, link: string, content: string): TarBuilder {
        const size = utf8Length(content);
        const header = this.header(name, type, link, size);
        encodeUtf8(content, header + 512);
        this.length += (size + 511) & ~511;
        return this;
    }

    /** A header alone; `size` bytes of content are promised. The result is its address. */
    header(name: string, type: u8, link: string, size: u64): usize {
        const header = this.start + this.length;
        encodeUtf8(name, header);
        this.octal(header + 100, 7, this.mode);
        this.octal(header + 108, 7, this.uid);
        this.octal(header + 116, 7, this.gid);
        this.octal(header + 124, 11, size);
        this.octal(header + 136, 11, this.time);
        store<u8>(header, type, 156);
        encodeUtf8(link, header + 157);
        encodeUtf8("ustar", header + 257);
        store<u16>(header, 0x3030, 263);
        this.length += 512;
        TarBuilder.sum(header);
        return header;
    }

    /** Writes the checksum of a header. */
    static sum(header: usize): void {
        let sum: u32 = 8 * 0x20;
        for (let i: usize = 0; i < 512; i++) {
            if (i < 148 || i >= 156) sum += load<u8>(header + i);
        }
        for (let i = 0; i < 6; i++) store<u8>(header + 148 + i, <u8>(0x30 + ((sum >> ((5 - i) * 3)) & 7)));
        store<u8>(header, 0, 154);
        store<u8>(header, 0x20, 155);
    }

    /** The two blocks of zeros. */
    end(): TarBuilder {
        this.length += 1024;
        return this;
    }

    private octal(field: usize, digits: i32, value: u64): void {
        for (let i = digits - 1; i >= 0; i--) {
            store<u8>(field + i, <u8>(0x30 + (value & 7)));
            value >>= 3;
        }
    }
}
