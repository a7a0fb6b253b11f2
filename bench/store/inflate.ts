// SPDX-License-Identifier: Apache-2.0
//
// What it takes to inflate what a container touches first: the runtime's decoder (runtime-c/host/gunzip.c over zlib), as a program in a
// container. It computes and does nothing else, so that it is as fast there as in any other domain of the machine.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { file, folder } from '../../tests/images/busyboxImage.js';
import { makeLayer, OciLayout } from '../../tests/images/ociLayout.js';
import { sealiftRun } from '../account.js';
import { root } from '../image.js';
import { runCommand } from '../processes.js';

const ZLIB_FILES = ['inflate.c', 'inffast.c', 'inftrees.c', 'adler32.c', 'zutil.c'];

/** As scripts/build-runtime.mjs compiles the decoder. */
function compileProgram(program: string, zlib: string): void {
    const runtime = join(root, 'runtime-c');
    const sources = [
        join(root, 'bench', 'store', 'inflate.c'),
        join(runtime, 'host', 'gunzip.c'),
        join(runtime, 'host', 'crc32.c'),
        ...ZLIB_FILES.map((name) => join(zlib, name)),
    ];
    const options = [
        '-std=c11',
        '-D_GNU_SOURCE',
        '-O2',
        '-w',
        '-DZ_SOLO',
        '-I',
        runtime,
        '-isystem',
        join(root, 'platform', 'linux', 'include'),
        '-isystem',
        zlib,
        '-static',
    ];
    execFileSync('clang-19', [...options, ...sources, '-o', program]);
}

export interface Inflation {
    name: string;
    bytes: number;
    nanoseconds: number;
}

/** Inflates contents, by name, in a container. `options` are of `sealift run`; `zlib` is the folder of its source. */
export async function inflations(
    contents: ReadonlyMap<string, Buffer>,
    zlib: string,
    options: readonly string[],
): Promise<Inflation[]> {
    const base = join(root, 'build', 'bench', 'store');
    mkdirSync(base, { recursive: true });
    const program = join(base, 'inflate');
    compileProgram(program, zlib);
    const layoutFolder = join(base, 'inflate-image');
    const layout = new OciLayout(layoutFolder);
    const files = [...contents].map(([name, content]) => file(name, gzipSync(content, { level: 6 })));
    const layer = makeLayer(
        [folder('tmp', 0o1777), file('inflate', readFileSync(program), 0o755), ...files],
        false,
    );
    const config = { Cmd: ['/inflate', ...contents.keys()], WorkingDir: '/' };
    layout.writeIndex({ inflate: layout.addImage({ architecture: 'amd64', config }, [layer]) });
    const [command, ...rest] = sealiftRun({ reference: `oci:${layoutFolder}:inflate` }, options, []);
    const { stdout, stderr } = await runCommand(command!, rest);
    const found = [...stdout.matchAll(/^inflate (\S+) (\d+) (\d+)$/gm)].map(
        ([, name, bytes, nanoseconds]) => ({
            name: name!,
            bytes: Number(bytes),
            nanoseconds: Number(nanoseconds),
        }),
    );
    if (found.length !== contents.size) throw new Error(`inflate printed ${stdout}${stderr}`);
    return found;
}
