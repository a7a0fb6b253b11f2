// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    encodeFrame,
    FrameDecoder,
    FRAME_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    type Frame,
} from '../../cli/control/frames.js';
import { pseudoRandom } from './pseudoRandom.js';

interface Decoded {
    frames: Frame[];
    text: string;
    damaged: number[];
}

function collector(): { decoder: FrameDecoder; result: Decoded } {
    const result: Decoded = { frames: [], text: '', damaged: [] };
    const decoder = new FrameDecoder({
        frame: ({ type, channel, payload }) =>
            result.frames.push({ type, channel, payload: Buffer.from(payload) }),
        text: (bytes) => (result.text += bytes.toString('latin1')),
        damaged: (length) => result.damaged.push(length),
    });
    return { decoder, result };
}

test('a frame is a start byte, type, channel, length and payload', () => {
    assert.deepEqual(
        [...encodeFrame(0x02, 0x8003, Buffer.from('ab'))],
        [0xa5, 0x02, 3, 0x80, 2, 0, 0x61, 0x62],
    );
    assert.deepEqual([...encodeFrame(0x82, 0)], [0xa5, 0x82, 0, 0, 0, 0]);
    assert.equal(
        encodeFrame(2, 0, Buffer.alloc(MAX_PAYLOAD_BYTES)).length,
        FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES,
    );
    assert.throws(() => encodeFrame(2, 0, Buffer.alloc(MAX_PAYLOAD_BYTES + 1)), RangeError);
});

test('frames and text are told apart however the line is cut', () => {
    const random = pseudoRandom(1);
    for (let round = 0; round < 300; round++) {
        const parts: Buffer[] = [];
        const frames: Frame[] = [];
        let text = '';
        for (let count = random(8); count >= 0; count--) {
            if (random(3) === 0) {
                const words = 'kernel says\r\n'.repeat(random(3));
                text += words;
                parts.push(Buffer.from(words));
            }
            const payload = Buffer.alloc(random(10) === 0 ? MAX_PAYLOAD_BYTES : random(40));
            for (let index = 0; index < payload.length; index++)
                payload[index] = random(4) === 0 ? 0xa5 : random(256);
            const frame = { type: random(256), channel: random(0x10000), payload };
            frames.push(frame);
            parts.push(encodeFrame(frame.type, frame.channel, payload));
        }
        const line = Buffer.concat(parts);
        const { decoder, result } = collector();
        for (let at = 0; at < line.length;) {
            const next = Math.min(line.length, at + 1 + random(random(2) === 0 ? 3 : 5000));
            decoder.push(line.subarray(at, next));
            at = next;
        }
        assert.deepEqual(result, { frames, text, damaged: [] }, `round ${round}`);
        assert.equal(decoder.unfinishedBytes, 0);
    }
});

test('an impossible length is reported and decoding goes on behind it', () => {
    const { decoder, result } = collector();
    decoder.push(Buffer.from([0xa5, 1, 0, 0, 0xff, 0xff]));
    decoder.push(encodeFrame(2, 0, Buffer.from('x')));
    assert.deepEqual(result.damaged, [0xffff]);
    assert.deepEqual(
        result.frames.map(({ payload }) => payload.toString()),
        ['x'],
    );
});

test('random bytes never make the decoder fail or keep more than a frame', () => {
    const random = pseudoRandom(7);
    const { decoder } = collector();
    for (let round = 0; round < 2000; round++) {
        const bytes = Buffer.alloc(random(300));
        for (let index = 0; index < bytes.length; index++) bytes[index] = random(256);
        decoder.push(bytes);
        assert.ok(decoder.unfinishedBytes <= FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES);
    }
});
