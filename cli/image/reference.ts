// SPDX-License-Identifier: Apache-2.0
//
// Image references as skopeo and podman write them (containers-transports(5)): oci:DIRECTORY[:TAG],
// oci-archive:FILE[:TAG], docker-archive:FILE[:NAME[:TAG]] and docker://HOST/NAME[:TAG][@DIGEST]; and the plain name of an image that
// is kept on this machine (imageStore.ts).

import { Failure } from '../failure.js';
import { parseRegistryName, registryNameText, type RegistryName } from '../registry/imageName.js';

/** Of images in files that are named. */
export const transports = ['oci', 'oci-archive', 'docker-archive'] as const;
export type Transport = (typeof transports)[number] | 'docker' | 'stored';

export interface ImageReference {
    transport: Transport;
    /** The layout's folder or the archive's file, as given; "" for the image store. */
    path: string;
    /** The image's name inside it; "" for the only one. */
    tag: string;
    /** Where the image can be pulled from; of the transport docker only. */
    registry?: RegistryName;
    /** The reference as the person wrote it, for messages. */
    text: string;
}

/** Transports of the same tools that Sealift does not read; named so that the message can say so. */
const otherTransports = ['docker-daemon', 'containers-storage', 'dir', 'sif', 'ostree', 'tarball'];

const remedy =
    'write oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker://HOST/NAME[:TAG], or a name of `sealift images`';

/** Names of stored images, which may come from archives: HOST/NAME:TAG, NAME:TAG, NAME. */
const storedName = /^\w[\w./:@-]*$/;

/** Parses an image reference; throws a Failure that says how one is written. */
export function parseImageReference(text: string): ImageReference {
    const colon = text.indexOf(':');
    const scheme = colon < 0 ? '' : text.slice(0, colon);
    if (scheme === 'docker') {
        if (!text.startsWith('docker://'))
            throw new Failure(`image ${text}: lacks // behind docker:; ${remedy}`);
        const registry = parseRegistryName(text.slice('docker://'.length), text);
        return { transport: 'docker', path: '', tag: registryNameText(registry), text, registry };
    }
    const transport = transports.find((known) => known === scheme);
    if (transport === undefined) {
        if (otherTransports.includes(scheme)) {
            throw new Failure(
                `image ${text}: the transport ${scheme}: is not supported; copy the image with ` +
                    `\`skopeo copy ${text} oci:DIRECTORY:TAG\` and run oci:DIRECTORY:TAG`,
            );
        }
        if (storedName.test(text)) return { transport: 'stored', path: '', tag: text, text };
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
