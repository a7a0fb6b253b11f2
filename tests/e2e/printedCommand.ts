// SPDX-License-Identifier: Apache-2.0
//
// A machine that a person starts, by the command that `sealift build` prints: what comes on its serial line, read as the
// frames that docs/control-channel.md describes.

import { spawn } from 'node:child_process';
import { FrameDecoder, TargetFrame } from '../../cli/control/frames.js';

export interface MachineOutcome {
    stdout: string;
    exitCode: number;
}

/** Runs the command until the container has ended, at most `timeout` milliseconds. */
export function runPrintedCommand(command: string, timeout: number): Promise<MachineOutcome> {
    return new Promise((resolve, reject) => {
        // exec: what is ended in the end is the machine and not a shell before it.
        const child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'inherit'] });
        const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
        let stdout = '';
        let text = '';
        let exitCode: number | null = null;
        const decoder = new FrameDecoder({
            frame({ type, payload }) {
                if (type === TargetFrame.STDOUT) stdout += payload.toString('latin1');
                if (type === TargetFrame.EXIT) {
                    exitCode = (JSON.parse(payload.toString('utf8')) as { exitCode: number }).exitCode;
                    child.kill('SIGKILL');
                }
            },
            text: (bytes) => (text += bytes.toString('latin1')),
            damaged: (length) => reject(new Error(`a frame of ${length} bytes`)),
        });
        child.stdout.on('data', (bytes: Buffer) => decoder.push(bytes));
        child.on('error', reject);
        child.on('close', () => {
            clearTimeout(timer);
            if (exitCode !== null) resolve({ stdout, exitCode });
            else reject(new Error(`${command}: ended before the container did, with:\n${text}${stdout}`));
        });
    });
}
