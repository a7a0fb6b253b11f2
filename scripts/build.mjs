// SPDX-License-Identifier: Apache-2.0
//
// Builds everything that running a container takes, and the demonstration images. Each step is skipped when what it is
// made from has not changed.
//
//   node scripts/build.mjs [STEP...]     all steps, or the named ones
//
// Set-up runs first, so this works on a fresh checkout.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { hashInputs, isFresh, stamp } from './inputs.mjs';
import { root, runMain, runStep, StepError } from './progress.mjs';
import { ARCHITECTURES, sentryFile } from './sentry.mjs';
import { vdsoFile } from './vdso.mjs';
import { setUp } from './setup.mjs';

const node = process.execPath;

/** Independent steps that run at a time. */
const LANES = Math.min(2, availableParallelism());

/** A module of the target, from assembly/<name>/main.ts to build/wasm/<name>.wasm. */
function wasmModule(name, title) {
    return {
        name: `${name}.wasm`,
        title,
        isIndependent: true,
        inputs: ['assembly', 'asconfig.json', 'package-lock.json'],
        outputs: [`build/wasm/${name}.wasm`],
        command: [
            node,
            'node_modules/assemblyscript/bin/asc.js',
            `assembly/${name}/main.ts`,
            '--target',
            name,
        ],
    };
}

/** The sentry for one architecture. */
function sentryModule(architecture) {
    const file = sentryFile(architecture);
    return {
        name: file.slice('build/wasm/'.length).replace('/', '-'),
        title: `Compile the sentry to WebAssembly for ${architecture}`,
        isIndependent: true,
        inputs: [
            'assembly',
            'asconfig.json',
            'package-lock.json',
            'scripts/sentry.mjs',
            vdsoFile(architecture),
        ],
        outputs: [file],
        command: [node, 'scripts/sentry.mjs', architecture],
    };
}

/**
 * The steps in order: `inputs` are files and folders whose contents decide whether `command` has to run again,
 * `outputs` what must be there afterwards. Adjacent steps that are independent run two at a time: each keeps one core busy.
 */
const steps = [
    {
        name: 'wit',
        title: 'Generate both sides of the Wasm boundary',
        inputs: ['wit', 'scripts/wit.mjs', 'runtime-c/host/boot_keys.h'],
        outputs: ['runtime-c/host/generated/imports.h', 'assembly/sel4/generated/host.ts'],
        command: [node, 'scripts/wit.mjs'],
    },
    {
        name: 'vdso',
        title: 'Build the vDSO',
        inputs: ['runtime-c/vdso', 'scripts/vdso.mjs'],
        outputs: ARCHITECTURES.map(vdsoFile),
        command: [node, 'scripts/vdso.mjs'],
    },
    wasmModule('manager', 'Compile the manager to WebAssembly'),
    wasmModule('unpacker', 'Compile the unpacker to WebAssembly'),
    ...ARCHITECTURES.map(sentryModule),
    {
        name: 'component',
        title: 'Build the image reader for Node',
        isIndependent: true,
        inputs: [
            'assembly/oci',
            'assembly/std',
            'assembly/component',
            'assembly/unpacker',
            'wit/image.wit',
            'scripts/component.mjs',
            'asconfig.json',
            'package-lock.json',
        ],
        outputs: ['build/component/load.mjs', 'build/component/image.js'],
        command: [node, 'scripts/component.mjs'],
    },
    {
        name: 'tools',
        title: 'Build the tools for WebAssembly modules',
        inputs: ['runtime-c', 'scripts/build-tools.mjs'],
        outputs: ['build/tools/wasm_dump', 'build/tools/wasm_translate'],
        command: [node, 'scripts/build-tools.mjs'],
    },
    {
        name: 'runtime',
        title: 'Build the C runtime',
        inputs: [
            'runtime-c',
            'platform/linux/include',
            'scripts/build-runtime.mjs',
            'scripts/build-tools.mjs',
            'scripts/compile-module.mjs',
            'scripts/wasm-sections.mjs',
            'scripts/wasm-names.mjs',
            'scripts/debian-source.mjs',
            'build/wasm/manager.wasm',
            'build/wasm/unpacker.wasm',
            'build/wasm/sentry.wasm',
        ],
        outputs: ['build/runtime/x86_64/linux/runtime.elf'],
        command: [node, 'scripts/build-runtime.mjs'],
    },
    {
        name: 'loaders',
        title: 'Build the loaders of aarch64 and riscv64',
        inputs: ['platform/boot', 'scripts/build-loader.mjs'],
        outputs: ['build/boot/aarch64/loader.elf', 'build/boot/riscv64/loader.elf'],
        command: [node, 'scripts/build-loader.mjs'],
    },
    {
        name: 'linux',
        title: "Build the model of seL4's API on Linux",
        inputs: ['platform/linux'],
        outputs: ['build/linux/sealift-linux-kernel'],
        command: [node, 'platform/linux/build.mjs'],
    },
    {
        name: 'cli',
        title: 'Compile the command line',
        inputs: [
            'cli',
            'bench',
            'tests/bench',
            'tests/cli',
            'tests/e2e',
            'tests/images',
            'tests/linux',
            'tests/fuzz',
            'tests/suites',
            'tsconfig.json',
            'package-lock.json',
        ],
        outputs: ['build/cli/main.js', 'build/tests/images/makeImages.js'],
        command: [node, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
    },
    {
        name: 'images',
        title: 'Make the demonstration images from Debian and npm packages',
        inputs: ['tests/images', 'cli/image/tarWriter.ts', 'package-lock.json'],
        outputs: ['build/images/demo/index.json', 'build/images/esbuild/index.json'],
        command: [node, 'build/tests/images/makeImages.js'],
    },
];

/** Builds the named steps, or all; returns how many had something to do. */
export async function build(names = []) {
    const known = steps.map(({ name }) => name);
    const unknown = names.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
        throw new StepError(
            `build step ${unknown.join(', ')}: there is none; the steps are ${known.join(', ')}`,
        );
    }
    let done = 0;
    const perform = async ({ name, title, inputs, outputs, command }) => {
        const hash = hashInputs(inputs, command);
        if (isFresh(name, hash, outputs)) return;
        stamp(name, null);
        await runStep(`build-${name}`, title, (step) => step.run(command[0], command.slice(1)));
        stamp(name, hash);
        done++;
    };
    const waiting = steps.filter(({ name }) => names.length === 0 || names.includes(name));
    const lane = async () => {
        while (waiting[0]?.isIndependent) await perform(waiting.shift());
    };
    while (waiting.length > 0) {
        if (waiting[0].isIndependent) await Promise.all(Array.from({ length: LANES }, lane));
        else await perform(waiting.shift());
    }
    return done;
}

if (process.argv[1] === join(root, 'scripts', 'build.mjs')) {
    await runMain(async () => {
        await setUp();
        if ((await build(process.argv.slice(2))) === 0) process.stderr.write('  ✔ Everything is built\n');
    });
}
