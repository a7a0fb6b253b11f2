// SPDX-License-Identifier: Apache-2.0
//
// The bundle: what a boot image carries for the manager, a tar archive with system.json first (docs/control-channel.md), then each
// image's files under images/N/, by the names they have in their layout or archive, and the layers that the host adds.

import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.js';
import { CHUNK_BYTES, chunksOf, hashExtent, type Extent, type ImageFiles } from '../image/files.js';
import type { OpenImage } from '../image/imageReader.js';
import { tarAlignment, tarEnd, tarHeader, tarPadding } from '../image/tarWriter.js';
import { UnpackedLayers, type UnpackedLayer } from '../image/unpackedLayers.js';
import { PAGE_BYTES } from './elf.js';

/** The version of system.json that the manager of the same build reads. */
const SYSTEM_VERSION = 2;

/** As many as the machine's pool of random bytes holds. */
const SEED_BYTES = 32;

/** What a container waits for. */
export interface Dependency {
    container: string;
    condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
}

/** A health check; times in milliseconds, and what is absent is the engine's default. */
export interface HealthCheck {
    test: string[];
    interval?: number;
    timeout?: number;
    retries?: number;
    startPeriod?: number;
    startInterval?: number;
}

export type RestartPolicy = 'no' | 'always' | 'on-failure' | 'unless-stopped';

/** How one container is to be run; merged with the image's configuration by the manager. What is absent is the manager's default. */
export interface ContainerOptions {
    name: string;
    /** Compose's service. */
    service?: string;
    /** Number of its image among the system's; 0 when absent. */
    image?: number;
    /** Names of files in the bundle that lie over the image's layers. */
    layers?: string[];
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
    hostname: string;
    readOnly: boolean;
    strace: boolean;
    interactive: boolean;
    /** Where the console is a terminal: true, and its size. */
    terminal?: boolean;
    terminalRows?: number;
    terminalColumns?: number;
    /** `size` in bytes, 0 for no limit of its own; `mode` as in chmod(2). */
    tmpfs?: { path: string; size: number; mode: number }[];
    readOnlyPaths?: string[];
    restart?: RestartPolicy;
    /** 0 is no maximum. */
    restartMaximum?: number;
    dependsOn?: Dependency[];
    /** Number; absent: as the image says. */
    stopSignal?: number;
    /** Milliseconds. */
    stopGracePeriod?: number;
    /** Absent: as the image says. */
    health?: HealthCheck;
}

/** An image of a system, opened. */
export interface BundleImage {
    files: ImageFiles;
    /** Those of its files that the target needs. */
    paths: readonly string[];
    tag: string;
    platform: string;
    /** What the person calls it. */
    name: string;
    /** Its layers, the lowest first, where the target need not unpack them: their files are not in the bundle then. */
    unpacked?: readonly UnpackedLayer[];
}

/** A file that the host adds to the bundle. */
export interface BundleFile {
    name: string;
    size: number;
    parts: Iterable<Buffer>;
}

export interface SystemBundle {
    /** The machine is off when the only container has ended. */
    oneShot: boolean;
    statistics: boolean;
    images: readonly BundleImage[];
    containers: readonly ContainerOptions[];
    files: readonly BundleFile[];
}

/** One container to run. */
export interface RunRequest {
    tag: string;
    platform: string;
    statistics: boolean;
    container: ContainerOptions;
}

/** The system that `sealift run` makes of an image. */
export async function oneShotSystem(request: RunRequest, image: OpenImage): Promise<SystemBundle> {
    const { tag, platform, statistics, container } = request;
    const paths = await image.bundleFiles(platform);
    return {
        oneShot: true,
        statistics,
        images: [{ files: image.files, paths, tag, platform, name: image.text }],
        containers: [container],
        files: [],
    };
}

/**
 * Hands a system to `use`, with `unpacked` after its layers have been unpacked: `opened` are its images in the same order. The bundle must be
 * written when the promise of `use` is settled.
 */
