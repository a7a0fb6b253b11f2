// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectEnvironment, parseEnvironmentFile } from '../../cli/commands/environment.js';
import { parseCpus } from '../../cli/commands/cpuShare.js';
import { formatBytes, parseMemorySize } from '../../cli/commands/memorySize.js';
import { parsePlatform } from '../../cli/commands/platform.js';

test('memory sizes have the units of container engines', () => {
    const cases: [string, number][] = [
        ['1', 1],
        ['512b', 512],
        ['4k', 4096],
        ['64m', 64 << 20],
        ['64M', 64 << 20],
        ['64mb', 64 << 20],
        ['64MiB', 64 << 20],
        ['1.5g', 1.5 * 2 ** 30],
        ['2 g', 2 ** 31],
    ];
    for (const [text, bytes] of cases) assert.equal(parseMemorySize(text, '--memory'), bytes, text);
    for (const text of ['', '0', '-1', 'm', '1x', '1mm', '1e3', '0x10', '99999999t', '1,5m']) {
        assert.throws(
            () => parseMemorySize(text, '--memory'),
            /^Failure: --memory .*: not a size; write a number/,
            text,
        );
    }
});

test('CPU limits are written as container engines have them', () => {
    const cases: [string, number][] = [
        ['0', 0],
        ['0.0', 0],
        ['0.01', 10_000_000],
        ['.25', 250_000_000],
        ['0.5', 500_000_000],
        ['0.333333333', 333_333_333],
        ['1', 1_000_000_000],
        ['1.000', 1_000_000_000],
    ];
    for (const [text, nanoCpus] of cases) assert.equal(parseCpus(text, '--cpus'), nanoCpus, text);
    for (const text of ['', '-1', '.', '1e-1', '0x1', '50%', '0,5', 'half', '0.5 0.5'])
        assert.throws(
            () => parseCpus(text, '--cpus'),
            /^Failure: --cpus .*: not a number of CPUs; write/,
            text,
        );
    for (const text of ['1.000000001', '2', '1000'])
        assert.throws(() => parseCpus(text, '--cpus'), /: more than the 1 CPU .* give at most 1$/, text);
    for (const text of ['0.009', '0.000000001', '0.0000000001'])
        assert.throws(() => parseCpus(text, '--cpus'), /: too little .* give at least 0\.01/, text);
});

test('sizes are shown in binary units', () => {
    assert.equal(formatBytes(0), '0 B');
    assert.equal(formatBytes(1023), '1023 B');
    assert.equal(formatBytes(1024), '1.0 KiB');
    assert.equal(formatBytes(1.5 * 2 ** 20), '1.5 MiB');
    assert.equal(formatBytes(200 * 2 ** 20), '200 MiB');
    assert.equal(formatBytes(3 * 2 ** 40), '3.0 TiB');
});

test('an environment file has a variable on each line', () => {
    const text = '\ufeff# comment\n\nA=1\n  B=two words # kept\r\nHOME\nMISSING\nEMPTY=\nA=2\n';
    assert.deepEqual(parseEnvironmentFile(text, 'file', { HOME: '/home/me' }), [
        'A=1',
        'B=two words # kept',
        'HOME=/home/me',
        'EMPTY=',
        'A=2',
    ]);
    assert.throws(() => parseEnvironmentFile('A=1\n=x\n', 'file', {}), /file:2: "=x" has no name/);
    assert.throws(
        () => parseEnvironmentFile('A B=1', 'file', {}),
        /file:1: the name "A B" contains white space/,
    );
});

test('environment options come after files, and the last of one name counts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
    try {
        const path = join(folder, 'variables');
        writeFileSync(path, 'A=file\nB=file\n');
        assert.deepEqual(
            collectEnvironment([path], ['B=option', 'C=x=y', 'OWN', 'ABSENT'], { OWN: 'mine' }),
            ['A=file', 'B=option', 'C=x=y', 'OWN=mine'],
        );
        assert.throws(
            () => collectEnvironment([join(folder, 'absent')], [], {}),
            /--env-file .*absent: there is no such file or folder; check the path/,
        );
        assert.throws(() => collectEnvironment([], ['=1'], {}), /--env: "=1" has no name/);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test('platforms', () => {
    assert.equal(parsePlatform('linux/amd64'), 'linux/amd64');
    assert.equal(parsePlatform('linux/arm64/v8'), 'linux/arm64/v8');
    assert.equal(parsePlatform('riscv64'), 'linux/riscv64');
    for (const text of ['', '/', 'linux/', 'Linux/AMD 64', 'a/b/c/d']) {
        assert.throws(() => parsePlatform(text), /not a platform; write os\/architecture/, text);
    }
});
