// SPDX-License-Identifier: Apache-2.0
//
// `sealift up`: starts the services of a Compose file on one machine.

import { Command, Option } from 'commander';
import { bundleParts, withUnpackedLayers } from '../boot/bundle.js';
import { composeSystem } from '../compose/system.js';
import type { Service } from '../compose/services.js';
import { Failure } from '../failure.js';
import { pullPolicies, type PullPolicy } from '../image/provideImage.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import { SystemHost, type HostJob } from '../system/host.js';
import { startDetached } from '../system/detached.js';
import { addComposeOptions, composeProject, type ComposeCommandOptions } from './composeOptions.js';
import { UNPACKED_HELP } from './containerOptions.js';
import {
    addMachineOptions,
    ChosenMachine,
    withTemporaryFolder,
    type MachineOptions,
} from './machineOptions.js';
import { parseSeconds } from './systemOptions.js';
import { attachToSystem, type AttachOptions } from './upAttached.js';
import { waitUntilStarted } from './upDetached.js';

interface UpOptions extends ComposeCommandOptions, MachineOptions {
    unpacked?: boolean;
    detach?: boolean;
    wait?: boolean;
    waitTimeout?: string;
    color?: boolean;
    logPrefix?: boolean;
    timestamps?: boolean;
    abortOnContainerExit?: boolean;
    abortOnContainerFailure?: boolean;
    exitCodeFrom?: string;
    timeout?: string;
    pull?: PullPolicy;
    plainHttp?: boolean;
    verbose?: boolean;
}

const examples = `
Examples:
  sealift up                                  the services of ./compose.yaml, on the Linux host's model of seL4's API
  sealift up -d && sealift logs -f web        leave the system running, and look at a service
  sealift up --board pc99 web                 one service and what it depends on, on real seL4 under QEMU
  sealift up --exit-code-from test            run until the service test ends, with its exit code

Ctrl-C stops the containers, those that depend on others first; a second one ends the machine at once. The exit code is 0 when all
containers have ended, 130 after Ctrl-C, with --abort-on-container-exit that of the first container that ends, 125 when Sealift failed.
docs/compose.md says which keys of Compose files are supported.
`;

/** Adds `up` to the program. */
export function addUpCommand(program: Command): void {
    const command = program
        .command('up')
        .description('Start the services of a Compose file')
        .argument('[services...]', 'services to start, with what they depend on (default: all)');
    addMachineOptions(addComposeOptions(command))
        .option('-d, --detach', 'leave the system running in the background')
        .option('--wait', 'the same, when all services run and are healthy')
        .option('--wait-timeout <seconds>', 'how long --wait waits at most')
        .option('--abort-on-container-exit', 'stop everything when a container ends')
        .option(
            '--abort-on-container-failure',
            'stop everything when a container ends with another code than 0',
        )
        .option('--exit-code-from <service>', "the same as the first, with the service's exit code")
        .option('-t, --timeout <seconds>', "containers' time to stop (default: their own)")
        .option('--no-color', 'no colours')
        .option('--no-log-prefix', "no containers' names before lines")
        .option('--timestamps', 'the time before lines')
        .addOption(
            new Option(
                '--pull <policy>',
                "when to pull images, instead of the services' own pull_policy",
            ).choices(pullPolicies),
        )
        .option('--plain-http', 'speak HTTP without TLS to the registry')
        .option('--aot', "compile Sealift's own modules ahead of time instead of interpreting them")
        .option('--unpacked', UNPACKED_HELP)
        .option('-q, --quiet', 'show no progress, warnings and messages')
        .option('--verbose', "show the machine's own console text on stderr")
        .addHelpText('after', examples)
        .action(async (services: string[], options: UpOptions) => {
            process.exitCode = await up(services, options);
        });
}

/** Options that contradict each other are refused before anything is done. */
function checkOptions(options: UpOptions, services: readonly Service[]): void {
    const { exitCodeFrom, abortOnContainerExit, abortOnContainerFailure } = options;
    const isDetached = options.detach === true || options.wait === true;
    const aborts =
        abortOnContainerExit === true || abortOnContainerFailure === true || exitCodeFrom !== undefined;
    if (isDetached && aborts)
        throw new Failure(
            '--detach: cannot be with --abort-on-container-exit and such; nobody would wait for it',
        );
    if (exitCodeFrom !== undefined && !services.some(({ name }) => name === exitCodeFrom))
        throw new Failure(
            `--exit-code-from ${exitCodeFrom}: there is no such service; name one that is started`,
        );
    if (options.waitTimeout !== undefined && options.wait !== true)
        throw new Failure('--wait-timeout: goes with --wait only; add it');
}

async function up(names: readonly string[], options: UpOptions): Promise<number> {
    const { project, services } = composeProject(options, names);
    checkOptions(options, services);
    const timeout = options.timeout === undefined ? undefined : parseSeconds(options.timeout, '--timeout');
    const waitTimeout =
        options.waitTimeout === undefined ? null : parseSeconds(options.waitTimeout, '--wait-timeout');
    const chosen = ChosenMachine.choose(options, options.quiet !== true);
    const progress = new ProgressLine(process.stderr, process.stderr.isTTY === true && !options.quiet);
    const server = await SystemHost.claim(project.name);
    let isStarted = false;
    try {
        return await withTemporaryFolder(async (folder, keep) => {
            const { platform } = chosen;
            const { pull, plainHttp } = options;
            const system = await composeSystem(project, services, { platform, pull, plainHttp }, progress);
            let job: HostJob;
            try {
                job = {
                    project: project.name,
                    path: project.path,
                    board: options.board ?? '',
                    program: await withUnpackedLayers(
                        system.bundle,
                        system.images,
                        options.unpacked === true,
                        (bundle) => chosen.program(bundleParts(bundle), folder, progress),
                    ),
                    containers: system.bundle.containers.map(({ name, service, dependsOn }) => ({
                        name,
                        service: service!,
                        dependsOn: dependsOn!.map(({ container }) => container),
                    })),
                };
            } finally {
                system.close();
            }
            progress.show('starting the machine');
            if (options.detach || options.wait) {
                // The process in the background takes the place itself.
                server.close();
                isStarted = true;
                keep();
                await startDetached(job, folder, (message) => progress.show(progressText(message)));
                return await waitUntilStarted(project.name, {
                    healthy: options.wait === true,
                    timeout: waitTimeout,
                    quiet: options.quiet === true,
                    progress,
                });
            }
            const host = SystemHost.start(job, server);
            isStarted = true;
            const attach: AttachOptions = { ...options, timeout };
            return await attachToSystem(host, job, services, attach, progress);
        });
    } finally {
        progress.clear();
        if (!isStarted) server.close();
    }
}
