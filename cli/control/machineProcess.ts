// SPDX-License-Identifier: Apache-2.0
//
// A machine (the model of seL4's API on Linux, or QEMU) as a process whose stdin and stdout are its serial line: what holds for every
// machine, whatever runs on it.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { EXIT_SEALIFT_FAILED, messageOf } from '../failure.js';
import { encodeFrame, FrameDecoder, TargetFrame, type Frame } from './frames.js';
import * as messages from './messages.js';

/** How much of the machine's own text is kept to be shown when it fails: a backtrace and what led to it. */
const MAX_TEXT_BYTES = 64 * 1024;

/** A machine that has reported the end has only to revoke and to switch off; this long is a hang. */
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

export interface MachineProcessListener {
    /** Every frame but HELLO and OFF. One that makes no sense is a MalformedMessage that is thrown. */
    frame(frame: Frame): void;
    /** Text outside frames, as it comes. */
    text(bytes: Buffer): void;
}

export class MachineProcess {
    private readonly child: ChildProcessWithoutNullStreams;
    private readonly text = new TextTail();
    private protocolError = '';
    private switchedOff = false;
    private powerOffTimer: NodeJS.Timeout | undefined;
    private readonly bootTimer: NodeJS.Timeout | undefined;
    private readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null; error: string }>;

    constructor(
        private readonly program: MachineProgram,
        private readonly listener: MachineProcessListener,
    ) {
        // A session of its own: a terminal's Ctrl-C must reach the container through us, not end the machine.
        this.child = spawn(program.command, program.arguments, {
            stdio: ['pipe', 'pipe', 'pipe'],
            detached: true,
        });
        if (program.boots) this.bootTimer = setTimeout(() => this.breakOffBoot(), BOOT_MILLISECONDS);
        this.child.stdin.on('error', () => undefined); // The machine may be off before it has read everything.
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

    send(type: number, channel: number, payload?: Uint8Array): void {
        this.write(encodeFrame(type, channel, payload));
    }

    /** Sends a frame's bytes. */
    write(bytes: Buffer): void {
        this.child.stdin.write(bytes);
    }

    /** Ends the machine at once. */
    kill(): void {
        this.child.kill('SIGKILL');
        this.pause(false); // What it wrote before has to be taken, or its end is never seen.
    }

    /** Stops and restarts reading from the machine: for a consumer of its output that is slower. */
    pause(paused: boolean): void {
        if (paused) this.child.stdout.pause();
        else this.child.stdout.resume();
    }

    /** Ends a machine whose line makes no sense any more. */
    breakOff(cause: string): void {
        if (this.protocolError === '') this.protocolError = `its control channel is damaged (${cause})`;
        this.kill();
    }

    /** The machine has said that it is done: it is ended when it does not switch off soon. */
    expectPowerOff(): void {
        this.powerOffTimer ??= setTimeout(() => this.kill(), POWER_OFF_MILLISECONDS);
    }

    /**
     * Waits until the machine is off; nothing of it is left behind. `known` is asked then for how it ended where the target
     * has said so, and `purpose` is what it had not done yet otherwise ("the container ended").
     */
    async wait(
        known: () => { exitCode: number; message: string } | null,
        purpose: string,
    ): Promise<MachineOutcome> {
        const { status, signal, error } = await this.ended;
        clearTimeout(this.powerOffTimer);
        clearTimeout(this.bootTimer);
        const text = this.text.toString();
        const failed = (message: string, textExplains: boolean): MachineOutcome => ({
            exitCode: EXIT_SEALIFT_FAILED,
            message: `machine: ${message}`,
            text,
            textExplains,
        });
        const { name, remedy } = this.program;
        if (error !== '') return failed(`${name} cannot be started (${error}); ${remedy}`, true);
        const result = known();
        if (result) return { exitCode: result.exitCode, message: result.message, text, textExplains: false };
        if (status === STATUS_CANNOT_START && !this.program.boots) {
            // Its option --memory is our --machine-memory.
            const line = text.trimEnd().split('\n').at(-1)!;
            return failed(line.replace(/^[\w-]+: /, '').replace('--memory', '--machine-memory'), false);
        }
        const how =
            this.protocolError || (this.switchedOff ? `${name} switched off` : this.ending(status, signal));
        return failed(`${how} before ${purpose}; the machine's own text above says more`, true);
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

    /** Ends a machine that never spoke: its firmware or kernel has stopped. */
    private breakOffBoot(): void {
        this.protocolError = `it did not start within ${BOOT_MILLISECONDS / 1000} s`;
        this.kill();
    }

    private receive(frame: Frame): void {
        try {
            if (frame.type === TargetFrame.HELLO) this.receiveHello(frame);
            else if (frame.type === TargetFrame.OFF) this.receiveOff();
            else this.listener.frame(frame);
        } catch (error) {
            if (!(error instanceof messages.MalformedMessage)) throw error;
            this.breakOff(error.message);
        }
    }

    private receiveHello(frame: Frame): void {
        clearTimeout(this.bootTimer);
        const version = messages.readHello(frame);
        if (version === messages.PROTOCOL_VERSION) return;
        this.breakOff(
            `it speaks protocol ${version}, not ${messages.PROTOCOL_VERSION}; build both from one checkout`,
        );
    }

    private receiveOff(): void {
        this.switchedOff = true;
        clearTimeout(this.powerOffTimer);
        const patience = this.program.switchesOff ? SWITCH_MILLISECONDS : 0;
        this.powerOffTimer = setTimeout(() => this.kill(), patience);
    }
}
