// SPDX-License-Identifier: Apache-2.0
//
// Starts a machine (the model of seL4's API on Linux, or QEMU) with a boot image and speaks the control channel with it
// over its serial line, which is the process's stdin and stdout. One machine runs one container and switches off.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable } from 'node:stream';
import { EXIT_SEALIFT_FAILED, messageOf } from '../failure.js';
import {
    encodeFrame,
    FrameDecoder,
    HostFrame,
    TargetFrame,
    type Frame,
    type TerminalSize,
} from './frames.js';
import * as messages from './messages.js';
import { InputPump } from './inputPump.js';

/** A side of a terminal has 16 bits (struct winsize). */
const MAX_TERMINAL_SIZE = 0xffff;

/** How much of the machine's own text is kept to be shown when it fails: a backtrace and what led to it. */
const MAX_TEXT_BYTES = 64 * 1024;

/** A machine that has reported the exit has only to revoke and to switch off; this long is a hang. */
const POWER_OFF_MILLISECONDS = 30_000;

/**
 * The model of seL4's API ends with this status (EX_USAGE) when it cannot start a machine as it was told to; its last line
 * says why.
 */
const STATUS_CANNOT_START = 64;

/** A machine with firmware and a kernel has reported by then even on a busy host, or never will. */
const BOOT_MILLISECONDS = 120_000;

/** After its last frame a machine with a switch of its own gets this long to use it. */
const SWITCH_MILLISECONDS = 2_000;

/** The program that is a machine. */
export interface MachineProgram {
    /** What messages call it. */
    name: string;
    command: string;
    arguments: readonly string[];
    /** What to do when it cannot be started. */
    remedy: string;
    /** True when the machine switches itself off; otherwise it is ended after its last frame. */
    switchesOff: boolean;
    /** True when firmware and a kernel start first, which can fail without a word. */
    boots: boolean;
}

/** What a machine reports while it runs. */
export interface MachineListener {
    /** The container can take input. */
    started?(): void;
    stdout(bytes: Buffer): void;
    stderr(bytes: Buffer): void;
    log(bytes: Buffer): void;
    progress(progress: messages.ProgressMessage): void;
    statistics(statistics: Record<string, unknown>): void;
    /** Text outside frames, as it comes. */
    text(bytes: Buffer): void;
}

export interface MachineOutcome {
    exitCode: number;
    /** A sentence for the person, or "". */
    message: string;
    /** The machine's own text outside frames: kernel, panics. */
    text: string;
    /** True when the machine failed and its text is what explains it. */
    textExplains: boolean;
}

/** Keeps the last MAX_TEXT_BYTES of a text. */
class TextTail {
    private parts: Buffer[] = [];
    private length = 0;

    add(bytes: Buffer): void {
        this.parts.push(Buffer.from(bytes));
        this.length += bytes.length;
        if (this.length <= 2 * MAX_TEXT_BYTES) return;
        this.parts = [this.tail()];
        this.length = MAX_TEXT_BYTES;
    }

    private tail(): Buffer {
        const all = Buffer.concat(this.parts);
        return all.subarray(Math.max(0, all.length - MAX_TEXT_BYTES));
    }

    toString(): string {
        return this.tail().toString('utf8');
    }
}

