// SPDX-License-Identifier: Apache-2.0
//
// Runs the fuzz target over changed images, in a thread that can be ended when it does not come back. Says how far it is, and what it finds.

import { parentPort, workerData } from 'node:worker_threads';
import { pseudoRandom } from '../../../build/tests/cli/pseudoRandom.js';
import { mutate } from './mutations.mjs';

const { module, seeds, seed, rounds, end } = workerData;

/** Rounds between two messages. */
const REPORT_ROUNDS = 100;
/** Largest memory of the target: many times what one image takes, so that what leaks is seen. */
const MEMORY_LIMIT = 64 << 20;
/** Largest image, and so the place for each. */
const IMAGE_BYTES = Math.max(...seeds.map(({ length }) => length));

const abort = () => {
    throw new Error('an assertion of the target');
};

let target;
let place;

/** A new instance: what trapped is not used again. */
function start() {
    target = new WebAssembly.Instance(module, { env: { abort } }).exports;
    target._initialize();
    place = target.allocate(IMAGE_BYTES);
}

/** What the target says of an image; a trap is thrown. */
function read(image) {
    new Uint8Array(target.memory.buffer).set(image, place);
    const length = target.run(place, image.length);
    const text = Buffer.from(target.memory.buffer, target.textAddress(), length).toString('utf8');
    target.__collect();
    return text;
}

/** What is wrong with the outcome, or undefined. */
function complaintOf(text) {
    if (/^UNSOUND|^UNBOUNDED/.test(text)) return text;
    if (target.memory.buffer.byteLength > MEMORY_LIMIT) return 'memory leaks';
    return undefined;
}

start();
for (const image of seeds) {
    const text = read(Buffer.from(image));
    if (text !== '') throw new Error(`an image that is not changed is refused: ${text}`);
}
const random = pseudoRandom(seed);
let refused = 0;
let round = 0;
for (; round < rounds && Date.now() < end; round++) {
    if (round % REPORT_ROUNDS === 0) parentPort.postMessage({ round, refused });
    const image = mutate(Buffer.from(seeds[random(seeds.length)]), random);
    let complaint;
    try {
        const text = read(image);
        if (text !== '') refused++;
        complaint = complaintOf(text);
    } catch (error) {
        complaint = `${error.message}\n${error.stack}`;
    }
    if (complaint === undefined) continue;
    parentPort.postMessage({ round, refused, finding: { complaint, image } });
    start();
}
parentPort.postMessage({ round, refused });
