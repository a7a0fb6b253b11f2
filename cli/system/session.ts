// SPDX-License-Identifier: Apache-2.0
//
// A running system as seen from the process that holds its serial line: requests to the target, what containers write and what happens to
// them, and the frames of processes that clients have started.

import {
    FIRST_PROCESS_CHANNEL,
    HostFrame,
    SYSTEM_CHANNEL,
    TargetFrame,
    type Frame,
} from '../control/frames.js';
import { MachineProcess, type MachineOutcome, type MachineProgram } from '../control/machineProcess.js';
import * as messages from '../control/messages.js';
import { RequestLine, type Answer, type Fields } from '../control/requests.js';
import {
    readContainers,
    readEvent,
    type ContainerEvent,
    type ContainerStatus,
} from '../control/systemMessages.js';
import type { LogStream } from './logs.js';

/** A container of the system, as its file has it. */
export interface ContainerInfo {
    name: string;
    service: string;
    dependsOn: string[];
}

/** Is told of what happens; all of them are. */
export interface SessionListener {
    /** A container has written something; `stream` is "log" for what Sealift says about it. */
    output?(container: string, stream: LogStream, bytes: Buffer): void;
    /** A container's first process has ended. */
    exit?(container: string, exit: messages.ExitMessage): void;
    event?(container: string, event: ContainerEvent, frame: Frame): void;
    progress?(progress: messages.ProgressMessage): void;
    /** The target takes requests from now on. */
    ready?(): void;
    /** The machine is off. */
    ended?(): void;
    /** Text of the machine outside frames, and of Sealift about the system. */
    text?(bytes: Buffer): void;
}

/** Who takes the frames of a process that it has started. */
export interface ProcessOwner {
    frame(frame: Frame): void;
}

/** SIGPIPE and SIGHUP: what processes get whose client has left. */
const SIGPIPE = 13;
const SIGHUP = 1;

export class Session {
    readonly containers: readonly ContainerInfo[];
    /** When the target first spoke; 0 before. Times of a board without a clock count from about then. */
    booted = 0;
    private readonly machine: MachineProcess;
    private readonly requests: RequestLine;
    private readonly listeners = new Set<SessionListener>();
    private readonly processes = new Map<number, { owner: ProcessOwner | null; credit: number }>();
    private failed: messages.FailedMessage | null = null;
    private ending: { exitCode: number; message: string } | null = null;
    private isReady = false;
    private isGoingDown = false;
    /** Containers whose first process runs. */
    private readonly running = new Set<string>();

    constructor(program: MachineProgram, containers: readonly ContainerInfo[]) {
        this.containers = containers;
        this.machine = new MachineProcess(program, {
            frame: (frame) => this.receive(frame),
            text: (bytes) => this.tell((listener) => listener.text?.(bytes)),
        });
        this.requests = new RequestLine((bytes) => this.machine.write(bytes));
    }

    listen(listener: SessionListener): void {
        this.listeners.add(listener);
    }

    unlisten(listener: SessionListener): void {
        this.listeners.delete(listener);
    }

    /** Sends a request; `done` is called before anything that follows the response is handed out. */
    request(op: string, members: Fields, done: (answer: Answer) => void): void {
        this.requests.send(op, members, done);
    }

    call(op: string, members: Fields = {}): Promise<Fields> {
        return this.requests.call(op, members);
    }

    async list(): Promise<ContainerStatus[]> {
        return readContainers(await this.call('ps'));
    }

    /** Starts a process; `owner` takes its frames. */
    exec(members: Fields, owner: ProcessOwner, done: (answer: Answer) => void): void {
        this.requests.send('exec', members, (answer) => {
            const channel = answer.response?.channel;
            if (answer.response !== null) {
                if (typeof channel !== 'number' || channel < FIRST_PROCESS_CHANNEL || channel > 0xffff)
                    throw new messages.MalformedMessage('the response to exec has no channel of a process');
                this.processes.set(channel, { owner, credit: 0 });
            }
            done(answer);
        });
    }

    /**
     * Passes a client's frame on to its process; what is for none of its processes is dropped, because one may just have ended. False when
     * the client sends more than it was granted.
     */
    toProcess(owner: ProcessOwner, { type, channel, payload }: Frame): boolean {
        const process = this.processes.get(channel);
        if (process?.owner !== owner) return true;
        if (type === HostFrame.STDIN) {
            process.credit -= payload.length;
            if (process.credit < 0) return false;
        }
        this.machine.send(type, channel, payload);
        return true;
    }

    /** A client has left: its processes have no input and no terminal any more, and nobody reads what they write. */
    abandon(owner: ProcessOwner): void {
        for (const [channel, process] of this.processes) {
            if (process.owner !== owner) continue;
            process.owner = null;
            this.machine.send(HostFrame.STDIN_END, channel);
            this.machine.send(HostFrame.SIGNAL, channel, Uint8Array.of(SIGHUP));
        }
    }

