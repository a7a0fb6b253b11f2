// SPDX-License-Identifier: Apache-2.0
//
// What a system of containers says about them (docs/control-channel.md), checked as it is read.

import type { Frame } from './frames.js';
import { MalformedMessage } from './messages.js';
import type { Fields } from './requests.js';

export const containerStates = ['created', 'running', 'restarting', 'stopping', 'exited'] as const;
export type ContainerState = (typeof containerStates)[number];

/** A container in a response to `ps`. */
export interface ContainerStatus {
    number: number;
    name: string;
    image: string;
    state: ContainerState;
    health: string;
    exitCode: number;
    signal: number;
    message: string;
    restarts: number;
    /** Milliseconds since the epoch, or since boot where the board has no clock; 0: never. */
    started: number;
    finished: number;
    processes: number;
}

export interface ContainerEvent {
    /** "start", "die", "restart", "stop", "destroy", "health_status" */
    event: string;
    time: number;
    exitCode: number;
    /** Of "restart": milliseconds until it is started again. */
    delay: number;
    health: string;
}

function count(fields: Fields, key: string): number {
    const value = fields[key] ?? 0;
    if (typeof value !== 'number' || !Number.isFinite(value))
        throw new MalformedMessage(`"${key}" is no number in what the target says of a container`);
    return value;
}

function text(fields: Fields, key: string): string {
    const value = fields[key] ?? '';
    if (typeof value !== 'string')
        throw new MalformedMessage(`"${key}" is no text in what the target says of a container`);
    return value;
}

function object(value: unknown): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new MalformedMessage('the target lists a container that is no object');
    return value as Fields;
}

/** The elements of a response's array. */
export function objectsOf(response: Fields, key: string): Fields[] {
    const list = response[key];
    if (!Array.isArray(list)) throw new MalformedMessage(`a response has no array "${key}"`);
    return list.map(object);
}

/** The containers of a response to `ps`. */
export function readContainers(response: Fields): ContainerStatus[] {
    return objectsOf(response, 'containers').map((fields) => {
        const state = containerStates.find((known) => known === fields.state);
        if (state === undefined) throw new MalformedMessage('the target gives a container no known state');
        return {
            number: count(fields, 'number'),
            name: text(fields, 'name'),
            image: text(fields, 'image'),
            state,
            health: text(fields, 'health'),
            exitCode: count(fields, 'exitCode'),
            signal: count(fields, 'signal'),
            message: text(fields, 'message'),
            restarts: count(fields, 'restarts'),
            started: count(fields, 'started'),
            finished: count(fields, 'finished'),
            processes: count(fields, 'processes'),
        };
    });
}

/** An EVENT's payload. */
export function readEvent(frame: Frame): ContainerEvent {
    let value: unknown;
    try {
        value = JSON.parse(frame.payload.toString('utf8'));
    } catch {
        throw new MalformedMessage("the target's EVENT message is not JSON");
    }
    const fields = object(value);
    return {
        event: text(fields, 'event'),
        time: count(fields, 'time'),
        exitCode: count(fields, 'exitCode'),
        delay: count(fields, 'delay'),
        health: text(fields, 'health'),
    };
}
