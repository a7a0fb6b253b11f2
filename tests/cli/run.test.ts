// SPDX-License-Identifier: Apache-2.0
//
// `sealift run` against a machine that plays prepared parts (fakeKernel.ts): streams, exit codes, signals, cleaning up.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { projectFolder, sealift, startSealift, type Result, type StartOptions } from './commandLine.js';
import { tinyElf } from './tinyElf.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

const temporary = join(folder, 'tmp');
mkdirSync(temporary);
const kernel = join(folder, 'kernel');
writeFileSync(
    kernel,
    `#!/bin/sh\nexec "${process.execPath}" "${projectFolder}build/tests/cli/fakeKernel.js" "$@"\n`,
);
chmodSync(kernel, 0o755);
writeFileSync(join(folder, 'runtime.elf'), tinyElf());
const layout = new OciLayout(join(folder, 'image'));
const layer = makeLayer([{ name: 'file', type: 'file', content: Buffer.from('content') }], true);
layout.writeIndex({ latest: layout.addImage({ architecture: 'amd64', config: { Cmd: ['sh'] } }, [layer]) });
const image = `oci:${layout.folder}`;

const environment = {
    SEALIFT_LINUX_KERNEL: kernel,
    SEALIFT_RUNTIME: join(folder, 'runtime.elf'),
    TMPDIR: temporary,
};

/** Runs a part of the fake kernel; nothing may be left behind. */
async function run(commandArguments: readonly string[], options: StartOptions = {}): Promise<Result> {
    const result = await sealift(['run', ...commandArguments], { ...options, environment });
    assert.deepEqual(readdirSync(temporary), [], 'temporary files are left behind');
    return result;
}

test("the container's streams and exit code are the command's", async () => {
    const { code, stdout, stderr } = await run([image, 'streams']);
    assert.deepEqual([...stdout], [0, 0xa5, 0xff, 10]);
    assert.equal(stderr, 'to stderr\nwrite(1, "x", 1) = 1\n');
    assert.equal(code, 3);
});

test("--verbose shows the machine's own text too", async () => {
    const { stderr } = await run(['--verbose', image, 'streams']);
    assert.match(stderr, /^booting\n/);
    assert.match(stderr, /kernel remark\n/);
});

test('system.json has what the options say', async () => {
    writeFileSync(join(folder, 'variables'), 'A=file\nB=file\n');
    const { stdout, stderr, code } = await run([
        ...[
            '--memory',
            '32m',
            '--cpus',
            '0.5',
            '-e',
            'B=option',
            '--env-file',
            join(folder, 'variables'),
            '-w',
            '/srv',
            '-u',
            '1000:50',
        ],
        ...[
            '--entrypoint',
            '/bin/tool',
            '--read-only',
            '--strace',
            '--name',
            'box',
            '-i',
            '--rm',
            '--stats-json',
        ],
        ...[`${image}:latest`, 'system.json', '-e', '--not-an-option'],
    ]);
    assert.equal(code, 0, stderr);
    const { seed, ...request } = JSON.parse(stdout.toString()) as { seed: string };
    assert.match(seed, /^[0-9a-f]{64}$/);
    assert.deepEqual(request, {
        version: 2,
        oneShot: true,
        statistics: true,
        images: [
            {
                folder: 'images/0',
                kind: 'layout',
                tag: 'latest',
                platform: 'linux/amd64',
                name: `${image}:latest`,
            },
        ],
        containers: [
            {
                name: 'box',
                memory: 32 << 20,
                nanoCpus: 500_000_000,
                entrypoint: ['/bin/tool'],
                command: ['system.json', '-e', '--not-an-option'],
                environment: ['A=file', 'B=option'],
                workingDirectory: '/srv',
                user: '1000:50',
                readOnly: true,
                strace: true,
                hostname: 'box',
                interactive: true,
            },
        ],
    });
    const defaults = JSON.parse((await run([image])).stdout.toString()) as {
        containers: Record<string, unknown>[];
    };
    assert.deepEqual(defaults.containers[0], {
        name: 'container',
        memory: 64 << 20,
        nanoCpus: 0,
        entrypoint: null,
        command: null,
        environment: [],
        workingDirectory: null,
        user: null,
        readOnly: false,
        strace: false,
        hostname: 'container',
        interactive: true,
    });
    const emptied = JSON.parse((await run(['--entrypoint', '', image])).stdout.toString()) as typeof defaults;
    assert.deepEqual(emptied.containers[0]!.entrypoint, []);
});

test('the bundle has system.json first and only the files that are needed', async () => {
    const { stdout } = await run([image, 'bundle']);
    const names = stdout.toString().trimEnd().split('\n');
    assert.deepEqual(names.slice(0, 3), ['system.json', 'images/0/oci-layout', 'images/0/index.json']);
    assert.equal(names.length, 6);
    for (const name of names.slice(3)) assert.match(name, /^images\/0\/blobs\/sha256\/[0-9a-f]{64}$/);
});

test("the machine's memory is given in whole MiB", async () => {
    assert.equal(
        (await run(['--machine-memory', '100500k', image, 'memory'])).stdout.toString(),
        '--memory 99\n',
    );
    const { code, stderr } = await run(['--machine-memory', '1m', image, 'memory']);
    assert.match(
        stderr,
        /^sealift: --machine-memory 1m: a machine has from 4m to 256g; give for example 512m\n$/,
    );
    assert.equal(code, 125);
});

test('stdin is passed through under credit, in every size', async () => {
    for (const size of [0, 1, 99, 100, 101, 20_000]) {
        const input = Buffer.alloc(size, 'abcdefghijk\n');
        const { code, stdout, stderr } = await run(['-i', image, 'cat'], { input });
        assert.equal(code, 0, stderr);
        assert.deepEqual(stdout, input);
    }
});

