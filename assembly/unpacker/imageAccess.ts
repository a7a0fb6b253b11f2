// SPDX-License-Identifier: Apache-2.0

import { RandomAccess } from "../oci/randomAccess";
import { Failure } from "../std/failure";
import { PAGE_SIZE } from "../std/pages";
import { UNPACKER_PACKED } from "../std/unpackerProtocol";
import { readImage } from "./manager";

/** The bytes of the layer's EROFS image, of which the manager shows some at a time. */
export class ImageAccess extends RandomAccess {
    /** Which bytes are in UNPACKER_PACKED. */
    private start: u64 = 0;
    private end: u64 = 0;

    constructor(private readonly imageSize: u64) {
        super();
    }

    get size(): u64 {
        return this.imageSize;
    }

    read(offset: u64, to: usize, length: u32): Failure | null {
        while (length > 0) {
            if (offset < this.start || offset >= this.end) {
                this.start = offset & ~(<u64>PAGE_SIZE - 1);
                this.end = this.start + readImage(this.start);
                if (offset >= this.end)
                    return new Failure("its EROFS image ends early; build the boot image again");
            }
            const count = <u32>min<u64>(length, this.end - offset);
            memory.copy(to, UNPACKER_PACKED + <usize>(offset - this.start), count);
            offset += count;
            to += count;
            length -= count;
        }
        return null;
    }
}
