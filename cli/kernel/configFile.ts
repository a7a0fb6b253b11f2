// SPDX-License-Identifier: Apache-2.0
//
// What `sealift config` remembers: keys and values in XDG_CONFIG_HOME/sealift/config.json (~/.config without the variable).

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { architectures, boardNames } from '../boards/board.js';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';

/** Every key that there is: one kernel for each architecture, and for each board that needs one of its own. */
export const configKeys: readonly string[] = [...architectures, ...boardNames()].map(
    (name) => `sel4-prefix.${name}`,
);

/** Where the settings are kept. */
export function configPath(environment: NodeJS.ProcessEnv = process.env): string {
    const base = environment.XDG_CONFIG_HOME;
    return join(base && base.startsWith('/') ? base : join(homedir(), '.config'), 'sealift', 'config.json');
}

/** Checks a key. */
export function checkConfigKey(key: string): void {
    if (!configKeys.includes(key))
        throw new Failure(`config key ${key}: there is none; use one of ${configKeys.join(', ')}`);
}

/** All settings; none where there is no file yet. */
export function readConfig(path = configPath()): Map<string, string> {
    let text: string;
    try {
        text = readFileSync(path, 'utf8');
    } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return new Map();
        throw new Failure(`${path}: ${describeFileError(error)}; make it readable`);
    }
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        throw new Failure(`${path}: not JSON; correct it, or remove it and set everything again`);
    }
    const valid =
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.entries(value).every(([key, entry]) => configKeys.includes(key) && typeof entry === 'string');
    if (!valid) {
        throw new Failure(
            `${path}: not an object with texts under ${configKeys.join(', ')}; correct it, or remove it and set everything again`,
        );
    }
    return new Map(Object.entries(value as Record<string, string>));
}

/** Writes all settings; a reader sees the old ones or the new ones. */
export function writeConfig(settings: ReadonlyMap<string, string>, path = configPath()): void {
    const text = `${JSON.stringify(Object.fromEntries([...settings].sort()), null, 4)}\n`;
    const draft = `${path}.${process.pid}`;
    try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(draft, text);
        renameSync(draft, path);
    } catch (error) {
        throw new Failure(`${path}: ${describeFileError(error)}; make its folder writable`);
    }
}
