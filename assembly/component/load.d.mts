// SPDX-License-Identifier: Apache-2.0

/** The files of one image by their path in its layout or archive. A function that throws makes its message part of the answer. */
export interface Blobs {
    /** Bytes of a file, or undefined where there is none. */
    size(path: string): bigint | undefined;
    /** Exactly `length` bytes from `offset`. */
    read(path: string, offset: bigint, length: number): Uint8Array;
    /** The SHA-256 of the whole file, 32 bytes. */
    sha256(path: string): Uint8Array;
}

/** Where contents of layers go that are unpacked: see wit/image.wit. Functions that throw make their messages part of the answer. */
export interface Unpacking {
    place(layer: number, offset: bigint, size: bigint): number;
    share(layer: number, lower: number, page: number, size: bigint): number;
    finish(layer: number, metadata: Uint8Array): void;
}

export type ImageKind = 'layout' | 'docker-archive';

/** What is wrong with an image, for the person who named it. */
export declare class ImageError extends Error {}

/** See wit/image.wit for the JSON texts. Promises are rejected with an ImageError for what is wrong with the image. */
export interface ImageReader {
    inspect(kind: ImageKind, tag: string, platform: string, verifyLayers?: boolean): Promise<string>;
    files(kind: ImageKind, tag: string, platform: string): Promise<string[]>;
    unpack(layers: string[]): Promise<void>;
    process(kind: ImageKind, tag: string, platform: string, options: string): Promise<string>;
}

export declare function openImageReader(blobs: Blobs, unpacking?: Unpacking): Promise<ImageReader>;
