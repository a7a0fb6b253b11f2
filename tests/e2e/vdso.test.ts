// SPDX-License-Identifier: Apache-2.0
//
// Programs read clocks without a system call: the vDSO answers, for every C library. What it says is tested by
// tests/linux/programs/vdso.c.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder as directory } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

for (const [name, compiler] of [
    ['glibc', 'gcc'],
    ['musl', 'musl-gcc'],
] as const) {
    test(`100000 readings of clocks are no system calls: ${name}`, async () => {
        const target = join(folder, name);
        const source = join(projectFolder, 'tests', 'e2e', 'readClocks.c');
        execFileSync(compiler, ['-O1', '-static', '-Wall', '-Wextra', '-Werror', '-o', target, source]);
        const layout = new OciLayout(join(folder, `image-${name}`));
        const layer = makeLayer([directory('bin'), file('bin/clocks', readFileSync(target), 0o755)], true);
        const config = { Entrypoint: ['/bin/clocks'] };
        layout.writeIndex({ latest: layout.addImage({ architecture: 'amd64', config }, [layer]) });
        const { code, stderr } = await sealift(['run', '--strace', `oci:${layout.folder}:latest`]);
        assert.equal(code, 0);
        const calls = stderr
            .split('\n')
            .filter((line) => /^(clock_get|gettimeofday|time\(|getcpu)/.test(line));
        // What the vDSO does not know becomes the system call.
        assert.equal(calls.length, 1, calls.join('\n'));
        assert.match(calls[0]!, /^clock_gettime\(CLOCK_PROCESS_CPUTIME_ID/);
    });
}
