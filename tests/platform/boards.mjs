// SPDX-License-Identifier: Apache-2.0
//
// The test program on real kernels of aarch64 and riscv64: built against the kernel's headers, started by our loader in
// QEMU. Its log is that of x86_64, but for what ARCHITECTURE/expected.log says:
//
//     name: value      lines of this name are these instead (all of them, in this order)
//     - name           the architecture has no such line; with a dot at the end, none of a name that begins so
//
// A kernel at EL2 has a few lines more that differ: expected-el2.log.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');

/** Without vector registers in C: the tests look at what the kernel does to them. */
const targets = {
    aarch64: { options: ['--target=aarch64-none-elf'], c: ['-mgeneral-regs-only'], linker: 'aarch64elf' },
    riscv64: {
        options: [
            '--target=riscv64-none-elf',
            '-march=rv64imac_zicsr',
            '-mabi=lp64',
            '-mcmodel=medany',
            '-mno-relax',
        ],
        c: [],
        linker: 'elf64lriscv',
    },
};

const cOptions =
    '-std=gnu11 -O2 -ffreestanding -fno-pic -fno-stack-protector -nostdlibinc ' +
    '-Wall -Wextra -Wno-unused-parameter -Wno-unused-function';

const BOARDS = ['qemu-arm-virt', 'qemu-riscv-virt'];
const RUN_MILLISECONDS = 300_000;

function runTool(command, words) {
    const result = spawnSync(command, words, { encoding: 'latin1' });
    if (result.error) throw new Error(`${command}: ${result.error.message}`);
    if (result.status !== 0) throw new Error(`${command} failed:\n${result.stderr}`);
}

/** Compiles the program for an architecture. The result is its file. */
function buildProgram(architecture, headers, folder) {
    const { options, c, linker } = targets[architecture];
    mkdirSync(folder, { recursive: true });
    const objects = [here, join(here, 'boards'), join(here, architecture)].flatMap((sources) =>
        readdirSync(sources)
            .filter((name) => /\.[cS]$/.test(name) && name !== 'headers.c')
            .map((name) => {
                const object = join(folder, `${name}.o`);
                const more = name.endsWith('.c') ? [...c, ...cOptions.split(' '), '-isystem', headers] : [];
                runTool('clang-19', [...options, ...more, '-c', join(sources, name), '-o', object]);
                return object;
            }),
    );
    const file = join(folder, 'program.elf');
    const link = ['-m', linker, '-static', '-z', 'max-page-size=4096', '-T', join(here, 'link.ld')];
    runTool('ld.lld-19', [...link, '-o', file, ...objects]);
    return file;
}

/** What QEMU writes on the serial line until the program ends, or until time is up. */
function runMachine(command, words) {
    return new Promise((resolve, reject) => {
        const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'] });
        let text = '';
        const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MILLISECONDS);
        child.stdout.setEncoding('latin1');
        child.stdout.on('data', (part) => {
            text += part;
            if (/^platform\.(end|abort): .*\n/m.test(text)) child.kill('SIGKILL');
        });
        child.on('error', reject);
        child.on('close', () => {
            clearTimeout(timer);
            resolve(text);
        });
    });
}

/** Lines by their names, in order. */
function byName(lines) {
    const names = new Map();
    for (const line of lines) {
        const name = line.slice(0, line.indexOf(':'));
        names.set(name, [...(names.get(name) ?? []), line]);
    }
    return names;
}

const readLines = (path) => readFileSync(path, 'latin1').trimEnd().split('\n');

