// SPDX-License-Identifier: Apache-2.0
//
// Builds the C runtime with the three Wasm modules, validated and translated: one freestanding ELF, the root task.
//
//   node scripts/build-runtime.mjs [--architecture=x86_64] [--sel4=PREFIX] [--board=NAME] [--manager=FILE] [--unpacker=FILE]
//                                  [--sentry=FILE] [--output=FILE] [--count-instructions | --aot]
//
//   --sel4     a kernel's install folder; without it, the headers of platform/linux
//   --board    the machine, a folder of platform/boards; not needed for x86_64, whose machine is the PC
//   --manager  the manager's module, build/wasm/manager.wasm unless given; likewise --unpacker and --sentry
//   --output   the result's name
//   --count-instructions  the modules run metered and report.instructions counts; its folder is named ...-counting
//   --aot      the modules are compiled ahead of time (wasm2c, runtime-c/aot), not interpreted; its folder is named ...-aot
//
// The result is build/runtime/ARCHITECTURE/linux/runtime.elf unless named, or .../sel4/runtime.elf when it is for a
// kernel. Only what has changed is compiled again: the compilers write down what each object was made from.

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { buildTool } from './build-tools.mjs';
import { writeCompiledModule } from './compile-module.mjs';
import { debianSource } from './debian-source.mjs';
import { withShortNames } from './wasm-names.mjs';
import { zstdFiles, zstdOptions } from './zstd.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runtimeFolder = join(root, 'runtime-c');
const run = promisify(execFile);

/** Folders of runtime-c whose C files belong to every architecture, besides that of the modules' engine. */
const commonFolders = ['libc', 'sel4', 'host', 'boot'];

/** The two engines: files of theirs, folders or single files. */
const interpreter = ['wasm'];
const compiled = ['aot', 'wasm/unwind.c', 'wasm/trap_message.c'];

