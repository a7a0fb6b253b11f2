// SPDX-License-Identifier: Apache-2.0
//
// Brings an image that a command names to this machine: docker:// references are pulled into the image store.

import { Failure } from '../failure.js';
import { isWhole, pullImage } from '../registry/pull.js';
import type { ProgressLine } from '../report/progressLine.js';
import { formatBytes } from '../commands/memorySize.js';
import { ImageStore } from './imageStore.js';
import { OpenImage } from './imageReader.js';
import type { ImageReference } from './reference.js';

/** When an image is pulled that is named docker://: as container engines' --pull has it. */
export const pullPolicies = ['missing', 'always', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

export interface ProvideOptions {
    platform: string;
    pull?: PullPolicy;
    plainHttp?: boolean;
}

/** "pulling NAME: 1.5 of 2.0 MiB" */
export function pullText(name: string, bytes: number, total: number): string {
    return total === 0
        ? `pulling ${name}`
        : `pulling ${name}: ${formatBytes(bytes)} of ${formatBytes(total)}`;
}

/** Opens an image; one in a registry is pulled first where the policy wants it. */
export async function provideImage(
    reference: ImageReference,
    { platform, pull = 'missing', plainHttp }: ProvideOptions,
    progress: ProgressLine,
): Promise<OpenImage> {
    const { registry, tag } = reference;
    if (registry !== undefined) {
        const store = new ImageStore();
        const isHere = pull !== 'always' && (await isWhole(store, tag, platform));
        if (!isHere && pull === 'never')
            throw new Failure(
                `image ${reference.text}: is not on this machine for ${platform}, and --pull never forbids to pull it; run \`sealift pull ${reference.text}\``,
            );
        if (!isHere) {
            progress.show(pullText(tag, 0, 0));
            await pullImage(registry, store, {
                platform,
                plainHttp,
                progress: (bytes, total) => progress.show(pullText(tag, bytes, total)),
            });
        }
    }
    return OpenImage.open(reference);
}
