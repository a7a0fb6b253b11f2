// SPDX-License-Identifier: Apache-2.0
//
// Runs a machine of Sealift until its containers are idle, and asks it whose its memory is: the host's end of the control
// channel (docs/control-channel.md), with the time of every container's first text.

import { spawn } from 'node:child_process';
import {
    encodeFrame,
    FrameDecoder,
    HostFrame,
    SYSTEM_CHANNEL,
    TargetFrame,
} from '../../cli/control/frames.js';
import type { Owner as AccountOwner } from '../account.js';
import { DoesNotFit, FellSilent, type IdleCommand } from './measurement.js';

/**
 * A machine that has said nothing for this long hangs: the kernel stops in silence when it has too little memory. With many
 * containers all of them start before the first one says something.
 */
function silenceMilliseconds(image: IdleCommand | null, count: number): number {
    return 45_000 + count * (image?.startMilliseconds ?? 0);
}

/** Sentries get a second to answer a request for statistics. Of many on one processor some answer later, for the next one. */
const REQUESTS = 5;
const BETWEEN_REQUESTS_MILLISECONDS = 5000;

/** What is answered to "stats". */
export interface SystemAccount {
    machineMemory: number;
    owners: readonly AccountOwner[];
    containers: readonly {
        name: string;
        owners: readonly AccountOwner[];
        layerBytesMapped: number;
        /** Its sentry did not answer in time: the figures are those of the request before. */
        stale: boolean;
    }[];
}

export interface IdleSystem {
    account: SystemAccount;
    /** Milliseconds from the machine's start, ascending. */
    firstBytes: number[];
}

const COMPLETE = 0;

/** What a container has printed so far, and what it is waited for to print. */
class Outputs {
    private readonly texts = new Map<number, string>();
    private readonly begun = new Set<number>();
    private readonly idle = new Set<number>();
    readonly firstBytes: number[] = [];

    constructor(private readonly image: IdleCommand | null) {}

    add(channel: number, text: string, time: number): void {
        if (this.image === null) return;
        const all = (this.texts.get(channel) ?? '') + text;
        this.texts.set(channel, all);
        if (!this.begun.has(channel) && all.includes(this.image.firstText)) {
            this.begun.add(channel);
            this.firstBytes.push(time);
        }
        if (all.includes(this.image.idleText)) this.idle.add(channel);
    }

    get idleContainers(): number {
        return this.idle.size;
    }
}

/**
 * Runs `command`; a DoesNotFit when the machine or a container ends before all `count` of them are idle. They get `settling` milliseconds
 * more for what they do after they have said that they are idle.
 */
export function runUntilIdle(
    command: readonly string[],
    image: IdleCommand | null,
    count: number,
    settling = 0,
): Promise<IdleSystem> {
    return new Promise((resolve, reject) => {
        const started = performance.now();
        const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
        const outputs = new Outputs(image);
        let text = '';
        let account: SystemAccount | null = null;
        let response = '';
        let isAsked = false;
        let requests = 0;
        let isReady = false;
        let isSilent = false;
        const give = (): void => void child.kill('SIGKILL');
        const onSilence = (): void => {
            isSilent = true;
            give();
        };
        let timer = setTimeout(onSilence, silenceMilliseconds(image, count));
        const send = (type: number, payload: Buffer = Buffer.alloc(0)): void =>
            void child.stdin.write(encodeFrame(type, SYSTEM_CHANNEL, payload));
        const ask = (): void => {
            if (isAsked || !isReady || outputs.idleContainers < count) return;
            isAsked = true;
            requests++;
            response = '';
            const request = JSON.stringify({ id: 1, op: 'stats' });
            const frame = Buffer.from(`\0${request}`, 'latin1');
            setTimeout(() => send(HostFrame.REQUEST, frame), requests === 1 ? settling : 0);
        };
        const answered = (): void => {
            const answer = JSON.parse(response) as SystemAccount & { error?: string };
            if (answer.error !== undefined) {
                text += answer.error;
                give();
            } else if (requests < REQUESTS && answer.containers.some(({ stale }) => stale)) {
                setTimeout(() => {
                    isAsked = false;
                    ask();
                }, BETWEEN_REQUESTS_MILLISECONDS);
            } else {
                account = answer;
                send(HostFrame.SHUTDOWN);
            }
        };
        const decoder = new FrameDecoder({
            frame: ({ type, channel, payload }) => {
                if (type === TargetFrame.HELLO) isReady = true;
                else if (type === TargetFrame.STDOUT || type === TargetFrame.STDERR)
                    outputs.add(channel, payload.toString('utf8'), performance.now() - started);
                else if (type === TargetFrame.RESPONSE) {
                    response += payload.toString('utf8', 1);
                    if (payload[0] === COMPLETE) answered();
                } else if (
                    account === null &&
                    (type === TargetFrame.EXIT || type === TargetFrame.FAILED || type === TargetFrame.LOG)
                ) {
                    text += `${payload.toString('utf8')}\n`;
                    if (type !== TargetFrame.LOG) give();
                } else if (type === TargetFrame.OFF) give();
                ask();
            },
            text: (bytes) => (text += bytes.toString('utf8')),
            damaged: (length) => (text += `a frame announces ${length} bytes\n`),
        });
        child.stdout.on('data', (bytes: Buffer) => {
            clearTimeout(timer);
            timer = setTimeout(onSilence, silenceMilliseconds(image, count));
            decoder.push(bytes);
        });
        child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
        child.stdin.on('error', () => undefined);
        child.on('error', reject);
        child.on('close', () => {
            clearTimeout(timer);
            if (account !== null) resolve({ account, firstBytes: outputs.firstBytes });
            else {
                const idle = `${outputs.idleContainers} of ${count} containers were idle`;
                const message = `${idle} when the machine ended or hung: ${text.slice(-1000)}`;
                reject(isSilent ? new FellSilent(message) : new DoesNotFit(message));
            }
        });
    });
}
