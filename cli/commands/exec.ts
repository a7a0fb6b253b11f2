// SPDX-License-Identifier: Apache-2.0
//
// `sealift exec`: one more process in a running container.

import { Command } from 'commander';
import { constants } from 'node:os';
import { HostFrame, TargetFrame, type Frame } from '../control/frames.js';
import { InputPump } from '../control/inputPump.js';
import { terminalSizePayload } from '../control/machine.js';
import { readCredit, readExit } from '../control/messages.js';
import { Failure } from '../failure.js';
import type { SystemClient, SystemInfo } from '../system/client.js';
import { appendValue } from './composeOptions.js';
import { collectEnvironment } from './environment.js';
import { PersonTerminal } from './personTerminal.js';
import {
    addSystemOptions,
    chosenContainers,
    withSystem,
    type SystemCommandOptions,
} from './systemOptions.js';

interface ExecOptions extends SystemCommandOptions {
    interactive?: boolean;
    tty?: boolean;
    env?: string[];
    envFile?: string[];
    workdir?: string;
    user?: string;
    index?: string;
}

const examples = `
Examples:
  sealift exec web ls /            in the first container of the service web
  sealift exec -it shop-db-1 sh    a shell at this terminal
  echo hello | sealift exec -i web cat

Exit code: the process's own; 126 when the command cannot be executed; 127 when it is not found; 125 when Sealift failed.
`;

/** Adds `exec` to the program. */
export function addExecCommand(program: Command): void {
    const exec = program
        .command('exec')
        .description('Run a command in a running container and leave with its exit code')
        .argument('<name>', 'a container, or a service: its first container')
        .argument('<command...>', 'the command with its arguments');
    addSystemOptions(exec)
        .option('-i, --interactive', 'pass this standard input on')
        .option('-t, --tty', 'give the process a terminal, this one')
        .option(
            '-e, --env <variable>',
            'set an environment variable: NAME=VALUE, or NAME for your own value',
            appendValue,
        )
        .option('--env-file <file>', 'read environment variables from a file, one a line', appendValue)
        .option('-w, --workdir <folder>', 'the working directory inside the container')
        .option('-u, --user <user>', 'the user (and group) to run as: NAME or UID, with :GROUP or :GID')
        .option('--index <number>', "which of a service's containers", '1')
        .passThroughOptions()
        .addHelpText('after', examples)
        .action(async (name: string, command: string[], options: ExecOptions) => {
            process.exitCode = await withSystem(options, (client, info) =>
                execute(client, info, name, command, options),
            );
        });
}

function containerOf(info: SystemInfo, name: string, index: string): string {
    const containers = chosenContainers(info, [name]);
    const container = /^\d+$/.test(index) ? containers[Number(index) - 1] : undefined;
    if (container === undefined)
        throw new Failure(
            `--index ${index}: there is no such container of ${name}; write 1 to ${containers.length}`,
        );
    return container.name;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

async function execute(
    client: SystemClient,
    info: SystemInfo,
    name: string,
    command: readonly string[],
    options: ExecOptions,
): Promise<number> {
    const container = containerOf(info, name, options.index!);
    if (options.workdir !== undefined && !options.workdir.startsWith('/'))
        throw new Failure(`--workdir ${options.workdir}: not an absolute path; begin it with /`);
    const terminal = options.tty ? PersonTerminal.open() : null;
    const { rows, columns } = terminal?.size ?? { rows: 0, columns: 0 };
    const request = {
        container,
        args: [...command],
        environment: collectEnvironment(options.envFile ?? [], options.env ?? [], process.env),
        terminal: terminal !== null,
        terminalRows: rows,
        terminalColumns: columns,
        interactive: options.interactive === true,
        ...(options.workdir !== undefined && { workingDirectory: options.workdir }),
        ...(options.user !== undefined && { user: options.user }),
    };
    return new ExecutedProcess(client, terminal).run(request);
}

class ExecutedProcess {
    private channel = 0;
    private input: InputPump | null = null;
    private settle: (exitCode: number) => void = () => undefined;
    private isConnected = false;

    constructor(
        private readonly client: SystemClient,
        private readonly terminal: PersonTerminal | null,
    ) {}

    /** Runs it to its end; the result is its exit code. */
    async run(request: Record<string, unknown> & { interactive: boolean }): Promise<number> {
        const ended = new Promise<number>((resolve) => (this.settle = resolve));
        if (request.interactive)
            this.input = new InputPump(process.stdin, (bytes) => this.client.write(bytes));
        const handlers = forwarded.map((signal) => {
            const handler = (): void => this.signal(constants.signals[signal]);
            process.on(signal, handler);
            return () => process.off(signal, handler);
        });
        const readerLeft = (): void => this.signal(constants.signals.SIGPIPE);
        process.stdout.on('error', readerLeft);
        try {
            this.channel = await this.client.exec(request, (frame) => this.receive(frame));
            const exitCode = await Promise.race([ended, this.client.closed.then(() => null)]);
            if (exitCode !== null) return exitCode;
            throw new Failure(`system ${this.client.project}: it has ended, and the process with it`);
        } finally {
            for (const remove of handlers) remove();
            process.stdout.off('error', readerLeft);
            this.input?.stop();
            this.terminal?.restore();
        }
    }

    private signal(number: number): void {
        if (this.channel === 0) {
            this.settle(128 + number);
            return;
        }
        this.client.send(HostFrame.SIGNAL, this.channel, Uint8Array.of(number));
    }

    private receive(frame: Frame): void {
        const { type, channel, payload } = frame;
        switch (type) {
            case TargetFrame.STDOUT:
                if (process.stdout.destroyed || process.stdout.write(payload)) break;
                this.client.pause(true);
                process.stdout.once('drain', () => this.client.pause(false));
                break;
            case TargetFrame.STDERR:
            case TargetFrame.LOG:
                process.stderr.write(payload);
                break;
            case TargetFrame.CREDIT:
                if (!this.isConnected) {
                    this.isConnected = true;
                    this.terminal?.connect((size) =>
                        this.client.send(HostFrame.TERMINAL_SIZE, channel, terminalSizePayload(size)),
                    );
                }
                this.input?.grant(channel, readCredit(frame));
                break;
            case TargetFrame.EXIT: {
                const { exitCode, message } = readExit(frame);
                this.terminal?.restore();
                if (message !== '') process.stderr.write(`sealift: ${message}\n`);
                this.settle(exitCode);
                break;
            }
        }
    }
}
