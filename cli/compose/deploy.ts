// SPDX-License-Identifier: Apache-2.0
//
// A service's `deploy`: limits, number of containers and restart policy.

import type { RestartPolicy } from '../boot/bundle.js';
import { wrongAt, type ComposeNode } from './document.js';
import { deployRefusals, resourceRefusals } from './refusals.js';
import { countOf, cpusOf, Fields, sizeOf, textOf } from './schema.js';

export interface Deployment {
    memory: number | null;
    nanoCpus: number | null;
    replicas: number | null;
    restart: [RestartPolicy, number] | null;
}

function readRestartPolicy(node: ComposeNode): [RestartPolicy, number] {
    const fields = new Fields(node);
    const condition = fields.take('condition');
    const text = condition === null ? 'any' : textOf(condition);
    const maximum = fields.read('max_attempts', countOf, 0);
    const remedy = 'remove it: the delay begins at 100 ms and doubles up to a minute';
    fields.end({ delay: ['is not supported', remedy], window: ['is not supported', remedy] });
    if (text === 'none') return ['no', 0];
    if (text === 'on-failure') return ['on-failure', maximum];
    if (text !== 'any')
        throw wrongAt(condition ?? node, `"${text}" is no condition`, 'write none, on-failure or any');
    if (maximum !== 0)
        throw wrongAt(node, 'max_attempts goes with condition: on-failure only', 'write that, or remove it');
    return ['always', 0];
}

/** A service's `deploy`, or null. */
export function readDeploy(node: ComposeNode | null): Deployment {
    const result: Deployment = { memory: null, nanoCpus: null, replicas: null, restart: null };
    if (node === null) return result;
    const fields = new Fields(node);
    fields.only('mode', ['replicated'], 'is not supported: there is one machine', 'write replicas');
    fields.ignore('labels');
    result.replicas = fields.read('replicas', countOf, null);
    result.restart = fields.read('restart_policy', readRestartPolicy, null);
    const resources = fields.take('resources');
    if (resources !== null) {
        const kinds = new Fields(resources);
        const limits = kinds.take('limits');
        if (limits !== null) {
            const inner = new Fields(limits);
            result.memory = inner.read('memory', sizeOf, null);
            result.nanoCpus = inner.read('cpus', cpusOf, null);
            inner.end(resourceRefusals);
        }
        kinds.end(resourceRefusals);
    }
    fields.end(deployRefusals);
    return result;
}
