// SPDX-License-Identifier: Apache-2.0
//
// What cannot be run ends with one clear sentence and the documented exit code. tests/manager has the images whose layers
// are refused; here are those that fail on the way from the image to its first process, and while it runs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder as folderEntry } from '../images/busyboxImage.js';
import { makeLayer, OciLayout, type ImageSettings, type LayerEntry } from '../images/ociLayout.js';
import { shellConfig, shellLayers } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** An image of one layer; its reference. */
function imageOf(
    entries: readonly LayerEntry[],
    config: ImageSettings['config'],
    architecture = 'amd64',
): string {
    const layout = new OciLayout(join(folder, `image-${++made}`));
    layout.writeIndex({ latest: layout.addImage({ architecture, config }, [makeLayer(entries, true)]) });
    return `oci:${layout.folder}`;
}

let shell = '';
before(() => {
    const layout = new OciLayout(join(folder, 'shell'));
    layout.writeIndex({
        latest: layout.addImage({ architecture: 'amd64', config: shellConfig }, shellLayers()),
    });
    shell = `oci:${layout.folder}`;
});

/** One line from Sealift, nothing from the container, and the exit code. */
async function refuses(code: number, pattern: RegExp, commandArguments: readonly string[]): Promise<void> {
    const result = await sealift(['run', ...commandArguments]);
    assert.match(result.stderr, /^sealift: [^\n]+\n$/);
    assert.match(result.stderr, pattern);
    assert.equal(result.code, code);
    assert.equal(result.stdout.length, 0);
}

test('a platform that the image has not: those present are listed', async () => {
    await refuses(125, /linux\/s390x.*linux\/amd64, linux\/arm64/, [
        ...['--platform', 'linux/s390x'],
        `oci:${join(projectFolder, 'build/images/demo')}:demo`,
    ]);
});

test("a platform that is not the machine's", async () => {
    await refuses(125, /arm64/, [
        '--platform',
        'linux/arm64',
        `oci:${join(projectFolder, 'build/images/demo')}:demo`,
    ]);
});

test('a program for another machine', async () => {
    const busybox = join(projectFolder, 'build/apt-binary/unpacked/busybox-static-arm64/bin/busybox');
    const image = imageOf([folderEntry('bin'), file('bin/busybox', readFileSync(busybox), 0o755)], {});
    await refuses(126, /\/bin\/busybox.*(aarch64|arm64|machine|architecture)/i, [
        image,
        '/bin/busybox',
        'true',
    ]);
});

test('a program that is a damaged ELF file', async () => {
    const program = Buffer.from(readFileSync('/proc/self/exe').subarray(0, 4096));
    program.fill(0xff, 64);
    const image = imageOf([file('program', program, 0o755)], {});
    await refuses(126, /\/program/, [image, '/program']);
});

test('an image that names no program', async () => {
    await refuses(125, /[Ee]ntrypoint|command/, [imageOf([file('a', 'b')], {})]);
});

test('an entrypoint that is not there', async () => {
    await refuses(127, /\/missing/, [imageOf([file('a', 'b')], { Entrypoint: ['/missing'] })]);
});

test('too little memory for the container or the machine', async () => {
    await refuses(125, /memory/, ['--memory', '64k', shell, 'true']);
    await refuses(125, /memory/, ['--memory', '4g', shell, 'true']);
    await refuses(125, /memory/, ['--machine-memory', '4m', shell, 'true']);
});

test('files larger than the memory that is left for them do not fit, and nobody is killed', async () => {
    const result = await sealift([
        ...['run', '--memory', '16m', shell, 'sh', '-c'],
        'dd if=/dev/zero of=/tmp/large bs=1M count=100 2>&1 | head -n 1; rm /tmp/large; echo still here',
    ]);
    assert.equal(
        result.stdout.toString(),
        "dd: error writing '/tmp/large': No space left on device\nstill here\n",
    );
    assert.equal(result.stderr, '');
    assert.equal(result.code, 0);
});

test('sockets that nobody receives from leave processes their memory', async () => {
    const program = join(folder, 'fillSockets');
    const source = join(projectFolder, 'tests/e2e/fillSockets.c');
    execFileSync('gcc', ['-std=gnu11', '-O1', '-static', '-o', program, source]);
    const image = imageOf([file('fill', readFileSync(program), 0o755)], { Cmd: ['/fill'] });
    const { code, stdout, stderr } = await sealift(['run', '--memory', '16m', image]);
    assert.equal(stderr, '');
    assert.equal(stdout.toString('utf8'), 'refused\nworks\n');
    assert.equal(code, 0);
});

test('a process that uses more than the memory of its container is killed alone, and named', async () => {
    const result = await sealift([
        ...['run', '--memory', '16m', shell, 'sh', '-c'],
        // It keeps what it reads until a line ends, which none does.
        'tail /dev/zero; echo "status $?"; echo still here',
    ]);
    const lines = result.stderr.split('\n');
    assert.match(
        lines[0]!,
        /^sealift: process \d+ \(tail\) is killed: it has 1\d MiB of the container's 16 MiB, .*memory is used up; raise --memory$/,
    );
    assert.equal(lines[1], 'Killed');
    assert.equal(result.stdout.toString(), 'status 137\nstill here\n');
    assert.equal(result.code, 0);
});

test('where memory is used up, the process that has most of it makes room for others', async () => {
    const result = await sealift([
        ...['run', '--memory', '16m', shell, 'sh', '-c'],
        // One keeps 9 MiB and waits for more, the other needs 8 MiB and is never told of anything.
        '(head -c 9000000 /dev/zero; sleep 30) | tail -c 20000000 & sleep 3; dd if=/dev/zero of=/dev/null bs=8M count=1; echo done',
    ]);
    assert.match(result.stderr, /^sealift: process \d+ \(tail\) is killed: it has (9|1\d) MiB of/);
    assert.match(result.stderr, /1\+0 records in\n1\+0 records out\n/);
    assert.equal(result.stdout.toString(), 'done\n');
    assert.equal(result.code, 0);
});

/** An image with a static program of this folder, compiled here. */
function programImage(name: string): string {
    const source = join(projectFolder, 'tests/e2e', `${name}.c`);
    const program = join(folder, name);
    execFileSync('gcc', ['-O1', '-static', '-nostdlib', '-ffreestanding', '-o', program, source]);
    return imageOf([file('program', readFileSync(program), 0o755)], { Entrypoint: ['/program'] });
}

test('a first process that a fault ends has exit code 128 + SIGSEGV', async () => {
    const { code, stdout } = await sealift(['run', programImage('nullPointer')]);
    assert.equal(code, 139);
    assert.equal(stdout.length, 0);
});

test('a system call that is not known is ENOSYS and is named at the end', async () => {
    const { code, stderr, stdout } = await sealift(['run', programImage('unknownSystemCall')]);
    // The program leaves with the error number that all its calls gave.
    assert.equal(code, 38, stderr);
    assert.equal(stdout.length, 0);
    const lines = stderr.split('\n').filter((line) => line.includes('999'));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0]!, /\b3\b/);
});
