// SPDX-License-Identifier: Apache-2.0
//
// Requests and responses of the control channel: JSON documents in pieces, whose first byte is 1 when more follow.

import { Failure } from '../failure.js';
import { encodeFrame, HostFrame, MAX_PAYLOAD_BYTES, SYSTEM_CHANNEL } from './frames.js';
import { MalformedMessage } from './messages.js';

/** Bytes of a request's document: what the target has room for. */
export const REQUEST_MAXIMUM = 128 << 10;
/** Bytes of a response's document: an account of as many containers as a system can have. */
export const RESPONSE_MAXIMUM = 4 << 20;

export type Fields = Record<string, unknown>;

/** A document's frames. */
export function documentFrames(type: number, value: unknown): Buffer {
    const document = Buffer.from(JSON.stringify(value));
    const room = MAX_PAYLOAD_BYTES - 1;
    const frames: Buffer[] = [];
    for (let at = 0; at === 0 || at < document.length; at += room) {
        const piece = document.subarray(at, at + room);
        const more = at + room < document.length ? 1 : 0;
        frames.push(encodeFrame(type, SYSTEM_CHANNEL, Buffer.concat([Uint8Array.of(more), piece])));
    }
    return Buffer.concat(frames);
}

/** Puts the pieces of documents together. What cannot be one is a MalformedMessage. */
export class DocumentReader {
    private pieces: Buffer[] = [];
    private length = 0;

    constructor(
        private readonly name: string,
        private readonly maximum: number,
    ) {}

    /** Takes a frame's payload; the document when it was the last piece. */
    push(payload: Buffer): Fields | null {
        const [more] = payload;
        if (more !== 0 && more !== 1)
            throw new MalformedMessage(`a piece of a ${this.name} does not begin with 0 or 1`);
        this.length += payload.length - 1;
        if (this.length > this.maximum)
            throw new MalformedMessage(`a ${this.name} has more than ${this.maximum} bytes`);
        this.pieces.push(Buffer.from(payload.subarray(1)));
        if (more === 1) return null;
        const text = Buffer.concat(this.pieces).toString('utf8');
        this.pieces = [];
        this.length = 0;
        let value: unknown;
        try {
            value = JSON.parse(text);
        } catch {
            throw new MalformedMessage(`a ${this.name} is not JSON`);
        }
        if (typeof value !== 'object' || value === null || Array.isArray(value))
            throw new MalformedMessage(`a ${this.name} is not a JSON object`);
        return value as Fields;
    }
}

/** What came of a request: a response without its `id`, or why there is none. */
export type Answer = { response: Fields; error: null } | { response: null; error: string };

interface Waiting {
    request: Fields;
    done: (answer: Answer) => void;
}

/** Sends requests, one after the other, and hands out their responses. */
export class RequestLine {
    private readonly reader = new DocumentReader('response', RESPONSE_MAXIMUM);
    private readonly queue: Waiting[] = [];
    private current: (Waiting & { id: number }) | null = null;
    private lastId = 0;
    private closed = '';

    constructor(private readonly write: (bytes: Buffer) => void) {}

    /**
     * Sends a request when those before it are answered. `done` is called before any frame that follows the response is looked at, so that
     * a channel that it names is known by then.
     */
    send(op: string, members: Fields, done: (answer: Answer) => void): void {
        if (this.closed !== '') {
            done({ response: null, error: this.closed });
            return;
        }
        this.queue.push({ request: { op, ...members }, done });
        this.next();
    }

    /** The same as a promise; an error becomes a Failure. */
    call(op: string, members: Fields = {}): Promise<Fields> {
        return new Promise((resolve, reject) => {
            this.send(op, members, ({ response, error }) => {
                if (response !== null) resolve(response);
                else reject(new Failure(error));
            });
        });
    }

    /** Takes a RESPONSE frame's payload. */
    receive(payload: Buffer): void {
        const document = this.reader.push(payload);
        if (document === null) return;
        const { current } = this;
        const { id, ...response } = document;
        if (current === null || id !== current.id)
            throw new MalformedMessage('a response answers no request');
        this.current = null;
        const { error } = response;
        current.done(typeof error === 'string' ? { response: null, error } : { response, error: null });
        this.next();
    }

    /** Nothing is answered any more, for this reason. */
    close(reason: string): void {
        if (this.closed !== '') return;
        this.closed = reason;
        const waiting = [...(this.current ? [this.current] : []), ...this.queue.splice(0)];
        this.current = null;
        for (const { done } of waiting) done({ response: null, error: reason });
    }

    private next(): void {
        if (this.current !== null || this.closed !== '') return;
        const waiting = this.queue.shift();
        if (waiting === undefined) return;
        const id = ++this.lastId;
        const bytes = documentFrames(HostFrame.REQUEST, { id, ...waiting.request });
        if (bytes.length > REQUEST_MAXIMUM) {
            waiting.done({
                response: null,
                error: `the request has more than ${REQUEST_MAXIMUM} bytes; shorten it`,
            });
            this.next();
            return;
        }
        this.current = { ...waiting, id };
        this.write(bytes);
    }
}
