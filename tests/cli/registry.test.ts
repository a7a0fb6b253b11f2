// SPDX-License-Identifier: Apache-2.0
//
// Pulling from registries that want authentication, redirect, break off, or send what they should not.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Failure } from '../../cli/failure.js';
import { ImageStore } from '../../cli/image/imageStore.js';
import { parseChallenges } from '../../cli/registry/challenge.js';
import { findCredentials } from '../../cli/registry/credentials.js';
import { parseRegistryName, registryNameText } from '../../cli/registry/imageName.js';
import { isWhole, pullImage } from '../../cli/registry/pull.js';
import { digestOf, FakeRegistry, types } from './fakeRegistry.js';

const platform = 'linux/amd64';
let folder: string;
let registry: FakeRegistry;
let store: ImageStore;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
    environment = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, DOCKER_CONFIG: folder };
    delete environment.REGISTRY_AUTH_FILE;
    delete environment.XDG_RUNTIME_DIR;
    store = new ImageStore(environment);
    registry = await FakeRegistry.start();
});
afterEach(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true });
});

function pull(tag = 'one', wanted = platform) {
    const name = parseRegistryName(`${registry.host}/team/app:${tag}`, 'test');
    return pullImage(name, store, { platform: wanted, environment });
}

async function assertRefused(promise: Promise<unknown>, message: RegExp): Promise<void> {
    await assert.rejects(promise, (error) => {
        assert.ok(error instanceof Failure, String(error));
        assert.match(error.message, message);
        assert.equal(error.exitCode, 125);
        return true;
    });
}

/** Files of the store that no finished pull leaves. */
function leftovers(): string[] {
    const names = readdirSync(join(store.folder, 'names')).filter((file) => !file.endsWith('.json'));
    const blobs = readdirSync(join(store.folder, 'blobs/sha256')).filter((file) => file.length !== 64);
    return [...names, ...blobs];
}

function login(auth: object): void {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(auth));
}

