// SPDX-License-Identifier: Apache-2.0
//
// The control channel on the serial line (docs/architecture.md): frames to and from the command line.

import { consoleRead, consoleWrite } from "../sel4/generated/host";
import { encodeUtf8, utf8Length } from "../std/utf8";

/** The first byte of a frame. Text of the machine is ASCII, so this byte never begins it. */
const FRAME_START: u8 = 0xa5;
/** Start, type, container, length (16 bits). */
const HEADER_SIZE: u32 = 5;
/** Bytes of a payload at most. */
export const PAYLOAD_MAXIMUM: u32 = 4096;

export const PROTOCOL_VERSION: u32 = 1;

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

// From the host.
export const FRAME_STDIN: u8 = 0x81;
export const FRAME_STDIN_END: u8 = 0x82;
export const FRAME_SIGNAL: u8 = 0x83;
export const FRAME_SHUTDOWN: u8 = 0x84;
export const FRAME_TERMINAL_SIZE: u8 = 0x85;
/** Its payload: rows and columns, 16 bits each. */
const TERMINAL_SIZE_BYTES: u32 = 4;

const header: usize = memory.data(8);
const credit: usize = memory.data(8);
const received: usize = memory.data(256);
const RECEIVED_SIZE: u32 = 256;

/** Sends one frame of at most PAYLOAD_MAXIMUM bytes. */
export function sendFrame(type: u8, container: u32, payload: usize, length: u32): void {
    assert(length <= PAYLOAD_MAXIMUM);
    store<u8>(header, FRAME_START);
    store<u8>(header, type, 1);
    store<u8>(header, <u8>container, 2);
    store<u16>(header, <u16>length, 3);
    consoleWrite(<u32>header, HEADER_SIZE);
    if (length > 0) consoleWrite(<u32>payload, length);
}

/** Sends a text (JSON) in one frame; what is longer than a frame is an error of the caller's. */
export function sendText(type: u8, container: u32, text: string): void {
    const length = utf8Length(text);
    const bytes = heap.alloc(length);
    encodeUtf8(text, bytes);
    sendFrame(type, container, bytes, length);
    heap.free(bytes);
}

/** Allows the host `bytes` more bytes of standard input. */
export function sendCredit(container: u32, bytes: u32): void {
    store<u32>(credit, bytes);
    sendFrame(FRAME_CREDIT, container, credit, 4);
}

/** Who takes what the host sends. */
export abstract class HostListener {
    /** Standard input; `bytes` never exceeds the credit given, unless the host misbehaves. */
    abstract input(container: u32, data: usize, bytes: u32): void;
    abstract inputEnd(container: u32): void;
    abstract signal(container: u32, number: u32): void;
    abstract terminalSize(container: u32, rows: u32, columns: u32): void;
    abstract shutdown(): void;
}

/** Puts frames together from what the serial line gives, in whatever pieces. */
export class FrameReceiver {
    private readonly head: usize = heap.alloc(HEADER_SIZE);
    private headLength: u32 = 0;
    private left: u32 = 0;
    private readonly small: usize = heap.alloc(8);
    private smallLength: u32 = 0;

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
                    this.left = load<u16>(this.head, 3);
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
        if (load<u8>(this.head, 1) == FRAME_STDIN) {
            this.listener.input(load<u8>(this.head, 2), data, bytes);
            return;
        }
        for (let i: u32 = 0; i < bytes && this.smallLength < 8; i++)
            store<u8>(this.small + this.smallLength++, load<u8>(data + i));
    }

    private finish(): void {
        const container = load<u8>(this.head, 2);
        this.headLength = 0;
        switch (load<u8>(this.head, 1)) {
            case FRAME_STDIN_END:
                this.listener.inputEnd(container);
                break;
            case FRAME_SIGNAL:
                if (this.smallLength >= 1) this.listener.signal(container, load<u8>(this.small));
                break;
            case FRAME_TERMINAL_SIZE:
                if (this.smallLength == TERMINAL_SIZE_BYTES)
                    this.listener.terminalSize(container, load<u16>(this.small), load<u16>(this.small, 2));
                break;
            case FRAME_SHUTDOWN:
                this.listener.shutdown();
                break;
        }
    }
}
