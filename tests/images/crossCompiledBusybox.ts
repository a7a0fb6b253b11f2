// SPDX-License-Identifier: Apache-2.0
//
// BusyBox for riscv64, cross-compiled from Debian's source package: Debian 12 carries no riscv64 packages.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const crossPrefix = 'riscv64-linux-gnu-';
const crossPackages = ['gcc-riscv64-linux-gnu', 'libc6-dev-riscv64-cross', 'make'];

/** Jobs of make: the smallest machine the project is built on has two cores. */
const MAKE_JOBS = 2;

/** Applets off because they do not build against the cross library's headers, and none is a shell's tool. */
const switchedOff = ['CONFIG_TC', 'CONFIG_FEATURE_TC_INGRESS', 'CONFIG_SELINUX', 'CONFIG_PAM'];

/** The path of the program; built in `folder` when it is not there yet. */
export function crossCompiledBusybox(root: string, folder: string): string {
    const program = join(folder, 'busybox');
    if (existsSync(program)) return program;
    if (spawnSync(`${crossPrefix}gcc`, ['--version']).status !== 0) {
        throw new Error(
            `${crossPrefix}gcc: not installed; install it with \`sudo apt-get install -y ${crossPackages.join(' ')}\``,
        );
    }
    const source = execFileSync(process.execPath, [join(root, 'scripts', 'debian-source.mjs'), 'busybox'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
    rmSync(folder, { recursive: true, force: true });
    cpSync(source, folder, { recursive: true });
    // Debian's own choice of applets for busybox-static, so that all architectures have the same.
    const chosen = readFileSync(join(folder, 'debian', 'config', 'pkg', 'static'), 'utf8').split('\n');
    const kept = chosen.filter((line) => !switchedOff.some((name) => line.startsWith(`${name}=`)));
    writeFileSync(
        join(folder, '.config'),
        [...kept, ...switchedOff.map((name) => `# ${name} is not set`), ''].join('\n'),
    );
    const make = (...targets: string[]): void => {
        execFileSync('make', [`CROSS_COMPILE=${crossPrefix}`, 'ARCH=riscv', `-j${MAKE_JOBS}`, ...targets], {
            cwd: folder,
            stdio: ['pipe', 'inherit', 'inherit'],
            // An empty answer takes the default of an option that the configuration does not name.
            input: '\n'.repeat(1000),
        });
    };
    make('oldconfig');
    make('busybox');
    return program;
}
