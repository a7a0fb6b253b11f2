// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text and back. Number.prototype.toString works too, but carries three kilobytes of digit tables.

/** Decimal digits of `value`. */
export function decimal(value: u64): string {
    let text = String.fromCharCode(0x30 + <i32>(value % 10));
    for (value /= 10; value != 0; value /= 10) text = String.fromCharCode(0x30 + <i32>(value % 10)) + text;
    return text;
}

/** Decimal digits of `value` with a minus sign where it is negative. */
export function signedDecimal(value: i64): string {
    return value < 0 ? "-" + decimal(0 - <u64>value) : decimal(<u64>value);
}

/** "0x" and hexadecimal digits of `value`, without leading zeros. */
export function hexadecimal(value: u64): string {
    let text = "";
    do {
        const digit = <i32>(value & 15);
        text = String.fromCharCode(digit < 10 ? 0x30 + digit : 0x61 - 10 + digit) + text;
        value >>= 4;
    } while (value != 0);
    return "0x" + text;
}

/** A size for people: "512 B", "64 KiB", "11.4 MiB". Tenths are cut, not rounded. */
export function byteSize(bytes: u64): string {
    if (bytes < 1024) return decimal(bytes) + " B";
    let unit = 0;
    let scaled = bytes;
    while (scaled >= 1024 * 1024 && unit < 2) {
        scaled >>= 10;
        unit++;
    }
    const whole = scaled >> 10;
    const tenths = ((scaled & 1023) * 10) >> 10;
    return (
        decimal(whole) +
        (tenths != 0 ? "." + decimal(tenths) : "") +
        (unit == 0 ? " KiB" : unit == 1 ? " MiB" : " GiB")
    );
}

/** The value of a text of decimal digits only, or -1: empty text, another character, or more than an i64 holds. */
export function parseDecimal(text: string): i64 {
    if (text.length == 0 || text.length > 19) return -1;
    let value: u64 = 0;
    for (let i = 0; i < text.length; i++) {
        const digit = text.charCodeAt(i) - 0x30;
        if (digit < 0 || digit > 9) return -1;
        value = value * 10 + digit;
    }
    return value > <u64>i64.MAX_VALUE ? -1 : <i64>value;
}
