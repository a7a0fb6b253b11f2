// SPDX-License-Identifier: Apache-2.0

import { SHA256_BYTES } from "../oci/digest";
import { Blobs } from "../oci/blobs";
import { Failure } from "../std/failure";
import { takeString } from "./canonicalAbi";

// @ts-ignore: decorator
@external("sealift:image/blobs@0.1.0", "size")
declare function importedSize(path: usize, length: u32, result: usize): void;
// @ts-ignore: decorator
@external("sealift:image/blobs@0.1.0", "read")
declare function importedRead(path: usize, pathLength: u32, offset: u64, length: u32, result: usize): void;
// @ts-ignore: decorator
@external("sealift:image/blobs@0.1.0", "sha256")
declare function importedSha256(path: usize, length: u32, result: usize): void;

/** Where imports write their results: option<u64> has its value at 8, result<list<u8>, string> a pointer at 4, a length at 8. */
const resultArea: usize = memory.data(16, 8);

/** The files of an image as the program that uses the component provides them. */
export class HostBlobs extends Blobs {
    size(path: string): i64 {
        importedSize(changetype<usize>(path), path.length, resultArea);
        if (load<u8>(resultArea) == 0) return -1;
        const size = load<u64>(resultArea, 8);
        return size > <u64>i64.MAX_VALUE ? -1 : <i64>size;
    }

    read(path: string, offset: u64, to: usize, length: u32): Failure | null {
        importedRead(changetype<usize>(path), path.length, offset, length, resultArea);
        return takeBytes(path, to, length);
    }

    sha256(path: string, digest: usize): Failure | null {
        importedSha256(changetype<usize>(path), path.length, resultArea);
        return takeBytes(path, digest, SHA256_BYTES);
    }
}

/** Copies the list of exactly `length` bytes that the result area holds to `to`, or makes the error it holds a failure. */
function takeBytes(path: string, to: usize, length: u32): Failure | null {
    const block = <usize>load<u32>(resultArea, 4);
    const count = load<u32>(resultArea, 8);
    if (load<u8>(resultArea) != 0) return new Failure(path + ": " + takeString(block, count));
    const complete = count == length;
    if (complete) memory.copy(to, block, length);
    if (count != 0) heap.free(block);
    return complete
        ? null
        : new Failure(path + ": the file changed or ends early while it is read; try again");
}
