// SPDX-License-Identifier: Apache-2.0
//
// Runs the managers of tests/host/machine in the real runtime: on platform/linux, and on a kernel in QEMU when
// SEL4_PREFIX names its install folder.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildRuntime } from '../../scripts/build-runtime.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const build = join(root, 'build', 'tests', 'host', 'machine');
const run = promisify(execFile);

/** Longest that a manager may take, in milliseconds: TCG on a busy machine is slow. */
const TIME_LIMIT = 120_000;

/** Where one line of a manager's output asks for what to type. */
const PROMPT = 'waiting for input\n';
const INPUT = 'input';

/**
 * What each manager must print before the machine goes off, as patterns in this order; or with which words the build
 * refuses it. The managers in AssemblyScript that print "ok NAME" and "FAILED NAME" are counted line by line instead.
 */
const expectations = [
    { manager: 'basics.ts' },
    { manager: 'sentries.ts', sentry: 'sentry.ts' },
    { manager: 'counting.ts', countInstructions: true },
    {
        manager: 'unmapped.ts',
        lines: [
            /^before$/,
            /^sealift: manager trapped: memory access to unmapped page at 0x12345678$/,
            /^ {2}at .*unmapped\/innermost/,
            /^ {2}at .*unmapped\/outer/,
            /^ {2}at .*unmapped\/main/,
        ],
    },
    {
        manager: 'unmappedCopy.ts',
        lines: [/^before$/, /^sealift: manager trapped: memory access to unmapped page at 0x7fff0000$/],
    },
    {
        manager: 'aborts.ts',
        lines: [
            /^sealift: manager trapped: the plan has a hole \(.*aborts\.ts:\d+:\d+\)$/,
            /^ {2}at .*aborts\/main/,
        ],
    },
    {
        manager: 'recursion.ts',
        lines: [
            /^before$/,
            /^sealift: manager trapped: call stack exhausted$/,
            /^ {2}at .*descend/,
            /^ {2}and so on$/,
        ],
    },
    {
        manager: 'outside.ts',
        lines: [
            /^sealift: manager trapped: boot\.console-write: data at 0xfffffff0, 32 bytes, is not inside the memory of 0x[0-9a-f]+ bytes$/,
        ],
    },
    {
        manager: 'stranger.wat',
        refused:
            /^manager\.wasm imports sealift:system\/boot@0\.1\.0 format-disk, which wit\/sealift\.wit does not give it$/,
    },
    {
        manager: 'lowMemory.wat',
        refused:
            /^manager\.wasm: its memory does not reach above 2 GiB; compile it with --memoryBase 2147483648$/,
    },
];

/** Compiles a module of this folder; its path. */
async function compile(name) {
    const source = join(here, 'machine', name);
    const target = join(build, name.replace(/\.\w+$/, '.wasm'));
    if (name.endsWith('.wat')) {
        await run('wat2wasm', ['--debug-names', source, '-o', target]);
    } else {
        const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
        // Not optimized: the backtraces that the tests expect have every function in them.
        const options = ['--target', 'manager', '--optimizeLevel', '0', '--shrinkLevel', '0'];
        await run(process.execPath, [compiler, source, ...options, '-o', target], { cwd: root });
    }
    return target;
}

/** Runs a machine until it goes off; everything it printed. */
function runMachine(command, args) {
    return new Promise((resolve) => {
        const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        let output = '';
        let typed = false;
        const add = (data) => {
            output += data.toString('latin1').replaceAll('\r', '');
            if (!typed && output.includes(PROMPT)) {
                typed = true;
                child.stdin.write(INPUT);
            }
        };
        child.stdout.on('data', add);
        child.stderr.on('data', add);
        child.stdin.on('error', () => {});
        const timer = setTimeout(() => {
            output += '\nharness: the machine did not go off\n';
            child.kill('SIGKILL');
        }, TIME_LIMIT);
        child.on('error', (error) => {
            clearTimeout(timer);
            resolve(`harness: ${error.message}\n`);
        });
        child.on('close', () => {
            clearTimeout(timer);
            resolve(output);
        });
    });
}

