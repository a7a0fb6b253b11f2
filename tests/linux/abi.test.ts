// SPDX-License-Identifier: Apache-2.0
//
// The Linux ABI: C programs run on this machine's Linux and in a container, and must print the same bytes and end with the
// same code. What a program prints is what Linux does; nothing is written down here.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';

const programsFolder = join(projectFolder, 'tests/linux/programs');
const programs = readdirSync(programsFolder)
    .filter((name) => name.endsWith('.c'))
    .map((name) => basename(name, '.c'));

const compilerOptions = ['-std=gnu11', '-O1', '-static', '-pthread', '-Wall', '-Wextra', '-Werror'];
/** A program that hangs fails its test. */
const TIMEOUT = 60_000;

const work = mkdtempSync(join(tmpdir(), 'sealift-abi-'));
after(() => rmSync(work, { recursive: true }));

const layout = new OciLayout(join(work, 'image'));

before(() => {
    mkdirSync(join(work, 'bin'));
    for (const name of programs) {
        const source = join(programsFolder, `${name}.c`);
        execFileSync('gcc', [...compilerOptions, '-o', join(work, 'bin', name), source, '-lm']);
    }
    const entries = programs.map((name) => file(`bin/${name}`, readFileSync(join(work, 'bin', name)), 0o755));
    const layer = makeLayer([folder('bin'), folder('tmp', 0o1777), ...entries], true);
    const image = layout.addImage({ architecture: 'amd64', config: { WorkingDir: '/tmp' } }, [layer]);
    layout.writeIndex({ latest: image });
});

for (const name of programs) {
    test(`${name}: as on Linux`, async () => {
        const onLinux = spawnSync(join(work, 'bin', name), { cwd: work, timeout: TIMEOUT });
        assert.equal(onLinux.signal, null, 'the program does not end on Linux itself');
        const inContainer = await sealift(['run', `oci:${layout.folder}`, `/bin/${name}`], {
            timeout: TIMEOUT,
        });
        assert.equal(inContainer.stdout.toString('latin1'), onLinux.stdout.toString('latin1'));
        // The sentry's own remark on system calls that it does not know.
        const stderr = inContainer.stderr.replace(/^sealift: system calls answered with ENOSYS: .*\n/m, '');
        assert.equal(stderr, onLinux.stderr.toString('utf8'));
        assert.equal(inContainer.code, onLinux.status);
    });
}
