// SPDX-License-Identifier: Apache-2.0
//
// Turns a Wasm module into C for runtime-c/aot: wasm2c (Debian's package wabt) compiles the functions, and what the
// runtime has to know besides is written behind them. One module becomes one C file.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readSections } from './wasm-sections.mjs';

const C_TYPES = { i32: 'u32', i64: 'u64', f32: 'f32', f64: 'f64' };
const LETTERS = { i32: 'i', i64: 'I', f32: 'f', f64: 'F', funcref: 'r', externref: 'x' };
const CODES = { i32: 'WASM_I32', i64: 'WASM_I64', f32: 'WASM_F32', f64: 'WASM_F64' };
const toValue = {
    i32: (text) => text,
    i64: (text) => text,
    f32: (text) => `wasm_f32_bits(${text})`,
    f64: (text) => `wasm_f64_bits(${text})`,
};
const fromValue = {
    i32: (text) => `(u32)${text}`,
    i64: (text) => text,
    f32: (text) => `wasm_f32_from_bits((u32)${text})`,
    f64: (text) => `wasm_f64_from_bits(${text})`,
};

/** Runs wasm2c; returns the C file and its header. */
function generate(path, name) {
    const folder = mkdtempSync(join(tmpdir(), 'sealift-wasm2c-'));
    try {
        const file = join(folder, `${name}.c`);
        execFileSync('wasm2c', ['-n', name, path, '-o', file], { stdio: ['ignore', 'ignore', 'pipe'] });
        return { code: readFileSync(file, 'utf8'), header: readFileSync(join(folder, `${name}.h`), 'utf8') };
    } catch (error) {
        if (error.code === 'ENOENT') {
            throw new Error('compiling ahead of time takes wasm2c: install Debian’s package wabt');
        }
        throw new Error(`wasm2c failed for ${path}: ${error.stderr || error.message}`);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** Replaces what must be there exactly once: wasm2c's output is not an interface, and another version may write another. */
function replaceOnce(text, pattern, replacement, what) {
    const parts = text.split(pattern);
    if (parts.length !== 2) {
        throw new Error(
            `wasm2c wrote ${what} ${parts.length - 1} times, not once: this version of wabt is not known here (1.0.32 is)`,
        );
    }
    return parts.join(replacement);
}

/** Refuses what a compiled module must not have. */
function check(sections, file) {
    const refuse = (cause) => {
        throw new Error(`${file} cannot be compiled ahead of time: ${cause}`);
    };
    const other = sections.imports.find(({ kind }) => kind !== 'function');
    if (other) refuse(`it imports the ${other.kind} ${other.module} ${other.name}; only functions can be`);
    if (sections.memories.length !== 1) refuse('it has no memory');
    if (sections.tables.some(({ type }) => type !== 'funcref')) refuse('it has a table of externref');
    for (const [index, { parameters, results }] of sections.types.entries()) {
        if (results.length > 1 || [...parameters, ...results].some((type) => !C_TYPES[type])) {
            refuse(`its type ${index} has references, or more than one result`);
        }
    }
}

/** For each type the first one that equals it: call_indirect compares these. */
function canonicalTypes(types) {
    const texts = types.map(({ parameters, results }) => `${parameters}:${results}`);
    return texts.map((text) => texts.indexOf(text));
}

/** The C identifier of the start function, made from its name or index: instantiation calls it last. */
function startIdentifier(code) {
    return /^ {2}(\w+)\(instance\);\n\}\n\nvoid Z_\w+_free\(/m.exec(code)?.[1];
}

/** The generated code as this runtime wants it. */
function adapt(code, name, sections) {
    code = replaceOnce(code, `#include "${name}.h"\n`, '', 'its header');
    // Behind wasm2c's macros, and before their first use.
    const anchor = '#ifdef __GNUC__\n#define wasm_asm __asm__';
    code = replaceOnce(code, anchor, `#include "aot/generated.h"\n\n${anchor}`, 'the macro wasm_asm');
    const canonical = canonicalTypes(sections.types);
    code = replaceOnce(
        code,
        /static u32 func_types\[\d+\];\n\nstatic void init_func_types\(void\) \{[^}]*\}/,
        `static const u32 func_types[] = {${canonical.join(', ') || 0}};\n\nstatic void init_func_types(void) {\n}`,
        'the function types',
    );
    if (sections.start !== undefined) {
        // Instantiation ends with the start function; here that is a call of its own (wasm_start).
        code = replaceOnce(
            code,
            `  ${startIdentifier(code)}(instance);\n}\n\nvoid Z_`,
            '}\n\nvoid Z_',
            'the start',
        );
    }
    // Functions are written in the order of the module.
    const importCount = sections.imports.length;
    let index = importCount;
    code = code.replace(/^ {2}FUNC_PROLOGUE;$/gm, () => `  FUNC_PROLOGUE(${index++});`);
    if (index !== sections.functions.length) {
        throw new Error(
            `wasm2c wrote ${index - importCount} functions of ${sections.functions.length - importCount}: this version of wabt is not known here (1.0.32 is)`,
        );
    }
    return code;
}

/** C identifiers of the header's imports or exports, by their comment. */
function identifiers(header, comment) {
    const pattern = new RegExp(
        `/\\* ${comment}: ${"'(.*)' ".repeat(comment === 'import' ? 2 : 1)}\\*/\\n[\\w ]*?\\**\\s?(\\w+)\\(`,
        'g',
    );
    return new Map(
        [...header.matchAll(pattern)].map((match) => [match.slice(1, -1).join('\0'), match.at(-1)]),
    );
}

const signature = ({ parameters, results }) =>
    `${parameters.map((type) => LETTERS[type]).join('')}:${results.map((type) => LETTERS[type]).join('')}`;

/** The C function that generated code calls for an import. */
function importThunk({ module, name, of }, index, sections, identifier) {
    const { parameters, results } = sections.types[of];
    const tag = identifier.slice(0, identifier.lastIndexOf('Z_'));
    const list = parameters.map((type, i) => `${C_TYPES[type]} p${i}`);
    const slots = Math.max(parameters.length, results.length, 1);
    const values = parameters.map((type, i) => toValue[type](`p${i}`));
    const result = results[0];
    return [
        `// ${module} ${name}`,
        `${result ? C_TYPES[result] : 'void'} ${identifier}(${[`struct ${tag}_instance_t *instance`, ...list].join(', ')}) {`,
        `    u64 values[${slots}] = {${values.join(', ') || 0}};`,
        `    compiled_call_host((wasm_instance *)instance, ${index}, values);`,
        ...(result ? [`    return ${fromValue[result]('values[0]')};`] : []),
        '}',
    ].join('\n');
}

/** The function that wasm_call calls for an export. */
function exportThunk({ index }, name, sections, identifier) {
    const { parameters, results } = sections.types[sections.functions[index]];
    const values = parameters.map((type, i) => fromValue[type](`values[${i}]`));
    const call = `${identifier}(${['compiled', ...values].join(', ')})`;
    return [
        `static void call_${index}(void *compiled, uint64_t *values) {`,
        '    (void)values;',
        `    ${results[0] ? `values[0] = ${toValue[results[0]](call)}` : call};`,
        '}',
    ].join('\n');
}

const cText = (text) => JSON.stringify(text).replaceAll('??', '?\\?');

/** The description of the module: struct wasm_image of runtime-c/aot. */
function description(name, sections, header, start) {
    const { imports, names } = sections;
    const exported = sections.exports.filter(({ kind }) => kind === 'function');
    const importIdentifiers = identifiers(header, 'import');
    const exportIdentifiers = identifiers(header, 'export');
    const modules = [
        ...new Set([...importIdentifiers.values()].map((id) => id.slice(0, id.lastIndexOf('Z_')))),
    ];
    const instance = `Z_${name}_instance_t`;
    const offsets = [];
    const texts = [];
    let length = 0;
    for (let index = 0; index < sections.functions.length; index++) {
        const text = names[index] ?? '';
        offsets.push(length);
        texts.push(cText(`${text}\0`).replace('\\u0000', '\\0'));
        length += Buffer.byteLength(text) + 1;
    }
    const typeList = (types) => `(const uint8_t[]){${types.map((type) => CODES[type]).join(', ') || 0}}`;
    const exportEntry = ({ name: text, index }) => {
        const { parameters, results } = sections.types[sections.functions[index]];
        const type = `{${typeList(parameters)}, ${typeList(results)}, ${parameters.length}, ${results.length}}`;
        return `    {${cText(text)}, ${index}, ${type}, call_${index}},`;
    };
    const [memory] = sections.memories;
    // wasm2c passes the import modules in the order of their names.
    const order = modules.sort();
    return [
        ...imports.map((entry, index) =>
            importThunk(entry, index, sections, importIdentifiers.get(`${entry.module}\0${entry.name}`)),
        ),
        ...exported
            .filter((entry, at) => exported.findIndex(({ index }) => index === entry.index) === at)
            .map((entry) => exportThunk(entry, name, sections, exportIdentifiers.get(entry.name))),
        `static void instantiate(void *compiled, wasm_instance *instance) {`,
        '    (void)instance;',
        `    Z_${name}_init_module();`,
        `    Z_${name}_instantiate(${['compiled', ...order.map((tag) => `(struct ${tag}_instance_t *)instance`)].join(', ')});`,
        '}',
        ...(start ? [`static void start(void *compiled) {\n    ${start}(compiled);\n}`] : []),
        'static const struct compiled_import imports[] = {',
        ...imports.map(
            (entry) =>
                `    {${cText(entry.module)}, ${cText(entry.name)}, "${signature(sections.types[entry.of])}"},`,
        ),
        '    {0},\n};',
        'static const struct compiled_export exports[] = {',
        ...exported.map(exportEntry),
        '    {0},\n};',
        `static const char names[] =\n    ${texts.join('\n    ') || '""'};`,
        `static const uint32_t name_offsets[] = {${offsets.join(', ') || 0}};`,
        `const wasm_image program_${name}_image = {`,
        `    .memory_minimum = ${memory.minimum},`,
        `    .memory_maximum = ${memory.maximum ?? 'WASM_NO_MAXIMUM'},`,
        `    .table_elements = ${sections.tables.reduce((sum, { minimum }) => sum + minimum, 0)},`,
        `    .instance_size = (sizeof(${instance}) + 15) & ~(size_t)15,`,
        `    .import_count = ${imports.length},`,
        `    .export_count = ${exported.length},`,
        `    .function_count = ${sections.functions.length},`,
        '    .imports = imports,',
        '    .exports = exports,',
        '    .names = names,',
        '    .name_offsets = name_offsets,',
        '    .instantiate = instantiate,',
        ...(start ? ['    .start = start,'] : []),
        '};',
    ].join('\n');
}

/**
 * The C text of a module.
 * @param {string} path the module's file
 * @param {string} name of the module in the program: "sentry" or "manager"
 */
export function compileModule(path, name) {
    const bytes = readFileSync(path);
    if (!WebAssembly.validate(bytes)) throw new Error(`${path} is not a valid WebAssembly module`);
    const sections = readSections(bytes);
    check(sections, basename(path));
    const { code, header } = generate(path, name);
    const text = [
        `// Generated from ${basename(path)} by wasm2c and scripts/compile-module.mjs.`,
        header,
        adapt(code, name, sections),
        description(name, sections, header, sections.start === undefined ? undefined : startIdentifier(code)),
        '',
    ].join('\n');
    // Two modules of one program import the same functions: each has its own way to them.
    return text.replace(/\bZ_\w+?Z_/g, (start) =>
        start === `Z_${name}Z_` ? start : `${name}_import_${start}`,
    );
}

/** Writes a module's C file unless it holds that text already. */
export function writeCompiledModule(path, name, output) {
    const text = compileModule(path, name);
    let before;
    try {
        before = readFileSync(output, 'utf8');
    } catch {
        before = undefined;
    }
    if (before !== text) writeFileSync(output, text);
}
