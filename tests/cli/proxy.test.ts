// SPDX-License-Identifier: Apache-2.0
//
// Pulling through a proxy on loopback, and which hosts are not asked through one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { proxyFor } from '../../cli/registry/proxy.js';
import { sealift, type Result } from './commandLine.js';
import { FakeRegistry } from './fakeRegistry.js';

/** A name that only the proxy knows: it leads to the registry on loopback. */
const host = 'registry.example';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
let registry: FakeRegistry;
let proxy: HttpServer;
let secure: Server | null;
const sockets = new Set<Socket>();
/** What the proxy was asked for, with the credentials that came along. */
let asked: string[] = [];
let isOpen = true;

const registryPort = (): number => Number(registry.host.split(':')[1]);
const securePort = (): number => (secure!.address() as AddressInfo).port;

/** The registry behind TLS, with a certificate for the name; null where there is no openssl to make one. */
function startSecure(): Server | null {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const name = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    const files = ['-keyout', key, '-out', cert];
    const made = spawnSync('openssl', ['req', '-x509', ...curve, ...name, ...files]);
    if (made.status !== 0) return null;
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
        const target = connect(registryPort(), '127.0.0.1');
        target.on('error', () => socket.destroy());
        socket.on('error', () => target.destroy());
        target.pipe(socket).pipe(target);
    });
    return server.listen(0, '127.0.0.1');
}
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

before(async () => {
    secure = startSecure();
    registry = await FakeRegistry.start();
    registry.image('amd64', [10_000], 'latest');
    proxy = createServer((_, response) => response.writeHead(405).end());
    proxy.on('connect', (request, socket: Socket) => {
        const credentials = (request.headers['proxy-authorization'] ?? '').replace(/^Basic /, '');
        asked.push(`${request.url} ${Buffer.from(credentials, 'base64').toString()}`);
        sockets.add(socket);
        if (!isOpen) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        const target = connect(
            request.url === `${host}:443` ? securePort() : registryPort(),
            '127.0.0.1',
            () => {
                socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
                target.pipe(socket).pipe(target);
            },
        );
        target.on('error', () => socket.destroy());
        socket.on('error', () => target.destroy());
        return undefined;
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    if (secure !== null) await new Promise((resolve) => secure!.close(resolve));
    await registry.stop();
    rmSync(folder, { recursive: true });
});

function pull(variables: NodeJS.ProcessEnv, options = ['--plain-http']): Promise<Result> {
    asked = [];
    const clean = {
        HTTP_PROXY: '',
        HTTPS_PROXY: '',
        NO_PROXY: '',
        http_proxy: '',
        https_proxy: '',
        no_proxy: '',
    };
    const environment = {
        ...clean,
        HOME: folder,
        XDG_DATA_HOME: folder,
        DOCKER_CONFIG: folder,
        ...variables,
    };
    return sealift(['pull', '-q', ...options, `docker://${host}/team/app`], { environment });
}

const address = (): string => `127.0.0.1:${(proxy.address() as AddressInfo).port}`;

test('an image comes through the proxy, which gets the credentials that its URL has', async () => {
    const { code, stderr } = await pull({ HTTP_PROXY: `http://person:pass%20word@${address()}` });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.ok(asked.length > 0);
    for (const line of asked) assert.equal(line, `${host}:80 person:pass word`);
});

test(
    'TLS goes through the tunnel, and certificates are checked',
    { skip: hasOpenssl ? false : 'SKIPPED: openssl is not installed' },
    async () => {
        const variables = { HTTPS_PROXY: address() };
        const unknown = await pull(variables, []);
        assert.equal(unknown.code, 125);
        assert.match(
            unknown.stderr,
            /cannot be reached through the proxy .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
        );
        const { code, stderr } = await pull(
            { ...variables, NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
            [],
        );
        assert.equal(stderr, '');
        assert.equal(code, 0);
        for (const line of asked) assert.equal(line, `${host}:443 `);
    },
);

test('a proxy that refuses, or is not there, is named without its password', async () => {
    isOpen = false;
    const refused = await pull({ http_proxy: `person:secret@${address()}` });
    isOpen = true;
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /cannot be reached through the proxy 127\.0\.0\.1:\d+ \(.*407.*\)/);
    assert.doesNotMatch(refused.stderr, /secret/);
    const other = await pull({ HTTP_PROXY: 'socks5://person:secret@127.0.0.1:1' });
    assert.equal(other.code, 125);
    assert.match(other.stderr, /HTTP_PROXY: names no HTTP proxy; write http:\/\/HOST:PORT/);
    assert.doesNotMatch(other.stderr, /secret/);
});

test('which proxy a URL has', () => {
    const environment = { HTTPS_PROXY: 'secure.example:3128', http_proxy: 'http://plain.example' };
    const proxyOf = (url: string, exceptions = ''): string | undefined =>
        proxyFor(new URL(url), { ...environment, NO_PROXY: exceptions })?.host;
    assert.equal(proxyOf('https://a.example/v2/'), 'secure.example:3128');
    assert.equal(proxyOf('http://a.example/v2/'), 'plain.example');
    assert.equal(proxyFor(new URL('https://a.example'), { HTTP_PROXY: 'x' }), null);
    for (const url of ['http://localhost:5000', 'https://127.0.0.1', 'http://[::1]:5000'])
        assert.equal(proxyOf(url), undefined, url);
    const excepted: [string, string][] = [
        ['https://a.example', '*'],
        ['https://a.example', 'b.example, A.example'],
        ['https://deep.a.example', 'a.example'],
        ['https://deep.a.example', '.a.example'],
        ['https://deep.a.example', '*.a.example'],
        ['https://a.example:5000', 'a.example:5000'],
        ['https://a.example', 'a.example:443'],
        ['https://10.1.2.3', '10.0.0.0/8'],
        ['https://10.1.2.3:5000', '10.1.2.3'],
        ['https://[fd00::1]', 'fd00::/8'],
        ['https://[fd00::1]', 'fd00::1'],
        ['https://[fd00::1]:5000', '[fd00::1]:5000'],
    ];
    for (const [url, exceptions] of excepted)
        assert.equal(proxyOf(url, exceptions), undefined, `${url} ${exceptions}`);
    const proxied: [string, string][] = [
        ['https://a.example', 'b.example'],
        ['https://ba.example', 'a.example'],
        ['https://a.example:5000', 'a.example:5001'],
        ['https://11.1.2.3', '10.0.0.0/8'],
        ['https://a.example', '10.0.0.0/8'],
        ['https://10.1.2.3', '10.0.0.0/99'],
        ['https://a.example', ' , .'],
    ];
    for (const [url, exceptions] of proxied)
        assert.equal(proxyOf(url, exceptions), 'secure.example:3128', `${url} ${exceptions}`);
});
