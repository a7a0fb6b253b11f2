// SPDX-License-Identifier: Apache-2.0
//
// Prints the figures of docs/measuring.md. scripts/bench.mjs builds what this needs.

import { cpus, release } from 'node:os';
import { makeBenchImage } from './image.js';
import { memoryFigure } from './memory.js';
import { instructionFigure, roundTripFigure } from './roundTrips.js';
import { startupFigure } from './startup.js';

/** Runs of everything that is timed: enough for a median that one disturbance does not move. */
const DEFAULT_ROUNDS = 7;

/** `countingRuntime` is an ELF built with --count-instructions. */
export async function printFigures(countingRuntime: string, rounds = DEFAULT_ROUNDS): Promise<void> {
    const print = (text: string): void => void process.stdout.write(`${text}\n`);
    const processors = cpus();
    print(
        `\nSealift on platform/linux, the seL4 API modelled on Linux under ptrace. These are not seL4's costs.\n` +
            `${new Date().toISOString().slice(0, 10)}, Linux ${release()}, ${processors.length} × ${processors[0]?.model.trim()}, node ${process.version}; ` +
            `times: median of ${rounds} interleaved runs (least to most)\n`,
    );
    const image = makeBenchImage();
    print(await memoryFigure(image));
    print(await startupFigure(image, rounds));
    print(await roundTripFigure(image, rounds));
    print(await instructionFigure(image, countingRuntime));
}
