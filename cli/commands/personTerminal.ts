// SPDX-License-Identifier: Apache-2.0
//
// The terminal of whoever runs `sealift run -t`. While the container has it, it passes on every byte as it is, in both
// directions: the container's own terminal interprets them. However this process ends, it is put back as it was.

import { spawnSync } from 'node:child_process';
import type { TerminalSize } from '../control/frames.js';
import { Failure } from '../failure.js';

/** What container engines end with when there is no terminal. */
const EXIT_NO_TERMINAL = 1;

/** Node's raw mode still makes CR LF of LF, which full-screen programs do not expect. */
const RAW = ['raw', '-echo', '-iexten'];

/** Runs stty on standard input: what it prints, or null where that does not work. */
function stty(words: readonly string[]): string | null {
    const { status, stdout } = spawnSync('stty', words, { stdio: ['inherit', 'pipe', 'ignore'] });
    return status === 0 ? stdout.toString().trim() : null;
}

export class PersonTerminal {
    /** What the terminal was before, as stty prints it; null while it is. */
    private before: string | null = null;
    private isRaw = false;
    private announce: ((size: TerminalSize) => void) | null = null;
    private announced: TerminalSize;
    private readonly resized = (): void => this.tellSize();
    private readonly ended = (): void => this.restore();

    private constructor() {
        this.announced = this.size;
    }

    /** The terminal on standard input. */
    static open(): PersonTerminal {
        if (!process.stdin.isTTY) throw new Failure('the input device is not a TTY', EXIT_NO_TERMINAL);
        return new PersonTerminal();
    }

    /** Its size; 0 by 0 where standard output is something else. */
    get size(): TerminalSize {
        const { rows, columns, isTTY } = process.stdout;
        return isTTY ? { rows, columns } : { rows: 0, columns: 0 };
    }

    /** The container runs: bytes are its own from now on. `announce` is told of each new size. */
    connect(announce: (size: TerminalSize) => void): void {
        this.announce = announce;
        process.once('exit', this.ended);
        this.before = stty(['-g']);
        if (this.before !== null) stty(RAW);
        else process.stdin.setRawMode(true);
        this.isRaw = true;
        process.stdout.on('resize', this.resized);
        this.tellSize();
    }

    /** Puts the terminal back. */
    restore(): void {
        process.stdout.off('resize', this.resized);
        process.off('exit', this.ended);
        if (!this.isRaw) return;
        this.isRaw = false;
        if (this.before !== null) stty([this.before]);
        else if (!process.stdin.destroyed) process.stdin.setRawMode(false);
    }

    private tellSize(): void {
        const { rows, columns } = this.size;
        if (rows === this.announced.rows && columns === this.announced.columns) return;
        this.announced = { rows, columns };
        this.announce?.(this.announced);
    }
}
