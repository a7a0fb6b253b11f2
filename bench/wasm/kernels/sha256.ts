// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 (FIPS 180-4) of 64 KiB: shifts, rotations and additions on words, and little else.

const LENGTH: usize = 65536;

const K: StaticArray<u32> = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

const state = new StaticArray<u32>(8);
const schedule = new StaticArray<u32>(64);
const data = new StaticArray<u8>(<i32>LENGTH);

function begin(): void {
    unchecked((state[0] = 0x6a09e667));
    unchecked((state[1] = 0xbb67ae85));
    unchecked((state[2] = 0x3c6ef372));
    unchecked((state[3] = 0xa54ff53a));
    unchecked((state[4] = 0x510e527f));
    unchecked((state[5] = 0x9b05688c));
    unchecked((state[6] = 0x1f83d9ab));
    unchecked((state[7] = 0x5be0cd19));
}

function block(at: usize): void {
    for (let i = 0; i < 16; i++) unchecked((schedule[i] = bswap(load<u32>(at + ((<usize>i) << 2)))));
    for (let i = 16; i < 64; i++) {
        const w15 = unchecked(schedule[i - 15]);
        const w2 = unchecked(schedule[i - 2]);
        const s0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >>> 3);
        const s1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >>> 10);
        unchecked((schedule[i] = schedule[i - 16] + s0 + schedule[i - 7] + s1));
    }
    let a = unchecked(state[0]);
    let b = unchecked(state[1]);
    let c = unchecked(state[2]);
    let d = unchecked(state[3]);
    let e = unchecked(state[4]);
    let f = unchecked(state[5]);
    let g = unchecked(state[6]);
    let h = unchecked(state[7]);
    for (let i = 0; i < 64; i++) {
        const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        const t1 = h + s1 + ((e & f) ^ (~e & g)) + unchecked(K[i]) + unchecked(schedule[i]);
        const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    unchecked((state[0] += a));
    unchecked((state[1] += b));
    unchecked((state[2] += c));
    unchecked((state[3] += d));
    unchecked((state[4] += e));
    unchecked((state[5] += f));
    unchecked((state[6] += g));
    unchecked((state[7] += h));
}

/** Hashes the data (whole blocks, without padding) `count` times, each time changed by the hash before. */
export function run(count: i32): i32 {
    for (let i = 0; i < <i32>LENGTH; i++) unchecked((data[i] = <u8>(i * 31 + 7)));
    let sum: u32 = 0;
    for (let n = 0; n < count; n++) {
        begin();
        const base = changetype<usize>(data);
        for (let at: usize = 0; at < LENGTH; at += 64) block(base + at);
        sum = (sum << 1) ^ unchecked(state[0]);
        unchecked((data[n & (<i32>LENGTH - 1)] = <u8>sum));
    }
    return <i32>sum;
}
