// SPDX-License-Identifier: Apache-2.0
//
// Systems of Compose files on platform/linux: BusyBox and Debian's Redis beside each other, looked after by the commands of a person.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectFolder, sealift, type Result, type StartOptions } from '../cli/commandLine.js';
import { debianImage } from '../images/makeDebianImages.js';
import { PersonAtTerminal, resizeTerminal, skipWithoutTerminal } from './personAtTerminal.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-system-'));
const shop = join(folder, 'shop');
mkdirSync(join(shop, 'site'), { recursive: true });
writeFileSync(join(shop, 'site', 'index.html'), 'welcome\n');
writeFileSync(join(shop, 'settings'), 'colour=red\n');
for (const name of ['run', 'state', 'tmp']) mkdirSync(join(folder, name), { mode: 0o700 });

const busybox = `oci:${join(projectFolder, 'build/images/demo')}`;

const environment = {
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_STATE_HOME: join(folder, 'state'),
    TMPDIR: join(folder, 'tmp'),
    API_KEY: 'secret key',
};

/** Waits for a signal to end by, as a server does. */
const serve = 'trap "echo bye; exit 0" TERM; while sleep 0.1; do :; done';

writeFileSync(
    join(shop, 'compose.yaml'),
    `
x-small: &small
  image: ${busybox}
  mem_limit: 8m
services:
  db:
    image: ${debianImage('redis')}
    command: redis-server --port 7000 --save '' --appendonly no
    mem_limit: 48m
    healthcheck: { test: [CMD, redis-cli, -p, "7000", ping], interval: 300ms, timeout: 20s, retries: 50 }
  web:
    <<: *small
    command: [sh, -c, 'cat /srv/index.html /etc/settings; ${serve}']
    depends_on: { db: { condition: service_healthy }, init: { condition: service_completed_successfully } }
    volumes: ["./site:/srv:ro", "./settings:/etc/settings"]
    secrets: [key]
    tmpfs: /cache:mode=0700
    environment: { NAME: web }
    scale: 2
  init:
    <<: *small
    command: [sh, -c, 'echo preparing; exit 0']
  flaky:
    <<: *small
    command: [sh, -c, 'echo trying; exit 3']
    restart: on-failure:2
secrets:
  key: { environment: API_KEY }
`,
);

function run(words: readonly string[], options: StartOptions = {}): Promise<Result> {
    return sealift(words, { ...options, folder: shop, environment, timeout: 180_000 });
}

/** Runs a command that has to work; the result is what it prints. */
async function printed(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout.toString();
}

interface Plan {
    needed: number;
    fits: boolean;
}

let plan: Plan;

