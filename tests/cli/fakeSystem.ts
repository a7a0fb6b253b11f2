// SPDX-License-Identifier: Apache-2.0
//
// Stands in for a machine that runs a system of containers (docs/control-channel.md): reads system.json out of the boot image, and lets
// each container play the part that its command names. Run as `node fakeSystem.js --memory MIB BOOT-IMAGE`.

import { writeSync } from 'node:fs';
import type { ContainerOptions } from '../../cli/boot/bundle.js';
import { encodeFrame, FrameDecoder, HostFrame, TargetFrame, type Frame } from '../../cli/control/frames.js';
import { documentFrames, DocumentReader, REQUEST_MAXIMUM } from '../../cli/control/requests.js';
import { readBundleFile } from './bundleFile.js';

const text = readBundleFile(process.argv.at(-1)!, 'system.json');
const system = JSON.parse(text) as { containers: ContainerOptions[]; images: { name: string }[] };

function write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
}

function send(type: number, channel: number, payload: Uint8Array | string = ''): void {
    write(encodeFrame(type, channel, Buffer.from(payload)));
}

function sendJson(type: number, channel: number, value: unknown): void {
    send(type, channel, JSON.stringify(value));
}

function credit(channel: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(bytes);
    send(TargetFrame.CREDIT, channel, payload);
}

/** A container that plays a part. */
class Container {
    state = 'created';
    health: string;
    exitCode = 0;
    signal = 0;
    message = '';
    restarts = 0;
    started = 0;
    finished = 0;
    private stopping = false;

    constructor(
        readonly number: number,
        readonly options: ContainerOptions,
    ) {
        this.health = options.health === undefined ? 'none' : 'starting';
    }

    get runs(): boolean {
        return this.state === 'running' || this.state === 'stopping';
    }

    event(event: string, more: Record<string, unknown> = {}): void {
        sendJson(TargetFrame.EVENT, this.number, { event, time: Date.now(), ...more });
    }

    print(line: string): void {
        send(TargetFrame.STDOUT, this.number, line);
    }

    /** Starts when what it depends on is as it should be. */
    look(): void {
        if (this.state !== 'created') return;
        for (const { container, condition } of this.options.dependsOn ?? []) {
            const other = containers.find(({ options }) => options.name === container)!;
            if (condition === 'service_started' && other.started === 0) return;
            if (condition === 'service_healthy' && other.health !== 'healthy') return;
            if (condition === 'service_completed_successfully') {
                if (other.state !== 'exited') return;
                if (other.exitCode !== 0) {
                    this.state = 'exited';
                    this.exitCode = 125;
                    this.message = `container ${container} failed`;
                    sendJson(TargetFrame.EXIT, this.number, { exitCode: 125, message: this.message });
                    this.event('die', { exitCode: 125 });
                    return;
                }
            }
        }
        this.start();
    }

    start(): void {
        this.state = 'running';
        this.stopping = false;
        this.started = Date.now();
        this.event('start');
        if (this.options.entrypoint?.[0] === '/.sealift-plan') {
            setTimeout(() => this.end(127, 0), 1);
            return;
        }
        const [part = 'wait', ...rest] = this.options.command ?? [];
        switch (part) {
            case 'print':
                for (const line of rest) this.print(`${line}\n`);
                break;
            case 'exit':
                this.print('about to exit\n');
                setTimeout(() => this.end(Number(rest[0]), 0), 20);
                return;
            case 'environment':
                this.print(`${this.options.environment.join('\n')}\n`);
                break;
            case 'options':
                this.print(`${JSON.stringify(this.options)}\n`);
                break;
            case 'mixed':
                send(TargetFrame.STDOUT, this.number, 'out');
                send(TargetFrame.STDERR, this.number, 'err\n');
                send(TargetFrame.STDOUT, this.number, 'put\nlast');
                setTimeout(() => this.end(0, 0), 20);
                return;
            case 'nonsense':
                send(TargetFrame.EVENT, this.number, '{"event": 5}');
                return;
            case 'badResponse':
                send(TargetFrame.RESPONSE, 0, '\u0000{"id": 99}');
                return;
            case 'stranger':
                send(TargetFrame.STDOUT, 77, 'who am I\n');
                return;
            case 'crash':
                write(Buffer.from('panic: something is wrong\n'));
                process.exit(70);
        }
        if (this.options.health !== undefined)
            setTimeout(() => {
                if (!this.runs) return;
                this.health = part === 'sick' ? 'unhealthy' : 'healthy';
                this.event('health_status', { health: this.health });
                lookAtAll();
            }, 50);
    }

