// SPDX-License-Identifier: Apache-2.0
//
// Runs containers for their account: the STATISTICS message of the target, as `sealift run --stats-json` prints it.

import { join } from 'node:path';
import { root, type BenchImage } from './image.js';
import { runCommand } from './processes.js';

export interface Owner {
    owner: string;
    bytes: number;
}

export interface Account {
    machineMemory: number;
    kernelOverhead: number;
    owners: Owner[];
    container: {
        memoryLimit: number;
        owners: Owner[];
        systemCalls: number;
        pageFaults: number;
        layerBytesMapped: number;
        /** Wasm instructions that the sentry executed; 0 unless the runtime counts them. */
        instructions: number;
    };
}

const sealift = join(root, 'cli', 'sealift.mjs');

/** The command that runs `command` in a container of the image. */
export function sealiftRun(
    image: Pick<BenchImage, 'reference'>,
    options: readonly string[],
    command: readonly string[],
): string[] {
    return [process.execPath, sealift, 'run', '--quiet', ...options, image.reference, ...command];
}

/** Runs a container to its end; its stdout and its account. `runtime` is another ELF than the build's own. */
export async function runForAccount(
    image: BenchImage,
    command: readonly string[],
    runtime?: string,
): Promise<{ stdout: string; account: Account }> {
    const [program, ...rest] = sealiftRun(image, ['--stats-json'], command);
    const environment: Record<string, string> = runtime === undefined ? {} : { SEALIFT_RUNTIME: runtime };
    const { stdout, stderr } = await runCommand(program!, rest, environment);
    const line = stderr.split('\n').find((text) => text.startsWith('{"machineMemory"'));
    if (line === undefined) throw new Error(`sealift run --stats-json printed no account, but:\n${stderr}`);
    return { stdout, account: JSON.parse(line) as Account };
}
