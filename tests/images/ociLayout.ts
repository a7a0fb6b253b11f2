// SPDX-License-Identifier: Apache-2.0
//
// Writes OCI image layouts (image-spec 1.1) for the demonstration and the tests. The same input gives the same bytes.

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tarArchive, type TarEntry } from '../../cli/image/tarWriter.js';

/** 2024-01-01T00:00:00Z: the time of every file and document, so that images are reproducible. */
export const IMAGE_TIME = 1704067200;
export const IMAGE_TIME_TEXT = '2024-01-01T00:00:00Z';

export interface Descriptor {
    mediaType: string;
    digest: string;
    size: number;
    platform?: { os: string; architecture: string; variant?: string };
    annotations?: Record<string, string>;
}

/** A layer's bytes as stored, and the digest of its uncompressed tar. */
export interface Layer {
    mediaType: string;
    stored: Buffer;
    diffId: string;
}

export interface ImageSettings {
    architecture: string;
    config: {
        Entrypoint?: string[];
        Cmd?: string[];
        Env?: string[];
        WorkingDir?: string;
        User?: string;
        Labels?: Record<string, string>;
    };
}

const mediaTypes = {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    tar: 'application/vnd.oci.image.layer.v1.tar',
    gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

export function digestOf(bytes: Uint8Array): string {
    return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export type LayerEntry = TarEntry & { content?: Uint8Array };

/** A layer from a whole tar archive. */
export function layerOfTar(tar: Buffer, compress: boolean): Layer {
    return {
        mediaType: compress ? mediaTypes.gzip : mediaTypes.tar,
        stored: compress ? gzipSync(tar) : tar,
        diffId: digestOf(tar),
    };
}

/** A layer of files; entries without a time get IMAGE_TIME. */
export function makeLayer(entries: readonly LayerEntry[], compress: boolean): Layer {
    return layerOfTar(tarArchive(entries.map((entry) => ({ mtime: IMAGE_TIME, ...entry }))), compress);
}

/** A layout's folder being written. */
export class OciLayout {
    constructor(readonly folder: string) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
        writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    }

    addBlob(bytes: Buffer, mediaType: string): Descriptor {
        const digest = digestOf(bytes);
        writeFileSync(join(this.folder, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes);
        return { mediaType, digest, size: bytes.length };
    }

    private addDocument(document: unknown, mediaType: string): Descriptor {
        return this.addBlob(Buffer.from(JSON.stringify(document)), mediaType);
    }

    /** Adds an image for linux/`architecture`; the descriptor of its manifest. */
    addImage({ architecture, config }: ImageSettings, layers: readonly Layer[]): Descriptor {
        const configDescriptor = this.addDocument(
            {
                created: IMAGE_TIME_TEXT,
                os: 'linux',
                architecture,
                config,
                rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
                history: layers.map(() => ({ created: IMAGE_TIME_TEXT, created_by: 'tests/images' })),
            },
            mediaTypes.config,
        );
        const manifest = this.addDocument(
            {
                schemaVersion: 2,
                mediaType: mediaTypes.manifest,
                config: configDescriptor,
                layers: layers.map(({ stored, mediaType }) => this.addBlob(stored, mediaType)),
            },
            mediaTypes.manifest,
        );
        return { ...manifest, platform: { os: 'linux', architecture } };
    }

    /** Adds an image index over several platforms' images. */
    addIndex(manifests: readonly Descriptor[]): Descriptor {
        return this.addDocument(
            { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
            mediaTypes.index,
        );
    }

    /** Writes index.json: images by tag. */
    writeIndex(images: Record<string, Descriptor>): void {
        const manifests = Object.entries(images).map(([tag, descriptor]) => ({
            ...descriptor,
            annotations: { 'org.opencontainers.image.ref.name': tag },
        }));
        const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
        writeFileSync(join(this.folder, 'index.json'), JSON.stringify(index));
    }
}
