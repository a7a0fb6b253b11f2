// SPDX-License-Identifier: Apache-2.0

import { Failure, Result } from "../std/failure";
import { bytesToHex } from "../std/hex";
import { decimal } from "../std/numberText";
import { sha256Digest } from "./digest";
import { JSON_SIZE_MAXIMUM, JsonValue, jsonHeapBound, parseJson } from "./json";

/** The files of an image, by their path in the layout or archive: the bundle on the target, a directory or archive on Node. */
export abstract class Blobs {
    /** Bytes of the file, or -1 where there is none. */
    abstract size(path: string): i64;

    /** Copies `length` bytes from `offset` to `to`. Fewer bytes than asked are a failure. */
    abstract read(path: string, offset: u64, to: usize, length: u32): Failure | null;

    /** The SHA-256 of the whole file, 32 bytes, to `digest`. */
    abstract sha256(path: string, digest: usize): Failure | null;

    /** Makes sure that `bytes` can be allocated; a runtime whose heap grows by itself has nothing to do. */
    prepareHeap(bytes: u32): bool {
        return true;
    }

    /** The digest of the whole file as text. */
    digest(path: string): Result<string> {
        const bytes = heap.alloc(32);
        const failure = this.sha256(path, bytes);
        const text = failure === null ? sha256Digest(bytesToHex(bytes, 32)) : "";
        heap.free(bytes);
        return failure === null ? Result.of<string>(text) : Result.fail<string>(failure);
    }

    /** Reads a file as JSON. `thing` names it in messages. */
    json(path: string, thing: string): Result<JsonValue | null> {
        const size = this.size(path);
        if (size < 0) return Result.fail<JsonValue | null>(missing(thing, path));
        if (size > JSON_SIZE_MAXIMUM) {
            return Result.fail<JsonValue | null>(
                new Failure(
                    thing +
                        " has " +
                        decimal(size) +
                        " bytes; at most " +
                        decimal(JSON_SIZE_MAXIMUM) +
                        " are read",
                ),
            );
        }
        if (!this.prepareHeap(<u32>size)) return tooLittleMemory(thing);
        const bytes = heap.alloc(<usize>size);
        const failure = this.read(path, 0, bytes, <u32>size);
        const ready = failure !== null || this.prepareHeap(jsonHeapBound(bytes, <i32>size));
        const result =
            failure !== null
                ? Result.fail<JsonValue | null>(failure)
                : ready
                  ? parseJson(bytes, <i32>size)
                  : tooLittleMemory(thing);
        heap.free(bytes);
        if (!ready) return result;
        const parseFailure = result.failure;
        return parseFailure === null ? result : Result.fail<JsonValue | null>(parseFailure.within(thing));
    }

    /**
     * Checks that a file is what a descriptor says: there, of that size, of that digest. `size` -1 means that the
     * size is not known. `remedy` ends the message about another digest.
     */
    verify(
        path: string,
        digest: string,
        size: i64,
        thing: string,
        remedy: string = "the image is damaged: pull it again",
    ): Failure | null {
        const present = this.size(path);
        if (present < 0) return missing(thing, path);
        if (size >= 0 && present != size) {
            return new Failure(
                thing +
                    " has " +
                    decimal(present) +
                    " bytes where its descriptor says " +
                    decimal(size) +
                    "; pull the image again",
            );
        }
        const computed = this.digest(path);
        const failure = computed.failure;
        if (failure !== null) return failure.within(thing);
        if (computed.value != digest) {
            return new Failure(thing + ": the content's digest is " + computed.value + "; " + remedy);
        }
        return null;
    }
}

function tooLittleMemory(thing: string): Result<JsonValue | null> {
    return Result.fail<JsonValue | null>(
        new Failure("there is too little memory to read " + thing + "; give the machine more"),
    );
}

function missing(thing: string, path: string): Failure {
    return new Failure(thing + ": the image has no file " + path + "; it is incomplete: pull it again");
}
