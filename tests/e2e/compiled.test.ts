// SPDX-License-Identifier: Apache-2.0
//
// `--aot`: the container manager and the sentry compiled ahead of time do what they do interpreted. `npm run test:aot`
// runs all end-to-end tests so; here are the scripts that make the most system calls, on every machine that there is.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sealift } from '../cli/commandLine.js';
import { testBoards } from './kernels.js';
import { scriptsInImage, writeShellImage, type ImageArchitecture } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

/** The first run compiles all modules: a minute and a half of a processor that is not busy with something else. */
const TIMEOUT = 900_000;

/** Runs a script interpreted and compiled, and compares everything that comes out. */
async function compareEngines(
    options: readonly string[],
    architecture: ImageArchitecture,
    script: string,
): Promise<void> {
    const image = writeShellImage(join(folder, `${architecture}-${script}`), architecture);
    const command = [...options, image, '/bin/sh', join(scriptsInImage, script)];
    const interpreted = await sealift(['run', ...command], { timeout: TIMEOUT });
    const compiled = await sealift(['run', '--aot', ...command], { timeout: TIMEOUT });
    assert.equal(compiled.stdout.toString('latin1'), interpreted.stdout.toString('latin1'));
    assert.equal(compiled.stderr, interpreted.stderr);
    assert.equal(compiled.code, interpreted.code);
    assert.ok(compiled.stdout.length > 0, 'the script printed something');
}

for (const script of ['files.sh', 'processes.sh', 'text.sh'])
    test(`${script}: compiled as interpreted`, () => compareEngines(['--quiet'], 'amd64', script));

for (const { board, image, skip } of testBoards)
    test(`board ${board.name}: compiled as interpreted`, { skip }, () =>
        compareEngines(['--quiet', '--board', board.name], image, 'files.sh'),
    );

test('a compiled runtime is as honest about memory', async () => {
    const image = writeShellImage(join(folder, 'statistics'), 'amd64');
    const { code, stderr } = await sealift(['run', '--aot', '--stats', image, '/bin/true'], {
        timeout: TIMEOUT,
    });
    assert.equal(code, 0);
    assert.match(stderr, /returned when the container ended: (\d+) of \1 bytes/);
});
