// SPDX-License-Identifier: Apache-2.0
//
// The socket of a running system, and the documents on it, under bytes that nobody would send: whoever sends them is cut off, and
// everybody else is served as before.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeFrame, FrameDecoder, HostFrame, TargetFrame, type Frame } from '../../cli/control/frames.js';
import { MalformedMessage } from '../../cli/control/messages.js';
import {
    documentFrames,
    DocumentReader,
    REQUEST_MAXIMUM,
    RequestLine,
    type Answer,
    type Fields,
} from '../../cli/control/requests.js';
import type { ProcessOwner, Session, SessionListener } from '../../cli/system/session.js';
import { SocketServer } from '../../cli/system/socketServer.js';
import { pseudoRandom } from './pseudoRandom.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-socket-'));
after(() => rmSync(folder, { recursive: true }));

/** A session without a machine: it answers every request with what it was asked. */
class EchoSession {
    readonly containers = [];
    readonly booted = 0;
    readonly listeners = new Set<SessionListener>();
    readonly owners = new Set<ProcessOwner>();
    listen(listener: SessionListener): void {
        this.listeners.add(listener);
    }
    unlisten(listener: SessionListener): void {
        this.listeners.delete(listener);
    }
    request(op: string, members: Fields, done: (answer: Answer) => void): void {
        setImmediate(() => done({ response: { op, members }, error: null }));
    }
    exec(_members: Fields, owner: ProcessOwner, done: (answer: Answer) => void): void {
        this.owners.add(owner);
        done({ response: { channel: 0x8000 }, error: null });
    }
    toProcess(_owner: ProcessOwner, { payload }: Frame): boolean {
        return payload.length < 100;
    }
    abandon(owner: ProcessOwner): void {
        this.owners.delete(owner);
    }
    shutDown(): void {}
    goDown(members: Fields, done: (answer: Answer) => void): void {
        this.request('down', members, done);
    }
}

const session = new EchoSession();
const path = join(folder, 'x.sock');
const server = await SocketServer.claim(path, 'x');
server.serve(session as unknown as Session, { project: 'x', path: '/x', board: '', pid: 1, started: 2 });
after(() => server.close());

interface Peer {
    socket: Socket;
    requests: RequestLine;
    closed: Promise<void>;
}

/** A client that keeps to the rules, or one that does not listen to answers. */
function connect(listens = true): Promise<Peer> {
    const socket = createConnection(path);
    const requests = new RequestLine((bytes) => socket.write(bytes));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    return new Promise((resolve) => {
        const decoder = new FrameDecoder({
            frame: (frame) => {
                if (frame.type === TargetFrame.HELLO) resolve({ socket, requests, closed });
                else if (listens && frame.type === TargetFrame.RESPONSE) requests.receive(frame.payload);
            },
            text: () => assert.fail('text on the socket'),
            damaged: () => assert.fail('a damaged frame on the socket'),
        });
        socket.on('data', (bytes: Buffer) => decoder.push(bytes));
    });
}

