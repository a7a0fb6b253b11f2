// SPDX-License-Identifier: Apache-2.0
//
// Generates docs/syscalls.md from the dispatch table: the rows that assembly/sentry/syscalls defines, the numbers of each
// architecture, and the comment above a row that says what is missing:
//
//     // Partial: MREMAP_DONTUNMAP is EINVAL.
//     define(SYS_mremap, mremap, "puuxp");
//
// "Refused:" in place of "Partial:" is for a call that always fails, as it does for a container's programs on Linux.
//
// `node scripts/syscalls.mjs` writes the page; with `--check` it writes nothing and fails when the page is stale.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runMain, StepError } from './progress.mjs';

const page = 'docs/syscalls.md';
const folder = 'assembly/sentry/syscalls';

/** The files with an architecture's numbers, later ones overriding: aarch64 and riscv64 share Linux's common list. */
const lists = {
    x86_64: ['x86_64'],
    aarch64: ['generic', 'aarch64'],
    riscv64: ['generic', 'riscv64'],
};

const read = (path) => readFileSync(join(root, path), 'utf8');

/** Calls by name with their number on an architecture; those that it does not have are left out. */
function readNumbers(folders) {
    const numbers = new Map();
    const row = /^export const SYS_(\w+): u32 = (\d+|ABSENT);$/gm;
    for (const name of folders) {
        for (const [, call, number] of read(`assembly/sentry/arch/${name}/systemCalls.ts`).matchAll(row)) {
            if (number === 'ABSENT') numbers.delete(call);
            else numbers.set(call, Number(number));
        }
    }
    return numbers;
}

/** The rows of one file: name to { file, kind, note }. */
function readRows(file, rows) {
    let comment = [];
    let statement = '';
    for (const line of read(`${folder}/${file}`)
        .split('\n')
        .map((text) => text.trim())) {
        if (line.startsWith('//')) {
            comment.push(line.slice(2).trim());
            continue;
        }
        statement += line;
        if (statement.startsWith('define(') && !statement.endsWith(';')) continue;
        const name = /^define\(SYS_(\w+),/.exec(statement)?.[1];
        if (name !== undefined) {
            if (rows.has(name)) throw new StepError(`${folder}/${file}: ${name} is defined twice`);
            const remark = /^(Partial|Refused): (.+)$/.exec(comment.join(' '));
            rows.set(name, { file, kind: remark?.[1].toLowerCase() ?? 'full', note: remark?.[2] ?? '' });
        }
        comment = [];
        statement = '';
    }
}

function writePage() {
    const numbers = Object.entries(lists).map(([title, folders]) => ({
        title,
        numbers: readNumbers(folders),
    }));
    const rows = new Map();
    for (const file of readdirSync(join(root, folder)).sort()) {
        if (file !== 'table.ts') readRows(file, rows);
    }
    const names = [...new Set(numbers.flatMap((list) => [...list.numbers.keys()]))].sort();
    const stray = [...rows.keys()].filter((name) => !names.includes(name));
    if (stray.length > 0)
        throw new StepError(`${folder}: no architecture has a number for ${stray.join(', ')}`);

    const of = (kind) => names.filter((name) => rows.get(name)?.kind === kind);
    const absent = names.filter((name) => !rows.has(name));
    const number = (name) => numbers.map((list) => list.numbers.get(name) ?? '–').join(' | ');
    const table = (kind, title) => [
        `| call | ${numbers.map((list) => list.title).join(' | ')} | ${title} | source |`,
        `|---|${numbers.map(() => '---:|').join('')}---|---|`,
        ...of(kind).map((name) => {
            const { file, note } = rows.get(name);
            return `| ${name} | ${number(name)} | ${note.replaceAll('|', '\\|')} | ${file} |`;
        }),
    ];
    return [
        `<!-- Generated from ${folder} by \`node scripts/syscalls.mjs\`. Do not edit. -->`,
        '',
        '# System calls',
        '',
        `Of the ${names.length} system calls that Linux 6.1 has a number for on x86_64, aarch64 or riscv64, the sentry answers ${rows.size}:`,
        `${of('full').length} in full, ${of('partial').length} in part; ${of('refused').length} are always refused with the error that a container's programs get on Linux. ${absent.length} are absent: \`ENOSYS\`.`,
        'An option that is not supported is refused with the error that Linux has for an unknown one. Unknown calls and refused options are',
        'counted, and named when the container ends; `sealift run --strace` shows each. "In full" means every documented option that can have an',
        'effect in a container; [linux-abi.md](linux-abi.md) has what public test suites say.',
        '',
        '## In part',
        '',
        ...table('partial', 'what is missing'),
        '',
        '## Refused',
        '',
        ...table('refused', 'with which error, and why'),
        '',
        '## Absent',
        '',
        ...absent
            .map((name) => `\`${name}\``)
            .join(', ')
            .match(/.{1,140}(?:, |$)/g)
            .map((line) => line.trimEnd()),
        '',
        '## In full',
        '',
        ...table('full', '').map((line) => line.replace(/\|[^|]*\|([^|]*)\|$/, '|$1|')),
        '',
    ].join('\n');
}

await runMain(async () => {
    const text = writePage();
    const target = join(root, page);
    if (process.argv.includes('--check')) {
        if (existsSync(target) && readFileSync(target, 'utf8') === text) return 0;
        throw new StepError(`${page} is stale: run \`node scripts/syscalls.mjs\` and commit what it writes`);
    }
    writeFileSync(target, text);
    return 0;
});
