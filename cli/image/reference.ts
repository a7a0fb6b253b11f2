// SPDX-License-Identifier: Apache-2.0
//
// Image references as skopeo and podman write them (containers-transports(5)): oci:DIRECTORY[:TAG],
// oci-archive:FILE[:TAG] and docker-archive:FILE[:NAME[:TAG]].

import { Failure } from '../failure.js';

export const transports = ['oci', 'oci-archive', 'docker-archive'] as const;
export type Transport = (typeof transports)[number];

export interface ImageReference {
    transport: Transport;
    /** The layout's folder or the archive's file, as given. */
    path: string;
    /** The image's name inside it; "" for the only one. */
    tag: string;
    /** The reference as the person wrote it, for messages. */
    text: string;
}

/** Transports of the same tools that Sealift does not read; named so that the message can say so. */
const otherTransports = ['docker', 'docker-daemon', 'containers-storage', 'dir', 'sif', 'ostree', 'tarball'];

const remedy = 'write oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]';

/** Parses an image reference; throws a Failure that says how one is written. */
export function parseImageReference(text: string): ImageReference {
    const colon = text.indexOf(':');
    const scheme = colon < 0 ? '' : text.slice(0, colon);
    const transport = transports.find((known) => known === scheme);
    if (transport === undefined) {
        if (otherTransports.includes(scheme)) {
            throw new Failure(
                `image ${text}: the transport ${scheme}: is not supported; copy the image with ` +
                    `\`skopeo copy ${text} oci:DIRECTORY:TAG\` and run oci:DIRECTORY:TAG`,
            );
        }
        throw new Failure(`image ${text}: names no transport; ${remedy}`);
    }
    const rest = text.slice(colon + 1);
    const separator = rest.indexOf(':');
    const path = separator < 0 ? rest : rest.slice(0, separator);
    const tag = separator < 0 ? '' : rest.slice(separator + 1);
    if (path === '') throw new Failure(`image ${text}: has no path; ${remedy}`);
    if (separator >= 0 && tag === '')
        throw new Failure(`image ${text}: the tag after the last ':' is empty; ${remedy}`);
    return { transport, path, tag, text };
}
