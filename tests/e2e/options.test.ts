// SPDX-License-Identifier: Apache-2.0
//
// The options of `sealift run` mean what they mean to container engines. Where Linux can be asked, it is.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sealift, startSealift, type Result, type StartOptions } from '../cli/commandLine.js';
import { symlink } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { LinuxReference, skipWithoutRoot } from './linuxReference.js';
import { shellConfig, shellLayers, writeShellImage } from './shellImage.js';
import { signalOnceReady } from './signalling.js';

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

/** Runs a shell command line in a container. */
function shell(text: string, options: readonly string[] = [], start: StartOptions = {}): Promise<Result> {
    return sealift(['run', ...options, image, 'sh', '-c', text], start);
}

async function prints(expected: string, text: string, options: readonly string[] = []): Promise<void> {
    const { code, stdout, stderr } = await shell(text, options);
    assert.equal(stderr, '');
    assert.equal(stdout.toString(), expected);
    assert.equal(code, 0);
}

test('--env and --env-file add to the image environment', async () => {
    const file = join(folder, 'variables');
    writeFileSync(file, '# variables\nA=file\nB=two words\n');
    await prints('option|two words|C\n', 'echo "$A|$B|$LANG"', ['--env-file', file, '-e', 'A=option']);
    const own = await shell('echo "$OWN_VARIABLE"', ['-e', 'OWN_VARIABLE'], {
        environment: { OWN_VARIABLE: 'mine' },
        input: '',
    });
    assert.equal(own.stdout.toString(), 'mine\n');
});

test('the whole environment of a program', { skip: skipWithoutRoot }, async () => {
    const command = ['/usr/bin/env'];
    const expected = await linux!.run(command, { environment, workingDirectory: '/srv' });
    const actual = await sealift(['run', image, ...command]);
    const sorted = (output: Buffer): string[] => output.toString().split('\n').sort();
    assert.deepEqual(sorted(actual.stdout), sorted(expected.stdout));
});

test('--workdir', async () => {
    await prints('/srv\n', 'pwd');
    await prints('/home/user\n', 'pwd', ['-w', '/home/user']);
    const made = await shell('pwd', ['-w', '/made/for/it']);
    assert.equal(made.stdout.toString(), '/made/for/it\n', made.stderr);
});

test('--user by name and by number, with a group', { skip: skipWithoutRoot }, async () => {
    const text =
        'id -u; id -g; echo $HOME; touch /tmp/mine && stat -c %u:%g /tmp/mine; ls /root; touch /srv/x';
    const expected = await linux!.run(['/bin/sh', '-c', text], {
        environment: [...(shellConfig.Env ?? []), 'HOME=/home/user'],
        workingDirectory: '/srv',
        user: { uid: 1000, gid: 1000 },
    });
    for (const user of ['user', '1000', '1000:1000', 'user:user']) {
        const actual = await shell(text, ['--user', user]);
        assert.equal(actual.stdout.toString(), expected.stdout.toString(), user);
        assert.equal(actual.stderr, expected.stderr.replaceAll('/bin/sh:', 'sh:'), user);
        assert.equal(actual.code, expected.code, user);
    }
    await prints('1000\n50\n', 'id -u; id -g', ['-u', 'user:staff']);
    const unknown = await shell('true', ['-u', 'nobody-of-that-name']);
    assert.match(unknown.stderr, /^sealift: [^\n]*nobody-of-that-name[^\n]*\n$/);
    assert.notEqual(unknown.code, 0);
});

test('--entrypoint replaces the entrypoint and drops the command', async () => {
    const echo = await sealift(['run', '--entrypoint', '/bin/echo', image, 'a', 'b c']);
    assert.equal(echo.stdout.toString(), 'a b c\n', echo.stderr);
    const alone = await sealift(['run', '--entrypoint', 'pwd', image]);
    assert.equal(alone.stdout.toString(), '/srv\n', alone.stderr);
});

