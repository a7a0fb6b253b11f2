// SPDX-License-Identifier: Apache-2.0

/** Whole numbers below a bound, the same ones for the same seed (xorshift32): failures of random tests repeat. */
export function pseudoRandom(seed: number): (bound: number) => number {
    let state = seed | 1;
    return (bound) => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) % bound;
    };
}
