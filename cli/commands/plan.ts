// SPDX-License-Identifier: Apache-2.0
//
// `sealift plan`: what memory a system will take, by owner, and whether its machine has it. The target itself says so: the images
// are put into its layer store as they will be, and containers are made whose command does not exist. What they leave is what the
// system takes besides their limits.

import { Command } from 'commander';
import { bundleParts, type ContainerOptions, type SystemBundle } from '../boot/bundle.js';
import { composeSystem } from '../compose/system.js';
import type { MachineProgram } from '../control/machineProcess.js';
import type { Fields } from '../control/requests.js';
import { Failure } from '../failure.js';
import { FREE, isFree, numberIn, ownersOf, sumOf, type Owner } from '../report/account.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import { table } from '../report/table.js';
import { Session } from '../system/session.js';
import { addComposeOptions, composeProject, type ComposeCommandOptions } from './composeOptions.js';
import {
    addMachineOptions,
    ChosenMachine,
    withTemporaryFolder,
    type MachineOptions,
} from './machineOptions.js';
import { formatBytes } from './memorySize.js';
import { formatOption } from './systemOptions.js';

interface PlanOptions extends ComposeCommandOptions, MachineOptions {
    format: 'table' | 'json';
    plainHttp?: boolean;
}

/** What a system takes. */
interface Plan {
    machineMemory: number;
    /** Of everything that is not a container's. */
    owners: Owner[];
    /** Limits, which are reserved as a whole. */
    containers: { name: string; memoryLimit: number }[];
    needed: number;
    /** Bytes that are left over for layers and the root task only. */
    spare: number;
    fits: boolean;
}

/** A command that no image has. */
const NO_COMMAND = '/.sealift-plan';
/** The limit of a container that only fails to start: its sentry and its first process. */
const TRIAL_MEMORY = 4 << 20;

const examples = `
Examples:
  sealift plan                           ./compose.yaml on this host's model of seL4's API
  sealift plan --board qemu-arm-virt     on a board: its kernel is started under QEMU, which takes longer
  sealift plan --format json shop.yaml

Exit code: 0 when the machine has enough memory, 1 when it has not, 125 when Sealift failed.
`;

/** Adds `plan` to the program. */
export function addPlanCommand(program: Command): void {
    const plan = program
        .command('plan')
        .description("Say what memory a Compose file's system takes, by owner, and whether it fits")
        .argument('[file]', 'the Compose file, as with --file');
    addMachineOptions(addComposeOptions(plan))
        .option('--plain-http', 'speak HTTP without TLS to the registry')
        .option('-q, --quiet', 'show no progress and warnings')
        .addOption(formatOption())
        .addHelpText('after', examples)
        .action(async (file: string | undefined, options: PlanOptions) => {
            if (file !== undefined && options.file !== undefined)
                throw new Failure(`${file}: a file is named by --file already; leave one of both out`);
            process.exitCode = await showPlan({ ...options, file: file ?? options.file });
        });
}

/** The same system with containers that end at once. */
function trialBundle(bundle: SystemBundle): SystemBundle {
    const containers = bundle.containers.map(({ name, image, layers, hostname }): ContainerOptions => ({
        name,
        image,
        layers,
        memory: TRIAL_MEMORY,
        nanoCpus: 0,
        entrypoint: [NO_COMMAND],
        command: [],
        environment: [],
        workingDirectory: null,
        user: '0',
        hostname,
        readOnly: false,
        strace: false,
        interactive: false,
        health: { test: ['NONE'] },
    }));
    return { ...bundle, containers };
}

/** Runs the trial; the result is the target's account when all its containers have ended. */
async function tryOut(
    program: MachineProgram,
    containers: readonly ContainerOptions[],
    progress: ProgressLine,
): Promise<Fields> {
    const session = new Session(
        program,
        containers.map(({ name }) => ({ name, service: '', dependsOn: [] })),
    );
    const left = new Set(containers.map(({ name }) => name));
    let account: Fields | null = null;
    session.listen({
        progress: (message) => progress.show(progressText(message)),
        event: (container, { event }) => {
            if (event !== 'die' || !left.delete(container) || left.size > 0) return;
            session.request('stats', {}, ({ response }) => {
                account = response;
                session.shutDown();
            });
        },
    });
    const { message } = await session.wait();
    if (account === null) throw new Failure(message || 'machine: it ended without an account; report it');
    return account;
}

/** What the account of a trial means for the system. */
function planOf(account: Fields, bundle: SystemBundle): Plan {
    // What the kernel keeps for itself is not in the target's own sum.
    const kernel = numberIn(account, 'kernelOverhead');
    const owners = [{ owner: 'kernel', bytes: kernel }, ...ownersOf(account)].filter(
        ({ owner, bytes }) => !isFree(owner) && bytes !== 0,
    );
    // What is free, but not for containers.
    const spare = sumOf(ownersOf(account).filter(({ owner }) => isFree(owner) && owner !== FREE));
    const containers = bundle.containers.map(({ name, memory }) => ({ name, memoryLimit: memory }));
    const limits = containers.reduce((sum, { memoryLimit }) => sum + memoryLimit, 0);
    const machineMemory = numberIn(account, 'machineMemory') + kernel;
    const needed = sumOf(owners) + limits;
    return { machineMemory, owners, containers, needed, spare, fits: needed + spare <= machineMemory };
}

function planText({ machineMemory, owners, containers, needed, spare, fits }: Plan): string {
    const row = (name: string, bytes: number): string[] => [name, String(bytes), formatBytes(bytes)];
    const rows = [
        ...owners.map(({ owner, bytes }) => row(owner, bytes)),
        ...containers.map(({ name, memoryLimit }) => row(`container ${name}: its limit`, memoryLimit)),
        row('sum', needed),
        ...(spare > 0 ? [row('left over, but not for containers', spare)] : []),
        row('memory of the machine', machineMemory),
    ];
    const rest = machineMemory - needed - spare;
    const verdict = fits
        ? `It fits; ${formatBytes(rest)} are left.`
        : `It does not fit; ${formatBytes(-rest)} are missing. Lower the containers' limits, or give the machine more.`;
    return `${table(['MEMORY THAT THE SYSTEM TAKES', 'BYTES', ''], rows, [1, 2])}\n${verdict}\n`;
}

async function showPlan(options: PlanOptions): Promise<number> {
    const { project, services } = composeProject(options, []);
    const chosen = ChosenMachine.choose(options, options.quiet !== true);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !options.quiet);
    try {
        const plan = await withTemporaryFolder(async (folder) => {
            const { platform } = chosen;
            const { plainHttp } = options;
            const system = await composeSystem(project, services, { platform, plainHttp }, progress);
            try {
                const trial = trialBundle(system.bundle);
                const program = await chosen.program(bundleParts(trial), folder, progress);
                progress.show('trying it out');
                return planOf(await tryOut(program, trial.containers, progress), system.bundle);
            } finally {
                system.close();
            }
        });
        progress.clear();
        process.stdout.write(
            options.format === 'json' ? `${JSON.stringify(plan, null, 4)}\n` : planText(plan),
        );
        return plan.fits ? 0 : 1;
    } finally {
        progress.clear();
    }
}
