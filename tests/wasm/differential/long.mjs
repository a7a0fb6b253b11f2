// SPDX-License-Identifier: Apache-2.0
//
// Compares the interpreter with Node's engine for as long as one likes:
//
//   node tests/wasm/differential/long.mjs PROGRAM SECONDS [FIRST-SEED]
//
// PROGRAM is build/tests/wasm/differential-plain or -sanitized, which tests/wasm/run.mjs builds.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './compare.mjs';

const BATCH = 100;
const [program, seconds, first = '1'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'sealift-'));
const end = Date.now() + Number(seconds) * 1000;
const total = { passed: 0, failed: 0 };
for (let seed = Number(first); Date.now() < end; seed += BATCH) {
    const { passed, failed, details } = await compare([program], folder, seed, BATCH);
    total.passed += passed;
    total.failed += failed;
    if (details) console.log(details);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