/** What is particular to an architecture: more folders, the compilers, their options, and the linker's emulation. */
const architectures = {
    x86_64: {
        folders: ['sel4/x86_64', 'host/pc', 'boot/x86_64'],
        clang: ['--target=x86_64-unknown-none-elf', '-mcmodel=small', '-mno-avx'],
        gcc: ['gcc', '-m64', '-mcmodel=small', '-mno-avx', '-fcf-protection=none'],
        gccPackage: 'gcc',
        emulation: 'elf_x86_64',
    },
    aarch64: {
        folders: ['sel4/aarch64', 'host/board', 'boot/aarch64'],
        clang: ['--target=aarch64-none-elf', '-mcpu=generic', '-mno-outline-atomics'],
        gcc: ['aarch64-linux-gnu-gcc', '-mcpu=generic', '-mno-outline-atomics'],
        gccPackage: 'gcc-aarch64-linux-gnu',
        emulation: 'aarch64elf',
    },
    riscv64: {
        folders: ['sel4/riscv64', 'host/board', 'boot/riscv64'],
        clang: ['--target=riscv64-none-elf', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-mno-relax'],
        gcc: ['riscv64-linux-gnu-gcc', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-mno-relax'],
        gccPackage: 'gcc-riscv64-linux-gnu',
        emulation: 'elf64lriscv',
        // gcc calls functions of its own library for what the instruction set lacks: counting leading zeros, for one.
        gccLibrary: true,
    },
};

/** Files of zlib that inflate needs. Its CRC is ours: host/crc32.c. */
const zlibFiles = ['inflate.c', 'inffast.c', 'inftrees.c', 'adler32.c', 'zutil.c'];

/** Freestanding code, at a fixed address, without what would need support from a library or a loader. */
const codeOptions = [
    '-std=c11',
    '-fasm', // the kernel's headers say asm
    '-O2',
    '-g',
    '-ffreestanding',
    '-fno-pic',
    '-fno-stack-protector',
    '-fno-asynchronous-unwind-tables',
    '-ffunction-sections',
    '-fno-common',
    '-DNDEBUG', // or the kernel's headers want an assertion handler
];

const warnings = ['-Wall', '-Wextra', '-Werror'];

/**
 * Generated C follows WebAssembly, not good style: no warnings. Signalling NaNs and the rounding mode must be left alone.
 */
const generatedOptions = ['-w', '-frounding-math', '-fsignaling-nans', '-std=gnu11'];

/** Optimization that differs for one file, with the reason. */
const fileOptions = {
    // A loop in memcpy must not become a call of memcpy.
    'libc/string.c': ['-fno-builtin'],
};

/** The interpreter's loop: gcc copies the dispatching jump into every operation, which clang does not. */
const isForGcc = (file) => /^wasm\/execute[^/]*\.c$/.test(file);

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;

/** The files that a compiler's dependency file names. */
function dependencies(path) {
    if (!existsSync(path)) {
        return null;
    }
    const rule = readFileSync(path, 'utf8').replace(/\\\n/g, ' ');
    return rule
        .slice(rule.indexOf(':') + 1)
        .trim()
        .split(/\s+/);
}

/**
 * Runs a command unless its result is newer than everything it was made from and by the same command. The command is a
 * function of the file that it writes: a draft, which becomes the result when it is whole, so that builds at the same time
 * do not see each other's halves.
 */
async function make(output, commandFor, inputs) {
    const command = commandFor(output);
    const record = `${output}.command`;
    const text = command.join('\n');
    const before = existsSync(record) ? readFileSync(record, 'utf8') : '';
    const made = modified(output);
    const files = inputs ?? dependencies(`${output}.d`);
    if (
        before === text &&
        made >= 0 &&
        files?.every((file) => modified(file) >= 0 && modified(file) <= made)
    ) {
        return false;
    }
    mkdirSync(dirname(output), { recursive: true });
    const draft = `${output}.${process.pid}.draft`;
    try {
        await run(command[0], commandFor(draft).slice(1), { cwd: root, maxBuffer: 1 << 26 });
        renameSync(draft, output);
    } catch (error) {
        rmSync(draft, { force: true });
        if (error.code === 'ENOENT') {
            const compiler = Object.values(architectures).find(({ gcc }) => gcc[0] === command[0]);
            throw new Error(
                `${command[0]} is not installed; install Debian's package ${compiler?.gccPackage ?? command[0]}`,
            );
        }
        throw new Error(`${command[0]} failed for ${relative(root, output)}:\n${error.stderr}`);
    }
    writeFileSync(record, text);
    return true;
}

async function inParallel(tasks) {
    const queue = [...tasks];
    const worker = async () => {
        for (let task = queue.shift(); task; task = queue.shift()) {
            await task();
        }
    };
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
}

/** The folder of the kernel's headers; an error that says what is wrong with the prefix. */
function kernelHeaders(prefix) {
    if (!prefix) {
        return join(root, 'platform', 'linux', 'include');
    }
    const folder = join(resolve(prefix), 'libsel4', 'include');
    if (!existsSync(join(folder, 'sel4', 'sel4.h'))) {
        throw new Error(`${prefix} is no install folder of a kernel: it has no libsel4/include/sel4/sel4.h`);
    }
    return folder;
}

const hash = (...parts) => {
    const sum = createHash('sha256');
    for (const part of parts) {
        sum.update(part).update('\0');
    }
    return sum.digest('hex');
};

/** Bytes of RAM that a kernel was built for, from what its build leaves beside it; 0 if it does not say. */
function kernelMemory(prefix) {
    const path = join(resolve(prefix), 'support', 'platform_gen.json');
    if (!existsSync(path)) {
        return 0;
    }
    const { memory } = JSON.parse(readFileSync(path, 'utf8'));
    return memory.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The text of board.h: what platform/boards/NAME/board.json says, as macros. `memory`: bytes of RAM that the kernel was built for. */
export function boardHeader(name, memory) {
    const board = JSON.parse(readFileSync(join(root, 'platform', 'boards', name, 'board.json'), 'utf8'));
    const lines = [`// Generated from platform/boards/${name}/board.json.`, '#pragma once'];
    const define = (macro, value) => lines.push(`#define SEALIFT_BOARD_${macro} ${value}`);
    define('NAME', JSON.stringify(name));
    define('MEMORY', memory);
    define('COUNTER_FREQUENCY', board.loader.counterFrequency ?? 0);
    for (const [prefix, device] of [
        ['UART', board.uart],
        ['CLOCK', board.realtimeClock],
        ['TIMER', board.timer],
        ['POWER', board.powerOff],
    ]) {
        define(`${prefix}_${device.kind.toUpperCase().replaceAll('-', '_')}`, 1);
        define(`${prefix}_ADDRESS`, device.address ?? 0);
        define(`${prefix}_INTERRUPT`, device.interrupt ?? 0);
        define(`${prefix}_LEVEL`, device.trigger === 'edge' ? 0 : 1);
        define(`${prefix}_CLOCK`, device.clock ?? 0);
    }
    return `${lines.join('\n')}\n`;
}

/** Writes a file unless it holds that text, or those bytes, already. */
function writeIfDifferent(path, contents) {
    if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(contents))) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, contents);
    }
}

