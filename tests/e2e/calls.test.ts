// SPDX-License-Identifier: Apache-2.0
//
// The programs of tests/linux/abi make system calls that no shell makes and print results and error names: a container
// gives the same log as Linux.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { LinuxReference, skipWithoutRoot } from './linuxReference.js';
import { shellConfig, shellLayers } from './shellImage.js';

const sources = join(projectFolder, 'tests', 'linux', 'abi');
const programs = readdirSync(sources)
    .filter((name) => name.endsWith('.c'))
    .map((name) => name.slice(0, -'.c'.length))
    .sort();

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

/** Compiles a program so that it needs nothing of an image, not even a dynamic linker. */
function compile(name: string): Buffer {
    const target = join(projectFolder, 'build', 'tests', 'abi', name);
    mkdirSync(join(target, '..'), { recursive: true });
    execFileSync('gcc', ['-O1', '-static', '-w', '-o', target, join(sources, `${name}.c`)]);
    return readFileSync(target);
}

for (const name of programs) {
    test(`${name}: as on Linux`, { skip: skipWithoutRoot }, async () => {
        const layout = new OciLayout(join(folder, name));
        const program = makeLayer([file(`bin/${name}`, compile(name), 0o755)], true);
        layout.writeIndex({
            latest: layout.addImage({ architecture: 'amd64', config: shellConfig }, [
                ...shellLayers(),
                program,
            ]),
        });
        const image = `oci:${layout.folder}:latest`;
        const linux = new LinuxReference(image);
        try {
            const command = [`/bin/${name}`];
            const environment = [...(shellConfig.Env ?? []), 'HOME=/root'];
            const expected = await linux.run(command, { environment });
            const actual = await sealift(['run', image, ...command]);
            assert.equal(actual.stdout.toString('latin1'), expected.stdout.toString('latin1'));
            assert.equal(actual.stderr, expected.stderr);
            assert.equal(actual.code, expected.code);
            assert.equal(actual.code, 0);
        } finally {
            linux.close();
        }
    });
}
