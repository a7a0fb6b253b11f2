// SPDX-License-Identifier: Apache-2.0
//
// What a service has mounted: files and folders of the host, configurations and secrets, which are copied into the container when it is
// made (layerFiles.ts), and empty folders in memory.

import { posix, resolve } from 'node:path';
import { homedir } from 'node:os';
import { wrongAt, type ComposeNode } from './document.js';
import { booleanOf, Fields, listOf, modeOf, sizeOf, textOf } from './schema.js';

/** A file or folder of the host, or a text, at a place in the container. */
export interface Mount {
    /** Path on the host; null where `content` is what the file has. */
    source: string | null;
    content: string | null;
    target: string;
    readOnly: boolean;
    /** Of a configuration or secret; null as on the host. */
    owner: { uid: number; gid: number } | null;
    mode: number | null;
    /** What failures call it. */
    place: { file: string; line: number; path: string };
}

export interface MemoryMount {
    path: string;
    /** Bytes; 0 is no limit of its own. */
    size: number;
    mode: number;
}

export interface Mounts {
    mounts: Mount[];
    tmpfs: MemoryMount[];
}

/** What a top-level configuration or secret is. */
export interface NamedFile {
    source: string | null;
    content: string | null;
}

/** The mode of a tmpfs where none is said. */
const TMPFS_MODE = 0o1777;
/** The mode of configurations and secrets where none is said. */
const FILE_MODE = 0o444;

const volumeRemedy =
    'mount a file or folder of the host, which is copied in (./data:/data), or a tmpfs for data that need not stay';

/** A path in the container. */
export function containerPath(node: ComposeNode): string {
    const text = textOf(node);
    const path = posix.normalize(text).replace(/(.)\/$/, '$1');
    if (!text.startsWith('/')) throw wrongAt(node, `"${text}" is no absolute path`, 'begin it with /');
    if (path === '/') throw wrongAt(node, 'the root cannot be mounted over', 'choose a folder below it');
    return path;
}

function textPath(text: string, node: ComposeNode): string {
    return containerPath({ ...node, kind: 'scalar', text });
}

/** True where a short volume's source is a path and no volume's name. */
function isPath(source: string): boolean {
    return /^([./~]|$)/.test(source);
}

function hostPath(source: string, folder: string): string {
    if (source === '~' || source.startsWith('~/')) return resolve(homedir() + source.slice(1));
    return resolve(folder, source);
}

/** "SOURCE:TARGET[:OPTIONS]" */
function shortVolume(node: ComposeNode, folder: string): Mount {
    const parts = textOf(node).split(':');
    if (parts.length === 1)
        throw wrongAt(
            node,
            'an anonymous volume is not supported: nothing of a container outlives it',
            volumeRemedy,
        );
    if (parts.length > 3)
        throw wrongAt(node, 'has more than three parts', 'write SOURCE:TARGET or SOURCE:TARGET:ro');
    const [source, target, options = ''] = parts as [string, string, string?];
    if (!isPath(source)) throw wrongAt(node, `the named volume ${source} is not supported`, volumeRemedy);
    let readOnly = false;
    for (const option of options === '' ? [] : options.split(',')) {
        if (option === 'ro') readOnly = true;
        // A label of the host's SELinux means nothing to a copy.
        else if (!['rw', 'z', 'Z'].includes(option))
            throw wrongAt(node, `the option ${option} is not supported`, 'write ro, rw or nothing');
    }
    return hostMount(hostPath(source, folder), textPath(target, node), readOnly, node);
}

function hostMount(source: string, target: string, readOnly: boolean, node: ComposeNode): Mount {
    return { source, content: null, target, readOnly, owner: null, mode: null, place: node };
}

/** A volume in its long form. */
function longVolume(node: ComposeNode, folder: string): Mount | MemoryMount {
    const fields = new Fields(node);
    const type = fields.read('type', textOf, 'volume');
    if (type !== 'bind' && type !== 'tmpfs')
        throw wrongAt(fields.take('type') ?? node, `a mount of type ${type} is not supported`, volumeRemedy);
    const target = fields.take('target');
    if (target === null) throw wrongAt(node, 'has no target', 'write where it goes in the container');
    const readOnly = fields.read('read_only', booleanOf, false);
    if (type === 'tmpfs') {
        if (readOnly) throw wrongAt(node, 'a tmpfs that is read-only holds nothing', 'remove read_only');
        const mount: MemoryMount = { path: containerPath(target), size: 0, mode: TMPFS_MODE };
        const options = fields.take('tmpfs');
        if (options !== null) {
            const inner = new Fields(options);
            mount.size = inner.read('size', sizeOf, 0);
            mount.mode = inner.read('mode', modeOf, TMPFS_MODE);
            inner.end();
        }
        fields.end();
        return mount;
    }
    const source = fields.take('source');
    if (source === null) throw wrongAt(node, 'has no source', 'write which file or folder of the host it is');
    const options = fields.take('bind');
    if (options !== null) {
        const inner = new Fields(options);
        const remedy = 'a bind mount is a copy of what is there; remove it';
        inner.only('create_host_path', ['false'], 'is not supported', remedy);
        inner.ignore('selinux');
        inner.end({ propagation: ['is not supported', remedy] });
    }
    fields.end();
    return hostMount(hostPath(textOf(source), folder), containerPath(target), readOnly, node);
}

