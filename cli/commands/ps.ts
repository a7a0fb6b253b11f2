// SPDX-License-Identifier: Apache-2.0
//
// `sealift ps` and `ls`: what runs.

import { Command } from 'commander';
import type { ContainerStatus } from '../control/systemMessages.js';
import { durationText, epochTime } from '../report/age.js';
import { table } from '../report/table.js';
import type { SystemInfo } from '../system/client.js';
import {
    addSystemOptions,
    chosenContainers,
    formatOption,
    runningSystems,
    withSystem,
    type SystemCommandOptions,
} from './systemOptions.js';

interface PsOptions extends SystemCommandOptions {
    all?: boolean;
    quiet?: boolean;
    services?: boolean;
    format: 'table' | 'json';
}

const examples = `
Examples:
  sealift ps                     the containers of this folder's system that run
  sealift ps -a                  those that have ended too, with their exit codes
  sealift ps --format json       an object a line
`;

/** Adds `ps` and `ls` to the program. */
export function addPsCommands(program: Command): void {
    const ps = program
        .command('ps')
        .description('List the containers of a running system')
        .argument('[names...]', 'services or containers (default: all)');
    addSystemOptions(ps)
        .option('-a, --all', 'list those that do not run, too')
        .option('-q, --quiet', 'print names only')
        .option('--services', 'print the names of services only')
        .addOption(formatOption())
        .addHelpText('after', examples)
        .action((names: string[], options: PsOptions) => listContainers(names, options));
    program
        .command('ls')
        .description('List the systems that run')
        .option('-q, --quiet', "print the projects' names only")
        .addOption(formatOption())
        .action((options: { quiet?: boolean; format: 'table' | 'json' }) => listSystems(options));
}

/** "Up 5 minutes (healthy)", "Exited (0) 3 seconds ago" */
export function statusText(container: ContainerStatus, booted: number, now = Date.now()): string {
    const { state, health, exitCode, started, finished } = container;
    const since = (time: number): string => durationText(now - epochTime(time, booted));
    switch (state) {
        case 'created':
            return 'Created';
        case 'running':
        case 'stopping': {
            const check =
                health === 'none' || health === ''
                    ? ''
                    : health === 'starting'
                      ? ' (health: starting)'
                      : ` (${health})`;
            return `Up ${since(started)}${check}${state === 'stopping' ? ', stopping' : ''}`;
        }
        case 'restarting':
            return `Restarting (${exitCode}) ${since(finished)} ago`;
        case 'exited':
            return finished === 0 ? `Exited (${exitCode})` : `Exited (${exitCode}) ${since(finished)} ago`;
    }
}

async function listContainers(names: readonly string[], options: PsOptions): Promise<void> {
    await withSystem(options, async (client, info) => {
        const services = new Map(info.containers.map(({ name, service }) => [name, service]));
        const chosen = new Set(chosenContainers(info, names).map(({ name }) => name));
        const list = (await client.list()).filter(
            ({ name, state }) => chosen.has(name) && (options.all === true || state !== 'exited'),
        );
        process.stdout.write(containerList(list, services, info, options));
    });
}

function containerList(
    list: readonly ContainerStatus[],
    services: ReadonlyMap<string, string>,
    info: SystemInfo,
    options: PsOptions,
): string {
    const serviceOf = ({ name }: ContainerStatus): string => services.get(name) ?? '';
    if (options.services) return lines([...new Set(list.map(serviceOf))]);
    if (options.quiet) return lines(list.map(({ name }) => name));
    if (options.format === 'json') {
        return lines(
            list.map((container) =>
                JSON.stringify({
                    ...container,
                    service: serviceOf(container),
                    project: info.project,
                    status: statusText(container, info.booted),
                }),
            ),
        );
    }
    const rows = list.map((container) => [
        container.name,
        container.image,
        serviceOf(container),
        statusText(container, info.booted),
        String(container.restarts),
    ]);
    return table(['NAME', 'IMAGE', 'SERVICE', 'STATUS', 'RESTARTS'], rows, [4]);
}

function lines(words: readonly string[]): string {
    return words.map((word) => `${word}\n`).join('');
}

async function listSystems(options: { quiet?: boolean; format: 'table' | 'json' }): Promise<void> {
    const clients = await runningSystems();
    const systems = await Promise.all(
        clients.map(async (client) => {
            try {
                const info = await client.system();
                const running = (await client.list()).filter(({ state }) => state === 'running').length;
                return { ...info, running };
            } finally {
                client.close();
            }
        }),
    );
    if (options.quiet) process.stdout.write(lines(systems.map(({ project }) => project)));
    else if (options.format === 'json')
        process.stdout.write(lines(systems.map((system) => JSON.stringify(system))));
    else {
        const rows = systems.map(({ project, running, containers, board, path }) => [
            project,
            `running ${running} of ${containers.length}`,
            board || 'this host',
            path,
        ]);
        process.stdout.write(table(['NAME', 'CONTAINERS', 'MACHINE', 'COMPOSE FILE'], rows));
    }
}
