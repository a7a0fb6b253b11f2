// SPDX-License-Identifier: Apache-2.0
//
// Source packages of this machine's own Debian release, fetched by apt and verified by it.
//
//   node scripts/debian-source.mjs PACKAGE...     prints the folder of each package's unpacked source
//
// apt keeps its lists in build/apt, so nothing on the machine changes and no root is needed; where packages come from
// is taken from the machine's own apt configuration. The result, build/debian-source/PACKAGE-VERSION, is kept and used
// again as long as it is there: a second run needs no network.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stateFolder = join(root, 'build', 'apt');
const sourceFolder = join(root, 'build', 'debian-source');

/** Runs a program; its output on success, an error with its last lines otherwise. */
function run(program, args, options = {}) {
    const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
    if (result.error?.code === 'ENOENT') {
        throw new Error(`${program} is not installed; it is part of Debian (packages apt and dpkg-dev)`);
    }
    if (result.status !== 0) {
        const lines = `${result.stdout}${result.stderr}`.trim().split('\n').slice(-6).join('\n');
        throw new Error(`${program} ${args.at(-1)} failed:\n${lines}`);
    }
    return result.stdout;
}

/**
 * Source entries (deb822 stanzas) for every archive that the machine's apt takes binary packages from.
 * Both formats of sources are read: one-line (*.list) and deb822 (*.sources).
 */
export function sourceStanzas(configurationFolder = '/etc/apt') {
    const stanzas = [];
    const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    const partsFolder = join(configurationFolder, 'sources.list.d');
    const parts = existsSync(partsFolder) ? readdirSync(partsFolder).sort() : [];
    const lists = [
        join(configurationFolder, 'sources.list'),
        ...parts.filter((name) => name.endsWith('.list')).map((name) => join(partsFolder, name)),
    ];
    for (const line of lists.flatMap((path) => read(path).split('\n'))) {
        const match = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*?)\s*(?:#.*)?$/.exec(line);
        if (!match) {
            continue;
        }
        const [, options = '', uri, suite, components] = match;
        const fields = [`Types: deb-src`, `URIs: ${uri}`, `Suites: ${suite}`];
        if (components) {
            fields.push(`Components: ${components}`);
        }
        for (const option of options.split(/\s+/)) {
            const [key, value] = option.split('=');
            if (key === 'signed-by') {
                fields.push(`Signed-By: ${value}`);
            } else if (key === 'trusted') {
                fields.push(`Trusted: ${value}`);
            }
        }
        stanzas.push(fields.join('\n'));
    }
    for (const name of parts.filter((part) => part.endsWith('.sources'))) {
        for (const stanza of read(join(partsFolder, name)).split(/\n\s*\n/)) {
            const lines = stanza.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
            if (
                !lines.some((line) => /^URIs:/i.test(line)) ||
                lines.some((line) => /^Enabled:\s*no/i.test(line))
            ) {
                continue;
            }
            const kept = lines.filter((line) => !/^Architectures:/i.test(line));
            stanzas.push(kept.map((line) => (/^Types:/i.test(line) ? 'Types: deb-src' : line)).join('\n'));
        }
    }
    return [...new Set(stanzas)];
}

/** Options that keep everything apt writes below build/apt. Also for apt-cache. */
function aptOptions() {
    return [
        ['Dir::State', join(stateFolder, 'state')],
        ['Dir::State::status', join(stateFolder, 'status')],
        ['Dir::Cache', join(stateFolder, 'cache')],
        ['Dir::Etc::sourcelist', '/dev/null'],
        ['Dir::Etc::sourceparts', join(stateFolder, 'sources.list.d')],
        ['APT::Get::List-Cleanup', 'true'],
        ['Debug::NoLocking', 'true'],
        ['APT::Sandbox::User', ''],
        ['Acquire::Languages', 'none'],
    ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

function updateLists() {
    const stanzas = sourceStanzas();
    if (stanzas.length === 0) {
        throw new Error('apt on this machine has no package source; add one to /etc/apt/sources.list.d');
    }
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'sources.list.d']) {
        mkdirSync(join(stateFolder, folder), { recursive: true });
    }
    writeFileSync(join(stateFolder, 'status'), '');
    writeFileSync(join(stateFolder, 'sources.list.d', 'source.sources'), `${stanzas.join('\n\n')}\n`);
    run('apt-get', [...aptOptions(), 'update']);
}

/** The newest folder of a package that an earlier run left, or null. */
function present(name) {
    if (!existsSync(sourceFolder)) {
        return null;
    }
    const folders = readdirSync(sourceFolder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`))
        .filter((entry) => /^[0-9]/.test(entry.name.slice(name.length + 1)))
        .map((entry) => entry.name)
        .sort((left, right) => left.localeCompare(right, undefined, { numeric: true }));
    return folders.length > 0 ? join(sourceFolder, folders.at(-1)) : null;
}

/**
 * The folder with a Debian source package's unpacked, patched source. Fetched when it is not there yet.
 * @param {string} name source package, e.g. "zlib"
 * @param {(text: string) => void} [say] told what takes long
 */
export function debianSource(name, say = () => {}) {
    // apt's state is for one process at a time, and another may just be fetching the same package.
    return (
        present(name) ?? withLock(join(stateFolder, 'lock'), () => present(name) ?? fetchSource(name, say))
    );
}

/** Fetches and unpacks a source package, with the lock held; its folder. */
function fetchSource(name, say) {
    if (!existsSync(join(stateFolder, 'sources.list.d', 'source.sources'))) {
        say('reading the lists of Debian source packages');
        updateLists();
    }
    const download = join(sourceFolder, `.download-${name}-${process.pid}`);
    mkdirSync(download, { recursive: true });
    try {
        say(`fetching the source of ${name}`);
        const fetch = ['source', '--download-only', '--only-source', name];
        try {
            run('apt-get', [...aptOptions(), ...fetch], { cwd: download });
        } catch {
            updateLists(); // the lists may be older than the archive
            run('apt-get', [...aptOptions(), ...fetch], { cwd: download });
        }
        const description = readdirSync(download).find((file) => file.endsWith('.dsc'));
        if (!description) {
            throw new Error(`apt-get source ${name} brought no .dsc file`);
        }
        const version = /^Version:\s*(?:\d+:)?(\S+)$/m.exec(
            readFileSync(join(download, description), 'utf8'),
        )?.[1];
        if (!version) {
            throw new Error(`${description} names no version`);
        }
        // apt has checked the files against the signed lists; the signature inside the .dsc needs no second check.
        run('dpkg-source', ['--no-check', '--extract', description, 'source'], { cwd: download });
        const target = join(sourceFolder, `${name}-${version}`);
        rmSync(target, { recursive: true, force: true });
        renameSync(join(download, 'source'), target);
        return target;
    } finally {
        rmSync(download, { recursive: true, force: true });
    }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
    const packages = process.argv.slice(2);
    if (packages.length === 0) {
        console.error('usage: node scripts/debian-source.mjs PACKAGE...');
        process.exit(2);
    }
    try {
        for (const name of packages) {
            console.log(debianSource(name, (text) => console.error(text)));
        }
    } catch (error) {
        console.error(`debian-source: ${error.message}`);
        process.exit(1);
    }
}
