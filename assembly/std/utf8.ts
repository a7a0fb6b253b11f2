// SPDX-License-Identifier: Apache-2.0
//
// AssemblyScript's strings are UTF-16; everything outside (JSON, tar, Linux) is bytes. Malformed input becomes U+FFFD on
// the way in and a lone surrogate U+FFFD on the way out, so that both directions are total.

const REPLACEMENT: u32 = 0xfffd;

/** Bytes that `text` has in UTF-8. */
export function utf8Length(text: string): i32 {
    return String.UTF8.byteLength(text);
}

/** Writes `text` as UTF-8 without a zero byte at the end. The result is the number of bytes, utf8Length(text). */
export function encodeUtf8(text: string, to: usize): i32 {
    return encodeUtf8Units(changetype<usize>(text), text.length, to);
}

/** The same for `count` code units from an address on. */
export function encodeUtf8Units(units: usize, count: i32, to: usize): i32 {
    return <i32>String.UTF8.encodeUnsafe(units, count, to, false, String.UTF8.ErrorMode.REPLACE);
}

/** The text of `length` bytes of UTF-8. Each byte that begins no valid sequence becomes U+FFFD. */
export function decodeUtf8(bytes: usize, length: i32): string {
    // UTF-16 has at most one code unit for each byte of UTF-8.
    const room = changetype<string>(__new(length << 1, idof<string>()));
    let to = changetype<usize>(room);
    const end = bytes + length;
    while (bytes < end) {
        const first = <u32>load<u8>(bytes);
        const size = sequenceLength(bytes, end);
        let code: u32;
        if (size == 0) {
            code = REPLACEMENT;
            bytes++;
        } else {
            code = size == 1 ? first : first & (0xff >> (size + 1));
            for (let i = 1; i < size; i++) code = (code << 6) | (load<u8>(bytes + i) & 0x3f);
            bytes += size;
        }
        if (code >= 0x10000) {
            code -= 0x10000;
            store<u16>(to, <u16>(0xd800 | (code >> 10)));
            store<u16>(to, <u16>(0xdc00 | (code & 0x3ff)), 2);
            to += 4;
        } else {
            store<u16>(to, <u16>code);
            to += 2;
        }
    }
    const units = <i32>((to - changetype<usize>(room)) >> 1);
    return units == length ? room : room.substring(0, units);
}

/** Writes one code point that is no surrogate; the number of its bytes. */
export function writeUtf8(code: u32, to: usize): i32 {
    if (code < 0x80) {
        store<u8>(to, <u8>code);
        return 1;
    }
    const size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let i = size - 1; i > 0; i--) {
        store<u8>(to + i, <u8>(0x80 | (code & 0x3f)));
        code >>= 6;
    }
    store<u8>(to, <u8>((0xf00 >> size) | code));
    return size;
}

/** Whether `length` bytes are well-formed UTF-8 (Unicode, table 3-7: no overlong forms, no surrogates). */
export function isUtf8(bytes: usize, length: i32): bool {
    const end = bytes + length;
    while (bytes < end) {
        const size = sequenceLength(bytes, end);
        if (size == 0) return false;
        bytes += size;
    }
    return true;
}

/** Length of the well-formed sequence that begins at `at`, or 0. */
function sequenceLength(at: usize, end: usize): i32 {
    const first = <u32>load<u8>(at);
    if (first < 0x80) return 1;
    let size: i32;
    let low: u32 = 0x80;
    let high: u32 = 0xbf;
    if (first < 0xc2) return 0;
    else if (first < 0xe0) size = 2;
    else if (first < 0xf0) {
        size = 3;
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
    } else if (first < 0xf5) {
        size = 4;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
    } else return 0;
    if (end - at < <usize>size) return 0;
    const second = <u32>load<u8>(at + 1);
    if (second < low || second > high) return 0;
    for (let i = 2; i < size; i++) {
        if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
    }
    return size;
}
