// SPDX-License-Identifier: Apache-2.0
//
// The programs of Debian packages with the shared libraries that they need, and nothing else.

import { execFileSync } from 'node:child_process';
import {
    copyFileSync,
    existsSync,
    lstatSync,
    mkdirSync,
    readFileSync,
    readlinkSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageClosure, type DebianArchitecture } from '../../tests/images/debianPackage.js';

/** Where Debian's packages have libraries, and the dynamic linker looks for them. */
const libraryFolders: Readonly<Record<DebianArchitecture, readonly string[]>> = {
    amd64: ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'],
    arm64: ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu'],
};

/** The libraries that an ELF names, without a folder, and its dynamic linker, with one. */
function neededBy(path: string): string[] {
    const text = execFileSync('readelf', ['--wide', '--dynamic', '--program-headers', path], {
        encoding: 'utf8',
    });
    const names = [...text.matchAll(/\(NEEDED\).*\[(.+)\]|program interpreter: \/(.+)\]/g)];
    return names.map(([, library, linker]) => library ?? linker!);
}

/** The file itself where `path` below `folder` is a link, which may be absolute. */
function withoutLinks(folder: string, path: string): string {
    const absolute = join(folder, path);
    if (!lstatSync(absolute).isSymbolicLink()) return absolute;
    const target = readlinkSync(absolute);
    return withoutLinks(folder, target.startsWith('/') ? target : join(dirname(path), target));
}

/** The packages' files, unpacked into one folder unless they are there from before. */
function unpackedPackages(
    packages: readonly string[],
    withheld: readonly string[],
    architecture: DebianArchitecture,
    cacheFolder: string,
): string {
    const archives = packageClosure({ names: packages, withheld, architecture }, cacheFolder);
    const folder = join(cacheFolder, 'unpacked', `${packages.join('+')}-${architecture}.closure`);
    const key = archives.map((path) => basename(path)).join('\n');
    const note = `${folder}.made-from`;
    if (existsSync(note) && readFileSync(note, 'utf8') === key) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const archive of archives) execFileSync('dpkg-deb', ['--extract', archive, folder]);
    writeFileSync(note, key);
    return folder;
}

export interface EngineFiles {
    /** Packages that have the programs. */
    packages: readonly string[];
    /** Packages that they depend on and that do nothing here. */
    withheld: readonly string[];
    /** Paths without the leading slash. */
    programs: readonly string[];
}

/** Copies the programs and their libraries below `target`; the versions of the packages, "crun 1.8.1-1". */
export function copyEngineFiles(
    wanted: EngineFiles,
    architecture: DebianArchitecture,
    cacheFolder: string,
    target: string,
): string[] {
    const source = unpackedPackages(wanted.packages, wanted.withheld, architecture, cacheFolder);
    const copied = new Set<string>();
    const copy = (path: string): void => {
        if (copied.has(path)) return;
        copied.add(path);
        mkdirSync(dirname(join(target, path)), { recursive: true });
        const file = withoutLinks(source, path);
        copyFileSync(file, join(target, path));
        for (const name of neededBy(file)) {
            if (name.includes('/')) {
                copy(name);
                continue;
            }
            const folder = libraryFolders[architecture].find((one) => existsSync(join(source, one, name)));
            if (folder === undefined)
                throw new Error(`${path} needs ${name}, which is in none of the packages' library folders`);
            copy(join(folder, name));
        }
    };
    for (const program of wanted.programs) copy(program);
    const archives = readFileSync(`${source}.made-from`, 'utf8').split('\n');
    return wanted.packages.map((name) => {
        const archive = archives.find((one) => one.startsWith(`${name}_`))!;
        return `${name} ${decodeURIComponent(archive.split('_')[1]!)}`;
    });
}
