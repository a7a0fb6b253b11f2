// SPDX-License-Identifier: Apache-2.0
//
// Containers on real seL4 behave as on platform/linux: the same streams, exit codes, input, signals, account and messages.
// Runs on every board for which there is a kernel. QEMU is slow, so this is a slice of what the other files test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ElfFile, PT_LOAD } from '../../cli/boot/elf.js';
import { projectFolder, sealift, startSealift, type Result } from '../cli/commandLine.js';
import { DEMO_EXIT_CODE } from '../images/busyboxImage.js';
import { pseudoRandom } from '../cli/pseudoRandom.js';
import { absentArchitectures, testBoards } from './kernels.js';
import { runPrintedCommand } from './printedCommand.js';
import { scriptNames, scriptsInImage, writeShellImage } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const demo = `oci:${join(projectFolder, 'build/images/demo')}:demo`;

/** An emulated machine on a busy host is slow; a hang still ends. */
const TIMEOUT = 300_000;

/** What is the same wherever a container runs: names of architectures are replaced. */
function plain(
    result: Result,
    architecture: string,
): { code: number | string; stdout: string; stderr: string } {
    const stdout = result.stdout.toString('latin1').replaceAll(architecture, 'ARCHITECTURE');
    return { code: result.code, stdout, stderr: result.stderr };
}

test('there is a kernel for each architecture', { skip: process.env.SEALIFT_REQUIRE_KERNELS !== '1' }, () => {
    assert.deepEqual(absentArchitectures(), [], 'absent kernels');
});

let linuxImage = '';
before(() => {
    linuxImage = writeShellImage(join(folder, 'amd64'));
});