/** What an architecture's log must be, by name, and which names are its own. */
export function expectationFor(architecture, isHypervisor) {
    const expected = byName(readLines(join(here, 'expected.log')));
    const own = new Set();
    const files = ['expected.log', ...(isHypervisor ? ['expected-el2.log'] : [])];
    for (const file of files) {
        const path = join(here, architecture, file);
        if (!existsSync(path)) continue;
        const lines = readLines(path).filter((line) => line !== '' && !line.startsWith('#'));
        for (const line of lines.filter((one) => one.startsWith('- '))) {
            const name = line.slice(2);
            for (const known of [...expected.keys()]) {
                if (known === name || (name.endsWith('.') && known.startsWith(name))) expected.delete(known);
            }
        }
        for (const [name, values] of byName(lines.filter((one) => !one.startsWith('- ')))) {
            expected.set(name, values);
            own.add(name);
        }
    }
    return { expected, own };
}

/** A module of the command line, as it was compiled. */
export const compiled = (path) => import(pathToFileURL(join(root, 'build/cli', path)).href);

/** A board and the kernel that was named for it; or the sentence that says why there is none that can run here. */
export async function kernelFor(name) {
    const { readBoard } = await compiled('boards/board.js');
    const { findKernel } = await compiled('kernel/findKernel.js');
    const { requireSuitable } = await compiled('kernel/suitability.js');
    const { findQemu } = await compiled('boards/qemu.js');
    const board = readBoard(name);
    try {
        const kernel = findKernel(board, { environment: process.env });
        requireSuitable(board, kernel);
        findQemu(board);
        return { board, kernel };
    } catch (error) {
        return error.message;
    }
}

/**
 * Runs the program on the kernel of each board that has one. `account` has pass, fail and skip; `logLines` takes the
 * program's lines out of a text.
 */
export async function testBoards(account, logLines, output) {
    const { writeLoaderImage } = await compiled('boot/loaderImage.js');
    for (const name of BOARDS) {
        const found = await kernelFor(name);
        if (typeof found === 'string') {
            const message = `the program on board ${name}: ${found}`;
            if (process.env.SEALIFT_REQUIRE_KERNELS === '1') account.fail(message);
            else account.skip(message);
            continue;
        }
        const { board, kernel } = found;
        const { architecture } = board;
        const configuration = kernel.configuration;
        if (
            architecture === 'aarch64' &&
            !configuration.EXPORT_VCNT_USER &&
            !configuration.EXPORT_PCNT_USER
        ) {
            account.skip(
                `the program on board ${name}: the kernel exports no counter, which it measures with`,
            );
            continue;
        }
        const folder = join(output, architecture);
        const program = buildProgram(architecture, kernel.headers, folder);
        const image = join(folder, 'image.elf');
        rmSync(image, { force: true });
        const loader = join(root, 'build/boot', architecture, 'loader.elf');
        writeLoaderImage({
            loader,
            kernel: kernel.kernel,
            root: program,
            board,
            memory: kernel.memory,
            output: image,
        });
        const isHypervisor = configuration.ARM_HYPERVISOR_SUPPORT === true;
        const words = [
            ...board.qemu.arguments,
            ...(isHypervisor ? board.qemu.virtualization : []),
            '-m',
            '1024',
            ...board.qemu.console,
            '-no-reboot',
            '-kernel',
            image,
        ];
        const lines = logLines(await runMachine(board.qemu.command, words));
        compare(account, name, lines, expectationFor(architecture, isHypervisor));
    }
}

function compare(account, where, lines, { expected, own }) {
    const got = byName(lines);
    let common = 0;
    for (const name of new Set([...expected.keys(), ...got.keys()])) {
        const wanted = expected.get(name) ?? [];
        const found = got.get(name) ?? [];
        for (let i = 0; i < Math.max(wanted.length, found.length); i++) {
            if (wanted[i] === found[i]) {
                account.pass();
                if (!own.has(name)) common++;
            } else {
                account.fail(
                    `${where}: ${name}\n  expected ${wanted[i] ?? 'nothing'}\n  got      ${found[i] ?? 'nothing'}`,
                );
            }
        }
    }
    console.log(`${where}: ${common} lines as on x86_64, ${lines.length - common} of the architecture's own`);
}
