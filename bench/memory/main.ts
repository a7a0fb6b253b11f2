// SPDX-License-Identifier: Apache-2.0
//
// The bench of memory: Sealift and Linux machines with the same idle containers. Writes bench/results.
// scripts/bench-memory.mjs builds what this needs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../cli/failure.js';
import { root } from '../image.js';
import { engines } from './engines.js';
import { idleImage, idleImageNames } from './idleImages.js';
import { LinuxVm } from './linuxVm.js';
import {
    DoesNotFit,
    FellSilent,
    usedBytes,
    type ContainerSystem,
    type IdleImage,
    type Measurement,
} from './measurement.js';
import { makePlots } from './plots.js';
import {
    mergeRecords,
    NO_IMAGE,
    readRecord,
    writeRecord,
    type Point,
    type Refusal,
    type SystemRecord,
} from './record.js';
import { loadName, markdown, ownersCsv, timesCsv } from './results.js';
import { SealiftSystem } from './sealiftSystem.js';
import { smallestMemory } from './smallest.js';

const MEBIBYTE = 1 << 20;

/** The machine in which memory is compared, in MiB: as much as the board has. */
const MACHINE_MEBIBYTES = 512;

/** With more containers a start takes minutes, and is timed once. */
const MOST_TIMED_AGAIN = 16;

const resultsFolder = join(root, 'bench', 'results');

export const systemNames = ['sealift', ...engines.map(({ name }) => name)];

export interface BenchOptions {
    systems: readonly string[];
    counts: readonly number[];
    images: readonly string[];
    rounds: number;
    /** Whether the least memory is searched. */
    smallest: boolean;
    /** Whether the measured systems keep former figures that are not measured again. */
    keep: boolean;
    /** The install folder of another seL4 kernel, for images with more pages than the configured one's root CNode has slots for. */
    largeKernel?: string | undefined;
}

/** The values that were asked for, or a Failure that names what there is. */
function chosen<T extends string>(option: string, wanted: readonly string[], known: readonly T[]): T[] {
    return wanted.map((name) => {
        const found = known.find((one) => one === name);
        if (found === undefined)
            throw new Failure(`--${option}: there is no "${name}"; use one of ${known.join(', ')}`);
        return found;
    });
}

interface Load {
    image: IdleImage | null;
    containers: number;
}

/** What times depend on: a machine alone keeps one processor of the host busy, so that a load above 1 is others' work. */
function hostConditions(rounds: number): string {
    const load = loadavg()[2]!.toFixed(1);
    return `times: ${rounds} round${rounds === 1 ? '' : 's'}, on a host of ${cpus().length} processors with a load of ${load}`;
}

/** One system while it is measured. */
class Measuring {
    private readonly points: Point[] = [];
    private readonly refusals: Refusal[] = [];

    constructor(
        readonly system: ContainerSystem,
        private readonly say: (text: string) => void,
    ) {}

    private find(image: string, containers: number): number {
        return this.points.findIndex(
            (point) => point.image === image && point.containers === containers && !point.smallest,
        );
    }

    /** Measures a load once more. What did not fit is not tried again, nor is more of it. */
    async round({ image, containers }: Load, round: number, rounds: number): Promise<void> {
        const name = image?.name ?? NO_IMAGE;
        if (round > 0 && (containers === 0 || containers > MOST_TIMED_AGAIN)) return;
        const refuse = (silent: boolean): void =>
            void this.refusals.push({ image: name, containers, mebibytes: MACHINE_MEBIBYTES, silent });
        const before = this.refusals.filter((one) => one.image === name);
        if (before.some((one) => one.containers === containers)) return;
        if (before.some((one) => one.containers < containers && !one.silent)) return refuse(false);
        this.say(`${this.system.title}: ${loadName({ image: name, containers })}, ${round + 1} of ${rounds}`);
        let measured: Measurement;
        try {
            measured = await this.system.measure(image, containers, MACHINE_MEBIBYTES);
        } catch (error) {
            if (!(error instanceof DoesNotFit)) throw error;
            this.say(`does not fit: ${error.message}`);
            refuse(error instanceof FellSilent);
            return;
        }
        const at = this.find(name, containers);
        const times = at < 0 ? [] : this.points[at]!.firstBytes;
        const point: Point = {
            image: name,
            containers,
            mebibytes: MACHINE_MEBIBYTES,
            smallest: false,
            owners: at < 0 ? measured.owners : this.points[at]!.owners,
            firstBytes: [...times, measured.firstBytes],
        };
        if (at < 0) this.points.push(point);
        else this.points[at] = point;
    }

