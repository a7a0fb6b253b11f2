// SPDX-License-Identifier: Apache-2.0
//
// What was measured, as bench/results/memory.json keeps it: the tables and plots are made from it, so that one system can be
// measured again without the others.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { BootedFile, Owner } from './measurement.js';

/** One number of idle containers in a machine of one size. */
export interface Point {
    /** The image's name, or "none" where there is no container. */
    image: string;
    containers: number;
    mebibytes: number;
    /** True when the machine has the least memory that suffices. */
    smallest: boolean;
    owners: readonly Owner[];
    /** For each round: milliseconds from QEMU's start to the first byte of each container. */
    firstBytes: readonly (readonly number[])[];
}

/** What did not come to the point where all containers are idle. */
export interface Refusal {
    image: string;
    containers: number;
    mebibytes: number;
    /** The machine fell silent before, which need not be for want of memory. */
    silent: boolean;
}

export interface SystemRecord {
    name: string;
    title: string;
    /** MiB by which the smallest memory was searched. */
    step: number;
    /** "2026-11-28" */
    date: string;
    /** Sentences about what exactly was measured. */
    conditions: readonly string[];
    booted: readonly { image: string; files: readonly BootedFile[] }[];
    points: readonly Point[];
    refusals: readonly Refusal[];
}

export const NO_IMAGE = 'none';

export function readRecord(path: string): SystemRecord[] {
    if (!existsSync(path)) return [];
    return JSON.parse(readFileSync(path, 'utf8')) as SystemRecord[];
}

export function writeRecord(path: string, systems: readonly SystemRecord[]): void {
    writeFileSync(path, `${JSON.stringify(systems, null, 1)}\n`);
}

/** `fresh` with what `old`, of the same system, has beyond it, and a sentence that says so. */
function withFormer(fresh: SystemRecord, old: SystemRecord): SystemRecord {
    type Load = Pick<Point, 'image' | 'containers'> & { smallest?: boolean };
    const is = (one: Load, other: Load): boolean =>
        one.image === other.image &&
        one.containers === other.containers &&
        (one.smallest ?? false) === (other.smallest ?? false);
    const known: Load[] = [...fresh.points, ...fresh.refusals];
    const isNew = (one: Load): boolean => !known.some((other) => is(one, other));
    const points = old.points.filter(isNew);
    const refusals = old.refusals.filter(isNew);
    if (points.length + refusals.length === 0) return fresh;
    const kept = [...points, ...refusals].map(({ image, containers }) => `${containers} × ${image}`);
    return {
        ...fresh,
        conditions: [
            ...fresh.conditions,
            `of an earlier measurement, ${old.date}, and its conditions: ${[...new Set(kept)].join(', ')}${points.some(({ smallest }) => smallest) ? ', least memory among them' : ''}`,
        ],
        booted: [
            ...fresh.booted,
            ...old.booted.filter(({ image }) => !fresh.booted.some((one) => one.image === image)),
        ],
        points: [...fresh.points, ...points],
        refusals: [...fresh.refusals, ...refusals],
    };
}

/** `old` with the systems that were measured now in place of what they were, in the order of `names`. `keep`: with what of them was not measured again. */
export function mergeRecords(
    old: readonly SystemRecord[],
    measured: readonly SystemRecord[],
    names: readonly string[],
    keep = false,
): SystemRecord[] {
    const find = (name: string): SystemRecord | undefined => {
        const [fresh, former] = [measured, old].map((records) => records.find((one) => one.name === name));
        return fresh !== undefined && former !== undefined && keep
            ? withFormer(fresh, former)
            : (fresh ?? former);
    };
    return names.flatMap((name) => find(name) ?? []);
}

/** The point of a system, or undefined. */
export function findPoint(
    system: SystemRecord,
    image: string,
    containers: number,
    smallest: boolean,
): Point | undefined {
    return system.points.find(
        (point) =>
            point.containers === containers &&
            point.smallest === smallest &&
            (containers === 0 || point.image === image),
    );
}