/**
 * Validates and translates a module: `embedded`.image, .kept and .data are what the runtime carries (modules.S), and
 * `embedded`.wasm is the module with shorter names. Modules that are compiled ahead of time are validated and bound to
 * their imports in the same way.
 */
function translateModule(world, module, embedded, meter) {
    const bytes = readFileSync(module);
    // The tool says what is wrong with a module that is not valid.
    writeIfDifferent(`${embedded}.wasm`, WebAssembly.validate(bytes) ? withShortNames(bytes) : bytes);
    const options = [world, `${embedded}.wasm`, embedded, ...(meter ? ['--meter'] : [])];
    const { status, stderr, error } = spawnSync(buildTool('wasm_translate'), options, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr?.trim() || `wasm_translate did not run: ${error?.message}`);
}

/** Bytes of the sections of an ELF file, by name. */
function sectionSizes(path) {
    const file = readFileSync(path);
    const sectionTable = Number(file.readBigUInt64LE(0x28));
    const entrySize = file.readUInt16LE(0x3a);
    const count = file.readUInt16LE(0x3c);
    const at = (index) => sectionTable + index * entrySize;
    const names = Number(file.readBigUInt64LE(at(file.readUInt16LE(0x3e)) + 0x18));
    const sizes = new Map();
    for (let index = 1; index < count; index++) {
        const begin = names + file.readUInt32LE(at(index));
        const name = file.toString('latin1', begin, file.indexOf(0, begin));
        sizes.set(name, Number(file.readBigUInt64LE(at(index) + 0x20)));
    }
    return sizes;
}

/**
 * Builds the runtime.
 * @param {{ architecture?: string, sel4?: string, board?: string, manager?: string, unpacker?: string, sentry?: string, output?: string,
 *          countInstructions?: boolean, aot?: boolean, say?: (text: string) => void }} [options]
 * @returns {Promise<{ elf: string, sizes: Map<string, number> }>} the file, and its sections' sizes in bytes
 */
