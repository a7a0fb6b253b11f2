// SPDX-License-Identifier: Apache-2.0
//
// The record as tables: CSV for other programs, Markdown for people.

import { median } from '../figures.js';
import { ownerGroups, sumOf, usedBytes, type Owner } from './measurement.js';
import { findPoint, NO_IMAGE, type Point, type SystemRecord } from './record.js';

const MEBIBYTE = 1 << 20;

export function mebibytes(bytes: number): string {
    return (bytes / MEBIBYTE).toFixed(1);
}

/** A field of CSV (RFC 4180). */
function field(value: string | number): string {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
    return [head, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('');
}

/** Every owner of every point. */
export function ownersCsv(systems: readonly SystemRecord[]): string {
    const rows = systems.flatMap(({ name, points }) =>
        points.flatMap((point) =>
            point.owners.map(({ owner, group, bytes }) => [
                name,
                point.image,
                point.containers,
                point.mebibytes,
                point.smallest ? 1 : 0,
                group,
                owner,
                bytes,
            ]),
        ),
    );
    return csv(['system', 'image', 'containers', 'machine_mib', 'smallest', 'group', 'owner', 'bytes'], rows);
}

/** Milliseconds to the first byte of container number `index`, over the rounds; undefined where it was not measured. */
export function firstByte(point: Point | undefined, index: number): number | undefined {
    const times = (point?.firstBytes ?? []).flatMap((round) => round[index] ?? []);
    return times.length === 0 ? undefined : median(times);
}

/** The time of every container's first byte: median, least and most over the rounds. */
export function timesCsv(systems: readonly SystemRecord[]): string {
    const rows = systems.flatMap(({ name, points }) =>
        points
            .filter(({ smallest }) => !smallest)
            .flatMap((point) =>
                Array.from({ length: point.containers }, (_, index) => {
                    const times = point.firstBytes.flatMap((round) => round[index] ?? []);
                    const least = Math.round(Math.min(...times));
                    const most = Math.round(Math.max(...times));
                    const middle = Math.round(median(times));
                    return [
                        name,
                        point.image,
                        point.containers,
                        index + 1,
                        middle,
                        least,
                        most,
                        times.length,
                    ];
                }),
            ),
    );
    return csv(
        ['system', 'image', 'containers', 'container', 'median_ms', 'least_ms', 'most_ms', 'rounds'],
        rows,
    );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
    return (
        line(head) + line(head.map((_, index) => (index === 0 ? '---' : '---:'))) + rows.map(line).join('')
    );
}

/** Image and number of containers of every point, each once, in the order in which they were measured. */
export function measuredLoads(systems: readonly SystemRecord[]): { image: string; containers: number }[] {
    const points = systems.flatMap((system) => [...system.points, ...system.refusals]);
    const images = [...new Set(points.map(({ image }) => image))].filter((image) => image !== NO_IMAGE);
    const counts = (image: string): number[] =>
        [
            ...new Set(points.filter((point) => point.image === image).map(({ containers }) => containers)),
        ].sort((a, b) => a - b);
    const idle = points.some(({ containers }) => containers === 0)
        ? [{ image: NO_IMAGE, containers: 0 }]
        : [];
    return [
        ...idle,
        ...images.flatMap((image) => counts(image).map((containers) => ({ image, containers }))),
    ];
}

/** "16 × redis" */
export function loadName({ image, containers }: { image: string; containers: number }): string {
    return containers === 0 ? 'no container' : `${containers} × ${image}`;
}

/** One row for each load, one column for each system. */
function loadTable(
    systems: readonly SystemRecord[],
    cell: (system: SystemRecord, load: { image: string; containers: number }) => string,
): string {
    const rows = measuredLoads(systems).map((load) => [
        loadName(load),
        ...systems.map((system) => cell(system, load)),
    ]);
    return table(['', ...systems.map(({ title }) => title)], rows);
}

function usedCell(system: SystemRecord, image: string, containers: number): string {
    const point = findPoint(system, image, containers, false);
    if (point !== undefined) return mebibytes(usedBytes(point.owners));
    const refusal = system.refusals.find((one) => one.image === image && one.containers === containers);
    if (refusal === undefined) return '–';
    return refusal.silent ? 'fell silent' : 'does not fit';
}

/** MiB that one more container takes, between the smallest and the largest number above 0 that were measured. */
function perContainer(system: SystemRecord, image: string): string {
    const points = system.points
        .filter((point) => point.image === image && !point.smallest && point.containers > 0)
        .sort((a, b) => a.containers - b.containers);
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined || first === last) return '–';
    const bytes = usedBytes(last.owners) - usedBytes(first.owners);
    return (bytes / (last.containers - first.containers) / MEBIBYTE).toFixed(2);
}

