// SPDX-License-Identifier: Apache-2.0
//
// The account of a one-shot run, from the target's STATISTICS message.

import { formatBytes } from '../commands/memorySize.js';
import { fieldsOf, numberIn, ownersOf, ownerTable } from './account.js';

/** Tables for a person: the whole machine, the container's part, and what was counted besides. */
export function memoryTable(statistics: Record<string, unknown>): string {
    const container = fieldsOf(statistics.container);
    const freed = fieldsOf(statistics.freed);
    const machine = ownerTable('MEMORY OF THE MACHINE', ownersOf(statistics));
    const inside = ownerTable(`OF IT, CONTAINER ${String(container.name)}`, ownersOf(container));
    const counts =
        `${numberIn(container, 'processes')} processes, ${numberIn(container, 'systemCalls')} system calls, ` +
        `${numberIn(container, 'pageFaults')} page faults; ${formatBytes(numberIn(container, 'layerBytesMapped'))} of shared ` +
        `layer pages mapped\n`;
    const returned = `returned when the container ended: ${numberIn(freed, 'returned')} of ${numberIn(freed, 'carved')} bytes\n`;
    return `\n${machine}\n${inside}\n${counts}${returned}`;
}
