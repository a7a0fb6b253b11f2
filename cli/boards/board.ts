// SPDX-License-Identifier: Apache-2.0
//
// Boards: everything that depends on one is in its platform/boards/NAME/board.json, which the command line, the runtime's
// build and the loaders read. docs/porting.md explains the fields.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeFileError, Failure, messageOf } from '../failure.js';
import { Fields } from './fields.js';

export const architectures = ['aarch64', 'riscv64', 'x86_64'] as const;
export type Architecture = (typeof architectures)[number];

/** A range of physical addresses, in bytes. */
export interface MemoryRange {
    start: number;
    size: number;
}

/** A device; its interrupt is an I/O APIC pin (x86_64), an INTID (aarch64) or a PLIC source (riscv64). */
export interface Device {
    kind: string;
    /** Physical address or, on x86_64, I/O port; null for a device that is not there or needs none. */
    address: number | null;
    interrupt: number | null;
    /** Hertz of its input clock, where the driver has to know. */
    clock: number | null;
}

export interface Board {
    name: string;
    title: string;
    architecture: Architecture;
    /** Values of PLAT in a kernel's gen_config.json that run on this board. */
    kernelPlatform: readonly string[];
    /** Its names in a Microkit SDK, the preferred one first. */
    microkitBoard: readonly string[];
    memory: readonly MemoryRange[];
    /** Whether RAM below 1 MiB, which a PC's kernel leaves alone, is used. */
    lowMemory: boolean;
    uart: Device & { trigger: 'level' | 'edge' };
    realtimeClock: Device;
    timer: Device;
    powerOff: Device;
    /** "multiboot": the kernel is loaded by firmware and finds the root task as module; "sealift": our own loader. */
    loader: {
        kind: 'multiboot' | 'sealift';
        address: number | null;
        /** GICv2 registers that are set up where aarch64 starts in secure state, without firmware. */
        interruptController: { distributor: number; cpuInterface: number } | null;
        /** Hertz of the generic timer, to be announced in the same case. */
        counterFrequency: number | null;
    };
    qemu: {
        command: string;
        /** Debian's package that has the command. */
        package: string;
        arguments: readonly string[];
        /** More arguments for a kernel that runs at the hypervisor's level. */
        virtualization: readonly string[];
        console: readonly string[];
    };
}

// Compiled, this file is build/cli/boards/board.js.
const boardsFolder = fileURLToPath(new URL('../../../platform/boards/', import.meta.url));

function readDevice<T extends string>(fields: Fields, kinds: readonly T[]): Device {
    return {
        kind: fields.choice('kind', kinds),
        address: fields.optionalNumber('address'),
        interrupt: fields.optionalNumber('interrupt'),
        clock: fields.optionalNumber('clock'),
    };
}

/** A whole device; `needed` are the fields that its driver cannot do without. */
function device<T extends string>(
    parent: Fields,
    key: string,
    kinds: readonly T[],
    free: readonly T[],
): Device {
    const fields = parent.object(key);
    const result = readDevice(fields, kinds);
    fields.end();
    if (result.address === null && !free.some((kind) => kind === result.kind))
        throw fields.wrong('address', 'is missing', `a device of kind ${result.kind} has one`);
    return result;
}

function readUart(parent: Fields): Board['uart'] {
    const fields = parent.object('uart');
    const result = readDevice(fields, ['pl011', 'ns16550', 'cadence', 'pc']);
    const trigger = fields.choice('trigger', ['level', 'edge']);
    fields.end();
    if (result.address === null)
        throw fields.wrong('address', 'is missing', "write the registers' first address");
    if (result.interrupt === null)
        throw fields.wrong('interrupt', 'is missing', "write the line's interrupt");
    return { ...result, trigger };
}

function readLoader(parent: Fields, architecture: Architecture): Board['loader'] {
    const fields = parent.object('loader');
    const kind = fields.choice('kind', ['multiboot', 'sealift']);
    const address = fields.optionalNumber('address');
    const counterFrequency = fields.optionalNumber('counterFrequency');
    let interruptController: Board['loader']['interruptController'] = null;
    if (fields.has('interruptController')) {
        const controller = fields.object('interruptController');
        interruptController = {
            distributor: controller.number('distributor'),
            cpuInterface: controller.number('cpuInterface'),
        };
        controller.end();
    }
    fields.end();
    if ((kind === 'multiboot') !== (architecture === 'x86_64'))
        throw fields.wrong('kind', `is "${kind}"`, 'write multiboot for x86_64 and sealift otherwise');
    if ((address === null) !== (kind === 'multiboot')) {
        throw fields.wrong(
            'address',
            address === null ? 'is missing' : 'does not belong there',
            kind === 'sealift' ? 'write where in RAM the loader goes' : 'the firmware chooses; remove it',
        );
    }
    return { kind, address, interruptController, counterFrequency };
}

/** A board from the text of its file; `file` names it in failures. */
export function parseBoard(text: string, file: string): Board {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (error) {
        throw new Failure(`${file}: not JSON (${messageOf(error)}); correct it there`);
    }
    const fields = new Fields(file, '', value);
    const architecture = fields.choice('architecture', architectures);
    const memory = fields.objects('memory').map((range) => {
        const result = { start: range.number('start'), size: range.number('size') };
        range.end();
        if (result.size === 0) throw range.wrong('size', 'is 0', 'write the bytes of that range');
        return result;
    });
    const qemu = fields.object('qemu');
    const board: Board = {
        name: fields.text('name'),
        title: fields.text('title'),
        architecture,
        kernelPlatform: fields.texts('kernelPlatform'),
        microkitBoard: fields.texts('microkitBoard'),
        memory,
        lowMemory: fields.flag('lowMemory'),
        uart: readUart(fields),
        realtimeClock: device(
            fields,
            'realtimeClock',
            ['pl031', 'goldfish', 'cmos', 'zynqmp', 'none'],
            ['none'],
        ),
        timer: device(fields, 'timer', ['goldfish', 'pl031', 'ttc', 'pit', 'tick'], ['tick']),
        powerOff: device(fields, 'powerOff', ['qemu-pc', 'sifive-test', 'none'], ['none']),
        loader: readLoader(fields, architecture),
        qemu: {
            command: qemu.text('command'),
            package: qemu.text('package'),
            arguments: qemu.texts('arguments'),
            virtualization: qemu.texts('virtualization'),
            console: qemu.texts('console'),
        },
    };
    qemu.end();
    fields.end();
    if (board.kernelPlatform.length === 0)
        throw fields.wrong('kernelPlatform', 'is empty', "write the kernel's names of this board");
    return board;
}

/** Names of all boards, sorted. */
export function boardNames(folder = boardsFolder): string[] {
    return readdirSync(folder)
        .filter((name) => existsSync(join(folder, name, 'board.json')))
        .sort();
}

/** The board of that name; a Failure that lists what there is. */
export function readBoard(name: string, folder = boardsFolder): Board {
    const known = boardNames(folder);
    if (!known.includes(name))
        throw new Failure(`--board ${name}: there is no such board; use one of ${known.join(', ')}`);
    const file = join(folder, name, 'board.json');
    let text: string;
    try {
        text = readFileSync(file, 'utf8');
    } catch (error) {
        throw new Failure(`${file}: ${describeFileError(error)}; check out the project again`);
    }
    const board = parseBoard(text, `platform/boards/${name}/board.json`);
    if (board.name !== name)
        throw new Failure(`${file}: field name is "${board.name}"; write "${name}", as its folder is called`);
    return board;
}

/** All boards. */
export function readBoards(): Board[] {
    return boardNames().map((name) => readBoard(name));
}
