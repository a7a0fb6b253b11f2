// SPDX-License-Identifier: Apache-2.0
//
// Figures 3 and 4: what an operation of the container's kernel costs a program, in time beside Linux, and in Wasm
// instructions that the sentry executes for it.

import { table } from '../cli/report/table.js';
import { runForAccount, sealiftRun } from './account.js';
import { count, median, spread } from './figures.js';
import type { BenchImage } from './image.js';
import { runCommand } from './processes.js';

/**
 * Operations of roundTrips.c. Repetitions make a run of Linux a millisecond at least, and one of the container a few
 * hundred at most.
 */
const operations = [
    { name: 'null', title: 'null system call (getppid)', onLinux: 20000, inContainer: 4000 },
    { name: 'read', title: 'read 4 KiB of a file', onLinux: 20000, inContainer: 4000 },
    { name: 'write', title: 'write 4 KiB to a file', onLinux: 20000, inContainer: 4000 },
    { name: 'open', title: 'open, close', onLinux: 10000, inContainer: 2000 },
    { name: 'stat', title: 'stat', onLinux: 10000, inContainer: 2000 },
    { name: 'map', title: 'mmap of 16 pages, munmap', onLinux: 4000, inContainer: 1000 },
    { name: 'fault', title: 'page fault (write to a fresh page)', onLinux: 4000, inContainer: 2000 },
    { name: 'pipe', title: 'pipe: byte to a child and back', onLinux: 4000, inContainer: 500 },
    { name: 'futex', title: 'futex: to another thread and back', onLinux: 4000, inContainer: 500 },
    { name: 'fork', title: 'fork, exit, wait', onLinux: 400, inContainer: 100 },
    { name: 'exec', title: 'fork, execve, exit, wait', onLinux: 400, inContainer: 100 },
] as const;

/** Nanoseconds of one operation, from what the program printed. */
function nanoseconds(stdout: string, repetitions: number): number {
    const total = Number(stdout.trim());
    if (!(total > 0)) throw new Error(`roundTrips printed ${JSON.stringify(stdout)}, not a time`);
    return total / repetitions;
}

/** What noise makes negative is nothing. */
function percent(share: number): string {
    return `${(100 * Math.max(0, share)).toFixed(0)} %`;
}

/** The text of figure 3: medians over `rounds`, Linux and the container in turns. */
export async function roundTripFigure(image: BenchImage, rounds: number): Promise<string> {
    const linux = new Map<string, number[]>(operations.map(({ name }) => [name, []]));
    const container = new Map<string, number[]>(operations.map(({ name }) => [name, []]));
    const compiled = new Map<string, number[]>(operations.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
        for (const { name, onLinux, inContainer } of operations) {
            const native = await runCommand(image.program, [name, String(onLinux)]);
            linux.get(name)!.push(nanoseconds(native.stdout, onLinux) / 1000);
            const command = ['/bin/roundTrips', name, String(inContainer)];
            for (const [engine, figures] of [
                [[], container],
                [['--aot'], compiled],
            ] as const) {
                const [program, ...rest] = sealiftRun(image, engine, command);
                const ours = await runCommand(program!, rest);
                figures.get(name)!.push(nanoseconds(ours.stdout, inContainer) / 1000);
            }
        }
    }
    const rows = operations.map(({ name, title }) => {
        const ours = container.get(name)!;
        const native = linux.get(name)!;
        return [
            title,
            spread(ours, 1),
            spread(compiled.get(name)!, 1),
            spread(native, 2),
            `${(median(ours) / median(native)).toFixed(0)} times`, // of the interpreted one to Linux
            percent(1 - median(compiled.get(name)!) / median(ours)),
        ];
    });
    return (
        table(
            ['ROUND TRIP, MICROSECONDS', 'CONTAINER', 'WITH --aot', 'LINUX', 'MEDIANS', 'INTERPRETER'],
            rows,
            [4, 5],
        ) +
        `  INTERPRETER: the share of the time that goes when the sentry is compiled ahead of time.\n` +
        `  The same ELF. In the container each trap is one of platform/linux: two ptrace stops and the switches between\n` +
        `  Linux processes that stand for seL4's. None of this is what seL4 costs.\n`
    );
}

/**
 * The text of figure 4. `runtime` is the ELF that counts. Two runs that differ only in the number of operations differ
 * only in their instructions: start, end and account cancel out.
 */
export async function instructionFigure(image: BenchImage, runtime: string): Promise<string> {
    const rows: string[][] = [];
    for (const { name, title, inContainer } of operations) {
        const few = inContainer / 2;
        const instructions: number[] = [];
        for (const repetitions of [few, inContainer]) {
            const command = ['/bin/roundTrips', name, String(repetitions)];
            const { account } = await runForAccount(image, command, runtime);
            if (!(account.container.instructions > 0)) throw new Error(`${runtime} counts no instructions`);
            instructions.push(account.container.instructions);
        }
        rows.push([title, count((instructions[1]! - instructions[0]!) / (inContainer - few))]);
    }
    return (
        table(['WASM INSTRUCTIONS OF THE SENTRY', 'PER OPERATION'], rows, [1]) +
        `  Instructions of sentry.wasm as the module has them (the interpreter's own operations are fewer: it combines some),\n` +
        `  counted by a runtime built for it; the difference of two runs, so that start and end cancel out.\n`
    );
}
