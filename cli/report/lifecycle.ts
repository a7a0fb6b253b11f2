// SPDX-License-Identifier: Apache-2.0

import type { ContainerEvent, ContainerStatus } from '../control/systemMessages.js';

const healthTexts: Readonly<Record<string, string>> = { healthy: 'Healthy', unhealthy: 'Unhealthy' };

/** What the events of a container said that has come to its present status. */
export function statusTexts({ started, health }: ContainerStatus): string[] {
    const healthText = healthTexts[health];
    return [...(started === 0 ? [] : ['Started']), ...(healthText === undefined ? [] : [healthText])];
}

/** "Started" and such for an event of a container; "" for one that a person need not be told of. */
export function eventText({ event, delay, health }: ContainerEvent): string {
    switch (event) {
        case 'start':
            return 'Started';
        case 'restart':
            return `Restarting in ${delay / 1000} s`;
        case 'stop':
            return 'Stopped';
        case 'destroy':
            return 'Removed';
        case 'health_status':
            return healthTexts[health] ?? '';
        default:
            return '';
    }
}

/** " Container shop-web-1  Started" */
export function lifecycleLine(container: string, text: string): string {
    return ` Container ${container}  ${text}\n`;
}
