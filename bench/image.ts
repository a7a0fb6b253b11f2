// SPDX-License-Identifier: Apache-2.0
//
// The image that is measured: Debian's static BusyBox and the program of roundTrips.c in one gzipped layer; and the same
// layer unpacked, for what Linux does with it. One for each architecture.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../cli/failure.js';
import { busyboxFor, type ImageArchitecture } from '../tests/e2e/shellImage.js';
import { appletPaths, baseEntries, file } from '../tests/images/busyboxImage.js';
import { makeLayer, OciLayout } from '../tests/images/ociLayout.js';

/** The project's folder; compiled, this file is build/bench/image.js. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const benchFolder = join(root, 'build', 'bench');

export interface BenchImage {
    /** As `sealift run` takes it. */
    reference: string;
    layoutFolder: string;
    /** The layer as a folder. */
    rootFolder: string;
    /** roundTrips for the image's architecture. */
    program: string;
    /** Bytes of the layer as stored, and unpacked. */
    storedBytes: number;
    unpackedBytes: number;
}

const compilers: Readonly<Record<ImageArchitecture, { command: string; package: string }>> = {
    amd64: { command: 'gcc', package: 'gcc' },
    arm64: { command: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross' },
    riscv64: { command: 'riscv64-linux-gnu-gcc', package: 'gcc-riscv64-linux-gnu libc6-dev-riscv64-cross' },
};

/** An ELF that is nothing but the program: no library, no loader, no start files. */
function compileProgram(architecture: ImageArchitecture, program: string): void {
    const compiler = compilers[architecture];
    const options = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror'];
    const freestanding = [
        '-ffreestanding',
        '-fno-stack-protector',
        '-static',
        '-no-pie',
        '-nostdlib',
        '-Wl,--build-id=none',
    ];
    const words = [...options, ...freestanding, join(root, 'bench', 'roundTrips.c'), '-o', program];
    try {
        execFileSync(compiler.command, words);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        throw new Failure(
            `${compiler.command}: it is not installed; install the Debian packages ${compiler.package}`,
        );
    }
}

/** Makes the image anew below build/bench. */
export function makeBenchImage(architecture: ImageArchitecture = 'amd64'): BenchImage {
    const folder = join(benchFolder, architecture);
    const layoutFolder = join(folder, 'image');
    const rootFolder = join(folder, 'root');
    const program = join(folder, 'roundTrips');
    mkdirSync(folder, { recursive: true });
    compileProgram(architecture, program);
    const busybox = busyboxFor(architecture);
    if (!existsSync(busybox)) {
        throw new Failure(
            `${busybox}: there is none for ${architecture}; make it with \`node build/tests/images/makeImages.js --riscv64\``,
        );
    }
    const layer = makeLayer(
        [
            // The applets are links to whichever BusyBox: their names are those of this machine's.
            ...baseEntries(readFileSync(busybox), appletPaths(busyboxFor('amd64'))),
            file('bin/roundTrips', readFileSync(program), 0o755),
        ],
        true,
    );
    const layout = new OciLayout(layoutFolder);
    const config = { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] };
    layout.writeIndex({ bench: layout.addImage({ architecture, config }, [layer]) });
    const tar = gunzipSync(layer.stored);
    rmSync(rootFolder, { recursive: true, force: true });
    mkdirSync(rootFolder, { recursive: true });
    execFileSync('tar', ['-x', '-C', rootFolder, '--no-same-owner'], { input: tar });
    return {
        reference: `oci:${layoutFolder}:bench`,
        layoutFolder,
        rootFolder,
        program,
        storedBytes: layer.stored.length,
        unpackedBytes: tar.length,
    };
}
