// SPDX-License-Identifier: Apache-2.0
//
// The images of Debian packages that the tests and benchmarks run. Node.js is Debian's package: the same version for
// both architectures, of which V8, OpenSSL and ICU are shared libraries; npm's is one file three times its size, and another version
// for each architecture.

import { pythonByteCode } from './byteCode.js';
import { file, folder, symlink } from './busyboxImage.js';
import type { DebianImage, DebianLayer } from './debianImage.js';
import type { ImageSettings } from './ociLayout.js';

/** What every image has: the C library, accounts, a shell and the basic commands. */
const base: DebianLayer = {
    packages: ['base-files', 'base-passwd', 'coreutils', 'dash', 'libc-bin', 'netbase'],
    files: [folder('tmp', 0o1777), folder('srv')],
};

const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'];

function config(...command: string[]): ImageSettings['config'] {
    return { Env: environment, Cmd: command, WorkingDir: '/root' };
}

/** The other commands that scripts use. */
const tools: DebianLayer = {
    packages: ['bash', 'findutils', 'grep', 'sed', 'gawk', 'tar', 'gzip', 'xz-utils', 'diffutils'],
    files: [symlink('usr/bin/awk', 'gawk')],
};

const python: DebianLayer = { packages: ['python3'], amend: pythonByteCode };

export const debianImages: readonly DebianImage[] = [
    { name: 'shell', layers: [base, tools], config: config('/bin/bash') },
    { name: 'perl', layers: [base, { packages: ['perl-base', 'perl'] }], config: config('/usr/bin/perl') },
    { name: 'python', layers: [base, python], config: config('/usr/bin/python3') },
    {
        name: 'python-tests',
        layers: [base, python, { packages: ['libpython3.11-testsuite'], amend: pythonByteCode }],
        config: config('/usr/bin/python3'),
    },
    { name: 'sqlite', layers: [base, tools, { packages: ['sqlite3'] }], config: config('/usr/bin/sqlite3') },
    {
        name: 'redis',
        layers: [base, tools, { packages: ['redis-server', 'redis-tools'] }],
        config: { ...config('/usr/bin/redis-server'), WorkingDir: '/var/lib/redis' },
    },
    {
        name: 'nginx',
        layers: [
            base,
            tools,
            {
                packages: ['nginx', 'curl', 'apache2-utils'],
                files: [
                    folder('srv/site'),
                    file('srv/site/index.html', '<!doctype html><title>Sealift</title><p>It works\n'),
                    file('srv/site/large.bin', Buffer.alloc(1 << 20, 'sealift\n')),
                ],
            },
        ],
        config: config('/usr/sbin/nginx', '-g', 'daemon off;'),
    },
    { name: 'node', layers: [base, { packages: ['nodejs'] }], config: config('/usr/bin/node') },
];
