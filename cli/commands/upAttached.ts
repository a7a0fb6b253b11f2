// SPDX-License-Identifier: Apache-2.0
//
// `sealift up` without --detach: shows what the containers write until all have ended, or a person says so.

import { constants } from 'node:os';
import type { ExitMessage } from '../control/messages.js';
import type { Service } from '../compose/services.js';
import { messageOf } from '../failure.js';
import { eventText, lifecycleLine } from '../report/lifecycle.js';
import { LinePrefixes, PrefixedOutput, showsColors } from '../report/prefixedOutput.js';
import { ProgressLine, progressText } from '../report/progressLine.js';
import type { HostJob, SystemHost } from '../system/host.js';
import type { Session } from '../system/session.js';

export interface AttachOptions {
    color?: boolean;
    logPrefix?: boolean;
    timestamps?: boolean;
    abortOnContainerExit?: boolean;
    abortOnContainerFailure?: boolean;
    exitCodeFrom?: string;
    /** Seconds. */
    timeout?: number;
    quiet?: boolean;
    verbose?: boolean;
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What decides when the system ends, and with which exit code. */
class Ending {
    private exitCode = 0;
    private isStopping = false;
    private isAsking = false;
    private isReady = false;
    private asked: string[] = [];

    constructor(
        private readonly session: Session,
        private readonly options: AttachOptions,
        private readonly say: (text: string) => void,
    ) {
        session.listen({
            ready: () => (this.isReady = true),
            event: (container, { event }) => {
                if (event === 'die') this.ended(container);
            },
        });
    }

    /** The exit code when the machine has been told to end. */
    get code(): number {
        return this.exitCode;
    }

    /** A person wants it to end; at the second time at once. */
    interrupted(signal: (typeof stopSignals)[number]): void {
        const isSecond = this.isStopping;
        this.exitCode = 128 + constants.signals[signal];
        if (isSecond || !this.isReady) {
            this.session.kill(this.exitCode, '');
            return;
        }
        this.say('Gracefully stopping... (press Ctrl+C again to force)\n');
        this.stop();
    }

    private stop(): void {
        if (this.isStopping) return;
        this.isStopping = true;
        const { timeout } = this.options;
        this.session.goDown(timeout === undefined ? {} : { timeout }, ({ error }) => {
            if (error !== null && error !== '') this.say(`sealift: ${error}\n`);
        });
    }

    /** A container has ended, to be started again or not. */
    private ended(container: string): void {
        this.asked.push(container);
        if (this.isAsking || this.isStopping) return;
        this.isAsking = true;
        void this.ask();
    }

    private async ask(): Promise<void> {
        try {
            while (this.asked.length > 0 && !this.isStopping) {
                const asked = this.asked.splice(0);
                const list = await this.session.list();
                const final = list.filter(({ state }) => state === 'exited');
                const first = asked
                    .map((name) => final.find((container) => container.name === name))
                    .find((container) => container !== undefined);
                const { abortOnContainerExit, abortOnContainerFailure, exitCodeFrom } = this.options;
                const aborts =
                    abortOnContainerExit === true ||
                    exitCodeFrom !== undefined ||
                    (abortOnContainerFailure === true && first?.exitCode !== 0);
                if (first !== undefined && aborts) {
                    if (exitCodeFrom === undefined) this.exitCode = first.exitCode;
                    this.say(`Aborting on container exit...\n`);
                    this.stop();
                } else if (final.length === list.length) this.stop();
            }
        } catch (error) {
            // The system has ended meanwhile; how is known by its machine.
            if (!this.isStopping) this.say(`sealift: ${messageOf(error)}\n`);
        }
        this.isAsking = false;
    }

    /** The service whose exit code counts has ended. */
    counted(exit: ExitMessage): void {
        this.exitCode = exit.exitCode;
    }
}

/** Shows a started system until its machine is off; the result is the exit code. */
export async function attachToSystem(
    host: SystemHost,
    job: HostJob,
    services: readonly Service[],
    options: AttachOptions,
    progress: ProgressLine,
): Promise<number> {
    const { session } = host;
    const say = (text: string): void => {
        progress.clear();
        if (!options.quiet) process.stderr.write(text);
    };
    const toStream = (stream: NodeJS.WriteStream) => (text: string) => {
        progress.clear();
        stream.write(text);
    };
    const attached = new Set(services.filter(({ attach }) => attach).map(({ name }) => name));
    const shown = job.containers.filter(({ service }) => attached.has(service)).map(({ name }) => name);
    const prefixes = new LinePrefixes(job.project, shown, {
        color: showsColors(process.stdout, options.color),
        prefix: options.logPrefix !== false,
        timestamps: options.timestamps === true,
    });
    const stdout = toStream(process.stdout);
    const output = new PrefixedOutput(prefixes, { stdout, stderr: toStream(process.stderr) });
    const serviceOf = new Map(job.containers.map(({ name, service }) => [name, service]));
    const ending = new Ending(session, options, say);
    session.listen({
        output: (container, stream, bytes) => {
            if (shown.includes(container)) output.output(container, stream, bytes);
        },
        exit: (container, exit) => {
            output.end(container);
            if (serviceOf.get(container) === options.exitCodeFrom) ending.counted(exit);
            if (!shown.includes(container) && exit.exitCode === 0) return;
            const reason = exit.message === '' ? '' : `: ${exit.message}`;
            if (!options.quiet)
                stdout(`${prefixes.name(container)} exited with code ${exit.exitCode}${reason}\n`);
        },
        event: (container, event) => {
            const text = eventText(event);
            if (text !== '') say(lifecycleLine(container, text));
        },
        progress: (message) => progress.show(progressText(message)),
        text: (bytes) => {
            if (options.verbose) toStream(process.stderr)(bytes.toString('utf8'));
        },
    });
    const handlers = stopSignals.map((signal) => {
        const handler = (): void => ending.interrupted(signal);
        process.on(signal, handler);
        return () => process.off(signal, handler);
    });
    // Nobody reads any more: as with a program that writes into such a pipe, it is over.
    const readerLeft = (): void => ending.interrupted('SIGHUP');
    process.stdout.once('error', readerLeft);
    try {
        const outcome = await host.wait();
        progress.clear();
        if (outcome.textExplains && outcome.text !== '' && !options.verbose)
            process.stderr.write(outcome.text.endsWith('\n') ? outcome.text : `${outcome.text}\n`);
        if (outcome.message !== '') process.stderr.write(`sealift: ${outcome.message}\n`);
        return outcome.exitCode === 0 ? ending.code : outcome.exitCode;
    } finally {
        for (const remove of handlers) remove();
        process.stdout.off('error', readerLeft);
    }
}
