// SPDX-License-Identifier: Apache-2.0
//
// A Compose file as a whole, and which of its services a command means.

import { Failure } from '../failure.js';
import { inOrder } from './dependencies.js';
import { wrongAt } from './document.js';
import type { ComposeSource } from './load.js';
import { fileRefusals } from './refusals.js';
import { atKey, Fields, isNull, mapOf } from './schema.js';
import { readService, type Service } from './services.js';
import { readNamedFiles } from './volumes.js';

export interface Project {
    name: string;
    /** The Compose file. */
    path: string;
    folder: string;
    services: ReadonlyMap<string, Service>;
}

/** Reads everything in a Compose file; what is not supported is a Failure that says where it is. */
export function readProject(source: ComposeSource): Project {
    const { root, folder, lookup, path, projectName } = source;
    const fields = new Fields(root);
    // Compose itself takes no notice of `version` any more.
    fields.ignore('name', 'version');
    const networks = fields.take('networks');
    if (networks !== null && !isNull(networks))
        for (const [name, node] of mapOf(networks).entries)
            if (name !== 'default' || !isNull(node))
                throw wrongAt(
                    atKey(node),
                    'networks are not supported: a container has its own loopback interface and no other network',
                    'remove it',
                );
    const volumes = fields.take('volumes');
    if (volumes !== null && !isNull(volumes) && mapOf(volumes).entries.size > 0)
        throw wrongAt(atKey(volumes), ...fileRefusals.volumes!);
    const configs = readNamedFiles(fields.take('configs'), folder, 'config', lookup);
    const secrets = readNamedFiles(fields.take('secrets'), folder, 'secret', lookup);
    const list = fields.take('services');
    fields.end(fileRefusals);
    if (list === null || isNull(list))
        throw new Failure(`${root.file}: has no services; add a map \`services:\``);
    const services = new Map<string, Service>();
    for (const [name, node] of mapOf(list).entries) {
        if (name.startsWith('x-')) continue;
        if (!/^[a-zA-Z0-9._-]+$/.test(name))
            throw wrongAt(
                atKey(node),
                `"${name}" is no service's name`,
                "use letters, digits, '-', '_' and '.'",
            );
        services.set(name, readService(name, mapOf(node), { folder, lookup, configs, secrets }));
    }
    if (services.size === 0) throw new Failure(`${root.file}: has no services; add one`);
    return { name: projectName, path, folder, services };
}

/** The profiles that are chosen: those of options, else of COMPOSE_PROFILES. */
export function chosenProfiles(options: readonly string[], environment: NodeJS.ProcessEnv): string[] {
    if (options.length > 0) return [...options];
    return (environment.COMPOSE_PROFILES ?? '').split(',').filter((name) => name !== '');
}

/**
 * The services that a command means, each behind those that it depends on: the named ones, or all whose profile is chosen,
 * and what they depend on.
 */
export function selectServices(
    project: Project,
    names: readonly string[],
    profiles: readonly string[],
): Service[] {
    const { services } = project;
    const unknown = names.find((name) => !services.has(name));
    if (unknown !== undefined)
        throw new Failure(
            `${unknown}: there is no such service; there are ${[...services.keys()].join(', ')}`,
        );
    // Who names a service means its profiles too.
    const active = new Set([...profiles, ...names.flatMap((name) => services.get(name)!.profiles)]);
    const isActive = (service: Service): boolean =>
        service.profiles.length === 0 ||
        active.has('*') ||
        names.includes(service.name) ||
        service.profiles.some((profile) => active.has(profile));
    const chosen = new Map<string, Service>();
    const add = (service: Service): void => {
        if (chosen.has(service.name)) return;
        chosen.set(service.name, service);
        for (const { service: name, required, place } of service.dependsOn) {
            const dependency = services.get(name);
            if (dependency !== undefined && isActive(dependency)) add(dependency);
            else if (required)
                throw dependency === undefined
                    ? wrongAt(place, `there is no service "${name}"`, 'define it')
                    : wrongAt(
                          place,
                          `the service "${name}" belongs to a profile that is not chosen`,
                          `add --profile ${dependency.profiles[0]!}`,
                      );
        }
    };
    for (const service of services.values())
        if (names.length > 0 ? names.includes(service.name) : isActive(service)) add(service);
    if (chosen.size === 0)
        throw new Failure(`${project.path}: every service belongs to a profile; choose one with --profile`);
    return inOrder(chosen);
}

/** The names of a service's containers. */
export function containerNames(project: Project, service: Service): string[] {
    if (service.containerName !== null) return [service.containerName];
    return Array.from(
        { length: service.scale },
        (_, index) => `${project.name}-${service.name}-${index + 1}`,
    );
}
