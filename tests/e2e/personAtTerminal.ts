// SPDX-License-Identifier: Apache-2.0
//
// Someone who types at a terminal: script(1) has the terminal, this process types and watches.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { projectFolder } from '../cli/commandLine.js';

/** How long something may take to appear: an emulated machine on a busy host is slow. */
const PATIENCE = 60_000;

export class PersonAtTerminal {
    private readonly child: ChildProcessWithoutNullStreams;
    private shown = '';
    /** How much of `shown` has been looked at. */
    private seen = 0;
    private changed: () => void = () => undefined;
    private readonly ended: Promise<number | null>;
    private over = false;

    /** Runs a shell command line at a terminal of 24 rows and 80 columns. */
    constructor(commandLine: string, folder: string = projectFolder) {
        const prepared = `stty rows 24 cols 80; ${commandLine}`;
        this.child = spawn('script', ['--quiet', '--flush', '--return', '--command', prepared, '/dev/null'], {
            cwd: folder,
            env: { ...process.env, SHELL: '/bin/sh' },
        });
        this.child.stdin.on('error', () => undefined);
        this.child.stdout.on('data', (bytes: Buffer) => {
            this.shown += bytes.toString('latin1');
            this.changed();
        });
        this.ended = new Promise((resolve) => {
            this.child.on('close', (code) => {
                this.over = true;
                this.changed();
                resolve(code);
            });
        });
    }

    type(text: string): void {
        this.child.stdin.write(text, 'latin1');
    }

    /** Waits until something that matches has been shown behind what was seen before; the match. */
    async see(pattern: RegExp): Promise<RegExpExecArray> {
        const deadline = Date.now() + PATIENCE;
        for (;;) {
            const found = pattern.exec(this.shown.slice(this.seen));
            if (found) {
                this.seen += found.index + found[0].length;
                return found;
            }
            const left = deadline - Date.now();
            if (this.over || left <= 0) {
                throw new Error(`${String(pattern)} is not shown:\n${this.shown.slice(this.seen)}`);
            }
            await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, left);
                this.changed = () => {
                    clearTimeout(timer);
                    resolve();
                };
            });
        }
    }

    /** The exit code of the command line. */
    async exitCode(): Promise<number | null> {
        const timer = setTimeout(() => this.leave(), PATIENCE);
        const code = await this.ended;
        clearTimeout(timer);
        return code;
    }

    /** Goes away, whatever runs. */
    leave(): void {
        this.child.kill('SIGKILL');
    }
}

/** Gives a terminal of this machine another size. */
export function resizeTerminal(device: string, rows: number, columns: number): void {
    spawnSync('stty', ['-F', device, 'rows', String(rows), 'cols', String(columns)]);
}

/** Why there can be no such person, or false. */
export const skipWithoutTerminal: string | false =
    spawnSync('script', ['--version']).error === undefined ? false : 'script(1) of bsdutils is not installed';
