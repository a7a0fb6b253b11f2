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
import { debianImages } from '../../images/debianImages.js';
import { debianImage } from '../../images/makeDebianImages.js';
import { LinuxReference, type ReferenceOptions } from '../linuxReference.js';
import { signalOnceReady, type Signalling } from '../signalling.js';

/** The environment of the images' configuration (tests/images/debianImages.ts), and where their commands run. */
export const environment = [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LANG=C.UTF-8',
];
export const workingDirectory = '/root';

/** The machine that holds the largest image, packed and unpacked, and a container of MEMORY. */
const MACHINE_MEMORY = '1536m';
const MEMORY = '512m';

/** What is left of a board of 1 GiB beside an image, packed and unpacked. */
const ARM_MEMORY = '384m';

/** A run is killed after this long: several times what the slowest takes on two busy cores. */
const TIMEOUT = 180_000;
/** The same on an emulated board. */
const BOARD_TIMEOUT = 600_000;

/** Emulated machines take a minute to unpack such an image: why its test does not run here, or false. */
export const skipBoardImages: string | false =
    process.env.SEALIFT_TEST_ALL_IMAGES !== '1' && 'SKIPPED: runs with `npm run test:images`';

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

/** The arguments that run the arm64 image on a board, whose kernel knows how much memory there is. */
function boardArguments(board: string, name: string, command: readonly string[]): string[] {
    const run = ['run', '--quiet', '--memory', ARM_MEMORY, '--board', board];
    return [...run, debianImage(name, 'arm64'), ...command];
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

/** The same on Linux. */
export async function onLinux(
    name: string,
    command: readonly string[],
    options: Pick<ReferenceOptions, 'input' | 'signalling'> = {},
): Promise<Result> {
    const reference = new LinuxReference(debianImage(name));
    try {
        return await reference.run(command, { environment, workingDirectory, timeout: TIMEOUT, ...options });
    } finally {
        reference.close();
    }
}

/** What the command wrote to stderr, without Sealift's report of what it had to refuse. */
export function withoutReport(stderr: string): string {
    return stderr.replace(/^sealift: (system calls|options that).*\n/gm, '');
}

function assertSame(actual: Result, expected: Result): void {
    assert.equal(actual.stdout.toString('utf8'), expected.stdout.toString('utf8'));
    assert.equal(withoutReport(actual.stderr), expected.stderr);
    assert.equal(actual.code, expected.code);
}

/** Requires that a command prints the same and ends the same in a container as on Linux. `options`: of `sealift run`. */
export async function sameAsLinux(
    name: string,
    command: readonly string[],
    input = '',
    options: readonly string[] = [],
): Promise<void> {
    const expected = await onLinux(name, command, { input });
    assertSame(await inContainer(name, command, { input }, options), expected);
}

/** Requires that a command prints the same and ends the same in a container of the arm64 image, on a board, as on Linux here. */
export async function sameOnArm(
    board: string,
    name: string,
    command: readonly string[],
    input = '',
): Promise<void> {
    const expected = await onLinux(name, command, { input });
    assertSame(
        await sealift(boardArguments(board, name, command), { input, timeout: BOARD_TIMEOUT }),
        expected,
    );
}

/** A server that runs as process 1 until signals end it. */
export interface Server extends Signalling {
    image: string;
    /** The image's own when absent. */
    command?: readonly string[];
    /** What is compared of what it prints, on either stream: the rest has times and process numbers. */
    compared: RegExp;
}

/** Starts a server in a container, sends its signals to `sealift run`, and waits for its end. */
function runServer(server: Server, options: readonly string[]): Promise<Result> {
    const words = runArguments(server.image, server.command ?? [], options);
    const { child, result } = startSealift(words, { timeout: TIMEOUT });
    child.stdin.end();
    signalOnceReady(child, server, (signal) => child.kill(signal));
    return result;
}

/** Requires that a server ends, and says so, as it does on Linux. `options`: of `sealift run`. */
export async function sameWhenSignalled(server: Server, options: readonly string[] = []): Promise<void> {
    const command = server.command ?? debianImages.find(({ name }) => name === server.image)!.config.Cmd!;
    const compared = ({ code, stdout, stderr }: Result): object => {
        const lines = (text: string): string[] => (text.match(server.compared) ?? []).sort();
        return { code, stdout: lines(stdout.toString('utf8')), stderr: lines(withoutReport(stderr)) };
    };
    const expected = compared(await onLinux(server.image, command, { signalling: server }));
    assert.deepEqual(compared(await runServer(server, options)), expected);
}
