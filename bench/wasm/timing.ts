// SPDX-License-Identifier: Apache-2.0
//
// CPU time of a kernel in an engine. A run is a process; what starting it and loading the module takes is in a run of one
// iteration too, and is subtracted. Engines take turns, so that a busy machine is busy for all of them.

import { spawnSync } from 'node:child_process';
import { Failure } from '../../cli/failure.js';
import { median } from '../figures.js';

/** CPU seconds that a measured run shall take: long against the clock's resolution of a millisecond. */
const SECONDS = 0.4;
const MOST_ITERATIONS = 1 << 24;

export interface Engine {
    name: string;
    /** The command for a count; the checksum is the last word that it prints. */
    command: (count: number) => string[];
}

/** What one run took and printed. */
function runOnce(engine: Engine, count: number): { seconds: number; checksum: string } {
    // The shell's own account of its child: Node has none.
    const script = 'TIMEFORMAT="%U %S"; time "$@"';
    const child = spawnSync('bash', ['-c', script, 'bash', ...engine.command(count)], { encoding: 'utf8' });
    const lines = child.stderr.trim().split('\n');
    const [user, system] = (lines.pop() ?? '').split(' ').map(Number);
    const output = child.stdout.trim() || lines.join('\n');
    if (child.status !== 0 || user === undefined || system === undefined)
        throw new Failure(`${engine.name}: it failed with ${child.status}: ${child.stdout}${child.stderr}`);
    // wasm3 prints "Result: 5" on stderr; WAMR prints "0x5:i32".
    const word = output.split(/\s+/).at(-1) ?? '';
    const hexadecimal = /^0x([0-9a-f]+):i32$/.exec(word);
    const checksum = hexadecimal ? String(parseInt(hexadecimal[1]!, 16) | 0) : word;
    return { seconds: user + system, checksum };
}

/** A count of iterations that takes about SECONDS. */
function calibrate(engine: Engine): number {
    const base = runOnce(engine, 1).seconds;
    for (let count = 8; ; count *= 4) {
        const taken = runOnce(engine, count).seconds - base;
        if (taken > 0.05 || count >= MOST_ITERATIONS)
            return Math.max(2, Math.round((count * SECONDS) / Math.max(taken, 0.001)));
    }
}

/**
 * Medians of the engines' CPU time for an iteration, in milliseconds; null for those that are null.
 * @param fast engines that take much less than the first one, and get more iterations
 */
export function measure(
    engines: readonly (Engine | null)[],
    rounds: number,
): { milliseconds: (number | null)[]; iterations: number } {
    const present = engines.filter((engine) => engine !== null);
    const counts = new Map(present.map((engine) => [engine, calibrate(engine)]));
    const iterations = counts.get(present[0]!)!;
    const checksum = runOnce(present[0]!, iterations).checksum;
    for (const engine of present) {
        const other = runOnce(engine, iterations).checksum;
        if (other !== checksum)
            throw new Failure(
                `${engine.name}: its checksum of ${iterations} iterations is ${other}, that of ${present[0]!.name} ${checksum}`,
            );
    }
    const samples = new Map(present.map((engine) => [engine, [] as number[]]));
    for (let round = 0; round < rounds; round++)
        for (const engine of present) {
            const count = counts.get(engine)!;
            const taken = runOnce(engine, count).seconds - runOnce(engine, 1).seconds;
            samples.get(engine)!.push((taken * 1000) / (count - 1));
        }
    return {
        milliseconds: engines.map((engine) => (engine === null ? null : median(samples.get(engine)!))),
        iterations,
    };
}
