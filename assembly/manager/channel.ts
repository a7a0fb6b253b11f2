// SPDX-License-Identifier: Apache-2.0
//
// The control channel on the serial line (docs/control-channel.md): frames to and from the command line.

import { JsonText } from "../oci/jsonText";
import { consoleRead, consoleWrite } from "../sel4/generated/host";
import { provideHeap } from "./heap";
import { encodeUtf8, utf8Length } from "../std/utf8";

/** The first byte of a frame. Text of the machine is ASCII, so this byte never begins it. */
const FRAME_START: u8 = 0xa5;
/** Start, type, channel (16 bits), length (16 bits). */
const HEADER_SIZE: u32 = 6;
/** Bytes of a payload at most. */
export const PAYLOAD_MAXIMUM: u32 = 4096;

export const PROTOCOL_VERSION: u32 = 2;

/** The channel of the system as a whole. */
export const CHANNEL_SYSTEM: u32 = 0;
/** The first channel of processes that `exec` started. */
export const CHANNEL_EXEC: u32 = 0x8000;

// To the host.
export const FRAME_HELLO: u8 = 0x01;
export const FRAME_STDOUT: u8 = 0x02;
export const FRAME_STDERR: u8 = 0x03;
export const FRAME_LOG: u8 = 0x04;
export const FRAME_EXIT: u8 = 0x05;
export const FRAME_STATISTICS: u8 = 0x06;
export const FRAME_PROGRESS: u8 = 0x07;
export const FRAME_FAILED: u8 = 0x08;
export const FRAME_CREDIT: u8 = 0x09;
export const FRAME_EVENT: u8 = 0x0b;
const FRAME_RESPONSE: u8 = 0x0c;

// From the host.
export const FRAME_STDIN: u8 = 0x81;
export const FRAME_STDIN_END: u8 = 0x82;
export const FRAME_SIGNAL: u8 = 0x83;
export const FRAME_SHUTDOWN: u8 = 0x84;
export const FRAME_TERMINAL_SIZE: u8 = 0x85;
export const FRAME_REQUEST: u8 = 0x86;
/** The payload of TERMINAL_SIZE: rows and columns, 16 bits each. */
const TERMINAL_SIZE_BYTES: u32 = 4;

/** The first byte of a piece of a document: more follow. */
const MORE: u8 = 1;
/** Bytes of a request's document at most. */
export const REQUEST_MAXIMUM: u32 = 128 * 1024;

const header: usize = memory.data(8);
const credit: usize = memory.data(8);
const piece: usize = memory.data(8);
const received: usize = memory.data(256);
const RECEIVED_SIZE: u32 = 256;

function sendHeader(type: u8, channel: u32, length: u32): void {
    assert(length <= PAYLOAD_MAXIMUM);
    store<u8>(header, FRAME_START);
    store<u8>(header, type, 1);
    store<u16>(header, <u16>channel, 2);
    store<u16>(header, <u16>length, 4);
    consoleWrite(<u32>header, HEADER_SIZE);
}

/** Sends one frame of at most PAYLOAD_MAXIMUM bytes. */
export function sendFrame(type: u8, channel: u32, payload: usize, length: u32): void {
    sendHeader(type, channel, length);
    if (length > 0) consoleWrite(<u32>payload, length);
}

/** Sends a text (JSON) in one frame; what is longer than a frame is an error of the caller's. */
export function sendText(type: u8, channel: u32, text: string): void {
    const length = utf8Length(text);
    const bytes = heap.alloc(length);
    encodeUtf8(text, bytes);
    sendFrame(type, channel, bytes, length);
    heap.free(bytes);
}

/** Allows the host `bytes` more bytes of standard input. */
export function sendCredit(channel: u32, bytes: u32): void {
    store<u32>(credit, bytes);
    sendFrame(FRAME_CREDIT, channel, credit, 4);
}

/** Sends a response of one part, in as many pieces as it takes. */
export function sendResponse(text: string): void {
    const bytes = heap.alloc(utf8Length(text));
    sendResponseBytes(bytes, <u32>encodeUtf8(text, bytes), true);
    heap.free(bytes);
}

/** Sends the next part of a response, and empties the text for the part after it. `ends`: it is the last part. */
export function sendResponsePart(text: JsonText, ends: bool): void {
    const bytes = heap.alloc(text.utf8Bound);
    sendResponseBytes(bytes, <u32>text.encodeUtf8(bytes), ends);
    heap.free(bytes);
    text.continueAfter();
}

function sendResponseBytes(bytes: usize, length: u32, ends: bool): void {
    let at: u32 = 0;
    do {
        const part = min(length - at, PAYLOAD_MAXIMUM - 1);
        store<u8>(piece, ends && at + part == length ? 0 : MORE);
        sendHeader(FRAME_RESPONSE, CHANNEL_SYSTEM, part + 1);
        consoleWrite(<u32>piece, 1);
        if (part > 0) consoleWrite(<u32>(bytes + at), part);
        at += part;
    } while (at < length);
}