    /** Searches the least memory for a load that fits. */
    async smallest({ image, containers }: Load): Promise<void> {
        const name = image?.name ?? NO_IMAGE;
        const at = this.find(name, containers);
        if (at < 0 || containers > MOST_TIMED_AGAIN) return;
        const attempt = async (mebibytes: number): Promise<Measurement | null> => {
            this.say(`${this.system.title}: ${loadName({ image: name, containers })} in ${mebibytes} MiB`);
            try {
                return await this.system.measure(image, containers, mebibytes);
            } catch (error) {
                if (error instanceof DoesNotFit) return null;
                throw error;
            }
        };
        const guess = usedBytes(this.points[at]!.owners) / MEBIBYTE;
        const found = await smallestMemory(attempt, guess, this.system.step, MACHINE_MEBIBYTES);
        if (found === null) return;
        const { mebibytes, result } = found;
        this.points.push({
            image: name,
            containers,
            mebibytes,
            smallest: true,
            owners: result.owners,
            firstBytes: [result.firstBytes],
        });
    }

    async record(images: readonly IdleImage[], rounds: number): Promise<SystemRecord> {
        const booted = [];
        for (const image of [null, ...images]) {
            booted.push({ image: image?.name ?? NO_IMAGE, files: await this.system.bootedFiles(image) });
        }
        return {
            name: this.system.name,
            title: this.system.title,
            step: this.system.step,
            date: new Date().toISOString().slice(0, 10),
            conditions: [...this.system.conditions(), hostConditions(rounds)],
            booted,
            points: this.points,
            refusals: this.refusals,
        };
    }
}

function makeSystem(name: string, largeKernel?: string): ContainerSystem {
    const engine = engines.find((one) => one.name === name);
    return engine === undefined ? new SealiftSystem(largeKernel) : new LinuxVm(engine);
}

/** Writes what is made of the record. */
export function writeResults(systems: readonly SystemRecord[]): void {
    mkdirSync(resultsFolder, { recursive: true });
    const write = (file: string, text: string): void => writeFileSync(join(resultsFolder, file), text);
    writeRecord(join(resultsFolder, 'memory.json'), systems);
    const plots = makePlots(systems);
    for (const { file, svg } of plots) write(file, svg);
    write('memory-owners.csv', ownersCsv(systems));
    write('memory-times.csv', timesCsv(systems));
    write('memory.md', markdown(systems, plots));
}

/**
 * Measures and writes bench/results; systems that are not measured keep their former figures there. `say` is told what is going
 * on. What has to be said about the figures before anything else.
 */
export async function benchMemory(options: BenchOptions, say: (text: string) => void): Promise<string[]> {
    const names = chosen('systems', options.systems, systemNames);
    const images = chosen('images', options.images, idleImageNames).map(idleImage);
    const measuring = names.map((name) => new Measuring(makeSystem(name, options.largeKernel), say));
    const loads: Load[] = [
        ...(options.counts.includes(0) ? [{ image: null, containers: 0 }] : []),
        ...images.flatMap((image) =>
            options.counts.filter((count) => count > 0).map((containers) => ({ image, containers })),
        ),
    ];
    for (let round = 0; round < options.rounds; round++) {
        for (const load of loads) {
            for (const one of measuring) await one.round(load, round, options.rounds);
        }
    }
    if (options.smallest) {
        for (const one of measuring) for (const load of loads) await one.smallest(load);
    }
    const measured: SystemRecord[] = [];
    for (const one of measuring) measured.push(await one.record(images, options.rounds));
    writeResults(
        mergeRecords(readRecord(join(resultsFolder, 'memory.json')), measured, systemNames, options.keep),
    );
    return measuring.flatMap(({ system }) => (system instanceof SealiftSystem ? (system.warning ?? []) : []));
}
