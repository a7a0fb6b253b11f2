// SPDX-License-Identifier: Apache-2.0
//
// What a limit of CPU time does: a shell that counts for some seconds of the machine's own clock, with and without --cpus, as
// one process and as several. What counts is the ratio; the speed itself is the shell's.

import { join } from 'node:path';
import { table } from '../cli/report/table.js';
import { median, spread } from './figures.js';
import { root } from './image.js';
import { runCommand } from './processes.js';

/** Long beside the period of a limit (100 ms). */
const SECONDS = 8;
/** What a start takes, processes and the division of the limit included, is not counted. */
const SETTLING_SECONDS = 2;

/** Processes that compute at the same time. */
const SEVERAL = 4;

const demo = `oci:${join(root, 'build', 'images', 'demo')}:demo`;

/**
 * Counts blocks of loops for SECONDS, and prints the number and the hundredths of a second that they took. Nothing is executed and almost no system call is made: the shell does all of it.
 */
const counter = `
now() { read up rest </proc/uptime; time=$((\${up%.*} * 100 + 1\${up#*.} - 100)); }
block() { i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; now; }
now; start=$time; blocks=0
while [ $((time - start)) -lt ${SETTLING_SECONDS * 100} ]; do block; done
start=$time
while [ $((time - start)) -lt ${SECONDS * 100} ]; do block; blocks=$((blocks + 1)); done
echo $blocks $((time - start))`;

/** The counter as so many processes at once. */
function counters(processes: number): string[] {
    const text =
        processes === 1 ? counter : `for process in $(seq ${processes}); do (${counter}\n) & done; wait`;
    return ['sh', '-c', text];
}

/** Blocks in a second of the machine's clock, of all processes together. */
async function rate(options: readonly string[], processes: number): Promise<number> {
    const { stdout } = await runCommand(process.execPath, [
        join(root, 'cli', 'sealift.mjs'),
        'run',
        '--quiet',
        ...options,
        demo,
        ...counters(processes),
    ]);
    const lines = stdout.trim().split('\n');
    const figures = lines.map((line) => line.split(' ').map(Number));
    if (figures.length !== processes || figures.some(([blocks, time]) => !blocks || !time))
        throw new Error(`the counter printed no figures, but:\n${stdout}`);
    return figures.reduce((sum, [blocks, time]) => sum + (100 * blocks!) / time!, 0);
}

/** Prints the figure for a limit of `cpus`; `board` is a board's name, or undefined for platform/linux. */
export async function printProcessorLimit(
    cpus: string,
    board: string | undefined,
    rounds: number,
): Promise<void> {
    const machine = board === undefined ? [] : ['--board', board];
    const limited = [...machine, '--cpus', cpus];
    const cases = [
        { name: 'no limit, 1 process', options: machine, processes: 1 },
        { name: `--cpus ${cpus}, 1 process`, options: limited, processes: 1 },
        { name: `no limit, ${SEVERAL} processes`, options: machine, processes: SEVERAL },
        { name: `--cpus ${cpus}, ${SEVERAL} processes`, options: limited, processes: SEVERAL },
    ];
    const rates = cases.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
        for (const [index, { options, processes }] of cases.entries())
            rates[index]!.push(await rate(options, processes));
    }
    const rows = cases.map(({ name }, index) => {
        const share = median(rates[index]!) / median(rates[0]!);
        return [name, spread(rates[index]!, 1), share.toFixed(2)];
    });
    process.stdout.write(
        `\nCPU limit on ${board === undefined ? 'platform/linux' : `seL4 under QEMU, board ${board}`}; ` +
            `${SECONDS} s a run after ${SETTLING_SECONDS}, median of ${rounds} interleaved runs (least to most)\n\n` +
            table(['CONTAINER', 'BLOCKS A SECOND', 'OF THE FIRST'], rows, [1, 2]),
    );
}
