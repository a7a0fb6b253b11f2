// SPDX-License-Identifier: Apache-2.0
//
// What containers have written, kept in files: a line of JSON for each line of output, with stream and time. Each container has two files
// of bounded size: when one is full it becomes the older one.

import {
    closeSync,
    existsSync,
    fstatSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    readSync,
    renameSync,
    rmSync,
    statSync,
} from 'node:fs';
import { join } from 'node:path';
import { describeFileError, Failure } from '../failure.js';
import { writeAll } from '../image/files.js';

/** Bytes at which a file becomes the older one. */
const FILE_MAXIMUM = 4 << 20;
/** A line without an end becomes an entry at this length, as container engines cut it. */
const LINE_MAXIMUM = 16 << 10;

export type LogStream = 'stdout' | 'stderr' | 'log';

export interface LogEntry {
    /** Milliseconds since the epoch. */
    time: number;
    stream: LogStream;
    /** Without the line's end. */
    line: string;
    /** True where the line goes on with the next entry. */
    partial: boolean;
}

/** Cuts a stream into lines. Bytes that are no UTF-8 become U+FFFD, as in container engines' logs. */
export class LineCutter {
    private pending: Buffer = Buffer.alloc(0);

    constructor(private readonly emit: (line: string, partial: boolean) => void) {}

    push(bytes: Buffer): void {
        let data = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
        for (;;) {
            const end = data.indexOf(0x0a);
            if (end >= 0 && end <= LINE_MAXIMUM) {
                this.emit(data.toString('utf8', 0, end), false);
                data = data.subarray(end + 1);
            } else if (data.length > LINE_MAXIMUM) {
                const cut = characterStart(data, LINE_MAXIMUM);
                this.emit(data.toString('utf8', 0, cut), true);
                data = data.subarray(cut);
            } else break;
        }
        this.pending = Buffer.from(data);
    }

    /** The stream has ended: what is left is a line. */
    end(): void {
        if (this.pending.length > 0) this.emit(this.pending.toString('utf8'), false);
        this.pending = Buffer.alloc(0);
    }
}

/** The start of the UTF-8 character that has the byte at `at`. */
function characterStart(data: Buffer, at: number): number {
    let start = at;
    while (start > at - 4 && (data[start]! & 0xc0) === 0x80) start--;
    return start;
}

function logPath(folder: string, container: string): string {
    return join(folder, `${container}.log`);
}

function olderLogPath(folder: string, container: string): string {
    return `${logPath(folder, container)}.1`;
}

/** The log of one container. */
class ContainerLog {
    private readonly cutters: Record<LogStream, LineCutter>;
    private file: { descriptor: number; size: number } | null = null;
    private text = '';

    constructor(private readonly path: string) {
        const cutter = (stream: LogStream): LineCutter =>
            new LineCutter((line, partial) => {
                const entry: LogEntry = { time: Date.now(), stream, line, partial };
                this.text += `${JSON.stringify(entry)}\n`;
            });
        this.cutters = { stdout: cutter('stdout'), stderr: cutter('stderr'), log: cutter('log') };
    }

    output(stream: LogStream, bytes: Buffer): void {
        this.cutters[stream].push(bytes);
        this.write();
    }

    end(): void {
        for (const cutter of Object.values(this.cutters)) cutter.end();
        this.write();
    }

    close(): void {
        if (this.file !== null) closeSync(this.file.descriptor);
        this.file = null;
    }

    private write(): void {
        if (this.text === '') return;
        const bytes = Buffer.from(this.text);
        this.text = '';
        try {
            this.file ??= { descriptor: openSync(this.path, 'a', 0o600), size: 0 };
            writeAll(this.file.descriptor, bytes);
            this.file.size += bytes.length;
            if (this.file.size <= FILE_MAXIMUM) return;
            this.close();
            renameSync(this.path, `${this.path}.1`);
        } catch {
            // A full disk must not end the containers: their output is shown all the same.
        }
    }
}

/** Writes the logs of a system. */
export class LogWriter {
    private readonly logs = new Map<string, ContainerLog>();

    /** Makes the folder, and removes the logs that are in it. */
    constructor(private readonly folder: string) {
        try {
            mkdirSync(folder, { recursive: true, mode: 0o700 });
            for (const container of loggedContainers(folder))
                for (const path of [logPath(folder, container), olderLogPath(folder, container)])
                    rmSync(path, { force: true });
        } catch (error) {
            throw new Failure(
                `${folder}: ${describeFileError(error)}; make it writable, or set XDG_STATE_HOME`,
            );
        }
    }

    /** A container has written something. */
    output(container: string, stream: LogStream, bytes: Buffer): void {
        let log = this.logs.get(container);
        if (log === undefined) {
            log = new ContainerLog(logPath(this.folder, container));
            this.logs.set(container, log);
        }
        log.output(stream, bytes);
    }

    /** A container has ended: its last lines are whole. */
    end(container: string): void {
        this.logs.get(container)?.end();
    }

    /** The system has ended. */
    close(): void {
        for (const log of this.logs.values()) {
            log.end();
            log.close();
        }
    }
}

/** An entry of a log's line; null for one that is none: a file may have been cut. */
export function parseLogEntry(text: string): LogEntry | null {
    try {
        const value = JSON.parse(text) as Partial<LogEntry> | null;
        if (typeof value?.time !== 'number' || typeof value.line !== 'string') return null;
        const stream = value.stream === 'stderr' || value.stream === 'log' ? value.stream : 'stdout';
        return { time: value.time, stream, line: value.line, partial: value.partial === true };
    } catch {
        return null;
    }
}

function entriesOf(text: string): LogEntry[] {
    return text
        .split('\n')
        .filter((line) => line !== '')
        .map(parseLogEntry)
        .filter((entry) => entry !== null);
}

/** The containers that have a log. */
export function loggedContainers(folder: string): string[] {
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).map((name) => /^(.*)\.log(?:\.1)?$/.exec(name)?.[1]);
    return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** Reads a container's log, and goes on reading what is added. */
export class LogReader {
    private offset = 0;
    /** The file that is read, which a rename does not change. */
    private file: { descriptor: number; inode: number } | null = null;

    constructor(
        private readonly folder: string,
        private readonly container: string,
    ) {}

    /** What has been kept so far. */
    history(): LogEntry[] {
        const older = olderLogPath(this.folder, this.container);
        const before = existsSync(older) ? entriesOf(readFileSync(older, 'utf8')) : [];
        return [...before, ...this.more()];
    }

    /** What has been added since. */
    more(): LogEntry[] {
        const entries: LogEntry[] = [];
        const path = logPath(this.folder, this.container);
        // What a renamed file still had comes before what is in the new one.
        for (let round = 0; round < 2; round++) {
            if (this.file !== null) entries.push(...this.added(this.file.descriptor));
            const status = statSync(path, { throwIfNoEntry: false });
            if (status === undefined || status.ino === this.file?.inode) break;
            this.close();
            const descriptor = openSync(path, 'r');
            this.file = { descriptor, inode: fstatSync(descriptor).ino };
            this.offset = 0;
        }
        return entries;
    }

    close(): void {
        if (this.file !== null) closeSync(this.file.descriptor);
        this.file = null;
    }

    private added(descriptor: number): LogEntry[] {
        const { size } = fstatSync(descriptor);
        if (size <= this.offset) return [];
        const bytes = Buffer.alloc(size - this.offset);
        const read = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, this.offset));
        // An entry whose end is not written yet is left for the next time.
        const end = read.lastIndexOf(0x0a) + 1;
        this.offset += end;
        return entriesOf(read.toString('utf8', 0, end));
    }
}
