// SPDX-License-Identifier: Apache-2.0
//
// A system on platform/linux and a client of its control channel (docs/control-channel.md), both without the command line: what the manager
// says and does is looked at frame by frame.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { root } from './images.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const { writeBootImage } = await import(join(root, 'build/cli/boot/bootImage.js'));

const START = 0xa5;
const HEADER = 6;
export const FRAME = {
    HELLO: 0x01,
    STDOUT: 0x02,
    STDERR: 0x03,
    LOG: 0x04,
    EXIT: 0x05,
    STATISTICS: 0x06,
    PROGRESS: 0x07,
    FAILED: 0x08,
    CREDIT: 0x09,
    OFF: 0x0a,
    EVENT: 0x0b,
    RESPONSE: 0x0c,
    STDIN: 0x81,
    STDIN_END: 0x82,
    SIGNAL: 0x83,
    SHUTDOWN: 0x84,
    TERMINAL_SIZE: 0x85,
    REQUEST: 0x86,
};

/** Files below a folder, by their path in it. */
function filesBelow(folder) {
    return readdirSync(folder, { recursive: true })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => [relative(folder, path), readFileSync(path)]);
}

/** A bundle: system.json and the files of each layout folder, and more files by name. */
function bundle(system, layouts, files = {}) {
    const entry = (name, content) => tarEntry({ name, content: content.toString('latin1') });
    return Buffer.concat([
        entry('system.json', Buffer.from(JSON.stringify(system))),
        ...layouts.flatMap((folder, number) =>
            filesBelow(folder).map(([path, bytes]) => entry(`images/${number}/${path}`, bytes)),
        ),
        ...Object.entries(files).map(([name, bytes]) => entry(name, bytes)),
        tarEnd(),
    ]);
}

/** The options of one container: `more` over what tests want where they do not care. */
export function container(name, command, more = {}) {
    return { name, image: 0, memory: 4 << 20, command, environment: [], hostname: name, ...more };
}

/** One frame's bytes. */
export function frame(type, channel, payload = Buffer.alloc(0)) {
    const header = Buffer.from([START, type, 0, 0, 0, 0]);
    header.writeUInt16LE(channel, 2);
    header.writeUInt16LE(payload.length, 4);
    return Buffer.concat([header, payload]);
}

export class SystemClient {
    /** What has come: {type, channel, payload}. */
    frames = [];
    text = '';
    #pending = Buffer.alloc(0);
    #waiting = [];
    #response = [];
    #nextId = 1;

    /** Boots the containers. `layouts` are folders of OCI image layouts; images are 0, 1, … */
    constructor(
        containers,
        layouts,
        { oneShot = false, memory = 256, tag = '', files = {}, environment = {} } = {},
    ) {
        this.folder = mkdtempSync(join(tmpdir(), 'sealift-system-'));
        const images = layouts.map((_, number) => ({
            folder: `images/${number}`,
            kind: 'layout',
            tag,
            platform: 'linux/amd64',
            name: `image${number}`,
        }));
        const seed = randomBytes(32).toString('hex');
        const system = { version: 2, seed, oneShot, statistics: oneShot, images, containers };
        const image = join(this.folder, 'boot.elf');
        const runtime = environment.SEALIFT_RUNTIME ?? join(root, 'build/runtime/x86_64/linux/runtime.elf');
        writeBootImage(runtime, [bundle(system, layouts, files)], image);
        this.child = spawn(join(root, 'build/linux/sealift-linux-kernel'), [
            '--memory',
            String(memory),
            image,
        ]);
        this.child.stdout.on('data', (bytes) => this.#take(bytes));
        this.child.stderr.on('data', (bytes) => (this.text += bytes));
        this.child.stdin.on('error', () => undefined);
        this.off = new Promise((resolve) => this.child.on('close', resolve));
        this.off.then(() => {
            rmSync(this.folder, { recursive: true });
            for (const { reject, what } of this.#waiting.splice(0))
                reject(
                    new Error(`the machine went off before ${what}; it said:\n${this.text}\n${this.#said()}`),
                );
        });
    }

    #said() {
        return this.frames.map(({ type, channel, payload }) => `${type}/${channel} ${payload}`).join('\n');
    }

    #take(bytes) {
        let data = Buffer.concat([this.#pending, bytes]);
        while (data.length > 0) {
            if (data[0] !== START) {
                const next = data.indexOf(START);
                const end = next < 0 ? data.length : next;
                this.text += data.subarray(0, end);
                data = data.subarray(end);
                continue;
            }
            if (data.length < HEADER) break;
            const end = HEADER + data.readUInt16LE(4);
            if (data.length < end) break;
            this.#frame({
                type: data[1],
                channel: data.readUInt16LE(2),
                payload: Buffer.from(data.subarray(HEADER, end)),
            });
            data = data.subarray(end);
        }
        this.#pending = data;
    }

