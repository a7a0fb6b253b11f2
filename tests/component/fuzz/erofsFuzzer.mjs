// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes what the target does with a layer's EROFS image: the reader, and the index that is made of what it says (tests/unit/
// erofsFuzzTarget.ts, from the target's own sources). Whatever an image holds, it is a layer whose index is sound, or is refused with a
// sentence; nothing traps, leaks, or takes for ever.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { tarArchive } from '../../../build/cli/image/tarWriter.js';
import { compileModule, root, unpack } from '../erofsImages.mjs';

/** Silence after which the target hangs, in milliseconds: a hundred images take less than one second. */
const SILENCE = 120_000;

/** Archives of layers that have between them everything that an image can have. */
function archives() {
    const folder = (name, more) => ({ name, type: 'directory', mode: 0o755, ...more });
    const file = (name, text, more) => ({ name, type: 'file', content: Buffer.from(text), ...more });
    const many = Array.from({ length: 120 }, (_, i) =>
        file(`many/${'n'.repeat(i % 70)}${i}`, i % 3 ? '' : `${i}`),
    );
    return [
        tarArchive([folder('./'), folder('d'), file('d/f', 'content'), file('g', 'g'.repeat(9000))]),
        tarArchive([
            folder('usr', { uid: 70_000, mtime: 5 }),
            file('usr/tool', 'tool'.repeat(2000), { mode: 0o4755, mtime: 7 }),
            { name: 'usr/again', type: 'hardlink', linkName: 'usr/tool' },
            { name: 'link', type: 'symlink', linkName: 'usr/tool' },
            { name: 'long', type: 'symlink', linkName: 'd/'.repeat(900) },
            { name: 'fifo', type: 'fifo' },
            { name: 'null', type: 'character', deviceMajor: 1, deviceMinor: 3 },
            file('implied/below/.wh.gone', ''),
            file('implied/.wh..wh..opq', ''),
            file('empty', ''),
        ]),
        tarArchive([folder('many'), ...many]),
    ];
}

/** The images that are changed. */
async function seedImages() {
    const images = [];
    for (const archive of archives())
        images.push(...(await unpack([archive])).map((path) => readFileSync(path)));
    return images;
}

/**
 * Tries changed images: as many as `rounds` says, or until `seconds` are over.
 * @param {{ seed: number, rounds?: number, seconds?: number }} options the same seed makes the same images
 * @returns {Promise<{ rounds: number, refused: number, complaints: string[] }>} what is wrong, in sentences that name the image's file
 */
export async function fuzzErofs({ seed, rounds = Infinity, seconds = Infinity }) {
    const module = await compileModule('erofsFuzzTarget', '--exportRuntime');
    const seeds = await seedImages();
    const folder = join(root, 'build', 'tests', 'fuzz-erofs');
    mkdirSync(folder, { recursive: true });
    const complaints = [];
    const last = { round: 0, refused: 0 };
    const workerData = { module, seeds, seed, rounds, end: Date.now() + seconds * 1000 };
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData });
    await new Promise((resolve, reject) => {
        let timer;
        const watch = () => {
            clearTimeout(timer);
            timer = setTimeout(() => {
                complaints.push(`seed ${seed}: one of the images after ${last.round} takes for ever`);
                void worker.terminate();
            }, SILENCE);
        };
        watch();
        worker.on('message', ({ finding, ...progress }) => {
            watch();
            Object.assign(last, progress);
            if (finding === undefined) return;
            const path = join(folder, `${seed}-${progress.round}.erofs`);
            writeFileSync(path, finding.image);
            complaints.push(`${path}: ${finding.complaint}`);
        });
        worker.on('error', (error) => {
            clearTimeout(timer);
            reject(error);
        });
        worker.on('exit', () => {
            clearTimeout(timer);
            resolve();
        });
    });
    return { rounds: last.round, refused: last.refused, complaints };
}
