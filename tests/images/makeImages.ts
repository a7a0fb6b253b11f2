// SPDX-License-Identifier: Apache-2.0
//
// Makes the demonstration images below build/images: `demo` (BusyBox for amd64 and arm64) and `esbuild`.
//
//   node build/tests/images/makeImages.js [--riscv64]
//
// Debian 12 has no riscv64: --riscv64 adds BusyBox cross-compiled from Debian's source package, which takes Debian's
// cross compiler (about 150 MB on disk), so it is not part of the build.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxOf, writeDemoImage } from './busyboxImage.js';
import { crossCompiledBusybox } from './crossCompiledBusybox.js';
import { debianPackageFiles } from './debianPackage.js';
import { writeEsbuildImage } from './esbuildImage.js';

// Compiled, this file is build/tests/images/makeImages.js.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const build = join(root, 'build');
const cache = join(build, 'apt-binary');

const programs = new Map<string, string>();
for (const architecture of ['amd64', 'arm64'] as const) {
    console.log(`BusyBox for ${architecture}`);
    programs.set(architecture, busyboxOf(debianPackageFiles('busybox-static', architecture, cache)));
}
if (process.argv.includes('--riscv64')) {
    console.log('BusyBox for riscv64: cross-compiling');
    programs.set('riscv64', crossCompiledBusybox(root, join(build, 'busybox-riscv64')));
}
const hostProgram = programs.get(process.arch === 'arm64' ? 'arm64' : 'amd64')!;
writeDemoImage(
    join(build, 'images', 'demo'),
    programs,
    hostProgram,
    join(root, 'tests', 'images', 'demo.sh'),
);

const esbuild = fileURLToPath(import.meta.resolve('@esbuild/linux-x64/bin/esbuild'));
writeEsbuildImage(join(build, 'images', 'esbuild'), esbuild);
console.log('images: build/images/demo, build/images/esbuild');
