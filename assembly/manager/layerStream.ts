// SPDX-License-Identifier: Apache-2.0
//
// A packed layer as the stream of its tar archive's bytes: decompressed on the way where it is compressed, and digested, so that
// the diff id is known when the last byte was read.

import { bundleRead, sha256Begin, sha256End, sha256Update } from "../sel4/generated/host";
import { ByteStream } from "../oci/byteStream";
import { SHA256_BYTES, sha256Digest } from "../oci/digest";
import { Compression } from "../oci/mediaTypes";
import { Failure } from "../std/failure";
import { bytesToHex } from "../std/hex";
import { decimal } from "../std/numberText";
import { DIGEST_STATE, ReadObserver } from "./bundle";
import { Decoder, GzipDecoder, STATUS_END, ZstdDecoder } from "./decoder";
import { ZstdMemory } from "./zstdMemory";

/** Packed bytes held at a time. */
const INPUT_SIZE: u32 = 16 * 1024;

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
    private readonly input: usize = heap.alloc(INPUT_SIZE);
    private readonly state: usize = heap.alloc(DIGEST_STATE);
    private readonly decoder: Decoder | null;
    /** Packed bytes taken from the bundle so far. */
    private at: u64 = 0;
    private inputStart: u32 = 0;
    private inputEnd: u32 = 0;
    private status: u32 = 0;

    /** `size` packed bytes at `offset` of the bundle. */
    constructor(
        private readonly offset: u64,
        private readonly size: u64,
        compression: Compression,
        private readonly observer: ReadObserver,
        zstdMemory: ZstdMemory,
    ) {
        super();
        if (compression == Compression.Detect) compression = this.detect();
        this.decoder =
            compression == Compression.Gzip
                ? new GzipDecoder()
                : compression == Compression.Zstd
                  ? new ZstdDecoder(zstdMemory)
                  : null;
        sha256Begin(<u32>this.state);
    }

    private detect(): Compression {
        store<u32>(this.input, 0);
        bundleRead(this.offset, <u32>this.input, <u32>min<u64>(4, this.size));
        const magic = load<u32>(this.input);
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

    /** Frees the buffers and what decoding took. The digest of all bytes read, which must have been all. */
    finish(): string {
        const digest = heap.alloc(SHA256_BYTES);
        sha256End(<u32>this.state, <u32>digest);
        const text = sha256Digest(bytesToHex(digest, SHA256_BYTES));
        heap.free(digest);
        this.close();
        return text;
    }

    close(): void {
        heap.free(this.input);
        heap.free(this.state);
        const decoder = this.decoder;
        if (decoder !== null) decoder.close();
    }

    private copy(to: usize, length: u32): i32 {
        const count = <u32>min<u64>(length, this.size - this.at);
        if (count > 0) bundleRead(this.offset + this.at, <u32>to, count);
        this.at += count;
        this.observer.advance(count);
        return <i32>count;
    }

    private decompress(decoder: Decoder, to: usize, length: u32): i32 {
        if (length == 0) return 0;
        while (true) {
            if (this.inputStart == this.inputEnd) this.fill();
            const available = this.inputEnd - this.inputStart;
            if (available == 0 && this.status == STATUS_END) return 0;
            const result = decoder.decode(this.input + this.inputStart, available, to, length);
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

    /** Reads packed bytes into the empty buffer. */
    private fill(): void {
        const count = <u32>min<u64>(INPUT_SIZE, this.size - this.at);
        if (count > 0) bundleRead(this.offset + this.at, <u32>this.input, count);
        this.at += count;
        this.inputStart = 0;
        this.inputEnd = count;
        this.observer.advance(count);
    }
}
