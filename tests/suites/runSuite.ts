// SPDX-License-Identifier: Apache-2.0
//
// Runs a suite's commands under the supervisor: on Linux, in namespaces with the image as its root, and in a container.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder, startSealift } from '../cli/commandLine.js';
import { LinuxReference } from '../e2e/linuxReference.js';
import { file, folder } from '../images/busyboxImage.js';
import { makeLayer, OciLayout, type LayerEntry } from '../images/ociLayout.js';
import { compilers, suiteFolder } from './programs.js';
import {
    judgeOutcome,
    type BuiltSuite,
    type CommandOutcome,
    type Suite,
    type SuiteArchitecture,
    type Verdict,
} from './suite.js';

/** Silence beyond a command's limit after which a container is given up, in seconds. */
const SILENCE_SECONDS = 60;
/** Containers that may be lost before a run is given up: something is wrong with all of them. */
const LOSSES_MAXIMUM = 60;
// LTP's tests read the kernel's configuration, which neither side has: an empty one.
const environment = [
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/',
    'LC_ALL=C',
    'KCONFIG_PATH=/etc/kernel-configuration',
];

export interface Verdicts {
    verdicts: Map<string, Verdict>;
    outcomes: CommandOutcome[];
}

/** The supervisor, for an architecture. */
function supervisor(architecture: SuiteArchitecture): Buffer {
    const program = join(suiteFolder('supervisor', architecture), 'supervisor');
    const source = join(projectFolder, 'tests/suites/supervisor.c');
    execFileSync(compilers[architecture], [
        '-std=gnu11',
        '-O1',
        '-static',
        '-Wall',
        '-Werror',
        '-o',
        program,
        source,
    ]);
    return readFileSync(program);
}

/** The folders and files that a program expects of any image. */
const commonEntries: readonly LayerEntry[] = [
    ...['bin', 'dev', 'etc', 'suite'].map((name) => folder(name)),
    folder('tmp', 0o1777),
    file(
        'etc/passwd',
        Buffer.from('root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n'),
        0o644,
    ),
    file('etc/kernel-configuration', '# empty\n'),
    file('etc/group', Buffer.from('root:x:0:\nnogroup:x:65534:\n'), 0o644),
];

/** Writes the image of a suite; its reference. */
export function writeSuiteImage(target: string, built: BuiltSuite, architecture: SuiteArchitecture): string {
    const layout = new OciLayout(target);
    const known = new Set(built.entries.map(({ name }) => name));
    const entries = [
        ...commonEntries.filter(({ name }) => !known.has(name)),
        ...built.entries,
        file('supervisor', supervisor(architecture), 0o755),
    ];
    const config = { Env: environment, Cmd: ['/supervisor'] };
    layout.writeIndex({ latest: layout.addImage({ architecture, config }, [makeLayer(entries, true)]) });
    return `oci:${target}`;
}

function listOf(commands: BuiltSuite['commands']): string {
    return commands.map(({ name, words }) => `${name} ${words.join(' ')}\n`).join('');
}

/** Reads the supervisor's lines. */
class OutcomeReader {
    readonly outcomes: CommandOutcome[] = [];
    /** The command that has begun and not ended. */
    current: string | undefined;
    done = false;
    private lines: string[] = [];

    take(line: string): void {
        if (line.startsWith('|')) {
            this.lines.push(line.slice(1));
            return;
        }
        const begin = /^@BEGIN (\S+)/.exec(line);
        const end = /^@END (\S+) (exit|signal|timeout) (\d+) (\d+)/.exec(line);
        if (begin !== null) {
            this.current = begin[1];
            this.lines = [];
        } else if (end !== null) {
            this.outcomes.push({
                name: end[1]!,
                how: end[2] as CommandOutcome['how'],
                number: Number(end[3]),
                milliseconds: Number(end[4]),
                output: this.lines.join('\n'),
            });
            this.current = undefined;
        } else if (line.startsWith('@DONE')) {
            this.done = true;
        }
    }
}

function collect(suite: Suite, outcomes: readonly CommandOutcome[]): Verdicts {
    const verdicts = new Map<string, Verdict>();
    for (const outcome of outcomes) {
        for (const [test, verdict] of judgeOutcome(suite, outcome)) verdicts.set(test, verdict);
    }
    return { verdicts, outcomes: [...outcomes] };
}

/** What the suite does on this machine's Linux; kept below build/suites as long as image and limits stay the same. */
export async function runOnLinux(suite: Suite, built: BuiltSuite, image: string): Promise<Verdicts> {
    const list = listOf(built.commands);
    const hash = createHash('sha256').update(list).update(String(suite.limits.linux));
    for (const { name, content } of built.entries) hash.update(name).update(content ?? '');
    hash.update(readFileSync(join(projectFolder, 'tests/suites/supervisor.c')));
    const kept = join(suiteFolder(suite.name, 'amd64'), `linux-${hash.digest('hex').slice(0, 16)}.json`);
    if (existsSync(kept)) return collect(suite, JSON.parse(readFileSync(kept, 'utf8')) as CommandOutcome[]);
    const linux = new LinuxReference(image);
    try {
        const { stdout } = await linux.run(['/supervisor', String(suite.limits.linux)], {
            environment,
            input: list,
            timeout: 3_600_000,
        });
        const reader = new OutcomeReader();
        for (const line of stdout.toString('latin1').split('\n')) reader.take(line);
        if (!reader.done) throw new Error(`${suite.title}: the run on Linux did not reach its end`);
        writeFileSync(kept, JSON.stringify(reader.outcomes));
        return collect(suite, reader.outcomes);
    } finally {
        linux.close();
    }
}

