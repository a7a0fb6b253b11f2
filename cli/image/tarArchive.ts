// SPDX-License-Identifier: Apache-2.0
//
// Random access to the files of a tar archive (ustar, GNU and pax long names), as `skopeo copy … oci-archive:` and
// `docker save` write them. Only headers are read when it is opened. A compressed archive is unpacked to a
// temporary file first. This reads the outer archive only: layers are read by the image code that the target runs.

import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';
import type { Extent, ImageFiles } from './files.js';

const BLOCK = 512;

/** Files in an image's archive: one per blob and a few documents. An image of 127 layers has about 400. */
const MAX_ENTRIES = 65_536;

/** Longest pax header or GNU long name: PATH_MAX and generous attributes. */
const MAX_EXTENSION_BYTES = 1 << 20;

/** Symbolic links followed for one path: as many as Linux follows. */
const MAX_LINKS = 40;

/** Programs that decompress a whole archive, by its first bytes as hexadecimal digits. */
const decompressors = [
    { pattern: /^1f8b/, program: 'gzip', options: ['-dc'] },
    // A frame, or a skippable one (RFC 8878, 3.1). Without --long, windows of more than 128 MiB are refused.
    { pattern: /^(28b52ffd|5.2a4d18)/, program: 'zstd', options: ['-dcq', '--long=31'] },
    { pattern: /^fd377a585a00/, program: 'xz', options: ['-dc'] },
    { pattern: /^425a68/, program: 'bzip2', options: ['-dc'] },
];

interface Header {
    name: string;
    size: number;
    type: string;
    linkName: string;
}

type Entry = { kind: 'file'; offset: number; size: number } | { kind: 'link'; target: string };

