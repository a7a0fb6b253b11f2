// SPDX-License-Identifier: Apache-2.0
//
// Frames of the control channel (docs/architecture.md): 0xA5, type, container, length u16 little endian, payload. Bytes
// outside frames are the machine's own text. The line has no other synchronisation: a byte 0xA5 always begins a frame.

export const FRAME_START = 0xa5;
export const FRAME_HEADER_BYTES = 5;
export const MAX_PAYLOAD_BYTES = 4096;

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
} as const;

/** Frames that the host sends. */
export const HostFrame = {
    STDIN: 0x81,
    STDIN_END: 0x82,
    SIGNAL: 0x83,
    SHUTDOWN: 0x84,
    /** Rows and columns of the person's terminal, 16 bits each, little endian. */
    TERMINAL_SIZE: 0x85,
} as const;

export interface TerminalSize {
    rows: number;
    columns: number;
}

export interface Frame {
    type: number;
    container: number;
    payload: Buffer;
}

/** One frame's bytes. */
export function encodeFrame(
    type: number,
    container: number,
    payload: Uint8Array = new Uint8Array(0),
): Buffer {
    if (payload.length > MAX_PAYLOAD_BYTES)
        throw new RangeError(`a frame holds ${MAX_PAYLOAD_BYTES} bytes, not ${payload.length}`);
    const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
    bytes[0] = FRAME_START;
    bytes[1] = type;
    bytes[2] = container;
    bytes.writeUInt16LE(payload.length, 3);
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
            const length = data.readUInt16LE(at + 3);
            if (length > MAX_PAYLOAD_BYTES) {
                this.receiver.damaged(length);
                at++;
                continue;
            }
            const end = at + FRAME_HEADER_BYTES + length;
            if (data.length < end) break;
            this.receiver.frame({
                type: data[at + 1]!,
                container: data[at + 2]!,
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
