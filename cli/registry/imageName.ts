// SPDX-License-Identifier: Apache-2.0
//
// Names of images in registries: HOST[:PORT]/NAME[:TAG][@DIGEST], with the grammar of the distribution specification
// ("Pulling manifests") and of containers-transports(5), docker://.

import { Failure } from '../failure.js';

export interface RegistryName {
    /** Host and, where one is given, port. */
    host: string;
    /** The repository: "library/busybox". */
    repository: string;
    /** The tag; "latest" where neither tag nor digest is given, "" beside a digest alone. */
    tag: string;
    /** "sha256:…", or "". It decides where both are given. */
    digest: string;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

const remedy = 'write docker://HOST[:PORT]/NAME[:TAG][@sha256:DIGEST]';

/** Parses what follows docker://; `text` is the whole reference, for messages. */
export function parseRegistryName(name: string, text: string): RegistryName {
    const at = name.indexOf('@');
    const digest = at < 0 ? '' : name.slice(at + 1);
    if (at >= 0 && !digestPattern.test(digest))
        throw new Failure(`image ${text}: the digest is not sha256: and 64 hexadecimal digits; ${remedy}`);
    const named = at < 0 ? name : name.slice(0, at);
    const slash = named.indexOf('/');
    const host = slash < 0 ? '' : named.slice(0, slash);
    // Without a dot, a port or the name localhost the first part belongs to the repository: there is no default host.
    const isHost = hostPattern.test(host) && (/[.:]/.test(host) || host === 'localhost');
    if (!isHost) throw new Failure(`image ${text}: names no registry; ${remedy}`);
    const rest = named.slice(slash + 1);
    const colon = rest.indexOf(':');
    const repository = colon < 0 ? rest : rest.slice(0, colon);
    const tag = colon < 0 ? (digest === '' ? 'latest' : '') : rest.slice(colon + 1);
    if (!repositoryPattern.test(repository) || repository.length > 255)
        throw new Failure(
            `image ${text}: "${repository}" is no repository's name (lower case, digits, and . _ - / between them); ${remedy}`,
        );
    if (colon >= 0 && !tagPattern.test(tag))
        throw new Failure(
            `image ${text}: "${tag}" is no tag (letters, digits, _ . and -, 128 at most); ${remedy}`,
        );
    return { host, repository, tag, digest };
}

/** The name as a person writes it, without docker://. */
export function registryNameText({ host, repository, tag, digest }: RegistryName): string {
    return `${host}/${repository}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}
