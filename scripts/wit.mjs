// SPDX-License-Identifier: Apache-2.0
//
// Writes what both sides of the Wasm boundary compile against, from the one place that states it:
//
//   wit/sealift.wit              ->  runtime-c/host/generated/imports.h      the C runtime's import tables
//                                ->  assembly/sel4/generated/host.ts         AssemblyScript declarations
//   runtime-c/host/boot_keys.h   ->  assembly/sel4/generated/boot-keys.ts    keys of boot.value
//
// `node scripts/wit.mjs` writes them; with `--check` it writes nothing and fails when one of them is stale.
//
// The parser knows the part of WIT that the contract uses: one package, interfaces of integer type aliases and of
// functions over scalars, worlds that import whole interfaces. Anything else is an error that names the line: a
// function whose canonical ABI is not one core function of the same shape must not slip in.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Scalars of WIT: letter in a signature of wasm.h, and the AssemblyScript type. */
const scalars = {
    u32: { letter: 'i', script: 'u32' },
    s32: { letter: 'i', script: 'i32' },
    u64: { letter: 'I', script: 'u64' },
    s64: { letter: 'I', script: 'i64' },
    f32: { letter: 'f', script: 'f32' },
    f64: { letter: 'F', script: 'f64' },
};

// ------------------------------------------------------------------------------------------------ parser

/**
 * Splits WIT text into tokens. Documentation comments (`///`) are kept and belong to the token that follows them.
 * @returns {{ text: string, line: number, documentation: string[] }[]}
 */
function tokenize(source, file) {
    const tokens = [];
    let documentation = [];
    source.split('\n').forEach((content, index) => {
        const line = index + 1;
        const comment = /^\s*\/\/\/ ?(.*)$/.exec(content);
        if (comment) {
            documentation.push(comment[1].trimEnd());
            return;
        }
        const code = content.replace(/\/\/.*$/, '');
        const pattern = /\s*(->|[A-Za-z][\w-]*|[0-9]+(?:\.[0-9]+)*|[{}():;=,@.])/gy;
        let end = 0;
        for (let match = pattern.exec(code); match; match = pattern.exec(code)) {
            tokens.push({ text: match[1], line, documentation });
            documentation = [];
            end = pattern.lastIndex;
        }
        if (code.slice(end).trim() !== '') {
            throw new Error(`${file}:${line}: unexpected "${code.slice(end).trim()}"`);
        }
    });
    return tokens;
}

/**
 * Parses WIT.
 * @returns {{ package: string, version: string,
 *             interfaces: Map<string, { name: string, documentation: string[], functions: object[] }>,
 *             worlds: Map<string, { name: string, imports: string[] }> }}
 */