/** Who takes what the host sends. */
export abstract class HostListener {
    /** Standard input; `bytes` never exceeds the credit given, unless the host misbehaves. */
    abstract input(channel: u32, data: usize, bytes: u32): void;
    abstract inputEnd(channel: u32): void;
    abstract signal(channel: u32, number: u32): void;
    abstract terminalSize(channel: u32, rows: u32, columns: u32): void;
    abstract shutdown(): void;
    /** A request's whole document; 0 bytes when it had more than REQUEST_MAXIMUM bytes or there was no memory for it. */
    abstract request(document: usize, bytes: u32): void;
}

/** Puts a request's pieces together in memory that is there only in between. */
class RequestAssembly {
    private data: usize = 0;
    private capacity: u32 = 0;
    private length: u32 = 0;
    private isTooLong: bool = false;

    add(from: usize, bytes: u32): void {
        if (this.isTooLong || bytes > REQUEST_MAXIMUM - this.length) {
            this.isTooLong = true;
            return;
        }
        if (this.length + bytes > this.capacity) {
            const capacity = max(2 * this.capacity, this.length + bytes);
            if (!provideHeap(capacity)) {
                this.isTooLong = true;
                return;
            }
            this.capacity = capacity;
            this.data = this.data == 0 ? heap.alloc(this.capacity) : heap.realloc(this.data, this.capacity);
        }
        memory.copy(this.data + this.length, from, bytes);
        this.length += bytes;
    }

    /** Hands the document over and forgets it. */
    finish(listener: HostListener): void {
        listener.request(this.isTooLong ? 0 : this.data, this.isTooLong ? 0 : this.length);
        if (this.data != 0) heap.free(this.data);
        this.data = 0;
        this.capacity = 0;
        this.length = 0;
        this.isTooLong = false;
    }
}

/** Puts frames together from what the serial line gives, in whatever pieces. */
export class FrameReceiver {
    private readonly head: usize = heap.alloc(HEADER_SIZE);
    private headLength: u32 = 0;
    private left: u32 = 0;
    private readonly small: usize = heap.alloc(8);
    private smallLength: u32 = 0;
    private readonly assembly: RequestAssembly = new RequestAssembly();

    constructor(private readonly listener: HostListener) {}

    /** Takes everything that has arrived. */
    poll(): void {
        while (true) {
            const count = consoleRead(<u32>received, RECEIVED_SIZE);
            if (count == 0) return;
            this.take(received, count);
        }
    }

    /** Takes `count` bytes at `data`. Bytes outside frames are ignored: nothing else is defined to arrive. */
    take(data: usize, count: u32): void {
        let at: u32 = 0;
        while (at < count) {
            if (this.headLength < HEADER_SIZE) {
                const byte = load<u8>(data + at++);
                if (this.headLength == 0 && byte != FRAME_START) continue;
                store<u8>(this.head + this.headLength++, byte);
                if (this.headLength == HEADER_SIZE) {
                    this.left = load<u16>(this.head, 4);
                    this.smallLength = 0;
                    // A length that no frame has: out of step; look for the next start.
                    if (this.left > PAYLOAD_MAXIMUM) this.headLength = 0;
                    else if (this.left == 0) this.finish();
                }
                continue;
            }
            const part = min(this.left, count - at);
            this.payload(data + at, part);
            at += part;
            this.left -= part;
            if (this.left == 0) this.finish();
        }
    }

    private payload(data: usize, bytes: u32): void {
        const type = load<u8>(this.head, 1);
        if (type == FRAME_STDIN) {
            this.listener.input(load<u16>(this.head, 2), data, bytes);
            return;
        }
        if (type == FRAME_REQUEST) {
            // The first byte says whether it is the last piece.
            const first: u32 = this.smallLength == 0 ? 1 : 0;
            if (first != 0) store<u8>(this.small + this.smallLength++, load<u8>(data));
            if (bytes > first) this.assembly.add(data + first, bytes - first);
            return;
        }
        for (let i: u32 = 0; i < bytes && this.smallLength < 8; i++)
            store<u8>(this.small + this.smallLength++, load<u8>(data + i));
    }

    private finish(): void {
        const channel = load<u16>(this.head, 2);
        this.headLength = 0;
        switch (load<u8>(this.head, 1)) {
            case FRAME_STDIN_END:
                this.listener.inputEnd(channel);
                break;
            case FRAME_SIGNAL:
                if (this.smallLength >= 1) this.listener.signal(channel, load<u8>(this.small));
                break;
            case FRAME_TERMINAL_SIZE:
                if (this.smallLength == TERMINAL_SIZE_BYTES)
                    this.listener.terminalSize(channel, load<u16>(this.small), load<u16>(this.small, 2));
                break;
            case FRAME_SHUTDOWN:
                this.listener.shutdown();
                break;
            case FRAME_REQUEST:
                if (this.smallLength == 0 || load<u8>(this.small) != MORE)
                    this.assembly.finish(this.listener);
                break;
        }
    }
}
