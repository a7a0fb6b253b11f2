// SPDX-License-Identifier: Apache-2.0
//
// The reference that containers are compared with: the same image's files on this machine's Linux, in namespaces of their
// own, with the files and devices that container engines add. Takes root; where tests run without it they are skipped,
// aloud.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder, type Result } from '../cli/commandLine.js';
import { signalOnceReady, type Signalling } from './signalling.js';

/** The reason why there is no reference here, or false: what node:test takes as `skip`. */
export const skipWithoutRoot: string | false =
    process.getuid?.() === 0 ? false : 'SKIPPED: comparing with Linux takes root (mount, chroot)';

/**
 * Devices and files that an engine gives every container, then the command as process 1 of a process namespace. Its
 * streams are pipes, as those of a container are; Node's own would be sockets, which cannot be opened through /proc.
 * BusyBox's cat hands a file's pages to the pipe by sendfile(2): what changes the file before they are read changes the
 * output. Reading begins late, so that a script with such a race fails at once and not one day.
 * Arguments: root folder, host name, command.
 */
const containerScript = `
set -e
root=$1 name=$2
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/etc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "$root/dev/\${device%:*}" c 1 "\${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/\${stream%:*}" "$root/dev/\${stream#*:}"; done
ip link set lo up
hostname "$name"
echo "$name" >"$root/etc/hostname"
printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost ip6-localhost ip6-loopback\\n127.0.0.1\\t%s\\n' "$name" >"$root/etc/hosts"
[ -e "$root/etc/resolv.conf" ] || [ -L "$root/etc/resolv.conf" ] || : >"$root/etc/resolv.conf"
shift 2
set +e
cat | unshare --pid --fork --kill-child --mount-proc="$root/proc" "$@" 2> >(exec cat >&2) | { sleep 0.5; exec cat; }
exit "\${PIPESTATUS[1]}"
`;

export interface ReferenceOptions {
    /** "K=V" each: the whole environment. */
    environment: readonly string[];
    workingDirectory?: string;
    /** Numeric user and group. */
    user?: { uid: number; gid: number };
    input?: string | Buffer;
    timeout?: number;
    /** Signals that the command gets as process 1. */
    signalling?: Signalling;
}

const HOSTNAME = 'container';

/** The soft limit on open files that a container of Sealift has; the hard one stays the machine's. */
const OPEN_FILES = '1024:';

/** The descendant of a process that is process 1 of a namespace of its own. */
function findProcessOne(ancestor: number): number | undefined {
    const children = readFileSync(`/proc/${ancestor}/task/${ancestor}/children`, 'utf8').trim();
    for (const child of children === '' ? [] : children.split(' ').map(Number)) {
        if (/^NSpid:\t\d.*\t1$/m.test(readFileSync(`/proc/${child}/status`, 'utf8'))) return child;
        const found = findProcessOne(child);
        if (found !== undefined) return found;
    }
    return undefined;
}

export class LinuxReference {
    private readonly base: string;

    /** Unpacks the image with `skopeo` and `umoci`, tools that know nothing of Sealift. */
    constructor(image: string) {
        const folder = join(projectFolder, 'build', 'tests', 'reference');
        mkdirSync(folder, { recursive: true });
        this.base = mkdtempSync(join(folder, 'image-'));
        const copy = join(this.base, 'copy');
        execFileSync('skopeo', ['copy', '--quiet', image, `oci:${copy}:latest`], { cwd: projectFolder });
        execFileSync('umoci', ['unpack', '--image', `${copy}:latest`, join(this.base, 'bundle')], {
            stdio: 'pipe',
        });
    }

    /** Runs a command with the image as its root; every run sees the image as it was made. */
    async run(command: readonly string[], options: ReferenceOptions): Promise<Result> {
        const root = join(mkdtempSync(join(this.base, 'run-')), 'root');
        execFileSync('cp', ['--archive', join(this.base, 'bundle', 'rootfs'), root]);
        const user = options.user
            ? ['--setuid', String(options.user.uid), '--setgid', String(options.user.gid)]
            : [];
        // Each of these becomes the next, so that the command is process 1 and nothing else has been one.
        const inside = [
            ...['prlimit', `--nofile=${OPEN_FILES}`, '--core=0'],
            ...['env', '-i', ...options.environment, `HOSTNAME=${HOSTNAME}`],
            ...[
                '/usr/bin/unshare',
                `--root=${root}`,
                `--wd=${options.workingDirectory ?? '/'}`,
                ...user,
                ...command,
            ],
        ];
        const outside = ['--mount', '--uts', '--ipc', '--net'];
        const child = spawn(
            'unshare',
            [...outside, 'bash', '-c', containerScript, 'bash', root, HOSTNAME, ...inside],
            { cwd: '/', detached: true },
        );
        // The whole group, so that nothing goes on and holds the pipes: the container's process 1 dies with its `unshare`.
        const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), options.timeout ?? 60_000);
        if (options.signalling !== undefined) {
            signalOnceReady(child, options.signalling, (signal) => {
                const one = findProcessOne(child.pid!);
                if (one !== undefined) process.kill(one, signal);
            });
        }
        const stdout: Buffer[] = [];
        const stderr: Buffer[] = [];
        child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
        child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
        child.stdin.on('error', () => undefined);
        child.stdin.end(options.input ?? '');
        const code = await new Promise<number | string>((resolve, reject) => {
            child.on('error', reject);
            child.on('close', (status, signal) => resolve(signal ?? status ?? -1));
        });
        clearTimeout(timer);
        return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') };
    }

    /** Removes what the runs wrote. Their mounts ended with their namespaces. */
    close(): void {
        rmSync(this.base, { recursive: true, force: true });
    }
}