/** Judges what a machine printed. */
function judge(expectation, output) {
    const printed = output.split('\n');
    const tail = printed.slice(-40).join('\n');
    if (output.includes('harness: ')) {
        return { failed: 1, details: tail };
    }
    if (!expectation.lines) {
        const passed = printed.filter((line) => line.startsWith('ok ')).length;
        const failures = printed.filter((line) => line.startsWith('FAILED ') || line.startsWith('sealift: '));
        const ended = printed.includes('end of tests');
        return {
            passed,
            failed: failures.length + (ended ? 0 : 1),
            details: ended ? failures.join('\n') : tail,
        };
    }
    let next = 0;
    for (const line of printed) {
        if (next < expectation.lines.length && expectation.lines[next].test(line)) {
            next++;
        }
    }
    const failed = expectation.lines.length - next;
    return {
        passed: next,
        failed,
        details: failed > 0 ? `expected ${expectation.lines[next]}\n${tail}` : '',
    };
}

/** What a trap looks like in either engine: the place within a function is known to the interpreter only. */
const withoutOffsets = (output) => output.replace(/^( {2}at .*) \+\d+$/gm, '$1');

/** The machines that tests run on: name, options of buildRuntime, and the command for an ELF. */
async function machines() {
    const found = [];
    const model = join(root, 'build', 'linux', 'sealift-linux-kernel');
    if (existsSync(model)) {
        const command = (elf) => [model, ['--memory', '64', elf]];
        found.push({ name: 'linux', sel4: null, command });
        found.push({ name: 'linux, compiled', sel4: null, aot: true, command });
    }
    const prefix = process.env.SEL4_PREFIX;
    if (prefix) {
        const kernel = join(build, 'kernel.elf');
        // QEMU's multiboot loader takes 32-bit ELF files only; the kernel's first instructions are 32-bit code.
        await run('objcopy', ['-O', 'elf32-i386', join(prefix, 'bin', 'kernel.elf'), kernel]);
        const options =
            '-M q35 -cpu Nehalem,+fsgsbase,+xsave,+xsaveopt,+pdpe1gb -m 256 -display none -monitor none -no-reboot';
        const command = (elf) => [
            'qemu-system-x86_64',
            [...options.split(' '), '-serial', 'stdio', '-kernel', kernel, '-initrd', elf],
        ];
        found.push({ name: 'sel4', sel4: prefix, command });
    }
    return found;
}

/** Runs everything; `report` takes a name and the counts. */
export async function runMachineTests(report) {
    mkdirSync(build, { recursive: true });
    const available = await machines();
    for (const missing of ['linux', 'sel4'].filter(
        (name) => !available.some((machine) => machine.name === name),
    )) {
        report(`runtime on ${missing}`, {
            skipped: expectations.length,
            details:
                missing === 'linux'
                    ? '  build/linux/sealift-linux-kernel is not built'
                    : "  SEL4_PREFIX names no kernel's install folder",
        });
    }
    for (const expectation of expectations) {
        let manager, sentry, unpacker;
        try {
            manager = await compile(expectation.manager);
            sentry = await compile(expectation.sentry ?? 'idle.wat');
            // None of these managers has a layer: Sealift's own would only be compiled ahead of time for each of them.
            unpacker = await compile('idle.wat');
        } catch (error) {
            report(expectation.manager, {
                failed: 1,
                details: error.stderr || error.stdout || error.message,
            });
            continue;
        }
        let interpreted;
        for (const machine of available) {
            if (machine.aot && expectation.countInstructions) continue; // only the interpreter counts
            const name = `${expectation.manager.replace(/\.\w+$/, '')} on ${machine.name}`;
            try {
                const output = join(build, `${name.replace(/,? /g, '-')}.elf`);
                const { elf } = await buildRuntime({
                    sel4: machine.sel4,
                    manager,
                    sentry,
                    unpacker,
                    output,
                    countInstructions: expectation.countInstructions,
                    aot: machine.aot,
                });
                if (expectation.refused) {
                    report(name, { failed: 1, details: 'the build accepted the module' });
                    continue;
                }
                const printed = withoutOffsets(await runMachine(...machine.command(elf)));
                interpreted ??= printed;
                report(name, judge(expectation, printed));
                if (machine.aot && expectation.lines) {
                    const same = printed === interpreted;
                    report(`${name}: the same text`, {
                        passed: Number(same),
                        failed: Number(!same),
                        details: same ? '' : `interpreted:\n${interpreted}compiled:\n${printed}`,
                    });
                }
            } catch (error) {
                const isExpected = expectation.refused?.test(error.message) === true;
                report(name, {
                    passed: Number(isExpected),
                    failed: Number(!isExpected),
                    details: isExpected ? '' : error.message,
                });
            }
        }
    }
}