/** A service's `volumes`. */
export function readVolumes(node: ComposeNode, folder: string, into: Mounts): void {
    for (const item of listOf(node).items) {
        const mount = item.kind === 'scalar' ? shortVolume(item, folder) : longVolume(item, folder);
        if ('path' in mount) into.tmpfs.push(mount);
        else into.mounts.push(mount);
    }
}

/** A service's `tmpfs`: "PATH[:OPTION,...]" each. */
export function readTmpfs(node: ComposeNode, into: Mounts): void {
    for (const item of node.kind === 'list' ? node.items : [node]) {
        const [path = '', options = ''] = textOf(item).split(/:(.*)/s);
        const mount: MemoryMount = { path: textPath(path, item), size: 0, mode: TMPFS_MODE };
        for (const option of options === '' ? [] : options.split(',')) {
            const [name, value = ''] = option.split(/=(.*)/s);
            const part = { ...item, kind: 'scalar', text: value } as ComposeNode;
            if (name === 'size') mount.size = sizeOf(part);
            else if (name === 'mode') mount.mode = modeOf(part);
            else if (option !== 'rw')
                throw wrongAt(
                    item,
                    `the option ${option} is not supported`,
                    'write size=BYTES, mode=MODE or nothing',
                );
        }
        into.tmpfs.push(mount);
    }
}

/** The top-level `configs` or `secrets`; `kind` names them in messages. */
export function readNamedFiles(
    node: ComposeNode | null,
    folder: string,
    kind: string,
    variable: (name: string) => string | undefined,
): Map<string, NamedFile> {
    const result = new Map<string, NamedFile>();
    if (node === null) return result;
    for (const [name, value] of new Fields(node).node.entries) {
        if (name.startsWith('x-')) continue;
        const fields = new Fields(value);
        const file = fields.read('file', textOf, null);
        const content = fields.read('content', textOf, null);
        const from = fields.read('environment', textOf, null);
        fields.ignore('name', 'labels');
        fields.end({
            external: [
                `an external ${kind} is kept by an engine, which there is none of`,
                'write file or environment',
            ],
        });
        if ([file, content, from].filter((one) => one !== null).length !== 1)
            throw wrongAt(
                value,
                'says not exactly one of file, content and environment',
                'write one of them',
            );
        if (from !== null && variable(from) === undefined)
            throw wrongAt(value, `the variable ${from} is not set`, 'set it in the environment or in .env');
        result.set(name, {
            source: file === null ? null : hostPath(file, folder),
            content: content ?? (from === null ? null : variable(from)!),
        });
    }
    return result;
}

function identifier(node: ComposeNode): number {
    const text = textOf(node);
    if (!/^\d{1,10}$/.test(text))
        throw wrongAt(node, `"${text}" is no number of an owner`, 'write for example "1000"');
    return Number(text);
}

/** A service's `configs` or `secrets`; `defaultTarget` is where one of a name goes. */
export function readFileGrants(
    node: ComposeNode,
    files: ReadonlyMap<string, NamedFile>,
    kind: string,
    defaultFolder: string,
    into: Mounts,
): void {
    for (const item of listOf(node).items) {
        let name: string;
        let target: string | null = null;
        let owner = { uid: 0, gid: 0 };
        let mode = FILE_MODE;
        if (item.kind === 'scalar') name = textOf(item);
        else {
            const fields = new Fields(item);
            name = fields.read('source', textOf, '');
            target = fields.read('target', textOf, null);
            owner = { uid: fields.read('uid', identifier, 0), gid: fields.read('gid', identifier, 0) };
            mode = fields.read('mode', modeOf, FILE_MODE);
            fields.end();
        }
        const file = files.get(name);
        if (file === undefined)
            throw wrongAt(item, `there is no ${kind} "${name}"`, `define it in the top-level ${kind}s`);
        const path = target === null ? name : target;
        into.mounts.push({
            ...file,
            target: textPath(path.startsWith('/') ? path : posix.join(defaultFolder, path), item),
            readOnly: true,
            owner,
            mode,
            place: item,
        });
    }
}
