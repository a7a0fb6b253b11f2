// SPDX-License-Identifier: Apache-2.0
//
// `sealift stop`, `start`, `restart`, `kill`, `rm` and `down`: the life of containers in a running system.

import { Command } from 'commander';
import type { ContainerStatus } from '../control/systemMessages.js';
import { signalNumber } from '../compose/services.js';
import { Failure } from '../failure.js';
import { eventText, lifecycleLine } from '../report/lifecycle.js';
import type { SystemClient, SystemInfo } from '../system/client.js';
import type { ContainerInfo } from '../system/session.js';
import { until } from '../system/until.js';
import {
    addSystemOptions,
    chosenContainers,
    parseSeconds,
    withSystem,
    type SystemCommandOptions,
} from './systemOptions.js';

interface LifecycleOptions extends SystemCommandOptions {
    timeout?: string;
    signal?: string;
    force?: boolean;
    stop?: boolean;
}

const names = '[names...]';
const namesText = 'services or containers (default: all)';

/** Adds the verbs to the program. */
export function addLifecycleCommands(program: Command): void {
    const verb = (name: string, description: string, hasShort = true): Command =>
        addSystemOptions(program.command(name).description(description).argument(names, namesText), hasShort);
    verb('stop', 'Stop containers: their stop signal, and SIGKILL when their time is over')
        .option('-t, --timeout <seconds>', "their time (default: each container's own)")
        .action((chosen: string[], options: LifecycleOptions) =>
            withChosen(chosen, options, (client, _info, containers) => stopAll(client, containers, options)),
        );
    verb('start', 'Start containers that have ended or were stopped').action(
        (chosen: string[], options: LifecycleOptions) =>
            withChosen(chosen, options, (client, _info, containers) => startAll(client, containers)),
    );
    verb('restart', 'Stop containers and start them again')
        .option('-t, --timeout <seconds>', "their time to stop (default: each container's own)")
        .action((chosen: string[], options: LifecycleOptions) =>
            withChosen(chosen, options, async (client, _info, containers) => {
                await stopAll(client, containers, options);
                await startAll(client, containers);
            }),
        );
    verb('kill', 'Send a signal to containers')
        .option('-s, --signal <signal>', 'which: a name or a number', 'SIGKILL')
        .action((chosen: string[], options: LifecycleOptions) =>
            withChosen(chosen, options, (client, _info, containers) =>
                killAll(client, containers, chosen.length > 0, options.signal!),
            ),
        );
    verb('rm', 'Remove containers that do not run', false)
        .option('-f, --force', 'end those that run')
        .option('-s, --stop', 'stop those that run')
        .action((chosen: string[], options: LifecycleOptions) =>
            withChosen(chosen, options, (client, _info, containers) =>
                removeAll(client, containers, chosen.length > 0, options),
            ),
        );
    addSystemOptions(
        program.command('down').description('Stop all containers of a system and switch its machine off'),
    )
        .option('-t, --timeout <seconds>', "the containers' time to stop (default: each one's own)")
        .action((options: LifecycleOptions) => goDown(options));
}

function withChosen(
    chosen: readonly string[],
    options: LifecycleOptions,
    work: (client: SystemClient, info: SystemInfo, containers: ContainerInfo[]) => Promise<void>,
): Promise<void> {
    return withSystem(options, async (client, info) => {
        const present = new Set((await client.list()).map(({ name }) => name));
        const containers = chosenContainers(info, chosen).filter(({ name }) => present.has(name));
        if (containers.length === 0)
            throw new Failure(
                `project ${info.project}: these containers were removed; start the system anew`,
            );
        await announceEvents(client, info);
        await work(client, info, containers);
    });
}

/** Says on standard error what happens to containers. */
async function announceEvents(client: SystemClient, info: SystemInfo): Promise<void> {
    await client.watch((number, event) => {
        const text = event.event === 'health_status' ? '' : eventText(event);
        const name = info.containers[number - 1]?.name;
        if (text !== '' && name !== undefined) process.stderr.write(lifecycleLine(name, text));
    });
}

function timeoutOf(options: LifecycleOptions): { timeout?: number } {
    return options.timeout === undefined ? {} : { timeout: parseSeconds(options.timeout, '--timeout') };
}

const runs = ({ state }: ContainerStatus): boolean =>
    state === 'running' || state === 'stopping' || state === 'restarting';

/** The containers that run, in groups: none depends on one of its own group or of a later one. */
function inGroups(containers: readonly ContainerInfo[]): ContainerInfo[][] {
    const names = new Set(containers.map(({ name }) => name));
    const levels = new Map<string, number>();
    const groups: ContainerInfo[][] = [];
    // They come in order of dependency.
    for (const container of containers) {
        const below = container.dependsOn
            .filter((name) => names.has(name))
            .map((name) => levels.get(name) ?? 0);
        const level = below.length === 0 ? 0 : Math.max(...below) + 1;
        levels.set(container.name, level);
        (groups[level] ??= []).push(container);
    }
    return groups;
}

/** Stops containers, those that depend on others first. */
async function stopAll(
    client: SystemClient,
    containers: readonly ContainerInfo[],
    options: LifecycleOptions,
): Promise<void> {
    const timeout = timeoutOf(options);
    for (const group of inGroups(containers).reverse()) {
        const running = new Set((await client.list()).filter(runs).map(({ name }) => name));
        const stopped = new Set(group.map(({ name }) => name).filter((name) => running.has(name)));
        for (const name of stopped) await client.call('stop', { container: name, ...timeout });
        await until(client, (list) => list.every((one) => !stopped.has(one.name) || one.state === 'exited'));
    }
}

/** Starts those of the containers that do not run, in order of dependency. */
async function startAll(client: SystemClient, containers: readonly ContainerInfo[]): Promise<void> {
    const idle = new Set(
        (await client.list()).filter(({ state }) => state === 'exited').map(({ name }) => name),
    );
    for (const { name } of containers) if (idle.has(name)) await client.call('start', { container: name });
    await until(client, (list) => list.every(({ name, state }) => !idle.has(name) || state !== 'created'));
}

async function killAll(
    client: SystemClient,
    containers: readonly ContainerInfo[],
    isNamed: boolean,
    signal: string,
): Promise<void> {
    const number = signalNumber(signal);
    if (number === null)
        throw new Failure(`--signal ${signal}: not a signal; write for example SIGTERM or 15`);
    const running = new Set((await client.list()).filter(runs).map(({ name }) => name));
    // Who names a container that does not run is told so; with all of them, those that run are meant.
    for (const { name } of containers)
        if (isNamed || running.has(name)) await client.call('kill', { container: name, signal: number });
}

async function removeAll(
    client: SystemClient,
    containers: readonly ContainerInfo[],
    isNamed: boolean,
    options: LifecycleOptions,
): Promise<void> {
    if (options.stop) await stopAll(client, containers, options);
    const running = new Set((await client.list()).filter(runs).map(({ name }) => name));
    const force = options.force === true;
    for (const { name } of containers)
        if (isNamed || force || !running.has(name)) await client.call('rm', { container: name, force });
}

async function goDown(options: LifecycleOptions): Promise<void> {
    await withSystem(options, async (client, info) => {
        await announceEvents(client, info);
        await client.call('down', timeoutOf(options));
        // The system closes the connection when its machine is off.
        await client.closed;
    });
}
