// SPDX-License-Identifier: Apache-2.0

import { Failure } from '../failure.js';
import type { ImageStore, StoredImage } from '../image/imageStore.js';
import { parseImageReference } from '../image/reference.js';

/** The images that arguments name, which have to be in the store: names of it, or docker:// references. */
export function storedImages(store: ImageStore, references: readonly string[]): StoredImage[] {
    return references.map((text) => {
        const image = store.find(parseImageReference(text).tag);
        if (image === null)
            throw new Failure(
                `image ${text}: is not on this machine; \`sealift images\` lists those that are`,
            );
        return image;
    });
}
