// SPDX-License-Identifier: Apache-2.0
//
// Files that the unit tests read: text that compresses like source code, and what gzip and zstd make of it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { skippableFrame, zstd } from '../images/zstd.mjs';

/** Bytes that do not compress, the same ones each time. */
function noise(length) {
    const bytes = Buffer.alloc(length);
    let state = 1;
    for (let i = 0; i < length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        bytes[i] = state >>> 24;
    }
    return bytes;
}

function gzipFiles(plain, small) {
    const named = gzipSync(plain);
    // Header flags for a name, a comment, an extra field and a header checksum are optional: add a name.
    const withName = Buffer.concat([named.subarray(0, 10), Buffer.from('layer.tar\0'), named.subarray(10)]);
    withName[3] |= 0x08;
    return {
        'small.gz': gzipSync(small),
        'fast.gz': gzipSync(plain, { level: 1 }),
        'best.gz': gzipSync(plain, { level: 9 }),
        'stored.gz': gzipSync(plain, { level: 0 }),
        'named.gz': withName,
        'empty.gz': gzipSync(Buffer.alloc(0)),
        'members.gz': Buffer.concat([gzipSync(plain), gzipSync(Buffer.alloc(0)), gzipSync(plain)]),
    };
}

/** What zstd reads from a pipe has no content size in its frame unless it is told, and a checksum unless told otherwise. */
function zstdFiles(plain, small) {
    const period = noise(7 << 20);
    const far = Buffer.concat([period, period, period.subarray(0, 3 << 20)]);
    return {
        'small.zst': zstd(small, `--stream-size=${small.length}`),
        'small-bare.zst': zstd(small, '--no-check', `--stream-size=${small.length}`),
        'fast.zst': zstd(plain, '-1'),
        'best.zst': zstd(plain, '-19'),
        'bare.zst': zstd(plain, '--no-check'),
        'sized.zst': zstd(plain, `--stream-size=${plain.length}`),
        'stored.zst': zstd(plain, '--fast=100000'),
        'empty.zst': zstd(Buffer.alloc(0)),
        'frames.zst': Buffer.concat([
            skippableFrame(100, 3),
            zstd(plain),
            zstd(Buffer.alloc(0)),
            skippableFrame(0),
            zstd(plain, '--no-check'),
            skippableFrame(100_000, 14),
        ]),
        far,
        'far.zst': zstd(far, '-1', '--long=23'),
        'beyond.zst': zstd(plain, '--zstd=wlog=24'),
    };
}

/** Writes all of them. */
export function writeData(folder) {
    mkdirSync(folder, { recursive: true });
    const lines = Array.from(
        { length: 4000 },
        (_, i) => `line ${i} of ${(i * 2654435761) >>> 0}: lorem ipsum ${i % 17}`,
    );
    const plain = Buffer.from(lines.join('\n'));
    const small = plain.subarray(0, 700);
    const files = { plain, small, ...gzipFiles(plain, small), ...zstdFiles(plain, small) };
    for (const [name, bytes] of Object.entries(files)) {
        writeFileSync(join(folder, name), bytes);
    }
}
