// SPDX-License-Identifier: Apache-2.0
//
// The images whose layer store is looked at: each with a server without clients, or what one uses an interpreter for and then a sleep.

import { join } from 'node:path';
import { debianImage } from '../../tests/images/makeDebianImages.js';
import { root } from '../image.js';
import { idleImage } from '../memory/idleImages.js';
import type { IdleCommand } from '../memory/measurement.js';

const IDLE = 'the container is idle';

/** No more than the largest interpreter takes under emulation. */
const START_MILLISECONDS = 120_000;

/** Commands of Debian's images, and what they print when they are idle. */
const commands: readonly { name: string; command: readonly string[]; idleText: string }[] = [
    {
        name: 'nginx',
        command: ['/usr/sbin/nginx', '-g', 'daemon off; error_log /dev/stderr notice;'],
        idleText: 'start worker process ',
    },
    {
        name: 'python',
        command: [
            '/usr/bin/python3',
            '-uc',
            `import json, asyncio, sqlite3, time; print('${IDLE}'); time.sleep(1e6)`,
        ],
        idleText: IDLE,
    },
    {
        name: 'node',
        command: [
            '/usr/bin/node',
            '-e',
            `require('http').createServer().listen(80, () => console.log('${IDLE}'))`,
        ],
        idleText: IDLE,
    },
    {
        name: 'sqlite',
        command: [
            ...['/bin/sh', '-c'],
            `sqlite3 :memory: 'create table t(a); insert into t values(1); select * from t' && echo ${IDLE} && exec sleep 1000000`,
        ],
        idleText: IDLE,
    },
    {
        name: 'perl',
        command: [
            '/usr/bin/perl',
            '-e',
            `use POSIX; use Data::Dumper; $| = 1; print "${IDLE}\\n"; sleep 1000000`,
        ],
        idleText: IDLE,
    },
];

export const storeImageNames = ['demo', 'redis', ...commands.map(({ name }) => name)];

/** Makes the image where it is not there. */
export function storeImage(name: string): IdleCommand {
    if (name === 'redis') return idleImage('redis');
    const common = { name, startMilliseconds: START_MILLISECONDS };
    if (name === 'demo') {
        const layoutFolder = join(root, 'build', 'images', 'demo');
        const command = ['/bin/sh', '-c', `echo ${IDLE}; exec sleep 1000000`];
        return { ...common, layoutFolder, tag: 'demo', command, firstText: IDLE, idleText: IDLE };
    }
    const { command, idleText } = commands.find((candidate) => candidate.name === name)!;
    const layoutFolder = debianImage(name).split(':')[1]!;
    return { ...common, layoutFolder, tag: name, command, firstText: idleText, idleText };
}
