// SPDX-License-Identifier: Apache-2.0
//
// What a person says about the container, the same for `run` and `build`, and the request for the manager that it becomes.

import { Argument, Option, type Command } from 'commander';
import type { Architecture } from '../boards/board.js';
import type { RunRequest } from '../boot/bundle.js';
import { Failure } from '../failure.js';
import { appendValue } from './composeOptions.js';
import { collectEnvironment } from './environment.js';
import { parseMemorySize } from './memorySize.js';
import { parseCpus } from './cpuShare.js';
import type { TerminalSize } from '../control/frames.js';
import { pullPolicies, type PullPolicy } from '../image/provideImage.js';
import { imagePlatform } from './machineOptions.js';
import { parsePlatform } from './platform.js';

/** A container's memory where --memory is not given. */
const DEFAULT_MEMORY = '64m';

/** The longest host name that Linux accepts (HOST_NAME_MAX). */
const MAX_HOSTNAME = 64;

export interface ContainerCommandOptions {
    memory: string;
    cpus: string;
    env?: string[];
    envFile?: string[];
    workdir?: string;
    user?: string;
    entrypoint?: string;
    readOnly?: boolean;
    strace?: boolean;
    platform?: string;
    pull?: PullPolicy;
    plainHttp?: boolean;
    name: string;
    hostname?: string;
    stats?: boolean;
    statsJson?: boolean;
    board?: string;
    kernel?: string;
    aot?: boolean;
    unpacked?: boolean;
}

/** What --unpacked does, of every verb that has it. */
export const UNPACKED_HELP =
    'unpack layers here: the boot image carries their pages, which the target maps as they are';

/** Adds the image, which need not be given where `isOptional`, the command and the options of a container to a verb. */
export function addContainerOptions(command: Command, isOptional = false): Command {
    return command
        .addArgument(
            new Argument(
                isOptional ? '[image]' : '<image>',
                'oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker://HOST/NAME[:TAG], or a name of `sealift images`',
            ),
        )
        .addArgument(new Argument('[command...]', "the command to run instead of the image's"))
        .option('--memory <size>', "the container's memory limit: a number and b, k, m or g", DEFAULT_MEMORY)
        .option(
            '--cpus <number>',
            "the container's limit of CPU time, in CPUs: 0.01 to 1, or 0 for none",
            '0',
        )
        .option(
            '-e, --env <variable>',
            'set an environment variable: NAME=VALUE, or NAME for your own value',
            appendValue,
        )
        .option('--env-file <file>', 'read environment variables from a file, one a line', appendValue)
        .option('-w, --workdir <folder>', 'the working directory inside the container')
        .option('-u, --user <user>', 'the user (and group) to run as: NAME or UID, with :GROUP or :GID')
        .option('--entrypoint <command>', 'replace the image\'s entrypoint; "" for none')
        .option('--read-only', "make the container's root file system read-only")
        .option('--platform <os/architecture>', "which platform of the image to run (default: the machine's)")
        .addOption(
            new Option('--pull <policy>', 'when to pull an image that is named docker://')
                .choices(pullPolicies)
                .default('missing'),
        )
        .option('--plain-http', 'speak HTTP without TLS to the registry')
        .option('--name <name>', "the container's name in messages", 'container')
        .option('--hostname <name>', "the container's host name")
        .option('--aot', "compile Sealift's own modules ahead of time instead of interpreting them")
        .option('--unpacked', UNPACKED_HELP)
        .option('--strace', "print the container's system calls on stderr as strace does", false);
}

/** The request for the manager: what the person asked for, checked. */
export function makeRequest(
    tag: string,
    command: readonly string[],
    architecture: Architecture,
    options: ContainerCommandOptions,
    terminal: TerminalSize | null = null,
): RunRequest {
    const hostname = options.hostname ?? options.name;
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(hostname) || hostname.length > MAX_HOSTNAME) {
        throw new Failure(
            `--hostname ${hostname}: not a host name; use at most ${MAX_HOSTNAME} letters, digits, '-', '_' and '.'`,
        );
    }
    if (options.workdir !== undefined && !options.workdir.startsWith('/')) {
        throw new Failure(`--workdir ${options.workdir}: not an absolute path; begin it with /`);
    }
    const entrypoint =
        options.entrypoint === undefined ? null : options.entrypoint === '' ? [] : [options.entrypoint];
    return {
        tag,
        platform: parsePlatform(options.platform ?? imagePlatform(architecture)),
        statistics: options.stats === true || options.statsJson === true,
        container: {
            name: options.name,
            memory: parseMemorySize(options.memory, '--memory'),
            nanoCpus: parseCpus(options.cpus, '--cpus'),
            entrypoint,
            command: command.length > 0 ? [...command] : null,
            environment: collectEnvironment(options.envFile ?? [], options.env ?? [], process.env),
            workingDirectory: options.workdir ?? null,
            user: options.user ?? null,
            readOnly: options.readOnly === true,
            strace: options.strace === true,
            hostname,
            interactive: true,
            ...(terminal && {
                terminal: true,
                terminalRows: terminal.rows,
                terminalColumns: terminal.columns,
            }),
        },
    };
}
