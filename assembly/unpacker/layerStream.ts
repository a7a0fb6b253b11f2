// SPDX-License-Identifier: Apache-2.0
//
// A packed layer as the stream of its tar archive's bytes: decompressed on the way where it is compressed, and digested, so that
// the diff id is known when the last byte was read.

import { sha256Begin, sha256End, sha256Update } from "../sel4/generated/host";
import { ByteStream } from "../oci/byteStream";
import { DIGEST_STATE } from "../oci/digest";
import { Compression } from "../oci/mediaTypes";
import { Failure } from "../std/failure";
import { decimal } from "../std/numberText";
import { UNPACKER_PACKED } from "../std/unpackerProtocol";
import { Decoder, GzipDecoder, STATUS_END, ZstdDecoder } from "./decoder";
import { readPacked } from "./manager";

// The result of codec.gunzip and codec.unzstd (wit/sealift.wit).
const COUNT_MASK: u64 = (1 << 30) - 1;
const PRODUCED_SHIFT: u64 = 30;
const STATUS_SHIFT: u64 = 60;

// The first bytes of streams, little endian: RFC 1952 (ID1 and ID2), and RFC 8878 for frames and skippable frames.
const GZIP_MAGIC: u32 = 0x8b1f;
const ZSTD_MAGIC: u32 = 0xfd2fb528;
const ZSTD_SKIPPABLE_MAGIC: u32 = 0x184d2a50;
const ZSTD_SKIPPABLE_MASK: u32 = 0xfffffff0;

export class LayerStream extends ByteStream {
    private readonly state: usize = heap.alloc(DIGEST_STATE);
    private readonly decoder: Decoder | null;
    /** Packed bytes that have come so far. */
    private at: u64 = 0;
    /** Those of them in UNPACKER_PACKED that have not been read. */
    private inputStart: u32 = 0;
    private inputEnd: u32 = 0;
    private status: u32 = 0;

    /** `size` are the packed bytes. */
    constructor(
        private readonly size: u64,
        compression: Compression,
    ) {
        super();
        this.fill();
        if (compression == Compression.Detect) compression = this.detect();
        this.decoder =
            compression == Compression.Gzip
                ? new GzipDecoder()
                : compression == Compression.Zstd
                  ? new ZstdDecoder()
                  : null;
        sha256Begin(<u32>this.state);
    }

    private detect(): Compression {
        if (this.size < 4) return Compression.None;
        const magic = load<u32>(UNPACKER_PACKED);
        if ((magic & 0xffff) == GZIP_MAGIC) return Compression.Gzip;
        if (magic == ZSTD_MAGIC || (magic & ZSTD_SKIPPABLE_MASK) == ZSTD_SKIPPABLE_MAGIC)
            return Compression.Zstd;
        return Compression.None;
    }

    read(to: usize, length: u32): i32 {
        const decoder = this.decoder;
        const count = decoder !== null ? this.decompress(decoder, to, length) : this.copy(to, length);
        if (count > 0) sha256Update(<u32>this.state, <u32>to, count);
        return count;
    }

    /** Writes the digest of all bytes read, which must have been all, to `to`: 32 bytes. */
    digest(to: usize): void {
        sha256End(<u32>this.state, <u32>to);
    }

    private copy(to: usize, length: u32): i32 {
        if (this.inputStart == this.inputEnd) this.fill();
        const count = min(length, this.inputEnd - this.inputStart);
        memory.copy(to, UNPACKER_PACKED + this.inputStart, count);
        this.inputStart += count;
        return <i32>count;
    }

    private decompress(decoder: Decoder, to: usize, length: u32): i32 {
        if (length == 0) return 0;
        while (true) {
            if (this.inputStart == this.inputEnd) this.fill();
            const available = this.inputEnd - this.inputStart;
            if (available == 0 && this.status == STATUS_END) return 0;
            const result = decoder.decode(UNPACKER_PACKED + this.inputStart, available, to, length);
            const consumed = <u32>(result & COUNT_MASK);
            const produced = <u32>((result >> PRODUCED_SHIFT) & COUNT_MASK);
            this.inputStart += consumed;
            this.status = <u32>(result >> STATUS_SHIFT);
            if (this.status > STATUS_END) {
                this.failure = decoder.handle(this.status, this.at - (this.inputEnd - this.inputStart));
                if (this.failure !== null) return -1;
                if (produced == 0) continue;
            }
            if (produced > 0) return <i32>produced;
            if (consumed == 0 && this.at == this.size && this.inputStart == this.inputEnd) {
                if (this.status == STATUS_END) return 0;
                this.failure = new Failure(
                    decoder.format +
                        " stream ends early at byte " +
                        decimal(this.size) +
                        "; pull the image again",
                );
                return -1;
            }
        }
    }

    /** Has the next packed bytes put into the empty buffer. */
    private fill(): void {
        this.inputStart = 0;
        this.inputEnd = readPacked();
        this.at += this.inputEnd;
    }
}