test('--read-only', async () => {
    const { stdout, stderr, code } = await shell(
        'echo x >/srv/file; echo "status $?"; cat /srv/layers/base.txt',
        ['--read-only'],
    );
    assert.equal(stdout.toString(), 'status 1\nbase.txt is from layer 1\n');
    assert.equal(stderr, "sh: can't create /srv/file: Read-only file system\n");
    assert.equal(code, 0);
});

test('--hostname and --name', async () => {
    await prints('box\nbox\nbox\n', 'hostname; cat /etc/hostname; echo $HOSTNAME', ['--hostname', 'box']);
    await prints('named\n', 'hostname', ['--name', 'named']);
});

test('the files that engines provide in /etc', async () => {
    const hosts = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\tbox\n';
    await prints(hosts, 'cat /etc/hosts', ['--hostname', 'box']);
    await prints('644 0\n', 'stat -c "%a %s" /etc/resolv.conf');
    // An image's own name servers stay, even a link that leads nowhere.
    const layout = new OciLayout(join(folder, 'resolver'));
    const layers = [...shellLayers(), makeLayer([symlink('etc/resolv.conf', '../run/resolv.conf')], true)];
    layout.writeIndex({ latest: layout.addImage({ architecture: 'amd64', config: shellConfig }, layers) });
    const own = await sealift(['run', `oci:${layout.folder}`, 'readlink', '/etc/resolv.conf']);
    assert.equal(own.stdout.toString(), '../run/resolv.conf\n');
});

test('exit codes are the program’s; 126 and 127 are found and not found', async () => {
    for (const code of [0, 1, 42, 255]) assert.equal((await shell(`exit ${code}`)).code, code);
    const missing = await sealift(['run', image, 'no-such-program']);
    assert.equal(missing.code, 127);
    assert.match(missing.stderr, /^sealift: [^\n]*no-such-program[^\n]*\n$/);
    const text = await sealift(['run', image, '/etc/passwd']);
    assert.equal(text.code, 126);
    assert.match(text.stderr, /^sealift: [^\n]*\/etc\/passwd[^\n]*\n$/);
    const directory = await sealift(['run', image, '/etc']);
    assert.equal(directory.code, 126);
    assert.equal(directory.stdout.length, 0);
});

test('a process that a signal ends has exit code 128+n', async () => {
    for (const [name, number] of [
        ['KILL', 9],
        ['SEGV', 11],
        ['ABRT', 6],
    ] as const) {
        // Process 1 ignores what it does not handle, as on Linux; its child dies and it passes that on.
        const { code } = await shell(`sh -c 'kill -${name} $$'; exit $?`);
        assert.equal(code, 128 + number, name);
    }
});

/** Starts a shell script that says "ready", sends signals then, and waits for its end. */
async function interrupted(text: string, signals: readonly NodeJS.Signals[]): Promise<Result> {
    const { child, result } = startSealift(['run', image, 'sh', '-c', text]);
    child.stdin.end();
    signalOnceReady(child, { ready: /ready/, signals }, (signal) => child.kill(signal));
    return result;
}

test('Ctrl-C and SIGTERM reach the container', async () => {
    const loop = 'echo ready; i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done';
    const caught = await interrupted(`trap 'echo caught; exit 5' INT; ${loop}`, ['SIGINT']);
    assert.equal(caught.stdout.toString(), 'ready\ncaught\n', caught.stderr);
    assert.equal(caught.code, 5);
    const terminated = await interrupted(`trap 'echo ending; exit 0' TERM; ${loop}`, ['SIGTERM']);
    assert.equal(terminated.stdout.toString(), 'ready\nending\n', terminated.stderr);
    assert.equal(terminated.code, 0);
});

