// SPDX-License-Identifier: Apache-2.0
//
// Builds what bench:wasm runs: the kernels as modules and natively, and the programs that run modules.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Failure } from '../../cli/failure.js';

// Compiled, this file is build/bench/wasm/programs.js.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'bench', 'wasm');
const runtime = join(root, 'runtime-c');
export const buildFolder = join(root, 'build', 'bench', 'wasm');

/** AssemblyScript's memory management: none (a heap that only grows), or reference counting with cycles collected. */
const RUNTIMES = ['stub', 'incremental'] as const;
const KERNELS = ['sha256', 'inflate', 'hashMap', 'json', 'dispatch'] as const;
/** Kernels that exist in C as well. */
const NATIVE_KERNELS: readonly string[] = ['sha256', 'dispatch'];
const COREMARK_SOURCES = ['core_list_join', 'core_main', 'core_matrix', 'core_state', 'core_util'];

/** A module, and how to run it in each engine: a command that takes the count as its last argument. */
export interface Workload {
    name: string;
    module: string;
    native: string | null;
    /** Sealift's engines: the interpreter by two compilers, and the module compiled ahead of time. */
    interpreter: string;
    interpreterByClang: string;
    compiled: string;
}

const run = promisify(execFile);

/** Runs a compiler; a Failure with what it said. */
async function compile(command: string, ...options: string[]): Promise<void> {
    try {
        await run(command, options, { cwd: root, maxBuffer: 1 << 26 });
    } catch (error) {
        const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string };
        throw new Failure(`${command}: it failed: ${stderr || stdout || message}`);
    }
}

const filesOf = (folder: string): string[] =>
    readdirSync(join(runtime, folder))
        .filter((name) => name.endsWith('.c'))
        .map((name) => join(runtime, folder, name));

/** Options that the product's build has too (scripts/build-runtime.mjs), as far as they matter for speed. */
const OPTIONS = [
    '-std=gnu11',
    '-O2',
    '-fno-pic',
    '-fno-pie',
    '-no-pie',
    '-fno-stack-protector',
    '-fcf-protection=none',
];
const INCLUDES = ['-I', runtime];

/** The interpreter's program by a compiler. */
async function buildInterpreter(compiler: string): Promise<string> {
    const program = join(buildFolder, `driver-${compiler}`);
    await compile(
        compiler,
        ...OPTIONS,
        ...INCLUDES,
        join(sources, 'driver.c'),
        ...filesOf('wasm'),
        '-o',
        program,
    );
    return program;
}

/** The program of one module compiled ahead of time, as `sealift run --aot` compiles it. */
async function buildCompiled(module: string, name: string): Promise<string> {
    const { writeCompiledModule } = (await import(join(root, 'scripts', 'compile-module.mjs'))) as {
        writeCompiledModule: (path: string, name: string, output: string) => void;
    };
    const code = join(buildFolder, `${name}.compiled.c`);
    const object = join(buildFolder, `${name}.compiled.o`);
    const program = join(buildFolder, `${name}.compiled`);
    writeCompiledModule(module, 'kernel', code);
    const aot = ['-I', join(runtime, 'aot')];
    const generated = ['-w', '-frounding-math', '-fsignaling-nans', '-I', join(runtime, 'aot', 'include')];
    await compile('gcc', ...OPTIONS, ...aot, ...INCLUDES, ...generated, '-c', code, '-o', object);
    const shared = ['unwind.c', 'trap_message.c'].map((file) => join(runtime, 'wasm', file));
    const files = [join(sources, 'driver.c'), ...filesOf('aot'), ...shared, object];
    await compile('gcc', ...OPTIONS, '-DSEALIFT_AOT', ...aot, ...INCLUDES, ...files, '-o', program);
    return program;
}

async function buildKernelModule(kernel: string, memory: string): Promise<string> {
    const module = join(buildFolder, `${kernel}.${memory}.wasm`);
    const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
    const source = join(sources, 'kernels', `${kernel}.ts`);
    const config = ['--config', join(sources, 'asconfig.json'), '--runtime', memory];
    await compile(process.execPath, compiler, source, ...config, '-o', module);
    return module;
}

