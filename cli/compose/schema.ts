// SPDX-License-Identifier: Apache-2.0
//
// Reads nodes of a Compose file as what they should be, and refuses by name whatever nobody has asked for.

import { parseCpus } from '../commands/cpuShare.js';
import { parseMemorySize } from '../commands/memorySize.js';
import { wrongAt, type ComposeNode, type ListNode, type MapNode, type Place } from './document.js';
import { splitWords } from './shellWords.js';

const units: Readonly<Record<string, number>> = {
    us: 0.001,
    µs: 0.001,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
};

/** The longest time that is taken: the target's limit, a year. */
const TIME_MAXIMUM = 366 * 24 * 3_600_000;

/** A node's text, whatever scalar it is. */
export function textOf(node: ComposeNode): string {
    if (node.kind !== 'scalar' || node.text === null)
        throw wrongAt(node, `is ${kindName(node)}`, 'write a text');
    return node.text;
}

export function kindName(node: ComposeNode): string {
    if (node.kind === 'list') return 'a list';
    if (node.kind === 'map') return 'a map';
    return node.text === null ? 'empty' : `"${node.text}"`;
}

export function isNull(node: ComposeNode): boolean {
    return node.kind === 'scalar' && node.text === null;
}

export function mapOf(node: ComposeNode): MapNode {
    if (node.kind !== 'map') throw wrongAt(node, `is ${kindName(node)}`, 'write a map');
    return node;
}

export function listOf(node: ComposeNode): ListNode {
    if (node.kind !== 'list') throw wrongAt(node, `is ${kindName(node)}`, 'write a list');
    return node;
}

export function booleanOf(node: ComposeNode): boolean {
    const text = textOf(node).toLowerCase();
    if (['true', 'yes', 'on', 'y'].includes(text)) return true;
    if (['false', 'no', 'off', 'n'].includes(text)) return false;
    throw wrongAt(node, `is "${text}"`, 'write true or false');
}

/** A whole number of at least `minimum`. */
export function countOf(node: ComposeNode, minimum = 0): number {
    const text = textOf(node);
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < minimum)
        throw wrongAt(node, `is "${text}"`, `write a whole number of at least ${minimum}`);
    return value;
}

/** Milliseconds of a duration: "1m30s", "500ms", "2.5s". */
export function durationOf(node: ComposeNode): number {
    const text = textOf(node).replaceAll(' ', '');
    const part = /(\d+(?:\.\d*)?|\.\d+)(us|µs|ms|s|m|h|d)/y;
    let total = text === '0' ? 0 : NaN;
    for (let at = 0; at < text.length && text !== '0';) {
        part.lastIndex = at;
        const match = part.exec(text);
        if (match === null) {
            total = NaN;
            break;
        }
        total = (at === 0 ? 0 : total) + Number(match[1]) * units[match[2]!]!;
        at = part.lastIndex;
    }
    if (Number.isNaN(total))
        throw wrongAt(node, `"${text}" is no duration`, 'write a number and a unit, for example 1m30s');
    if (total > TIME_MAXIMUM) throw wrongAt(node, `"${text}" is too long`, 'give at most 366d');
    return Math.ceil(total);
}

function placeText({ file, line, path }: Place): string {
    return `${file}:${line}: ${path}:`;
}

/** Bytes of a size: "64m", "1gb". */
export function sizeOf(node: ComposeNode): number {
    return parseMemorySize(textOf(node), placeText(node));
}

/** CPUs in units of 10⁻⁹. */
export function cpusOf(node: ComposeNode): number {
    return parseCpus(textOf(node), placeText(node));
}

/** A mode as chmod(1) has it: "0440", "440", "0o440". */
export function modeOf(node: ComposeNode): number {
    const text = textOf(node);
    if (!/^(0o?)?[0-7]{1,4}$/.test(text))
        throw wrongAt(node, `"${text}" is no mode`, 'write for example "0440"');
    return parseInt(text.replace('o', ''), 8);
}

/** A list of texts, or one text for a list of one. */
export function textsOf(node: ComposeNode): string[] {
    return node.kind === 'list' ? node.items.map(textOf) : [textOf(node)];
}

/** A command line: a list of words, or one text in which a shell's quotes count. Null keeps the image's. */
export function wordsOf(node: ComposeNode): string[] | null {
    if (isNull(node)) return null;
    if (node.kind === 'list') return node.items.map(textOf);
    const words = splitWords(textOf(node));
    if (words === null) throw wrongAt(node, 'has a quote that is not closed', 'close it');
    return words;
}

/** "NAME=VALUE" and "NAME" in a list, or a map of names to values; null for a name without a value. */
export function namedValuesOf(node: ComposeNode): Map<string, { value: string | null; node: ComposeNode }> {
    const result = new Map<string, { value: string | null; node: ComposeNode }>();
    if (node.kind === 'map') {
        for (const [name, value] of node.entries)
            result.set(name, { value: isNull(value) ? null : textOf(value), node: value });
        return result;
    }
    for (const item of listOf(node).items) {
        const text = textOf(item);
        const equals = text.indexOf('=');
        const name = equals < 0 ? text : text.slice(0, equals);
        result.set(name, { value: equals < 0 ? null : text.slice(equals + 1), node: item });
    }
    return result;
}

/** A map whose keys are all asked for, or refused. */
export class Fields {
    readonly node: MapNode;
    private readonly asked = new Set<string>();

    constructor(node: ComposeNode) {
        this.node = mapOf(node);
    }

    /** The value of a key, or null where it is not there. */
    take(key: string): ComposeNode | null {
        this.asked.add(key);
        return this.node.entries.get(key) ?? null;
    }

    /** What `read` makes of a key's value; `otherwise` where the key is not there or empty. */
    read<Value>(key: string, read: (node: ComposeNode) => Value, otherwise: Value): Value {
        const node = this.take(key);
        return node === null || isNull(node) ? otherwise : read(node);
    }

    /** Keys that mean nothing here, whatever they say. */
    ignore(...keys: readonly string[]): void {
        for (const key of keys) this.asked.add(key);
    }

    /** A key that may only have the value that it has anyway. */
    only(key: string, values: readonly string[], cause: string, remedy: string): void {
        const node = this.take(key);
        if (node === null || isNull(node)) return;
        const text = node.kind === 'scalar' ? node.text! : null;
        if (text === null || !values.includes(text)) throw wrongAt(atKey(node), cause, remedy);
    }

    /** Refuses every other key but extensions; `reasons` has cause and remedy of those that are known. */
    end(reasons: Readonly<Record<string, readonly [string, string]>> = {}): void {
        for (const [key, node] of this.node.entries) {
            if (this.asked.has(key) || key.startsWith('x-')) continue;
            const [cause, remedy] = Object.hasOwn(reasons, key)
                ? reasons[key]!
                : ['is not supported', 'remove it'];
            throw wrongAt(atKey(node), cause, remedy);
        }
    }
}

/** The place of a value's key. */
export function atKey(node: ComposeNode): Place {
    return { file: node.file, line: node.keyLine, path: node.path };
}
