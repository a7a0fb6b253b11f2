// SPDX-License-Identifier: Apache-2.0

import { BundleFile } from "../../../assembly/manager/bundle";
import { StoredLayer } from "../../../assembly/manager/storedLayer";
import { Layer } from "../../../assembly/oci/image";
import { Compression } from "../../../assembly/oci/mediaTypes";

const OFFSET: u64 = 4096;

function layer(digest: string, diffId: string): Layer {
    return new Layer("path", digest, 100, "", Compression.Gzip, diffId);
}

function stored(below: i32[] | null): StoredLayer {
    return new StoredLayer("diff-a", "packed-a", OFFSET, below, 0, 1, 0, 0, 1);
}

const elsewhere = new BundleFile(OFFSET * 2, 100);
const there = new BundleFile(OFFSET, 100);

describe("StoredLayer", () => {
    it("is found by the packed bytes and the diff id together", () => {
        expect(stored(null).is(layer("packed-a", "diff-a"), elsewhere, [])).toBe(true);
        expect(stored(null).is(layer("", "diff-a"), there, [])).toBe(true);
        expect(stored(null).is(layer("packed-a", ""), elsewhere, [])).toBe(true);
    });

    it("is not what other bytes claim to be", () => {
        expect(stored(null).is(layer("packed-b", "diff-a"), elsewhere, [])).toBe(false);
        expect(stored(null).is(layer("", "diff-a"), elsewhere, [])).toBe(false);
        expect(stored(null).is(layer("packed-a", "diff-b"), there, [])).toBe(false);
    });

    it("is bound to the layers below where its index is", () => {
        expect(stored([1, 2]).is(layer("packed-a", "diff-a"), there, [1, 2])).toBe(true);
        expect(stored([1, 2]).is(layer("packed-a", "diff-a"), there, [1])).toBe(false);
        expect(stored([1, 2]).is(layer("packed-a", "diff-a"), there, [1, 3])).toBe(false);
        expect(stored(null).is(layer("packed-a", "diff-a"), there, [7])).toBe(true);
    });
});
