// SPDX-License-Identifier: Apache-2.0
//
// Runs the command line as a person does: as a process of its own.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Compiled, this file is build/tests/cli/commandLine.js.
export const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

export interface Result {
    /** The exit code, or the name of the signal that ended the process. */
    code: number | string;
    stdout: Buffer;
    stderr: string;
}

export interface StartOptions {
    input?: string | Buffer;
    environment?: NodeJS.ProcessEnv;
    /** Where `sealift` runs; the project's folder when absent. */
    folder?: string;
    /** Milliseconds after which the process is killed: a hang fails a test instead of hanging the run. */
    timeout?: number;
}

const DEFAULT_TIMEOUT = 120_000;

/** `npm run test:aot` runs every container on modules that are compiled ahead of time. */
const withEngine = (commandArguments: readonly string[]): readonly string[] => {
    const [verb, ...rest] = commandArguments;
    const isForRuntime = process.env.SEALIFT_TEST_AOT === '1' && (verb === 'run' || verb === 'build');
    return isForRuntime ? [verb, '--aot', ...rest] : commandArguments;
};

/** Starts `sealift` with these arguments; `result` settles when it has ended. */
export function startSealift(
    commandArguments: readonly string[],
    options: StartOptions = {},
): { child: ChildProcessWithoutNullStreams; result: Promise<Result> } {
    const child = spawn(`${projectFolder}cli/sealift.mjs`, withEngine(commandArguments), {
        cwd: options.folder ?? projectFolder,
        env: { ...process.env, ...options.environment },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? DEFAULT_TIMEOUT);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    child.stdin.on('error', () => undefined); // It may end before it has read everything.
    if (options.input !== undefined) child.stdin.end(options.input);
    const result = new Promise<Result>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code, signal) => {
            clearTimeout(timer);
            resolve({
                code: signal ?? code ?? -1,
                stdout: Buffer.concat(stdout),
                stderr: Buffer.concat(stderr).toString('utf8'),
            });
        });
    });
    return { child, result };
}

/** Runs `sealift` to its end, with empty stdin unless `input` is given. */
export function sealift(commandArguments: readonly string[], options: StartOptions = {}): Promise<Result> {
    return startSealift(commandArguments, { input: '', ...options }).result;
}