export function parseWit(source, file) {
    const tokens = tokenize(source, file);
    let position = 0;
    const here = () => tokens[position] ?? { text: 'the end of the file', line: tokens.at(-1)?.line ?? 1 };
    const fail = (message) => {
        throw new Error(`${file}:${here().line}: ${message}`);
    };
    const take = () => tokens[position++] ?? fail('unexpected end of the file');
    const expect = (text) =>
        here().text === text ? take() : fail(`expected "${text}", found "${here().text}"`);
    const accept = (text) => here().text === text && position++ >= 0;
    const name = () =>
        /^[A-Za-z]/.test(here().text) ? take() : fail(`expected a name, found "${here().text}"`);

    const scalar = (aliases) => {
        const type = name().text;
        const target = aliases.get(type) ?? type;
        return scalars[target]
            ? target
            : fail(`type "${type}" is not a scalar: pass an address and a length`);
    };

    const parseFunction = (label, aliases) => {
        expect('func');
        expect('(');
        const parameters = [];
        while (!accept(')')) {
            const parameter = name().text;
            expect(':');
            parameters.push({ name: parameter, type: scalar(aliases) });
            if (here().text !== ')') {
                expect(',');
            }
        }
        const result = accept('->') ? scalar(aliases) : null;
        expect(';');
        return { name: label.text, documentation: label.documentation, parameters, result };
    };

    const parseInterface = (documentation) => {
        const label = name().text;
        const aliases = new Map();
        const functions = [];
        expect('{');
        while (!accept('}')) {
            if (accept('type')) {
                const alias = name().text;
                expect('=');
                aliases.set(alias, scalar(aliases));
                expect(';');
            } else {
                const member = name();
                expect(':');
                functions.push(parseFunction(member, aliases));
            }
        }
        return { name: label, documentation, functions };
    };

    const parseWorld = (interfaces) => {
        const label = name().text;
        const imports = [];
        expect('{');
        while (!accept('}')) {
            if (accept('import')) {
                const imported = name().text;
                if (!interfaces.has(imported)) {
                    fail(`world ${label} imports the unknown interface "${imported}"`);
                }
                imports.push(imported);
                expect(';');
            } else {
                expect('export');
                const exported = name();
                expect(':');
                parseFunction(exported, new Map());
            }
        }
        return { name: label, imports };
    };

    expect('package');
    const namespace = name().text;
    expect(':');
    const packageName = `${namespace}:${name().text}`;
    expect('@');
    const version = take().text;
    expect(';');
    const interfaces = new Map();
    const worlds = new Map();
    while (position < tokens.length) {
        const keyword = take();
        if (keyword.text === 'interface') {
            const parsed = parseInterface(keyword.documentation);
            interfaces.set(parsed.name, parsed);
        } else if (keyword.text === 'world') {
            const parsed = parseWorld(interfaces);
            worlds.set(parsed.name, parsed);
        } else {
            position--;
            fail(`expected "interface" or "world", found "${keyword.text}"`);
        }
    }
    return { package: packageName, version, interfaces, worlds };
}

// ------------------------------------------------------------------------------------------------ names

const camelCase = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
const snakeCase = (name) => name.replace(/-/g, '_');

/** The import module of an interface, as the component model names it. */
const moduleName = (wit, face) => `${wit.package}/${face.name}@${wit.version}`;

/** The C function behind an import. */
const hostFunction = (face, entry) => `host_${snakeCase(face.name)}_${snakeCase(entry.name)}`;

/**
 * The AssemblyScript name of an import. A name of one word says too little outside its interface (`value`, `now`) or
 * is a reserved word (`yield`): it gets the interface's name in front.
 */
const scriptName = (face, entry) =>
    camelCase(entry.name.includes('-') ? entry.name : `${face.name}-${entry.name}`);

/** Parameters ':' results, one letter each: see wasm_host_entry in runtime-c/wasm/wasm.h. */
function signature(entry) {
    const parameters = entry.parameters.map((parameter) => scalars[parameter.type].letter).join('');
    return `${parameters}:${entry.result ? scalars[entry.result].letter : ''}`;
}

// ------------------------------------------------------------------------------------------------ output

const notice = (source) => [
    '// SPDX-License-Identifier: Apache-2.0',
    '//',
    `// Generated from ${source} by \`npm run wit\`. Do not edit.`,
];

function writeImports(wit) {
    const lines = [
        ...notice('wit/sealift.wit'),
        '#ifndef SEALIFT_HOST_GENERATED_IMPORTS_H',
        '#define SEALIFT_HOST_GENERATED_IMPORTS_H',
        '',
        '#include "wasm/wasm.h"',
        '',
        '// A tool that only looks names and types up has no functions: it defines this as NULL.',
        '#ifndef HOST_FUNCTION',
        '#define HOST_FUNCTION(function) function',
        '#endif',
    ];
    lines.push('', '// clang-format off');
    for (const face of wit.interfaces.values()) {
        lines.push('', `// ${moduleName(wit, face)}`);
        for (const entry of face.functions) {
            lines.push(
                `wasm_status ${hostFunction(face, entry)}(wasm_instance *instance, uint64_t *values);`,
            );
        }
    }
    for (const world of wit.worlds.values()) {
        lines.push('', `/// What a module of world \`${world.name}\` may import.`);
        lines.push(`static const wasm_host_entry ${world.name}_imports[] = {`);
        for (const name of world.imports) {
            const face = wit.interfaces.get(name);
            for (const entry of face.functions) {
                lines.push(
                    `    {"${moduleName(wit, face)}", "${entry.name}", "${signature(entry)}", HOST_FUNCTION(${hostFunction(face, entry)})},`,
                );
            }
        }
        lines.push('};');
    }
    return [...lines, '', '#endif', ''].join('\n');
}

