// SPDX-License-Identifier: Apache-2.0

import { Blobs } from "../oci/blobs";
import { ByteStream } from "../oci/byteStream";

/** Read at a time: a tar archive is mostly headers here, for contents are skipped. */
const BUFFER: u32 = 64 * 1024;

/** A file from its beginning to its end. */
export class HostStream extends ByteStream {
    private readonly buffer: usize = heap.alloc(BUFFER);
    /** Where the buffer's bytes are in the file, and how many there are. */
    private start: u64 = 0;
    private filled: u32 = 0;
    private at: u64 = 0;
    private readonly end: u64;

    constructor(
        private readonly blobs: Blobs,
        private readonly path: string,
    ) {
        super();
        this.end = <u64>max<i64>(0, blobs.size(path));
    }

    /** Frees the buffer. */
    close(): void {
        heap.free(this.buffer);
    }

    read(to: usize, length: u32): i32 {
        if (this.at == this.end || length == 0) return 0;
        if (this.at < this.start || this.at >= this.start + this.filled) {
            const count = <u32>min<u64>(BUFFER, this.end - this.at);
            const failure = this.blobs.read(this.path, this.at, this.buffer, count);
            if (failure !== null) {
                this.failure = failure;
                return -1;
            }
            this.start = this.at;
            this.filled = count;
        }
        const place = <u32>(this.at - this.start);
        const count = min(length, this.filled - place);
        memory.copy(to, this.buffer + place, count);
        this.at += count;
        return <i32>count;
    }

    skip(length: u64, scratch: usize, scratchSize: u32): i64 {
        const count = min(length, this.end - this.at);
        this.at += count;
        return <i64>count;
    }
}
