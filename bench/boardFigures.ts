// SPDX-License-Identifier: Apache-2.0
//
// Figures of a real seL4 kernel under QEMU, beside platform/linux and beside Debian's kernel on the same QEMU machine, in
// one run. Under emulation every time is QEMU's: ratios within one table say something, single times do not.

import { readBoard } from '../cli/boards/board.js';
import { findKernel } from '../cli/kernel/findKernel.js';
import { judgeKernel } from '../cli/kernel/suitability.js';
import { table } from '../cli/report/table.js';
import { sealiftRun, type Account, type Owner } from './account.js';
import { kibibytes, median, spread } from './figures.js';
import { makeBenchImage } from './image.js';
import { makeLinuxGuest, runLinuxGuest, type GuestOperation } from './linuxGuest.js';
import { runCommand } from './processes.js';

const OPERATIONS: readonly (GuestOperation & { title: string })[] = [
    { name: 'null', title: 'null system call (getppid)', repetitions: 2000 },
    { name: 'fault', title: 'page fault (write to a fresh page)', repetitions: 1000 },
    { name: 'pipe', title: 'pipe: byte to a child and back', repetitions: 300 },
    { name: 'fork', title: 'fork, exit, wait', repetitions: 50 },
];

/** What the program is run on. `options` are of `sealift run`. */
interface Machine {
    name: string;
    options: readonly string[];
}

const sum = (owners: readonly Owner[]): number => owners.reduce((total, { bytes }) => total + bytes, 0);

/** Owners that exist because an image was sent or a container made. */
const notTheBase = /^(containers$|layer store:|root task: packed image|free$)/;

/** Milliseconds to the first byte, and the account of a shell that waits. */
async function oneStart(image: ReturnType<typeof makeBenchImage>, machine: Machine) {
    const command = ['sh', '-c', 'echo started; read line; exit 0'];
    const [program, ...rest] = sealiftRun(image, [...machine.options, '--stats-json'], command);
    const { firstByte, stderr } = await runCommand(program!, rest);
    const line = stderr.split('\n').find((text) => text.startsWith('{"machineMemory"'));
    if (line === undefined) throw new Error(`${machine.name}: no account, but:\n${stderr}`);
    return { firstByte, account: JSON.parse(line) as Account };
}

/** Prints the figures of one board whose kernel is found as `sealift run --board` finds it. */
export async function printBoardFigures(boardName: string, rounds: number): Promise<void> {
    const board = readBoard(boardName);
    const kernel = findKernel(board, { environment: process.env });
    if (board.architecture !== 'x86_64')
        throw new Error(`board ${boardName}: the bench has its program for x86_64 only`);
    const print = (text: string): void => void process.stdout.write(`${text}\n`);
    const image = makeBenchImage();
    const guest = makeLinuxGuest(image, OPERATIONS);
    print(
        `\nseL4 under QEMU (board ${boardName}; ${judgeKernel(board, kernel).description}), platform/linux, and Linux ${guest.version} under the same QEMU;\n` +
            `median of ${rounds} interleaved runs (least to most). QEMU emulates the processor: no time here is a processor's.\n`,
    );
    const machines: Machine[] = [
        { name: 'seL4, QEMU', options: ['--board', boardName] },
        { name: 'platform/linux', options: [] },
    ];
    const guests = [
        { name: 'Linux guest, QEMU', parameters: '' },
        { name: 'Linux, mitigations=off', parameters: 'mitigations=off' },
    ];
    const times = new Map<string, number[]>();
    const note = (machine: string, operation: string, microseconds: number): void => {
        const key = `${machine} ${operation}`;
        times.set(key, [...(times.get(key) ?? []), microseconds]);
    };
    const accounts = new Map<string, Account>();
    for (let round = 0; round < rounds; round++) {
        for (const machine of machines) {
            const { firstByte, account } = await oneStart(image, machine);
            note(machine.name, 'start', firstByte);
            accounts.set(machine.name, account);
            for (const { name, repetitions } of OPERATIONS) {
                const command = ['/bin/roundTrips', name, String(repetitions)];
                const [program, ...rest] = sealiftRun(image, machine.options, command);
                const { stdout } = await runCommand(program!, rest);
                note(machine.name, name, Number(stdout.trim()) / repetitions / 1000);
            }
        }
        for (const { name, parameters } of guests) {
            const figures = await runLinuxGuest(board, guest, parameters);
            for (const operation of OPERATIONS)
                note(name, operation.name, figures.get(operation.name)! / operation.repetitions / 1000);
        }
    }
    const columns = [...machines, ...guests].map(({ name }) => name);
    const of = (machine: string, operation: string): number[] => times.get(`${machine} ${operation}`)!;
    const rows = OPERATIONS.map(({ name, title }) => [
        title,
        ...columns.map((machine) => spread(of(machine, name), 1)),
        (median(of(columns[0]!, name)) / median(of(columns[2]!, name))).toFixed(1),
        (median(of(columns[0]!, name)) / median(of(columns[3]!, name))).toFixed(1),
    ]);
    print(table(['ROUND TRIP, MICROSECONDS', ...columns, 'TO LINUX', 'TO OFF'], rows, [5, 6]));
    const owners = (machine: string): Owner[] =>
        accounts.get(machine)!.owners.filter(({ owner }) => !notTheBase.test(owner));
    const base = [...new Set(machines.flatMap(({ name }) => owners(name).map(({ owner }) => owner)))];
    const used = (machine: string): number =>
        sum(accounts.get(machine)!.container.owners.filter(({ owner }) => owner !== 'free'));
    const memory = (title: string, value: (machine: string) => number): string[] => [
        title,
        ...machines.map(({ name }) => kibibytes(value(name))),
    ];
    print(
        table(
            ['MEMORY', ...machines.map(({ name }) => name)],
            [
                ...base.map((owner) =>
                    memory(owner, (name) => owners(name).find((one) => one.owner === owner)?.bytes ?? 0),
                ),
                memory('base, sum', (name) => sum(owners(name))),
                memory('one container, a shell that waits', used),
                memory(
                    'RAM that is in no untyped (kernel, firmware)',
                    (name) => accounts.get(name)!.kernelOverhead,
                ),
            ],
            [1, 2],
        ),
    );
    print(
        table(
            ['START TO FIRST BYTE', 'MILLISECONDS'],
            machines.map(({ name }) => [name, spread(of(name, 'start'), 0)]),
        ),
    );
}
