// SPDX-License-Identifier: Apache-2.0
//
// The container's environment as container engines take it: --env-file files first, then -e options, each "K=V" or "K"
// (the caller's own value, nothing where the caller has none).

import { readFileSync } from 'node:fs';
import { describeFileError, Failure } from '../failure.js';

/** One variable; null for a bare name that the caller's environment does not have. */
function variable(text: string, where: string, own: NodeJS.ProcessEnv): string | null {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '')
        throw new Failure(`${where}: "${text}" has no name before the '='; write NAME=VALUE or NAME`);
    if (/[\s\0]/.test(name))
        throw new Failure(`${where}: the name "${name}" contains white space; write NAME=VALUE or NAME`);
    if (text.includes('\0'))
        throw new Failure(`${where}: the value of ${name} contains a NUL character; remove it`);
    if (equals >= 0) return text;
    const value = own[name];
    return value === undefined ? null : `${name}=${value}`;
}

/** The variables of an env file's text: one a line; lines that are empty or begin with # are skipped. */
export function parseEnvironmentFile(text: string, path: string, own: NodeJS.ProcessEnv): string[] {
    const result: string[] = [];
    text.replace(/^\ufeff/, '')
        .split('\n')
        .forEach((line, index) => {
            const plain = line.replace(/\r$/, '').trimStart();
            if (plain === '' || plain.startsWith('#')) return;
            const entry = variable(plain, `${path}:${index + 1}`, own);
            if (entry !== null) result.push(entry);
        });
    return result;
}

/** The variables to add to the image's, in order; of several with one name the last counts. */
export function collectEnvironment(
    files: readonly string[],
    options: readonly string[],
    own: NodeJS.ProcessEnv,
): string[] {
    const entries: string[] = [];
    for (const path of files) {
        let text: string;
        try {
            text = readFileSync(path, 'utf8');
        } catch (error) {
            throw new Failure(`--env-file ${path}: ${describeFileError(error)}; check the path`);
        }
        entries.push(...parseEnvironmentFile(text, path, own));
    }
    for (const option of options) {
        const entry = variable(option, '--env', own);
        if (entry !== null) entries.push(entry);
    }
    const byName = new Map<string, string>();
    for (const entry of entries) byName.set(entry.slice(0, entry.indexOf('=')), entry);
    return [...byName.values()];
}
