// SPDX-License-Identifier: Apache-2.0
//
// The challenges of a WWW-Authenticate header (RFC 9110, 11.6.1): how a registry wants to be spoken to.

export interface Challenge {
    /** In lower case: "bearer", "basic". */
    scheme: string;
    parameters: Map<string, string>;
}

/** Longest header that is looked at: more than any registry sends. */
const LENGTH_MAXIMUM = 8192;

/** Parses a header; what is malformed ends the list. */
export function parseChallenges(header: string): Challenge[] {
    const challenges: Challenge[] = [];
    const text = header.slice(0, LENGTH_MAXIMUM);
    const token = /[\w!#$%&'*+.^`|~-]+/y;
    let at = 0;
    const skip = (pattern: RegExp): void => {
        pattern.lastIndex = at;
        if (pattern.exec(text) !== null) at = pattern.lastIndex;
    };
    const take = (pattern: RegExp): string | null => {
        pattern.lastIndex = at;
        const match = pattern.exec(text);
        if (match === null) return null;
        at = pattern.lastIndex;
        return match[1] ?? match[0];
    };
    while (at < text.length) {
        skip(/[\s,]+/y);
        const name = take(token);
        if (name === null) break;
        const isParameter = /\s*=/y;
        isParameter.lastIndex = at;
        const current = challenges.at(-1);
        if (current === undefined || !isParameter.test(text)) {
            challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
            continue;
        }
        skip(/\s*=\s*/y);
        const quoted = take(/"((?:[^"\\]|\\.)*)"/y);
        const value = quoted !== null ? quoted.replace(/\\(.)/g, '$1') : take(token);
        if (value === null) break;
        current.parameters.set(name.toLowerCase(), value);
    }
    return challenges;
}
