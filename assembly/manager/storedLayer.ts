// SPDX-License-Identifier: Apache-2.0

import { Layer } from "../oci/image";
import { BundleFile } from "./bundle";

/** A layer of the store. */
export class StoredLayer {
    constructor(
        /** The digest of the uncompressed layer. */
        readonly diffId: string,
        /** The packed layer: its digest, where it is known, and where it was in the bundle. */
        private readonly packedDigest: string,
        private readonly packedOffset: u64,
        /** The layers below it (numbers, the lowest first), or null where its index would be the same over any. */
        private readonly below: i32[] | null,
        /** Where its page map begins, and the pages that its files have. */
        readonly firstPlace: u32,
        readonly dataPages: u32,
        /** Those of them for which no frame was needed, because an equal page was there. */
        readonly sharedPages: u32,
        /** Number of the index's first frame, and how many follow. */
        readonly firstIndexFrame: u32,
        readonly indexPages: u32,
    ) {}

    /**
     * Whether it is what `layer`, packed in `file`, is over these layers. The packed bytes decide together with the diff id: that is the word
     * of an unpacker, which other bytes might have got the better of.
     */
    is(layer: Layer, file: BundleFile, below: i32[]): bool {
        const isSamePackage =
            file.offset == this.packedOffset ||
            (layer.digest.length != 0 && layer.digest == this.packedDigest);
        if (!isSamePackage || (layer.diffId.length != 0 && layer.diffId != this.diffId)) return false;
        const own = this.below;
        if (own === null) return true;
        if (below.length != own.length) return false;
        for (let i = 0; i < below.length; i++) {
            if (below[i] != own[i]) return false;
        }
        return true;
    }
}
