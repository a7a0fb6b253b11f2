// SPDX-License-Identifier: Apache-2.0
//
// Which pages of the layer store a container asks for until it is idle. Two machines on platform/linux: the ordinary one for its account,
// and one whose sentry asks for single pages, in which no page is there because a neighbour was wanted; the model's trace has the requests.

import { closeSync, createReadStream, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleParts } from '../../cli/boot/bundle.js';
import { writeBootImage } from '../../cli/boot/bootImage.js';
import { linuxKernel, linuxRuntime } from '../../cli/projectPaths.js';
import { root } from '../image.js';
import { withIdleSystem } from '../memory/idleSystem.js';
import type { IdleCommand } from '../memory/measurement.js';
import { runUntilIdle, type SystemAccount } from '../memory/sealiftMachine.js';
import { PAGE, pageName, type Touched } from './savings.js';

/** The machine that holds the largest image, packed and unpacked, and its container. */
export const MACHINE_MEBIBYTES = 1536;
const CONTAINER_BYTES = 512 * 1024 * 1024;

/** A shell that has said so still has to become `sleep`. */
const SETTLING_MILLISECONDS = 3000;

const folder = join(root, 'build', 'bench', 'store');

/** STORE_FRAMES of the manager's service (docs/architecture.md) with its four words: label << 12 | words. */
const REQUEST = /^\w+ thread \w+ cap \w+ info 6004 message (\w+) (\w+) (\w+) \w+$/;

/** The layer, the first page and the number of pages that a line of the trace asks for; null for any other line. */
export function readRequest(line: string): { layer: number; page: number; count: number } | null {
    const match = REQUEST.exec(line);
    if (match === null) return null;
    const [layer, page, count] = match.slice(1).map((word) => parseInt(word, 16));
    return { layer: layer!, page: page!, count: count! };
}

/** Runs the image on a machine with that runtime until it is idle. */
async function runIdle(image: IdleCommand, runtime: string, trace: string | null): Promise<SystemAccount> {
    mkdirSync(folder, { recursive: true });
    const output = join(folder, `${image.name}.elf`);
    await withIdleSystem(image, 1, CONTAINER_BYTES, false, async (system) => {
        writeBootImage(runtime, bundleParts(system), output);
        return Promise.resolve();
    });
    const machine = [linuxKernel(), '--memory', String(MACHINE_MEBIBYTES)];
    const command =
        trace === null
            ? [...machine, output]
            : ['sh', '-c', 'exec "$@" 2>"$0"', trace, ...machine, '--trace', output];
    const { account } = await runUntilIdle(command, image, 1, SETTLING_MILLISECONDS);
    rmSync(output);
    return account;
}

/** The account of a container that is idle. */
export function idleAccount(image: IdleCommand): Promise<SystemAccount> {
    return runIdle(image, linuxRuntime(), null);
}

/** The pages that a container touches until it is idle. `runtime`: the one whose sentry asks for single pages. */
export async function touchedPages(image: IdleCommand, runtime: string): Promise<Touched> {
    const trace = join(folder, `${image.name}.trace`);
    const account = await runIdle(image, runtime, trace);
    const touched = new Set<string>();
    const descriptor = openSync(trace, 'r');
    try {
        for await (const line of createInterface({
            input: createReadStream('', { fd: descriptor, autoClose: false }),
        })) {
            const request = readRequest(line);
            if (request === null) continue;
            if (request.count !== 1)
                throw new Error(`a request for ${request.count} pages: the runtime is another one`);
            touched.add(pageName(request.layer, request.page));
        }
    } finally {
        closeSync(descriptor);
    }
    const pages = account.containers[0]!.layerBytesMapped / PAGE;
    if (pages !== touched.size)
        throw new Error(`${image.name}: ${touched.size} pages are in the trace, and ${pages} in the account`);
    rmSync(trace);
    return touched;
}
