// SPDX-License-Identifier: Apache-2.0
//
// Makes the demonstration images below build/images: `demo` (BusyBox for amd64 and arm64) and `esbuild`.
//
//   node build/tests/images/makeImages.js [--riscv64]
//
// Debian 12 has no riscv64: --riscv64 adds BusyBox cross-compiled from Debian's source package, which takes Debian's
// cross compiler (about 150 MB on disk), so the build does not ask for it; once it is there, it is used.

import { existsSync } from 'node:fs';
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
const riscvFolder = join(build, 'busybox-riscv64');
if (process.argv.includes('--riscv64') || existsSync(join(riscvFolder, 'busybox'))) {
    console.log('BusyBox for riscv64: cross-compiled');
    programs.set('riscv64', crossCompiledBusybox(root, riscvFolder));
}
const hostProgram = programs.get(process.arch === 'arm64' ? 'arm64' : 'amd64')!;
writeDemoImage(
    join(build, 'images', 'demo'),
    programs,
    hostProgram,
    join(root, 'tests', 'images', 'demo.sh'),
);

writeEsbuildImage(join(build, 'images', 'esbuild'));
console.log('images: build/images/demo, build/images/esbuild');
