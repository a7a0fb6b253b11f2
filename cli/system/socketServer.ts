// SPDX-License-Identifier: Apache-2.0
//
// The socket of a running system (docs/control-channel.md, "The socket"): several commands at once speak the control channel's frames
// here, and share the one serial line. What they send is taken for hostile: whoever does not keep to the rules is cut off, and nobody
// else notices.

import { chmodSync, linkSync, lstatSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import {
    encodeFrame,
    FrameDecoder,
    HostFrame,
    SYSTEM_CHANNEL,
    TargetFrame,
    type Frame,
} from '../control/frames.js';
import { MalformedMessage, PROTOCOL_VERSION } from '../control/messages.js';
import {
    documentFrames,
    DocumentReader,
    REQUEST_MAXIMUM,
    type Answer,
    type Fields,
} from '../control/requests.js';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';
import type { ProcessOwner, Session, SessionListener } from './session.js';

/** Bytes that a client has not read; one that lets more gather has stopped reading. */
const BACKLOG_MAXIMUM = 16 << 20;
/** Requests of a client that are not answered yet. */
const REQUESTS_MAXIMUM = 64;
/** Clients at a time. */
const CLIENTS_MAXIMUM = 128;

/** Requests that the target answers; `exec` is one with a channel. */
const targetRequests = ['ps', 'inspect', 'stats', 'stop', 'kill', 'start', 'rm', 'down', 'exec'];

/** What `system` answers. */
export interface SystemDescription {
    project: string;
    /** The Compose file. */
    path: string;
    /** The board, or "" for the model on the Linux host. */
    board: string;
    pid: number;
    /** Milliseconds since the epoch. */
    started: number;
}

class Client implements ProcessOwner {
    private readonly reader = new DocumentReader('request', REQUEST_MAXIMUM);
    private readonly subscription: SessionListener = { event: (_name, _event, frame) => this.frame(frame) };
    private waiting = 0;

    constructor(
        private readonly socket: Socket,
        private readonly session: Session,
        private readonly description: SystemDescription,
        ended: () => void,
    ) {
        const decoder = new FrameDecoder({
            frame: (frame) => this.guard(() => this.receive(frame)),
            text: () => this.cutOff(),
            damaged: () => this.cutOff(),
        });
        socket.on('data', (bytes: Buffer) => {
            if (!socket.destroyed) decoder.push(bytes);
        });
        socket.on('error', () => undefined); // It is closed then.
        socket.on('close', () => {
            session.unlisten(this.subscription);
            session.abandon(this);
            ended();
        });
        const hello = Buffer.from(JSON.stringify({ protocol: PROTOCOL_VERSION }));
        this.write(encodeFrame(TargetFrame.HELLO, SYSTEM_CHANNEL, hello));
    }

    /** Passes on what the target says to this client. */
    frame({ type, channel, payload }: Frame): void {
        this.write(encodeFrame(type, channel, payload));
    }

    private write(bytes: Buffer): void {
        if (!this.socket.writable) return;
        this.socket.write(bytes);
        if (this.socket.writableLength > BACKLOG_MAXIMUM) this.cutOff();
    }

    private cutOff(): void {
        this.socket.destroy();
    }

    private guard(work: () => void): void {
        if (this.socket.destroyed) return;
        try {
            work();
        } catch (error) {
            if (!(error instanceof MalformedMessage)) throw error;
            this.cutOff();
        }
    }

    private receive(frame: Frame): void {
        switch (frame.type) {
            case HostFrame.REQUEST: {
                const request = this.reader.push(frame.payload);
                if (request !== null) this.request(request);
                break;
            }
            case HostFrame.STDIN:
            case HostFrame.STDIN_END:
            case HostFrame.SIGNAL:
            case HostFrame.TERMINAL_SIZE:
                if (!this.session.toProcess(this, frame)) this.cutOff();
                break;
            case HostFrame.SHUTDOWN:
                this.session.shutDown();
                break;
            default:
                this.cutOff();
        }
    }

    private request({ id, op, ...members }: Fields): void {
        if (typeof id !== 'number' || typeof op !== 'string' || ++this.waiting > REQUESTS_MAXIMUM) {
            this.cutOff();
            return;
        }
        const done = ({ response, error }: Answer): void => {
            this.waiting--;
            this.write(documentFrames(TargetFrame.RESPONSE, { id, ...(response ?? { error }) }));
        };
        if (op === 'system') {
            const { containers, booted } = this.session;
            done({ response: { ...this.description, booted, containers }, error: null });
        } else if (op === 'subscribe') {
            this.session.listen(this.subscription);
            done({ response: {}, error: null });
        } else if (!targetRequests.includes(op)) {
            done({ response: null, error: `there is no request "${op.slice(0, 64)}"` });
        } else if (op === 'exec') {
            this.session.exec(members, this, (answer) => {
                done(answer);
                if (this.socket.destroyed) this.session.abandon(this);
            });
        } else {
            if (op === 'down') this.session.goDown(members, done);
            else this.session.request(op, members, done);
        }
    }
}

/** True when somebody listens on a socket. */
function isAlive(path: string): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = createConnection(path);
        socket.on('connect', () => {
            socket.destroy();
            resolve(true);
        });
        socket.on('error', () => resolve(false));
    });
}