async function buildNativeKernel(kernel: string): Promise<string> {
    const program = join(buildFolder, `${kernel}.native`);
    const files = [`${kernel}.c`, 'main.c'].map((file) => join(sources, 'native', file));
    await compile('gcc', '-O2', ...files, '-o', program);
    return program;
}

/** CoreMark from its sources: the module and the native program. */
async function buildCoreMark(folder: string): Promise<{ module: string; native: string }> {
    if (!existsSync(join(folder, 'core_main.c')))
        throw new Failure(
            `--coremark=${folder}: it has no core_main.c; give a checkout of EEMBC's coremark repository`,
        );
    const files = COREMARK_SOURCES.map((name) => join(folder, `${name}.c`));
    files.push(join(sources, 'coremark', 'core_portme.c'));
    const includes = ['-w', '-I', join(sources, 'coremark'), '-I', folder];
    const module = join(buildFolder, 'coremark.wasm');
    const target = [
        '--target=wasm32',
        '-O3',
        '-nostdlib',
        '-ffreestanding',
        '-Wl,--no-entry',
        '-Wl,--export=run',
    ];
    await compile('clang-19', ...target, ...includes, ...files, '-o', module);
    const native = join(buildFolder, 'coremark.native');
    // Its main is a part of the kernel: the program has its own.
    const object = join(buildFolder, 'coremark.o');
    await compile(
        'gcc',
        '-O2',
        '-r',
        '-nostdlib',
        '-Dmain=coremark_main',
        ...includes,
        ...files,
        '-o',
        object,
    );
    await compile('gcc', '-O2', join(sources, 'native', 'main.c'), object, '-o', native);
    return { module, native };
}

/** Builds everything; `say` is told what is being built. */
export async function buildWorkloads(
    coremark: string | undefined,
    only: string | undefined,
    say: (text: string) => void,
): Promise<Workload[]> {
    mkdirSync(buildFolder, { recursive: true });
    const { writeInflateInput } = (await import(join(sources, 'inflateInput.mjs'))) as {
        writeInflateInput: (path: string) => void;
    };
    writeInflateInput(join(buildFolder, 'inflateInput.ts'));
    say('the interpreter');
    const interpreter = await buildInterpreter('gcc');
    const interpreterByClang = await buildInterpreter('clang-19');
    const workloads: Workload[] = [];
    const add = async (name: string, module: string, native: string | null): Promise<void> => {
        const compiled = await buildCompiled(module, name);
        workloads.push({ name, module, native, interpreter, interpreterByClang, compiled });
    };
    const wanted = (name: string): boolean => only === undefined || name.startsWith(only);
    for (const memory of RUNTIMES)
        for (const kernel of KERNELS) {
            const name = `${kernel}.${memory}`;
            if (!wanted(name)) continue;
            say(name);
            const native = NATIVE_KERNELS.includes(kernel) ? await buildNativeKernel(kernel) : null;
            await add(name, await buildKernelModule(kernel, memory), native);
        }
    if (coremark !== undefined && wanted('coremark')) {
        say('coremark');
        const { module, native } = await buildCoreMark(coremark);
        await add('coremark', module, native);
    }
    if (workloads.length === 0) throw new Failure(`--only=${only}: no workload begins with that`);
    return workloads;
}

/** Bytes of code of the interpreter's objects, compiled by gcc -O2 on their own. */
export async function interpreterText(): Promise<number> {
    let sum = 0;
    for (const file of filesOf('wasm')) {
        const object = join(buildFolder, 'text.o');
        await compile('gcc', ...OPTIONS, ...INCLUDES, '-c', file, '-o', object);
        const { stdout } = await run('size', [object]);
        sum += Number(stdout.trim().split('\n')[1]?.trim().split(/\s+/)[0]);
    }
    return sum;
}

/** What the interpreter says that a module takes, in bytes. */
export async function moduleSizes(
    interpreter: string,
    module: string,
): Promise<{ image: number; code: number; instance: number }> {
    const { stdout } = await run(interpreter, [module, 'sizes']);
    const numbers = stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[1]));
    return { image: numbers[0]!, code: numbers[1]!, instance: numbers[2]! };
}
