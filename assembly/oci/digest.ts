// SPDX-License-Identifier: Apache-2.0
//
// Digests as OCI writes them (image-spec, descriptor.md): algorithm ":" encoded. sha256 is the one that every image
// uses and the only one checked here; others are refused by name rather than believed.

import { Failure, Result } from "../std/failure";
import { hexDigit } from "../std/hex";

export const SHA256_BYTES: i32 = 32;
/** Bytes of the state of a digest (wit/sealift.wit). */
export const DIGEST_STATE: usize = 112;
const SHA256_PREFIX: string = "sha256:";

/** Checks `text` as a digest of an algorithm that can be verified. `thing` says whose digest it is. */
export function checkDigest(text: string, thing: string): Failure | null {
    if (isSha256Digest(text)) return null;
    if (text.length == 0) return new Failure(thing + " has no digest; the image is damaged");
    if (!text.startsWith(SHA256_PREFIX) && isDigestGrammar(text)) {
        const algorithm = text.substring(0, text.indexOf(":"));
        return new Failure(
            thing +
                ' has a digest of the algorithm "' +
                algorithm +
                '"; only sha256 is supported: copy the image with skopeo',
        );
    }
    return new Failure(thing + ' has the malformed digest "' + text + '"; the image is damaged');
}

/** Whether `text` is "sha256:" and 64 lower-case hexadecimal digits. */
export function isSha256Digest(text: string): bool {
    return text.startsWith(SHA256_PREFIX) && isSha256Hex(text.substring(SHA256_PREFIX.length));
}

/** Whether `text` is 64 lower-case hexadecimal digits. */
export function isSha256Hex(text: string): bool {
    if (text.length != 2 * SHA256_BYTES) return false;
    for (let i = 0; i < text.length; i++) {
        if (hexDigit(text.charCodeAt(i)) < 0) return false;
    }
    return true;
}

/** The digits of a checked digest. */
export function digestHex(digest: string): string {
    return digest.substring(SHA256_PREFIX.length);
}

export function sha256Digest(hex: string): string {
    return SHA256_PREFIX + hex;
}

/** A digest cut for messages: "sha256:ab12cd34ef56". */
export function shortDigest(digest: string): string {
    return digest.substring(0, SHA256_PREFIX.length + 12);
}

/** Path of a blob in an OCI image layout. The digest must have been checked: it becomes part of a path. */
export function blobPath(digest: string): string {
    return "blobs/sha256/" + digestHex(digest);
}

/** algorithm ::= component ([+._-] component)*, component ::= [a-z0-9]+, encoded ::= [a-zA-Z0-9=_-]+ */
function isDigestGrammar(text: string): bool {
    const colon = text.indexOf(":");
    if (colon < 1 || colon == text.length - 1) return false;
    let separator = true;
    for (let i = 0; i < colon; i++) {
        const code = text.charCodeAt(i);
        const isSeparator = code == 0x2b || code == 0x2e || code == 0x5f || code == 0x2d;
        if (isSeparator ? separator : !(isDigit(code) || (code >= 0x61 && code <= 0x7a))) return false;
        separator = isSeparator;
    }
    if (separator) return false;
    for (let i = colon + 1; i < text.length; i++) {
        const code = text.charCodeAt(i);
        const letter = code | 0x20;
        if (
            !isDigit(code) &&
            !(letter >= 0x61 && letter <= 0x7a) &&
            code != 0x3d &&
            code != 0x5f &&
            code != 0x2d
        )
            return false;
    }
    return true;
}

function isDigit(code: i32): bool {
    return code >= 0x30 && code <= 0x39;
}
