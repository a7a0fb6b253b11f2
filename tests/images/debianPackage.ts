// SPDX-License-Identifier: Apache-2.0
//
// Binary packages of this machine's own Debian release, for any architecture, fetched and verified by apt without root
// and without touching the machine: apt's state is below build/apt-binary, and where packages come from is taken from
// the machine's own sources.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's names of architectures that images name otherwise; the two here agree. */
export type DebianArchitecture = 'amd64' | 'arm64';

function aptOptions(state: string, architecture: DebianArchitecture): string[] {
    return [
        ['APT::Architecture', architecture],
        ['APT::Architectures', architecture],
        ['Dir::State', join(state, 'state')],
        ['Dir::State::status', join(state, 'status')],
        ['Dir::Cache', join(state, 'cache')],
        ['Debug::NoLocking', 'true'],
        ['APT::Sandbox::User', ''],
        ['Acquire::Languages', 'none'],
        // Indexes for graphical package managers, where the machine has them: megabytes that nobody reads here.
        ['Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled', 'false'],
        ['Acquire::IndexTargets::deb::DEP-11::DefaultEnabled', 'false'],
    ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

function run(command: string, commandArguments: readonly string[], folder: string): void {
    try {
        execFileSync(command, commandArguments, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    } catch (error) {
        const status = (error as { status?: number }).status;
        throw new Error(
            `${command} ${commandArguments.at(-1)} ended with ${status ?? String(error)}; is the network there?`,
        );
    }
}

/** The .deb of a package, below `cacheFolder`; downloaded when an earlier run has not left it there. */
function downloadPackage(name: string, architecture: DebianArchitecture, cacheFolder: string): string {
    const packages = join(cacheFolder, 'packages');
    mkdirSync(packages, { recursive: true });
    const find = (folder: string): string | undefined =>
        readdirSync(folder).find(
            (file) => file.startsWith(`${name}_`) && file.endsWith(`_${architecture}.deb`),
        );
    const present = find(packages);
    if (present !== undefined) return join(packages, present);

    const state = join(cacheFolder, architecture);
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'download']) {
        mkdirSync(join(state, folder), { recursive: true });
    }
    if (!existsSync(join(state, 'status'))) writeFileSync(join(state, 'status'), '');
    const download = join(state, 'download');
    const options = aptOptions(state, architecture);
    run('apt-get', [...options, '--quiet', 'update'], download);
    run('apt-get', [...options, '--quiet', 'download', `${name}:${architecture}`], download);
    const file = find(download);
    if (file === undefined) throw new Error(`apt-get download ${name}:${architecture} brought no package`);
    renameSync(join(download, file), join(packages, file));
    return join(packages, file);
}

/** The folder with a package's files, unpacked without root. */
export function debianPackageFiles(
    name: string,
    architecture: DebianArchitecture,
    cacheFolder: string,
): string {
    const archive = downloadPackage(name, architecture, cacheFolder);
    const target = join(cacheFolder, 'unpacked', `${name}-${architecture}`);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    run('dpkg-deb', ['--extract', archive, target], cacheFolder);
    return target;
}