test(
    'SIGTERM is process 1’s alone, and nothing where it has no handler',
    { skip: skipWithoutRoot },
    async () => {
        const text = 'echo ready; sleep 2; echo "slept: $?"; exit 3';
        const signals = ['SIGTERM'] as const;
        const { code, stdout } = await interrupted(text, signals);
        const expected = await linux!.run(['sh', '-c', text], {
            environment,
            signalling: { ready: /ready/, signals },
        });
        assert.equal(stdout.toString(), expected.stdout.toString());
        assert.equal(code, expected.code);
    },
);

test('a second Ctrl-C ends a container that ignores the first', async () => {
    const { code } = await interrupted("trap '' INT; echo ready; sleep 60", ['SIGINT', 'SIGINT']);
    assert.equal(code, 130);
});

test('stdin is passed through whole, and its end is seen', async () => {
    const input = Buffer.alloc(300_000);
    for (let index = 0; index < input.length; index++) input[index] = (index * 7919) & 0xff;
    const sum = await shell('sha256sum; echo "end $?"', [], { input });
    const digest = createHash('sha256').update(input).digest('hex');
    assert.equal(sum.stdout.toString(), `${digest}  -\nend 0\n`, sum.stderr);
    const copied = await sealift(['run', '-i', image, 'cat'], { input });
    assert.deepEqual(copied.stdout, input);
    const lines = await shell('read a; read b; echo "$b $a"', [], { input: 'one\ntwo\nthree\n' });
    assert.equal(lines.stdout.toString(), 'two one\n');
});

test('output is passed through byte for byte, both streams apart', async () => {
    const { stdout, stderr, code } = await shell(
        'head -c 1000000 /dev/zero | tr "\\000" "\\245"; printf "\\245\\000err" >&2',
    );
    assert.equal(stdout.length, 1_000_000);
    assert.ok(stdout.every((byte) => byte === 0xa5));
    assert.equal(Buffer.from(stderr, 'utf8').length > 0, true);
    assert.equal(code, 0);
});

test('--strace prints system calls on stderr', async () => {
    const { stdout, stderr, code } = await sealift(['run', '--strace', image, 'cat', '/srv/layers/base.txt']);
    assert.equal(stdout.toString(), 'base.txt is from layer 1\n');
    assert.equal(code, 0);
    assert.match(stderr, /open(?:at)?\((?:AT_FDCWD, )?"\/srv\/layers\/base.txt", O_RDONLY[^)]*\) += 3$/m);
    assert.match(stderr, /exit_group\(0\)/);
});

test('--stats accounts for every byte', async () => {
    const { stderr, code } = await sealift(['run', '--stats-json', image, 'true']);
    assert.equal(code, 0);
    const statistics = JSON.parse(stderr) as {
        machineMemory: number;
        owners: { owner: string; bytes: number }[];
        container: { memoryLimit: number; owners: { owner: string; bytes: number }[]; systemCalls: number };
        freed: { carved: number; returned: number };
    };
    const sum = (owners: readonly { bytes: number }[]): number =>
        owners.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(sum(statistics.owners), statistics.machineMemory);
    assert.equal(sum(statistics.container.owners), statistics.container.memoryLimit);
    assert.ok(!statistics.owners.some(({ owner }) => owner === 'not accounted for'));
    assert.ok(!statistics.container.owners.some(({ owner }) => owner === 'not accounted for'));
    assert.equal(statistics.freed.returned, statistics.freed.carved);
    assert.ok(statistics.container.systemCalls > 0);
});

test('--cpus is what the container sees, and everything still runs', async () => {
    const show = 'cat /sys/fs/cgroup/cpu.max';
    await prints('max 100000\n', show);
    await prints('max 100000\n', show, ['--cpus', '1']);
    await prints('50000 100000\n', show, ['--cpus', '0.5']);
    await prints('12500 100000\n', show, ['--cpus', '.125']);
    // One scheduling context serves all threads: pipes, sleepers and a process that never waits.
    const busy =
        'while :; do :; done & echo piped | cat; sleep 0.05; (sleep 0.01; echo slept) & wait $!; kill %1';
    await prints('piped\nslept\n', busy, ['--cpus', '0.5']);
});