    /** Ends the machine at once. */
    kill(exitCode: number, message: string): void {
        this.ending ??= { exitCode, message };
        this.machine.kill();
    }

    /** Tells the system to go down: the machine's end is no failure then, and comes soon after that of the last container. */
    goDown(members: Fields, done: (answer: Answer) => void): void {
        this.ending ??= { exitCode: 0, message: '' };
        this.requests.send('down', members, (answer) => {
            this.isGoingDown = answer.response !== null;
            this.expectOff();
            done(answer);
        });
    }

    /** A machine that has nothing left to do and does not go off is ended. */
    private expectOff(): void {
        if (this.isGoingDown && this.running.size === 0) this.machine.expectPowerOff();
    }

    /** Everything ends without grace. */
    shutDown(): void {
        this.ending ??= { exitCode: 0, message: '' };
        this.machine.send(HostFrame.SHUTDOWN, SYSTEM_CHANNEL);
        this.machine.expectPowerOff();
    }

    /** Waits until the machine is off. */
    async wait(): Promise<MachineOutcome> {
        const outcome = await this.machine.wait(
            () => this.failed ?? this.ending,
            'the system was told to end',
        );
        this.tell((listener) => listener.ended?.());
        this.requests.close('the system has ended');
        return outcome;
    }

    private tell(what: (listener: SessionListener) => void): void {
        for (const listener of [...this.listeners]) what(listener);
    }

    private receive(frame: Frame): void {
        const { type, channel } = frame;
        if (type === TargetFrame.RESPONSE) this.requests.receive(frame.payload);
        else if (channel >= FIRST_PROCESS_CHANNEL) this.fromProcess(frame);
        else if (channel === SYSTEM_CHANNEL) this.fromSystem(frame);
        else this.fromContainer(frame);
        // What comes first is PROGRESS; the rest comes when the system runs.
        if (this.booted === 0) this.booted = Date.now();
    }

    private fromSystem(frame: Frame): void {
        switch (frame.type) {
            case TargetFrame.PROGRESS: {
                const progress = messages.readProgress(frame);
                this.tell((listener) => listener.progress?.(progress));
                break;
            }
            case TargetFrame.LOG:
                this.tell((listener) => listener.text?.(frame.payload));
                break;
            case TargetFrame.FAILED:
                this.failed = messages.readFailed(frame);
                this.machine.expectPowerOff();
                break;
            default:
                throw unexpected(frame);
        }
    }

    private fromContainer(frame: Frame): void {
        const { type, channel, payload } = frame;
        const container = this.containers[channel - 1];
        if (container === undefined)
            throw new messages.MalformedMessage(
                `a frame is about container ${channel}, which there is none of`,
            );
        if (!this.isReady) {
            this.isReady = true;
            this.tell((listener) => listener.ready?.());
        }
        const { name } = container;
        const output = (stream: LogStream): void =>
            this.tell((listener) => listener.output?.(name, stream, payload));
        switch (type) {
            case TargetFrame.STDOUT:
                return output('stdout');
            case TargetFrame.STDERR:
                return output('stderr');
            case TargetFrame.LOG:
                return output('log');
            case TargetFrame.EXIT: {
                const exit = messages.readExit(frame);
                return this.tell((listener) => listener.exit?.(name, exit));
            }
            case TargetFrame.EVENT: {
                const event = readEvent(frame);
                if (event.event === 'start') this.running.add(name);
                if (event.event === 'die') this.running.delete(name);
                this.expectOff();
                return this.tell((listener) => listener.event?.(name, event, frame));
            }
            // Nobody types into a container of a system: its stdin stays open and empty.
            case TargetFrame.CREDIT:
            case TargetFrame.PROGRESS:
                return;
            default:
                throw unexpected(frame);
        }
    }

    private fromProcess(frame: Frame): void {
        const { type, channel } = frame;
        const process = this.processes.get(channel);
        // What a process wrote whose client has left, or after its end.
        if (process === undefined) return;
        const isOutput = type === TargetFrame.STDOUT || type === TargetFrame.STDERR;
        if (type === TargetFrame.CREDIT) process.credit += messages.readCredit(frame);
        if (type === TargetFrame.EXIT) {
            messages.readExit(frame);
            this.processes.delete(channel);
        }
        if (process.owner !== null) process.owner.frame(frame);
        else if (isOutput) this.machine.send(HostFrame.SIGNAL, channel, Uint8Array.of(SIGPIPE));
    }
}

function unexpected({ type, channel }: Frame): messages.MalformedMessage {
    return new messages.MalformedMessage(`a frame of type 0x${type.toString(16)} is on channel ${channel}`);
}
