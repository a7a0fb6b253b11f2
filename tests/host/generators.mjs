// SPDX-License-Identifier: Apache-2.0
//
// Tests of the scripts that the C runtime is built with: the WIT generator and Debian's sources.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceStanzas } from '../../scripts/debian-source.mjs';
import { generate, parseWit } from '../../scripts/wit.mjs';

/** A WIT file with one interface. */
const witOf = (body) => `package a:b@1.2.3;\ninterface face {\n${body}\n}\nworld land { import face; }\n`;

const tests = {
    'wit: functions, aliases and documentation'() {
        const wit = parseWit(
            witOf(
                'type place = u32;\n/// What it does.\nput-it: func(at: place, what: u64) -> s64;\nstop: func();',
            ),
            'test.wit',
        );
        assert.equal(wit.package, 'a:b');
        assert.equal(wit.version, '1.2.3');
        const [put, stop] = wit.interfaces.get('face').functions;
        assert.deepEqual(put, {
            name: 'put-it',
            documentation: ['What it does.'],
            parameters: [
                { name: 'at', type: 'u32' },
                { name: 'what', type: 'u64' },
            ],
            result: 's64',
        });
        assert.deepEqual([stop.parameters, stop.result], [[], null]);
        assert.deepEqual(wit.worlds.get('land').imports, ['face']);
    },
    'wit: what is not a scalar is refused by name and line'() {
        assert.throws(
            () => parseWit(witOf('read: func() -> string;'), 'test.wit'),
            /test\.wit:3: type "string"/,
        );
        assert.throws(() => parseWit(witOf('read: func() -> list<u8>;'), 'test.wit'), /test\.wit:3: /);
        assert.throws(() => parseWit('package a:b@1.0.0;\nworld w { import none; }', 'test.wit'), /"none"/);
        assert.throws(() => parseWit('package a:b@1.0.0;\ninterface f {', 'test.wit'), /end of the file/);
    },
    'wit: the generated files have every function of the contract'() {
        const files = generate();
        const imports = files.get('runtime-c/host/generated/imports.h');
        const host = files.get('assembly/sel4/generated/host.ts');
        assert.match(
            imports,
            /\{"sealift:system\/kernel@0\.1\.0", "untyped-retype", "iiiiiiii:i", HOST_FUNCTION\(host_kernel_untyped_retype\)\}/,
        );
        assert.match(host, /^export declare function untypedRetype\(untyped: u32, .*count: u32\): u32;$/m);
        const declared = [...host.matchAll(/^@external/gm)].length;
        const prototypes = [...imports.matchAll(/^wasm_status host_/gm)].length;
        assert.equal(declared, prototypes);
        const sentry = imports.slice(imports.indexOf('sentry_imports'));
        assert.doesNotMatch(sentry, /system\/boot@|system\/codec@|system\/digest@/);
        assert.match(files.get('assembly/sel4/generated/boot-keys.ts'), /\n {4}UNTYPED_COUNT = 1,\n/);
    },
    "debian sources: the machine's own archives, in both formats"() {
        const folder = mkdtempSync(join(tmpdir(), 'sealift-apt-'));
        try {
            mkdirSync(join(folder, 'sources.list.d'));
            writeFileSync(
                join(folder, 'sources.list'),
                '# comment\ndeb [arch=amd64 signed-by=/k.gpg] http://archive.test/debian stable main contrib # more\n',
            );
            writeFileSync(
                join(folder, 'sources.list.d', 'other.sources'),
                'Types: deb\nURIs: http://other.test/\nSuites: stable\nComponents: main\nArchitectures: amd64\n\n' +
                    'Enabled: no\nTypes: deb\nURIs: http://disabled.test/\nSuites: stable\n',
            );
            const stanzas = sourceStanzas(folder);
            assert.equal(stanzas.length, 2);
            assert.equal(
                stanzas[0],
                'Types: deb-src\nURIs: http://archive.test/debian\nSuites: stable\nComponents: main contrib\nSigned-By: /k.gpg',
            );
            assert.equal(
                stanzas[1],
                'Types: deb-src\nURIs: http://other.test/\nSuites: stable\nComponents: main',
            );
        } finally {
            rmSync(folder, { recursive: true });
        }
    },
};

/** Runs everything; `report` takes a name and the counts. */
export function runGeneratorTests(report) {
    const failures = [];
    for (const [name, test] of Object.entries(tests)) {
        try {
            test();
        } catch (error) {
            failures.push(`FAILED ${name}\n${error.message}`);
        }
    }
    const passed = Object.keys(tests).length - failures.length;
    report('generators', { passed, failed: failures.length, details: failures.join('\n') });
}
