// SPDX-License-Identifier: Apache-2.0
//
// Prints the interpreter's speed beside native code, modules compiled ahead of time and other interpreters, and what
// modules take of memory. docs/measuring.md says how to read it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../../cli/failure.js';
import { buildProduct } from '../../cli/projectPaths.js';
import { table } from '../../cli/report/table.js';
import { count, kibibytes } from '../figures.js';
import { buildWorkloads, interpreterText, moduleSizes, type Workload } from './programs.js';
import { measure, type Engine } from './timing.js';

export interface WasmBenchOptions {
    rounds: number;
    /** Paths of wasm3 and of WAMR's iwasm. */
    wasm3?: string;
    iwasm?: string;
    /** A checkout of CoreMark. */
    coremark?: string;
    only?: string;
    /** File for all figures as JSON. */
    json?: string;
}

const COLUMNS = ['native', 'compiled', 'Sealift', 'by clang', 'wasm3', 'WAMR'] as const;
type Column = (typeof COLUMNS)[number];

interface Row {
    name: string;
    milliseconds: Record<Column, number | null>;
}

/** The peers' executables; a Failure for one that is not there. */
function requireProgram(option: string, path: string | undefined): string | null {
    if (path === undefined) return null;
    if (!existsSync(path))
        throw new Failure(`--${option}=${path}: not there; give the path of its executable`);
    return resolve(path);
}

function enginesOf(workload: Workload, options: WasmBenchOptions): Record<Column, Engine | null> {
    const { module } = workload;
    const engine = (name: string, program: string | null, ...before: string[]): Engine | null =>
        program === null
            ? null
            : { name: `${workload.name} in ${name}`, command: (n) => [program, ...before, String(n)] };
    const wasm3 = requireProgram('wasm3', options.wasm3);
    const iwasm = requireProgram('iwasm', options.iwasm);
    return {
        Sealift: engine('Sealift', workload.interpreter, module, 'run'),
        'by clang': engine('Sealift by clang', workload.interpreterByClang, module, 'run'),
        compiled: engine('Sealift compiled', workload.compiled, module, 'run'),
        native: engine('native', workload.native),
        wasm3: engine('wasm3', wasm3, '--func', 'run', module),
        WAMR: engine('WAMR', iwasm, '--heap-size=0', '-f', 'run', module),
    };
}

/** All columns but the first hold numbers. */
const RIGHT = Array.from({ length: 12 }, (_, column) => column + 1);

const number = (value: number | null, digits: number): string =>
    value === null ? '-' : value.toFixed(digits);

/** Three significant digits. */
function milliseconds(value: number | null): string {
    return value === null ? '-' : value.toPrecision(3);
}

const ratio = (row: Row, column: Column): number | null => {
    const other = row.milliseconds[column];
    return other === null ? null : row.milliseconds.Sealift! / other;
};

function geometricMean(values: readonly (number | null)[]): number | null {
    const present = values.filter((value) => value !== null);
    if (present.length === 0) return null;
    return Math.exp(present.reduce((sum, value) => sum + Math.log(value), 0) / present.length);
}

/** A goal beside its figure. */
function goal(text: string, value: number | null, most: number): string {
    if (value === null) return `  ${text}: not measured`;
    return `  ${text}: ${value.toFixed(2)} (goal: at most ${most.toFixed(2)}) ${value <= most ? 'met' : 'MISSED'}`;
}

function printSpeed(rows: readonly Row[], options: WasmBenchOptions): void {
    console.log(
        '\nCPU time for an iteration in ms (medians), and how often Sealift’s interpreter takes that of another',
    );
    const others = COLUMNS.filter((column) => column !== 'Sealift');
    const head = ['', ...COLUMNS, ...others.map((column) => `/ ${column}`)];
    const lines = rows.map((row) => [
        row.name,
        ...COLUMNS.map((column) => milliseconds(row.milliseconds[column])),
        ...others.map((column) => number(ratio(row, column), 2)),
    ]);
    const means = others.map((column) => geometricMean(rows.map((row) => ratio(row, column))));
    lines.push(['geometric mean', ...COLUMNS.map(() => ''), ...means.map((mean) => number(mean, 2))]);
    console.log(table(head, lines, RIGHT));
    const toWasm3 = rows.map((row) => ratio(row, 'wasm3')).filter((value) => value !== null);
    const dispatch = rows.find(({ name }) => name === 'dispatch.stub');
    console.log(goal('geometric mean to wasm3', geometricMean(toWasm3), 1));
    console.log(goal('slowest workload to wasm3', toWasm3.length ? Math.max(...toWasm3) : null, 1.25));
    console.log(goal('dispatch to native', dispatch ? ratio(dispatch, 'native') : null, 6));
    if (options.wasm3 === undefined) console.log('  wasm3 was not measured: give --wasm3=PATH');
    if (options.iwasm === undefined) console.log('  WAMR was not measured: give --iwasm=PATH');
    if (options.coremark === undefined)
        console.log('  CoreMark was not measured: give --coremark=DIR, a checkout of its repository');
}

