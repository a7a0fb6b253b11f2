// SPDX-License-Identifier: Apache-2.0
//
// Random bytes: getrandom(2), /dev/random, /dev/urandom, AT_RANDOM. ChaCha20 (RFC 8439) keyed with the 32 random bytes that
// the manager gave this container. The first 32 bytes of each request's first block become the next key, so that
// bytes once handed out cannot be found from the state later.

import { containerConfiguration } from "../../std/containerConfiguration";
import { reserveBuffer } from "../memory/buffers";

/** What is there once the generator was seeded, for ever (/proc/sys/kernel/random/entropy_avail). */
export const ENTROPY_BITS: u32 = 256;

const KEY_SIZE: i32 = 32;
const BLOCK_SIZE: i32 = 64;
const BLOCK_WORDS: i32 = 16;

/** "expand 32-byte k", key, counter and nonce. */
const state: usize = reserveBuffer(BLOCK_SIZE);
const block: usize = reserveBuffer(BLOCK_SIZE);
let keyed: bool = false;

/** Starts from a key of 32 bytes. */
export function seedRandom(key: usize): void {
    memory.fill(state, 0, BLOCK_SIZE);
    store<u32>(state, 0x61707865);
    store<u32>(state, 0x3320646e, 4);
    store<u32>(state, 0x79622d32, 8);
    store<u32>(state, 0x6b206574, 12);
    memory.copy(state + 16, key, KEY_SIZE);
    keyed = true;
}

// @ts-ignore: decorator
@inline
function quarterRound(a: usize, b: usize, c: usize, d: usize): void {
    let x = load<u32>(block + a);
    let y = load<u32>(block + b);
    let z = load<u32>(block + c);
    let w = load<u32>(block + d);
    x += y;
    w = rotl<u32>(w ^ x, 16);
    z += w;
    y = rotl<u32>(y ^ z, 12);
    x += y;
    w = rotl<u32>(w ^ x, 8);
    z += w;
    y = rotl<u32>(y ^ z, 7);
    store<u32>(block + a, x);
    store<u32>(block + b, y);
    store<u32>(block + c, z);
    store<u32>(block + d, w);
}

/** Makes the next 64 bytes in `block`. */
function nextBlock(): void {
    computeBlock();
    store<u64>(state, load<u64>(state, 48) + 1, 48);
}

/** The block function alone, for tests: 64 bytes at `output` from the state of 64 bytes at `input`. */
export function chachaBlock(input: usize, output: usize): void {
    memory.copy(state, input, BLOCK_SIZE);
    computeBlock();
    memory.copy(output, block, BLOCK_SIZE);
    keyed = false;
}

function computeBlock(): void {
    memory.copy(block, state, BLOCK_SIZE);
    for (let round = 0; round < 10; round++) {
        quarterRound(0, 16, 32, 48);
        quarterRound(4, 20, 36, 52);
        quarterRound(8, 24, 40, 56);
        quarterRound(12, 28, 44, 60);
        quarterRound(0, 20, 40, 60);
        quarterRound(4, 24, 44, 48);
        quarterRound(8, 28, 32, 52);
        quarterRound(12, 16, 36, 56);
    }
    for (let i = 0; i < BLOCK_WORDS; i++) {
        const at = (<usize>i) << 2;
        store<u32>(block + at, load<u32>(block + at) + load<u32>(state + at));
    }
}

/** Fills `length` bytes at `address` of the sentry's memory with random bytes. */
export function randomBytes(address: usize, length: i32): void {
    if (!keyed) seedRandom(containerConfiguration().randomSeed());
    nextBlock();
    memory.copy(state + 16, block, KEY_SIZE);
    // The other half of the block that gave the key is the first output.
    let available = BLOCK_SIZE - KEY_SIZE;
    let from = block + KEY_SIZE;
    while (length > 0) {
        if (available == 0) {
            nextBlock();
            available = BLOCK_SIZE;
            from = block;
        }
        const part = min(available, length);
        memory.copy(address, from, part);
        address += part;
        length -= part;
        from += part;
        available -= part;
    }
    memory.fill(block, 0, BLOCK_SIZE);
}

const scratch: usize = reserveBuffer(8);

/** A random number. */
export function randomNumber(): u64 {
    randomBytes(scratch, 8);
    return load<u64>(scratch);
}
