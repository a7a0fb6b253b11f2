// SPDX-License-Identifier: Apache-2.0
//
// What keeping untouched files of the layer store compressed would save, and what it would cost. docs/measuring.md says how to
// read the tables.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../cli/report/table.js';
import { median } from '../figures.js';
import { root } from '../image.js';
import { machineTimeline } from '../machineTimeline.js';
import { sumOf, type IdleCommand } from '../memory/measurement.js';
import { sealiftOwners } from '../memory/sealiftAccount.js';
import { makeBootImage } from '../startup.js';
import { compressors } from './compress.js';
import { storeImage, storeImageNames } from './images.js';
import { inflations } from './inflate.js';
import { layerFiles } from './layerFiles.js';
import {
    keptBytes,
    PAGE,
    splitStore,
    storeBytes,
    touchedBytes,
    touchedFiles,
    type StoreFile,
    type Touched,
} from './savings.js';
import { idleAccount, MACHINE_MEBIBYTES, touchedPages } from './touched.js';

/** Pages of a block: what a sentry asks the manager for together. */
const BLOCK_PAGES = 16;
const BOOTS = 3;

export interface StoreBenchOptions {
    images: readonly string[];
    /** The runtime whose sentry asks for single pages, and the folder of zlib's source. */
    runtime: string;
    zlib: string;
    /** A board beside platform/linux for the decoder's time. */
    board: string | undefined;
}

interface Measured {
    image: IdleCommand;
    files: readonly StoreFile[];
    touched: Touched;
    store: number;
    mapped: number;
    /** Bytes of the machine's memory that are not free. */
    inUse: number;
    /** Milliseconds from the first layer's unpacking to the sentry's start. */
    unpacking: number;
}

function whole(bytes: number): string {
    return Math.round(bytes / 1024).toString();
}

function percent(part: number, all: number): string {
    return `${((100 * part) / all).toFixed(1)} %`;
}

async function unpackingTime(image: IdleCommand): Promise<number> {
    const bootImage = join(root, 'build', 'bench', 'store', 'start.elf');
    await makeBootImage(`oci:${image.layoutFolder}:${image.tag}`, image.tag, bootImage);
    const times: number[] = [];
    for (let boot = 0; boot < BOOTS; boot++) {
        const { unpack, start } = await machineTimeline(bootImage, MACHINE_MEBIBYTES);
        times.push(start - unpack);
    }
    rmSync(bootImage);
    return median(times);
}

async function measure(name: string, runtime: string): Promise<Measured> {
    const image = storeImage(name);
    const files = await layerFiles(`oci:${image.layoutFolder}:${image.tag}`);
    const account = await idleAccount(image);
    const store = storeBytes(files);
    const inAccount = account.owners.find(({ owner }) => owner === 'layer store: files')!.bytes;
    if (store !== inAccount)
        throw new Error(
            `${name}: the layers have ${store} bytes of different pages, and the store ${inAccount}`,
        );
    const owners = sealiftOwners(account, account.machineMemory);
    return {
        image,
        files,
        touched: await touchedPages(image, runtime),
        store,
        mapped: account.containers[0]!.layerBytesMapped,
        inUse: sumOf(owners.filter(({ group }) => group !== 'free')),
        unpacking: await unpackingTime(image),
    };
}

function touchedTable(all: readonly Measured[]): string {
    const rows = all.map(({ image, files, touched, store, mapped, inUse }) => [
        image.name,
        whole(inUse),
        whole(store),
        whole(mapped),
        whole(touchedBytes(files, touched)),
        whole(splitStore(files, touched, BLOCK_PAGES).warmBytes),
        whole(splitStore(files, touched, Infinity).warmBytes),
        `${touchedFiles(files, touched).length} of ${files.length}`,
    ]);
    return table(
        ['KiB', 'IN USE', 'STORE: FILES', 'MAPPED', 'PAGES TOUCHED', 'IN 64 KiB BLOCKS', 'IN FILES', 'FILES'],
        rows,
        [1, 2, 3, 4, 5, 6, 7],
    );
}

/**
 * One row an image: what leaves the store with units of `unitPages` pages, each a stream of its own, and what compressing that took here
 * beside what unpacking takes. Savings are those of the first compressor.
 */
function savingRows(all: readonly Measured[], unitPages: number): string[][] {
    const methods = compressors();
    return all.map(({ image, files, touched, store, inUse, unpacking }) => {
        const { cold, coldBytes } = splitStore(files, touched, unitPages);
        const results = methods.map(({ compress }) => compress(cold));
        const kept = results.map(({ sizes }) => keptBytes(cold, sizes));
        const saved = coldBytes - kept[0]!;
        return [
            image.name,
            whole(coldBytes),
            ...kept.map(whole),
            whole(saved),
            percent(saved, store),
            percent(saved, inUse),
            (unpacking / 1000).toFixed(2),
            ...results.map(({ milliseconds }) => (milliseconds / 1000).toFixed(2)),
        ];
    });
}

function savingTable(title: string, all: readonly Measured[], unitPages: number): string {
    const names = compressors().map(({ name }) => name);
    const head = [
        title,
        'COLD',
        ...names,
        'SAVED',
        'OF STORE',
        'OF IN USE',
        'UNPACK, s',
        ...names.map((name) => `${name}, s`),
    ];
    return table(head, savingRows(all, unitPages), [...head.keys()].slice(1));
}

async function inflateTable(all: readonly Measured[], options: StoreBenchOptions): Promise<string> {
    const contents = new Map<string, Buffer>();
    const described = new Map<string, string>();
    for (const { image, files, touched } of all) {
        const [largest] = touchedFiles(files, touched).sort((a, b) => b.content.length - a.content.length);
        if (largest === undefined) continue;
        // From the middle: the beginning of a program is its tables.
        const middle = largest.content.length >> 1;
        contents.set(`${image.name}-64k`, largest.content.subarray(middle, middle + BLOCK_PAGES * PAGE));
        described.set(`${image.name}-64k`, `64 KiB of /${largest.name}`);
        contents.set(image.name, largest.content);
        described.set(image.name, `/${largest.name}`);
    }
    const machines = [
        ['platform/linux', []],
        ...(options.board === undefined ? [] : [[options.board, ['--board', options.board]]]),
    ] as [string, string[]][];
    const columns: string[][] = [];
    for (const [, words] of machines) {
        const memory = ['--memory', '160m', ...(words.length === 0 ? ['--machine-memory', '512m'] : [])];
        const times = await inflations(contents, options.zlib, [...words, ...memory]);
        columns.push(times.map(({ nanoseconds }) => (nanoseconds / 1e6).toFixed(2)));
    }
    const rows = [...contents].map(([name, content], row) => [
        `${name.split('-')[0]}: ${described.get(name)}`,
        whole(content.length),
        ...columns.map((column) => column[row]!),
    ]);
    return table(['INFLATE', 'KiB', ...machines.map(([name]) => `${name}, ms`)], rows, [1, 2, 3]);
}

/** Measures everything; `print` gets each table when it is there. */
export async function printStoreFigures(
    options: StoreBenchOptions,
    say: (text: string) => void,
    print: (text: string) => void,
): Promise<void> {
    const all: Measured[] = [];
    for (const name of options.images) {
        say(`${name}: boot, trace`);
        all.push(await measure(name, options.runtime));
    }
    print(touchedTable(all));
    say('compress what was not touched');
    print(savingTable('BY FILE', all, Infinity));
    print(savingTable('BY BLOCK OF 64 KiB', all, BLOCK_PAGES));
    say('inflate what was touched');
    print(await inflateTable(all, options));
}

export { storeImageNames };