export async function buildRuntime(options = {}) {
    const name = options.architecture ?? 'x86_64';
    const architecture = architectures[name];
    if (!architecture) {
        throw new Error(
            `the C runtime does not know the architecture ${name}; it knows ${Object.keys(architectures)}`,
        );
    }
    const prefix = options.sel4;
    if (name !== 'x86_64' && (!prefix || !options.board)) {
        throw new Error(
            `the C runtime for ${name} needs a kernel and a board: give --sel4 and --board (platform/linux is x86_64 only)`,
        );
    }
    const headers = kernelHeaders(prefix);
    const counting = options.countInstructions === true;
    const aot = options.aot === true;
    if (counting && aot) {
        throw new Error('--count-instructions counts what the interpreter executes: it cannot go with --aot');
    }
    const variant = (prefix ? 'sel4' : 'linux') + (counting ? '-counting' : '') + (aot ? '-aot' : '');
    const target = join(root, 'build', 'runtime', name, variant);
    // Objects of one kernel are not those of another. The folder's name tells them apart; the objects do not depend on the
    // modules, so that a changed module is only linked again.
    const kernelHash = prefix
        ? `-${hash(headers, readFileSync(join(headers, 'autoconf.h')), options.board ?? '').slice(0, 16)}`
        : '';
    const objectFolder = join(target, `objects${kernelHash}`);
    const isBoard = architecture.folders.includes('host/board');
    if (isBoard) {
        writeIfDifferent(join(objectFolder, 'board.h'), boardHeader(options.board, kernelMemory(prefix)));
    }
    const definitions = [
        ...(counting ? ['-DSEALIFT_COUNT_INSTRUCTIONS'] : []),
        ...(aot ? ['-DSEALIFT_AOT'] : []),
    ];
    const elf = options.output ? resolve(root, options.output) : join(target, 'runtime.elf');
    const [manager, unpacker, sentry] = ['manager', 'unpacker', 'sentry'].map((name) => {
        const module = resolve(root, options[name] ?? `build/wasm/${name}.wasm`);
        if (!existsSync(module)) {
            throw new Error(
                `${relative(root, module)} is not there: build it first, or name a file with --${name}`,
            );
        }
        const embedded = elf.replace(/(\.elf)?$/, `-${name}`);
        translateModule(name, module, embedded, counting);
        return embedded;
    });
    const zlib = debianSource('zlib', options.say);
    const zstd = join(debianSource('libzstd', options.say), 'lib');
    const search = [
        ...(aot ? ['-I', join(runtimeFolder, 'aot'), '-I', join(runtimeFolder, 'aot', 'include')] : []),
        ...(isBoard ? ['-I', objectFolder] : []),
        '-I',
        runtimeFolder,
        '-I',
        join(runtimeFolder, 'libc'),
        '-isystem',
        zlib,
        '-isystem',
        zstd,
        '-isystem',
        headers,
    ];
    const clang = ['clang-19', ...architecture.clang, '-nostdlibinc'];
    const { gcc } = architecture;
    const objects = [];
    const tasks = [];
    const compile = (source, object, command, extra) => {
        const output = join(objectFolder, object);
        objects.push(output);
        // -MD, not -MMD: the kernel's headers count as well.
        const full = [...command, ...extra, '-MD', '-MF', `${output}.d`, '-c', source, '-o'];
        tasks.push(() => make(output, (file) => [...full, file]));
    };
    const engine = aot ? compiled : interpreter;
    for (const part of [...engine, ...commonFolders, ...architecture.folders]) {
        const entries = part.endsWith('.c') ? [''] : readdirSync(join(runtimeFolder, part)).sort();
        for (const entry of entries) {
            const file = entry ? `${part}/${entry}` : part;
            const object = `${file.replaceAll('/', '-')}.o`;
            const source = join(runtimeFolder, file);
            if (file === 'boot/modules.S') {
                continue;
            }
            if (file.endsWith('.c')) {
                const command = isForGcc(file) ? gcc : clang;
                const extra = [
                    ...codeOptions,
                    ...warnings,
                    '-DZ_SOLO',
                    ...definitions,
                    ...search,
                    ...(fileOptions[file] ?? []),
                ];
                compile(source, object, command, extra);
            } else if (file.endsWith('.S')) {
                compile(source, object, clang, search);
            }
        }
    }
    for (const file of zlibFiles) {
        const extra = [...codeOptions, '-w', '-DZ_SOLO', '-I', join(runtimeFolder, 'libc'), '-I', zlib];
        compile(join(zlib, file), `zlib-${file}.o`, clang, extra);
    }
    for (const file of zstdFiles) {
        // A layer is decompressed once, and its digest takes longer: small before fast.
        const extra = [...codeOptions, '-w', '-Oz', '-fdata-sections', ...zstdOptions];
        extra.push('-I', join(runtimeFolder, 'libc'));
        compile(join(zstd, file), `zstd-${basename(file)}.o`, clang, extra);
    }
    if (aot) {
        // Beside the result, like the object with the modules: objects do not depend on the modules otherwise.
        for (const [module, label] of [
            [sentry, 'sentry'],
            [unpacker, 'unpacker'],
            [manager, 'manager'],
        ]) {
            const source = elf.replace(/(\.elf)?$/, `-compiled-${label}.c`); // program.ld knows the names
            writeCompiledModule(`${module}.wasm`, label, source);
            const output = source.replace(/c$/, 'o');
            objects.push(output);
            const full = [...gcc, ...codeOptions.filter((option) => option !== '-g'), ...generatedOptions];
            full.push(...search, '-MD', '-MF', `${output}.d`, '-c', source, '-o');
            tasks.unshift(() => make(output, (file) => [...full, file])); // these take longest
        }
    }
    await inParallel(tasks);
    const modules = join(dirname(elf), `${basename(elf, '.elf')}-modules.o`);
    const source = join(runtimeFolder, 'boot', 'modules.S');
    const partsOf = (module) => [`${module}.kept`, `${module}.image`];
    const parts = [...partsOf(sentry), `${sentry}.data`, ...partsOf(unpacker), ...partsOf(manager)];
    const hashOf = (file) => hash(readFileSync(file));
    const define = (symbol, file) => `-D${symbol}="${file}"`;
    await make(
        modules,
        (file) => [
            ...clang,
            define('SENTRY_WASM', parts[0]),
            define('SENTRY_IMAGE', parts[1]),
            define('SENTRY_DATA', parts[2]),
            define('UNPACKER_WASM', parts[3]),
            define('UNPACKER_IMAGE', parts[4]),
            define('MANAGER_WASM', parts[5]),
            define('MANAGER_IMAGE', parts[6]),
            ...definitions,
            `-DMODULES="${parts.map(hashOf).join(' ')}"`, // made again when their contents change
            '-c',
            source,
            '-o',
            file,
        ],
        [source],
    );
    objects.push(modules);
    const script = join(runtimeFolder, 'boot', 'program.ld');
    const link = [
        'ld.lld-19',
        '-m',
        architecture.emulation,
        '-static',
        '-nostdlib',
        '--gc-sections',
        '--fatal-warnings',
    ];
    link.push('-z', 'max-page-size=4096', '-z', 'noexecstack', '--build-id=none', '-T', script);
    if (architecture.gccLibrary) {
        const { stdout } = await run(gcc[0], [...gcc.slice(1), '-print-libgcc-file-name']);
        objects.push(stdout.trim());
    }
    await make(elf, (file) => [...link, '-o', file, ...objects], [script, ...objects]);
    return { elf, sizes: sectionSizes(elf) };
}

async function main() {
    const { values } = parseArgs({
        options: {
            architecture: { type: 'string' },
            sel4: { type: 'string' },
            board: { type: 'string' },
            manager: { type: 'string' },
            unpacker: { type: 'string' },
            sentry: { type: 'string' },
            output: { type: 'string' },
            'count-instructions': { type: 'boolean' },
            aot: { type: 'boolean' },
        },
    });
    const { elf, sizes } = await buildRuntime({
        ...values,
        countInstructions: values['count-instructions'],
        say: (text) => console.error(text),
    });
    const size = (name) => (sizes.get(name) ?? 0).toLocaleString('en');
    console.log(relative(root, elf));
    console.log(`  text ${size('.text')}, constants ${size('.rodata')}, state ${size('.bss')} bytes`);
    console.log(
        `  translated: sentry.wasm ${size('.wasm.sentry')} and ${size('.wasm.sentry.data')} of data, unpacker.wasm ${size('.wasm.unpacker')}, manager.wasm ${size('.wasm.manager')} bytes (whole pages)`,
    );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    main().catch((error) => {
        console.error(`build-runtime: ${error.message}`);
        process.exitCode = 1;
    });
}
