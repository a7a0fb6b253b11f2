// SPDX-License-Identifier: Apache-2.0

import { encodeUtf8Units } from "../std/utf8";

/** Code units that a text has room for at first. */
const FIRST_CAPACITY: i32 = 256;

/**
 * Writes JSON text. The caller keeps objects and arrays balanced; commas are put where they belong. The text grows in one
 * block: strings that are joined piece by piece would leave garbage of the square of its length.
 */
export class JsonText {
    private units: StaticArray<u16> = new StaticArray<u16>(FIRST_CAPACITY);
    private length: i32 = 0;
    private separate: bool = false;

    /** Begins another text in the room of this one. */
    clear(): JsonText {
        this.length = 0;
        this.separate = false;
        return this;
    }

    /** Forgets what has been written so far, and was sent; the text goes on behind it. */
    continueAfter(): void {
        this.length = 0;
    }

    /** Bytes that are enough for the text as UTF-8. */
    get utf8Bound(): i32 {
        return 3 * this.length;
    }

    /** Writes the text as UTF-8; the number of its bytes. */
    encodeUtf8(to: usize): i32 {
        return encodeUtf8Units(changetype<usize>(this.units), this.length, to);
    }

    toString(): string {
        const size = (<usize>this.length) << 1;
        const text = changetype<string>(__new(size, idof<string>()));
        memory.copy(changetype<usize>(text), changetype<usize>(this.units), size);
        return text;
    }

    beginObject(): JsonText {
        return this.open(0x7b);
    }

    endObject(): JsonText {
        return this.close(0x7d);
    }

    beginArray(): JsonText {
        return this.open(0x5b);
    }

    endArray(): JsonText {
        return this.close(0x5d);
    }

    /** A member's name; its value follows. */
    name(name: string): JsonText {
        this.string(name);
        this.unit(0x3a);
        this.separate = false;
        return this;
    }

    /** A lone surrogate is written as an escape, which keeps the text valid UTF-8. */
    string(text: string): JsonText {
        this.beginToken();
        this.unit(0x22);
        for (let i = 0; i < text.length; i++) {
            const unit = text.charCodeAt(i);
            if (unit == 0x22 || unit == 0x5c) this.escape(unit);
            else if (unit == 0x0a) this.escape(0x6e);
            else if (unit == 0x0d) this.escape(0x72);
            else if (unit == 0x09) this.escape(0x74);
            else if (unit < 0x20 || unit == 0x7f) this.unicodeEscape(unit);
            else if (unit >= 0xd800 && unit <= 0xdfff) {
                const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
                if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
                    this.unit(unit);
                    this.unit(next);
                    i++;
                } else this.unicodeEscape(unit);
            } else this.unit(unit);
        }
        this.unit(0x22);
        return this;
    }

    unsigned(value: u64): JsonText {
        this.beginToken();
        this.digits(value);
        return this;
    }

    integer(value: i64): JsonText {
        this.beginToken();
        if (value < 0) this.unit(0x2d);
        this.digits(value < 0 ? 0 - <u64>value : <u64>value);
        return this;
    }

    boolean(value: bool): JsonText {
        return this.token(value ? "true" : "false");
    }

    nothing(): JsonText {
        return this.token("null");
    }

    strings(texts: string[] | null): JsonText {
        if (texts === null) return this.nothing();
        this.beginArray();
        for (let i = 0; i < texts.length; i++) this.string(texts[i]);
        return this.endArray();
    }

    stringMap(map: Map<string, string>): JsonText {
        this.beginObject();
        const names = map.keys();
        for (let i = 0; i < names.length; i++) this.name(names[i]).string(map.get(names[i]));
        return this.endObject();
    }

    private open(bracket: i32): JsonText {
        this.beginToken();
        this.unit(bracket);
        this.separate = false;
        return this;
    }

    private close(bracket: i32): JsonText {
        this.unit(bracket);
        this.separate = true;
        return this;
    }

    private token(token: string): JsonText {
        this.beginToken();
        for (let i = 0; i < token.length; i++) this.unit(token.charCodeAt(i));
        return this;
    }

    /** Without a string: there may be thousands of numbers between two collections. */
    private digits(value: u64): void {
        let place: u64 = 1;
        while (value / place >= 10) place *= 10;
        for (; place != 0; place /= 10) this.unit(0x30 + <i32>((value / place) % 10));
    }

    /** Separates what comes from what was. */
    private beginToken(): void {
        if (this.separate) this.unit(0x2c);
        this.separate = true;
    }

    private escape(unit: i32): void {
        this.unit(0x5c);
        this.unit(unit);
    }

    private unicodeEscape(unit: i32): void {
        this.escape(0x75);
        for (let shift = 12; shift >= 0; shift -= 4) {
            const digit = (unit >> shift) & 15;
            this.unit(digit < 10 ? 0x30 + digit : 0x61 - 10 + digit);
        }
    }

    private unit(unit: i32): void {
        if (this.length == this.units.length) {
            const larger = new StaticArray<u16>(this.units.length * 2);
            memory.copy(changetype<usize>(larger), changetype<usize>(this.units), (<usize>this.length) << 1);
            this.units = larger;
        }
        this.units[this.length++] = <u16>unit;
    }
}

/** `text` as a JSON string with its quotes. */
export function quote(text: string): string {
    return new JsonText().string(text).toString();
}