for (const { board, image: architecture, skip } of testBoards) {
    // One skipped test for an absent kernel: the account counts tests.
    if (skip !== false) test(`board ${board.name}`, { skip });
    describe(`board ${board.name}`, { skip }, () => {
        let image = '';
        before(() => {
            image = writeShellImage(join(folder, board.name), architecture);
        });
        // --quiet: warnings about the kernel are not the container's.
        const onBoard = ['run', '--quiet', '--board', board.name];
        const run = (...words: string[]): Promise<Result> =>
            sealift([...onBoard, ...words], { timeout: TIMEOUT });

        /** Runs the same on both machines and compares everything that comes out. */
        async function same(options: string[], command: string[], input?: Buffer): Promise<Result> {
            const expected = await sealift(['run', ...options, linuxImage, ...command], { input });
            const actual = await sealift([...onBoard, ...options, image, ...command], {
                input,
                timeout: TIMEOUT,
            });
            assert.deepEqual(plain(actual, board.architecture), plain(expected, 'x86_64'));
            return actual;
        }

        test('the demonstration image', async () => {
            const expected = plain(await sealift(['run', demo]), 'x86_64');
            assert.equal(expected.code, DEMO_EXIT_CODE);
            assert.deepEqual(plain(await run(demo), board.architecture), expected);
        });

        test('streams and exit codes', async () => {
            const written = await same([], ['sh', '-c', 'echo to stdout; echo to stderr >&2; exit 3']);
            assert.deepEqual([written.code, written.stderr], [3, 'to stderr\n']);
            // Process 1 is not killed by its own signals; its child is.
            assert.equal((await same([], ['sh', '-c', "sh -c 'kill -KILL $$'; exit $?"])).code, 137);
            assert.equal((await same([], ['sh', '-c', "sh -c 'kill -SEGV $$'; exit $?"])).code, 139);
        });

        test('options of the container', async () => {
            const options = ['-e', 'A=1 2', '-w', '/tmp', '-u', '1000', '--hostname', 'box', '--read-only'];
            await same(options, ['sh', '-c', 'echo "$A $PWD $(id -u) $(hostname)"; touch file']);
        });

        test('stdin, every byte value, under credit', async () => {
            const random = pseudoRandom(3);
            const input = Buffer.from(Array.from({ length: 20_000 }, () => random(256)));
            const { stdout } = await same(['-i'], ['sha256sum'], input);
            const digest = createHash('sha256').update(input).digest('hex');
            assert.equal(stdout.toString(), `${digest}  -\n`);
            const echoed = await same(['-i'], ['cat'], input);
            assert.deepEqual(echoed.stdout, input);
        });

        test('Ctrl-C reaches the container, and a second one ends the machine', async () => {
            const interrupt = async (script: string, times: number): Promise<number | string> => {
                const { child, result } = startSealift([...onBoard, image, 'sh', '-c', script], {
                    timeout: TIMEOUT,
                });
                child.stdout.once('data', () => {
                    child.kill('SIGINT');
                    if (times > 1) setTimeout(() => child.kill('SIGINT'), 1000);
                });
                return (await result).code;
            };
            assert.equal(await interrupt("trap 'exit 5' INT; echo ready; while :; do sleep 0.1; done", 1), 5);
            assert.equal(await interrupt("trap '' INT; echo ready; sleep 60", 2), 130);
        });

        test('the account: owners sum to the memory that there is', async () => {
            const { stderr, code } = await run('--stats-json', image, 'true');
            assert.equal(code, 0, stderr);
            type Owners = { owner: string; bytes: number }[];
            const statistics = JSON.parse(stderr) as {
                machineMemory: number;
                owners: Owners;
                container: { memoryLimit: number; owners: Owners };
                freed: { carved: number; returned: number };
            };
            const sum = (owners: Owners): number => owners.reduce((total, { bytes }) => total + bytes, 0);
            assert.equal(sum(statistics.owners), statistics.machineMemory);
            assert.equal(sum(statistics.container.owners), statistics.container.memoryLimit);
            assert.equal(statistics.freed.returned, statistics.freed.carved);
        });

        test('QEMU that dies is one sentence', async () => {
            const { child, result } = startSealift([...onBoard, image, 'sh', '-c', 'echo ready; sleep 60'], {
                timeout: TIMEOUT,
            });
            child.stdout.once('data', () =>
                execFileSync('pkill', ['-KILL', '-P', String(child.pid), 'qemu']),
            );
            const { code, stderr } = await result;
            assert.equal(code, 125);
            assert.match(
                stderr,
                /^sealift: machine: QEMU was ended by SIGKILL before the container ended; /m,
            );
        });

        test('build: the image runs by the command that it prints, and leaves room for U-Boot', async () => {
            const output = join(folder, `${board.name}.elf`);
            const command = ['sh', '-c', 'echo built; exit 6'];
            const built = await sealift(['build', '--board', board.name, '-o', output, image, ...command], {
                timeout: TIMEOUT,
            });
            assert.equal(built.code, 0, built.stderr);
            const instructions = built.stdout.toString();
            const line = instructions.split('\n').find((text) => text.startsWith(`  ${board.qemu.command} `));
            assert.ok(line, instructions);
            const outcome = await runPrintedCommand(line, TIMEOUT);
            assert.deepEqual(outcome, { stdout: 'built\n', exitCode: 6 });
            if (board.loader.kind === 'multiboot') return;
            // bootelf -p copies segments to their places from the file where it was loaded: they must not meet.
            const address = Number(/^ {2}bootelf -p (0x[0-9a-f]+)$/m.exec(instructions)?.[1]);
            const file = new ElfFile(readFileSync(output), output);
            for (const { type, vaddr, memorySize } of file.programHeaders) {
                if (type !== PT_LOAD) continue;
                assert.ok(vaddr + memorySize <= address || vaddr >= address + file.bytes.length);
            }
        });

        test('failures: the same sentences and exit codes', async () => {
            assert.equal((await same([], ['no-such-program'])).code, 127);
            assert.equal((await same([], ['/etc/passwd'])).code, 126);
            assert.equal((await same(['-u', 'nobody-here'], ['true'])).code, 125);
            assert.equal((await same(['-w', '/etc/passwd'], ['true'])).code, 125);
        });

        for (const script of scriptNames) {
            test(`script ${script}`, async () => {
                await same([], ['/bin/sh', join(scriptsInImage, script)]);
            });
        }
    });
}
