// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the machine in tests of the CLI: it reads the bundle out of the boot image as the runtime would, and
// plays the part that the container's command names. Run as `node fakeKernel.js --memory MIB BOOT-IMAGE`.

import { writeSync } from 'node:fs';
import { encodeFrame, FrameDecoder, HostFrame, TargetFrame, type Frame } from '../../cli/control/frames.js';
import { readBundle, tar } from './bundleFile.js';

/** The number that the manager gives the only container. */
const CONTAINER = 1;

const bundle = readBundle(process.argv.at(-1)!);

const system = JSON.parse(tar(bundle, '--extract', '--to-stdout', 'system.json')) as {
    containers: { command: string[] | null }[];
};
const [part = 'system.json', ...rest] = system.containers[0]!.command ?? [];

function write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
}

function send(type: number, payload: Uint8Array | string = '', channel = CONTAINER): void {
    write(encodeFrame(type, channel, Buffer.from(payload)));
}

function sendJson(type: number, value: unknown): void {
    send(type, JSON.stringify(value));
}

function credit(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(bytes);
    send(TargetFrame.CREDIT, payload);
}

/** The container ends and the machine switches off. */
function exit(exitCode: number, signal = 0, message = ''): never {
    sendJson(TargetFrame.EXIT, { status: signal || exitCode << 8, exitCode, signal, message });
    sendJson(TargetFrame.STATISTICS, {
        owners: [
            { owner: 'root task: heap', bytes: 1048576 },
            { owner: 'free', bytes: 3145728 },
        ],
        container: {
            name: 'container',
            owners: [{ owner: 'anonymous', bytes: 8192 }],
            processes: 1,
            systemCalls: 5,
        },
        freed: { carved: 8192, returned: 8192 },
    });
    process.exit(0);
}

let frameArrived: (frame: Frame) => void = () => undefined;
const decoder = new FrameDecoder({
    frame: (frame) => frameArrived(frame),
    text: () => process.exit(99),
    damaged: () => process.exit(98),
});
process.stdin.on('data', (bytes: Buffer) => decoder.push(bytes));

sendJson(TargetFrame.HELLO, { protocol: part === 'protocol' ? 1 : 2 });
sendJson(TargetFrame.PROGRESS, { phase: 'unpack', layer: 1, layers: 1, bytes: 1, total: 2 });

switch (part) {
    case 'system.json':
        send(TargetFrame.STDOUT, `${JSON.stringify(system)}\n`);
        exit(0);
        break;
    case 'bundle':
        send(TargetFrame.STDOUT, tar(bundle, '--list'));
        exit(0);
        break;
    case 'memory':
        send(TargetFrame.STDOUT, `${process.argv.slice(2, -1).join(' ')}\n`);
        exit(0);
        break;
    case 'streams':
        write(Buffer.from('booting\n'));
        send(TargetFrame.STDOUT, Buffer.from([0, 0xa5, 0xff, 10]));
        send(TargetFrame.STDERR, 'to stderr\n');
        write(Buffer.from('kernel remark\n'));
        send(TargetFrame.LOG, 'write(1, "x", 1) = 1\n');
        exit(3);
        break;
    case 'signal':
        exit(128 + Number(rest[0]), Number(rest[0]));
        break;
    case 'notFound':
        exit(127, 0, 'no-such-program: not found in PATH; check the command');
        break;
    case 'failed':
        sendJson(TargetFrame.FAILED, { message: 'layer 1: damaged; pull the image again', exitCode: 125 });
        process.exit(0);
        break;
    case 'crash':
        write(Buffer.from('panic: something is wrong\n'));
        process.exit(70);
        break;
    case 'killed':
        process.kill(process.pid, 'SIGSEGV');
        break;
    case 'noSwitch':
        sendJson(TargetFrame.EXIT, { status: 0, exitCode: 6, signal: 0, message: '' });
        send(TargetFrame.OFF, '');
        setInterval(() => undefined, 1000);
        break;
    case 'panic':
        write(Buffer.from('panic: no memory\n'));
        send(TargetFrame.OFF, '');
        setInterval(() => undefined, 1000);
        break;
    case 'damaged':
        write(Buffer.from([0xa5, 1, 1, 0, 0xff, 0xff]));
        setInterval(() => undefined, 1000);
        break;
    case 'nonsense':
        send(TargetFrame.EXIT, '{"exitCode": "zero"}');
        setInterval(() => undefined, 1000);
        break;
    case 'cat': {
        // Grants little at a time, and checks that the host never sends more than it was granted.
        let granted = 100;
        credit(granted);
        frameArrived = ({ type, payload }) => {
            if (type === HostFrame.STDIN_END) exit(0);
            if (type !== HostFrame.STDIN) return;
            granted -= payload.length;
            if (granted < 0) exit(97, 0, 'the host sent more than it was granted');
            send(TargetFrame.STDOUT, payload);
            granted += payload.length;
            credit(payload.length);
        };
        break;
    }
    case 'firstLine':
        // Takes no more than its credit, so that the rest of stdin stays where it is.
        credit(4);
        frameArrived = ({ type, payload }) => {
            if (type === HostFrame.STDIN) send(TargetFrame.STDOUT, payload);
            exit(0);
        };
        break;
    case 'waitForSignal':
        credit(4096);
        send(TargetFrame.STDOUT, 'ready\n');
        frameArrived = ({ type, channel, payload }) => {
            if (type !== HostFrame.SIGNAL) return;
            send(TargetFrame.STDOUT, `signal ${payload[0]} for container ${channel}\n`);
            if (rest[0] !== 'ignore') exit(128 + payload[0]!, payload[0]);
        };
        break;
    case 'endless':
        for (;;) send(TargetFrame.STDOUT, 'y\n'.repeat(1000));
        break;
    default:
        process.exit(96);
}
