// SPDX-License-Identifier: Apache-2.0
//
// `sealift stats`: what containers use, and who owns the machine's memory.

import { Command } from 'commander';
import { fieldsOf, numberIn, ownersTable, usedBytes } from '../report/account.js';
import { table } from '../report/table.js';
import type { Fields } from '../control/requests.js';
import { objectsOf } from '../control/systemMessages.js';
import type { SystemClient } from '../system/client.js';
import { formatBytes } from './memorySize.js';
import {
    addSystemOptions,
    chosenContainers,
    formatOption,
    withSystem,
    type SystemCommandOptions,
} from './systemOptions.js';

/** Time between two looks, in milliseconds. */
const INTERVAL_MILLISECONDS = 1000;

interface StatsOptions extends SystemCommandOptions {
    stream: boolean;
    owners?: boolean;
    format: 'table' | 'json';
}

const examples = `
Examples:
  sealift stats                  a table that is renewed each second, until Ctrl-C
  sealift stats --no-stream web  once, for a service
  sealift stats --owners         who owns each byte of the machine's memory, once
`;

/** Adds `stats` to the program. */
export function addStatsCommand(program: Command): void {
    const stats = program
        .command('stats')
        .description('Show what running containers use')
        .argument('[names...]', 'services or containers (default: all)');
    addSystemOptions(stats)
        .option('--no-stream', 'look once')
        .option('--owners', "show who owns the machine's memory, once")
        .addOption(formatOption())
        .addHelpText('after', examples)
        .action((names: string[], options: StatsOptions) => showStats(names, options));
}

/** What one look found about a container. */
interface Usage {
    name: string;
    number: number;
    /** Of the time since the look before; null at the first. */
    cpuPercent: number | null;
    memory: number;
    memoryLimit: number;
    processes: number;
    systemCalls: number;
    pageFaults: number;
    layerBytesMapped: number;
    stale: boolean;
}

class Observer {
    private before = new Map<string, { cpu: number; time: number }>();

    constructor(
        private readonly client: SystemClient,
        private readonly names: ReadonlySet<string>,
    ) {}

    async look(): Promise<Usage[]> {
        const account = await this.client.call('stats');
        const time = performance.now();
        const usages = objectsOf(account, 'containers')
            .filter(({ name }) => typeof name === 'string' && this.names.has(name))
            .map((fields) => this.usage(fields, time));
        return usages;
    }

    private usage(fields: Fields, time: number): Usage {
        const name = String(fields.name);
        const cpu = numberIn(fields, 'cpuMicroseconds');
        const before = this.before.get(name);
        this.before.set(name, { cpu, time });
        const elapsed = before === undefined ? 0 : (time - before.time) * 1000;
        // A container that was started again counts anew.
        const used = before === undefined ? 0 : Math.max(0, cpu - before.cpu);
        return {
            name,
            number: numberIn(fields, 'number'),
            cpuPercent: elapsed === 0 ? null : (used / elapsed) * 100,
            memory: usedBytes(fields),
            memoryLimit: numberIn(fields, 'memoryLimit'),
            processes: numberIn(fields, 'processesNow'),
            systemCalls: numberIn(fields, 'systemCalls'),
            pageFaults: numberIn(fields, 'pageFaults'),
            layerBytesMapped: numberIn(fields, 'layerBytesMapped'),
            stale: fields.stale === true,
        };
    }
}

function usageTable(usages: readonly Usage[]): string {
    const rows = usages.map((one) => [
        one.name,
        one.cpuPercent === null ? '--' : `${one.cpuPercent.toFixed(2)}%`,
        `${formatBytes(one.memory)} / ${formatBytes(one.memoryLimit)}`,
        one.memoryLimit === 0 ? '--' : `${((one.memory / one.memoryLimit) * 100).toFixed(2)}%`,
        String(one.processes),
        String(one.systemCalls),
        String(one.pageFaults),
        formatBytes(one.layerBytesMapped),
    ]);
    const head = [
        'NAME',
        'CPU %',
        'MEM USAGE / LIMIT',
        'MEM %',
        'PIDS',
        'SYSCALLS',
        'FAULTS',
        'LAYERS MAPPED',
    ];
    return table(head, rows, [1, 2, 3, 4, 5, 6, 7]);
}

function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function showStats(names: readonly string[], options: StatsOptions): Promise<void> {
    await withSystem(options, async (client, info) => {
        const chosen = new Set(chosenContainers(info, names).map(({ name }) => name));
        const isJson = options.format === 'json';
        if (options.owners) {
            const account = await client.call('stats');
            const containers = objectsOf(account, 'containers').filter(({ name }) =>
                chosen.has(String(name as string)),
            );
            process.stdout.write(
                isJson
                    ? `${JSON.stringify({ ...account, containers })}\n`
                    : ownersTable(account, containers.map(fieldsOf)),
            );
            return;
        }
        const observer = new Observer(client, chosen);
        const show = (usages: readonly Usage[]): void => {
            const text = isJson
                ? usages.map((one) => `${JSON.stringify(one)}\n`).join('')
                : usageTable(usages);
            const renews = options.stream && !isJson && process.stdout.isTTY === true;
            process.stdout.write(renews ? `\u001b[H\u001b[2J${text}` : text);
        };
        // CPU time needs two looks.
        let usages = await observer.look();
        if (options.stream) show(usages);
        do {
            await Promise.race([pause(INTERVAL_MILLISECONDS), client.closed]);
            if (client.hasEnded) return;
            usages = await observer.look();
            show(usages);
        } while (options.stream && !process.stdout.destroyed);
    });
}
