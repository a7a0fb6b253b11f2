// SPDX-License-Identifier: Apache-2.0
//
// Which running system a command means, and which of its containers.

import { Option, type Command } from 'commander';
import { findComposeFile, loadCompose, checkProjectName } from '../compose/load.js';
import { Failure } from '../failure.js';
import { shortName } from '../report/prefixedOutput.js';
import { SystemClient, type SystemInfo } from '../system/client.js';
import { projectsWithSocket } from '../system/folders.js';
import type { ContainerInfo } from '../system/session.js';

export interface SystemCommandOptions {
    file?: string;
    projectName?: string;
}

/** Adds the options that choose a running system; `hasShort`: -f is the file and nothing else. */
export function addSystemOptions(command: Command, hasShort = true): Command {
    return command
        .option(
            '-p, --project-name <name>',
            "the system's project (default: that of the Compose file, or the only one that runs)",
        )
        .option(
            hasShort ? '-f, --file <file>' : '--file <file>',
            'the Compose file of the project (default: compose.yaml in this folder or above)',
        );
}

/** `--format table` or `json`. */
export function formatOption(): Option {
    return new Option('--format <format>', 'how to show it').choices(['table', 'json']).default('table');
}

/** A whole number of seconds. */
export function parseSeconds(text: string, option: string): number {
    if (!/^\d{1,8}$/.test(text))
        throw new Failure(`${option} ${text}: not a number of seconds; write for example 10`);
    return Number(text);
}

/** The project that is meant, or null where only a look at what runs can tell. */
function namedProject(options: SystemCommandOptions): string | null {
    const name = options.projectName ?? (process.env.COMPOSE_PROJECT_NAME || undefined);
    if (name !== undefined) return checkProjectName(name, '-p');
    if (options.file === undefined && findComposeFile(undefined) === null) return null;
    return loadCompose(options).projectName;
}

/** The systems that run. */
export async function runningSystems(): Promise<SystemClient[]> {
    const clients = await Promise.all(
        projectsWithSocket().map((project) => SystemClient.connect(project).catch(() => null)),
    );
    return clients.filter((client) => client !== null);
}

/** The project that a command means, running or not. */
export async function chosenProject(options: SystemCommandOptions): Promise<string> {
    const project = namedProject(options);
    if (project !== null) return project;
    const clients = await runningSystems();
    for (const client of clients) client.close();
    const [first, ...others] = clients;
    if (first === undefined)
        throw new Failure(
            'no system runs, and there is no Compose file here; start one with `sealift up`, or name one with -p',
        );
    if (others.length === 0) return first.project;
    const names = clients.map((client) => client.project).join(', ');
    throw new Failure(`several systems run (${names}); name one with -p`);
}

/** Connects to the system that a command means; close it on every path. */
export async function openSystem(options: SystemCommandOptions): Promise<SystemClient> {
    const project = await chosenProject(options);
    const client = await SystemClient.connect(project);
    if (client === null)
        throw new Failure(`project ${project}: its system does not run; start it with \`sealift up\``);
    return client;
}

/** Does something with the system that is meant. */
export async function withSystem<Result>(
    options: SystemCommandOptions,
    work: (client: SystemClient, info: SystemInfo) => Promise<Result>,
): Promise<Result> {
    const client = await openSystem(options);
    try {
        return await work(client, await client.system());
    } finally {
        client.close();
    }
}

/** The containers that a name means: one by its name, with or without the project's, or all of a service. */
export function containersNamed(info: SystemInfo, name: string): ContainerInfo[] {
    const { containers, project } = info;
    const exact = containers.filter((container) => container.name === name);
    if (exact.length > 0) return exact;
    return containers.filter(
        (container) => container.service === name || shortName(container.name, project) === name,
    );
}

/** The containers that names mean, in the system's order; all where no name is given. */
export function chosenContainers(info: SystemInfo, names: readonly string[]): ContainerInfo[] {
    if (names.length === 0) return info.containers;
    const chosen = new Set(
        names.flatMap((name) => {
            const found = containersNamed(info, name);
            if (found.length > 0) return found;
            const known = info.containers.map((container) => container.name).join(', ');
            throw new Failure(
                `${name}: project ${info.project} has no such service or container; it has ${known}`,
            );
        }),
    );
    return info.containers.filter((container) => chosen.has(container));
}

/** The only container that a name means. */
export function chosenContainer(info: SystemInfo, name: string): ContainerInfo {
    const [first, ...others] = chosenContainers(info, [name]);
    if (others.length === 0) return first!;
    const names = [first!, ...others].map((container) => container.name).join(', ');
    throw new Failure(`${name}: the service has several containers (${names}); name one`);
}
