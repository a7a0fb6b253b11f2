// SPDX-License-Identifier: Apache-2.0
//
// Commands that look after a system in the background, against a machine that plays prepared parts (fakeSystem.ts).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Result, StartOptions } from './commandLine.js';
import { fakeMachine } from './fakeMachine.js';

const machine = fakeMachine(async () => {
    await run(['down']);
    assert.deepEqual(readdirSync(join(machine.folder, 'run', 'sealift')), []);
    assert.deepEqual(readdirSync(join(machine.folder, 'tmp')), []);
});
const folder = machine.project('shop', {
    db: { command: ['wait'], healthcheck: { test: 'true' } },
    web: { command: ['print', 'hello', 'world'], depends_on: ['db'], scale: 2 },
    init: { command: ['exit', '0'] },
});

/** Runs a command that has to work; the result is what it prints. */
async function printed(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await machine.run(folder, words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout.toString();
}

function run(words: readonly string[], options: StartOptions = {}): Promise<Result> {
    return machine.run(folder, words, options);
}

before(async () => {
    const { code, stderr } = await run(['up', '--wait']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Container shop-db-1 {2}Healthy/);
});
test("the socket is its user's alone", () => {
    const sockets = join(machine.folder, 'run', 'sealift');
    assert.equal(statSync(sockets).mode & 0o777, 0o700);
    assert.equal(statSync(join(sockets, 'shop.sock')).mode & 0o777, 0o600);
});

test('ps lists what runs, and with -a what has ended', async () => {
    assert.match(
        await printed('ps'),
        /^NAME +IMAGE +SERVICE +STATUS +RESTARTS\nshop-db-1 .* db +Up .* \(healthy\)/,
    );
    assert.doesNotMatch(await printed('ps'), /shop-init-1/);
    assert.match(await printed('ps', '-a'), /shop-init-1 .* Exited \(0\) .* ago/);
    assert.equal(await printed('ps', '-q', 'web'), 'shop-web-1\nshop-web-2\n');
    assert.equal(await printed('ps', '--services'), 'db\nweb\n');
    const [first] = (await printed('ps', '--format', 'json')).split('\n');
    const { name, service, state, health, project } = JSON.parse(first!) as Record<string, unknown>;
    assert.deepEqual(
        [name, service, state, health, project],
        ['shop-db-1', 'db', 'running', 'healthy', 'shop'],
    );
    const list = await printed('ls', '--format', 'json');
    assert.equal((JSON.parse(list) as { running: number }).running, 3);
});

test('the system is found by -p, by the Compose file, and where it is the only one', async () => {
    for (const [where, words] of [
        [machine.folder, []],
        [machine.folder, ['-p', 'shop']],
        [machine.folder, ['-f', 'shop/compose.yaml']],
    ] as const) {
        const { code, stdout } = await machine.run(where, ['ps', '-q', ...words]);
        assert.equal(code, 0);
        assert.match(stdout.toString(), /shop-web-2/);
    }
    const { code, stderr } = await run(['ps', '-p', 'other']);
    assert.equal(code, 125);
    assert.match(stderr, /^sealift: project other: its system does not run; start it with `sealift up`\n$/);
});

test('a second system of the same name is refused', async () => {
    const { code, stderr } = await run(['up']);
    assert.equal(code, 125);
    assert.match(stderr, /^sealift: project shop: its system runs already/);
});

test('logs are kept, cut and followed', async () => {
    assert.match(await printed('logs', 'web'), /^web-1 {2}\| hello\n/);
    assert.equal(await printed('logs', '--no-log-prefix', '--tail', '1', 'shop-web-1'), 'world\n');
    assert.match(
        await printed('logs', '-t', '--tail', '1', 'web-2'),
        /^web-2 {2}\| \d{4}-\d\d-\d\dT[\d:.]+Z world\n$/,
    );
    const [line] = (await printed('logs', '--format', 'json', 'web-1')).split('\n');
    const entry = JSON.parse(line!) as Record<string, unknown>;
    assert.deepEqual([entry.container, entry.stream, entry.line], ['shop-web-1', 'stdout', 'hello']);
    // Following ends when the container has.
    assert.match(await printed('logs', '-f', 'init'), /about to exit/);
    const { code, stderr } = await run(['logs', 'nobody']);
    assert.equal(code, 125);
    assert.match(stderr, /nobody: project shop has no such service or container; it has shop-db-1/);
});

test('exec passes streams, options and exit codes', async () => {
    const echoed = await run(['exec', 'web', 'echo', 'hello', '-n']);
    assert.equal(echoed.stdout.toString(), 'hello -n\n');
    assert.equal(echoed.stderr, 'noise\n');
    assert.equal((await run(['exec', 'db', 'exit', '42'])).code, 42);
    const missing = await run(['exec', 'db', 'nothing']);
    assert.equal(missing.code, 127);
    assert.equal(missing.stderr, 'sealift: nothing: not found in PATH; check the command\n');
    const text = await printed(
        'exec',
        '--index',
        '2',
        '-e',
        'A=b',
        '-w',
        '/srv',
        '-u',
        '1',
        'web',
        'request',
        '-x',
    );
    assert.deepEqual(JSON.parse(text), {
        op: 'exec',
        container: 'shop-web-2',
        args: ['request', '-x'],
        environment: ['A=b'],
        workingDirectory: '/srv',
        user: '1',
        terminal: false,
        terminalRows: 0,
        terminalColumns: 0,
        interactive: false,
    });
    const input = Buffer.alloc(50_000, 'abcdefghi\n');
    assert.deepEqual((await run(['exec', '-i', 'db', 'cat'], { input })).stdout, input);
    const ended = await run(['exec', 'init', 'echo']);
    assert.equal(ended.code, 125);
    assert.match(ended.stderr, /container shop-init-1 does not run; start it first/);
    const terminal = await run(['exec', '-t', 'db', 'echo']);
    assert.equal(terminal.stderr, 'sealift: the input device is not a TTY\n');
});

test('signals reach processes of exec, and those whose client has gone are ended', async () => {
    const { child, result } = machine.start(folder, ['exec', 'db', 'wait']);
    child.stderr.once('data', () => child.kill('SIGTERM'));
    assert.equal((await result).code, 143);
    const gone = machine.start(folder, ['exec', '-i', 'db', 'cat']);
    gone.child.stderr.once('data', () => gone.child.kill('SIGKILL'));
    assert.equal((await gone.result).code, 'SIGKILL');
    assert.equal(await printed('exec', 'db', 'echo', 'still there'), 'still there\n');
});

test('several clients share the one line', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => `client ${index}`);
    const results = await Promise.all(texts.map((text) => run(['exec', 'db', 'echo', text])));
    assert.deepEqual(
        results.map(({ stdout }) => stdout.toString()),
        texts.map((text) => `${text}\n`),
    );
});

