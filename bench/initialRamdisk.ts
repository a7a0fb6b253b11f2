// SPDX-License-Identifier: Apache-2.0
//
// A folder as an initial RAM disk for Linux: a cpio archive of the "newc" kind (the kernel's documentation, "initramfs
// buffer format").

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';

/** Fields after the magic: inode, mode, uid, gid, links, mtime, size, device numbers (4), length of the name, checksum. */
function entry(name: string, inode: number, mode: number, content: Buffer): Buffer {
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
    const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('') + `${name}\0`;
    return Buffer.concat([padded(Buffer.from(header)), padded(content)]);
}

/** Followed by zeros up to a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
    return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** The archive of everything below `folder`, and of `extra`: names, modes with type, and contents. */
export function initialRamdisk(
    folder: string,
    extra: readonly { name: string; mode: number; content: string }[],
): Buffer {
    const parts: Buffer[] = [];
    const add = (name: string, mode: number, content: Buffer): void => {
        parts.push(entry(name, parts.length + 1, mode, content));
    };
    const addFolder = (within: string): void => {
        for (const child of readdirSync(join(folder, within)).sort()) {
            const name = within === '' ? child : `${within}/${child}`;
            const path = join(folder, name);
            const status = lstatSync(path);
            if (status.isSymbolicLink()) {
                add(name, status.mode, Buffer.from(readlinkSync(path)));
            } else if (status.isDirectory()) {
                add(name, status.mode, Buffer.alloc(0));
                addFolder(name);
            } else if (status.isFile()) {
                add(name, status.mode, readFileSync(path));
            }
        }
    };
    addFolder('');
    for (const { name, mode, content } of extra) add(name, mode, Buffer.from(content));
    add(TRAILER, 0, Buffer.alloc(0));
    return Buffer.concat(parts);
}
