// SPDX-License-Identifier: Apache-2.0
//
// The bundle that the boot image carries: a tar archive with system.json and the files of its images. It is read in place by
// the C runtime's boot interface; only its index is held here.

import { bundleRead, bundleSize, sha256Begin, sha256End, sha256Update } from "../sel4/generated/host";
import { Blobs } from "../oci/blobs";
import { DIGEST_STATE } from "../oci/digest";
import { ByteStream } from "../oci/byteStream";
import { TYPE_HARD_LINK, TYPE_REGULAR } from "../oci/tarHeader";
import { TarReader } from "../oci/tarReader";
import { Failure } from "../std/failure";
import { decodeUtf8 } from "../std/utf8";
import { provideHeap } from "./heap";

/** The file that says what the system is. */
export const SYSTEM_OPTIONS: string = "system.json";
/** Bytes read at a time for a digest. */
const CHUNK: u32 = 16 * 1024;

/** A file's place in the bundle. */
export class BundleFile {
    constructor(
        readonly offset: u64,
        readonly size: u64,
    ) {}
}

/** Told how many bytes a digest has read. */
export abstract class ReadObserver {
    abstract advance(bytes: u32): void;
}

export class Bundle {
    private readonly files: Map<string, BundleFile> = new Map<string, BundleFile>();

    /** Finds the files of the bundle. A hard link is another name of a file. */
    open(): Failure | null {
        if (bundleSize() == 0)
            return new Failure("the boot image carries no bundle; make it with sealift run or sealift build");
        const stream = new BundleStream(0, bundleSize());
        const reader = new TarReader(stream);
        while (reader.next()) {
            const name = decodeUtf8(reader.name, reader.nameLength);
            if (reader.type == TYPE_REGULAR)
                this.files.set(name, new BundleFile(reader.position, reader.size));
            else if (reader.type == TYPE_HARD_LINK) {
                const file = this.find(decodeUtf8(reader.link, reader.linkLength));
                if (file !== null) this.files.set(name, file);
            }
        }
        reader.close();
        const failure = reader.failure;
        return failure === null ? null : failure.within("the bundle in the boot image");
    }

    /** The file of a name, or null. */
    find(name: string): BundleFile | null {
        return this.files.has(name) ? this.files.get(name) : null;
    }
}

/** The files of one image: those below a folder of the bundle; "" for the bundle itself. */
export class BundleFolder extends Blobs {
    /** Who is told of the progress of `sha256`. */
    observer: ReadObserver | null = null;

    constructor(
        private readonly bundle: Bundle,
        private readonly folder: string,
    ) {
        super();
    }

    /** A file's place, or null. */
    find(path: string): BundleFile | null {
        return this.bundle.find(this.folder.length == 0 ? path : this.folder + "/" + path);
    }

    size(path: string): i64 {
        const file = this.find(path);
        return file === null ? -1 : <i64>file.size;
    }

    read(path: string, offset: u64, to: usize, length: u32): Failure | null {
        const file = this.find(path);
        if (file === null || offset > file.size || length > file.size - offset)
            return new Failure(path + " ends early; the bundle is damaged");
        bundleRead(file.offset + offset, <u32>to, length);
        return null;
    }

    sha256(path: string, digest: usize): Failure | null {
        const file = this.find(path);
        if (file === null) return new Failure(path + " is missing; the bundle is damaged");
        const chunk = heap.alloc(CHUNK);
        const state = heap.alloc(DIGEST_STATE);
        sha256Begin(<u32>state);
        let at: u64 = 0;
        while (at < file.size) {
            const length = <u32>min<u64>(CHUNK, file.size - at);
            bundleRead(file.offset + at, <u32>chunk, length);
            sha256Update(<u32>state, <u32>chunk, length);
            at += length;
            const observer = this.observer;
            if (observer !== null) observer.advance(length);
        }
        sha256End(<u32>state, <u32>digest);
        heap.free(state);
        heap.free(chunk);
        return null;
    }

    prepareHeap(bytes: u32): bool {
        return provideHeap(bytes);
    }
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
