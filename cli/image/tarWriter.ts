// SPDX-License-Identifier: Apache-2.0
//
// Writes tar archives (POSIX ustar, with a pax header where ustar has no room): the bundle of a boot image, and the
// layers of the test images. The same input gives the same bytes: times and owners are what the caller says.

const BLOCK = 512;

/** Largest number that eleven octal digits hold. */
const MAX_USTAR_SIZE = 0o77777777777;

/** Largest owner that seven octal digits hold. */
const MAX_USTAR_OWNER = 0o7777777;

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

const typeFlags: Record<TarEntryType, string> = {
    file: '0',
    hardlink: '1',
    symlink: '2',
    character: '3',
    block: '4',
    directory: '5',
    fifo: '6',
};

export interface TarEntry {
    name: string;
    type: TarEntryType;
    /** Permission bits; 0644 when absent. */
    mode?: number;
    uid?: number;
    gid?: number;
    /** Content length; only files have content. */
    size?: number;
    /** Seconds since the epoch; 0 when absent. */
    mtime?: number;
    linkName?: string;
    deviceMajor?: number;
    deviceMinor?: number;
}

function octal(value: number, length: number): string {
    return value.toString(8).padStart(length - 1, '0') + '\0';
}

/** One record of a pax extended header; its length counts its own digits. */
function paxRecord(key: string, value: string): string {
    const rest = ` ${key}=${value}\n`;
    const bytes = Buffer.byteLength(rest);
    let length = bytes + 1;
    while (String(length).length + bytes !== length) length++;
    return `${length}${rest}`;
}

function ustarHeader(entry: TarEntry, typeFlag: string, size: number): Buffer {
    const block = Buffer.alloc(BLOCK);
    block.write(entry.name, 0, 100, 'utf8');
    block.write(octal(entry.mode ?? 0o644, 8), 100, 'latin1');
    block.write(octal(Math.min(entry.uid ?? 0, MAX_USTAR_OWNER), 8), 108, 'latin1');
    block.write(octal(Math.min(entry.gid ?? 0, MAX_USTAR_OWNER), 8), 116, 'latin1');
    block.write(octal(Math.min(size, MAX_USTAR_SIZE), 12), 124, 'latin1');
    block.write(octal(entry.mtime ?? 0, 12), 136, 'latin1');
    block.write('        ', 148, 'latin1');
    block.write(typeFlag, 156, 'latin1');
    block.write(entry.linkName ?? '', 157, 100, 'utf8');
    block.write('ustar\x0000', 257, 'latin1');
    block.write(octal(entry.deviceMajor ?? 0, 8), 329, 'latin1');
    block.write(octal(entry.deviceMinor ?? 0, 8), 337, 'latin1');
    let sum = 0;
    for (const byte of block) sum += byte;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return block;
}

/** The zero bytes that fill `size` bytes of content up to a whole block. */
export function tarPadding(size: number): Buffer {
    return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The header blocks of an entry. `size` bytes of content and `tarPadding(size)` follow. */
export function tarHeader(entry: TarEntry): Buffer {
    const size = entry.type === 'file' ? (entry.size ?? 0) : 0;
    const records: string[] = [];
    if (Buffer.byteLength(entry.name) > 100) records.push(paxRecord('path', entry.name));
    if (Buffer.byteLength(entry.linkName ?? '') > 100)
        records.push(paxRecord('linkpath', entry.linkName ?? ''));
    if (size > MAX_USTAR_SIZE) records.push(paxRecord('size', String(size)));
    for (const key of ['uid', 'gid'] as const)
        if ((entry[key] ?? 0) > MAX_USTAR_OWNER) records.push(paxRecord(key, String(entry[key])));
    const header = ustarHeader(entry, typeFlags[entry.type], size);
    if (records.length === 0) return header;
    const extension = Buffer.from(records.join(''));
    const extensionHeader = ustarHeader({ name: 'PaxHeader', type: 'file' }, 'x', extension.length);
    return Buffer.concat([extensionHeader, extension, tarPadding(extension.length), header]);
}

/** What has to precede an entry with a header of one block at `offset`, so that its content begins at a multiple of `alignment`: a pax comment. */
export function tarAlignment(offset: number, alignment: number): Buffer {
    const missing = (alignment - ((offset + BLOCK) % alignment)) % alignment;
    if (missing === 0) return Buffer.alloc(0);
    const length = missing - BLOCK;
    const header = ustarHeader({ name: 'PaxHeader', type: 'file' }, 'x', length);
    if (length === 0) return header;
    const record = (comment: string): string => `${length} comment=${comment}\n`;
    return Buffer.concat([header, Buffer.from(record(' '.repeat(length - record('').length)))]);
}

/** The two zero blocks that end an archive. */
export function tarEnd(): Buffer {
    return Buffer.alloc(2 * BLOCK);
}

/** A whole archive in memory; `content` is used for files. */
export function tarArchive(entries: readonly (TarEntry & { content?: Uint8Array })[]): Buffer {
    const parts: Buffer[] = [];
    for (const entry of entries) {
        const content = entry.content ?? new Uint8Array(0);
        parts.push(tarHeader({ ...entry, size: content.length }));
        if (entry.type === 'file') parts.push(Buffer.from(content), tarPadding(content.length));
    }
    parts.push(tarEnd());
    return Buffer.concat(parts);
}
