// SPDX-License-Identifier: Apache-2.0
//
// The account of a machine's memory by owner, as the target gives it. What the target says is shown as it says it; sums are computed
// here, so that an account that does not add up can be seen.

import { formatBytes } from '../commands/memorySize.js';
import { table } from './table.js';

export interface Owner {
    owner: string;
    bytes: number;
}

type Fields = Record<string, unknown>;

/** The owner that has what nobody uses. */
export const FREE = 'free';

/** Whether an owner has what nobody uses, though it may not be for everybody: "free, for layers only". */
export function isFree(owner: string): boolean {
    return owner === FREE || owner.startsWith(`${FREE}, `);
}

export function numberIn(fields: Fields, key: string): number {
    const value = fields[key];
    return typeof value === 'number' ? value : 0;
}

export function fieldsOf(value: unknown): Fields {
    return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The owners of an account or of a container in it. */
export function ownersOf(fields: Fields): Owner[] {
    const list = Array.isArray(fields.owners) ? (fields.owners as unknown[]) : [];
    return list.map((entry) => {
        const owner = fieldsOf(entry);
        return { owner: String(owner.owner), bytes: numberIn(owner, 'bytes') };
    });
}

export function sumOf(owners: readonly Owner[]): number {
    return owners.reduce((total, { bytes }) => total + bytes, 0);
}

/** What of a container's memory is in use. */
export function usedBytes(container: Fields): number {
    return sumOf(ownersOf(container).filter(({ owner }) => owner !== FREE));
}

/** A table of owners with their sum under `title`. */
export function ownerTable(title: string, owners: readonly Owner[]): string {
    const shown = owners.filter(({ bytes }) => bytes !== 0);
    const row = (name: string, bytes: number): string[] => [name, String(bytes), formatBytes(bytes)];
    const rows = [...shown.map(({ owner, bytes }) => row(owner, bytes)), row('sum', sumOf(owners))];
    return table([title, 'BYTES', ''], rows, [1, 2]);
}

/** Tables of a system: the whole machine, its layers and each of `containers`. */
export function ownersTable(account: Fields, containers: readonly Fields[]): string {
    const layers = Array.isArray(account.layers) ? account.layers.map(fieldsOf) : [];
    const rows = layers.map((layer) => [
        String(layer.digest).slice(0, 19),
        formatBytes(numberIn(layer, 'dataBytes')),
        formatBytes(numberIn(layer, 'sharedBytes')),
        formatBytes(numberIn(layer, 'indexBytes')),
    ]);
    const parts = [
        ownerTable('MEMORY OF THE MACHINE', ownersOf(account)),
        ...(rows.length > 0 ? [table(['LAYER', 'DATA', 'SHARED', 'INDEX'], rows, [1, 2, 3])] : []),
        ...containers.map((container) =>
            ownerTable(`OF IT, CONTAINER ${String(container.name)}`, ownersOf(container)),
        ),
    ];
    return parts.join('\n');
}
