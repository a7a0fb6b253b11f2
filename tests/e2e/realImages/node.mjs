// SPDX-License-Identifier: Apache-2.0
//
// Node.js at ordinary work: modules, files, workers, processes, HTTP over loopback, WebAssembly. What is printed is the same on every
// Linux.
import { execFileSync, spawn, fork } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import stream from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

const section = (name) => console.log(`== ${name}`);

async function main() {
    process.chdir(fs.mkdtempSync(path.join(os.tmpdir(), 'node-')));
    section('language');
    console.log(
        process.version.split('.')[0],
        ['x64', 'arm64'].includes(process.arch),
        [3, 1, 2].toSorted?.() ?? 'old',
    );
    console.log(new Intl.DateTimeFormat('de', { dateStyle: 'full', timeZone: 'UTC' }).format(1704067200000));
    console.log(crypto.createHash('sha256').update('sealift').digest('hex'), crypto.randomBytes(16).length);
    console.log(
        JSON.stringify({ a: [1, { b: 'ü' }], d: new Date(0) }),
        2n ** 100n,
        /(?<year>\d+)/.exec('in 2024').groups.year,
    );
    let sum = 0;
    // Long enough that the optimizing compiler takes over while it runs.
    for (let i = 0; i < 5_000_000; i++) sum = (sum + i * i) % 1_000_003;
    console.log(sum, zlib.gunzipSync(zlib.gzipSync('x'.repeat(100_000))).length);
    const bytes = Buffer.from('AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=', 'base64');
    const { instance } = await WebAssembly.instantiate(bytes);
    console.log(instance.exports.add(40, 2));

    section('files');
    fs.writeFileSync('text', 'one\ntwo\n');
    await fs.promises.appendFile('text', 'three\n');
    console.log(fs.readFileSync('text', 'utf8'), fs.statSync('text').size, fs.existsSync('missing'));
    await fs.promises.mkdir('a/b', { recursive: true });
    fs.symlinkSync('b', 'a/link');
    console.log(
        (await fs.promises.readdir('.', { withFileTypes: true })).map((e) => [e.name, e.isDirectory()]),
    );
    await stream.pipeline(
        fs.createReadStream(process.execPath),
        zlib.createGzip({ level: 1 }),
        fs.createWriteStream('gz'),
    );
    await stream.pipeline(fs.createReadStream('gz'), zlib.createGunzip(), fs.createWriteStream('copy'));
    console.log(fs.readFileSync('copy').equals(fs.readFileSync(process.execPath)));
    try {
        fs.readFileSync('missing');
    } catch (error) {
        console.log(error.message);
    }
    const watched = new Promise((resolve) => {
        const watcher = fs.watch('a', (event, name) => {
            watcher.close();
            resolve([event, name]);
        });
    });
    fs.writeFileSync('a/new', '');
    console.log(await watched);
    fs.rmSync('a', { recursive: true });

    section('processes');
    console.log(execFileSync('sh', ['-c', 'echo $0 $#; exit 0', 'name', 'x']).toString());
    const cat = spawn('cat');
    cat.stdin.end('y'.repeat(200_000));
    let length = 0;
    for await (const chunk of cat.stdout) length += chunk.length;
    console.log(length);
    const killed = spawn('sleep', ['10']);
    killed.kill('SIGTERM');
    console.log(await new Promise((resolve) => killed.on('exit', (code, signal) => resolve([code, signal]))));
    await new Promise((resolve) => spawn('missing').on('error', (error) => resolve(console.log(error.code))));
    fs.writeFileSync(
        'child.js',
        "process.on('message', (m) => { process.send(m * 2); process.disconnect(); });",
    );
    const child = fork('./child.js');
    child.send(21);
    console.log(await new Promise((resolve) => child.on('message', resolve)));
    const signalled = new Promise((resolve) => process.once('SIGUSR2', resolve));
    process.kill(process.pid, 'SIGUSR2');
    console.log(await signalled);

    section('workers');
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const source = `const { workerData, parentPort } = require('node:worker_threads');
        for (let i = 0; i < 10000; i++) Atomics.add(workerData, 0, 1);
        parentPort.postMessage('done');`;
    await Promise.all(
        [1, 2, 3].map(
            () =>
                new Promise((resolve, reject) => {
                    new Worker(source, { eval: true, workerData: shared })
                        .on('exit', resolve)
                        .on('error', reject);
                }),
        ),
    );
    console.log(shared[0]);
    console.log(
        (
            await Promise.all(
                [1, 2, 3, 4].map(
                    (i) =>
                        new Promise((resolve) => {
                            crypto.pbkdf2('secret', `salt${i}`, 1000, 8, 'sha256', (_, key) =>
                                resolve(key.toString('hex')),
                            );
                        }),
                ),
            )
        ).join(' '),
    );

    section('network');
    const server = http.createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        response.setHeader('x-method', request.method);
        response.end(JSON.stringify({ url: request.url, length: body.length }));
    });
    // An emulated machine may take longer between two requests than the five seconds after which connections are closed.
    server.keepAliveTimeout = 0;
    await new Promise((resolve) => server.listen(8080, '127.0.0.1', resolve));
    for (const [method, body] of [
        ['GET', undefined],
        ['POST', 'z'.repeat(100_000)],
    ]) {
        const response = await fetch(`http://127.0.0.1:8080/${method}`, { method, body });
        console.log(response.status, response.headers.get('x-method'), await response.json());
    }
    const many = await Promise.all(
        Array.from({ length: 50 }, (_, i) => fetch(`http://127.0.0.1:8080/${i}`).then((r) => r.json())),
    );
    console.log(many.length, many[49]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const echo = net.createServer((socket) => socket.pipe(socket)).listen('socket');
    const client = net.connect('socket');
    client.end('through a UNIX socket');
    let text = '';
    for await (const chunk of client) text += chunk;
    console.log(text);
    echo.close();
    await new Promise((resolve) =>
        net.connect(9, '127.0.0.1').on('error', (error) => resolve(console.log(error.code))),
    );
    const started = performance.now();
    await sleep(100);
    console.log(performance.now() - started >= 99);
    process.exitCode = 3;
}

process.on('exit', (code) => console.log('exit', code));
main().catch((error) => {
    console.log(error);
    process.exit(1);
});
