// SPDX-License-Identifier: Apache-2.0
//
// When a machine says what: starts the model of seL4's API with a boot image, and notes when each stage's first frame
// arrives on the control channel.

import { spawn } from 'node:child_process';
import { FrameDecoder, TargetFrame } from '../cli/control/frames.js';
import { readProgress } from '../cli/control/messages.js';
import { linuxKernel } from '../cli/projectPaths.js';

/** Milliseconds since the machine's start. */
export interface Timeline {
    /** The root task runs manager.wasm: both modules are translated. */
    hello: number;
    /** Verification of the image's digests begins; NaN where the stage was not announced, like the others. */
    verify: number;
    unpack: number;
    /** The container's sentry is made and about to run: the manager gives credit for its standard input. */
    start: number;
    firstByte: number;
    exit: number;
    /** The machine is off. */
    off: number;
}

/** Runs a machine to its end; the boot image's container must be interactive (or `start` is NaN) and print something. */
export function machineTimeline(bootImage: string, machineMebibytes: number): Promise<Timeline> {
    return new Promise((resolve, reject) => {
        const started = performance.now();
        const line: Timeline = {
            hello: NaN,
            verify: NaN,
            unpack: NaN,
            start: NaN,
            firstByte: NaN,
            exit: NaN,
            off: NaN,
        };
        const mark = (stage: keyof Timeline): void => {
            if (Number.isNaN(line[stage])) line[stage] = performance.now() - started;
        };
        let text = '';
        const decoder = new FrameDecoder({
            frame: (frame) => {
                if (frame.type === TargetFrame.HELLO) mark('hello');
                else if (frame.type === TargetFrame.STDOUT) mark('firstByte');
                else if (frame.type === TargetFrame.EXIT) mark('exit');
                else if (frame.type === TargetFrame.CREDIT) mark('start');
                else if (frame.type === TargetFrame.FAILED) text += frame.payload.toString('utf8');
                else if (frame.type === TargetFrame.PROGRESS) {
                    const { phase } = readProgress(frame);
                    if (phase === 'verify' || phase === 'unpack') mark(phase);
                }
            },
            text: (bytes) => (text += bytes.toString('utf8')),
            damaged: (length) => (text += `a frame announces ${length} bytes\n`),
        });
        const child = spawn(linuxKernel(), ['--memory', String(machineMebibytes), bootImage], {
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        child.stdout.on('data', (bytes: Buffer) => decoder.push(bytes));
        child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
        child.on('error', reject);
        child.on('close', () => {
            mark('off');
            if (Number.isNaN(line.firstByte)) reject(new Error(`the container printed nothing:\n${text}`));
            else resolve(line);
        });
    });
}
