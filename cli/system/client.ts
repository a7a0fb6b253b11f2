// SPDX-License-Identifier: Apache-2.0
//
// A command's side of a running system's socket.

import { createConnection, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder, TargetFrame, type Frame } from '../control/frames.js';
import { MalformedMessage, PROTOCOL_VERSION, readHello } from '../control/messages.js';
import { RequestLine, type Answer, type Fields } from '../control/requests.js';
import {
    objectsOf,
    readContainers,
    readEvent,
    type ContainerEvent,
    type ContainerStatus,
} from '../control/systemMessages.js';
import { Failure, messageOf, systemErrorCode } from '../failure.js';
import { socketPath } from './folders.js';
import type { ContainerInfo } from './session.js';

/** What a system says about itself. */
export interface SystemInfo {
    project: string;
    path: string;
    board: string;
    pid: number;
    started: number;
    booted: number;
    containers: ContainerInfo[];
}

function textOf(fields: Fields, key: string): string {
    const value = fields[key];
    return typeof value === 'string' ? value : '';
}

function numberOf(fields: Fields, key: string): number {
    const value = fields[key];
    return typeof value === 'number' ? value : 0;
}

export class SystemClient {
    private readonly requests: RequestLine;
    private readonly channels = new Map<number, (frame: Frame) => void>();
    private readonly watchers = new Set<(number: number, event: ContainerEvent) => void>();
    private greeted: (error: Failure | null) => void = () => undefined;
    private failure = '';
    private isClosed = false;
    /** Settles when the connection has ended. */
    readonly closed: Promise<void>;

    private constructor(
        private readonly socket: Socket,
        readonly project: string,
    ) {
        this.requests = new RequestLine((bytes) => socket.write(bytes));
        const decoder = new FrameDecoder({
            frame: (frame) => this.guard(() => this.receive(frame)),
            text: () => this.fail('it does not speak the control channel'),
            damaged: () => this.fail('its frames are damaged'),
        });
        socket.on('data', (bytes: Buffer) => {
            if (!socket.destroyed) decoder.push(bytes);
        });
        socket.on('error', () => undefined);
        this.closed = new Promise((resolve) =>
            socket.on('close', () => {
                this.isClosed = true;
                const reason = this.failure || 'it has ended';
                this.requests.close(`system ${project}: ${reason}`);
                const cause = this.failure || 'it is still being started, or has just ended';
                this.greeted(new Failure(`system ${project}: ${cause}; try again`));
                resolve();
            }),
        );
    }

    /** Connects to a project's system; null where none runs. */
    static async connect(project: string): Promise<SystemClient | null> {
        const path = socketPath(project);
        const socket = createConnection(path);
        try {
            await new Promise<void>((resolve, reject) => {
                socket.once('connect', resolve);
                socket.once('error', reject);
            });
        } catch (error) {
            // A socket without a process behind it is what a dead system leaves; `up` removes it.
            const code = systemErrorCode(error);
            if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
            throw new Failure(`${path}: ${messageOf(error)}; check who may use it`);
        }
        const client = new SystemClient(socket, project);
        await new Promise<void>((resolve, reject) => {
            client.greeted = (error) => (error === null ? resolve() : reject(error));
        });
        return client;
    }

    /** True when the system has closed the connection, because it is off. */
    get hasEnded(): boolean {
        return this.isClosed;
    }

    call(op: string, members: Fields = {}): Promise<Fields> {
        return this.requests.call(op, members);
    }

    async system(): Promise<SystemInfo> {
        const fields = await this.call('system');
        const containers = objectsOf(fields, 'containers').map((container) => ({
            name: textOf(container, 'name'),
            service: textOf(container, 'service'),
            dependsOn: Array.isArray(container.dependsOn) ? container.dependsOn.map(String) : [],
        }));
        return {
            project: textOf(fields, 'project'),
            path: textOf(fields, 'path'),
            board: textOf(fields, 'board'),
            pid: numberOf(fields, 'pid'),
            started: numberOf(fields, 'started'),
            booted: numberOf(fields, 'booted'),
            containers,
        };
    }

    async list(): Promise<ContainerStatus[]> {
        return readContainers(await this.call('ps'));
    }

    /** Calls `watcher` with each event of a container from now on. */
    async watch(watcher: (number: number, event: ContainerEvent) => void): Promise<void> {
        this.watchers.add(watcher);
        if (this.watchers.size === 1) await this.call('subscribe');
    }

    /** Starts a process; `receive` takes its frames. The result is its channel. */
    exec(members: Fields, receive: (frame: Frame) => void): Promise<number> {
        return new Promise((resolve, reject) => {
            this.requests.send('exec', members, ({ response, error }: Answer) => {
                if (response === null) {
                    reject(new Failure(error));
                    return;
                }
                const channel = numberOf(response, 'channel');
                this.channels.set(channel, receive);
                resolve(channel);
            });
        });
    }

    send(type: number, channel: number, payload?: Uint8Array): void {
        this.write(encodeFrame(type, channel, payload));
    }

    write(bytes: Buffer): void {
        if (!this.socket.destroyed) this.socket.write(bytes);
    }

    /** Stops and restarts reading: for a consumer that is slower. */
    pause(paused: boolean): void {
        if (paused) this.socket.pause();
        else this.socket.resume();
    }

    close(): void {
        this.socket.destroy();
    }

    private fail(reason: string): void {
        this.failure ||= reason;
        this.socket.destroy();
    }

    private guard(work: () => void): void {
        if (this.socket.destroyed) return;
        try {
            work();
        } catch (error) {
            if (!(error instanceof MalformedMessage)) throw error;
            this.fail(error.message);
        }
    }

    private receive(frame: Frame): void {
        switch (frame.type) {
            case TargetFrame.HELLO:
                if (readHello(frame) === PROTOCOL_VERSION) this.greeted(null);
                else this.fail('it was started by another version of Sealift');
                break;
            case TargetFrame.RESPONSE:
                this.requests.receive(frame.payload);
                break;
            case TargetFrame.EVENT: {
                const event = readEvent(frame);
                for (const watcher of this.watchers) watcher(frame.channel, event);
                break;
            }
            default:
                this.channels.get(frame.channel)?.(frame);
                if (frame.type === TargetFrame.EXIT) this.channels.delete(frame.channel);
        }
    }
}