function inodeOf(path: string): number | null {
    return lstatSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

export class SocketServer {
    private readonly sockets = new Set<Socket>();
    private served: { session: Session; description: SystemDescription } | null = null;

    private constructor(
        private readonly server: Server,
        private readonly path: string,
        private readonly inode: number,
    ) {
        // Until there is a session to serve, whoever comes is sent away.
        server.on('connection', (socket) => this.accept(socket));
    }

    /** Takes the project's place; a Failure where its system runs already. What a dead one has left is removed. */
    static async claim(path: string, project: string): Promise<SocketServer> {
        const draft = `${path}.${process.pid}`;
        rmSync(draft, { force: true });
        const server = createServer();
        await new Promise<void>((resolve, reject) => {
            server.once('error', (error) =>
                reject(
                    new Failure(
                        `${draft}: ${describeFileError(error)}; set XDG_RUNTIME_DIR to a folder of yours`,
                    ),
                ),
            );
            server.listen(draft, resolve);
        });
        try {
            chmodSync(draft, 0o600);
            for (;;) {
                const before = inodeOf(path);
                if (before !== null) {
                    if (await isAlive(path))
                        throw new Failure(
                            `project ${project}: its system runs already; \`sealift ps -p ${project}\` shows it, and \`sealift down -p ${project}\` ends it`,
                        );
                    if (inodeOf(path) === before) rmSync(path, { force: true });
                }
                try {
                    // A link is made where nothing is, or not at all: of two that claim a place one gets it.
                    linkSync(draft, path);
                    break;
                } catch (error) {
                    if (systemErrorCode(error) !== 'EEXIST') throw error;
                }
            }
            const inode = inodeOf(draft)!;
            rmSync(draft, { force: true });
            return new SocketServer(server, path, inode);
        } catch (error) {
            server.close();
            throw error;
        }
    }

    /** Serves clients from now on. */
    serve(session: Session, description: SystemDescription): void {
        this.served = { session, description };
    }

    private accept(socket: Socket): void {
        if (this.served === null || this.sockets.size >= CLIENTS_MAXIMUM) {
            socket.destroy();
            return;
        }
        const { session, description } = this.served;
        this.sockets.add(socket);
        new Client(socket, session, description, () => this.sockets.delete(socket));
    }

    /** Nobody is served any more, and the socket is gone. Clients get what was written to them. */
    close(): void {
        this.server.close();
        for (const socket of this.sockets) socket.end();
        if (inodeOf(this.path) === this.inode) rmSync(this.path, { force: true });
    }
}
