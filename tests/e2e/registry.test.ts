// SPDX-License-Identifier: Apache-2.0
//
// Images from a real registry (Debian's docker-registry) on loopback, pushed by skopeo: pulled, run, kept, saved and removed.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { projectFolder, sealift, type Result } from '../cli/commandLine.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
const demo = `oci:${join(projectFolder, 'build/images/demo')}:demo`;
const missing = ['docker-registry', 'skopeo'].filter(
    (tool) => spawnSync(tool, ['--version']).error !== undefined,
);
const skip = missing.length > 0 && `SKIPPED: ${missing.join(' and ')} not installed`;

const registries: ChildProcess[] = [];

/** A port of loopback that nobody has at the moment. */
async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** Starts a registry; its host. */
async function startRegistry(name: string, auth = ''): Promise<string> {
    const port = await freePort();
    const configuration = join(folder, `${name}.yml`);
    writeFileSync(
        configuration,
        `version: 0.1\nlog: {accesslog: {disabled: true}, level: error}\n` +
            `storage: {filesystem: {rootdirectory: ${join(folder, name)}}}\n` +
            `http: {addr: "127.0.0.1:${port}"}\n${auth}`,
    );
    registries.push(spawn('docker-registry', ['serve', configuration], { stdio: 'ignore' }));
    for (let tries = 0; tries < 200; tries++) {
        const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null);
        await answer?.body?.cancel();
        if (answer !== null) return `127.0.0.1:${port}`;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('docker-registry does not answer');
}

const home = join(folder, 'home');
const environment = { HOME: home, XDG_DATA_HOME: join(home, 'data'), DOCKER_CONFIG: home };

const run = (...words: string[]): Promise<Result> => sealift(words, { environment });

/** Runs a command that has to succeed; its stdout. */
async function output(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...words);
    assert.equal(code, 0, stderr);
    return stdout.toString();
}

let host = '';
before(async () => {
    if (skip) return;
    mkdirSync(home);
    host = await startRegistry('open');
    const push = (source: string, target: string, ...options: string[]): void => {
        execFileSync('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', ...options, source, target]);
    };
    push(demo, `docker://${host}/team/demo:all`, '--all');
    push(demo, `docker://${host}/team/demo:one`, '--override-arch=amd64');
    push(demo, `docker://${host}/team/demo:docker`, '--override-arch=amd64', '--format=v2s2');
});
after(() => {
    for (const registry of registries) registry.kill();
    rmSync(folder, { recursive: true });
});

test('images of a registry run by their name there', { skip }, async () => {
    for (const tag of ['all', 'one', 'docker']) {
        const { code, stdout, stderr } = await run('run', `docker://${host}/team/demo:${tag}`, 'echo', tag);
        assert.equal(code, 0, stderr);
        assert.equal(stdout.toString(), `${tag}\n`);
        assert.equal(stderr, '');
    }
    // The demonstration itself, all of it, as from a layout.
    const whole = await run('run', `docker://${host}/team/demo:all`);
    assert.equal(whole.code, 7);
    const listed = JSON.parse(await output('images', '--format', 'json')) as {
        name: string;
        platforms: string[];
    }[];
    assert.deepEqual(
        listed.map(({ name }) => name),
        ['all', 'docker', 'one'].map((tag) => `${host}/team/demo:${tag}`),
    );
    assert.deepEqual(listed[1]!.platforms, ['linux/amd64']);
});

test('a pulled image needs its registry no more', { skip }, async () => {
    const own = await startRegistry('gone');
    execFileSync('skopeo', [
        ...['copy', '--quiet', '--dest-tls-verify=false', '--override-arch=amd64'],
        ...[demo, `docker://${own}/demo`],
    ]);
    const digest = (await output('pull', `docker://${own}/demo`)).trim();
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    const registry = registries.pop()!;
    registry.kill();
    await new Promise((resolve) => registry.once('close', resolve));
    assert.equal(await output('run', `docker://${own}/demo`, 'echo', 'offline'), 'offline\n');
    assert.equal(await output('run', `${own}/demo:latest`, 'echo', 'by name'), 'by name\n');
    const refused = await run('run', '--pull', 'always', `docker://${own}/demo`, 'true');
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /^sealift: registry 127.*: cannot be reached \(ECONNREFUSED\)/);
    const never = await run('run', '--pull', 'never', `docker://${own}/demo@${digest}`, 'true');
    assert.equal(never.code, 125);
    assert.match(never.stderr, /is not on this machine for linux\/amd64, and --pull never forbids/);
});