before(async () => {
    plan = JSON.parse(await printed('plan', '--format', 'json')) as Plan;
    const { code, stderr } = await run(['up', '--wait', '--wait-timeout', '120']);
    assert.equal(code, 0, stderr);
});
after(async () => {
    await run(['down', '-t', '5']);
    try {
        assert.deepEqual(readdirSync(join(folder, 'run', 'sealift')), []);
        assert.deepEqual(readdirSync(join(folder, 'tmp')), []);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

interface Listed {
    name: string;
    state: string;
    health: string;
    exitCode: number;
    restarts: number;
    started: number;
    finished: number;
}

async function list(): Promise<Map<string, Listed>> {
    const lines = (await printed('ps', '-a', '--format', 'json')).trimEnd().split('\n');
    return new Map(lines.map((line) => JSON.parse(line) as Listed).map((one) => [one.name, one]));
}

test('containers start when what they depend on is ready', async () => {
    const all = await list();
    const [db, init, web] = ['shop-db-1', 'shop-init-1', 'shop-web-1'].map((name) => all.get(name)!);
    assert.deepEqual([db!.state, db!.health], ['running', 'healthy']);
    assert.deepEqual([init!.state, init!.exitCode], ['exited', 0]);
    assert.deepEqual([web!.state, web!.health], ['running', 'none']);
    assert.ok(web!.started >= init!.finished, 'the web server waited for init');
    assert.ok(web!.started >= db!.started, 'and for the database');
});

test('a container that fails is started again as often as it may be', async () => {
    const flaky = (await list()).get('shop-flaky-1')!;
    assert.deepEqual([flaky.state, flaky.exitCode, flaky.restarts], ['exited', 3, 2]);
    assert.equal(await printed('logs', '--no-log-prefix', 'flaky'), 'trying\n'.repeat(3));
});

test('files, secrets and tmpfs are where the file says', async () => {
    assert.equal(await printed('logs', '--no-log-prefix', 'web-1'), 'welcome\ncolour=red\n');
    const exec = (...words: string[]): Promise<Result> => run(['exec', 'web', ...words]);
    assert.equal((await exec('cat', '/run/secrets/key')).stdout.toString(), 'secret key');
    assert.equal(
        (await exec('sh', '-c', 'echo $NAME; stat -c %a /cache; hostname')).stdout.toString(),
        'web\n700\nweb\n',
    );
    const written = await exec('sh', '-c', 'echo x > /srv/index.html');
    assert.notEqual(written.code, 0);
    assert.match(written.stderr, /Read-only file system/);
    // What is not :ro is a copy of the container's own.
    assert.equal(
        (await exec('sh', '-c', 'echo blue > /etc/settings && cat /etc/settings')).stdout.toString(),
        'blue\n',
    );
    assert.equal(
        (await run(['exec', '--index', '2', 'web', 'cat', '/etc/settings'])).stdout.toString(),
        'colour=red\n',
    );
});

test('exec runs processes with their own streams, environment and exit codes', async () => {
    const cli = (...words: string[]): Promise<Result> =>
        run(['exec', 'db', 'redis-cli', '-p', '7000', ...words]);
    assert.equal((await cli('set', 'a', '5')).stdout.toString(), 'OK\n');
    assert.equal((await cli('incr', 'a')).stdout.toString(), '6\n');
    const input = Buffer.alloc(100_000, 'a line of text\n');
    assert.deepEqual((await run(['exec', '-i', 'web', 'cat'], { input })).stdout, input);
    const both = await run([
        'exec',
        '-e',
        'A=b',
        '-w',
        '/etc',
        '-u',
        '7',
        'web',
        'sh',
        '-c',
        'echo $A $PWD; id -u >&2; exit 9',
    ]);
    assert.deepEqual([both.code, both.stdout.toString(), both.stderr], [9, 'b /etc\n', '7\n']);
    assert.equal((await run(['exec', 'web', 'no-such-program'])).code, 127);
});

test('exec -it: a shell at a terminal of its own', { skip: skipWithoutTerminal }, async () => {
    const names = ['XDG_RUNTIME_DIR', 'XDG_STATE_HOME', 'TMPDIR'] as const;
    const variables = names.map((name) => `${name}=${environment[name]}`).join(' ');
    const command = `${variables} ${join(projectFolder, 'cli/sealift.mjs')} exec -it -e "PS1=ready> " web sh`;
    const person = new PersonAtTerminal(`tty; ${command}`, shop);
    try {
        const [device] = await person.see(/\/dev\/pts\/\d+/);
        await person.see(/ready> /);
        person.type('tty; echo $TERM; stty size\r');
        await person.see(/\/dev\/pts\/0\r\nxterm\r\n24 80\r\n/);
        person.type(`sh -c 'trap "echo resized; exit" WINCH; echo wai""ting; while :; do sleep 0.1; done'\r`);
        await person.see(/\r\nwaiting\r\n/);
        resizeTerminal(device, 40, 132);
        await person.see(/resized\r\n/);
        person.type('stty size\r');
        await person.see(/\r\n40 132\r\n/);
        // Ctrl-C ends what is in the foreground, and neither the shell nor the command.
        person.type('sh -c "echo star\'\'ted; sleep 1000"\r');
        await person.see(/\r\nstarted\r\n/);
        person.type('\x03');
        await person.see(/\^C\r\n/);
        person.type('echo code $?\r');
        await person.see(/code 130\r\n/);
        person.type('exit 7\r');
        assert.equal(await person.exitCode(), 7);
    } finally {
        person.leave();
    }
});

test('the plan is what the running system takes', async () => {
    assert.equal(plan.fits, true);
    const account = JSON.parse(await printed('stats', '--owners', '--format', 'json')) as {
        owners: { owner: string; bytes: number }[];
        kernelOverhead: number;
    };
    const used = account.owners
        .filter(({ owner }) => !owner.startsWith('free'))
        .reduce((sum, { bytes }) => sum + bytes, 0);
    // Containers that have ended have given their memory back; the plan has it.
    const ended = 2 * (8 << 20);
    const taken = used + account.kernelOverhead + ended;
    assert.ok(Math.abs(plan.needed - taken) < taken * 0.05, `planned ${plan.needed}, taken ${taken}`);
});

test('containers are stopped by their signal, started again, and logged', async () => {
    await printed('restart', 'web-2');
    assert.equal(
        await printed('logs', '--no-log-prefix', 'web-2'),
        'welcome\ncolour=red\nbye\nwelcome\ncolour=red\n',
    );
    await printed('stop', 'web');
    const all = await list();
    assert.deepEqual([all.get('shop-web-1')!.state, all.get('shop-web-1')!.exitCode], ['exited', 0]);
    assert.equal(await printed('ps', '-q'), 'shop-db-1\n');
    await printed('rm', 'web-2');
    await printed('start', 'web-1');
    assert.equal(await printed('ps', '-q'), 'shop-db-1\nshop-web-1\n');
    await printed('kill', '-s', 'KILL', 'web-1');
    assert.equal((await list()).get('shop-web-1')!.exitCode, 137);
    assert.match(await printed('stats', '--no-stream'), /shop-db-1 +\d/);
});
