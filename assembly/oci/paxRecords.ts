// SPDX-License-Identifier: Apache-2.0
//
// The records of a pax extended header (IEEE 1003.1, pax "Extended Header"): "LENGTH KEY=VALUE\n" one after another,
// LENGTH counting the whole record.

import { Failure } from "../std/failure";
import { decodeUtf8 } from "../std/utf8";

/** Walks records in place. */
export class PaxRecords {
    failure: Failure | null = null;
    /** Address and length of the present record's key and value. */
    key: usize = 0;
    keyLength: u32 = 0;
    value: usize = 0;
    valueLength: u32 = 0;
    private readonly end: usize;

    constructor(
        private at: usize,
        length: u32,
    ) {
        this.end = at + length;
    }

    /** Goes to the next record: false at the end and after a failure. */
    next(): bool {
        // Some writers pad the last block's records with zeros.
        if (this.at >= this.end || load<u8>(this.at) == 0) return false;
        const start = this.at;
        let length: u32 = 0;
        let at = start;
        while (at < this.end && load<u8>(at) >= 0x30 && load<u8>(at) <= 0x39) {
            length = length * 10 + (load<u8>(at) - 0x30);
            if (length > <u32>(this.end - start)) return this.fail();
            at++;
        }
        const recordEnd = start + length;
        if (at == start || at >= recordEnd || load<u8>(at) != 0x20 || load<u8>(recordEnd - 1) != 0x0a)
            return this.fail();
        this.key = ++at;
        while (at < recordEnd && load<u8>(at) != 0x3d) at++;
        if (at >= recordEnd - 1 || at == this.key) return this.fail();
        this.keyLength = <u32>(at - this.key);
        this.value = at + 1;
        this.valueLength = <u32>(recordEnd - 1 - this.value);
        this.at = recordEnd;
        return true;
    }

    keyIs(name: string): bool {
        if (this.keyLength != <u32>name.length) return false;
        return this.keyStartsWith(name);
    }

    keyStartsWith(name: string): bool {
        if (this.keyLength < <u32>name.length) return false;
        for (let i = 0; i < name.length; i++) {
            if (load<u8>(this.key + i) != <u8>name.charCodeAt(i)) return false;
        }
        return true;
    }

    /** The key for messages. */
    get keyText(): string {
        return decodeUtf8(this.key, this.keyLength);
    }

    /** The value as a whole number without sign, or -1. */
    unsignedValue(): i64 {
        if (this.valueLength == 0 || this.valueLength > 18) return -1;
        let value: i64 = 0;
        for (let i: u32 = 0; i < this.valueLength; i++) {
            const digit = <i64>load<u8>(this.value + i) - 0x30;
            if (digit < 0 || digit > 9) return -1;
            value = value * 10 + digit;
        }
        return value;
    }

    private fail(): bool {
        this.failure = new Failure("a pax header is malformed");
        return false;
    }
}

/** A time in seconds with a decimal fraction, split into whole seconds (rounded down) and nanoseconds. */
export class PaxTime {
    seconds: i64 = 0;
    nanoseconds: u32 = 0;

    /** False when the text is no time. Digits beyond nanoseconds are dropped. */
    parse(text: usize, length: u32): bool {
        let at = text;
        const end = text + length;
        const negative = at < end && load<u8>(at) == 0x2d;
        if (negative) at++;
        let seconds: i64 = 0;
        let digits = 0;
        for (; at < end && isDigit(load<u8>(at)); at++) {
            if (++digits > 18) return false;
            seconds = seconds * 10 + (load<u8>(at) - 0x30);
        }
        let nanoseconds: u32 = 0;
        if (at < end && load<u8>(at) == 0x2e) {
            at++;
            let unit: u32 = 100_000_000;
            for (; at < end && isDigit(load<u8>(at)); at++) {
                digits++;
                nanoseconds += unit * (load<u8>(at) - 0x30);
                unit /= 10;
            }
        }
        if (at != end || digits == 0) return false;
        if (negative) {
            seconds = -seconds;
            if (nanoseconds != 0) {
                seconds--;
                nanoseconds = 1_000_000_000 - nanoseconds;
            }
        }
        this.seconds = seconds;
        this.nanoseconds = nanoseconds;
        return true;
    }
}

function isDigit(byte: u8): bool {
    return byte >= 0x30 && byte <= 0x39;
}
