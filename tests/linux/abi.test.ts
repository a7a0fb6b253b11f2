// SPDX-License-Identifier: Apache-2.0
//
// The Linux ABI: C programs run on this machine's Linux and in a container, and must print the same bytes and end with the
// same code. What a program prints is what Linux does; nothing is written down here.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { testBoards } from '../e2e/kernels.js';
import type { ImageArchitecture } from '../e2e/shellImage.js';
import { file, folder } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';

const programsFolder = join(projectFolder, 'tests/linux/programs');
const programs = readdirSync(programsFolder)
    .filter((name) => name.endsWith('.c'))
    .map((name) => basename(name, '.c'));

const compilerOptions = ['-std=gnu11', '-O1', '-static', '-pthread', '-Wall', '-Wextra', '-Werror'];
/** A program that hangs fails its test; an emulated machine on a busy host is slow. */
const TIMEOUT = 60_000;
const BOARD_TIMEOUT = 300_000;

const work = mkdtempSync(join(tmpdir(), 'sealift-abi-'));
after(() => rmSync(work, { recursive: true }));

/** The sentry's own remarks on system calls and options that it does not know. */
const remark =
    /^sealift: (system calls answered with ENOSYS|options that are not supported, refused): .*\n/gm;

/** Compiles the programs for an architecture (OCI's name). Where they are. */
function compilePrograms(architecture: ImageArchitecture): string {
    const target = join(work, architecture);
    mkdirSync(target);
    for (const name of programs) {
        const source = join(programsFolder, `${name}.c`);
        execFileSync(compilers[architecture], [...compilerOptions, '-o', join(target, name), source, '-lm']);
    }
    return target;
}

/** The image of one program; its reference. One image of all of them takes a machine longer to unpack than most programs run. */
function programImage(name: string, architecture: ImageArchitecture): string {
    const layout = new OciLayout(join(work, `image-${architecture}-${name}`));
    const program = file(`bin/${name}`, readFileSync(join(compiledFor(architecture), name)), 0o755);
    const layer = makeLayer([folder('bin'), folder('tmp', 0o1777), program], true);
    const image = layout.addImage({ architecture, config: { WorkingDir: '/tmp' } }, [layer]);
    layout.writeIndex({ latest: image });
    return `oci:${layout.folder}`;
}

const compilers: Readonly<Record<ImageArchitecture, string>> = {
    amd64: 'gcc',
    arm64: 'aarch64-linux-gnu-gcc',
    riscv64: 'riscv64-linux-gnu-gcc',
};

/** Folders of compiled programs by architecture: several boards have the same. */
const compiled = new Map<ImageArchitecture, string>();

/** Where the programs are for an architecture, compiled once. */
function compiledFor(architecture: ImageArchitecture): string {
    let target = compiled.get(architecture);
    if (target === undefined) {
        target = compilePrograms(architecture);
        compiled.set(architecture, target);
    }
    return target;
}
before(() => compiledFor('amd64'));

interface Outcome {
    code: number | string | null;
    stdout: string;
    stderr: string;
}

/** What a program does on this machine's Linux. */
function onLinux(name: string): Outcome {
    // A folder of its own, as the container has: programs leave files behind, and run once for each board.
    const cwd = mkdtempSync(join(work, 'linux-'));
    const result = spawnSync(join(compiledFor('amd64'), name), { cwd, timeout: TIMEOUT });
    assert.equal(result.signal, null, 'the program does not end on Linux itself');
    const { status, stdout, stderr } = result;
    return { code: status, stdout: stdout.toString('latin1'), stderr: stderr.toString('utf8') };
}

/** What it does in a container. */
async function inContainer(words: string[], timeout: number): Promise<Outcome> {
    const { code, stdout, stderr } = await sealift(['run', ...words], { timeout });
    return { code, stdout: stdout.toString('latin1'), stderr: stderr.replace(remark, '') };
}

/**
 * Times that a program which did not do the same is compared again. Programs sleep to let their children, or Linux's own
 * threads, come to rest: on a busy machine, on either side, that is now and then too short. What is wrong is wrong every time.
 */
const REPETITIONS = 2;

for (const name of programs) {
    test(`${name}: as on Linux`, async (context) => {
        const words = [programImage(name, 'amd64'), `/bin/${name}`];
        for (let repetition = 0; ; repetition++) {
            const [actual, expected] = [await inContainer(words, TIMEOUT), onLinux(name)];
            if (repetition < REPETITIONS && !isDeepStrictEqual(actual, expected)) {
                context.diagnostic(`${name}: not the same; compared again`);
                continue;
            }
            assert.deepEqual(actual, expected);
            return;
        }
    });
}

// On real seL4 the same programs, compiled for its architecture, do what Linux on this machine does: of the processor they
// print nothing but its name.
for (const { board, image: architecture, skip } of testBoards) {
    if (skip !== false) test(`programs on board ${board.name}`, { skip });
    describe(`board ${board.name}`, { skip }, () => {
        before(() => compiledFor(architecture));
        for (const name of programs) {
            test(`${name}: as on Linux`, async () => {
                const image = programImage(name, architecture);
                const words = ['--quiet', '--board', board.name, image, `/bin/${name}`];
                const expected = onLinux(name);
                expected.stdout = expected.stdout.replaceAll('Linux x86_64', `Linux ${board.architecture}`);
                assert.deepEqual(await inContainer(words, BOARD_TIMEOUT), expected);
            });
        }
    });
}
