// SPDX-License-Identifier: Apache-2.0
//
// Rewrites wast2json's output into the line format of spec.c.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Text as hexadecimal UTF-8: names in the suite contain spaces, line ends and NULs. */
function text(value) {
    if (value === undefined) return '-';
    return value === '' ? '.' : Buffer.from(value).toString('hex');
}

function value({ type, value: number }) {
    return `${type}:${number}`;
}

function action({ type, module, field, args }) {
    const target = `${type} ${text(module)} ${text(field)}`;
    return type === 'get' ? target : [target, args.length, ...args.map(value)].join(' ');
}

/** One command as a line; undefined for text-malformed modules, which only a text parser can refuse. */
function line(command, folder) {
    const file = command.filename && join(folder, command.filename);
    switch (command.type) {
        case 'module': {
            const name = command.name === undefined ? '' : `\nname ${text(command.name)}`;
            return `module ${command.line} ${file}${name}`;
        }
        case 'register':
            return `register ${command.line} ${text(command.as)} ${text(command.name)}`;
        case 'action':
            return `action ${command.line} ${action(command.action)}`;
        case 'assert_return': {
            const expected = [command.expected.length, ...command.expected.map(value)].join(' ');
            return `return ${command.line} ${action(command.action)} ${expected}`;
        }
        case 'assert_trap':
        case 'assert_exhaustion':
            return `trap ${command.line} ${text(command.text)} ${action(command.action)}`;
        case 'assert_malformed':
            if (command.module_type === 'text') return undefined;
        // falls through
        case 'assert_invalid':
        case 'assert_unlinkable':
        case 'assert_uninstantiable':
            return `${command.type.slice('assert_'.length)} ${command.line} ${file} ${text(command.text)}`;
        default:
            throw new Error(`${command.type}: a command that this runner does not know`);
    }
}

/**
 * Converts one .wast file into `folder`, unless that has been done since the file changed.
 * @returns {{script: string, skipped: number, refused?: string}} the script for spec.c, and how many commands it leaves
 *          out; or why wast2json does not convert the file: newer proposals than it knows, or text that is not meant to be
 */
export function convert(wast, folder) {
    const name = basename(wast, '.wast');
    const json = join(folder, `${name}.json`);
    const script = join(folder, `${name}.script`);
    mkdirSync(folder, { recursive: true });
    const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (modified(json) <= modified(wast)) {
        const { status, stderr } = spawnSync('wast2json', [wast, '-o', json], { encoding: 'utf8' });
        if (status !== 0) {
            rmSync(json, { force: true });
            return { script: '', skipped: 0, refused: stderr.trim().split('\n')[0] };
        }
    }
    const lines = JSON.parse(readFileSync(json, 'utf8')).commands.map((command) => line(command, folder));
    writeFileSync(script, lines.filter((entry) => entry !== undefined).join('\n') + '\n');
    return {
        script,
        skipped: lines.filter((entry) => entry === undefined).length,
    };
}
