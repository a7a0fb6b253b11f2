// SPDX-License-Identifier: Apache-2.0
//
// Downloads of blobs into the image store. What has arrived stays in BLOB.partial when a connection or the program ends, and the
// next attempt goes on behind it. A blob gets its name when its digest is right: nobody ever sees half of one.

import { createHash, type Hash } from 'node:crypto';
import {
    closeSync,
    createReadStream,
    existsSync,
    ftruncateSync,
    openSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from 'node:fs';
import { describeFileError, Failure, messageOf, systemErrorCode } from '../failure.js';
import { writeAll } from '../image/files.js';
import type { Descriptor, ImageStore } from '../image/imageStore.js';
import { TransientFailure, withRetries, type RegistryClient } from './client.js';

/** Without a byte for so long a connection is given up. */
const STALL_MILLISECONDS = 30_000;
/** How often a download that another program is making is looked at. */
const POLL_MILLISECONDS = 200;

/** Whether a process is there. */
function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return systemErrorCode(error) === 'EPERM';
    }
}

/** Locks that this process has. */
const held = new Set<string>();

/** Takes the right to write a file: its lock names our process. False while another download has it. */
function takeLock(lock: string): boolean {
    for (;;) {
        try {
            writeFileSync(lock, String(process.pid), { flag: 'wx' });
            held.add(lock);
            return true;
        } catch (error) {
            if (systemErrorCode(error) !== 'EEXIST') throw error;
        }
        let owner: number;
        try {
            owner = Number(readFileSync(lock, 'utf8'));
        } catch {
            continue; // It has just been given back.
        }
        // A file that is still empty is being written. One with our number that is not ours is of a process before us.
        if (owner === 0 || held.has(lock) || (owner !== process.pid && isAlive(owner))) return false;
        rmSync(lock, { force: true });
    }
}

/** Hashes what there is of a file. */
async function hashFile(path: string): Promise<Hash> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash;
}

/** Gets a blob that is not in the store. `arrived` is told how many bytes have come in (negative: were thrown away). */
export async function downloadBlob(
    client: RegistryClient,
    store: ImageStore,
    { digest, size }: Descriptor,
    arrived: (bytes: number) => void,
): Promise<void> {
    const path = store.blobPath(digest);
    const partial = `${path}.partial`;
    const lock = `${path}.lock`;
    try {
        while (!takeLock(lock)) {
            await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
            if (existsSync(path)) return arrived(size);
        }
        try {
            if (existsSync(path)) return arrived(size);
            await withRetries(() => continueDownload(client, { digest, size }, partial, arrived));
            renameSync(partial, path);
        } finally {
            held.delete(lock);
            rmSync(lock, { force: true });
        }
    } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure(`${path}: ${describeFileError(error)}; make room, or its folder writable`);
    }
}

/** One attempt: from what is there to the end. */
async function continueDownload(
    client: RegistryClient,
    { digest, size }: { digest: string; size: number },
    partial: string,
    arrived: (bytes: number) => void,
): Promise<void> {
    let have = existsSync(partial) ? statSync(partial).size : 0;
    if (have > size) have = 0;
    const file = openSync(partial, have === 0 ? 'w' : 'r+');
    let counted = have;
    arrived(have);
    try {
        let hash = have === 0 ? createHash('sha256') : await hashFile(partial);
        if (have < size) {
            const stall = new AbortController();
            let timer = setTimeout(() => stall.abort(), STALL_MILLISECONDS);
            try {
                const answer = await client.blob(digest, have, stall.signal);
                if (answer.offset < have) {
                    // The server knows no ranges: everything comes again.
                    have = 0;
                    hash = createHash('sha256');
                    ftruncateSync(file, 0);
                    arrived(-counted);
                    counted = 0;
                }
                for await (const bytes of answer.body) {
                    clearTimeout(timer);
                    timer = setTimeout(() => stall.abort(), STALL_MILLISECONDS);
                    if (have + bytes.length > size) {
                        rmSync(partial, { force: true });
                        throw new Failure(
                            `blob ${digest}: the registry sends more than its ${size} bytes; pull again, or have the image pushed again`,
                        );
                    }
                    writeAll(file, bytes, have);
                    hash.update(bytes);
                    have += bytes.length;
                    counted += bytes.length;
                    arrived(bytes.length);
                }
            } catch (error) {
                if (error instanceof Failure || ['ENOSPC', 'EIO', 'EDQUOT'].includes(systemErrorCode(error)))
                    throw error;
                throw new TransientFailure(
                    `blob ${digest}: the connection broke after ${have} of ${size} bytes (${stall.signal.aborted ? 'nothing came for 30 s' : messageOf(error)}); pull again to go on from there`,
                );
            } finally {
                clearTimeout(timer);
            }
        }
        if (have < size)
            throw new TransientFailure(
                `blob ${digest}: the answer ended after ${have} of ${size} bytes; pull again to go on from there`,
            );
        if (`sha256:${hash.digest('hex')}` !== digest) {
            rmSync(partial, { force: true });
            throw new Failure(
                `blob ${digest}: what the registry sent has another digest; pull again, or have the image pushed again`,
            );
        }
    } catch (error) {
        // The next attempt counts what is there anew.
        arrived(-counted);
        throw error;
    } finally {
        closeSync(file);
    }
}