export async function withUnpackedLayers<Result>(
    system: SystemBundle,
    opened: readonly OpenImage[],
    unpacked: boolean,
    use: (bundle: SystemBundle) => Promise<Result>,
): Promise<Result> {
    if (!unpacked) return use(system);
    const made: UnpackedLayers[] = [];
    try {
        for (const [number, { platform }] of system.images.entries())
            made.push(await UnpackedLayers.make(opened[number]!, platform));
        const images = system.images.map((image, number) => ({ ...image, unpacked: made[number]!.layers }));
        return await use({ ...system, images });
    } finally {
        for (const layers of made) layers.close();
    }
}

function imageFolder(number: number): string {
    return `images/${number}`;
}

/** The text of system.json, with random bytes for a machine that has no source of its own. */
export function systemJson({ oneShot, statistics, images, containers }: SystemBundle): string {
    return JSON.stringify({
        version: SYSTEM_VERSION,
        seed: randomBytes(SEED_BYTES).toString('hex'),
        oneShot,
        statistics,
        images: images.map(({ files, tag, platform, name, unpacked }, number) => ({
            folder: imageFolder(number),
            kind: files.kind,
            tag,
            platform,
            name,
            ...(unpacked && { unpacked: unpacked.map(({ digest }) => `sha256:${digest}`) }),
        })),
        containers,
    });
}

/** What tells whether two files of images are the same: the digest in a blob's path, which is checked before use, or their own. */
function contentKey(path: string, extent: Extent): string {
    const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path);
    return named ? named[1]! : hashExtent(extent, path).toString('hex');
}

/** The files of all images; what an image before had already becomes a hard link. */
function* imageParts(images: readonly BundleImage[]): Generator<Buffer> {
    const written = new Map<string, string>();
    for (const [number, { files, paths, unpacked = [] }] of images.entries()) {
        const left = new Set(unpacked.map(({ path }) => path));
        for (const path of paths) {
            if (left.has(path)) {
                // The name alone: what refers to it finds it.
                yield tarHeader({ name: `${imageFolder(number)}/${path}`, type: 'file' });
                continue;
            }
            const extent = files.find(path);
            if (extent === null)
                throw new Failure(`${path}: the image has no such file; make the image again`);
            const name = `${imageFolder(number)}/${path}`;
            const key = images.length > 1 ? contentKey(path, extent) : path;
            const first = written.get(key);
            if (first !== undefined) {
                yield tarHeader({ name, type: 'hardlink', linkName: first });
                continue;
            }
            written.set(key, name);
            yield tarHeader({ name, type: 'file', size: extent.size });
            yield* chunksOf(extent, path);
            yield tarPadding(extent.size);
        }
    }
}

/** The EROFS images of unpacked layers, each once and at pages of its own; `position` says how many bytes of the bundle there are. */
function* unpackedParts(images: readonly BundleImage[], position: () => number): Generator<Buffer> {
    const written = new Set<string>();
    for (const { digest, extent } of images.flatMap(({ unpacked = [] }) => unpacked)) {
        if (written.has(digest)) continue;
        written.add(digest);
        yield tarAlignment(position(), PAGE_BYTES);
        yield tarHeader({ name: `unpacked/sha256/${digest}`, type: 'file', size: extent.size });
        yield* chunksOf(extent, digest);
    }
}

/** The bundle's bytes in order, in pieces of at most CHUNK_BYTES and a header. */
export function* bundleParts(system: SystemBundle): Generator<Buffer> {
    let position = 0;
    for (const part of countedParts(system, () => position)) {
        position += part.length;
        yield part;
    }
}

/** The same; `position` says how many bytes there are so far. */
function* countedParts(system: SystemBundle, position: () => number): Generator<Buffer> {
    const json = Buffer.from(systemJson(system));
    if (json.length > CHUNK_BYTES) {
        throw new Failure(
            `options of the containers: ${json.length} bytes, more than ${CHUNK_BYTES}; pass fewer or shorter variables`,
        );
    }
    yield tarHeader({ name: 'system.json', type: 'file', size: json.length });
    yield json;
    yield tarPadding(json.length);
    yield* imageParts(system.images);
    for (const { name, size, parts } of system.files) {
        yield tarHeader({ name, type: 'file', size });
        yield* parts;
        yield tarPadding(size);
    }
    yield* unpackedParts(system.images, position);
    yield tarEnd();
}
