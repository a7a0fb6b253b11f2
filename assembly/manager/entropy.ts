// SPDX-License-Identifier: Apache-2.0
//
// Random bytes for containers (getrandom, AT_RANDOM, the guard of empty CSpaces). seL4 offers none, so a pool is stirred
// with what an attacker inside a container cannot see: 32 random bytes that the command line puts in system.json, the machine's
// clock at boot, how many nanoseconds the manager's own work took at many points, and the arrival times of console input. A
// boot image that is started again brings the same 32 bytes: the times alone then make the difference, which the
// security model says.

import { clockNow, clockRealtime, sha256Begin, sha256End, sha256Update } from "../sel4/generated/host";
import { DIGEST_STATE } from "../oci/digest";

/** The pool, a counter, and the times of the last events. */
const POOL_SIZE: usize = 32 + 8 + 16;
/** Bytes of a SHA-256 digest. */
export const DIGEST_SIZE: usize = 32;
const pool: usize = heap.alloc(POOL_SIZE);
const state: usize = heap.alloc(DIGEST_STATE);

/** Stirs the present time in; to be called where timing varies. */
export function stirEntropy(): void {
    store<u64>(pool, load<u64>(pool, 32) + 1, 32);
    store<u64>(pool, clockNow(), 40);
    store<u64>(pool, clockRealtime(), 48);
    mix(pool);
}

/** Stirs a digest (32 bytes) of something secret in. */
export function stirDigest(digest: usize): void {
    for (let i: usize = 0; i < DIGEST_SIZE; i += 8)
        store<u64>(pool + i, load<u64>(pool + i) ^ load<u64>(digest + i));
    stirEntropy();
}

/** Writes 32 random bytes to `to`. */
export function randomBytes(to: usize): void {
    stirEntropy();
    mix(to);
    // What was handed out does not tell the pool that it came from, nor the next bytes.
    store<u64>(pool, ~load<u64>(pool, 32), 32);
    mix(pool);
}

function mix(to: usize): void {
    sha256Begin(<u32>state);
    sha256Update(<u32>state, <u32>pool, <u32>POOL_SIZE);
    sha256End(<u32>state, <u32>to);
}
