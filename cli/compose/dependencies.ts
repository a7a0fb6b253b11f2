// SPDX-License-Identifier: Apache-2.0
//
// `depends_on`, and the order of services that follows from it.

import type { Dependency } from '../boot/bundle.js';
import { wrongAt, type ComposeNode, type Place } from './document.js';
import { booleanOf, Fields, textOf, textsOf } from './schema.js';

export interface ServiceDependency {
    service: string;
    condition: Dependency['condition'];
    /** False: where the service is not part of the system, nothing is waited for. */
    required: boolean;
    place: Place;
}

const conditions: readonly Dependency['condition'][] = [
    'service_started',
    'service_healthy',
    'service_completed_successfully',
];

function readCondition(node: ComposeNode): Dependency['condition'] {
    const text = textOf(node);
    const known = conditions.find((condition) => condition === text);
    if (known === undefined)
        throw wrongAt(node, `"${text}" is no condition`, `write ${conditions.join(', ')}`);
    return known;
}

/** A service's `depends_on`, in its short and long form. */
export function readDependencies(node: ComposeNode): ServiceDependency[] {
    if (node.kind !== 'map') {
        const items = node.kind === 'list' ? node.items : [node];
        return textsOf(node).map((service, index) => ({
            service,
            condition: 'service_started',
            required: true,
            place: items[index]!,
        }));
    }
    return [...node.entries].map(([service, value]) => {
        const fields = new Fields(value);
        const dependency: ServiceDependency = {
            service,
            condition: fields.read('condition', readCondition, 'service_started'),
            required: fields.read('required', booleanOf, true),
            place: value,
        };
        fields.only(
            'restart',
            ['false'],
            'is not supported: services are not updated while they run',
            'remove it',
        );
        fields.end();
        return dependency;
    });
}

/** What `inOrder` looks at. */
interface Ordered {
    name: string;
    dependsOn: readonly ServiceDependency[];
}

/** The services with each behind those that it depends on; a circle is a Failure. */
export function inOrder<Service extends Ordered>(services: ReadonlyMap<string, Service>): Service[] {
    const result: Service[] = [];
    const done = new Set<string>();
    const visit = (service: Service, path: readonly string[]): void => {
        if (done.has(service.name)) return;
        for (const { service: name, place } of service.dependsOn) {
            const dependency = services.get(name);
            if (dependency === undefined) continue;
            const way = [...path, service.name];
            if (way.includes(name))
                throw wrongAt(
                    place,
                    `services wait for each other: ${[...way.slice(way.indexOf(name)), name].join(' → ')}`,
                    'remove one of these',
                );
            visit(dependency, way);
        }
        done.add(service.name);
        result.push(service);
    };
    for (const service of services.values()) visit(service, []);
    return result;
}
