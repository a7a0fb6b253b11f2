// SPDX-License-Identifier: Apache-2.0
//
// Figure 1: whose memory it is, with no container and with one that runs a shell.

import { table } from '../cli/report/table.js';
import { runForAccount, type Account, type Owner } from './account.js';
import { kibibytes } from './figures.js';
import type { BenchImage } from './image.js';

/** Owners that exist because an image was sent or a container made. */
const notTheBase = /^(containers$|layer store:|root task: packed image|free$)/;

/** Aims of the project's first milestone, in bytes. */
const BASE_AIM = 4 * 1024 * 1024;
const SHELL_AIM = 512 * 1024;

/** A shell that waits for input, finds its end, and ends itself. */
const WAITING_SHELL = 'read line; exit 0';
/** A shell that has started another program, waited for it, and ends itself. */
const PARENT_SHELL = '/bin/true; exit 0';

function sumOf(owners: readonly Owner[]): number {
    return owners.reduce((total, { bytes }) => total + bytes, 0);
}

function verdict(sum: number, aim: number): string {
    return sum <= aim
        ? `met: ${kibibytes(aim - sum)} under the aim of ${kibibytes(aim)}`
        : `missed: ${kibibytes(sum - aim)} over the aim of ${kibibytes(aim)}`;
}

function baseText(account: Account): string {
    const owners = account.owners.filter(({ owner, bytes }) => bytes !== 0 && !notTheBase.test(owner));
    const images = account.owners.filter(({ owner }) => /^(layer store:|root task: packed)/.test(owner));
    const rows = [...owners, { owner: 'sum', bytes: sumOf(owners) }];
    return (
        table(
            ['WITHOUT A CONTAINER', 'BYTES', ''],
            rows.map(({ owner, bytes }) => [owner, String(bytes), kibibytes(bytes)]),
            [1, 2],
        ) +
        `  ${verdict(sumOf(owners), BASE_AIM)}\n` +
        `  The machine cannot be asked without a container: this is the account of the waiting shell below without the\n` +
        `  container's memory limit, the layer store and the packed image (${kibibytes(sumOf(images))} the last two). "capabilities",\n` +
        `  "page tables" and the heap still have in them what managing one image and one container takes.\n` +
        `  Not in it: the kernel's own code and data, of which platform/linux keeps ${kibibytes(account.kernelOverhead)} in the machine's memory.\n`
    );
}

function shellText(waiting: Account, parent: Account): string {
    const inUse = (account: Account): Owner[] =>
        account.container.owners.filter(({ owner }) => owner !== 'free');
    const bytesOf = (account: Account, name: string): number =>
        inUse(account).find(({ owner }) => owner === name)?.bytes ?? 0;
    const names = [...new Set([...inUse(waiting), ...inUse(parent)].map(({ owner }) => owner))];
    const row = (name: string, left: number, right: number): string[] => [
        name,
        String(left),
        kibibytes(left),
        String(right),
        kibibytes(right),
    ];
    const rows = names.map((name) => row(name, bytesOf(waiting, name), bytesOf(parent, name)));
    const shared = [waiting, parent].map(({ container }) => container.layerBytesMapped);
    rows.push(row('sum', sumOf(inUse(waiting)), sumOf(inUse(parent))));
    rows.push(row('beside it, shared: file pages', shared[0]!, shared[1]!));
    return (
        table(['ONE CONTAINER, A BUSYBOX SHELL', 'WAITING', '', 'AFTER A CHILD', ''], rows, [1, 2, 3, 4]) +
        `  waiting (sh -c '${WAITING_SHELL}'): ${verdict(sumOf(inUse(waiting)), SHELL_AIM)}\n` +
        `  after a child (sh -c '${PARENT_SHELL}'): ${verdict(sumOf(inUse(parent)), SHELL_AIM)}\n` +
        `  The account at exit: taken when the shell calls exit and still holds its pages. It is no peak, and free lists are\n` +
        `  not in it. File pages are mapped from the layer store, which all containers share: the aim leaves them out.\n`
    );
}

/** The text of the figure. One run of each shell is enough: the account is the same every time. */
export async function memoryFigure(image: BenchImage): Promise<string> {
    const waiting = (await runForAccount(image, ['sh', '-c', WAITING_SHELL])).account;
    const parent = (await runForAccount(image, ['sh', '-c', PARENT_SHELL])).account;
    return `${baseText(waiting)}\n${shellText(waiting, parent)}`;
}
