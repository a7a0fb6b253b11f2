// SPDX-License-Identifier: Apache-2.0
//
// `sealift wasm dump`: the bytecode of a module, and errors that say what is wrong with a file.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sealift } from './commandLine.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
const module = join(folder, 'module.wasm');

before(() => {
    const source = join(folder, 'module.wat');
    writeFileSync(
        source,
        `(module
            (import "env" "print" (func $print (param i32)))
            (memory (export "memory") 2)
            (func $double (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
            (func $printed (export "twice\\1b[31m") (param i64) (call $print (i32.wrap_i64 (local.get 0)))))`,
    );
    execFileSync('wat2wasm', ['--debug-names', source, '-o', module]);
});
after(() => rmSync(folder, { recursive: true }));

test('the module, its imports and exports, and every function', async () => {
    const { code, stdout } = await sealift(['wasm', 'dump', module]);
    const text = stdout.toString();
    assert.equal(code, 0);
    assert.match(text, /^module: \d+ bytes; image: \d+ bytes, \d+ of them bytecode; instance: \d+ bytes\n/);
    assert.match(text, /^memory: begins with 2 pages$/m);
    assert.match(text, /^import func env print {2}f0 \(param i32\)/m);
    assert.match(text, /^export func double {2}f1$/m);
    assert.match(text, /^f1 double: \d+ slots {2}\(param i32\) \(result i32\)\n0 +i32\.mul +s\d+ s0 #2\n/m);
    assert.match(text, /^\d+ +call import/m);
});

test('control characters of names do not reach the terminal', async () => {
    const { stdout } = await sealift(['wasm', 'dump', module]);
    assert.match(stdout.toString(), /^export func twice\?\[31m/m);
    assert.equal(stdout.includes(0x1b), false);
});

test('one function, by its index or by its name', async () => {
    for (const wanted of ['1', 'doub']) {
        const { code, stdout } = await sealift(['wasm', 'dump', module, wanted]);
        assert.equal(code, 0);
        assert.match(stdout.toString(), /^\nf1 double/);
        assert.doesNotMatch(stdout.toString(), /printed/);
    }
    const { code, stderr } = await sealift(['wasm', 'dump', module, 'triple']);
    assert.equal(code, 125);
    assert.equal(stderr, 'sealift: triple: no function with code has this index, or this in its name\n');
});

test('files that are no modules', async () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'hello');
    const invalid = join(folder, 'invalid.wasm');
    // One function of type () -> (i32) without a body that leaves a number.
    writeFileSync(invalid, Buffer.from('0061736d010000000105016000017f030201000a040102000b', 'hex'));
    for (const [file, cause] of [
        [text, /^sealift: \S+: not a WebAssembly module that can be loaded: .+ \(byte 0\)\n$/],
        [
            invalid,
            /^sealift: \S+: not a WebAssembly module that can be loaded: type mismatch.* \(byte \d+\)\n$/,
        ],
        [join(folder, 'absent'), /^sealift: \S+absent: No such file or directory\n$/],
    ] as const) {
        const { code, stderr, stdout } = await sealift(['wasm', 'dump', file]);
        assert.equal(code, 125);
        assert.match(stderr, cause);
        assert.equal(stdout.length, 0);
    }
});
