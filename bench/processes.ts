// SPDX-License-Identifier: Apache-2.0
//
// Runs commands to their end: what they print, and when they printed first.

import { spawn } from 'node:child_process';

/** A command that takes longer hangs: the longest one here takes a few seconds on a slow machine. */
const TIMEOUT_MILLISECONDS = 120_000;

export interface CommandResult {
    stdout: string;
    stderr: string;
    /** Milliseconds from the start of the command to the first byte of its stdout (or to `marker`), and to its end. */
    firstByte: number;
    end: number;
}

/**
 * Runs a command; an Error with what it said when it ends with another code than 0. With a `marker` what stdout has before
 * that text does not count as the first byte.
 */
export function runCommand(
    command: string,
    commandArguments: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    marker = '',
): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
        const started = performance.now();
        let firstByte = NaN;
        let stdout = '';
        let stderr = '';
        const child = spawn(command, commandArguments, {
            stdio: ['ignore', 'pipe', 'pipe'],
            env: { ...process.env, ...environment },
            timeout: TIMEOUT_MILLISECONDS,
        });
        child.stdout.on('data', (bytes: Buffer) => {
            stdout += bytes.toString('utf8');
            if (Number.isNaN(firstByte) && stdout.includes(marker)) firstByte = performance.now() - started;
        });
        child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
        child.on('error', (error) => reject(new Error(`${command}: ${error.message}`)));
        child.on('close', (status, signal) => {
            if (status === 0) resolve({ stdout, stderr, firstByte, end: performance.now() - started });
            else
                reject(
                    new Error(
                        `${command} ${commandArguments.join(' ')} ended with ${signal ?? status}:\n${stderr}`,
                    ),
                );
        });
    });
}
