// SPDX-License-Identifier: Apache-2.0
//
// Numbers that look random and are the same in every run (xorshift), so that a failure can be repeated.

let seed: u32 = 2463534242;

/** Begins another sequence. */
export function seedRandom(value: u32): void {
    seed = value;
}

/** The next number below `limit`. */
export function random(limit: u32): u32 {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % limit;
}
