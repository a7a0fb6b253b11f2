// SPDX-License-Identifier: Apache-2.0
//
// Figures of a real seL4 kernel under QEMU, beside platform/linux and beside a Linux kernel on the same QEMU machine, in one
// run. Under emulation every time is QEMU's: ratios within one table say something, single times do not.

import { imageArchitectures } from '../tests/e2e/kernels.js';
import { readBoard } from '../cli/boards/board.js';
import { findKernel } from '../cli/kernel/findKernel.js';
import { judgeKernel } from '../cli/kernel/suitability.js';
import { table } from '../cli/report/table.js';
import { sealiftRun, type Account, type Owner } from './account.js';
import { kibibytes, median, spread } from './figures.js';
import { makeBenchImage, type BenchImage } from './image.js';
import {
    makeLinuxGuest,
    operationScript,
    readFigures,
    runLinuxGuest,
    type LinuxGuest,
} from './linuxGuest.js';
import { runCommand } from './processes.js';

const OPERATIONS: readonly { name: string; title: string; repetitions: number }[] = [
    { name: 'null', title: 'null system call (getppid)', repetitions: 2000 },
    { name: 'read', title: 'read 4 KiB of a file', repetitions: 2000 },
    { name: 'write', title: 'write 4 KiB to a file', repetitions: 2000 },
    { name: 'open', title: 'open, close', repetitions: 1000 },
    { name: 'stat', title: 'stat', repetitions: 1000 },
    { name: 'map', title: 'mmap of 16 pages, munmap', repetitions: 500 },
    { name: 'fault', title: 'page fault (write to a fresh page)', repetitions: 1000 },
    { name: 'pipe', title: 'pipe: byte to a child and back', repetitions: 300 },
    { name: 'futex', title: 'futex: to another thread and back', repetitions: 300 },
    { name: 'fork', title: 'fork, exit, wait', repetitions: 50 },
    { name: 'exec', title: 'fork, execve, exit, wait', repetitions: 50 },
];

/** What the program is run on. `options` are of `sealift run`. */
interface Machine {
    name: string;
    image: BenchImage;
    options: readonly string[];
}

const sum = (owners: readonly Owner[]): number => owners.reduce((total, { bytes }) => total + bytes, 0);

/** Owners that exist because an image was sent or a container made. */
const notTheBase = /^(containers$|layer store:|root task: packed image|free$)/;

/** A container's run on a machine. */
function run(machine: Machine, options: readonly string[], script: string) {
    const words = sealiftRun(machine.image, [...machine.options, ...options], ['sh', '-c', script]);
    return runCommand(words[0]!, words.slice(1));
}

/** Milliseconds to the first byte, and the account of a shell that waits. */
async function oneStart(machine: Machine) {
    const { firstByte, stderr } = await run(machine, ['--stats-json'], 'echo started; read line; exit 0');
    const line = stderr.split('\n').find((text) => text.startsWith('{"machineMemory"'));
    if (line === undefined) throw new Error(`${machine.name}: no account, but:\n${stderr}`);
    return { firstByte, account: JSON.parse(line) as Account };
}

/** Times of everything that was run: microseconds of operations, milliseconds of starts. */
class Times {
    private readonly values = new Map<string, number[]>();

    note(machine: string, what: string, value: number): void {
        this.values.set(`${machine} ${what}`, [...this.of(machine, what), value]);
    }

    /** Notes every operation of nanoseconds as they were printed. */
    noteFigures(machine: string, figures: ReadonlyMap<string, number>): void {
        for (const { name, repetitions } of OPERATIONS) {
            const nanoseconds = figures.get(name);
            if (nanoseconds === undefined) throw new Error(`${machine}: no figure for ${name}`);
            this.note(machine, name, nanoseconds / repetitions / 1000);
        }
    }

    of(machine: string, what: string): number[] {
        return this.values.get(`${machine} ${what}`) ?? [];
    }
}

/** How many times a machine's median is of another's; a dash without the other. */
function ratio(ours: number[], theirs: number[]): string {
    return theirs.length === 0 ? '-' : (median(ours) / median(theirs)).toFixed(1);
}