function ownersTable(
    systems: readonly SystemRecord[],
    image: string,
    containers: number,
    smallest: boolean,
): string {
    const parts = systems.flatMap((system) => {
        const point = findPoint(system, image, containers, smallest);
        if (point === undefined) return [];
        const rows = point.owners.map(({ owner, bytes }) => [owner, mebibytes(bytes)]);
        const sum = [`sum, the machine`, mebibytes(sumOf(point.owners))];
        return [
            `**${system.title}** (-m ${point.mebibytes}M)\n\n${table(['owner', 'MiB'], [...rows, sum])}\n`,
        ];
    });
    return parts.join('\n');
}

function groupBytes(owners: readonly Owner[], group: string): number {
    return sumOf(owners.filter((owner) => owner.group === group));
}

function groupsTable(systems: readonly SystemRecord[], smallest: boolean): string {
    const groups = ownerGroups.filter((group) => group !== 'free');
    const rows = measuredLoads(systems).flatMap((load) =>
        systems.flatMap((system) => {
            const point = findPoint(system, load.image, load.containers, smallest);
            if (point === undefined) return [];
            return [
                [
                    loadName(load),
                    system.title,
                    String(point.mebibytes),
                    ...groups.map((group) => mebibytes(groupBytes(point.owners, group))),
                    mebibytes(usedBytes(point.owners)),
                ],
            ];
        }),
    );
    return table(['', 'system', '-m', ...groups, 'in use'], rows);
}

/** Everything for people. `plots` are files beside the text, with what they show. */
export function markdown(
    systems: readonly SystemRecord[],
    plots: readonly { file: string; title: string }[],
): string {
    const images = [...new Set(measuredLoads(systems).map(({ image }) => image))].filter(
        (one) => one !== NO_IMAGE,
    );
    const smallestCell = (system: SystemRecord, image: string, containers: number): string =>
        String(findPoint(system, image, containers, true)?.mebibytes ?? '–');
    const timeCell = (system: SystemRecord, image: string, containers: number): string => {
        const point = findPoint(system, image, containers, false);
        const [first, last] = [firstByte(point, 0), firstByte(point, containers - 1)];
        if (first === undefined || last === undefined) return '–';
        return containers === 1 ? first.toFixed(0) : `${first.toFixed(0)}, ${last.toFixed(0)}`;
    };
    const disk = systems.flatMap(({ title, booted }) =>
        booted.map(({ image, files }) => [
            title,
            image,
            files.map(({ file, bytes }) => `${file} ${mebibytes(bytes)}`).join(', '),
            mebibytes(files.reduce((sum, { bytes }) => sum + bytes, 0)),
        ]),
    );
    return `# Memory: Sealift beside Linux machines

Written by \`npm run bench:memory\`; [docs/measuring.md](../../docs/measuring.md#memory-against-a-linux-vm) says what is measured and how. All systems ran
on the same machine of QEMU, which emulates the processor: counts of bytes are exact, times are QEMU's.

${systems.map(({ title, date, conditions }) => `- **${title}** (${date}): ${conditions.join('; ')}.`).join('\n')}

${plots.map(({ file, title }) => `![${title}](${file})`).join('\n\n')}

## Memory in use, MiB

Everything that is not free, the kernel, firmware and page descriptors included, in a machine of the size that most points have.

${loadTable(systems, (system, { image, containers }) => usedCell(system, image, containers))}
One more container:

${table(
    ['', ...systems.map(({ title }) => title)],
    images.map((image) => [image, ...systems.map((system) => perContainer(system, image))]),
)}
## The least memory that suffices, MiB

One attempt each, in steps of ${systems.map(({ title, step }) => `${step} MiB (${title})`).join(', ')}.

${loadTable(systems, (system, { image, containers }) => smallestCell(system, image, containers))}
## Power-on to the first byte, milliseconds

From the start of QEMU to the first byte of the first container, and of the last where there are several.

${loadTable(systems, (system, { image, containers }) => timeCell(system, image, containers))}
## What is booted, MiB on disk

${table(['', 'image', 'files', 'sum'], disk)}
## Whose the memory is, MiB

${groupsTable(systems, false)}
In machines with the least memory that suffices:

${groupsTable(systems, true)}
### One idle container, by owner

${images.map((image) => `#### ${image}\n\n${ownersTable(systems, image, 1, false)}`).join('\n')}`;
}
