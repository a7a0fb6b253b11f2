// SPDX-License-Identifier: Apache-2.0
//
// Measures what of the layer store containers touch, and what keeping the rest compressed would save and cost.
// docs/measuring.md says how to read it.
//
//   npm run bench:store
//     --images=demo,redis,...    all of them unless given
//     --board=NAME               the decoder's time on a real kernel under QEMU too (SEL4_PREFIX)

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { buildRuntime } from './build-runtime.mjs';
import { debianSource } from './debian-source.mjs';
import { root, runMain, runStep, StepError } from './progress.mjs';
import { buildSentry } from './sentry.mjs';
import { setUp } from './setup.mjs';

/** A sentry that asks for single pages: what it was given is what it wanted. */
const singlePages = {
    'assembly/sentry/memory/frames.ts': { from: 'STORE_BATCH: u32 = 16;', to: 'STORE_BATCH: u32 = 1;' },
};

await runMain(async () => {
    const { values } = parseArgs({ options: { images: { type: 'string' }, board: { type: 'string' } } });
    await setUp({ forTests: true });
    await build();
    const { Failure } = await import('../build/cli/failure.js');
    const { printStoreFigures, storeImageNames } = await import('../build/bench/store/main.js');
    const images = values.images?.split(',') ?? storeImageNames;
    const unknown = images.find((name) => !storeImageNames.includes(name));
    if (unknown !== undefined)
        throw new StepError(`--images: there is no ${unknown}; the images are ${storeImageNames.join(', ')}`);
    const sentry = 'build/bench/store/sentry.wasm';
    const runtime = 'build/bench/store/runtime.elf';
    mkdirSync(dirname(join(root, sentry)), { recursive: true });
    await runStep('build-single', 'Build the runtime whose sentry asks for single pages', async (step) => {
        await buildSentry('x86_64', ['--outFile', sentry], singlePages);
        await buildRuntime({ sentry, output: runtime, say: (text) => step.say(text) });
    });
    const tables = [];
    await runStep('bench-store', 'Measure the layer store', async (step) => {
        const say = (words) => step.say(words);
        try {
            const zlib = debianSource('zlib', say);
            const options = { images, runtime: join(root, runtime), zlib, board: values.board };
            await printStoreFigures(options, say, (table) => tables.push(table));
        } catch (error) {
            throw error instanceof Failure ? new StepError(error.message) : error;
        }
    });
    console.log(tables.join('\n'));
});