export interface ContainerOptions {
    /** A board's name: real seL4 under QEMU. */
    board?: string;
    /** Told about every command that ends badly, and about containers that are lost. */
    say?: (text: string) => void;
}

/** What the suite does in containers: in one, or in as many as it takes when commands end them. */
export async function runInContainer(
    suite: Suite,
    built: BuiltSuite,
    image: string,
    options: ContainerOptions = {},
): Promise<Verdicts> {
    const limit = options.board === undefined ? suite.limits.container : suite.limits.board;
    const outcomes: CommandOutcome[] = [];
    let rest = built.commands;
    for (let losses = 0; rest.length > 0 && losses < LOSSES_MAXIMUM; losses++) {
        const words = ['run', '--quiet', '--memory', suite.memory?.container ?? '256m'];
        if (suite.memory !== undefined) words.push('--machine-memory', suite.memory.machine);
        words.push(...(options.board === undefined ? [] : ['--board', options.board]));
        words.push(image, '/supervisor', String(limit));
        const { child, result } = startSealift(words, { input: listOf(rest), timeout: 3 * 3_600_000 });
        const reader = new OutcomeReader();
        let timer: NodeJS.Timeout | undefined;
        const watch = (): void => {
            clearTimeout(timer);
            timer = setTimeout(() => child.kill('SIGKILL'), (limit + SILENCE_SECONDS) * 1000);
        };
        watch();
        let partial = '';
        child.stdout.on('data', (bytes: Buffer) => {
            const lines = (partial + bytes.toString('latin1')).split('\n');
            partial = lines.pop()!;
            for (const line of lines) reader.take(line);
            watch();
        });
        const { code, stderr } = await result;
        clearTimeout(timer);
        outcomes.push(...reader.outcomes);
        if (reader.done) break;
        const lost = reader.current ?? rest[reader.outcomes.length]?.name;
        if (lost === undefined) break;
        options.say?.(`${lost}: the container ended with ${code}: ${stderr.trim().slice(-600)}`);
        outcomes.push({ name: lost, how: 'lost', number: 0, milliseconds: 0, output: stderr.slice(-2000) });
        const ended = new Set(outcomes.map(({ name }) => name));
        rest = rest.filter(({ name }) => !ended.has(name));
    }
    return collect(suite, outcomes);
}

/** Bytes of programs in one image: with their layer as it was packed, they have to fit into a machine's memory. */
const BATCH_BYTES = 80 << 20;

/** Parts of a suite whose programs fit into one image each. What no command starts is in all of them. */
function batches(built: BuiltSuite): BuiltSuite[] {
    const started = new Set(built.commands.map(({ words }) => words[0]!.slice(1)));
    // A shell that runs scripts is a link, and every part needs it.
    const isOwn = ({ name, content }: LayerEntry): boolean => started.has(name) && content !== undefined;
    const shared = built.entries.filter((entry) => !isOwn(entry));
    const own = new Map(built.entries.filter(isOwn).map((entry) => [entry.name, entry]));
    const parts: BuiltSuite[] = [];
    let bytes = BATCH_BYTES;
    for (const command of built.commands) {
        const program = own.get(command.words[0]!.slice(1));
        const part = parts.at(-1);
        const isThere = program === undefined || part?.entries.includes(program) === true;
        bytes += isThere ? 0 : program.content!.length;
        if (part === undefined || bytes > BATCH_BYTES) {
            parts.push({
                entries: [...shared, ...(program === undefined ? [] : [program])],
                commands: [command],
            });
            bytes = program?.content?.length ?? 0;
        } else {
            if (!isThere) part.entries.push(program);
            part.commands.push(command);
        }
    }
    return parts;
}

/** Makes images, runs on both sides. */
export async function compareSuite(
    suite: Suite,
    built: BuiltSuite,
    native: BuiltSuite,
    architecture: SuiteArchitecture,
    options: ContainerOptions = {},
): Promise<{ linux: Verdicts; container: Verdicts }> {
    const run = async (
        whole: BuiltSuite,
        of: SuiteArchitecture,
        on: (part: BuiltSuite, image: string) => Promise<Verdicts>,
    ): Promise<Verdicts> => {
        const all: Verdicts = { verdicts: new Map(), outcomes: [] };
        for (const part of batches(whole)) {
            const work = mkdtempSync(join(tmpdir(), 'sealift-suite-'));
            try {
                const { verdicts, outcomes } = await on(part, writeSuiteImage(join(work, 'image'), part, of));
                for (const [test, verdict] of verdicts) all.verdicts.set(test, verdict);
                all.outcomes.push(...outcomes);
            } finally {
                rmSync(work, { recursive: true });
            }
        }
        return all;
    };
    const linux = await run(native, 'amd64', (part, image) => runOnLinux(suite, part, image));
    const container = await run(built, architecture, (part, image) =>
        runInContainer(suite, part, image, options),
    );
    return { linux, container };
}
