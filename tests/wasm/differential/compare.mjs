// SPDX-License-Identifier: Apache-2.0
//
// Compares the interpreter with Node's own WebAssembly engine on random modules.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from './generator.mjs';

const COUNTER = 300; // as in main.c, like the arguments
const INTEGERS = [
    [0, 1, -1, 7],
    [100, -5, 65536, 3],
    [-2147483648, 2147483647, 31, 64],
];
const FLOATS = [
    [0, 1.5, -1, 1e9],
    [-0, 2.5, 1e-3, 4e9],
    [1e300, -7.25, 0.5, 1e18],
];
const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;

function print(type, value) {
    const bytes = Buffer.alloc(8);
    if (type === I32) bytes.writeInt32LE(value);
    else if (type === I64) bytes.writeBigInt64LE(value);
    else if (Number.isNaN(value)) return 'nan';
    else if (type === F32) bytes.writeFloatLE(value);
    else bytes.writeDoubleLE(value);
    return bytes.readBigUInt64LE().toString(16);
}

function trapClass(message) {
    if (message === 'unreachable') return 'unreachable';
    if (/^(divide|remainder) by zero$/.test(message)) return 'zero';
    if (/unrepresentable/.test(message)) return 'unrepresentable';
    if (/^memory access out of bounds$/.test(message)) return 'memory';
    if (/^table index is out of bounds$/.test(message)) return 'table';
    if (/signature mismatch/.test(message)) return 'signature';
    return message;
}

/** What Node's engine does with a module, in the lines that main.c prints. */
export function linesOf({ bytes, types, functions, globals }, number) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const lines = [`module ${number}`];
    functions.forEach((typeIndex, f) => {
        const { parameters, results } = types[typeIndex];
        for (let round = 0; round < INTEGERS.length; round++) {
            const values = parameters.map((type, i) => {
                if (type === I32) return INTEGERS[round][i % 4];
                if (type === I64) return BigInt(INTEGERS[round][i % 4]);
                return FLOATS[round][i % 4];
            });
            exports.g0.value = COUNTER;
            try {
                const result = exports[`f${f}`](...values);
                const list = results.length === 0 ? [] : results.length === 1 ? [result] : [...result];
                lines.push([`f${f}`, ...list.map((value, i) => print(results[i], value))].join(' '));
            } catch (error) {
                if (!(error instanceof WebAssembly.RuntimeError)) throw error;
                lines.push(`f${f} ${trapClass(error.message)}`);
            }
        }
    });
    lines.push(globals.map((type, i) => ` ${print(type, exports[`g${i}`].value)}`).join(''));
    let hash = 2166136261;
    const memory = new Uint8Array(exports.memory.buffer);
    for (const byte of memory) hash = Math.imul(hash ^ byte, 16777619);
    lines.push(`memory ${memory.length / 65536} ${(hash >>> 0).toString(16)}`);
    return lines;
}

/** Writes modules one behind the other, each with its length before it. */
export function writePack(path, modules) {
    const length = (bytes) => Buffer.from(Uint32Array.of(bytes.length).buffer);
    writeFileSync(path, Buffer.concat(modules.flatMap((bytes) => [length(bytes), bytes])));
}

/**
 * Runs the modules of `count` seeds from `first` on in both engines.
 * @param {string[]} programs differently built programs of main.c
 * @returns {Promise<{passed: number, failed: number, details: string}>} one test is one module in one program, metered or not
 */
export async function compare(programs, folder, first, count) {
    const modules = Array.from({ length: count }, (_, i) => generate(first + i));
    const pack = join(folder, 'pack');
    writePack(
        pack,
        modules.map(({ bytes }) => bytes),
    );
    const expected = modules.map((module, i) => linesOf(module, i).join('\n'));
    const result = { passed: 0, failed: 0, details: [] };
    for (const program of programs) {
        for (const options of [[], ['meter']]) {
            let output;
            try {
                output = (await promisify(execFile)(program, [pack, ...options], { maxBuffer: 1 << 28 }))
                    .stdout;
            } catch (error) {
                output = error.stdout ?? '';
                result.details.push(`${program} ${options}: ${error.signal ?? error.stderr}`);
            }
            const found = output.split(/^(?=module )/m).map((text) => text.trimEnd());
            expected.forEach((text, i) => {
                if (found[i] === text) {
                    result.passed++;
                    return;
                }
                result.failed++;
                const lines = text.split('\n');
                const line = lines.findIndex((entry, k) => entry !== found[i]?.split('\n')[k]);
                result.details.push(
                    `seed ${first + i} ${options}: expected "${lines[line]}", got "${found[i]?.split('\n')[line]}" (line ${line})`,
                );
            });
        }
    }
    return { ...result, details: result.details.slice(0, 10).join('\n') };
}