test('requests of several clients are answered to each', async () => {
    const peers = await Promise.all([connect(), connect(), connect()]);
    const answers = await Promise.all(
        peers.map(({ requests }, index) => requests.call('ps', { index, long: 'x'.repeat(20_000) })),
    );
    for (const [index, answer] of answers.entries())
        assert.deepEqual(answer, { op: 'ps', members: { index, long: 'x'.repeat(20_000) } });
    const [{ requests, socket }] = peers;
    const info = await requests.call('system');
    assert.deepEqual([info.project, info.pid, info.started], ['x', 1, 2]);
    await assert.rejects(requests.call('format-disk'), /there is no request "format-disk"/);
    await requests.call('subscribe');
    assert.equal(session.listeners.size, 1);
    await requests.call('exec', {});
    assert.equal(session.owners.size, 1);
    for (const peer of peers) peer.socket.destroy();
    await Promise.all(peers.map(({ closed }) => closed));
    // The server notices a little later.
    while (session.listeners.size > 0 || session.owners.size > 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
});

test('who breaks the rules is cut off, and nobody else notices', async () => {
    const good = await connect();
    const long = documentFrames(HostFrame.REQUEST, { id: 1, op: 'x'.repeat(REQUEST_MAXIMUM) });
    const cases: [string, Buffer][] = [
        ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
        ['a damaged frame', Buffer.from([0xa5, 0x86, 0, 0, 0xff, 0xff])],
        ['an unknown frame', encodeFrame(0x99, 0)],
        ["a target's frame", encodeFrame(TargetFrame.STDOUT, 1, Buffer.from('x'))],
        ['a request that is too long', long],
        ['a request that is not JSON', encodeFrame(HostFrame.REQUEST, 0, Buffer.from('\0{'))],
        ['a request that is no object', encodeFrame(HostFrame.REQUEST, 0, Buffer.from('\0[1]'))],
        ['a piece with a wrong mark', encodeFrame(HostFrame.REQUEST, 0, Buffer.from('\u0002{}'))],
        ['an empty piece', encodeFrame(HostFrame.REQUEST, 0)],
        ['a request without id', documentFrames(HostFrame.REQUEST, { op: 'ps' })],
        ['a request without op', documentFrames(HostFrame.REQUEST, { id: 1 })],
        [
            'too many requests',
            Buffer.concat(
                Array.from({ length: 80 }, (_, id) => documentFrames(HostFrame.REQUEST, { id, op: 'ps' })),
            ),
        ],
        ['more input than was granted', encodeFrame(HostFrame.STDIN, 0x8000, Buffer.alloc(200))],
    ];
    for (const [name, bytes] of cases) {
        const bad = await connect(false);
        bad.socket.write(bytes);
        await Promise.race([
            bad.closed,
            new Promise((_, reject) => setTimeout(() => reject(new Error(`${name}: not cut off`)), 5000)),
        ]);
        assert.deepEqual(await good.requests.call('ps', { name }), { op: 'ps', members: { name } });
    }
    good.socket.destroy();
});

test('random and mutated bytes never harm the server', async () => {
    const random = pseudoRandom(11);
    const good = await connect();
    const types = [...Object.values(HostFrame), ...Object.values(TargetFrame)];
    for (let round = 0; round < 150; round++) {
        const bad = await connect(false);
        for (let count = random(6); count >= 0; count--) {
            let bytes = Buffer.from(
                random(2) === 0
                    ? documentFrames(HostFrame.REQUEST, {
                          id: random(9),
                          op: ['ps', 'exec', 'system', 'subscribe'][random(4)],
                      })
                    : encodeFrame(
                          types[random(types.length)]!,
                          random(0x10000),
                          Buffer.alloc(random(90), random(256)),
                      ),
            );
            for (let change = random(4); change > 0; change--) bytes[random(bytes.length)] = random(256);
            if (random(5) === 0) bytes = bytes.subarray(0, random(bytes.length));
            bad.socket.write(bytes);
        }
        if (random(2) === 0) bad.socket.destroy();
        else bad.socket.end();
        if (round % 10 === 0)
            assert.deepEqual(await good.requests.call('ps', { round }), { op: 'ps', members: { round } });
    }
    good.socket.destroy();
});

test('documents are put together however they are cut, and nothing else is taken for one', () => {
    const random = pseudoRandom(5);
    for (let round = 0; round < 300; round++) {
        const value = { id: round, text: 'ä€'.repeat(random(6000)) };
        const reader = new DocumentReader('request', 1 << 20);
        const found: unknown[] = [];
        const decoder = new FrameDecoder({
            frame: ({ payload }) => {
                const document = reader.push(payload);
                if (document !== null) found.push(document);
            },
            text: () => assert.fail(),
            damaged: () => assert.fail(),
        });
        const bytes = Buffer.concat([
            documentFrames(HostFrame.REQUEST, value),
            documentFrames(HostFrame.REQUEST, {}),
        ]);
        for (let at = 0; at < bytes.length;) {
            const next = at + 1 + random(9000);
            decoder.push(bytes.subarray(at, next));
            at = next;
        }
        assert.deepEqual(found, [value, {}]);
    }
    for (let round = 0; round < 3000; round++) {
        const reader = new DocumentReader('response', 5000);
        try {
            for (let piece = 0; piece < 5; piece++) {
                const payload = Buffer.alloc(random(2000), random(256));
                if (payload.length > 0) payload[0] = random(3);
                reader.push(payload);
            }
        } catch (error) {
            assert.ok(error instanceof MalformedMessage, String(error));
        }
    }
});

test('responses that answer nothing are refused, and requests after the end are told so', async () => {
    const sent: Buffer[] = [];
    const line = new RequestLine((bytes) => sent.push(bytes));
    assert.throws(() => line.receive(Buffer.from('\0{"id": 1}')), MalformedMessage);
    const first = line.call('ps');
    const second = line.call('stats');
    assert.equal(sent.length, 1, 'one request at a time');
    assert.throws(() => line.receive(Buffer.from('\0{"id": 2}')), MalformedMessage);
    line.receive(Buffer.from('\0{"id": 1, "error": "no"}'));
    await assert.rejects(first, /^Failure: no$/);
    assert.equal(sent.length, 2);
    line.close('the system has ended');
    await assert.rejects(second, /the system has ended/);
    await assert.rejects(line.call('ps'), /the system has ended/);
    await assert.rejects(
        new RequestLine(() => undefined).call('exec', { args: ['x'.repeat(REQUEST_MAXIMUM)] }),
        /the request has more than 131072 bytes; shorten it/,
    );
});

test('a place that is taken is refused, and what is left of a draft is removed', async () => {
    await assert.rejects(SocketServer.claim(path, 'x'), /project x: its system runs already/);
    assert.deepEqual(readdirSync(folder), ['x.sock']);
});
