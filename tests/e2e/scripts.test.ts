// SPDX-License-Identifier: Apache-2.0
//
// Shell scripts give the same bytes and the same exit code in a container as on Linux. What they print is compared, not
// written down: Linux is the reference.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sealift } from '../cli/commandLine.js';
import { LinuxReference, skipWithoutRoot } from './linuxReference.js';
import { scriptNames, scriptsInImage, shellConfig, writeShellImage } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
let image = '';
let linux: LinuxReference | undefined;

before(() => {
    image = writeShellImage(join(folder, 'image'));
    if (!skipWithoutRoot) linux = new LinuxReference(image);
});
after(() => {
    linux?.close();
    rmSync(folder, { recursive: true });
});

const environment = [...(shellConfig.Env ?? []), 'HOME=/root'];

for (const script of [...scriptNames, '../demo.sh']) {
    test(`${script}: as on Linux`, { skip: skipWithoutRoot }, async () => {
        const command = ['/bin/sh', join(scriptsInImage, script)];
        const expected = await linux!.run(command, {
            environment,
            workingDirectory: shellConfig.WorkingDir!,
        });
        const actual = await sealift(['run', image, ...command]);
        assert.equal(actual.stdout.toString('latin1'), expected.stdout.toString('latin1'));
        assert.equal(actual.stderr, expected.stderr);
        assert.equal(actual.code, expected.code);
    });
}
