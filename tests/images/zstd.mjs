// SPDX-License-Identifier: Apache-2.0
//
// zstd streams for tests, made by Debian's zstd: Node 20 has no compressor of its own.

import { spawnSync } from 'node:child_process';

/** One frame. Options are zstd's own. */
export function zstd(bytes, ...options) {
    const { status, stdout, stderr, error } = spawnSync('zstd', ['-q', '-c', ...options], {
        input: bytes,
        maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`zstd failed: ${error?.message ?? stderr.toString()}`);
    return stdout;
}

/** A frame that decoders skip (RFC 8878, 3.1.2), of `length` bytes of anything; its kind is 0 to 15. */
export function skippableFrame(length, kind = 0) {
    const frame = Buffer.alloc(8 + length, 0xfd);
    frame.writeUInt32LE(0x184d2a50 + kind, 0);
    frame.writeUInt32LE(length, 4);
    return frame;
}
