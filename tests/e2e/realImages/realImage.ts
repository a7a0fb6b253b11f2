// SPDX-License-Identifier: Apache-2.0
//
// Images of Debian packages in containers, compared with the same files and the same command on Linux.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
    projectFolder,
    sealift,
    startSealift,
    type Result,
    type StartOptions,
} from '../../cli/commandLine.js';
import { debianImage } from '../../images/makeDebianImages.js';
import { LinuxReference } from '../linuxReference.js';

/** The environment of the images' configuration (tests/images/debianImages.ts), and where their commands run. */
export const environment = [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LANG=C.UTF-8',
];
export const workingDirectory = '/root';

/** The machine that holds the largest image, packed and unpacked, and a container of MEMORY. */
const MACHINE_MEMORY = '1536m';
const MEMORY = '512m';

/** A run is killed after this long: several times what the slowest takes on two busy cores. */
const TIMEOUT = 180_000;

/** A script beside this file. */
export function script(name: string): string {
    return readFileSync(join(projectFolder, 'tests/e2e/realImages', name), 'utf8');
}

function runArguments(name: string, command: readonly string[], options: readonly string[]): string[] {
    return [
        ...['run', '--quiet', '--machine-memory', MACHINE_MEMORY, '--memory', MEMORY, ...options],
        ...[debianImage(name), ...command],
    ];
}

/** Runs a command in a container of an image. */
export function inContainer(
    name: string,
    command: readonly string[],
    start: StartOptions = {},
    options: readonly string[] = [],
): Promise<Result> {
    return sealift(runArguments(name, command, options), { timeout: TIMEOUT, ...start });
}

/** Starts a command in a container of an image. */
export function startContainer(name: string, command: readonly string[]): ReturnType<typeof startSealift> {
    return startSealift(runArguments(name, command, []), { timeout: TIMEOUT });
}

/** The same on Linux. */
export async function onLinux(name: string, command: readonly string[], input = ''): Promise<Result> {
    const reference = new LinuxReference(debianImage(name));
    try {
        return await reference.run(command, { environment, workingDirectory, input, timeout: TIMEOUT });
    } finally {
        reference.close();
    }
}

/** What the command wrote to stderr, without Sealift's report of what it had to refuse. */
function withoutReport(stderr: string): string {
    return stderr.replace(/^sealift: (system calls|options that).*\n/gm, '');
}

/** Requires that a command prints the same and ends the same in a container as on Linux. */
export async function sameAsLinux(name: string, command: readonly string[], input = ''): Promise<void> {
    const expected = await onLinux(name, command, input);
    const actual = await inContainer(name, command, { input });
    assert.equal(actual.stdout.toString('utf8'), expected.stdout.toString('utf8'));
    assert.equal(withoutReport(actual.stderr), expected.stderr);
    assert.equal(actual.code, expected.code);
}
