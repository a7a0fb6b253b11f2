// SPDX-License-Identifier: Apache-2.0
//
// Tests of runtime-c/tools/wasm_translate: which modules it refuses, with which words. That its images run is what every
// machine of these tests shows.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTool } from '../../scripts/build-tools.mjs';

const MEMORY = '(memory 32769)';
const MAIN = '(func (export "main"))';

const folder = mkdtempSync(join(tmpdir(), 'sealift-translate-'));

/** Translates a module for a world: exit code, message, and the parts' bytes if it was accepted. */
function translate(world, bytes, ...options) {
    const file = join(folder, 'module.wasm');
    const output = join(folder, 'output');
    writeFileSync(file, bytes);
    const tool = buildTool('wasm_translate');
    const { status, stderr } = spawnSync(tool, [world, file, output, ...options], { encoding: 'utf8' });
    const part = (name) => (status === 0 ? readFileSync(`${output}.${name}`) : null);
    return { status, stderr: stderr.trim(), image: part('image'), kept: part('kept'), data: part('data') };
}

/** The bytes of a module in the text format, valid or not. */
function assemble(text) {
    const source = join(folder, 'module.wat');
    const target = join(folder, 'assembled.wasm');
    writeFileSync(source, `(module ${text})`);
    execFileSync('wat2wasm', ['--no-check', '--debug-names', source, '-o', target]);
    return readFileSync(target);
}

function assertRefused(world, bytes, message) {
    const { status, stderr } = translate(world, bytes);
    assert.match(stderr, message);
    assert.equal(status, 1);
}

const tests = {
    'a module that does not validate, with the byte'() {
        const bytes = assemble(`${MEMORY} (func (export "main") i32.const 1 i64.const 2 i32.add drop)`);
        assertRefused('manager', bytes, /^manager\.wasm cannot be loaded: type mismatch.* \(byte \d+\)$/);
        assertRefused('sentry', bytes.subarray(0, 30), /^sentry\.wasm cannot be loaded: .* \(byte \d+\)$/);
        assertRefused('unpacker', Buffer.from('text'), /^unpacker\.wasm cannot be loaded: magic header not/);
    },
    'an import that the world does not have, or of another type'() {
        const kernel = '"sealift:system/kernel@0.1.0" "cnode-copy"';
        assertRefused(
            'sentry',
            assemble(`(import "sealift:system/boot@0.1.0" "boot-value" (func)) ${MEMORY} ${MAIN}`),
            /^sentry\.wasm imports sealift:system\/boot@0\.1\.0 boot-value, which wit\/sealift\.wit does not give it$/,
        );
        assertRefused(
            'manager',
            assemble(`(import ${kernel} (func (param i64))) ${MEMORY} ${MAIN}`),
            /^manager\.wasm cannot be loaded: incompatible import type: .*cnode-copy is offered as i+:i \(byte \d+\)$/,
        );
    },
    'a module without main'() {
        assertRefused('manager', assemble(MEMORY), /^manager\.wasm exports no function main$/);
    },
    'memory and globals that do not fit their places'() {
        assertRefused(
            'manager',
            assemble(`(memory 1) ${MAIN}`),
            /^manager\.wasm: its memory does not reach above 2 GiB/,
        );
        assertRefused(
            'unpacker',
            assemble(`(memory 32801) ${MAIN}`),
            /^unpacker\.wasm: its memory is larger than its place/,
        );
        const table = '(table 40000 funcref)';
        assertRefused(
            'sentry',
            assemble(`${MEMORY} ${table} ${MAIN}`),
            /^sentry\.wasm: its globals and tables are larger/,
        );
    },
    'what is written: a sentry finds its data in its memory, other modules keep theirs'() {
        const bytes = assemble(`${MEMORY} (data (i32.const 2147483652) "a segment") ${MAIN}`);
        const sentry = translate('sentry', bytes);
        assert.deepEqual(sentry.data, Buffer.from('\0\0\0\0a segment'));
        assert.equal(sentry.kept.includes('a segment'), false);
        const manager = translate('manager', bytes);
        assert.equal(manager.data.length, 0);
        assert.equal(manager.kept.includes('a segment'), true);
        assert.deepEqual(translate('manager', bytes).image, manager.image, 'the same each time');
        assert.ok(translate('manager', bytes, '--meter').image.length > manager.image.length);
    },
    'a sentry whose segments have no fixed place keeps them'() {
        const bytes = assemble(`${MEMORY} (data "a passive segment") ${MAIN}`);
        const { kept, data } = translate('sentry', bytes);
        assert.equal(data.length, 0);
        assert.equal(kept.includes('a passive segment'), true);
    },
};

/** Runs everything; `report` takes a name and the counts. */
export function runTranslateTests(report) {
    const counts = { passed: 0, failed: 0, details: '' };
    for (const [name, test] of Object.entries(tests)) {
        try {
            test();
            counts.passed++;
        } catch (error) {
            counts.failed++;
            counts.details += `FAILED ${name}: ${error.message}\n`;
        }
    }
    rmSync(folder, { recursive: true, force: true });
    report('the tool that translates modules', counts);
}
