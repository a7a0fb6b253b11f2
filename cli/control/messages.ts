// SPDX-License-Identifier: Apache-2.0
//
// The JSON payloads of the control channel, checked as they are read: the target runs untrusted images, so nothing of
// what it sends is taken on trust.

import type { Frame } from './frames.js';

/** The protocol that this CLI speaks; HELLO carries the target's. */
export const PROTOCOL_VERSION = 2;

/** How the container's first process ended. */
export interface ExitMessage {
    /** As the shell has it: the program's own, 128+n for signal n, or 125, 126, 127 with a message. */
    exitCode: number;
    /** The signal that ended it, or 0. */
    signal: number;
    /** Why it could not be started or was ended; "" for a program that ended by itself. */
    message: string;
}

export interface FailedMessage {
    message: string;
    exitCode: number;
}

export interface ProgressMessage {
    phase: string;
    /** Counted from 1. */
    layer: number;
    layers: number;
    bytes: number;
    total: number;
}

/** A payload that is not what its frame type promises. */
export class MalformedMessage extends Error {}

type Fields = Record<string, unknown>;

function parseObject(frame: Frame, name: string): Fields {
    let value: unknown;
    try {
        value = JSON.parse(frame.payload.toString('utf8'));
    } catch {
        throw new MalformedMessage(`the target's ${name} message is not JSON`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new MalformedMessage(`the target's ${name} message is not a JSON object`);
    }
    return value as Fields;
}

function integer(fields: Fields, key: string, name: string, fallback?: number): number {
    const value = fields[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
        throw new MalformedMessage(`the target's ${name} message has no valid "${key}"`);
    }
    return value;
}

function text(fields: Fields, key: string): string {
    const value = fields[key];
    return typeof value === 'string' ? value : '';
}

/** The protocol version of a HELLO. */
export function readHello(frame: Frame): number {
    return integer(parseObject(frame, 'HELLO'), 'protocol', 'HELLO');
}

/** An exit code that a process can have. */
function exitCode(fields: Fields, name: string): number {
    const code = integer(fields, 'exitCode', name);
    if (code > 255) throw new MalformedMessage(`the target's ${name} message has exit code ${code}`);
    return code;
}

export function readExit(frame: Frame): ExitMessage {
    const fields = parseObject(frame, 'EXIT');
    return {
        exitCode: exitCode(fields, 'EXIT'),
        signal: integer(fields, 'signal', 'EXIT', 0),
        message: text(fields, 'message'),
    };
}

export function readFailed(frame: Frame): FailedMessage {
    const fields = parseObject(frame, 'FAILED');
    return { message: text(fields, 'message'), exitCode: exitCode(fields, 'FAILED') };
}

export function readProgress(frame: Frame): ProgressMessage {
    const fields = parseObject(frame, 'PROGRESS');
    return {
        phase: text(fields, 'phase'),
        layer: integer(fields, 'layer', 'PROGRESS', 0),
        layers: integer(fields, 'layers', 'PROGRESS', 0),
        bytes: integer(fields, 'bytes', 'PROGRESS', 0),
        total: integer(fields, 'total', 'PROGRESS', 0),
    };
}

export function readStatistics(frame: Frame): Fields {
    return parseObject(frame, 'STATISTICS');
}

export function readCredit(frame: Frame): number {
    if (frame.payload.length !== 4)
        throw new MalformedMessage(`the target's CREDIT message has ${frame.payload.length} bytes, not 4`);
    return frame.payload.readUInt32LE(0);
}
