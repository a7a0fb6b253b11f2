// SPDX-License-Identifier: Apache-2.0
//
// The image that is measured: Debian's static BusyBox and the program of roundTrips.c in one gzipped layer; and the same
// layer unpacked, for what Linux does with it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { appletPaths, baseEntries, busyboxOf, file } from '../tests/images/busyboxImage.js';
import { debianPackageFiles } from '../tests/images/debianPackage.js';
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
    /** roundTrips for this machine. */
    program: string;
    /** Bytes of the layer as stored, and unpacked. */
    storedBytes: number;
    unpackedBytes: number;
}

/** An ELF that is nothing but the program: no library, no loader, no start files. */
function compileProgram(program: string): void {
    const options = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror'];
    const freestanding = [
        '-ffreestanding',
        '-fno-stack-protector',
        '-static',
        '-nostdlib',
        '-Wl,--build-id=none',
    ];
    execFileSync('gcc', [...options, ...freestanding, join(root, 'bench', 'roundTrips.c'), '-o', program]);
}

/** Makes the image anew below build/bench. */
export function makeBenchImage(): BenchImage {
    const layoutFolder = join(benchFolder, 'image');
    const rootFolder = join(benchFolder, 'root');
    const program = join(benchFolder, 'roundTrips');
    mkdirSync(benchFolder, { recursive: true });
    compileProgram(program);
    const busybox = busyboxOf(
        debianPackageFiles('busybox-static', 'amd64', join(root, 'build', 'apt-binary')),
    );
    const layer = makeLayer(
        [
            ...baseEntries(readFileSync(busybox), appletPaths(busybox)),
            file('bin/roundTrips', readFileSync(program), 0o755),
        ],
        true,
    );
    const layout = new OciLayout(layoutFolder);
    const config = { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] };
    layout.writeIndex({ bench: layout.addImage({ architecture: 'amd64', config }, [layer]) });
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
