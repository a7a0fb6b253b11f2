// SPDX-License-Identifier: Apache-2.0
//
// Pulling an image: its documents first, then the blobs of the platform that is wanted, several at a time, into the image store.
// Which image of an index that is decides the code that the target runs (assembly/oci); here only documents are left out that
// say themselves that they are of another architecture.

import { rmSync } from 'node:fs';
import { Failure } from '../failure.js';
import { OpenImage } from '../image/imageReader.js';
import {
    digestOf,
    ImageStore,
    isIndexType,
    isManifestType,
    NESTING_MAXIMUM,
    partsOf,
    type Descriptor,
    type Part,
} from '../image/imageStore.js';
import { downloadBlob } from './blobDownload.js';
import { RegistryClient } from './client.js';
import { registryNameText, type RegistryName } from './imageName.js';

/** Blobs on their way at a time: as many as other clients have. */
const DOWNLOADS = 4;
/** Documents of one image. */
const DOCUMENTS_MAXIMUM = 256;

export interface PullOptions {
    /** os/architecture[/variant]. */
    platform: string;
    plainHttp?: boolean;
    /** Told how many bytes of how many are here. */
    progress?: (bytes: number, total: number) => void;
    environment?: NodeJS.ProcessEnv;
}

/** The media type that a manifest states, or the one it was sent with. */
function typeOf(bytes: Buffer, sent: string, thing: string): string {
    let document: { mediaType?: unknown; schemaVersion?: unknown };
    try {
        document = JSON.parse(bytes.toString('utf8')) as typeof document;
    } catch {
        throw new Failure(
            `${thing}: the registry sends no JSON as its manifest; have the image pushed again`,
        );
    }
    if (document.schemaVersion === 1)
        throw new Failure(
            `${thing}: its manifest is of Docker's schema 1, which has no digests of layers; push the image again with a tool of this decade`,
        );
    const type = typeof document.mediaType === 'string' ? document.mediaType : sent;
    if (!isIndexType(type) && !isManifestType(type))
        throw new Failure(`${thing}: is "${type}", no container image; check its name`);
    return type;
}

/** One pull. */
class Pull {
    private readonly client: RegistryClient;
    private documents = 0;
    private readonly thing: string;

    constructor(
        private readonly name: RegistryName,
        private readonly store: ImageStore,
        private readonly options: PullOptions,
    ) {
        this.client = new RegistryClient(name, options.plainHttp === true, options.environment);
        this.thing = `image ${registryNameText(name)}`;
    }

    async run(): Promise<Descriptor> {
        this.store.prepare();
        const { digest, tag } = this.name;
        const answer = await this.client.manifest(digest || tag);
        if (digest !== '' && digestOf(answer.bytes) !== digest)
            throw new Failure(
                `${this.thing}: the registry sends a manifest with another digest; have it pushed again`,
            );
        const mediaType = typeOf(answer.bytes, answer.mediaType, this.thing);
        const descriptor = { mediaType, digest: this.store.addBlob(answer.bytes), size: answer.bytes.length };
        await this.fetchWithin(descriptor, answer.bytes, 0);
        const text = registryNameText(this.name);
        const draft = this.store.draftIndex(text, descriptor);
        try {
            // Again where another program has removed an image with which this one shares blobs.
            for (let round = 0; round < 3 && (await this.fetchBlobs(draft)); round++);
            this.store.publish(text, draft);
        } finally {
            rmSync(draft, { force: true });
        }
        return descriptor;
    }

