// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the sentry's system calls: compiles tests/fuzz/syscalls, runs it in a container as pid 1, and judges how that ended.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder, sealift } from '../cli/commandLine.js';
import { file, folder } from '../images/busyboxImage.js';
import { makeLayer, OciLayout } from '../images/ociLayout.js';

const sources = join(projectFolder, 'tests/fuzz/syscalls');

export interface FuzzOptions {
    /** How long workers are started. */
    seconds: number;
    /** The first worker's seed; the same seed makes the same calls, but for what depends on time. */
    seed: number;
    /** A board's name: real seL4 under QEMU instead of platform/linux. */
    board?: string;
    /** OCI's name of the architecture that the board has. */
    architecture?: 'amd64' | 'arm64' | 'riscv64';
}

export interface FuzzOutcome {
    calls: number;
    workers: number;
    /** What is wrong, in sentences; empty when nothing is. */
    complaints: string[];
    /** Everything that was printed, for whoever looks for the cause. */
    output: string;
}

const compilers = { amd64: 'gcc', arm64: 'aarch64-linux-gnu-gcc', riscv64: 'riscv64-linux-gnu-gcc' };

/**
 * What the container may still hold when all workers are gone and their files are removed, in bytes by owner: pid 1 itself, and
 * the sentry's tables at their largest, which it keeps for the next processes. It is the same after a minute and after an hour.
 */
const KEPT: Readonly<Record<string, number>> = {
    anonymous: 256 << 10,
    'files written': 256 << 10,
    'sentry: heap': 8 << 20,
};

/** The part of `sealift run --stats-json`'s line that is read here. */
interface Account {
    container: { owners: { owner: string; bytes: number }[] };
    freed: { carved: number; returned: number };
}

function readAccount(stderr: string): Account | undefined {
    const line = stderr.split('\n').find((text) => text.startsWith('{'));
    return line === undefined ? undefined : (JSON.parse(line) as Account);
}

/** Runs the fuzzer once. */
export async function fuzzSystemCalls(options: FuzzOptions): Promise<FuzzOutcome> {
    const work = mkdtempSync(join(tmpdir(), 'sealift-fuzz-'));
    try {
        const architecture = options.architecture ?? 'amd64';
        const program = join(work, 'syscalls');
        const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
        const flags = [
            '-std=gnu11',
            '-O1',
            '-static',
            '-pthread',
            '-Wall',
            '-Wextra',
            '-Werror',
            '-o',
            program,
        ];
        execFileSync(compilers[architecture], [...flags, ...files.map((name) => join(sources, name))]);
        const layout = new OciLayout(join(work, 'image'));
        const layer = makeLayer(
            [folder('bin'), folder('tmp', 0o1777), file('bin/syscalls', readFileSync(program), 0o755)],
            true,
        );
        layout.writeIndex({ latest: layout.addImage({ architecture, config: {} }, [layer]) });
        const words = ['run', '--quiet', '--stats-json', '--memory', '128m'];
        if (options.board !== undefined) words.push('--board', options.board);
        words.push(`oci:${layout.folder}`, '/bin/syscalls', String(options.seconds), String(options.seed));
        const { code, stdout, stderr } = await sealift(words, { timeout: (options.seconds + 240) * 1000 });
        return judge(code, stdout.toString('latin1'), stderr);
    } finally {
        rmSync(work, { recursive: true });
    }
}

function judge(code: number | string, stdout: string, stderr: string): FuzzOutcome {
    const complaints: string[] = [];
    const summary = /^fuzz: (\d+) calls by (\d+) workers/m.exec(stdout);
    if (code !== 0) complaints.push(`the container ended with ${code}`);
    if (summary === null) complaints.push('the fuzzer did not reach its end');
    const account = readAccount(stderr);
    if (account === undefined) {
        complaints.push('there is no account of the memory');
    } else {
        const { carved, returned } = account.freed;
        if (returned !== carved) complaints.push(`of ${carved} bytes ${returned} came back`);
        for (const { owner, bytes } of account.container.owners) {
            const kept = KEPT[owner];
            if (kept !== undefined && bytes > kept) {
                complaints.push(`${owner}: ${bytes} bytes are left, more than ${kept}`);
            }
        }
    }
    return {
        calls: Number(summary?.[1] ?? 0),
        workers: Number(summary?.[2] ?? 0),
        complaints,
        output: stdout + stderr,
    };
}
