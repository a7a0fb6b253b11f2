// SPDX-License-Identifier: Apache-2.0
//
// Locks between processes: what is below build/ and made by whoever needs it first is made by one of them, and the others
// wait and find it there. Plain JavaScript without dependencies, because the build fetches sources before anything is installed.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Runs `work` while no other process holds the lock, a file that is made if need be; what `work` returns is returned. Waits
 * as long as it takes, with this process's event loop standing still. A lock ends with the process that holds it. It cannot
 * be taken again inside `work`: that waits for ever.
 * @template Result
 * @param {string} path
 * @param {() => Result} work synchronous
 * @returns {Result}
 */
export function withLock(path, work) {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, 'a');
    try {
        // flock(1) of util-linux, which Debian cannot be without, locks the open file that it inherits, which is ours.
        const { error, status, stderr } = spawnSync('flock', ['--exclusive', '0'], {
            stdio: [file, 'ignore', 'pipe'],
            encoding: 'utf8',
        });
        if (error)
            throw new Error(`flock cannot be run (${error.message}); it is part of Debian's util-linux`);
        if (status !== 0) throw new Error(`${path} cannot be locked: ${stderr.trim()}`);
        return work();
    } finally {
        closeSync(file);
    }
}
