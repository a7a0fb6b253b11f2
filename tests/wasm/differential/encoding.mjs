// SPDX-License-Identifier: Apache-2.0
//
// Pseudo-random numbers, and the pieces of the binary format that generated modules are made of.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const TYPES = [I32, I64, F32, F64];

/** A small generator of pseudo-random numbers (xorshift), so that a seed gives the same module everywhere. */
export class Random {
    constructor(seed) {
        this.state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
    }

    next() {
        let x = this.state;
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        this.state = x >>> 0;
        return this.state;
    }

    below(limit) {
        return this.next() % limit;
    }

    pick(list) {
        return list[this.below(list.length)];
    }
}

export function unsigned(value) {
    const bytes = [];
    do {
        const more = value > 127;
        bytes.push((value & 127) | (more ? 128 : 0));
        value >>>= 7;
    } while (value > 0);
    return bytes;
}

export function signed(value) {
    const bytes = [];
    for (let rest = BigInt(value); ; rest >>= 7n) {
        const byte = Number(rest & 127n);
        const done = (rest >> 6n === 0n && byte < 64) || (rest >> 6n === -1n && byte >= 64);
        bytes.push(done ? byte : byte | 128);
        if (done) return bytes;
    }
}

export const vector = (items) => [...unsigned(items.length), ...items.flat()];
export const section = (id, content) => [id, ...unsigned(content.length), ...content];
export const text = (string) => vector([...Buffer.from(string)]);
