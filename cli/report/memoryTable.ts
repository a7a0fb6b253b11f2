// SPDX-License-Identifier: Apache-2.0
//
// The account of a machine's memory by owner, from the target's STATISTICS message. What the target says is shown as it
// says it; sums are computed here, so that an account that does not add up can be seen.

import { formatBytes } from '../commands/memorySize.js';
import { table } from './table.js';

interface Owner {
    owner: string;
    bytes: number;
}

type Fields = Record<string, unknown>;

function number(fields: Fields, key: string): number {
    const value = fields[key];
    return typeof value === 'number' ? value : 0;
}

function fieldsOf(value: unknown): Fields {
    return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function ownersOf(fields: Fields): Owner[] {
    const list = Array.isArray(fields.owners) ? (fields.owners as unknown[]) : [];
    return list.map((entry) => {
        const owner = fieldsOf(entry);
        return { owner: String(owner.owner), bytes: number(owner, 'bytes') };
    });
}

function ownerRows(owners: readonly Owner[]): string[][] {
    const shown = owners.filter(({ bytes }) => bytes !== 0);
    const sum = owners.reduce((total, { bytes }) => total + bytes, 0);
    const row = (name: string, bytes: number): string[] => [name, String(bytes), formatBytes(bytes)];
    return [...shown.map(({ owner, bytes }) => row(owner, bytes)), row('sum', sum)];
}

/** Tables for a person: the whole machine, the container's part, and what was counted besides. */
export function memoryTable(statistics: Fields): string {
    const container = fieldsOf(statistics.container);
    const freed = fieldsOf(statistics.freed);
    const right = [1, 2];
    const machine = table(['MEMORY OF THE MACHINE', 'BYTES', ''], ownerRows(ownersOf(statistics)), right);
    const inside = table(
        [`OF IT, CONTAINER ${String(container.name)}`, 'BYTES', ''],
        ownerRows(ownersOf(container)),
        right,
    );
    const counts =
        `${number(container, 'processes')} processes, ${number(container, 'systemCalls')} system calls, ` +
        `${number(container, 'pageFaults')} page faults; ${formatBytes(number(container, 'layerBytesMapped'))} of shared ` +
        `layer pages mapped\n`;
    const returned = `returned when the container ended: ${number(freed, 'returned')} of ${number(freed, 'carved')} bytes\n`;
    return `\n${machine}\n${inside}\n${counts}${returned}`;
}
