// SPDX-License-Identifier: Apache-2.0

/** The value of a lower-case hexadecimal digit, or -1. Digests allow no upper case (OCI image-spec, descriptor). */
export function hexDigit(code: i32): i32 {
    if (code >= 0x30 && code <= 0x39) return code - 0x30;
    if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
    return -1;
}

/** `length` bytes as lower-case hexadecimal text. */
export function bytesToHex(bytes: usize, length: i32): string {
    const text = changetype<string>(__new(length << 2, idof<string>()));
    for (let i = 0; i < length; i++) {
        const byte = load<u8>(bytes + i);
        const at = changetype<usize>(text) + (i << 2);
        store<u16>(at, hexCode(byte >> 4));
        store<u16>(at, hexCode(byte & 15), 2);
    }
    return text;
}

function hexCode(digit: i32): u16 {
    return <u16>(digit < 10 ? 0x30 + digit : 0x61 - 10 + digit);
}
