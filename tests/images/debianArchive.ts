// SPDX-License-Identifier: Apache-2.0
//
// Reads the files of a Debian binary package as layer entries: what its maintainer packed, with owners and modes, without
// root and without unpacking to disk.

import { execFileSync } from 'node:child_process';
import type { TarEntryType } from '../../cli/image/tarWriter.js';
import type { LayerEntry } from './ociLayout.js';

const BLOCK = 512;

/** Largest data archive of a package that is read into memory; the largest that the images use has 60 MB. */
const MAX_ARCHIVE_BYTES = 512 * 1024 * 1024;

const types: Record<string, TarEntryType> = {
    '\0': 'file',
    '0': 'file',
    '1': 'hardlink',
    '2': 'symlink',
    '5': 'directory',
};

function text(block: Buffer, offset: number, length: number): string {
    const end = block.indexOf(0, offset);
    return block.toString('utf8', offset, end < 0 ? offset + length : Math.min(end, offset + length));
}

function octal(block: Buffer, offset: number, length: number): number {
    return parseInt(text(block, offset, length).trim() || '0', 8);
}

/** "./usr/bin/x" as "usr/bin/x"; the archive's root is the empty string. */
function withoutDot(name: string): string {
    return name.replace(/^\.?\//, '').replace(/\/$/, '');
}

/** Entries of a tar archive as dpkg writes it: GNU's format. Names are relative, without a slash at either end. */
export function readTar(archive: Buffer): LayerEntry[] {
    const entries: LayerEntry[] = [];
    let longName: string | undefined;
    let longLink: string | undefined;
    for (let offset = 0; offset + BLOCK <= archive.length;) {
        const header = archive.subarray(offset, offset + BLOCK);
        if (header.every((byte) => byte === 0)) break;
        const size = octal(header, 124, 12);
        const flag = String.fromCharCode(header[156]!);
        const content = archive.subarray(offset + BLOCK, offset + BLOCK + size);
        offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
        if (flag === 'L') longName = text(content, 0, size);
        else if (flag === 'K') longLink = text(content, 0, size);
        else {
            const type = types[flag];
            const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header, 345, 155) : '';
            const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header, 0, 100);
            if (type === undefined) throw new Error(`${name}: a tar entry of type "${flag}" is not expected`);
            const linkName = longLink ?? text(header, 157, 100);
            entries.push({
                name: withoutDot(name),
                type,
                mode: octal(header, 100, 8) & 0o7777,
                uid: octal(header, 108, 8),
                gid: octal(header, 116, 8),
                ...(type === 'file' ? { content } : {}),
                ...(type === 'symlink' ? { linkName } : {}),
                ...(type === 'hardlink' ? { linkName: withoutDot(linkName) } : {}),
            });
            longName = undefined;
            longLink = undefined;
        }
    }
    return entries;
}

/** The files of a package. */
export function debianPackageEntries(archivePath: string): LayerEntry[] {
    const archive = execFileSync('dpkg-deb', ['--fsys-tarfile', archivePath], {
        maxBuffer: MAX_ARCHIVE_BYTES,
    });
    return readTar(archive);
}
