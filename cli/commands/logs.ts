// SPDX-License-Identifier: Apache-2.0
//
// `sealift logs`: what containers have written, also when their system has ended.

import { Command } from 'commander';
import { Failure } from '../failure.js';
import { LinePrefixes, shortName, showsColors } from '../report/prefixedOutput.js';
import { SystemClient } from '../system/client.js';
import { stateFolder } from '../system/folders.js';
import { loggedContainers, LogReader, type LogEntry } from '../system/logs.js';
import {
    addSystemOptions,
    chosenContainers,
    chosenProject,
    formatOption,
    type SystemCommandOptions,
} from './systemOptions.js';

/** How often a log is looked at for what has been added, in milliseconds. */
const LOOK_MILLISECONDS = 100;

interface LogsOptions extends SystemCommandOptions {
    follow?: boolean;
    tail: string;
    timestamps?: boolean;
    color?: boolean;
    logPrefix?: boolean;
    format: 'table' | 'json';
}

const examples = `
Examples:
  sealift logs                   everything that is kept of all containers
  sealift logs -f --tail 10 web  the last ten lines of a service, and what comes
`;

/** Adds `logs` to the program. */
export function addLogsCommand(program: Command): void {
    const logs = program
        .command('logs')
        .description("Show containers' output")
        .argument('[names...]', 'services or containers (default: all)');
    addSystemOptions(logs, false)
        .option('-f, --follow', 'go on until the containers have ended')
        .option('-n, --tail <number>', 'the last lines of each container only', 'all')
        .option('-t, --timestamps', 'the time before lines')
        .option('--no-color', 'no colours')
        .option('--no-log-prefix', "no containers' names before lines")
        .addOption(formatOption())
        .addHelpText('after', examples)
        .action((names: string[], options: LogsOptions) => showLogs(names, options));
}

function tailOf(text: string): number {
    if (text === 'all') return Infinity;
    if (!/^\d{1,9}$/.test(text))
        throw new Failure(`--tail ${text}: not a number of lines; write for example 10, or all`);
    return Number(text);
}

/** Containers of a system that has ended: those that have a log. */
function endedContainers(project: string, names: readonly string[]): string[] {
    const known = loggedContainers(stateFolder(project));
    if (known.length === 0)
        throw new Failure(`project ${project}: nothing has been logged; start it with \`sealift up\``);
    const matches = (container: string, name: string): boolean => {
        const short = shortName(container, project);
        return container === name || short === name || short.replace(/-\d+$/, '') === name;
    };
    const unknown = names.find((name) => !known.some((container) => matches(container, name)));
    if (unknown !== undefined)
        throw new Failure(
            `${unknown}: project ${project} has no log of it; it has those of ${known.join(', ')}`,
        );
    return names.length === 0 ? known : known.filter((one) => names.some((name) => matches(one, name)));
}

async function showLogs(names: readonly string[], options: LogsOptions): Promise<void> {
    const tail = tailOf(options.tail);
    const project = await chosenProject(options);
    const client = await SystemClient.connect(project);
    try {
        const containers =
            client === null
                ? endedContainers(project, names)
                : chosenContainers(await client.system(), names).map(({ name }) => name);
        const show = shower(project, containers, options);
        const readers = containers.map((name) => ({
            name,
            reader: new LogReader(stateFolder(project), name),
        }));
        const past = readers.flatMap(({ name, reader }) =>
            lastOf(reader.history(), tail).map((entry) => ({ name, entry })),
        );
        past.sort((a, b) => a.entry.time - b.entry.time);
        for (const { name, entry } of past) show(name, entry);
        if (options.follow && client !== null) await follow(client, readers, show);
        for (const { reader } of readers) reader.close();
    } finally {
        client?.close();
    }
}

function lastOf(entries: LogEntry[], count: number): LogEntry[] {
    return count === Infinity ? entries : entries.slice(Math.max(0, entries.length - count));
}

type Show = (container: string, entry: LogEntry) => void;

function shower(project: string, containers: readonly string[], options: LogsOptions): Show {
    if (options.format === 'json')
        return (container, { time, stream, line }) =>
            void process.stdout.write(
                `${JSON.stringify({ container, time: new Date(time).toISOString(), stream, line })}\n`,
            );
    const prefixes = new LinePrefixes(project, containers, {
        color: showsColors(process.stdout, options.color),
        prefix: options.logPrefix !== false,
        timestamps: options.timestamps === true,
    });
    return (container, { time, stream, line }) => {
        const target = stream === 'stdout' ? process.stdout : process.stderr;
        target.write(prefixes.line(container, line, time));
    };
}

/** Shows what is added until all containers have ended, or the system has. */
async function follow(
    client: SystemClient,
    readers: readonly { name: string; reader: LogReader }[],
    show: Show,
): Promise<void> {
    const names = new Set(readers.map(({ name }) => name));
    let mayHaveEnded = true;
    await client.watch(() => (mayHaveEnded = true));
    for (let isLast = false; !isLast;) {
        isLast = client.hasEnded || process.stdout.destroyed;
        if (mayHaveEnded && !isLast) {
            mayHaveEnded = false;
            try {
                const list = await client.list();
                isLast = list.every(({ name, state }) => !names.has(name) || state === 'exited');
            } catch (error) {
                if (!client.hasEnded) throw error;
            }
        }
        // What is there when all have ended is all that will be.
        for (const { name, reader } of readers) for (const entry of reader.more()) show(name, entry);
        if (!isLast) await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
}