test('names of images in registries', () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const cases: [string, string, string, string, string][] = [
        ['localhost/app', 'localhost', 'app', 'latest', ''],
        ['registry.example:5000/team/app:1.2', 'registry.example:5000', 'team/app', '1.2', ''],
        [`[::1]:5000/a/b/c@${digest}`, '[::1]:5000', 'a/b/c', '', digest],
        [`registry.example/a:x@${digest}`, 'registry.example', 'a', 'x', digest],
    ];
    for (const [text, host, repository, tag, wanted] of cases) {
        const name = parseRegistryName(text, text);
        assert.deepEqual(name, { host, repository, tag, digest: wanted });
        if (text.includes(':') && tag !== 'latest') assert.equal(registryNameText(name), text);
    }
    const wrong: [string, RegExp][] = [
        ['busybox', /names no registry; write docker:\/\/HOST/],
        ['library/busybox', /names no registry/],
        ['registry.example/App', /"App" is no repository's name/],
        ['registry.example/', /is no repository's name/],
        ['registry.example/a//b', /is no repository's name/],
        ['registry.example/app:', /"" is no tag/],
        ['registry.example/app:a b', /is no tag/],
        ['registry.example/app@sha256:12', /the digest is not sha256:/],
        ['regi$try.example/app', /names no registry/],
    ];
    for (const [text, message] of wrong) assert.throws(() => parseRegistryName(text, text), message);
});

test('challenges as servers write them', () => {
    const read = (header: string) =>
        parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    assert.deepEqual(read('Bearer realm="https://a/token",service="a b",scope="x:y:pull,push"'), [
        ['bearer', { realm: 'https://a/token', service: 'a b', scope: 'x:y:pull,push' }],
    ]);
    assert.deepEqual(read('Basic realm="a \\"b\\"", Bearer realm=c'), [
        ['basic', { realm: 'a "b"' }],
        ['bearer', { realm: 'c' }],
    ]);
    assert.deepEqual(read(''), []);
    assert.deepEqual(read('=,"'), []);
    assert.deepEqual(read('Bearer realm="unfinished'), [['bearer', {}]]);
});

test('an image comes whole, and what is there is not asked for again', async () => {
    const image = registry.image('amd64', [100_000, 10]);
    registry.manifests.set('one', registry.manifests.get(image.digest)!);
    assert.equal((await pull()).digest, image.digest);
    assert.equal(await isWhole(store, `${registry.host}/team/app:one`, platform), true);
    assert.deepEqual(leftovers(), []);
    registry.requests.length = 0;
    await pull();
    assert.deepEqual(registry.requests, ['GET /v2/team/app/manifests/one']);
    assert.equal(store.list().length, 1);
});

test('of an index only the platform that is wanted comes', async () => {
    const amd64 = registry.image('amd64', [1000]);
    const arm64 = registry.image('arm64', [1000]);
    const entry = ({ mediaType, digest, size }: typeof amd64, architecture: string) => ({
        ...{ mediaType, digest, size },
        platform: { os: 'linux', architecture },
    });
    const inner = registry.manifest(
        { schemaVersion: 2, mediaType: types.index, manifests: [entry(amd64, 'amd64')] },
        types.index,
    );
    registry.manifest(
        { schemaVersion: 2, mediaType: types.index, manifests: [inner, entry(arm64, 'arm64')] },
        types.index,
        'one',
    );
    await pull('one', 'linux/arm64');
    assert.equal(store.hasBlob(arm64.layers[0]!.digest), true);
    assert.equal(store.hasBlob(amd64.layers[0]!.digest), false);
    const name = `${registry.host}/team/app:one`;
    assert.equal(await isWhole(store, name, platform), false);
    await pull();
    assert.equal(await isWhole(store, name, platform), true);
    await assertRefused(pull('one', 'linux/riscv64'), /has no linux\/riscv64; it has linux\/amd64/);
});

test('several blobs come at a time, and not more than four', async () => {
    registry.image('amd64', [1, 2, 3, 4, 5, 6, 7, 8], 'one');
    let now = 0;
    let most = 0;
    registry.before = (request, response) => {
        if (!request.url!.includes('/blobs/')) return false;
        most = Math.max(most, ++now);
        response.on('close', () => now--);
        setTimeout(
            () => registry.sendBlob(registry.blobs.get(request.url!.split('/').at(-1)!)!, request, response),
            50,
        );
        return true;
    };
    await pull();
    assert.equal(most, 4);
});

test('a token with the credentials of docker login', async () => {
    registry.image('amd64', [100], 'one');
    const seen: string[] = [];
    registry.before = (request, response) => {
        const { pathname, searchParams } = new URL(request.url!, 'http://x');
        if (pathname === '/token') {
            seen.push(`${searchParams.get('service')} ${searchParams.get('scope')}`);
            const user = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
            if (user !== 'ada:secret') response.writeHead(401).end();
            else response.end('{"token":"abc.def"}');
            return true;
        }
        if (request.headers.authorization === 'Bearer abc.def') return false;
        const challenge = `Bearer realm="http://${registry.host}/token",service="reg",scope="repository:team/app:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
        return true;
    };
    await assertRefused(pull(), /token server refuses \(401\); log in with `docker login 127/);
    login({ auths: { [registry.host]: { auth: Buffer.from('ada:secret').toString('base64') } } });
    await pull();
    assert.equal(seen.at(-1), 'reg repository:team/app:pull');
    // One token serves all requests.
    assert.equal(seen.length, 2);
});

test('an identity token is exchanged as OAuth2 has it', async () => {
    registry.image('amd64', [100], 'one');
    let form = '';
    registry.before = (request, response) => {
        if (request.url === '/token') {
            request.on('data', (bytes: Buffer) => (form += bytes.toString()));
            request.on('end', () => response.end('{"access_token":"t"}'));
            return true;
        }
        if (request.headers.authorization === 'Bearer t') return false;
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
        return true;
    };
    login({ auths: { [registry.host]: { identitytoken: 'refresh' } } });
    await pull();
    assert.match(form, /grant_type=refresh_token/);
    assert.match(form, /refresh_token=refresh/);
});

test('basic authentication, and its refusal', async () => {
    registry.image('amd64', [100], 'one');
    registry.before = (request, response) => {
        if (request.headers.authorization === `Basic ${Buffer.from('ada:x:y').toString('base64')}`)
            return false;
        response.writeHead(401, { 'www-authenticate': 'Basic realm="reg"' }).end();
        return true;
    };
    await assertRefused(pull(), /refuses access to team\/app \(401\); log in with/);
    login({
        auths: { [`https://${registry.host}/v1/`]: { auth: Buffer.from('ada:x:y').toString('base64') } },
    });
    await pull();
});

test('credential helpers are asked, and their trouble has a name', () => {
    const helper = join(folder, 'docker-credential-test');
    const script = (body: string): void => writeFileSync(helper, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const withPath = { ...environment, PATH: `${folder}:${process.env.PATH}` };
    login({ credHelpers: { 'registry.example': 'test' } });
    script('read host; echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"for $host\\"}"');
    assert.deepEqual(findCredentials('registry.example', withPath), {
        username: 'u',
        password: 'for registry.example',
        identityToken: '',
    });
    assert.equal(findCredentials('other.example', withPath), null);
    script('echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"s\\"}"');
    assert.equal(findCredentials('registry.example', withPath)?.identityToken, 's');
    script('echo "credentials not found in native keychain"; exit 1');
    assert.equal(findCredentials('registry.example', withPath), null);
    script('echo broken >&2; exit 3');
    assert.throws(
        () => findCredentials('registry.example', withPath),
        /docker-credential-test: ended with 3 .*broken/,
    );
    script('echo nonsense');
    assert.throws(() => findCredentials('registry.example', withPath), /has no Username and Secret/);
    rmSync(helper);
    assert.throws(
        () => findCredentials('registry.example', withPath),
        /docker-credential-test: cannot be run/,
    );
    login([]);
    assert.throws(() => findCredentials('registry.example', withPath), /not a JSON object/);
    login({ auths: { 'registry.example': { auth: Buffer.from('nocolon').toString('base64') } } });
    assert.throws(() => findCredentials('registry.example', withPath), /not USER:PASSWORD/);
});

test('redirects are followed, without what we are to the registry', async () => {
    registry.image('amd64', [5000], 'one');
    const seen: (string | undefined)[] = [];
    const objects = createServer((request, response) => {
        seen.push(request.headers.authorization);
        registry.sendBlob(registry.blobs.get(request.url!.slice(1))!, request, response);
    });
    await new Promise<void>((resolve) => objects.listen(0, '127.0.0.1', resolve));
    try {
        const other = `http://127.0.0.1:${(objects.address() as AddressInfo).port}`;
        login({ auths: { [registry.host]: { username: 'ada', password: 'x' } } });
        registry.before = (request, response) => {
            if (request.headers.authorization === undefined) {
                response.writeHead(401, { 'www-authenticate': 'Basic realm="reg"' }).end();
                return true;
            }
            if (!request.url!.includes('/blobs/')) return false;
            response.writeHead(307, { location: `${other}/${request.url!.split('/').at(-1)}` }).end();
            return true;
        };
        await pull();
        assert.deepEqual(seen, [undefined, undefined]);
    } finally {
        objects.close();
    }
    registry.before = (_, response) => response.writeHead(302, { location: '/again' }).end() !== undefined;
    await assertRefused(pull(), /redirects more than 5 times/);
    registry.before = (_, response) =>
        response.writeHead(302, { location: 'file:///etc/passwd' }).end() !== undefined;
    await assertRefused(pull(), /redirects from HTTPS to file:|redirects .*file:/);
});

for (const knowsRanges of [true, false]) {
    test(`a broken download goes on ${knowsRanges ? 'where it was' : 'from the start'}`, async () => {
        const image = registry.image('amd64', [300_000], 'one');
        const { digest, size } = image.layers[0]!;
        let cut = false;
        registry.before = (request, response) => {
            if (!request.url!.endsWith(digest)) return false;
            if (!cut) {
                cut = true;
                response.writeHead(200, { 'content-length': size });
                response.write(registry.blobs.get(digest)!.subarray(0, 100_000), () =>
                    setTimeout(() => response.destroy(), 20),
                );
                return true;
            }
            if (knowsRanges) return false;
            response.writeHead(200).end(registry.blobs.get(digest));
            return true;
        };
        await pull();
        const asked = registry.requests.filter((request) => request.includes(digest));
        assert.equal(asked.length, 2);
        assert.match(asked[1]!, /bytes=\d+-$/);
        assert.equal(await isWhole(store, `${registry.host}/team/app:one`, platform), true);
        assert.deepEqual(leftovers(), []);
    });
}

test('a pull that was given up goes on in the next one', async () => {
    const image = registry.image('amd64', [300_000], 'one');
    const { digest, size } = image.layers[0]!;
    registry.before = (request, response) => {
        if (!request.url!.endsWith(digest)) return false;
        const range = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
        response.writeHead(range === 0 ? 200 : 206, {
            'content-range': `bytes ${range}-${size - 1}/${size}`,
        });
        response.write(registry.blobs.get(digest)!.subarray(range, range + 10_000), () =>
            setTimeout(() => response.destroy(), 5),
        );
        return true;
    };
    await assertRefused(
        pull(),
        /the connection broke after \d+ of \d+ bytes .*pull again to go on from there/,
    );
    assert.equal(store.find(`${registry.host}/team/app:one`), null);
    assert.equal(existsSync(`${store.blobPath(digest)}.partial`), true);
    registry.before = () => false;
    registry.requests.length = 0;
    await pull();
    assert.match(registry.requests.at(-1)!, /bytes=[1-9]\d*-/);
    assert.deepEqual(leftovers(), []);
});

test('two pulls of one image at a time', async () => {
    const image = registry.image('amd64', [200_000, 100], 'one');
    registry.manifests.set('two', registry.manifests.get('one')!);
    await Promise.all([pull('one'), pull('two')]);
    for (const { digest } of image.layers)
        assert.equal(registry.requests.filter((request) => request.includes(digest)).length, 1);
    assert.equal(store.list().length, 2);
    // What they share stays until the last is gone.
    const [first, second] = store.list();
    assert.equal(store.remove(first!), 0);
    assert.equal(await isWhole(store, second!.name, platform), true);
    assert.ok(store.remove(second!) > 200_000);
    assert.deepEqual(readdirSync(join(store.folder, 'blobs/sha256')), []);
});

test('what a pull left long ago goes with the next image that is removed', async () => {
    registry.image('amd64', [1000], 'one');
    await pull();
    const old = new Date(Date.now() - 2 * 24 * 3_600_000);
    const blobs = join(store.folder, 'blobs/sha256');
    for (const name of ['a'.repeat(64), `${'b'.repeat(64)}.partial`, 'c'.repeat(64)]) {
        writeFileSync(join(blobs, name), '12345');
        if (!name.startsWith('c')) utimesSync(join(blobs, name), old, old);
    }
    // A blob that an image needs may be as old as it likes.
    registry.manifests.set('two', registry.manifests.get('one')!);
    await pull('two');
    for (const { descriptor } of store.partsHere(store.list()[0]!.descriptor))
        utimesSync(store.blobPath(descriptor.digest), old, old);
    assert.equal(store.remove(store.find(`${registry.host}/team/app:one`)!), 10);
    assert.equal(await isWhole(store, `${registry.host}/team/app:two`, platform), true);
    assert.equal(existsSync(join(blobs, 'c'.repeat(64))), true);
});

test('a server that finds every range wrong', async () => {
    const image = registry.image('amd64', [1000], 'one');
    const { digest } = image.layers[0]!;
    registry.before = (request, response) => {
        if (!request.url!.endsWith(digest)) return false;
        response.writeHead(416).end();
        return true;
    };
    await assertRefused(pull(), /answers 416 for blob sha256/);
});

test('wrong bytes never become a blob', async () => {
    const image = registry.image('amd64', [1000], 'one');
    const { digest } = image.layers[0]!;
    const right = registry.blobs.get(digest)!;
    const wrong = Buffer.from(right);
    wrong[50]! ^= 1;
    registry.blobs.set(digest, wrong);
    await assertRefused(pull(), /blob sha256:\w+: what the registry sent has another digest/);
    assert.deepEqual(leftovers(), []);
    assert.equal(store.hasBlob(digest), false);
    registry.blobs.set(digest, Buffer.concat([right, right]));
    await assertRefused(pull(), /sends more than its \d+ bytes/);
    registry.blobs.set(digest, right.subarray(0, 500));
    await assertRefused(pull(), /the answer ended after 500 of \d+ bytes/);
    registry.blobs.set(digest, right);
    await pull();
});

test('what is no manifest of an image is refused', async () => {
    const set = (tag: string, text: string, mediaType = types.manifest): void =>
        void registry.manifests.set(tag, { bytes: Buffer.from(text), mediaType });
    set('text', 'no json');
    await assertRefused(pull('text'), /sends no JSON as its manifest/);
    set('old', '{"schemaVersion":1}', 'application/vnd.docker.distribution.manifest.v1+prettyjws');
    await assertRefused(pull('old'), /Docker's schema 1/);
    set('other', '{"schemaVersion":2}', 'application/vnd.example+json');
    await assertRefused(pull('other'), /is "application\/vnd.example\+json", no container image/);
    set('bare', '{"schemaVersion":2}');
    await assertRefused(pull('bare'), /has a descriptor without mediaType|has no list/);
    set('large', `{"x":"${'a'.repeat(5 << 20)}"}`);
    await assertRefused(pull('large'), /an answer of more than 4194304 bytes/);
    await assertRefused(pull('missing'), /has no manifest missing in team\/app \(404: not known here\)/);
    const image = registry.image('amd64', [10]);
    const name = parseRegistryName(`${registry.host}/team/app@${digestOf(Buffer.from('x'))}`, 'test');
    registry.manifests.set(name.digest, registry.manifests.get(image.digest)!);
    await assertRefused(
        pullImage(name, store, { platform, environment }),
        /sends a manifest with another digest/,
    );
    // A cycle of indexes ends.
    const digest = `sha256:${'0'.repeat(64)}`;
    const cyclic = {
        schemaVersion: 2,
        mediaType: types.index,
        manifests: [{ mediaType: types.index, digest, size: 1 }],
    };
    registry.manifest(cyclic, types.index, 'cycle');
    await assertRefused(pull('cycle'), /404|another document/);
});

test('a busy server is asked again, one that fails is not for ever', async () => {
    registry.image('amd64', [10], 'one');
    let refusals = 2;
    registry.before = (_, response) => {
        if (refusals-- <= 0) return false;
        response.writeHead(refusals === 1 ? 429 : 503, { 'retry-after': '0' }).end();
        return true;
    };
    await pull();
    registry.before = (_, response) => response.writeHead(500).end() !== undefined;
    registry.requests.length = 0;
    await assertRefused(pull(), /fails \(500\); try again later/);
    assert.equal(registry.requests.length, 4);
    const gone = parseRegistryName(`${registry.host}/team/app:one`, 'test');
    await registry.stop();
    await assertRefused(
        pullImage(gone, store, { platform, environment }),
        /cannot be reached \(ECONNREFUSED\); check its name/,
    );
    registry = await FakeRegistry.start();
});

test('names that are damaged on disk are said to be', () => {
    store.prepare();
    mkdirSync(join(store.folder, 'names'), { recursive: true });
    writeFileSync(join(store.folder, 'names', 'x.json'), '{');
    assert.throws(() => store.list(), /x\.json: damaged; remove it/);
});
