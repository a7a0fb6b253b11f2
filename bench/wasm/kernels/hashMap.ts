// SPDX-License-Identifier: Apache-2.0
//
// AssemblyScript's Map: 4000 insertions, 8000 lookups of which half find something, 2000 deletions.

const ENTRIES: u32 = 4000;

/** Fills, searches and thins out a map `count` times. */
export function run(count: i32): i32 {
    let sum: u32 = 0;
    for (let n = 0; n < count; n++) {
        const map = new Map<u32, u32>();
        let random: u32 = 2463534242 + <u32>n;
        for (let i: u32 = 0; i < ENTRIES; i++) {
            random ^= random << 13;
            random ^= random >>> 17;
            random ^= random << 5;
            map.set(random % 100003, i);
        }
        for (let i: u32 = 0; i < 2 * ENTRIES; i++) {
            const key = (i * 2654435761) % 100003;
            if (map.has(key)) sum += map.get(key);
        }
        const keys = map.keys();
        for (let i = 0; i < keys.length; i += 2) map.delete(keys[i]);
        sum = (sum << 1) ^ (<u32>map.size);
    }
    return <i32>sum;
}