function writeHostDeclarations(wit) {
    const lines = notice('wit/sealift.wit');
    const names = new Map();
    for (const face of wit.interfaces.values()) {
        lines.push('', `// ${'-'.repeat(12)} ${moduleName(wit, face)}`);
        face.documentation.forEach((text) => lines.push(`// ${text}`));
        for (const entry of face.functions) {
            const name = scriptName(face, entry);
            if (names.has(name)) {
                throw new Error(
                    `${face.name}.${entry.name} and ${names.get(name)} would both be called ${name}`,
                );
            }
            names.set(name, `${face.name}.${entry.name}`);
            lines.push('');
            if (entry.documentation.length > 0) {
                lines.push('/**', ...entry.documentation.map((text) => ` * ${text}`), ' */');
            }
            const parameters = entry.parameters.map(
                (parameter) => `${camelCase(parameter.name)}: ${scalars[parameter.type].script}`,
            );
            const result = entry.result ? scalars[entry.result].script : 'void';
            lines.push(`@external("${moduleName(wit, face)}", "${entry.name}")`);
            lines.push(`export declare function ${name}(${parameters.join(', ')}): ${result};`);
        }
    }
    return [...lines, ''].join('\n');
}

function writeBootKeys(header, file) {
    const keys = [...header.matchAll(/^((?: {4}\/\/\/ .*\n)+) {4}BOOT_KEY_(\w+) = (\d+),$/gm)];
    if (keys.length === 0) {
        throw new Error(`${file}: found no boot key`);
    }
    keys.forEach(([, , key, value], index) => {
        if (Number(value) !== index) {
            throw new Error(`${file}: BOOT_KEY_${key} is ${value}, the next number is ${index}`);
        }
    });
    const lines = [
        ...notice(file),
        '',
        '/** Keys of bootValue. Sizes are bytes unless a name says pages (4 KiB). */',
    ];
    lines.push('export const enum BootKey {');
    for (const [, comment, key, value] of keys) {
        const documentation = comment
            .replace(/^ {4}\/\/\/ /gm, '')
            .trimEnd()
            .replaceAll('\n', ' ');
        lines.push(`    /** ${documentation} */`, `    ${key} = ${value},`);
    }
    return [...lines, '}', ''].join('\n');
}

/** All generated files: path from the repository's root, and contents. */
export function generate() {
    const witFile = 'wit/sealift.wit';
    const keysFile = 'runtime-c/host/boot_keys.h';
    const wit = parseWit(readFileSync(join(root, witFile), 'utf8'), witFile);
    return new Map([
        ['runtime-c/host/generated/imports.h', writeImports(wit)],
        ['assembly/sel4/generated/host.ts', writeHostDeclarations(wit)],
        [
            'assembly/sel4/generated/boot-keys.ts',
            writeBootKeys(readFileSync(join(root, keysFile), 'utf8'), keysFile),
        ],
    ]);
}

function main(options) {
    const check = options.includes('--check');
    const unknown = options.find((option) => option !== '--check');
    if (unknown) {
        console.error(`wit: unknown option ${unknown}; the only one is --check`);
        return 2;
    }
    let stale = 0;
    for (const [path, contents] of generate()) {
        const file = join(root, path);
        let present = null;
        try {
            present = readFileSync(file, 'utf8');
        } catch (error) {
            if (error.code !== 'ENOENT') {
                throw error;
            }
        }
        if (present === contents) {
            continue;
        }
        if (check) {
            console.error(`wit: ${path} is stale; run "npm run wit" and commit the result`);
            stale++;
        } else {
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, contents);
            console.log(`wit: wrote ${path}`);
        }
    }
    return stale > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    process.exitCode = main(process.argv.slice(2));
}
