// SPDX-License-Identifier: Apache-2.0

import { Failure } from '../failure.js';

/** Checks the form of an OCI platform, os/architecture[/variant]; "arm64" alone means linux/arm64. */
export function parsePlatform(text: string): string {
    const full = text.includes('/') ? text : `linux/${text}`;
    if (!/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/.test(full)) {
        throw new Failure(
            `--platform ${text}: not a platform; write os/architecture, for example linux/amd64`,
        );
    }
    return full;
}
