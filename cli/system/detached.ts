// SPDX-License-Identifier: Apache-2.0
//
// A system without a terminal: `up --detach` leaves its process behind. The boot image's folder becomes that process's own.

import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProgressMessage } from '../control/messages.js';
import { Failure, messageOf } from '../failure.js';
import { stateFolder } from './folders.js';
import { SystemHost, type HostJob } from './host.js';

/** The hidden verb of that process. */
export const HOST_VERB = 'system-host';

/** What the process says while somebody listens. */
type Report = { progress: ProgressMessage } | { ready: true } | { failed: string };

// Compiled, this file is build/cli/system/detached.js.
const commandLine = fileURLToPath(new URL('../../../cli/sealift.mjs', import.meta.url));

/** The file that has what the process itself said: of the machine, or an error of ours. */
export function machineTextPath(project: string): string {
    return join(stateFolder(project), 'machine.txt');
}

/** Starts the process; the result settles when its target takes requests. */
export function startDetached(
    job: HostJob,
    folder: string,
    progress: (message: ProgressMessage) => void,
): Promise<void> {
    const file = join(folder, 'job.json');
    writeFileSync(file, JSON.stringify(job), { mode: 0o600 });
    mkdirSync(stateFolder(job.project), { recursive: true, mode: 0o700 });
    const text = openSync(machineTextPath(job.project), 'w', 0o600);
    const child = fork(commandLine, [HOST_VERB, folder], {
        detached: true,
        stdio: ['ignore', text, text, 'ipc'],
    });
    closeSync(text);
    return new Promise((resolve, reject) => {
        const settle = (error: Failure | null): void => {
            child.removeAllListeners();
            if (child.connected) child.disconnect();
            child.unref();
            if (error === null) resolve();
            else reject(error);
        };
        child.on('message', (report: Report) => {
            if ('progress' in report) progress(report.progress);
            else if ('ready' in report) settle(null);
            else settle(new Failure(report.failed));
        });
        child.on('error', (error) =>
            settle(new Failure(`process of the system: ${messageOf(error)}; try again`)),
        );
        child.on('exit', (status, signal) =>
            settle(
                new Failure(
                    `process of the system: it ended (${signal ?? `status ${status}`}); see ${machineTextPath(job.project)}`,
                ),
            ),
        );
    });
}

/** The process itself, until its machine is off. */
export async function runDetached(folder: string): Promise<number> {
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    const report = (message: Report): void => {
        // Whoever waited may have gone; the system goes on.
        if (process.connected) process.send!(message, undefined, undefined, () => undefined);
    };
    process.on('disconnect', () => undefined);
    try {
        const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')) as HostJob;
        const host = SystemHost.start(job, await SystemHost.claim(job.project));
        const { session } = host;
        session.listen({
            progress: (progress) => report({ progress }),
            ready: () => report({ ready: true }),
            text: (bytes) => process.stdout.write(bytes),
            // Before clients see the end: who waited for it finds nothing left.
            ended: remove,
        });
        let isEnding = false;
        for (const name of ['SIGINT', 'SIGTERM'] as const)
            process.on(name, () => {
                if (isEnding) session.kill(0, '');
                else session.goDown({}, () => undefined);
                isEnding = true;
            });
        const { exitCode, message } = await host.wait();
        if (message !== '') {
            process.stderr.write(`sealift: ${message}\n`);
            report({ failed: message });
        }
        return exitCode;
    } catch (error) {
        if (error instanceof Failure) report({ failed: error.message });
        throw error;
    }
}