/** Bytes of a module's code section. */
function codeSectionSize(path: string): number {
    const bytes = readFileSync(path);
    let at = 8;
    const unsigned = (): number => {
        let value = 0;
        for (let shift = 0; ; shift += 7) {
            const byte = bytes[at++]!;
            value += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) return value;
        }
    };
    while (at < bytes.length) {
        const id = bytes[at++];
        const size = unsigned();
        if (id === 10) return size;
        at += size;
    }
    return 0;
}

interface SizeRow {
    name: string;
    code: number;
    translated: number;
    image: number;
    instance: number;
}

async function measureSizes(workloads: readonly Workload[]): Promise<SizeRow[]> {
    const modules = workloads.map(({ name, module }) => ({ name, module }));
    modules.push({ name: 'sentry.wasm', module: buildProduct('wasm/sentry.wasm') });
    modules.push({ name: 'manager.wasm', module: buildProduct('wasm/manager.wasm') });
    const rows: SizeRow[] = [];
    for (const { name, module } of modules) {
        const { image, code, instance } = await moduleSizes(workloads[0]!.interpreter, module);
        rows.push({ name, code: codeSectionSize(module), translated: code, image, instance });
    }
    return rows;
}

function printSizes(rows: readonly SizeRow[], text: number): void {
    console.log('\nMemory in bytes: everything but linear memory, the stack asked for and the module itself');
    const head = ['', 'code section', 'translated', 'ratio', 'image, shared', 'each instance'];
    const lines = rows.map((row) => [
        row.name,
        count(row.code),
        count(row.translated),
        (row.translated / row.code).toFixed(2),
        count(row.image),
        count(row.instance),
    ]);
    console.log(table(head, lines, RIGHT));
    const worst = Math.max(...rows.map(({ translated, code }) => translated / code));
    const largest = Math.max(...rows.map(({ instance }) => instance));
    console.log(goal('translated code to code, the worst', worst, 5));
    console.log(goal('a further instance, the largest, in KiB', largest / 1024, 8));
    console.log(goal('text of the interpreter at -O2 in KiB', text / 1024, 96), `(${kibibytes(text)})`);
}

/** Measures and prints everything. */
export async function printWasmFigures(
    options: WasmBenchOptions,
    say: (text: string) => void,
): Promise<void> {
    requireProgram('wasm3', options.wasm3);
    requireProgram('iwasm', options.iwasm);
    const workloads = await buildWorkloads(
        options.coremark && resolve(options.coremark),
        options.only,
        (name) => say(`building ${name}`),
    );
    const rows: Row[] = [];
    for (const workload of workloads) {
        say(`measuring ${workload.name}`);
        const engines = enginesOf(workload, options);
        // Sealift first: it decides how many iterations the checksums are of.
        const order: Column[] = ['Sealift', ...COLUMNS.filter((column) => column !== 'Sealift')];
        const measured = measure(
            order.map((column) => engines[column]),
            options.rounds,
        );
        const entries = order.map((column, index) => [column, measured.milliseconds[index] ?? null]);
        rows.push({
            name: workload.name,
            milliseconds: Object.fromEntries(entries) as Row['milliseconds'],
        });
    }
    const sizes = await measureSizes(workloads);
    const text = await interpreterText();
    say('');
    printSpeed(rows, options);
    printSizes(sizes, text);
    if (options.json !== undefined)
        writeFileSync(options.json, `${JSON.stringify({ speed: rows, sizes, text }, null, 4)}\n`);
}
