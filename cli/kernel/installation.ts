// SPDX-License-Identifier: Apache-2.0
//
// A kernel on this machine: either an install folder (SEL4_PREFIX: bin/kernel.elf, libsel4/include, support) or one
// board's folder in a Microkit SDK (elf/sel4.elf, include, platform_gen.json), and what its configuration says.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { MemoryRange } from '../boards/board.js';
import { describeFileError, Failure } from '../failure.js';

/** The values of gen_config.json: true and false for options that are on and off, texts for the others. */
export type KernelConfiguration = Readonly<Record<string, string | boolean>>;

export interface KernelInstallation {
    /** What named this kernel: an option, a variable or a setting, for messages. */
    origin: string;
    folder: string;
    /** The kernel's ELF file. */
    kernel: string;
    /** The folder of its headers. */
    headers: string;
    configuration: KernelConfiguration;
    /** Its RAM as it was built in; null where the kernel finds RAM when it starts (x86_64). */
    memory: readonly MemoryRange[] | null;
}

function readJson(path: string): Record<string, unknown> {
    let text: string;
    try {
        text = readFileSync(path, 'utf8');
    } catch (error) {
        throw new Failure(`${path}: ${describeFileError(error)}; install the kernel again`);
    }
    try {
        const value: unknown = JSON.parse(text);
        if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch {
        // Said below.
    }
    throw new Failure(`${path}: not a JSON object; install the kernel again`);
}

function readConfiguration(headers: string, origin: string): KernelConfiguration {
    const result: Record<string, string | boolean> = {};
    let found = false;
    for (const folder of ['kernel', 'sel4']) {
        const path = join(headers, folder, 'gen_config.json');
        if (!existsSync(path)) continue;
        found = true;
        for (const [key, value] of Object.entries(readJson(path)))
            if (typeof value === 'string' || typeof value === 'boolean') result[key] = value;
    }
    if (found) return result;
    throw new Failure(
        `${origin}: ${join(headers, 'kernel')} has no gen_config.json, which seL4 installs since version 13; use seL4 13 to 16`,
    );
}

/** The `memory` list of platform_gen.json. */
function readMemory(path: string): MemoryRange[] {
    const list = readJson(path).memory as { start?: unknown; end?: unknown }[] | undefined;
    const valid =
        Array.isArray(list) &&
        list.every((range) => Number.isSafeInteger(range?.start) && Number.isSafeInteger(range?.end));
    if (!valid) throw new Failure(`${path}: it has no list of memory ranges; install the kernel again`);
    return (list as { start: number; end: number }[])
        .map(({ start, end }) => ({ start, size: end - start }))
        .filter(({ size }) => size > 0);
}

/** The same list as YAML: the kernel's build writes nothing but lists of "start:" and "end:" with numbers. */
function readYamlMemory(path: string): MemoryRange[] {
    const lines = readFileSync(path, 'utf8').split('\n');
    const first = lines.findIndex((line) => /^memory:/.test(line));
    const ranges: { start?: number; end?: number }[] = [];
    for (const line of first < 0 ? [] : lines.slice(first + 1)) {
        const field = /^(-?)\s*(start|end):\s*(0x[0-9a-f]+|[0-9]+)\s*$/i.exec(line);
        if (!field) break;
        if (field[1] === '-') ranges.push({});
        const range = ranges.at(-1);
        if (range) range[field[2] as 'start' | 'end'] = Number(field[3]);
    }
    return ranges
        .map(({ start = 0, end = 0 }) => ({ start, size: end - start }))
        .filter(({ size }) => size > 0);
}

/** Reads the kernel in a folder of either layout; `origin` names the folder in failures. */
export function readInstallation(path: string, origin: string): KernelInstallation {
    const folder = resolve(path);
    const layouts = [
        { kernel: 'bin/kernel.elf', headers: 'libsel4/include', memory: 'support/platform_gen' },
        { kernel: 'elf/sel4.elf', headers: 'include', memory: 'platform_gen' },
    ];
    const layout = layouts.find(({ kernel }) => existsSync(join(folder, kernel)));
    if (!layout) {
        throw new Failure(
            existsSync(folder)
                ? `${origin}: ${folder} has no bin/kernel.elf; name a folder into which seL4 was installed (\`ninja install\`)`
                : `${origin}: ${folder}: there is no such folder; name a folder into which seL4 was installed`,
        );
    }
    const headers = join(folder, layout.headers);
    if (!existsSync(join(headers, 'sel4', 'sel4.h')))
        throw new Failure(`${origin}: ${headers} has no sel4/sel4.h; install the kernel's headers as well`);
    const memory = join(folder, layout.memory);
    return {
        origin,
        folder,
        kernel: join(folder, layout.kernel),
        headers,
        configuration: readConfiguration(headers, origin),
        memory: existsSync(`${memory}.json`)
            ? readMemory(`${memory}.json`)
            : existsSync(`${memory}.yaml`)
              ? readYamlMemory(`${memory}.yaml`)
              : null,
    };
}