test('a container that ends before its stdin does', async () => {
    const { code, stdout } = await run([image, 'firstLine'], { input: 'one\ntwo\n' });
    assert.equal(stdout.toString(), 'one\n');
    assert.equal(code, 0);
});

test('exit codes of signals and of commands that cannot be run', async () => {
    assert.equal((await run([image, 'signal', '9'])).code, 137);
    const notFound = await run([image, 'notFound']);
    assert.equal(notFound.code, 127);
    assert.equal(notFound.stderr, 'sealift: no-such-program: not found in PATH; check the command\n');
    const failed = await run([image, 'failed']);
    assert.equal(failed.code, 125);
    assert.equal(failed.stderr, 'sealift: layer 1: damaged; pull the image again\n');
});

test('a machine that says OFF and has no switch is ended', async () => {
    const started = performance.now();
    const ended = await run([image, 'noSwitch']);
    assert.equal(ended.code, 6, ended.stderr);
    assert.equal(ended.stderr, '');
    const panicked = await run([image, 'panic']);
    assert.equal(panicked.code, 125);
    assert.match(
        panicked.stderr,
        /^panic: no memory\nsealift: machine: it switched off before the container/,
    );
    assert.ok(performance.now() - started < 20_000, 'each takes two seconds, not the time of a hang');
});

test('a machine that fails is reported with its text', async () => {
    const crash = await run([image, 'crash']);
    assert.equal(crash.code, 125);
    assert.match(
        crash.stderr,
        /^panic: something is wrong\nsealift: machine: it ended with status 70 before the container/,
    );
    const killed = await run([image, 'killed']);
    assert.equal(killed.code, 125);
    assert.match(killed.stderr, /sealift: machine: it was ended by SIGSEGV before/);
    for (const [part, cause] of [
        ['damaged', /its control channel is damaged \(a frame announces 65535 bytes\)/],
        ['nonsense', /its control channel is damaged \(the target's EXIT message has no valid "exitCode"\)/],
        ['protocol', /it speaks protocol 1, not 2/],
    ] as const) {
        const result = await run([image, part]);
        assert.equal(result.code, 125, part);
        assert.match(result.stderr, cause);
    }
    const absent = await sealift(['run', image], {
        environment: { ...environment, SEALIFT_LINUX_KERNEL: join(folder, 'absent') },
    });
    assert.equal(absent.code, 125);
    assert.match(absent.stderr, /sealift: machine: it cannot be started \(.*ENOENT\); build the project/);
});

/** Starts a part, waits for its first output, and lets `act` do something to the process. */
async function whenReady(
    part: readonly string[],
    act: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Result> {
    const { child, result } = startSealift(['run', image, ...part], { environment });
    child.stdout.once('data', () => act((signal) => child.kill(signal)));
    const settled = await result;
    assert.deepEqual(readdirSync(temporary), [], 'temporary files are left behind');
    return settled;
}

test('signals reach the container', async () => {
    const interrupted = await whenReady(['waitForSignal'], (kill) => kill('SIGINT'));
    assert.equal(interrupted.stdout.toString(), 'ready\nsignal 2 for container 1\n');
    assert.equal(interrupted.code, 130);
    const terminated = await whenReady(['waitForSignal'], (kill) => kill('SIGTERM'));
    assert.equal(terminated.stdout.toString(), 'ready\nsignal 15 for container 1\n');
    assert.equal(terminated.code, 143);
});

test('a second Ctrl-C ends a container that ignores the first', async () => {
    const { code } = await whenReady(['waitForSignal', 'ignore'], (kill) => {
        kill('SIGINT');
        setTimeout(() => kill('SIGINT'), 300);
    });
    assert.equal(code, 130);
});

test('a container whose output nobody reads gets SIGPIPE and ends', async () => {
    const { child, result } = startSealift(['run', image, 'endless'], { environment });
    child.stdout.once('data', () => child.stdout.destroy());
    assert.equal((await result).code, 141);
    assert.deepEqual(readdirSync(temporary), []);
});

test('--stats shows who owned the memory', async () => {
    const { stderr } = await run(['--stats', image, 'signal', '0']);
    assert.match(stderr, /root task: heap +1048576 +1\.0 MiB\n/);
    assert.match(stderr, /sum +4194304 +4\.0 MiB\n/);
    assert.match(stderr, /anonymous +8192 +8\.0 KiB\n/);
    assert.match(stderr, /returned when the container ended: 8192 of 8192 bytes\n/);
});

test('options that cannot be are refused before anything starts', async () => {
    const cases: [string[], RegExp][] = [
        [['--memory', 'much', image], /^sealift: --memory much: not a size; write a number and a unit/],
        [['--platform', 'x', './busybox'], /^sealift: image \.\/busybox: names no transport/],
        [['--platform', 'A/B', image], /^sealift: --platform A\/B: not a platform/],
        [['--workdir', 'here', image], /^sealift: --workdir here: not an absolute path/],
        [['--hostname', 'a b', image], /^sealift: --hostname a b: not a host name/],
        [['--env-file', '/absent', image], /^sealift: --env-file \/absent: there is no such file or folder/],
        [['--no-such-option', image], /^sealift: unknown option '--no-such-option'/],
        [[], /^sealift: missing required argument 'image'/],
    ];
    for (const [commandArguments, message] of cases) {
        const { code, stdout, stderr } = await run(commandArguments);
        assert.equal(code, 125, commandArguments.join(' '));
        assert.match(stderr, message);
        assert.equal(stdout.length, 0);
    }
});
