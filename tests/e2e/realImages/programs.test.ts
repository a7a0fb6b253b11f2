// SPDX-License-Identifier: Apache-2.0
//
// Programs of Debian that nobody here built, at ordinary work: what they print and how they end is what it is on Linux.

import { test } from 'node:test';
import { skipWithoutRoot } from '../linuxReference.js';
import { sameAsLinux, script } from './realImage.js';

const options = { skip: skipWithoutRoot };

test('bash, coreutils, findutils, grep, sed, gawk, tar, gzip, xz', options, async () => {
    await sameAsLinux('shell', ['bash', '-c', script('shell.sh')]);
});

test('Perl', options, async () => {
    await sameAsLinux('perl', ['perl', '-e', script('perl.pl')], 'a line of input\n');
});

test('Python', options, async () => {
    await sameAsLinux('python', ['python3', '-c', script('python.py')]);
});

test('SQLite: journals, locks, a writer that is killed', options, async () => {
    await sameAsLinux('sqlite', ['sh', '-c', script('sqlite.sh')]);
});

test('Redis, its client and its benchmark over loopback', options, async () => {
    await sameAsLinux('redis', ['sh', '-c', script('redis.sh')]);
});

test('nginx and curl over loopback', options, async () => {
    await sameAsLinux('nginx', ['sh', '-c', script('nginx.sh')]);
});

test('Node.js', options, async () => {
    await sameAsLinux('node', ['node', '--input-type=module', '-e', script('node.mjs')]);
});