    end(exitCode: number, signal: number): void {
        if (!this.runs) return;
        Object.assign(this, { exitCode, signal, finished: Date.now() });
        sendJson(TargetFrame.EXIT, this.number, {
            status: signal || exitCode << 8,
            exitCode,
            signal,
            message: '',
        });
        this.state = 'exited';
        this.event('die', { exitCode });
        const { restart = 'no', restartMaximum = 0 } = this.options;
        const again =
            restart === 'always' ||
            (restart === 'on-failure' &&
                exitCode !== 0 &&
                (restartMaximum === 0 || this.restarts < restartMaximum));
        if (this.stopping) this.event('stop');
        else if (again) {
            this.state = 'restarting';
            this.event('restart', { delay: 10 });
            setTimeout(() => {
                this.restarts++;
                this.start();
            }, 10);
        }
        lookAtAll();
    }

    stop(timeout: number | undefined): void {
        if (!this.runs) return;
        this.state = 'stopping';
        this.stopping = true;
        this.print(`stopping with ${timeout ?? 'its own'} seconds\n`);
        const stubborn = this.options.command?.[0] === 'stubborn';
        setTimeout(() => this.end(137, 9), stubborn ? (timeout ?? 10) * 1000 : 10);
    }

    get summary(): Record<string, unknown> {
        const { number, state, health, exitCode, signal, message, restarts, started, finished } = this;
        const { name, image } = this.options;
        return {
            ...{
                number,
                name,
                image: system.images[image ?? 0]!.name,
                state,
                health,
                exitCode,
                signal,
                message,
            },
            ...{ restarts, started, finished, processes: this.runs ? 1 : 0 },
        };
    }
}

const containers: Container[] = system.containers.map((options, index) => new Container(index + 1, options));

function lookAtAll(): void {
    for (const container of containers) container.look();
    if (isGoingDown && containers.every(({ runs }) => !runs)) turnOff();
}

let isGoingDown = false;

function turnOff(): never {
    send(TargetFrame.OFF, 0);
    process.exit(0);
}

/** Processes of exec, by channel. */
const processes = new Map<number, (frame: Frame) => void>();
let nextChannel = 0x8000;

function endProcess(channel: number, exitCode: number, message = ''): void {
    processes.delete(channel);
    sendJson(TargetFrame.EXIT, channel, { status: exitCode << 8, exitCode, signal: 0, message });
}

function exec(request: Record<string, unknown>): number {
    const channel = nextChannel++;
    const [program, ...rest] = request.args as string[];
    processes.set(channel, ({ type, payload }) => {
        if (type === HostFrame.SIGNAL) endProcess(channel, 128 + payload[0]!);
        else if (type === HostFrame.STDIN_END) endProcess(channel, 0);
        else if (type === HostFrame.STDIN) {
            send(TargetFrame.STDOUT, channel, payload);
            credit(channel, payload.length);
        } else if (type === HostFrame.TERMINAL_SIZE) {
            send(TargetFrame.STDOUT, channel, `size ${payload.readUInt16LE(0)} ${payload.readUInt16LE(2)}\n`);
        }
    });
    // Behind the response, in the same stretch of the line.
    queueMicrotask(() => {
        if (request.interactive) credit(channel, 1000);
        switch (program) {
            case 'echo':
                send(TargetFrame.STDOUT, channel, `${rest.join(' ')}\n`);
                send(TargetFrame.STDERR, channel, 'noise\n');
                return endProcess(channel, 0);
            case 'exit':
                return endProcess(channel, Number(rest[0]));
            case 'request':
                send(TargetFrame.STDOUT, channel, `${JSON.stringify(request)}\n`);
                return endProcess(channel, 0);
            case 'cat':
            case 'wait':
                send(TargetFrame.STDERR, channel, 'ready\n');
                return;
            default:
                return endProcess(channel, 127, `${program}: not found in PATH; check the command`);
        }
    });
    return channel;
}

