// SPDX-License-Identifier: Apache-2.0
//
// The layers that carry a service's files from the host into its containers: tar archives as an image's layers are, with what is at the
// place in the image hidden.

import { closeSync, lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { BundleFile } from '../boot/bundle.js';
import { describeFileError, Failure } from '../failure.js';
import { chunksOf, openFileExtent } from '../image/files.js';
import { tarEnd, tarHeader, tarPadding, type TarEntry } from '../image/tarWriter.js';
import { wrongAt, type Place } from './document.js';
import type { Mount } from './volumes.js';

/** Hides what lower layers have in a folder (OCI image specification, opaque whiteout). */
const OPAQUE = '.wh..wh..opq';
const WHITEOUT = '.wh.';

/** An entry of a layer, and where its content is. */
interface Entry {
    header: TarEntry;
    /** The host's file that has it, or the content itself. */
    path?: string;
    content?: Buffer;
}

function statusOf(path: string, place: Place): Stats {
    try {
        return lstatSync(path);
    } catch (error) {
        throw wrongAt(place, `${path}: ${describeFileError(error)}`, 'check the path');
    }
}

/** Adds what is at `path` on the host, and below it, as `name`; `isTop` for what the mount itself is. */
function addPath(entries: Entry[], path: string, name: string, mount: Mount, isTop: boolean): void {
    const { place } = mount;
    const status = statusOf(path, place);
    const common = {
        name,
        mode: mount.mode ?? status.mode & 0o7777,
        uid: mount.owner?.uid ?? status.uid,
        gid: mount.owner?.gid ?? status.gid,
        mtime: Math.max(0, Math.floor(status.mtimeMs / 1000)),
    };
    if (status.isDirectory()) {
        entries.push({ header: { ...common, name: `${name}/`, type: 'directory' } });
        if (isTop) entries.push({ header: { name: `${name}/${OPAQUE}`, type: 'file' } });
        for (const child of readdirSync(path).sort()) {
            if (child.startsWith(WHITEOUT))
                throw wrongAt(
                    place,
                    `${join(path, child)}: a name that begins with ${WHITEOUT} has a meaning in layers`,
                    'rename it',
                );
            addPath(entries, join(path, child), `${name}/${child}`, mount, false);
        }
    } else if (status.isSymbolicLink()) {
        entries.push({ header: { ...common, type: 'symlink', linkName: readlinkSync(path) } });
    } else if (status.isFIFO()) {
        entries.push({ header: { ...common, type: 'fifo' } });
    } else if (status.isFile()) {
        entries.push({ header: { ...common, type: 'file', size: status.size }, path });
    } else {
        throw wrongAt(
            place,
            `${path}: is a socket or a device, which cannot be copied into a container`,
            'remove it',
        );
    }
}

function addMount(entries: Entry[], mount: Mount): void {
    const name = mount.target.slice(1);
    if (mount.content === null) {
        // What a person names may be a link to what they mean; links below it stay links.
        let path: string;
        try {
            path = realpathSync(mount.source!);
        } catch (error) {
            throw wrongAt(mount.place, `${mount.source}: ${describeFileError(error)}`, 'check the path');
        }
        addPath(entries, path, name, mount, true);
        return;
    }
    const content = Buffer.from(mount.content);
    const { uid, gid } = mount.owner!;
    entries.push({
        header: { name, type: 'file', mode: mount.mode!, uid, gid, size: content.length },
        content,
    });
}

/** The bytes of a whole archive, in pieces. */
function* archiveParts(entries: readonly Entry[]): Generator<Buffer> {
    for (const { header, path, content } of entries) {
        yield tarHeader(header);
        const size = header.size ?? 0;
        if (content !== undefined) yield content;
        if (path !== undefined) {
            const extent = openFileExtent(path, path);
            if (extent === null) throw new Failure(`${path}: is not there any more; start again`);
            try {
                if (extent.size < size)
                    throw new Failure(`${path}: has changed while it was copied; start again`);
                yield* chunksOf({ ...extent, size }, path);
            } finally {
                closeSync(extent.descriptor);
            }
        }
        yield tarPadding(size);
    }
    yield tarEnd();
}

function archiveFile(name: string, mounts: readonly Mount[]): BundleFile {
    const entries: Entry[] = [];
    for (const mount of mounts) addMount(entries, mount);
    let size = tarEnd().length;
    for (const { header } of entries) {
        const content = header.size ?? 0;
        size += tarHeader(header).length + content + tarPadding(content).length;
    }
    return { name, size, parts: archiveParts(entries) };
}

/** True where a mount lies in the folder of another, or at its place. */
function isInside(target: string, folder: string): boolean {
    return target === folder || target.startsWith(`${folder}/`);
}

/**
 * The layers of a service's mounts, parents below what is mounted in them: an opaque folder hides what is in layers below its own only.
 * Their files in the bundle are numbered from `first`.
 */
export function layerFiles(mounts: readonly Mount[], first: number): BundleFile[] {
    const groups: Mount[][] = [];
    for (const mount of [...mounts].sort((a, b) => (a.target < b.target ? -1 : 1))) {
        // Above the last layer that has something which it lies in.
        const level =
            groups.findLastIndex((group) => group.some(({ target }) => isInside(mount.target, target))) + 1;
        (groups[level] ??= []).push(mount);
    }
    return groups.map((group, index) => archiveFile(`files/${first + index}.tar`, group));
}
