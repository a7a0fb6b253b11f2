// SPDX-License-Identifier: Apache-2.0
//
// The decoders of the C runtime (wit/sealift.wit, interface codec) behind one face, and what to say of streams that they
// refuse.

import {
    codecGunzip,
    codecUnzstd,
    gunzipBegin,
    unzstdBegin,
    unzstdFact,
    unzstdMemory,
} from "../sel4/generated/host";
import { Failure } from "../std/failure";
import { byteSize, decimal } from "../std/numberText";
import { freeMemory } from "./manager";

// Statuses of codec.gunzip and codec.unzstd.
export const STATUS_END: u32 = 1;
const STATUS_CORRUPT: u32 = 2;
const STATUS_MEMORY: u32 = 3;

// Facts of codec.unzstd-fact.
const FACT_MEMORY_SIZE_MAXIMUM: u32 = 0;
const FACT_FRAME_WINDOW: u32 = 1;
const FACT_FRAME_MEMORY: u32 = 2;

/**
 * How far back a zstd frame may refer. RFC 8878 asks decoders for 8 MiB, and it is what zstd -19 and the usual image
 * builders take; only --long, --ultra and the highest levels go beyond.
 */
const WINDOW_MAXIMUM: u32 = 8 << 20;

/** Page tables and capabilities that the decoder's memory takes at most. */
const TABLES_SIZE: u64 = 256 * 1024;

export abstract class Decoder {
    constructor(
        /** What the stream is called in messages. */
        readonly format: string,
    ) {}

    /** One call of the host function: its packed result. */
    abstract decode(input: usize, inputLength: u32, output: usize, outputLength: u32): u64;

    /** What is wrong after a status above STATUS_END, `at` packed bytes into the layer; null when it was put right. */
    handle(status: u32, at: u64): Failure | null {
        return new Failure(
            status == STATUS_CORRUPT
                ? this.format + " stream is corrupt near byte " + decimal(at) + "; pull the image again"
                : this.format +
                      " stream needs more working memory than the decoder has, at byte " +
                      decimal(at) +
                      "; this is a defect of Sealift",
        );
    }
}

export class GzipDecoder extends Decoder {
    constructor() {
        super("gzip");
        gunzipBegin();
    }

    decode(input: usize, inputLength: u32, output: usize, outputLength: u32): u64 {
        return codecGunzip(<u32>input, inputLength, <u32>output, outputLength);
    }
}

export class ZstdDecoder extends Decoder {
    constructor() {
        super("zstd");
        unzstdBegin(WINDOW_MAXIMUM);
    }

    decode(input: usize, inputLength: u32, output: usize, outputLength: u32): u64 {
        return codecUnzstd(<u32>input, inputLength, <u32>output, outputLength);
    }

    handle(status: u32, at: u64): Failure | null {
        if (status == STATUS_CORRUPT) return super.handle(status, at);
        const frame = "zstd frame near byte " + decimal(at);
        const remedy = "; recompress the image: skopeo copy --dest-compress-format gzip";
        if (status != STATUS_MEMORY)
            return new Failure(frame + " was made with a dictionary, which no layer carries" + remedy);
        const window = unzstdFact(FACT_FRAME_WINDOW);
        const windowText = " has a window of " + byteSize(window) + " (" + decimal(window) + " bytes)";
        if (window > WINDOW_MAXIMUM)
            return new Failure(frame + windowText + "; at most 8 MiB can be decoded" + remedy);
        const bytes = unzstdFact(FACT_FRAME_MEMORY);
        const free = freeMemory();
        // Frames come when the decoder touches its memory: it is all of the machine's that is free.
        if (bytes <= unzstdFact(FACT_MEMORY_SIZE_MAXIMUM) && bytes + TABLES_SIZE <= free) {
            unzstdMemory(<u32>bytes);
            return null;
        }
        return new Failure(
            frame +
                windowText +
                ": decoding it takes " +
                byteSize(bytes) +
                ", which does not fit the machine's free memory of " +
                byteSize(free) +
                "; give the machine more memory or recompress the image: skopeo copy --dest-compress-format gzip",
        );
    }
}
