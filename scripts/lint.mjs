// SPDX-License-Identifier: Apache-2.0
//
// Checks layout and common mistakes in every language of the project.
//
//   npm run lint                checks; writes nothing
//   npm run format              mends what can be mended (`--fix`)
//
// Files are those that git knows or would add.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root, runMain, runStep, StepError } from './progress.mjs';
import { setUp } from './setup.mjs';

const node = process.execPath;

/** Compilers' options with which clang-tidy reads the C files of a folder; the first folder that fits counts. */
const tidyOptions = {
    'runtime-c/tools/': ['-std=gnu11', '-D_GNU_SOURCE', '-Iruntime-c'],
    'runtime-c/': [
        '--target=x86_64-unknown-none-elf',
        '-std=gnu11',
        '-ffreestanding',
        '-DZ_SOLO',
        '-Iruntime-c',
        '-Iruntime-c/aot',
        '-Iruntime-c/libc',
        '-Iplatform/linux/include',
    ],
    'platform/linux/': ['-std=gnu11', '-D_GNU_SOURCE', '-Iplatform/linux/include'],
};

/** Other people's headers, which clang-tidy needs for these files and which are there only after a build. */
const notTidied = ['runtime-c/host/codec.c', 'runtime-c/host/unzstd.c'];
/** And these need the headers of a kernel for their architecture, or a board's facts (scripts/build-runtime.mjs). */
const needsKernelHeaders = /^runtime-c\/((sel4|boot)\/(aarch64|riscv64)|host\/board)\//;

function projectFiles() {
    const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
    });
    return output.split('\0').filter((path) => path !== '');
}

/** Files with one of the endings that people write. */
function written(files, ...endings) {
    return files.filter((path) => endings.includes(extname(path)) && !path.includes('/generated/'));
}

const isAssemblyScript = (path) =>
    /^(assembly|tests\/(unit|manager|host\/machine)|bench\/wasm\/kernels)\/.*\.ts$/.test(path);

/**
 * AssemblyScript has decorators on functions, which TypeScript's grammar, and so Prettier, has not: at the beginning of a
 * line they are hidden in comments for the time of formatting.
 */
const hideDecorators = (text) => text.replace(/^@(?=\w)/gm, '//@@');
const showDecorators = (text) => text.replace(/^\/\/@@/gm, '@');

async function checkPrettier(step, files, fix) {
    const prettier = await import('prettier');
    let wrong = 0;
    for (const path of written(files, '.ts', '.mts', '.mjs', '.js')) {
        const absolute = join(root, path);
        const options = { ...(await prettier.resolveConfig(absolute)), filepath: absolute };
        const text = readFileSync(absolute, 'utf8');
        const hidden = isAssemblyScript(path);
        let formatted;
        try {
            formatted = await prettier.format(hidden ? hideDecorators(text) : text, options);
        } catch (error) {
            step.log(`${path}: ${error.message}`);
            wrong++;
            continue;
        }
        if (hidden) formatted = showDecorators(formatted);
        if (formatted === text) continue;
        if (fix) writeFileSync(absolute, formatted);
        else {
            step.log(`${path}: not as Prettier lays it out; run \`npm run format\``);
            wrong++;
        }
    }
    if (wrong > 0) throw new StepError(`${wrong} files`);
}

async function checkClangTidy(step, files) {
    const folders = Object.keys(tidyOptions);
    for (const [folder, options] of Object.entries(tidyOptions)) {
        const sources = written(files, '.c').filter(
            (path) =>
                folders.find((start) => path.startsWith(start)) === folder &&
                !notTidied.includes(path) &&
                !needsKernelHeaders.test(path),
        );
        await step.run('clang-tidy-19', ['--quiet', ...sources, '--', ...options]);
    }
}

const LICENCE_LINE = 'SPDX-License-Identifier: Apache-2.0';

/** Every source file says its licence in one of its first lines (behind a #! line). */
function checkLicences(step, files) {
    const missing = written(
        files,
        '.ts',
        '.mts',
        '.mjs',
        '.js',
        '.c',
        '.h',
        '.S',
        '.ld',
        '.wit',
        '.sh',
    ).filter(
        (path) => !readFileSync(join(root, path), 'utf8').split('\n', 2).join('\n').includes(LICENCE_LINE),
    );
    for (const path of missing) step.log(`${path}: its first line does not say "${LICENCE_LINE}"`);
    if (missing.length > 0) throw new StepError(`${missing.length} files`);
}

/** AssemblyScript's own compiler without optimization: types and names. */
async function checkAssemblyScript(step) {
    const fast = ['--noEmit', '--optimizeLevel', '0', '--shrinkLevel', '0'];
    for (const [entry, target] of [
        ['assembly/manager/main.ts', 'manager'],
        ['assembly/sentry/main.ts', 'sentry'],
        ['assembly/component/main.ts', 'image'],
    ]) {
        await step.run(node, ['node_modules/assemblyscript/bin/asc.js', entry, '--target', target, ...fast]);
    }
}

const checks = [
    {
        name: 'wit',
        title: 'generated files are fresh',
        check: (step) => step.run(node, ['scripts/wit.mjs', '--check']),
    },
    {
        name: 'syscalls',
        title: 'docs/syscalls.md is as the dispatch table says',
        check: (step, files, fix) => step.run(node, ['scripts/syscalls.mjs', ...(fix ? [] : ['--check'])]),
        fixes: true,
    },
    { name: 'licences', title: 'every source file names the licence', check: checkLicences },
    { name: 'prettier', title: 'TypeScript and AssemblyScript: Prettier', check: checkPrettier, fixes: true },
    {
        name: 'eslint',
        title: 'TypeScript: ESLint',
        check: (step, files, fix) =>
            step.run(node, [
                'node_modules/eslint/bin/eslint.js',
                '.',
                ...(fix ? ['--fix'] : ['--max-warnings=0']),
            ]),
        fixes: true,
    },
    {
        name: 'tsc',
        title: 'TypeScript: tsc --strict',
        check: (step) =>
            step.run(node, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']),
    },
    { name: 'asc', title: 'AssemblyScript: asc', check: checkAssemblyScript },
    {
        name: 'clang-format',
        title: 'C: clang-format',
        check: (step, files, fix) =>
            step.run('clang-format-19', [
                ...(fix ? ['-i'] : ['--dry-run', '-Werror']),
                ...written(files, '.c', '.h'),
            ]),
        fixes: true,
    },
    { name: 'clang-tidy', title: 'C: clang-tidy', check: checkClangTidy },
];

/** Runs the checks, or the mending ones with `fix`; how many passed and failed. */
async function lint({ fix, names }) {
    const files = projectFiles();
    const counts = { passed: 0, failed: 0 };
    for (const { name, title, check, fixes } of checks) {
        if ((fix && !fixes) || (names.length > 0 && !names.includes(name))) continue;
        try {
            await runStep(`lint-${name}`, title, (step) => check(step, files, fix));
            counts.passed++;
        } catch (error) {
            if (!(error instanceof StepError)) throw error;
            process.stderr.write(`${error.message}\n`);
            counts.failed++;
        }
    }
    return counts;
}

await runMain(async () => {
    await setUp({ forTests: true });
    const wanted = process.argv.slice(2);
    const { passed, failed } = await lint({
        fix: wanted.includes('--fix'),
        names: wanted.filter((name) => name !== '--fix'),
    });
    console.log(`${passed} passed, ${failed} failed, 0 skipped`);
    return failed === 0 ? 0 : 1;
});
