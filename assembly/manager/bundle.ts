// SPDX-License-Identifier: Apache-2.0
//
// The bundle that the boot image carries: a tar archive with run.json and the image's files. It is read in place by
// the C runtime's boot interface; only its index is held here.

import { bundleRead, bundleSize, sha256Begin, sha256End, sha256Update } from "../sel4/generated/host";
import { Blobs } from "../oci/blobs";
import { ByteStream } from "../oci/byteStream";
import { JsonValue } from "../oci/json";
import { TYPE_REGULAR } from "../oci/tarHeader";
import { TarReader } from "../oci/tarReader";
import { Failure, Result } from "../std/failure";
import { decodeUtf8 } from "../std/utf8";
import { provideHeap } from "./heap";

/** Where the image's files are. */
const IMAGE_PREFIX: string = "image/";
/** run.json, as Blobs names files that are not the image's. */
export const RUN_OPTIONS: string = "../run.json";
/** Bytes read at a time for a digest. */
const CHUNK: u32 = 16 * 1024;
/** Bytes of the state of a digest (wit/sealift.wit). */
export const DIGEST_STATE: usize = 112;

class BundleFile {
    constructor(
        readonly offset: u64,
        readonly size: u64,
    ) {}
}

/** Told how many bytes a digest has read. */
export abstract class ReadObserver {
    abstract advance(bytes: u32): void;
}

export class Bundle extends Blobs {
    /** Who is told of the progress of `sha256`. */
    observer: ReadObserver | null = null;
    private readonly files: Map<string, BundleFile> = new Map<string, BundleFile>();
    private readonly chunk: usize = heap.alloc(CHUNK);
    private readonly state: usize = heap.alloc(DIGEST_STATE);

    /** Finds the files of the bundle. */
    open(): Failure | null {
        if (bundleSize() == 0)
            return new Failure("the boot image carries no bundle; make it with sealift run or sealift build");
        const stream = new BundleStream(0, bundleSize());
        const reader = new TarReader(stream);
        while (reader.next()) {
            if (reader.type != TYPE_REGULAR) continue;
            const name = decodeUtf8(reader.name, reader.nameLength);
            this.files.set(name, new BundleFile(reader.position, reader.size));
        }
        reader.close();
        const failure = reader.failure;
        return failure === null ? null : failure.within("the bundle in the boot image");
    }

    /** Reads run.json. */
    runOptions(): Result<JsonValue | null> {
        return this.json(RUN_OPTIONS, "run.json");
    }

    /** Where a file's bytes are in the bundle; the file exists. */
    offsetOf(path: string): u64 {
        return this.files.get(nameOf(path)).offset;
    }

    size(path: string): i64 {
        const name = nameOf(path);
        return this.files.has(name) ? <i64>this.files.get(name).size : -1;
    }

    read(path: string, offset: u64, to: usize, length: u32): Failure | null {
        const file = this.files.get(nameOf(path));
        if (offset > file.size || length > file.size - offset)
            return new Failure(path + " ends early; the bundle is damaged");
        bundleRead(file.offset + offset, <u32>to, length);
        return null;
    }

    sha256(path: string, digest: usize): Failure | null {
        const file = this.files.get(nameOf(path));
        sha256Begin(<u32>this.state);
        let at: u64 = 0;
        while (at < file.size) {
            const length = <u32>min<u64>(CHUNK, file.size - at);
            bundleRead(file.offset + at, <u32>this.chunk, length);
            sha256Update(<u32>this.state, <u32>this.chunk, length);
            at += length;
            const observer = this.observer;
            if (observer !== null) observer.advance(length);
        }
        sha256End(<u32>this.state, <u32>digest);
        return null;
    }

    prepareHeap(bytes: u32): bool {
        return provideHeap(bytes);
    }
}

/** The name in the bundle of a file of the image. "../" leads to the bundle's own files. */
function nameOf(path: string): string {
    return path.startsWith("../") ? path.substring(3) : IMAGE_PREFIX + path;
}

/** A part of the bundle as a stream. */
export class BundleStream extends ByteStream {
    private at: u64;
    private readonly end: u64;

    constructor(offset: u64, size: u64) {
        super();
        this.at = offset;
        this.end = offset + size;
    }

    read(to: usize, length: u32): i32 {
        const count = <u32>min<u64>(length, this.end - this.at);
        if (count > 0) bundleRead(this.at, <u32>to, count);
        this.at += count;
        return <i32>count;
    }

    skip(length: u64, scratch: usize, scratchSize: u32): i64 {
        const count = min(length, this.end - this.at);
        this.at += count;
        return <i64>count;
    }
}
