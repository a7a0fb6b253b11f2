// SPDX-License-Identifier: Apache-2.0
//
// The image reader: the OCI code of assembly/oci, the same that the target runs, as a component for Node. wit/image.wit
// is its contract; the types below are the JSON texts described there.

import { pathToFileURL } from 'node:url';
import { Failure, messageOf } from '../failure.js';
import { buildProduct } from '../projectPaths.js';
import { hashExtent, openImageFiles, readExtent, type ImageFiles } from './files.js';
import type { ImageReference } from './reference.js';

export interface ImageDescription {
    kind: string;
    name: string;
    platform: string;
    index: {
        mediaType: string;
        digest: string;
        size: number;
        platform: string | null;
        name: string | null;
    }[];
    manifest: { mediaType: string; digest: string; size: number } | null;
    config: {
        digest: string;
        size: number;
        path: string;
        created: string;
        author: string;
        os: string;
        architecture: string;
        variant: string;
        entrypoint: string[] | null;
        cmd: string[] | null;
        env: string[];
        workingDir: string;
        user: string;
        stopSignal: string;
        exposedPorts: string[];
        volumes: string[];
        labels: Record<string, string>;
    };
    layers: { path: string; mediaType: string; digest: string | null; size: number; diffId: string }[];
    files: string[];
}

interface Blobs {
    size(path: string): bigint | undefined;
    read(path: string, offset: bigint, length: number): Uint8Array;
    sha256(path: string): Uint8Array;
}

/** Where contents of layers go that are unpacked: the interface of that name in wit/image.wit. */
export interface Unpacking {
    place(layer: number, offset: bigint, size: bigint): number;
    share(layer: number, lower: number, page: number, size: bigint): number;
    finish(layer: number, metadata: Uint8Array): void;
}

/** What build/component/load.mjs exports, as far as it is used here. */
interface ComponentModule {
    openImageReader(
        blobs: Blobs,
        unpacking?: Unpacking,
    ): Promise<{
        inspect(kind: string, tag: string, platform: string, verifyLayers?: boolean): Promise<string>;
        files(kind: string, tag: string, platform: string): Promise<string[]>;
        unpack(layers: string[]): Promise<void>;
    }>;
}

async function loadComponent(): Promise<ComponentModule> {
    return (await import(pathToFileURL(buildProduct('component/load.mjs')).href)) as ComponentModule;
}

/** Makes EROFS images of layers, whose uncompressed archives are the files of `blobs`. */
export async function unpackArchives(names: string[], blobs: Blobs, unpacking: Unpacking): Promise<void> {
    const component = await loadComponent();
    const reader = await component.openImageReader(blobs, unpacking);
    await reader.unpack(names);
}

/** One image, opened for reading. Call close() on every path. */
export class OpenImage {
    private constructor(
        /** What messages call the image. */
        readonly text: string,
        private readonly tag: string,
        readonly files: ImageFiles,
        private readonly reader: Awaited<ReturnType<ComponentModule['openImageReader']>>,
    ) {}

    static open(reference: ImageReference): Promise<OpenImage> {
        return OpenImage.openFiles(openImageFiles(reference), reference.text, reference.tag);
    }

    /** Opens files that are there already; on failure it closes them. */
    static async openFiles(files: ImageFiles, text: string, tag: string): Promise<OpenImage> {
        try {
            const module = await loadComponent();
            const extent = (path: string) => {
                const found = files.find(path);
                if (found === null)
                    throw new Failure(`${path}: the image has no such file; make the image again`);
                return found;
            };
            const reader = await module.openImageReader({
                size(path) {
                    const found = files.find(path);
                    return found === null ? undefined : BigInt(found.size);
                },
                read: (path, offset, length) => readExtent(extent(path), Number(offset), length, path),
                sha256: (path) => hashExtent(extent(path), path),
            });
            return new OpenImage(text, tag, files, reader);
        } catch (error) {
            files.close();
            throw error;
        }
    }

    /** The image's documents, verified; with `verifyLayers` the layers' digests too. */
    async describe(platform: string, verifyLayers: boolean): Promise<ImageDescription> {
        const text = await this.explained(
            this.reader.inspect(this.files.kind, this.tag, platform, verifyLayers),
        );
        return JSON.parse(text) as ImageDescription;
    }

    /** Paths of the files that the target needs to run the image, documents first. */
    bundleFiles(platform: string): Promise<string[]> {
        return this.explained(this.reader.files(this.files.kind, this.tag, platform));
    }

    close(): void {
        this.files.close();
    }

    /** Puts the image's reference before what the reader says is wrong with it. */
    private async explained<Result>(answer: Promise<Result>): Promise<Result> {
        try {
            return await answer;
        } catch (error) {
            throw new Failure(`image ${this.text}: ${messageOf(error)}`);
        }
    }
}
