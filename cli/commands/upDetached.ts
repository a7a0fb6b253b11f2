// SPDX-License-Identifier: Apache-2.0
//
// What `sealift up --detach` waits for: that every container has started, or is healthy with --wait.

import type { ContainerStatus } from '../control/systemMessages.js';
import { Failure } from '../failure.js';
import { eventText, lifecycleLine, statusTexts } from '../report/lifecycle.js';
import type { ProgressLine } from '../report/progressLine.js';
import { SystemClient } from '../system/client.js';
import { until } from '../system/until.js';

export interface WaitOptions {
    /** Healthy, not only started. */
    healthy: boolean;
    /** Seconds, or null for as long as it takes. */
    timeout: number | null;
    quiet: boolean;
    progress: ProgressLine;
}

/** Waits until the system of a project has started; the result is the exit code. */
export async function waitUntilStarted(project: string, options: WaitOptions): Promise<number> {
    const client = await SystemClient.connect(project);
    if (client === null)
        throw new Failure(`project ${project}: its system has ended; see \`sealift logs -p ${project}\``);
    try {
        const { containers } = await client.system();
        const say = (text: string): void => {
            options.progress.clear();
            if (!options.quiet) process.stderr.write(text);
        };
        const told = new Set<string>();
        const tell = (name: string, text: string): void => {
            const line = lifecycleLine(name, text);
            told.add(line);
            say(line);
        };
        await client.watch((number, event) => {
            const text = eventText(event);
            if (text !== '') tell(containers[number - 1]?.name ?? String(number), text);
        });
        const isSettled = ({ state, health }: ContainerStatus): boolean =>
            state !== 'created' && !(options.healthy && (health === 'starting' || state === 'restarting'));
        const list = await until(client, (all) => all.every(isSettled), options.timeout);
        if (list === null) {
            say(`sealift: project ${project}: not all containers were healthy in time; it goes on\n`);
            return 1;
        }
        // What happened before this client watched: the system does not wait for it.
        for (const status of list) {
            for (const text of statusTexts(status)) {
                if (!told.has(lifecycleLine(status.name, text))) tell(status.name, text);
            }
        }
        const failed = list.filter(
            ({ started, state, health }) =>
                (state === 'exited' && started === 0) || (options.healthy && health === 'unhealthy'),
        );
        for (const { name, message, health } of failed)
            say(`sealift: container ${name}: ${message || `is ${health}`}\n`);
        return failed.length === 0 ? 0 : 1;
    } finally {
        client.close();
    }
}