/** Text up to the first NUL. */
function text(block: Buffer, start: number, length: number): string {
    const field = block.subarray(start, start + length);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

/** A number in octal digits, or in base 256 when its first byte has bit 7 set (GNU); NaN when it is neither. */
function numberField(block: Buffer, start: number, length: number): number {
    if (block[start]! & 0x80) {
        let value = block[start]! & 0x7f;
        for (let index = start + 1; index < start + length; index++) value = value * 256 + block[index]!;
        return value;
    }
    const digits = text(block, start, length).trim();
    if (digits === '') return 0;
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN;
}

function checksumIsRight(block: Buffer): boolean {
    let sum = 0;
    for (let index = 0; index < BLOCK; index++) sum += index >= 148 && index < 156 ? 0x20 : block[index]!;
    return sum === numberField(block, 148, 8);
}

/** The records of a pax extended header: "LENGTH KEY=VALUE\n" each. Records that are malformed end the list. */
function paxRecords(bytes: Buffer): Map<string, string> {
    const records = new Map<string, string>();
    let at = 0;
    while (at < bytes.length) {
        const space = bytes.indexOf(0x20, at);
        const length = space < 0 ? NaN : Number(bytes.subarray(at, space).toString('latin1'));
        if (!Number.isInteger(length) || length <= space - at + 1 || at + length > bytes.length) break;
        const record = bytes.subarray(space + 1, at + length - 1).toString('utf8');
        const equals = record.indexOf('=');
        if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
        at += length;
    }
    return records;
}

/** The plain form of an archive path: "./a//b" is "a/b"; null when it leaves the archive. */
function normalized(path: string): string | null {
    const result = posix
        .normalize(path)
        .replace(/^\.?\/+/, '')
        .replace(/\/$/, '');
    return result === '..' || result.startsWith('../') ? null : result;
}

export class TarArchive implements ImageFiles {
    private readonly entries = new Map<string, Entry>();
    private readonly descriptor: number;
    private readonly archiveSize: number;
    private temporaryFolder: string | null = null;

    constructor(
        private readonly path: string,
        readonly kind: 'layout' | 'docker-archive',
    ) {
        this.descriptor = this.openPlain(path);
        this.archiveSize = fstatSync(this.descriptor).size;
        try {
            this.readHeaders();
        } catch (error) {
            this.close();
            throw error;
        }
    }

    find(path: string): Extent | null {
        let name = normalized(path);
        for (let followed = 0; name !== null && followed <= MAX_LINKS; followed++) {
            const entry = this.entries.get(name);
            if (!entry) return null;
            if (entry.kind === 'file')
                return { descriptor: this.descriptor, offset: entry.offset, size: entry.size };
            name = normalized(posix.join(posix.dirname(name), entry.target));
        }
        return null;
    }

    close(): void {
        closeSync(this.descriptor);
        this.removeTemporary();
    }

    private removeTemporary(): void {
        if (this.temporaryFolder !== null) rmSync(this.temporaryFolder, { recursive: true, force: true });
        this.temporaryFolder = null;
    }

    private damaged(cause: string): Failure {
        return new Failure(`archive ${this.path}: ${cause}; save the image again`);
    }

    /** Opens the archive; one that is compressed is decompressed to a file that close() removes. */
    private openPlain(path: string): number {
        let descriptor: number;
        try {
            descriptor = openSync(path, 'r');
        } catch (error) {
            throw new Failure(`archive ${path}: ${describeFileError(error)}; check the path`);
        }
        const start = Buffer.alloc(6);
        readSync(descriptor, start, 0, start.length, 0);
        const found = decompressors.find(({ pattern }) => pattern.test(start.toString('hex')));
        if (found === undefined) return descriptor;
        const { program, options } = found;
        this.temporaryFolder = mkdtempSync(join(tmpdir(), 'sealift-archive-'));
        const plain = openSync(join(this.temporaryFolder, 'archive.tar'), 'w+');
        const result = spawnSync(program, options, { stdio: [descriptor, plain, 'pipe'], encoding: 'utf8' });
        closeSync(descriptor);
        if (result.status === 0) return plain;
        closeSync(plain);
        this.removeTemporary();
        if (result.error !== undefined && systemErrorCode(result.error) === 'ENOENT')
            throw new Failure(
                `archive ${path}: it is compressed, and there is no program ${program} to decompress it; install ${program}`,
            );
        const reason = result.error?.message ?? result.stderr.trim();
        throw this.damaged(`${program} cannot decompress it (${reason})`);
    }

    private readBlock(offset: number, length: number): Buffer {
        const bytes = Buffer.alloc(length);
        if (readSync(this.descriptor, bytes, 0, length, offset) !== length) {
            throw this.damaged(`it ends early, at byte ${this.archiveSize}`);
        }
        return bytes;
    }

    private readHeader(offset: number): Header | null {
        const block = this.readBlock(offset, BLOCK);
        if (block.every((byte) => byte === 0)) return null;
        if (!checksumIsRight(block)) {
            throw this.damaged(
                offset === 0
                    ? 'it is not a tar archive'
                    : `the header at byte ${offset} has a wrong checksum`,
            );
        }
        const prefix = text(block, 257, 6) === 'ustar' ? text(block, 345, 155) : '';
        const name = text(block, 0, 100);
        const size = numberField(block, 124, 12);
        if (!Number.isSafeInteger(size)) throw this.damaged(`the header at byte ${offset} has no valid size`);
        return {
            name: prefix === '' ? name : `${prefix}/${name}`,
            size,
            type: String.fromCharCode(block[156]!),
            linkName: text(block, 157, 100),
        };
    }

    private readHeaders(): void {
        let offset = 0;
        let count = 0;
        let longName: string | null = null;
        let longLink: string | null = null;
        let pax = new Map<string, string>();
        while (offset < this.archiveSize) {
            const header = this.readHeader(offset);
            if (header === null) return;
            if (++count > MAX_ENTRIES) throw this.damaged(`it has more than ${MAX_ENTRIES} entries`);
            const paxSize = pax.get('size');
            const size = paxSize === undefined ? header.size : Number(paxSize);
            const content = offset + BLOCK;
            if (!Number.isSafeInteger(size) || size < 0 || content + size > this.archiveSize) {
                throw this.damaged(`the entry ${header.name} at byte ${offset} is longer than the archive`);
            }
            offset = content + Math.ceil(size / BLOCK) * BLOCK;
            if ('LKxg'.includes(header.type)) {
                if (size > MAX_EXTENSION_BYTES)
                    throw this.damaged(`a long name at byte ${content} has ${size} bytes`);
                const bytes = this.readBlock(content, size);
                if (header.type === 'L') longName = text(bytes, 0, size);
                if (header.type === 'K') longLink = text(bytes, 0, size);
                if (header.type === 'x') pax = paxRecords(bytes);
                continue;
            }
            const name = normalized(pax.get('path') ?? longName ?? header.name);
            const target = pax.get('linkpath') ?? longLink ?? header.linkName;
            if (name !== null) this.addEntry(name, header.type, target, content, size);
            longName = null;
            longLink = null;
            pax = new Map();
        }
    }

    private addEntry(name: string, type: string, target: string, offset: number, size: number): void {
        if (type === '0' || type === '\0' || type === '7')
            this.entries.set(name, { kind: 'file', offset, size });
        if (type === '2') this.entries.set(name, { kind: 'link', target });
        if (type === '1') {
            const original = normalized(target);
            const entry = original === null ? undefined : this.entries.get(original);
            if (entry) this.entries.set(name, entry);
        }
    }
}
