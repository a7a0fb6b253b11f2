// SPDX-License-Identifier: Apache-2.0

import type { ContainerStatus } from '../control/systemMessages.js';
import type { SystemClient } from './client.js';

/** Looks again after this long without an event, in milliseconds: states also change without one. */
const LOOK_MILLISECONDS = 1000;

/** Waits until the containers are as `isSo` wants them, at most `timeout` seconds; null when they were not in time. */
export async function until(
    client: SystemClient,
    isSo: (containers: ContainerStatus[]) => boolean,
    timeout: number | null = null,
): Promise<ContainerStatus[] | null> {
    const deadline = timeout === null ? Infinity : Date.now() + timeout * 1000;
    let happened: () => void = () => undefined;
    await client.watch(() => happened());
    for (;;) {
        const event = new Promise<void>((resolve) => (happened = resolve));
        const list = await client.list();
        if (isSo(list)) return list;
        const patience = Math.min(LOOK_MILLISECONDS, deadline - Date.now());
        if (patience <= 0) return null;
        let timer: NodeJS.Timeout | undefined;
        const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
        await Promise.race([event, time, client.closed]);
        clearTimeout(timer);
    }
}
