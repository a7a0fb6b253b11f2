// SPDX-License-Identifier: Apache-2.0
//
// The output of several containers on one terminal, as `docker compose up` shows it: each line behind its container's name, names aligned
// and in colours of their own.

import { LineCutter, type LogStream } from '../system/logs.js';

/** SGR colours of names, in the order in which they are given away. */
const colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

export interface PrefixOptions {
    /** Names in colours. */
    color: boolean;
    /** Names before lines at all. */
    prefix: boolean;
    /** The time before lines. */
    timestamps: boolean;
}

/** A container's name without its project's: "web-1". */
export function shortName(name: string, project: string): string {
    return name.startsWith(`${project}-`) ? name.slice(project.length + 1) : name;
}

/** True when a stream shows colours: it is a terminal, and nobody has said no. */
export function showsColors(stream: { isTTY?: boolean }, option: boolean | undefined): boolean {
    return option !== false && stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/** Makes lines of containers. */
export class LinePrefixes {
    private readonly width: number;
    private readonly given = new Map<string, number>();

    /** `names` are all that may come, which the names are aligned by. */
    constructor(
        private readonly project: string,
        names: readonly string[],
        private readonly options: PrefixOptions,
    ) {
        this.width = Math.max(0, ...names.map((name) => shortName(name, project).length)) + 1;
        for (const name of names) this.colourOf(name);
    }

    /** A container's name, in its colour. */
    name(container: string): string {
        return this.coloured(container, shortName(container, this.project));
    }

    /** A line of a container, with its end. */
    line(container: string, text: string, time: number): string {
        const { prefix, timestamps } = this.options;
        const name = `${shortName(container, this.project).padEnd(this.width)} | `;
        const stamp = timestamps ? `${new Date(time).toISOString()} ` : '';
        return `${prefix ? this.coloured(container, name) : ''}${stamp}${text}\n`;
    }

    private colourOf(container: string): number {
        const index = this.given.get(container) ?? this.given.size;
        this.given.set(container, index);
        return colours[index % colours.length]!;
    }

    private coloured(container: string, text: string): string {
        return this.options.color ? `\u001b[${this.colourOf(container)}m${text}\u001b[0m` : text;
    }
}

/** Where lines go: a container's standard error, and what Sealift says of it, to standard error. */
export interface LineTarget {
    stdout(text: string): void;
    stderr(text: string): void;
}

/** Shows what containers write while they write it. */
export class PrefixedOutput {
    private readonly cutters = new Map<string, LineCutter>();

    constructor(
        private readonly prefixes: LinePrefixes,
        private readonly target: LineTarget,
    ) {}

    output(container: string, stream: LogStream, bytes: Buffer): void {
        const key = `${stream} ${container}`;
        let cutter = this.cutters.get(key);
        if (cutter === undefined) {
            cutter = new LineCutter((text) => {
                const line = this.prefixes.line(container, text, Date.now());
                if (stream === 'stdout') this.target.stdout(line);
                else this.target.stderr(line);
            });
            this.cutters.set(key, cutter);
        }
        cutter.push(bytes);
    }

    /** A container has ended: what it began is a line. */
    end(container: string): void {
        for (const [key, cutter] of this.cutters) if (key.endsWith(` ${container}`)) cutter.end();
    }
}