export class Machine {
    private readonly child: ChildProcessWithoutNullStreams;
    private readonly input: InputPump;
    private readonly text = new TextTail();
    private exit: messages.ExitMessage | null = null;
    private failed: messages.FailedMessage | null = null;
    private protocolError = '';
    private switchedOff = false;
    private killReason: { exitCode: number; message: string } | null = null;
    private containerStarted = false;
    private channel = 0;
    private powerOffTimer: NodeJS.Timeout | undefined;
    private readonly bootTimer: NodeJS.Timeout | undefined;
    private readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null; error: string }>;

    /** Starts `program`; `stdin` is passed to the container as it asks for it. */
    constructor(
        private readonly program: MachineProgram,
        stdin: Readable,
        private readonly listener: MachineListener,
    ) {
        // A session of its own: a terminal's Ctrl-C must reach the container through us, not end the machine.
        this.child = spawn(program.command, program.arguments, {
            stdio: ['pipe', 'pipe', 'pipe'],
            detached: true,
        });
        if (program.boots) this.bootTimer = setTimeout(() => this.breakOffBoot(), BOOT_MILLISECONDS);
        this.child.stdin.on('error', () => undefined); // The machine may be off before it has read everything.
        this.input = new InputPump(stdin, (bytes) => this.child.stdin.write(bytes));
        const decoder = new FrameDecoder({
            frame: (frame) => this.receive(frame),
            text: (bytes) => this.receiveText(bytes),
            damaged: (length) => this.breakOff(`a frame announces ${length} bytes`),
        });
        this.child.stdout.on('data', (bytes: Buffer) => decoder.push(bytes));
        this.child.stderr.on('data', (bytes: Buffer) => this.receiveText(bytes));
        this.ended = new Promise((resolve) => {
            this.child.on('error', (error) =>
                resolve({ status: null, signal: null, error: messageOf(error) }),
            );
            this.child.on('close', (status, signal) => resolve({ status, signal, error: '' }));
        });
    }

    /** True once the container's first process runs: from then on a signal is the container's. */
    get started(): boolean {
        return this.containerStarted;
    }

    /** Tells the container that its terminal has another size. */
    terminalSize({ rows, columns }: TerminalSize): void {
        const payload = Buffer.alloc(4);
        payload.writeUInt16LE(Math.min(rows, MAX_TERMINAL_SIZE), 0);
        payload.writeUInt16LE(Math.min(columns, MAX_TERMINAL_SIZE), 2);
        this.child.stdin.write(encodeFrame(HostFrame.TERMINAL_SIZE, this.channel, payload));
    }

    /** Sends a signal to the container. */
    signal(number: number): void {
        this.child.stdin.write(encodeFrame(HostFrame.SIGNAL, this.channel, Uint8Array.of(number)));
    }

    /** Ends the machine at once; `outcome` is then what wait() gives unless the container had ended before. */
    kill(exitCode: number, message: string): void {
        this.killReason ??= { exitCode, message };
        this.child.kill('SIGKILL');
        this.pause(false); // What it wrote before has to be taken, or its end is never seen.
    }

    /** Stops and restarts reading from the machine: for a consumer of its output that is slower. */
    pause(paused: boolean): void {
        if (paused) this.child.stdout.pause();
        else this.child.stdout.resume();
    }

    /** Waits until the machine is off. Nothing of it is left behind. */
    async wait(): Promise<MachineOutcome> {
        const { status, signal, error } = await this.ended;
        clearTimeout(this.powerOffTimer);
        clearTimeout(this.bootTimer);
        this.input.stop();
        const text = this.text.toString();
        if (error !== '') {
            const message = `machine: ${this.program.name} cannot be started (${error}); ${this.program.remedy}`;
            return { exitCode: EXIT_SEALIFT_FAILED, message, text, textExplains: true };
        }
        const result = this.failed ?? this.exit ?? this.killReason;
        if (result) return { exitCode: result.exitCode, message: result.message, text, textExplains: false };
        if (status === STATUS_CANNOT_START && !this.program.boots) {
            // Its option --memory is our --machine-memory.
            const line = text.trimEnd().split('\n').at(-1)!;
            const cause = line.replace(/^[\w-]+: /, '').replace('--memory', '--machine-memory');
            return {
                exitCode: EXIT_SEALIFT_FAILED,
                message: `machine: ${cause}`,
                text,
                textExplains: false,
            };
        }
        const how =
            this.protocolError ||
            (this.switchedOff ? `${this.program.name} switched off` : this.ending(status, signal));
        const message = `machine: ${how} before the container ended; the machine's own text above says more`;
        return { exitCode: EXIT_SEALIFT_FAILED, message, text, textExplains: true };
    }

    /** How the machine's process ended, in words. */
    private ending(status: number | null, signal: NodeJS.Signals | null): string {
        const how = signal === null ? `ended with status ${status}` : `was ended by ${signal}`;
        return `${this.program.name} ${how}`;
    }

    private receiveText(bytes: Buffer): void {
        this.text.add(bytes);
        this.listener.text(bytes);
    }

    /** Ends a machine whose line makes no sense any more. */
    private breakOff(cause: string): void {
        if (this.protocolError === '') this.protocolError = `its control channel is damaged (${cause})`;
        this.child.kill('SIGKILL');
    }

    /** Ends a machine that never spoke: its firmware or kernel has stopped. */
    private breakOffBoot(): void {
        this.protocolError = `it did not start within ${BOOT_MILLISECONDS / 1000} s`;
        this.child.kill('SIGKILL');
    }

    private receive(frame: Frame): void {
        try {
            this.dispatch(frame);
        } catch (error) {
            if (!(error instanceof messages.MalformedMessage)) throw error;
            this.breakOff(error.message);
        }
    }

    private dispatch(frame: Frame): void {
        const { type, payload } = frame;
        switch (type) {
            case TargetFrame.HELLO: {
                clearTimeout(this.bootTimer);
                const version = messages.readHello(frame);
                if (version !== messages.PROTOCOL_VERSION) {
                    this.breakOff(
                        `it speaks protocol ${version}, not ${messages.PROTOCOL_VERSION}; build both from one checkout`,
                    );
                }
                break;
            }
            case TargetFrame.STDOUT:
                this.containerStarted = true;
                this.listener.stdout(payload);
                break;
            case TargetFrame.STDERR:
                this.containerStarted = true;
                this.listener.stderr(payload);
                break;
            case TargetFrame.LOG:
                this.listener.log(payload);
                break;
            case TargetFrame.EXIT:
                this.exit = messages.readExit(frame);
                this.input.stop();
                this.expectPowerOff();
                break;
            case TargetFrame.STATISTICS:
                this.listener.statistics(messages.readStatistics(frame));
                break;
            case TargetFrame.PROGRESS:
                this.listener.progress(messages.readProgress(frame));
                break;
            case TargetFrame.FAILED:
                this.failed = messages.readFailed(frame);
                this.expectPowerOff();
                break;
            case TargetFrame.CREDIT:
                this.channel = frame.channel;
                if (!this.containerStarted) {
                    this.containerStarted = true;
                    this.listener.started?.();
                }
                this.input.grant(frame.channel, messages.readCredit(frame));
                break;
            case TargetFrame.OFF:
                this.switchedOff = true;
                clearTimeout(this.powerOffTimer);
                this.powerOffTimer = setTimeout(
                    () => this.child.kill('SIGKILL'),
                    this.program.switchesOff ? SWITCH_MILLISECONDS : 0,
                );
                break;
            case TargetFrame.EVENT:
                break; // What happens to the only container is known by its EXIT.
            default:
                this.breakOff(`a frame has the unknown type 0x${type.toString(16)}`);
        }
    }

    private expectPowerOff(): void {
        this.powerOffTimer ??= setTimeout(() => this.child.kill('SIGKILL'), POWER_OFF_MILLISECONDS);
    }
}
