// SPDX-License-Identifier: Apache-2.0
//
// Images that the manager must refuse: each ends with one clear sentence on stderr and exit code 125. The images are
// made here and run through the command line on platform/linux; the container never starts, so any sentry will do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { sha256 } from '../component/memoryImage.mjs';
import { TAR_GZIP, run, writeLayout } from './images.mjs';
import { tarEntry, tarEnd } from './tar.mjs';

/** Runs the image and expects exit code 125 and one line on stderr that matches. */
function refuses(folder, pattern, options = []) {
    const { status, stdout, stderr } = run(folder, { options });
    assert.match(stderr, pattern);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(status, 125);
    assert.equal(stdout, '');
}

function refusesTar(name, entries, pattern) {
    test(name, () =>
        refuses(
            writeLayout(name.replaceAll(' ', '-'), [{ bytes: Buffer.concat([...entries, tarEnd()]) }]),
            pattern,
        ),
    );
}

const good = Buffer.concat([tarEntry({ name: 'bin/true', content: 'x'.repeat(100_000) }), tarEnd()]);

test('a layer with a wrong digest', () => {
    const folder = writeLayout('digest', [{ bytes: good }], (files, [layer]) => {
        const bytes = Buffer.from(good);
        bytes[1000] ^= 1;
        files.set(`blobs/sha256/${layer.digest.slice(7)}`, bytes);
    });
    refuses(
        folder,
        /layer sha256:[0-9a-f]{12}: the content's digest is sha256:.*; the image is damaged: pull it again/,
    );
});

test('a gzip stream that ends early', () => {
    const bytes = gzipSync(good);
    const folder = writeLayout('truncated', [
        { type: TAR_GZIP, bytes: bytes.subarray(0, bytes.length - 20), diffId: `sha256:${sha256(good)}` },
    ]);
    refuses(folder, /layer sha256:[0-9a-f]{12}: gzip stream ends early at byte \d+; pull the image again/);
});

test('a gzip stream with a flipped bit', () => {
    const bytes = gzipSync(good);
    bytes[bytes.length - 6] ^= 0x10;
    refuses(
        writeLayout('flipped', [{ type: TAR_GZIP, bytes, diffId: `sha256:${sha256(good)}` }]),
        /gzip stream is corrupt near byte \d+; pull/,
    );
});

test('a layer that is no gzip', () => {
    refuses(writeLayout('no-gzip', [{ type: TAR_GZIP, bytes: good }]), /gzip stream is corrupt near byte/);
});

test('an uncompressed layer with another digest than the configuration says', () => {
    const folder = writeLayout('diff-id', [{ bytes: good, diffId: `sha256:${'0'.repeat(64)}` }]);
    refuses(folder, /the uncompressed content's digest is sha256:.*, not sha256:000/);
});

test('a layer that is no tar archive', () => {
    refuses(
        writeLayout('no-tar', [{ bytes: Buffer.alloc(5000, 'x') }]),
        /header at byte 0 has a wrong checksum/,
    );
    refuses(writeLayout('empty', [{ bytes: Buffer.alloc(0) }]), /the archive is empty/);
    refuses(
        writeLayout('cut', [{ bytes: good.subarray(0, 50_000) }]),
        /ends inside "bin\/true", at byte 50000/,
    );
});

refusesTar(
    'a name that leads out',
    [tarEntry({ name: '../../etc/passwd' })],
    /"\.\.\/\.\.\/etc\/passwd" leads out of the image/,
);
refusesTar('a hard link out', [tarEntry({ name: 'a', type: '1', link: '../x' })], /no name inside the image/);
refusesTar(
    'a hard link to nothing',
    [tarEntry({ name: 'a', type: '1', link: 'b' })],
    /hard link to "b", which neither/,
);
refusesTar(
    'a symbolic link loop',
    [
        tarEntry({ name: 'a', type: '2', link: 'b' }),
        tarEntry({ name: 'b', type: '2', link: 'a' }),
        tarEntry({ name: 'a/x' }),
    ],
    /more than 40 symbolic links/,
);
refusesTar(
    'a file too large for memory',
    [tarEntry({ name: 'a', size: 2 ** 35 - 1, content: '' })],
    /"a" of 3[12].* does not fit the machine/,
);
refusesTar(
    'too deep',
    [
        tarEntry({ name: 'pax', type: 'x', content: paxRecord('path', `${'d/'.repeat(200)}f`) }),
        tarEntry({ name: 'f' }),
    ],
    /more than 128 directories/,
);
refusesTar('an unknown type', [tarEntry({ name: 'a', type: 'V' })], /unknown tar type "V"/);

test('more entries than the limit', () => {
    const entry = tarEntry({ name: 'same' });
    const bytes = Buffer.concat([...Array.from({ length: (1 << 18) + 1 }, () => entry), tarEnd()]);
    refuses(
        writeLayout('entries', [
            { type: TAR_GZIP, bytes: gzipSync(bytes), diffId: `sha256:${sha256(bytes)}` },
        ]),
        /more than 262144 entries/,
    );
});

test('too little memory', () => {
    const folder = writeLayout('memory', [{ bytes: good }]);
    refuses(folder, /memory limit of 64 KiB is too low: .* takes \d+/, ['--memory', '64k']);
    refuses(folder, /memory limit of 4 GiB does not fit the machine's free memory of/, ['--memory', '4g']);
});

/** One pax record, with the length that counts itself. */
function paxRecord(key, value) {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length + 1;
    while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
    return `${length}${rest}`;
}