    #frame(frame) {
        if (frame.type === FRAME.RESPONSE) {
            this.#response.push(frame.payload.subarray(1));
            if (frame.payload[0] === 1) return;
            frame = { ...frame, payload: Buffer.concat(this.#response.splice(0)) };
        }
        this.frames.push(frame);
        this.#waiting = this.#waiting.filter((waiter) => {
            const value = waiter.look();
            if (value === undefined) return true;
            waiter.resolve(value);
            return false;
        });
    }

    /** Waits until `look` gives something else than undefined, after each frame. */
    until(look, what = 'what was waited for') {
        const value = look();
        if (value !== undefined) return Promise.resolve(value);
        return new Promise((resolve, reject) => this.#waiting.push({ look, resolve, reject, what }));
    }

    /** The first frame from number `from` on of a type and channel, as it comes. */
    frameOf(type, channel, from = 0) {
        const look = () =>
            this.frames.slice(from).find((frame) => frame.type === type && frame.channel === channel);
        return this.until(look, `frame ${type} on channel ${channel}`);
    }

    /** How the process of a channel ended. */
    async exit(channel, from = 0) {
        return JSON.parse((await this.frameOf(FRAME.EXIT, channel, from)).payload);
    }

    /** Waits until the output of a channel matches. */
    outputMatching(channel, pattern, type = FRAME.STDOUT) {
        return this.until(() => this.output(channel, type).match(pattern) ?? undefined, `output ${pattern}`);
    }

    /** What a channel has printed. */
    output(channel, type = FRAME.STDOUT) {
        const frames = this.frames.filter((frame) => frame.type === type && frame.channel === channel);
        return Buffer.concat(frames.map(({ payload }) => payload)).toString();
    }

    /** The events of a container, by name. */
    events(channel) {
        return this.frames
            .filter((frame) => frame.type === FRAME.EVENT && frame.channel === channel)
            .map(({ payload }) => JSON.parse(payload));
    }

    send(type, channel, payload) {
        this.child.stdin.write(frame(type, channel, payload));
    }

    /** Sends a request and waits for its response. */
    async request(op, members = {}) {
        const id = this.#nextId++;
        const from = this.frames.length;
        this.sendDocument(JSON.stringify({ id, op, ...members }));
        const look = () => this.frames.slice(from).find(({ type }) => type === FRAME.RESPONSE);
        const { id: answered, ...response } = JSON.parse(
            (await this.until(look, `the response to ${op}`)).payload,
        );
        if (answered !== id) throw new Error(`the response to ${id} says ${answered}`);
        return response;
    }

    /** Sends a document in pieces. */
    sendDocument(text, size = 4095) {
        const bytes = Buffer.from(text);
        for (let at = 0; at === 0 || at < bytes.length; at += size) {
            const more = at + size < bytes.length ? 1 : 0;
            this.send(FRAME.REQUEST, 0, Buffer.concat([Buffer.from([more]), bytes.subarray(at, at + size)]));
        }
    }

    /** Stops everything and waits until the machine is off. */
    async down(timeout = 0) {
        await this.request('down', { timeout });
        await this.off;
    }

    kill() {
        this.child.kill('SIGKILL');
    }
}