test('stats are shown as a table, as JSON and by owner', async () => {
    const table = await printed('stats', '--no-stream', 'web');
    assert.match(table, /^NAME +CPU % +MEM USAGE/);
    assert.match(table, /shop-web-1 +\d+\.\d\d% +1\.0 MiB \/ 64\.0 MiB +1\.56% +1 +5 +6/);
    assert.doesNotMatch(table, /shop-db-1/);
    const [line] = (await printed('stats', '--no-stream', '--format', 'json')).split('\n');
    assert.equal((JSON.parse(line!) as { memory: number }).memory, 1 << 20);
    assert.match(await printed('stats', '--owners', 'db'), /sum +16777216[^]*OF IT, CONTAINER shop-db-1/);
});

test('inspect shows containers, and images as before', async () => {
    const [container] = JSON.parse(await printed('inspect', 'shop-web-1')) as { service: string }[];
    assert.equal(container!.service, 'web');
    assert.match(await printed('inspect', machine.image), /^Image +oci:/);
    const { stderr } = await run(['inspect', 'nobody']);
    assert.match(stderr, /image nobody: names no transport, and no image on this machine has that name/);
});

test('containers are stopped, started, killed and removed', async () => {
    const stopped = await run(['stop', '-t', '0', 'web']);
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.match(stopped.stderr, /Container shop-web-1 {2}Stopped/);
    assert.doesNotMatch(await printed('ps'), /shop-web/);
    assert.match(await printed('logs', 'web-1'), /stopping with 0 seconds/);
    assert.match((await run(['start', 'web'])).stderr, /Container shop-web-2 {2}Started/);
    assert.equal(await printed('ps', '-q', 'web'), 'shop-web-1\nshop-web-2\n');
    const restarted = await run(['restart', 'db']);
    assert.match(restarted.stderr, /db-1 {2}Stopped\n.*db-1 {2}Started/);
    await printed('kill', '-s', 'TERM', 'web-2');
    assert.match(await printed('ps', '-a', 'web-2'), /Exited \(143\)/);
    const again = await run(['kill', 'web-2']);
    assert.match(again.stderr, /container shop-web-2 does not run/);
    const refused = await run(['rm', 'web-1']);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /container shop-web-1 runs; stop it first, or use force/);
    await printed('rm', 'web-2');
    await printed('rm', '-f', 'web-1');
    assert.equal(await printed('ps', '-aq'), 'shop-db-1\nshop-init-1\n');
    const unknown = await run(['kill', '-s', 'NOPE', 'db']);
    assert.match(unknown.stderr, /--signal NOPE: not a signal/);
});

test('what a dead system has left is no hindrance', async () => {
    const where = machine.project('dead', { web: { command: ['wait'] } });
    const path = join(machine.folder, 'run', 'sealift', 'dead.sock');
    // A socket that nobody listens on: its process has been killed.
    spawnSync(process.execPath, [
        '-e',
        `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    assert.ok(statSync(path).isSocket());
    const { stderr } = await machine.run(where, ['ps']);
    assert.match(stderr, /project dead: its system does not run/);
    assert.equal((await machine.run(where, ['up', '-d'])).code, 0);
    assert.match((await machine.run(where, ['ps', '-q'])).stdout.toString(), /dead-web-1/);
    assert.equal((await machine.run(where, ['down'])).code, 0);
    // Its logs can still be read.
    assert.match((await machine.run(where, ['logs'])).stdout.toString(), /stopping with its own seconds/);
});

test('a folder of sockets that others can enter is refused', async () => {
    const open = join(machine.folder, 'open');
    mkdirSync(join(open, 'sealift'), { recursive: true });
    chmodSync(join(open, 'sealift'), 0o755);
    const { code, stderr } = await run(['ls'], { environment: { XDG_RUNTIME_DIR: open } });
    assert.equal(code, 125);
    assert.match(stderr, /is not a folder that only you can enter/);
});