function account(): Record<string, unknown> {
    return {
        machineMemory: 1 << 24,
        kernelOverhead: 0,
        owners: [
            { owner: 'root task: heap', bytes: 1 << 20 },
            { owner: 'free', bytes: 15 << 20 },
        ],
        layers: [{ digest: `sha256:${'a'.repeat(64)}`, dataBytes: 8192, indexBytes: 4096 }],
        containers: containers
            .filter(({ runs }) => runs)
            .map(({ number, options }) => ({
                ...{ number, name: options.name, memoryLimit: options.memory },
                owners: [
                    { owner: 'anonymous', bytes: 1 << 20 },
                    { owner: 'free', bytes: options.memory - (1 << 20) },
                ],
                ...{ systemCalls: 5, pageFaults: 6, layerBytesMapped: 4096, processes: 3, processesNow: 1 },
                ...{ cpuMicroseconds: Math.round(performance.now() * 500), stale: false },
            })),
    };
}

function answer(request: Record<string, unknown>): Record<string, unknown> {
    const { op, container: name, timeout } = request as { op: string; container?: string; timeout?: number };
    switch (op) {
        case 'ps':
            return { containers: containers.map(({ summary }) => summary) };
        case 'stats':
            return account();
        case 'down':
            isGoingDown = true;
            for (const container of containers) container.stop(timeout);
            setTimeout(lookAtAll, 1);
            return {};
    }
    const index = containers.findIndex(({ options }) => options.name === name);
    const container = containers[index];
    if (container === undefined) return { error: `there is no container "${name}"; "ps" lists them` };
    if (op === 'inspect') return { container: { ...container.summary, service: container.options.service } };
    if (op === 'start') {
        if (container.runs) return { error: `container ${name} runs already` };
        container.state = 'created';
        setTimeout(lookAtAll, 1);
        return {};
    }
    if (op === 'rm') {
        if (container.runs && request.force !== true)
            return { error: `container ${name} runs; stop it first, or use force` };
        container.end(137, 9);
        container.event('destroy');
        containers.splice(index, 1);
        return {};
    }
    if (!container.runs) return { error: `container ${name} does not run; start it first` };
    if (op === 'exec') return { channel: exec(request) };
    if (op === 'stop') container.stop(timeout);
    if (op === 'kill')
        setTimeout(() => container.end(128 + (request.signal as number), request.signal as number), 1);
    return {};
}

const reader = new DocumentReader('request', REQUEST_MAXIMUM);

const decoder = new FrameDecoder({
    frame: (frame) => {
        if (frame.type === HostFrame.REQUEST) {
            const request = reader.push(frame.payload);
            if (request === null) return;
            const { id, ...rest } = request;
            write(documentFrames(TargetFrame.RESPONSE, { id, ...answer(rest) }));
        } else if (frame.type === HostFrame.SHUTDOWN) turnOff();
        else processes.get(frame.channel)?.(frame);
    },
    text: () => process.exit(99),
    damaged: () => process.exit(98),
});
process.stdin.on('data', (bytes: Buffer) => decoder.push(bytes));

sendJson(TargetFrame.HELLO, 0, { protocol: 2 });
sendJson(TargetFrame.PROGRESS, 0, { phase: 'unpack', layer: 1, layers: 1, bytes: 1, total: 2 });
write(Buffer.from('kernel remark\n'));
lookAtAll();
