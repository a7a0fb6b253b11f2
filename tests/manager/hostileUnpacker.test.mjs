// SPDX-License-Identifier: Apache-2.0
//
// The manager against an unpacker that its archive has taken over: whatever that does, the layer is refused with a reason, and the manager
// has its memory back and goes on.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { run, writeLayout } from './images.mjs';
import { buildRuntime } from './runtimes.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const EINVAL = 22;
const ENOMEM = 12;
let runtime;

before(() => {
    runtime = buildRuntime('unpacker', 'hostileUnpacker');
});

/** What `sealift run` says of an image whose layers are the words; all but the last one are indexes of nonsense. */
function attack(name, ...words) {
    const layers = words.map((word) => ({ bytes: Buffer.from(`${word} ${name}`), diffId: NO_DIGEST }));
    const { status, stdout, stderr } = run(writeLayout(name, layers), {
        options: ['--machine-memory', '24m', '--memory', '4m'],
        environment: { SEALIFT_RUNTIME: runtime },
    });
    assert.equal(stdout, '');
    assert.equal(status, 125, stderr);
    return stderr;
}

/** The answers that a message tells of. */
function answersIn(message) {
    return Object.fromEntries(
        [...message.matchAll(/([a-z' ]+) (\d+), /g)].map(([, what, answer]) => [what.trim(), Number(answer)]),
    );
}

/** What the hostile unpacker says is its archive's digest. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

test('absurd requests are refused', () => {
    assert.deepEqual(answersIn(attack('ask', 'ask')), {
        'too many pages': EINVAL,
        'pages that wrap': EINVAL,
        'a share of no layer': EINVAL,
        'a share beyond the layer': EINVAL,
        'a share that wraps': EINVAL,
        'an index of no pages': EINVAL,
        'an index beyond the store': ENOMEM,
        'a begun index': 0,
        'an index of another size': EINVAL,
        'an index with more pages': EINVAL,
        'an unknown request': EINVAL,
        'a request of sentries': EINVAL,
    });
});

test('of an EROFS image nothing is to be had but its pages', () => {
    const layer = Buffer.concat([tarEntry({ name: 'file', content: 'x'.repeat(5000) }), tarEnd()]);
    const { status, stderr } = run(writeLayout('image', [{ bytes: layer }]), {
        options: ['--unpacked'],
        environment: { SEALIFT_RUNTIME: runtime },
    });
    assert.equal(status, 125);
    assert.deepEqual(answersIn(stderr), {
        'bytes beyond the image': EINVAL,
        'bytes of other files': EINVAL,
        'a page beyond the image': EINVAL,
        'more pages than the image has': EINVAL,
        'pages that wrap': EINVAL,
        'a page': 0,
        'the page again': 0,
        'a begun index': 0,
        'a page after the index': EINVAL,
    });
});

test('there is nothing to invoke but the manager', () => {
    const INVALID_CAPABILITY = 2; // seL4_InvalidCapability: the slot is empty
    const text = attack('invoke', 'invoke');
    for (const what of ['revoke', 'retype', 'call'])
        assert.match(text, new RegExp(`\\b${what} ${INVALID_CAPABILITY}, `));
    assert.match(attack('pointer', 'pointer'), /its unpacker faulted \(fault 1 at instruction/);
});

test("memory that is not the unpacker's is out of reach", () => {
    for (const mode of ['manager', 'beyond', 'packed'])
        assert.match(attack(mode, mode), /its unpacker failed: unpacker trapped: .* at 0x[0-9a-f]+\n/);
    // The index of a lower layer can be read.
    assert.match(
        attack('lower', 'index', 'lower'),
        /its unpacker failed: unpacker trapped: .* at 0x20000000/,
    );
});

test('an unpacker that traps is reported with a backtrace', () => {
    assert.match(attack('abort', 'abort'), /its unpacker failed: .*the test wants it.*\n.*main/s);
    assert.match(attack('unknown', 'return'), /its unpacker failed: unpacker.wasm returned from main/);
});

test('memory ends where the machine says', () => {
    assert.match(attack('memory', 'memory'), /unpacking it takes more than the machine's free memory of/);
});

test('one that runs for ever is ended, whether it asks for something or not', () => {
    for (const mode of ['spin', 'asking'])
        assert.match(attack(mode, mode), /its unpacker does not come to an end; do not use this image/);
});

test('what is handed over is not believed', () => {
    assert.match(attack('nothing', 'nothing'), /its unpacker left out a part; do not use this image/);
    assert.match(attack('text', 'text'), /^sealift: layer sha256:[0-9a-f]{12}: .*\n$/s);
    const other = writeLayout('digest', [{ bytes: Buffer.from('index digest') }]);
    assert.match(
        run(other, { environment: { SEALIFT_RUNTIME: runtime } }).stderr,
        /the uncompressed content's digest is sha256:0{64}, not sha256:/,
    );
});

test('an index of nonsense ends its container and nothing else', () => {
    assert.match(attack('index', 'index'), /sealift: .*/);
});
