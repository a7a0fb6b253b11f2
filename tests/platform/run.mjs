// SPDX-License-Identifier: Apache-2.0
//
// Tests of platform/linux: node tests/platform/run.mjs [--bench] [--update]
// The test program is a root task. Its log on the monitor must be expected.log, line by line. With SEL4_PREFIX set
// to the install directory of a real kernel, or one remembered by `sealift config`, the program is built against that
// kernel's headers, run in QEMU, and its log must be the same; for aarch64 and riscv64 see boards.mjs. --bench prints what operations cost; --update writes a new expected.log.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildMonitor } from '../../platform/linux/build.mjs';
import { compiled, kernelFor, testBoards } from './boards.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const output = join(root, 'build/tests/platform');
const ownHeaders = join(root, 'platform/linux/include');
const expectedFile = join(here, 'expected.log');
const compiler = process.env.CC ?? 'gcc';
const counts = { passed: 0, failed: 0, skipped: 0 };

/** Longest time for one run of the program; under emulation on a loaded machine it takes about a minute. */
const RUN_MILLISECONDS = 300_000;

function pass() {
    counts.passed++;
}

function fail(message) {
    counts.failed++;
    console.log(`FAIL ${message}`);
}

function skip(message) {
    counts.skipped++;
    console.log(`SKIP ${message}`);
}

function run(command, args, options = {}) {
    const result = spawnSync(command, args, {
        encoding: 'latin1',
        timeout: RUN_MILLISECONDS,
        input: '',
        ...options,
    });
    if (result.error && result.error.code === 'ENOENT') throw new Error(`${command} is not installed`);
    return result;
}

function compile(args) {
    const result = run(compiler, args);
    if (result.status !== 0) throw new Error(`the test program does not compile:\n${result.stderr}`);
}

/** Builds the test program against a kernel's headers. */
function buildProgram(headers, name, definitions = []) {
    const sources = [here, join(here, 'x86_64')].flatMap((folder) =>
        readdirSync(folder)
            .filter((file) => /\.[cS]$/.test(file) && file !== 'headers.c')
            .map((file) => join(folder, file)),
    );
    const flags =
        '-std=gnu11 -O2 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -mgeneral-regs-only -mno-red-zone ' +
        '-fcf-protection=none -Wall -Wextra -Wno-unused-parameter -Wno-unused-function -nostdlib -static ' +
        '-Wl,--build-id=none,-z,noexecstack,--no-warn-rwx-segments';
    const file = join(output, name);
    compile([
        ...flags.split(' '),
        ...definitions,
        `-I${headers}`,
        '-T',
        join(here, 'link.ld'),
        ...sources,
        '-o',
        file,
    ]);
    return file;
}

/** The program's lines among whatever else the serial port has shown. */
function logLines(text) {
    return text
        .replaceAll('\r', '')
        .split('\n')
        .filter((line) => /^[a-z0-9]+\.[a-z0-9.-]+:/.test(line));
}

function compare(where, lines, ignored = /^$/) {
    const read = readFileSync(expectedFile, 'latin1').trimEnd().split('\n');
    const expected = read.filter((line) => !ignored.test(line));
    lines = lines.filter((line) => !ignored.test(line));
    for (let i = 0; i < Math.max(lines.length, expected.length); i++) {
        if (lines[i] === expected[i]) pass();
        else
            fail(
                `${where}: line ${i + 1}\n  expected ${expected[i] ?? 'nothing'}\n  got      ${lines[i] ?? 'nothing'}`,
            );
    }
}

function testProgram(monitor) {
    const program = buildProgram(ownHeaders, 'program.elf');
    const result = run(monitor, ['--memory', '512', program]);
    const lines = logLines(result.stdout);
    if (process.argv.includes('--update')) writeFileSync(expectedFile, lines.join('\n') + '\n');
    compare('monitor', lines);
    if (result.status === 0) pass();
    else fail(`monitor: exit status ${result.status} ${result.signal ?? ''} ${result.stderr}`);
}

