// SPDX-License-Identifier: Apache-2.0
//
// Frames of the control channel (docs/control-channel.md): 0xA5, type, channel and length, 16 bits each, little endian, payload. Bytes
// outside frames are the machine's own text. The line has no other synchronisation: a byte 0xA5 always begins a frame.

export const FRAME_START = 0xa5;
export const FRAME_HEADER_BYTES = 6;
export const MAX_PAYLOAD_BYTES = 4096;

/** The channel of the system itself. */
export const SYSTEM_CHANNEL = 0;

/** Channels from here on are processes that `exec` started. */
export const FIRST_PROCESS_CHANNEL = 0x8000;

/** Frames that the target sends. */
export const TargetFrame = {
    HELLO: 0x01,
    STDOUT: 0x02,
    STDERR: 0x03,
    LOG: 0x04,
    EXIT: 0x05,
    STATISTICS: 0x06,
    PROGRESS: 0x07,
    FAILED: 0x08,
    CREDIT: 0x09,
    /** The last frame: nothing follows, and a machine without a switch may be turned off. */
    OFF: 0x0a,
    /** Something has happened to a container. */
    EVENT: 0x0b,
    /** A piece of the document that answers a request. */
    RESPONSE: 0x0c,
} as const;

/** Frames that the host sends. */
export const HostFrame = {
    STDIN: 0x81,
    STDIN_END: 0x82,
    SIGNAL: 0x83,
    SHUTDOWN: 0x84,
    /** Rows and columns of the person's terminal, 16 bits each, little endian. */
    TERMINAL_SIZE: 0x85,
    /** A piece of a request's document. */
    REQUEST: 0x86,
} as const;

export interface TerminalSize {
    rows: number;
    columns: number;
}

export interface Frame {
    type: number;
    /** 0 is the system; then containers by number; from FIRST_PROCESS_CHANNEL processes that `exec` started. */
    channel: number;
    payload: Buffer;
}

/** One frame's bytes. */
export function encodeFrame(type: number, channel: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
    if (payload.length > MAX_PAYLOAD_BYTES)
        throw new RangeError(`a frame holds ${MAX_PAYLOAD_BYTES} bytes, not ${payload.length}`);
    const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
    bytes[0] = FRAME_START;
    bytes[1] = type;
    bytes.writeUInt16LE(channel, 2);
    bytes.writeUInt16LE(payload.length, 4);
    bytes.set(payload, FRAME_HEADER_BYTES);
    return bytes;
}

/** What a stretch of the line was: a frame, text of the machine, or a frame header that cannot be. */
export interface FrameReceiver {
    frame(frame: Frame): void;
    text(bytes: Buffer): void;
    /** A header announced more than MAX_PAYLOAD_BYTES: the line is out of step. Decoding goes on behind the start byte. */
    damaged(length: number): void;
}

/** Cuts the line into frames and text as bytes arrive, however they are split. */
export class FrameDecoder {
    private pending: Buffer = Buffer.alloc(0);

    constructor(private readonly receiver: FrameReceiver) {}

    push(bytes: Buffer): void {
        const data = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
        let at = 0;
        while (at < data.length) {
            if (data[at] !== FRAME_START) {
                const next = data.indexOf(FRAME_START, at);
                const end = next < 0 ? data.length : next;
                this.receiver.text(data.subarray(at, end));
                at = end;
                continue;
            }
            if (data.length - at < FRAME_HEADER_BYTES) break;
            const length = data.readUInt16LE(at + 4);
            if (length > MAX_PAYLOAD_BYTES) {
                this.receiver.damaged(length);
                at++;
                continue;
            }
            const end = at + FRAME_HEADER_BYTES + length;
            if (data.length < end) break;
            this.receiver.frame({
                type: data[at + 1]!,
                channel: data.readUInt16LE(at + 2),
                payload: data.subarray(at + FRAME_HEADER_BYTES, end),
            });
            at = end;
        }
        this.pending = Buffer.from(data.subarray(at));
    }

    /** Bytes of a frame that has begun and not ended. */
    get unfinishedBytes(): number {
        return this.pending.length;
    }
}
