// SPDX-License-Identifier: Apache-2.0
//
// A machine that runs one container and switches off: `sealift run`.

import type { Readable } from 'node:stream';
import { encodeFrame, HostFrame, TargetFrame, type Frame, type TerminalSize } from './frames.js';
import { InputPump } from './inputPump.js';
import { MachineProcess, type MachineOutcome, type MachineProgram } from './machineProcess.js';
import * as messages from './messages.js';

/** A side of a terminal has 16 bits (struct winsize). */
const MAX_TERMINAL_SIZE = 0xffff;

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

/** The payload of TERMINAL_SIZE. */
export function terminalSizePayload({ rows, columns }: TerminalSize): Buffer {
    const payload = Buffer.alloc(4);
    payload.writeUInt16LE(Math.min(rows, MAX_TERMINAL_SIZE), 0);
    payload.writeUInt16LE(Math.min(columns, MAX_TERMINAL_SIZE), 2);
    return payload;
}

export class Machine {
    private readonly process: MachineProcess;
    private readonly input: InputPump;
    private exit: messages.ExitMessage | null = null;
    private failed: messages.FailedMessage | null = null;
    private killReason: { exitCode: number; message: string } | null = null;
    private containerStarted = false;
    private channel = 0;

    /** Starts `program`; `stdin` is passed to the container as it asks for it. */
    constructor(
        program: MachineProgram,
        stdin: Readable,
        private readonly listener: MachineListener,
    ) {
        this.process = new MachineProcess(program, {
            frame: (frame) => this.receive(frame),
            text: (bytes) => listener.text(bytes),
        });
        this.input = new InputPump(stdin, (bytes) => this.process.write(bytes));
    }

    /** True once the container's first process runs: from then on a signal is the container's. */
    get started(): boolean {
        return this.containerStarted;
    }

    /** Tells the container that its terminal has another size. */
    terminalSize(size: TerminalSize): void {
        this.process.send(HostFrame.TERMINAL_SIZE, this.channel, terminalSizePayload(size));
    }

    /** Sends a signal to the container. */
    signal(number: number): void {
        this.process.write(encodeFrame(HostFrame.SIGNAL, this.channel, Uint8Array.of(number)));
    }

    /** Ends the machine at once; `outcome` is then what wait() gives unless the container had ended before. */
    kill(exitCode: number, message: string): void {
        this.killReason ??= { exitCode, message };
        this.process.kill();
    }

    /** Stops and restarts reading from the machine: for a consumer of its output that is slower. */
    pause(paused: boolean): void {
        this.process.pause(paused);
    }

    /** Waits until the machine is off. Nothing of it is left behind. */
    async wait(): Promise<MachineOutcome> {
        const known = () => this.failed ?? this.exit ?? this.killReason;
        const outcome = await this.process.wait(known, 'the container ended');
        this.input.stop();
        return outcome;
    }

    private receive(frame: Frame): void {
        const { type, payload } = frame;
        switch (type) {
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
                this.process.expectPowerOff();
                break;
            case TargetFrame.STATISTICS:
                this.listener.statistics(messages.readStatistics(frame));
                break;
            case TargetFrame.PROGRESS:
                this.listener.progress(messages.readProgress(frame));
                break;
            case TargetFrame.FAILED:
                this.failed = messages.readFailed(frame);
                this.process.expectPowerOff();
                break;
            case TargetFrame.CREDIT:
                this.channel = frame.channel;
                if (!this.containerStarted) {
                    this.containerStarted = true;
                    this.listener.started?.();
                }
                this.input.grant(frame.channel, messages.readCredit(frame));
                break;
            case TargetFrame.EVENT:
                break; // What happens to the only container is known by its EXIT.
            default:
                throw new messages.MalformedMessage(`a frame has the unknown type 0x${type.toString(16)}`);
        }
    }
}
