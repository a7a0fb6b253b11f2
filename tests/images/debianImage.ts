// SPDX-License-Identifier: Apache-2.0
//
// Makes an image from Debian packages: their closure, unpacked into layers, with what their maintainer scripts would have made and
// programs need. No script of a package runs.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { file, folder, symlink } from './busyboxImage.js';
import { debianPackageEntries } from './debianArchive.js';
import { packageClosure, type DebianArchitecture } from './debianPackage.js';
import { makeLayer, OciLayout, type ImageSettings, type Layer, type LayerEntry } from './ociLayout.js';

/** An image to be made. */
export interface DebianImage {
    name: string;
    /** The packages of each layer, lowest first; each layer has what the ones below it do not. */
    layers: readonly DebianLayer[];
    config: ImageSettings['config'];
}

export interface DebianLayer {
    packages: readonly string[];
    /** Files that no package has. */
    files?: readonly LayerEntry[];
    /** Changes what the packages have, given all files of this layer and those below by name. */
    amend?: (files: ReadonlyMap<string, LayerEntry>) => LayerEntry[];
}

/** Packages that only maintainer scripts, init systems and people need. */
const withheld = [
    'adduser',
    'awk',
    'debconf',
    'debconf-2.0',
    'debianutils',
    'dpkg',
    'init-system-helpers',
    'install-info',
    'lsb-base',
    'media-types',
    'perl-base',
    'perl',
    'readline-common',
    'sysvinit-utils',
    'tar',
    'iproute2',
    'procps',
];

/** Folders that only people read, and character sets that no test converts. */
const stripped =
    /^usr\/share\/(doc|man|info|locale|lintian|bug|bash-completion|doc-base|menu|pixmaps|gnome|applications)(\/|$)|^usr\/lib\/[^/]+\/gconv(\/|$)/;

const mergedFolders = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** A name as it is once /bin and its like are links into /usr. */
function mergedName(name: string): string {
    const first = name.split('/', 1)[0]!;
    return mergedFolders.includes(first) ? `usr/${name}` : name;
}

/** The files of a package where an installed system with merged /usr has them. */
function packageEntries(archivePath: string): LayerEntry[] {
    return debianPackageEntries(archivePath)
        .map((entry) => ({
            ...entry,
            name: mergedName(entry.name),
            ...(entry.type === 'hardlink' ? { linkName: mergedName(entry.linkName ?? '') } : {}),
        }))
        .filter(({ name }) => name !== '' && !stripped.test(name));
}

/** The lowest layer's files that maintainer scripts make: accounts, name service, links of the merged /usr. */
function baseFiles(files: ReadonlyMap<string, LayerEntry>): LayerEntry[] {
    const copies = [
        ['etc/passwd', 'usr/share/base-passwd/passwd.master'],
        ['etc/group', 'usr/share/base-passwd/group.master'],
        ['etc/nsswitch.conf', 'usr/share/libc-bin/nsswitch.conf'],
        ['etc/profile', 'usr/share/base-files/profile'],
    ].map(([name, source]) => file(name!, Buffer.from(files.get(source!)!.content!)));
    return [
        ...mergedFolders
            .filter((name) => files.has(`usr/${name}`))
            .map((name) => symlink(name, `usr/${name}`)),
        ...copies,
        folder('root', 0o700),
        symlink('var/run', '/run'),
        symlink('var/lock', '/run/lock'),
        folder('run/lock', 0o1777),
        ...(files.has('usr/bin/sh') ? [] : [symlink('usr/bin/sh', 'dash')]),
    ];
}

/** Adds an entry; a folder that two packages have is the first one's. */
function add(files: Map<string, LayerEntry>, entry: LayerEntry): void {
    const name = entry.name.replace(/\/$/, '');
    const present = files.get(name);
    if (present !== undefined && entry.type === 'directory') return;
    files.set(name, { ...entry, name: entry.type === 'directory' ? `${name}/` : name });
}

/** Folders before what is in them, hard links after the files that they name. */
function inOrder(entries: Iterable<LayerEntry>): LayerEntry[] {
    const sorted = [...entries].sort((first, second) => (first.name < second.name ? -1 : 1));
    const isLink = ({ type }: LayerEntry): boolean => type === 'hardlink';
    return [...sorted.filter((entry) => !isLink(entry)), ...sorted.filter(isLink)];
}

/** A layer of an image as made, and what is needed to go on above it. */
interface MadeLayer {
    layer: Layer;
    /** All files of this layer and those below, by name without the slash of a folder. */
    files: ReadonlyMap<string, LayerEntry>;
    archives: ReadonlySet<string>;
}

/** Layers of images made before, by what they are made of: images share their lower ones. */
const madeLayers = new Map<string, MadeLayer>();

/** Makes the uppermost of some layers, and what is below it when it has not been made before. */
function madeLayer(
    layers: readonly DebianLayer[],
    architecture: DebianArchitecture,
    cacheFolder: string,
): MadeLayer {
    const key = JSON.stringify([architecture, layers.map(({ packages, files }) => [packages, files])]);
    const present = madeLayers.get(key);
    if (present !== undefined) return present;
    const below = layers.length > 1 ? madeLayer(layers.slice(0, -1), architecture, cacheFolder) : undefined;
    const own = layers.at(-1)!;
    const names = layers.flatMap(({ packages }) => packages);
    const archives = packageClosure({ names, withheld, architecture }, cacheFolder);
    const files = new Map<string, LayerEntry>();
    for (const archive of archives) {
        if (below?.archives.has(archive)) continue;
        for (const entry of packageEntries(archive)) add(files, entry);
    }
    for (const entry of own.files ?? []) add(files, entry);
    if (below === undefined) for (const entry of baseFiles(files)) add(files, entry);
    const all = new Map([...(below?.files ?? []), ...files]);
    for (const entry of own.amend?.(all) ?? []) {
        add(files, entry);
        add(all, entry);
    }
    const made = {
        layer: makeLayer(inOrder(files.values()), true),
        files: all,
        archives: new Set([...(below?.archives ?? []), ...archives]),
    };
    madeLayers.set(key, made);
    return made;
}

/** All files of the image, whatever their layer. */
export function debianImageEntries(
    image: DebianImage,
    architecture: DebianArchitecture,
    cacheFolder: string,
): LayerEntry[] {
    return inOrder(madeLayer(image.layers, architecture, cacheFolder).files.values());
}

/** Writes the image's layout below `target` with the image's name as its tag, whole or not at all. */
export function writeDebianImage(
    image: DebianImage,
    architecture: DebianArchitecture,
    target: string,
    cacheFolder: string,
): void {
    const unfinished = `${target}.unfinished`;
    const layout = new OciLayout(unfinished);
    const layers = image.layers.map(
        (_, index) => madeLayer(image.layers.slice(0, index + 1), architecture, cacheFolder).layer,
    );
    layout.writeIndex({ [image.name]: layout.addImage({ architecture, config: image.config }, layers) });
    rmSync(target, { recursive: true, force: true });
    renameSync(unfinished, target);
}

/** Whether the layout at `target` was made from what `key` says; `note` records it. */
export function madeFrom(target: string, key: string): { fresh: boolean; note: () => void } {
    const path = `${target}.made-from`;
    const read = (): string | undefined => {
        try {
            readFileSync(join(target, 'index.json'));
            return readFileSync(path, 'utf8');
        } catch {
            return undefined;
        }
    };
    return {
        fresh: read() === key,
        note: () => {
            mkdirSync(join(target, '..'), { recursive: true });
            writeFileSync(path, key);
        },
    };
}
