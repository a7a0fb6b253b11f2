// SPDX-License-Identifier: Apache-2.0
//
// The bundle: what a boot image carries for the manager, a tar archive with run.json first and then the image's files
// under image/, by the names they have in their layout or archive.

import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.js';
import { CHUNK_BYTES, chunksOf, type ImageFiles } from '../image/files.js';
import { tarEnd, tarHeader, tarPadding } from '../image/tarWriter.js';

/** The version of run.json that the manager of the same build reads. */
const RUN_VERSION = 1;

/** As many as the machine's pool of random bytes holds. */
const SEED_BYTES = 32;

/** How one container is to be run; merged with the image's configuration by the manager. */
export interface ContainerOptions {
    name: string;
    /** The container's memory limit in bytes. */
    memory: number;
    /** The limit of its CPU time in units of 10⁻⁹ CPUs; 0 is no limit. */
    nanoCpus: number;
    /** Replaces the image's Entrypoint (and drops its Cmd); null keeps it. */
    entrypoint: string[] | null;
    /** Replaces the image's Cmd; null keeps it. */
    command: string[] | null;
    /** "K=V" each, added to the image's. */
    environment: string[];
    workingDirectory: string | null;
    user: string | null;
    readOnly: boolean;
    strace: boolean;
    hostname: string;
    interactive: boolean;
    /** Where the console is a terminal: true, and its size. */
    terminal?: boolean;
    terminalRows?: number;
    terminalColumns?: number;
}

export interface RunRequest {
    tag: string;
    platform: string;
    statistics: boolean;
    container: ContainerOptions;
}

/** The text of run.json, with random bytes for a machine that has no source of its own. */
export function runJson({ tag, platform, statistics, container }: RunRequest): string {
    const seed = randomBytes(SEED_BYTES).toString('hex');
    return JSON.stringify({ version: RUN_VERSION, seed, image: { tag, platform }, statistics, container });
}

/** The bundle's bytes in order, in pieces of at most CHUNK_BYTES and a header. */
export function* bundleParts(
    request: RunRequest,
    files: ImageFiles,
    paths: readonly string[],
): Generator<Buffer> {
    const run = Buffer.from(runJson(request));
    if (run.length > CHUNK_BYTES) {
        throw new Failure(
            `options of the container: ${run.length} bytes, more than ${CHUNK_BYTES}; pass fewer or shorter variables`,
        );
    }
    yield tarHeader({ name: 'run.json', type: 'file', size: run.length });
    yield run;
    yield tarPadding(run.length);
    for (const path of paths) {
        const extent = files.find(path);
        if (extent === null) throw new Failure(`${path}: the image has no such file; make the image again`);
        yield tarHeader({ name: `image/${path}`, type: 'file', size: extent.size });
        yield* chunksOf(extent, path);
        yield tarPadding(extent.size);
    }
    yield tarEnd();
}