    /** Gets the documents that an index or manifest leads to: indexes, manifests, configurations. */
    private async fetchWithin(descriptor: Descriptor, bytes: Buffer, depth: number): Promise<void> {
        if (depth > NESTING_MAXIMUM)
            throw new Failure(
                `${this.thing}: indexes nest more than ${NESTING_MAXIMUM} deep; use a simpler image`,
            );
        for (const part of partsOf(bytes, descriptor.mediaType, this.thing)) {
            if (part.kind === 'layer' || !this.isWanted(part)) continue;
            if (++this.documents > DOCUMENTS_MAXIMUM)
                throw new Failure(
                    `${this.thing}: has more than ${DOCUMENTS_MAXIMUM} documents; use a simpler image`,
                );
            if (part.kind === 'config') {
                await this.fetchBlob(part.descriptor, () => undefined);
                continue;
            }
            await this.fetchWithin(part.descriptor, await this.fetchDocument(part.descriptor), depth + 1);
        }
    }

    /** Whether a part of an index may be, or lead to, the image for the platform. */
    private isWanted({ descriptor, kind }: Part): boolean {
        if (kind === 'config') return true;
        if (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType)) return false;
        const [os, architecture] = this.options.platform.split('/');
        const { platform } = descriptor;
        return (
            platform === undefined ||
            !platform.os ||
            !platform.architecture ||
            (platform.os === os && platform.architecture === architecture)
        );
    }

    private async fetchDocument({ digest, size }: Descriptor): Promise<Buffer> {
        if (this.store.hasBlob(digest)) return this.store.document(digest);
        const { bytes } = await this.client.manifest(digest);
        if (bytes.length !== size || digestOf(bytes) !== digest)
            throw new Failure(
                `${this.thing}: the registry sends another document for ${digest}; have the image pushed again`,
            );
        this.store.addBlob(bytes);
        return bytes;
    }

    private async fetchBlob(descriptor: Descriptor, arrived: (bytes: number) => void): Promise<void> {
        if (!this.store.hasBlob(descriptor.digest))
            await downloadBlob(this.client, this.store, descriptor, arrived);
    }

    /** Gets what the target needs of the image and has not yet. False when nothing was missing. */
    private async fetchBlobs(draft: string): Promise<boolean> {
        const wanted = await this.missingBlobs(draft);
        if (wanted.length === 0) return false;
        const total = wanted.reduce((sum, { size }) => sum + size, 0);
        let bytes = 0;
        this.options.progress?.(0, total);
        const arrived = (count: number): void => {
            bytes += count;
            this.options.progress?.(bytes, total);
        };
        const queue = [...wanted];
        const worker = async (): Promise<void> => {
            for (let next = queue.shift(); next !== undefined; next = queue.shift())
                await this.fetchBlob(next, arrived);
        };
        const results = await Promise.allSettled(Array.from({ length: DOWNLOADS }, worker));
        for (const result of results) if (result.status === 'rejected') throw result.reason;
        return true;
    }

    /** The layers of the image that the reader chooses. */
    private async missingBlobs(draft: string): Promise<Descriptor[]> {
        const text = registryNameText(this.name);
        const image = await OpenImage.openFiles(this.store.openIndex(draft), text, text);
        try {
            const { layers } = await image.describe(this.options.platform, false);
            const wanted = new Map<string, Descriptor>();
            for (const { digest, mediaType, size } of layers) {
                if (digest !== null && !this.store.hasBlob(digest))
                    wanted.set(digest, { mediaType, digest, size });
            }
            return [...wanted.values()];
        } finally {
            image.close();
        }
    }
}

/** Brings an image into the store under its name; what of it is there already stays. */
export async function pullImage(
    name: RegistryName,
    store: ImageStore,
    options: PullOptions,
): Promise<Descriptor> {
    return new Pull(name, store, options).run();
}

/** Whether the store has an image whole, for a platform. */
export async function isWhole(store: ImageStore, name: string, platform: string): Promise<boolean> {
    if (store.find(name) === null) return false;
    const image = await OpenImage.openFiles(store.open(name), name, name);
    try {
        const files = await image.bundleFiles(platform);
        return files.every((path) => image.files.find(path) !== null);
    } catch (error) {
        if (error instanceof Failure) return false;
        throw error;
    } finally {
        image.close();
    }
}
