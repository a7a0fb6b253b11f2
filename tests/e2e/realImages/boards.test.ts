// SPDX-License-Identifier: Apache-2.0
//
// Images of Debian packages on real seL4 where a kernel is at hand, compared with the same command on Linux here. Emulated machines take minutes for them, so this runs with `npm run test:images`.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sealift } from '../../cli/commandLine.js';
import { writeEsbuildImage } from '../../images/esbuildImage.js';
import { debianImage } from '../../images/makeDebianImages.js';
import { testBoards } from '../kernels.js';
import { skipWithoutRoot } from '../linuxReference.js';
import { sameAsLinux, sameOnArm, script, skipBoardImages, withoutReport } from './realImage.js';

const shellScript = `seq 100 | awk '{ sum += $1 } END { print sum }'
printf 'b\\na\\n' | sort | xz | xz -d
tar -cf - /etc/passwd 2>/dev/null | tar -tf - | sed 's/^/in the archive: /'
for i in 1 2 3; do (exit $i) & done; for job in $(jobs -p); do wait $job; echo $?; done
find /usr/bin -name 'xz*' -type f | sort | grep -c '/xz$'
exit 5`;

const expected = '5050\na\nb\nin the archive: etc/passwd\n1\n2\n3\n1\n';

for (const { board, image, skip } of testBoards) {
    const absent = image === 'riscv64' && 'SKIPPED: Debian 12 has no packages for riscv64';
    test(`Debian's shell on ${board.name}`, { skip: absent || skip || skipBoardImages }, async () => {
        const reference = debianImage('shell', image === 'arm64' ? 'arm64' : 'amd64');
        const run = ['run', '--quiet', '--board', board.name, '--memory', '64m', reference];
        const { code, stdout, stderr } = await sealift([...run, 'bash', '-c', shellScript], {
            timeout: 400_000,
        });
        assert.equal(stderr, '');
        assert.equal(stdout.toString(), expected);
        assert.equal(code, 5);
    });
}

for (const { board, image, skip } of testBoards) {
    test(`esbuild on ${board.name}`, { skip: skip || skipBoardImages }, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
        try {
            const run = ['run', '--quiet', '--memory', '256m'];
            const here = await sealift([...run, writeEsbuildImage(join(folder, 'amd64'))]);
            const there = await sealift(
                [...run, '--board', board.name, writeEsbuildImage(join(folder, image), image)],
                { timeout: 400_000 },
            );
            // On riscv64 Go asks for riscv_hwprobe, which is later than Linux 6.1.
            assert.equal(withoutReport(there.stderr), '');
            assert.equal(there.stdout.toString(), here.stdout.toString());
            assert.equal(there.code, 0);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
}

/** Images whose whole scripts of programs.test.ts run on boards, too. What they print does not depend on the architecture. */
const programs: readonly (readonly [string, readonly string[], string?])[] = [
    ['sqlite', ['sh', '-c', script('sqlite.sh')]],
    ['perl', ['perl', '-e', script('perl.pl')], 'a line of input\n'],
    ['redis', ['sh', '-c', script('redis.sh')]],
    ['nginx', ['sh', '-c', script('nginx.sh')]],
    ['python', ['python3', '-c', script('python.py')]],
    ['node', ['node', '--input-type=module', '-e', script('node.mjs')]],
];

for (const { board, image, skip } of testBoards) {
    if (image === 'riscv64') continue;
    for (const [name, command, input] of programs) {
        test(`${name} on ${board.name}`, { skip: skip || skipWithoutRoot || skipBoardImages }, () =>
            image === 'arm64'
                ? sameOnArm(board.name, name, command, input)
                : sameAsLinux(name, command, input, ['--board', board.name]),
        );
    }
}