function roundTripTable(times: Times, machines: readonly string[], guests: readonly string[]): string {
    const columns = [...machines, ...guests];
    const rows = OPERATIONS.map(({ name, title }) => [
        title,
        ...columns.map((machine) => spread(times.of(machine, name), 1)),
        ...guests.map((guest) => ratio(times.of(machines[0]!, name), times.of(guest, name))),
    ]);
    const numbers = columns.map((_, index) => index + 1);
    const ratios = guests.map((_, index) => columns.length + 1 + index);
    const heads = ['TO LINUX', 'TO OFF'].slice(0, guests.length);
    return table(['ROUND TRIP, MICROSECONDS', ...columns, ...heads], rows, [...numbers, ...ratios]);
}

function memoryTable(machines: readonly string[], accounts: ReadonlyMap<string, Account>): string {
    const owners = (machine: string): Owner[] =>
        accounts.get(machine)!.owners.filter(({ owner }) => !notTheBase.test(owner));
    const base = [...new Set(machines.flatMap((machine) => owners(machine).map(({ owner }) => owner)))];
    const used = (machine: string): number =>
        sum(accounts.get(machine)!.container.owners.filter(({ owner }) => owner !== 'free'));
    const row = (title: string, value: (machine: string) => number): string[] => [
        title,
        ...machines.map((machine) => kibibytes(value(machine))),
    ];
    return table(
        ['MEMORY', ...machines],
        [
            ...base.map((owner) =>
                row(owner, (machine) => owners(machine).find((one) => one.owner === owner)?.bytes ?? 0),
            ),
            row('base, sum', (machine) => sum(owners(machine))),
            row('one container, a shell that waits', used),
            row(
                'RAM that is in no untyped (kernel, firmware)',
                (machine) => accounts.get(machine)!.kernelOverhead,
            ),
        ],
        machines.map((_, index) => index + 1),
    );
}

/**
 * Prints the figures of one board whose kernel is found as `sealift run --board` finds it. `linuxKernel` is the guest's
 * kernel; Debian's own when undefined.
 */
export async function printBoardFigures(
    boardName: string,
    rounds: number,
    linuxKernel: string | undefined,
): Promise<void> {
    const board = readBoard(boardName);
    const kernel = findKernel(board, { environment: process.env });
    const architecture = imageArchitectures[board.architecture];
    const print = (text: string): void => void process.stdout.write(`${text}\n`);
    const ourImage = makeBenchImage(architecture);
    const machines: Machine[] = [
        { name: 'seL4, QEMU', image: ourImage, options: ['--board', boardName] },
        { name: 'seL4, --aot', image: ourImage, options: ['--board', boardName, '--aot'] },
        { name: 'platform/linux', image: makeBenchImage(), options: [] },
    ];
    const guest = makeLinuxGuest(board, architecture, ourImage, OPERATIONS, linuxKernel);
    const present = typeof guest !== 'string';
    const guests = present
        ? [
              { name: 'Linux guest, QEMU', parameters: '' },
              // With KASLR aarch64's kernel isolates its page tables, mitigations or not.
              { name: 'Linux, mitigations=off', parameters: 'mitigations=off nokaslr' },
          ]
        : [];
    print(
        `\nseL4 under QEMU (board ${boardName}; ${judgeKernel(board, kernel).description}), platform/linux${present ? `, and Linux ${guest.version} under the same QEMU` : ''};\n` +
            `median of ${rounds} interleaved runs (least to most). QEMU emulates the processor: no time here is a processor's.\n` +
            (present ? '' : `NO LINUX GUEST: ${guest}\n`),
    );
    const times = new Times();
    const accounts = new Map<string, Account>();
    const script = operationScript(OPERATIONS).join('\n');
    for (let round = 0; round < rounds; round++) {
        process.stderr.write(`round ${round + 1} of ${rounds}\n`);
        for (const machine of machines) {
            const { firstByte, account } = await oneStart(machine);
            times.note(machine.name, 'start', firstByte);
            accounts.set(machine.name, account);
            times.noteFigures(machine.name, readFigures((await run(machine, [], script)).stdout));
        }
        for (const { name, parameters } of guests) {
            const { figures, firstByte } = await runLinuxGuest(board, guest as LinuxGuest, parameters);
            times.noteFigures(name, figures);
            times.note(name, 'start', firstByte);
        }
    }
    const names = machines.map(({ name }) => name);
    print(
        roundTripTable(
            times,
            names,
            guests.map(({ name }) => name),
        ),
    );
    print(memoryTable(names, accounts));
    print(
        table(
            ['START TO FIRST BYTE', 'MILLISECONDS'],
            [...names, ...guests.map(({ name }) => name)].map((name) => [
                name,
                spread(times.of(name, 'start'), 0),
            ]),
        ),
    );
}
