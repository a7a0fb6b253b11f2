// SPDX-License-Identifier: Apache-2.0
//
// Container engines of Debian in a RAM disk: what each needs of the packages, and how its part of the first program starts
// containers. Each is set up for the least memory that it can do with: no daemon that is not needed, no network beyond each
// container's own loopback interface, no log files.

import type { EngineFiles } from './engineFiles.js';

export interface Engine extends EngineFiles {
    name: string;
    title: string;
    /** Files of the RAM disk that no package has, by path without the leading slash. */
    settings: Readonly<Record<string, string>>;
    /** Modules of the kernel that are loaded, in this order. */
    modules: readonly string[];
    /** "bundle": the image unpacked with its runtime configuration; "layout": the OCI layout, removed once it is imported. */
    imageAs: 'bundle' | 'layout';
    /** Lines of shell before the first container, where there is an image; $IMAGE is its name. */
    prepare: readonly string[];
    /** Lines that start container number $i; they succeed when it is started. `command` is quoted for the shell. */
    start: (command: string) => readonly string[];
    /** Folders of the containers' control groups, as a pattern of the shell. */
    controlGroups: string;
    /** Sentences about the set-up. */
    notes: readonly string[];
    /** MiB by which the smallest memory is searched. */
    step: number;
}

const crun: Engine = {
    name: 'crun',
    title: 'Linux, crun',
    packages: ['crun'],
    withheld: [],
    programs: ['usr/bin/crun'],
    settings: {},
    modules: [],
    imageAs: 'bundle',
    prepare: [],
    start: () => [
        // The root file system is the RAM disk, which cannot be pivoted away from.
        'crun --root=/run/crun --cgroup-manager=cgroupfs run --no-pivot --detach --bundle=/images/$IMAGE c$i </dev/null',
    ],
    controlGroups: '/sys/fs/cgroup/c[0-9]*',
    notes: [
        'all containers share one unpacked, read-only root file system; umoci wrote their configuration (namespaces: pid, network, ipc, uts, mount; no seccomp filter)',
    ],
    step: 2,
};

const podman: Engine = {
    name: 'podman',
    title: 'Linux, podman',
    packages: ['podman', 'conmon', 'crun'],
    // What networks, checks of signatures and set-up scripts take.
    withheld: [
        'containernetworking-plugins',
        'init-system-helpers',
        'gpgv',
        'gnupg',
        'gpgsm',
        'passwd',
        'iptables',
    ],
    programs: ['usr/bin/podman', 'usr/bin/conmon', 'usr/bin/crun'],
    settings: {
        'etc/containers/policy.json': '{ "default": [{ "type": "insecureAcceptAnything" }] }',
        'etc/containers/storage.conf': `[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
`,
        'etc/containers/containers.conf': `[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
no_pivot_root = true
runtime = "crun"
`,
    },
    modules: ['overlay'],
    imageAs: 'layout',
    prepare: [
        'mkdir -p /var/lib/containers /var/tmp /dev/shm',
        'mount -t tmpfs -o size=100% storage /var/lib/containers',
        "image=$(podman pull --quiet oci:/images/$IMAGE) || failed 'the image was not imported'",
        'rm -r /images/$IMAGE',
        // Containers write to the console by a pipe: podman does not pass a terminal on.
        'mkfifo /run/output',
        'cat /run/output &',
        'exec 3>/run/output',
    ],
    start: (command) => [
        `podman run --detach --name=c$i --network=none --read-only --read-only-tmpfs=false --log-driver=passthrough $image ${command} </dev/null >&3 2>&3`,
    ],
    controlGroups: '/sys/fs/cgroup/libpod_parent/libpod-[0-9a-f]*',
    notes: [
        'an overlay on tmpfs of its own for each container, read-only; the image is imported from its OCI layout at boot, which is then removed; podman is not running once the containers are, conmon is, one for each; seccomp filter as podman sets it; no network but the loopback interface; no log files',
    ],
    step: 8,
};

export const engines: readonly Engine[] = [crun, podman];
