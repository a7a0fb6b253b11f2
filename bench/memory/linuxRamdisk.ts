// SPDX-License-Identifier: Apache-2.0
//
// The RAM disk of a Linux machine that runs containers: BusyBox, the engine's programs, the image, and a first program that
// starts the containers and reports whose the memory is.

import { execFileSync } from 'node:child_process';
import {
    copyFileSync,
    lstatSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { busyboxPath } from '../../tests/e2e/shellImage.js';
import { root } from '../image.js';
import { initialRamdisk } from '../initialRamdisk.js';
import { copyEngineFiles } from './engineFiles.js';
import type { Engine } from './engines.js';
import type { IdleImage } from './measurement.js';

const PAGE = 4096;

const memoryFolder = join(root, 'build', 'bench', 'memory');

/** What the first program prints when it has started every container, and then waits for a line of input. */
export const STARTED = 'sealift-bench: all started';
/** The last line of the report. */
export const REPORTED = '@@ end';

const applets = [
    'sh',
    'mount',
    'mkdir',
    'cat',
    'sleep',
    'poweroff',
    'insmod',
    'rm',
    'sync',
    'mkfifo',
    'dmesg',
    'grep',
];

function shellQuoted(words: readonly string[]): string {
    return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** The first program. The kernel gives it IMAGE and COUNT, from its command line, as environment. */
function firstProgram(engine: Engine, image: IdleImage | null): string {
    return `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
echo '+cpu +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
failed() { echo "sealift-bench: $1"; poweroff -f; }
${engine.modules.map((name) => `insmod /modules/${name}.ko || failed 'module ${name}'`).join('\n')}
${(image === null ? [] : engine.prepare).join('\n')}
i=0
while [ $i -lt $COUNT ]; do
    ${engine.start(shellQuoted(image?.command ?? [])).join('\n    ')} || failed "container $i was not started"
    i=$((i + 1))
done
echo '${STARTED}'
read line
sleep 2
sync
echo 3 >/proc/sys/vm/drop_caches
part() { echo "@@ $1"; shift; cat "$@"; }
part meminfo /proc/meminfo
part zoneinfo /proc/zoneinfo
part iomem /proc/iomem
echo '@@ kernel-messages'
dmesg | grep 'Freeing unused'
part block-size /sys/devices/system/memory/block_size_bytes
echo '@@ containers'
running=0
for group in ${engine.controlGroups}; do
    read process <$group/cgroup.procs && [ -n "$process" ] || continue
    running=$((running + 1))
    cat $group/memory.stat
done
echo '@@ running'
echo $running
echo '${REPORTED}'
poweroff -f
`;
}

/** The image unpacked, with a runtime configuration for the command; the folder. */
function unpackBundle(image: IdleImage): string {
    const folder = join(memoryFolder, `${image.name}-bundle`);
    rmSync(folder, { recursive: true, force: true });
    execFileSync('umoci', ['unpack', '--image', `${image.layoutFolder}:${image.tag}`, folder], {
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const name of readdirSync(folder)) {
        if (name !== 'config.json' && name !== 'rootfs') rmSync(join(folder, name));
    }
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as {
        process: { terminal: boolean; args: readonly string[] };
        root: { path: string; readonly?: boolean };
    };
    config.process.terminal = false;
    config.process.args = image.command;
    config.root.readonly = true;
    writeFileSync(path, JSON.stringify(config));
    return folder;
}

/** Bytes of the files below a folder, each in whole pages; `linkBytes` is what a symbolic link takes. */
function pagedBytes(folder: string, linkBytes: number): number {
    let sum = 0;
    for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const status = lstatSync(path);
        if (status.isDirectory()) sum += pagedBytes(path, linkBytes);
        else if (status.isFile()) sum += Math.ceil(status.size / PAGE) * PAGE;
        else if (status.isSymbolicLink()) sum += linkBytes;
    }
    return sum;
}

export interface LinuxRamdisk {
    path: string;
    bytes: number;
    /** What of the root file system is the image's, in bytes of whole pages. */
    imageBytes: number;
    /** "crun 1.8.1-1+deb12u1" */
    versions: readonly string[];
}

/** The archive packed for Linux's kernel. */
function packed(archive: Buffer): Buffer {
    // A small window: the kernel needs it in memory beside the archive and the files.
    return execFileSync('zstd', ['-19', '--threads=0', '--zstd=wlog=20', '--quiet', '--stdout'], {
        input: archive,
        maxBuffer: archive.length + (1 << 20),
    });
}

/**
 * Writes the RAM disk below build/bench/memory, without an image one that can start no container. `kernelModules` is the folder
 * with the kernel's modules.
 */
export function makeLinuxRamdisk(
    engine: Engine,
    image: IdleImage | null,
    kernelModules: string,
): LinuxRamdisk {
    const folder = join(memoryFolder, `${engine.name}-${image?.name ?? 'none'}`);
    const files = join(folder, 'root');
    rmSync(folder, { recursive: true, force: true });
    for (const name of ['bin', 'proc', 'sys', 'dev', 'run', 'tmp', 'root', 'images', 'modules']) {
        mkdirSync(join(files, name), { recursive: true });
    }
    const versions = copyEngineFiles(engine, 'amd64', join(root, 'build', 'apt-binary'), files);
    for (const name of engine.modules) {
        copyFileSync(moduleFile(kernelModules, name), join(files, 'modules', `${name}.ko`));
    }
    for (const [name, content] of Object.entries(engine.settings)) {
        mkdirSync(dirname(join(files, name)), { recursive: true });
        writeFileSync(join(files, name), content);
    }
    copyFileSync(busyboxPath, join(files, 'bin/busybox'));
    let imageBytes = 0;
    if (image !== null) {
        const bundle = unpackBundle(image);
        // In ramfs, where a bundle is, a symbolic link has a page; in tmpfs, where layers are unpacked to, it has none.
        imageBytes = pagedBytes(join(bundle, 'rootfs'), engine.imageAs === 'bundle' ? PAGE : 0);
        const source = engine.imageAs === 'bundle' ? bundle : image.layoutFolder;
        execFileSync('cp', ['-a', source, join(files, 'images', image.name)]);
    }
    const links = applets.map((name) => ({ name: `bin/${name}`, mode: 0o120777, content: 'busybox' }));
    const init = { name: 'init', mode: 0o100755, content: firstProgram(engine, image) };
    const path = join(folder, 'initrd.zst');
    writeFileSync(path, packed(initialRamdisk(files, [init, ...links])));
    return { path, bytes: lstatSync(path).size, imageBytes, versions };
}

/** The file of a kernel module by its name. */
function moduleFile(folder: string, name: string): string {
    const found = (readdirSync(folder, { recursive: true }) as string[]).find((path) =>
        path.endsWith(`/${name}.ko`),
    );
    if (found === undefined) throw new Error(`the kernel's package has no module ${name}`);
    return join(folder, found);
}
