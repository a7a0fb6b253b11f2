// SPDX-License-Identifier: Apache-2.0
//
// Binary packages of this machine's own Debian release, for any architecture, fetched and verified by apt without root
// and without touching the machine: apt's state is below build/apt-binary, and where packages come from is taken from
// the machine's own sources. apt and what it leaves there are for one process at a time.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.js';

/** Debian's names of architectures that images name otherwise; the two here agree. */
export type DebianArchitecture = 'amd64' | 'arm64';

function aptOptions(
    state: string,
    architecture: DebianArchitecture,
    status: string = join(state, 'status'),
): string[] {
    return [
        ['APT::Architecture', architecture],
        ['APT::Architectures', architecture],
        ['Dir::State', join(state, 'state')],
        ['Dir::State::status', status],
        ['Dir::Cache', join(state, 'cache')],
        // What apt has read of the lists, which images of containers switch off: without it each call reads 60 MB of text.
        ['Dir::Cache::pkgcache', 'pkgcache.bin'],
        ['Dir::Cache::srcpkgcache', 'srcpkgcache.bin'],
        // Packages of Debian's release only, though the machine may have other sources.
        ['Dir::Etc::preferences', join(state, 'preferences')],
        ['Dir::Etc::preferencesparts', join(state, 'preferences.d')],
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

/** Does something with apt's state and the packages below `cacheFolder` while no other process does. */
function alone<Result>(cacheFolder: string, work: () => Result): Result {
    return withLock(join(cacheFolder, 'lock'), work);
}

const preferences = `Package: *
Pin: release o=Debian
Pin-Priority: 990
`;

/** Makes apt's folders for an architecture; the folder of its state. */
function prepareState(architecture: DebianArchitecture, cacheFolder: string): string {
    const state = join(cacheFolder, architecture);
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'download', 'preferences.d']) {
        mkdirSync(join(state, folder), { recursive: true });
    }
    if (!existsSync(join(state, 'status'))) writeFileSync(join(state, 'status'), '');
    writeFileSync(join(state, 'preferences'), preferences);
    return state;
}

/** The .deb of a package, below `cacheFolder`; downloaded when an earlier run has not left it there. */
function downloadPackage(name: string, architecture: DebianArchitecture, cacheFolder: string): string {
    const packages = join(cacheFolder, 'packages');
    mkdirSync(packages, { recursive: true });
    const find = (folder: string): string | undefined =>
        readdirSync(folder).find(
            (file) =>
                file.startsWith(`${name}_`) &&
                (file.endsWith(`_${architecture}.deb`) || file.endsWith('_all.deb')),
        );
    const present = find(packages);
    if (present !== undefined) return join(packages, present);

    const state = prepareState(architecture, cacheFolder);
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
    return alone(cacheFolder, () => {
        const archive = downloadPackage(name, architecture, cacheFolder);
        const target = join(cacheFolder, 'unpacked', `${name}-${architecture}`);
        // Unpacked once: another process may be reading the files.
        const note = `${target}.unpacked-from`;
        if (existsSync(note) && readFileSync(note, 'utf8') === archive) return target;
        rmSync(target, { recursive: true, force: true });
        mkdirSync(target, { recursive: true });
        run('dpkg-deb', ['--extract', archive, target], cacheFolder);
        writeFileSync(note, archive);
        return target;
    });
}

/** What the closure of some packages is asked for. */
export interface ClosureRequest {
    names: readonly string[];
    /** Packages that are treated as present though they are not: those that only maintainer scripts use. */
    withheld: readonly string[];
    architecture: DebianArchitecture;
}

/** A dpkg status in which the packages are installed, in a version that satisfies every dependency. */
function statusOf(names: readonly string[], architecture: DebianArchitecture): string {
    return names
        .map(
            (name) =>
                `Package: ${name}\nStatus: install ok installed\nMaintainer: none\nArchitecture: ${architecture}\n` +
                `Multi-Arch: foreign\nVersion: 999:1\nDescription: withheld\n`,
        )
        .join('\n');
}

/** The file names of the packages that apt would install, from its own account of what it would fetch. */
function fileNamesOf(account: string): string[] {
    return [...account.matchAll(/^'[^']+' (\S+\.deb) \d+/gm)].map((match) => match[1]!);
}

/**
 * The .debs of packages and of everything they depend on, in an order that does not change, each downloaded when no earlier run has
 * left it below `cacheFolder`. Recommended packages are not among them.
 */
export function packageClosure(request: ClosureRequest, cacheFolder: string): string[] {
    return alone(cacheFolder, () => findClosure(request, cacheFolder));
}

function findClosure(request: ClosureRequest, cacheFolder: string): string[] {
    const { names, architecture } = request;
    const state = prepareState(architecture, cacheFolder);
    const withheld = request.withheld.filter((name) => !names.includes(name));
    // A file for each content, written once: apt keeps what it has read of the lists as long as none of its files is newer.
    const statusText = statusOf(withheld, architecture);
    const key = createHash('sha256').update(statusText).digest('hex').slice(0, 16);
    const status = join(state, `status-of-closure-${key}`);
    if (!existsSync(status)) writeFileSync(status, statusText);
    const options = aptOptions(state, architecture, status);
    const install = [...options, '--quiet', '--yes', '--no-install-recommends', 'install'];
    const folder = join(state, 'download');
    const lists = (): boolean =>
        readdirSync(join(state, 'state/lists')).some((name) => name.includes('Packages'));
    const update = (): void => run('apt-get', [...options, '--quiet', 'update'], folder);
    if (!lists()) update();
    const fileNames = (): string[] =>
        fileNamesOf(
            execFileSync('apt-get', ['--print-uris', ...install, ...names], {
                cwd: folder,
                encoding: 'utf8',
            }),
        );
    // What is in the cache is not named again by --print-uris, so the cache is kept beside apt's own.
    const packages = join(cacheFolder, 'packages');
    mkdirSync(packages, { recursive: true });
    let wanted = fileNames();
    if (wanted.some((name) => !existsSync(join(packages, name)))) {
        try {
            run('apt-get', ['--download-only', '--quiet', ...install, ...names], folder);
        } catch {
            // The lists are older than the archive: security updates replace packages.
            update();
            run('apt-get', ['--download-only', '--quiet', ...install, ...names], folder);
        }
        for (const name of readdirSync(join(state, 'cache/archives'))) {
            if (name.endsWith('.deb')) renameSync(join(state, 'cache/archives', name), join(packages, name));
        }
        wanted = fileNames();
    }
    return wanted
        .map((name) => join(packages, name))
        .sort((first, second) => basename(first).localeCompare(basename(second), 'en'));
}