test('digests name images, and platforms are chosen', { skip }, async () => {
    const name = `docker://${host}/team/demo`;
    const digest = (await output('pull', `${name}:all`)).trim();
    assert.equal((await output('pull', `${name}@${digest}`)).trim(), digest);
    const described = JSON.parse(
        await output('inspect', '--format', 'json', '--platform', 'linux/arm64', `${name}:all`),
    ) as { platform: string; layers: unknown[] };
    assert.match(described.platform, /^linux\/arm64/);
    assert.equal(described.layers.length, 2);
    const absent = await run('pull', '--platform', 'linux/s390x', `${name}:all`);
    assert.equal(absent.code, 125);
    assert.match(absent.stderr, /the image has no linux\/s390x; it has linux\/amd64/);
    const unknown = await run('run', `${name}:nothing`, 'true');
    assert.equal(unknown.code, 125);
    assert.match(
        unknown.stderr,
        /has no manifest nothing in team\/demo \(404: manifest unknown\); check name and tag/,
    );
});

test('a registry that wants a password', { skip }, async () => {
    const passwords = join(folder, 'htpasswd');
    // "secret", by bcrypt: the only form that docker-registry takes.
    writeFileSync(passwords, 'ada:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n');
    const own = await startRegistry('closed', `auth: {htpasswd: {realm: test, path: ${passwords}}}\n`);
    execFileSync('skopeo', [
        ...['copy', '--quiet', '--dest-tls-verify=false', '--override-arch=amd64', '--dest-creds=ada:secret'],
        ...[demo, `docker://${own}/demo`],
    ]);
    const refused = await run('pull', `docker://${own}/demo`);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /refuses access to demo \(401.*\); log in with `docker login 127/);
    const auth = Buffer.from('ada:secret').toString('base64');
    writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: { [own]: { auth } } }));
    assert.equal(await output('run', `docker://${own}/demo`, 'echo', 'inside'), 'inside\n');
});

test('images go to archives and come from them', { skip }, async () => {
    const name = `${host}/team/demo:docker`;
    await output('pull', `docker://${name}`);
    const archive = join(folder, 'saved.tar');
    await output('save', '-o', archive, name);
    assert.equal(await output('run', `oci-archive:${archive}`, 'echo', 'saved'), 'saved\n');
    const copy = join(folder, 'copy.tar');
    execFileSync('skopeo', ['copy', '--quiet', `oci-archive:${archive}`, `docker-archive:${copy}:app:1`]);
    assert.match(await output('load', `docker-archive:${copy}`), /^\S*app:1 sha256:[0-9a-f]{64}\n$/);
    // Archives of a newer `docker save` have compressed layers.
    const layout = join(folder, 'layout');
    mkdirSync(layout);
    execFileSync('tar', ['-xf', copy, '-C', layout]);
    const [{ Layers: layers }] = JSON.parse(readFileSync(join(layout, 'manifest.json'), 'utf8')) as [
        { Layers: string[] },
    ];
    for (const layer of layers) {
        const path = realpathSync(join(layout, layer));
        writeFileSync(path, gzipSync(readFileSync(path)));
    }
    execFileSync('tar', ['-cf', copy, '-C', layout, '.']);
    assert.match(
        await output('load', '--name', 'compressed:1', `docker-archive:${copy}`),
        /^compressed:1 sha256:/,
    );
    assert.equal(await output('run', 'compressed:1', 'echo', 'gzip'), 'gzip\n');
    assert.match(await output('load', '--name', 'other:2', `oci-archive:${archive}`), /^other:2 sha256:/);
    assert.equal(await output('run', 'other:2', 'echo', 'loaded'), 'loaded\n');
    assert.match(await output('rmi', 'other:2'), /^other:2: removed, 0 B freed\n$/);
    const gone = await run('run', 'other:2', 'true');
    assert.equal(gone.code, 125);
    assert.match(gone.stderr, /no image on this machine has that name \(`sealift images` lists them\)/);
    const twice = await run('rmi', 'other:2');
    assert.equal(twice.code, 125);
    assert.match(twice.stderr, /image other:2: is not on this machine/);
    for (const line of (await output('images')).split('\n').slice(1)) {
        if (line !== '') await output('rmi', line.split(' ')[0]!);
    }
    assert.equal((await output('images')).split('\n').length, 2);
});
