// SPDX-License-Identifier: Apache-2.0
//
// A registry over loopback that does what a test wants of it: authentication, redirects, broken connections, wrong bytes.

import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { tarArchive } from '../../cli/image/tarWriter.js';

export const digestOf = (bytes: Uint8Array): string =>
    `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export type Handler = (request: IncomingMessage, response: ServerResponse) => boolean | void;

export const types = {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

interface Descriptor {
    mediaType: string;
    digest: string;
    size: number;
}

export class FakeRegistry {
    readonly blobs = new Map<string, Buffer>();
    readonly manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
    /** Requests that came, "GET /v2/… [range]". */
    readonly requests: string[] = [];
    /** Answers a request itself when it returns true. */
    before: Handler = () => false;
    private constructor(private readonly server: Server) {}

    static async start(): Promise<FakeRegistry> {
        const server = createServer();
        const registry = new FakeRegistry(server);
        server.on('request', (request, response) => registry.serve(request, response));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return registry;
    }

    get host(): string {
        return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    stop(): Promise<void> {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(() => resolve()));
    }

    blob(bytes: Buffer, mediaType: string): Descriptor {
        const digest = digestOf(bytes);
        this.blobs.set(digest, bytes);
        return { mediaType, digest, size: bytes.length };
    }

    manifest(document: unknown, mediaType: string, tag?: string): Descriptor {
        const bytes = Buffer.from(JSON.stringify(document));
        const digest = digestOf(bytes);
        this.manifests.set(digest, { bytes, mediaType });
        if (tag !== undefined) this.manifests.set(tag, { bytes, mediaType });
        return { mediaType, digest, size: bytes.length };
    }

    /** An image of layers with so many bytes that do not compress. */
    image(
        architecture: string,
        sizes: readonly number[],
        tag?: string,
    ): Descriptor & { layers: Descriptor[] } {
        const tars = sizes.map((size, index) =>
            tarArchive([{ name: `file${index}`, type: 'file', content: randomBytes(size) }]),
        );
        const config = {
            os: 'linux',
            architecture,
            config: { Cmd: ['/bin/true'] },
            rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
        };
        const layers = tars.map((tar) => this.blob(gzipSync(tar), types.gzip));
        const manifest = {
            schemaVersion: 2,
            mediaType: types.manifest,
            config: this.blob(Buffer.from(JSON.stringify(config)), types.config),
            layers,
        };
        return { ...this.manifest(manifest, types.manifest, tag), layers };
    }

    private serve(request: IncomingMessage, response: ServerResponse): void {
        const { url = '', headers } = request;
        this.requests.push(
            `${request.method} ${url}${headers.range === undefined ? '' : ` ${headers.range}`}`,
        );
        if (this.before(request, response) === true) return;
        const found = /^\/v2\/[\w/-]+\/(manifests|blobs)\/([\w:.-]+)$/.exec(url);
        const manifest = found?.[1] === 'manifests' ? this.manifests.get(found[2]!) : undefined;
        const blob = found?.[1] === 'blobs' ? this.blobs.get(found[2]!) : undefined;
        if (manifest !== undefined) {
            response.writeHead(200, { 'content-type': manifest.mediaType }).end(manifest.bytes);
        } else if (blob !== undefined) {
            this.sendBlob(blob, request, response);
        } else {
            response
                .writeHead(404, { 'content-type': 'application/json' })
                .end('{"errors":[{"code":"UNKNOWN","message":"not known here"}]}');
        }
    }

    /** The blob, or the part of it from the range's start on. */
    sendBlob(blob: Buffer, request: IncomingMessage, response: ServerResponse): void {
        const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
        if (range === null) {
            response.writeHead(200, { 'content-length': blob.length }).end(blob);
            return;
        }
        const start = Number(range[1]);
        response
            .writeHead(206, { 'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}` })
            .end(blob.subarray(start));
    }
}
