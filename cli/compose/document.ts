// SPDX-License-Identifier: Apache-2.0
//
// A Compose file as a tree of nodes that know where they stand, with variables, aliases and merge keys resolved: so every refusal can
// say file, line and path.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { Failure } from '../failure.js';
import { interpolate, InterpolationError, type Lookup } from './interpolate.js';

/** Nodes of a document with its aliases resolved; without a limit a few lines of aliases make billions. */
const NODES_MAXIMUM = 50_000;
const DEPTH_MAXIMUM = 64;

/** Where a node stands. */
export interface Place {
    file: string;
    line: number;
    /** "services.web.ports" */
    path: string;
}

/** A Failure about a place in a Compose file. */
export function wrongAt({ file, line, path }: Place, cause: string, remedy: string): Failure {
    return new Failure(`${file}:${line}: ${path === '' ? '' : `${path}: `}${cause}; ${remedy}`);
}

interface NodeBase extends Place {
    /** The line of the key, where the node is a map's value. */
    keyLine: number;
}

export interface ScalarNode extends NodeBase {
    kind: 'scalar';
    /** The text as written, variables replaced; null for YAML's null. */
    text: string | null;
}

export interface ListNode extends NodeBase {
    kind: 'list';
    items: ComposeNode[];
}

export interface MapNode extends NodeBase {
    kind: 'map';
    entries: Map<string, ComposeNode>;
}

export type ComposeNode = ScalarNode | ListNode | MapNode;

class Resolver {
    private nodes = 0;

    constructor(
        private readonly document: Document,
        private readonly file: string,
        private readonly lines: LineCounter,
        private readonly lookup: Lookup,
        private readonly missing: (name: string) => void,
    ) {}

    private lineOf(node: Node | null | undefined, otherwise: number): number {
        return node?.range ? this.lines.linePos(node.range[0]).line : otherwise;
    }

    resolve(node: unknown, path: string, keyLine: number, depth = 0): ComposeNode {
        const line = this.lineOf(node as Node | null, keyLine);
        const base: NodeBase = { file: this.file, path, line, keyLine };
        if (++this.nodes > NODES_MAXIMUM || depth > DEPTH_MAXIMUM)
            throw wrongAt(base, 'the file grows beyond every measure by its aliases', 'write it out');
        if (isAlias(node)) {
            const target = node.resolve(this.document);
            if (target === undefined)
                throw wrongAt(base, `there is no anchor &${node.source}`, 'define it before');
            return { ...this.resolve(target, path, line, depth + 1), line, keyLine };
        }
        if (isMap(node)) return { ...base, kind: 'map', entries: this.entries(node.items, base, depth) };
        if (isSeq(node)) {
            const items = node.items.map((item, index) =>
                this.resolve(item, `${path}[${index}]`, line, depth + 1),
            );
            return { ...base, kind: 'list', items };
        }
        if (node === null) return { ...base, kind: 'scalar', text: null };
        if (!isScalar(node)) throw wrongAt(base, 'is no value', 'write text, a list or a map');
        return { ...base, kind: 'scalar', text: this.scalarText(node.value, node.source, base) };
    }

    private scalarText(value: unknown, source: string | undefined, place: Place): string | null {
        if (value === null) return null;
        // Numbers and such as they were written: 0440 is octal, 1.10 a version.
        const text = typeof value === 'string' ? value : (source ?? JSON.stringify(value));
        try {
            return interpolate(text, this.lookup, this.missing);
        } catch (error) {
            if (!(error instanceof InterpolationError)) throw error;
            throw new Failure(`${place.file}:${place.line}: ${place.path}: ${error.message}`);
        }
    }

    private entries(
        pairs: readonly { key: unknown; value: unknown }[],
        place: Place,
        depth: number,
    ): Map<string, ComposeNode> {
        const own = new Map<string, ComposeNode>();
        const merged: ComposeNode[] = [];
        for (const { key, value } of pairs) {
            const line = this.lineOf(key as Node, place.line);
            const name = isScalar(key) ? keyName(key.value, key.source) : '';
            const path = place.path === '' ? name : `${place.path}.${name}`;
            if (!isScalar(key)) throw wrongAt({ ...place, line }, 'has a key that is no text', 'write text');
            const node = this.resolve(value, path, line, depth + 1);
            if (name === '<<') merged.push(...(node.kind === 'list' ? node.items : [node]));
            else own.set(name, node);
        }
        // What a map says itself goes before what is merged into it, and an earlier one before a later one.
        for (const node of merged) {
            if (node.kind !== 'map') throw wrongAt(node, 'is no map', 'merge maps only');
            for (const [name, value] of node.entries)
                if (!own.has(name)) own.set(name, replaced(value, `${node.path}.`, place.path));
        }
        return own;
    }
}

function keyName(value: unknown, source: string | undefined): string {
    if (typeof value === 'symbol') return '<<';
    return typeof value === 'string' ? value : (source ?? JSON.stringify(value));
}

/** A merged node with the path that it has where it was merged. */
function replaced(node: ComposeNode, prefix: string, path: string): ComposeNode {
    const rest = node.path.startsWith(prefix) ? node.path.slice(prefix.length) : node.path;
    const moved = { ...node, path: path === '' ? rest : `${path}.${rest}` };
    if (moved.kind === 'list') moved.items = moved.items.map((item) => replaced(item, prefix, path));
    if (moved.kind === 'map')
        moved.entries = new Map(
            [...moved.entries].map(([key, value]) => [key, replaced(value, prefix, path)]),
        );
    return moved;
}

/** Parses a Compose file's text. `missing` is told of variables that are not set. */
export function parseComposeDocument(
    text: string,
    file: string,
    lookup: Lookup,
    missing: (name: string) => void,
): MapNode {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
    const error = document.errors[0] ?? document.warnings[0];
    if (error) {
        const { line } = lines.linePos(error.pos[0]);
        throw new Failure(
            `${file}:${line}: not YAML as Compose files have it (${error.message}); correct it`,
        );
    }
    const resolver = new Resolver(document, file, lines, lookup, missing);
    const root = resolver.resolve(document.contents, '', 1);
    if (root.kind !== 'map')
        throw new Failure(`${file}: is no Compose file; begin it with a map \`services:\``);
    return root;
}