/** The kernel for x86_64, with its board; or null, when the tests that need it have been skipped. */
async function realKernel() {
    const found = await kernelFor('pc99');
    if (typeof found !== 'string') return found;
    for (const what of ['the program on a real kernel', "the headers' numbers"]) {
        if (process.env.SEALIFT_REQUIRE_KERNELS === '1') fail(`${what}: ${found}`);
        else skip(`${what}: ${found}`);
    }
    return null;
}

async function testRealKernel({ board, kernel }) {
    const { writeMultibootKernel } = await compiled('boot/multibootKernel.js');
    const kernel32 = join(output, 'kernel32.elf');
    writeMultibootKernel(kernel.kernel, kernel32);
    const program = buildProgram(kernel.headers, 'program-real.elf');
    const machine = [...board.qemu.arguments, '-m', '512', ...board.qemu.console, '-no-reboot'];
    const result = run(board.qemu.command, [...machine, '-kernel', kernel32, '-initrd', program]);
    if (kernel.configuration.HUGE_PAGE === true) {
        skip('the random histories: they hash numbers of object types, which huge pages shift');
        compare('real kernel', logLines(result.stdout), /^random\./);
    } else compare('real kernel', logLines(result.stdout));
}

/** With huge pages there is one object type more, before these. */
const numbersBehindHugePages =
    /^seL4_X86_(4K|LargePageObject|PageTableObject|PageDirectoryObject|IOPageTableObject) |^seL4_ObjectTypeCount |^seL4_ModeObjectTypeCount /;

function testHeaders({ kernel }) {
    const printed = [ownHeaders, kernel.headers].map((headers, index) => {
        const file = join(output, `headers-${index}`);
        compile(['-std=gnu11', '-w', `-I${headers}`, join(here, 'headers.c'), '-o', file]);
        return run(file, []).stdout.trimEnd().split('\n');
    });
    const hasHugePages = kernel.configuration.HUGE_PAGE === true;
    printed[0].forEach((line, index) => {
        const [name, number] = line.split(/ (?=\S+$)/);
        const isShifted = hasHugePages && numbersBehindHugePages.test(line);
        if (printed[1][index] === (isShifted ? `${name} ${Number(number) + 1}` : line)) pass();
        else fail(`headers: ${line}, but the real kernel has ${printed[1][index]}`);
    });
}

/** What the monitor says when it cannot run something. */
function testCommandLine(monitor) {
    const notElf = join(output, 'not-an-elf');
    writeFileSync(notElf, '#!/bin/sh\n');
    const cut = join(output, 'cut.elf');
    writeFileSync(cut, readFileSync(join(output, 'program.elf')).subarray(0, 5000));
    const arm = join(output, 'arm.elf');
    const header = Buffer.from(readFileSync(join(output, 'program.elf')));
    header.writeUInt16LE(183, 18);
    writeFileSync(arm, header);
    const cases = [
        { args: [], status: 64, says: /no root task given/ },
        { args: ['--memory', 'lots', notElf], status: 64, says: /--memory lots: not a number of MiB/ },
        { args: ['--memory'], status: 64, says: /not a number of MiB/ },
        { args: ['--frobnicate', notElf], status: 64, says: /--frobnicate: unknown option/ },
        { args: [join(output, 'missing.elf')], status: 66, says: /cannot open the root task: No such file/ },
        { args: [output], status: 66, says: /not an ELF file/ },
        { args: [notElf], status: 65, says: /not an ELF file/ },
        { args: [arm], status: 65, says: /not an ELF file for x86_64/ },
        { args: [cut], status: 65, says: /segment 0 ends beyond the file/ },
        { args: [monitor], status: 65, says: /not a statically linked executable/ },
        { args: ['--memory', '4', join(output, 'program.elf')], status: 64, says: /memory is too small/ },
        { args: ['--help'], status: 0, prints: /usage: sealift-linux-kernel/ },
    ];
    for (const { args, status, says, prints } of cases) {
        const result = run(monitor, args);
        const name = `monitor ${args.map((arg) => arg.replace(output, '')).join(' ')}`;
        if (result.status !== status) fail(`${name}: exit status ${result.status}, not ${status}`);
        else if (says && !(says.test(result.stderr) && result.stderr.trimEnd().split('\n').length === 1))
            fail(`${name}: says ${result.stderr}`);
        else if (prints && !prints.test(result.stdout)) fail(`${name}: prints ${result.stdout}`);
        else pass();
    }
}

/** Ends other than by power-off, and that no host process is left behind. */
function testEnds(monitor) {
    const stopped = buildProgram(ownHeaders, 'stopped.elf', ['-DEND_STOPPED']);
    let result = run(monitor, [stopped]);
    if (result.status === 70 && /all threads have stopped for good/.test(result.stderr)) pass();
    else fail(`a system in which nothing runs: exit status ${result.status}, ${result.stderr}`);
    const exit = buildProgram(ownHeaders, 'debug-exit.elf', ['-DEND_DEBUG_EXIT']);
    result = run(monitor, [exit]);
    if (result.status === ((5 << 1) | 1)) pass();
    else fail(`a debug exit with 5: exit status ${result.status}`);
    const echo = buildProgram(ownHeaders, 'echo.elf', ['-DEND_ECHO']);
    const input = 'a line that comes back\n'.repeat(500) + '\x04';
    result = run(monitor, [echo], { input });
    if (result.status === 0 && result.stdout === input) pass();
    else
        fail(
            `serial input comes back: exit status ${result.status}, ${result.stdout.length} of ${input.length} bytes`,
        );
}

/** More mappings than the host allows one process. */
function testManyPages(monitor) {
    const program = buildProgram(ownHeaders, 'many.elf', ['-DEND_MANY_PAGES']);
    const result = run(monitor, [program]);
    const expected = ['many.touch: 2', `many.sum: 2 ${(70000).toString(16)}`, 'many.gone: 6'];
    if (result.status === 0 && logLines(result.stdout).join() === expected.join()) pass();
    else fail(`70000 scattered pages: exit status ${result.status}, ${result.stdout} ${result.stderr}`);
}

/** The processes, stubs, whose parent is a process. */
function childrenOf(pid) {
    return readdirSync('/proc')
        .filter((entry) => /^[0-9]+$/.test(entry))
        .filter((entry) => {
            try {
                return (
                    readFileSync(`/proc/${entry}/stat`, 'latin1').split(') ')[1].split(' ')[1] === String(pid)
                );
            } catch {
                return false; // it has ended in the meantime
            }
        });
}

async function waitUntil(condition) {
    for (let i = 0; i < 200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    return condition();
}

/** A monitor that is killed takes its stubs with it. */
async function testKill(monitor) {
    const child = spawn(monitor, [join(output, 'echo.elf')], { stdio: ['pipe', 'ignore', 'inherit'] });
    await waitUntil(() => childrenOf(child.pid).length >= 2);
    const stubs = childrenOf(child.pid);
    child.kill('SIGKILL');
    const areGone = await waitUntil(() => stubs.every((stub) => !existsSync(`/proc/${stub}`)));
    if (stubs.length >= 2 && areGone) pass();
    else fail(`stubs of a killed monitor: ${stubs.length} before, ${areGone ? 'none' : 'some'} after`);
}

function bench(monitor) {
    const program = buildProgram(ownHeaders, 'bench.elf', ['-DBENCH']);
    console.log(
        logLines(run(monitor, [program]).stdout)
            .filter((line) => line.startsWith('bench.'))
            .join('\n'),
    );
}

try {
    mkdirSync(output, { recursive: true });
    const monitor = buildMonitor();
    if (process.argv.includes('--bench')) {
        bench(monitor);
    } else {
        testProgram(monitor);
        testCommandLine(monitor);
        testEnds(monitor);
        testManyPages(monitor);
        await testKill(monitor);
        const real = await realKernel();
        if (real) {
            testHeaders(real);
            await testRealKernel(real);
        }
        await testBoards({ pass, fail, skip }, logLines, output);
        console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
        if (counts.failed > 0) process.exitCode = 1;
    }
} catch (error) {
    console.error(`tests/platform: ${error.message}`);
    process.exitCode = 1;
}
