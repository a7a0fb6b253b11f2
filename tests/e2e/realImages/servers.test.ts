// SPDX-License-Identifier: Apache-2.0
//
// Servers as process 1 of a container, which `sealift run` passes SIGTERM to: they end, or go on, as on Linux, where what
// process 1 does not handle does nothing to it.

import { test } from 'node:test';
import { testBoards } from '../kernels.js';
import { skipWithoutRoot } from '../linuxReference.js';
import { sameWhenSignalled, script, skipBoardImages, type Server } from './realImage.js';

const nodeServer = `const server = require('node:http').createServer().listen(8080, () => console.log('listening'));`;

const servers: readonly (Server & { title: string })[] = [
    {
        title: 'Redis, as its image starts it',
        image: 'redis',
        ready: /Ready to accept connections/,
        signals: ['SIGTERM'],
        compared: /(User requested shutdown|Saving the final|DB saved|ready to exit).*/g,
    },
    {
        title: 'nginx with two workers',
        image: 'nginx',
        command: ['sh', '-c', script('nginxServer.sh')],
        ready: /served/,
        signals: ['SIGTERM'],
        compared:
            /worker processes: .*|signal 15 \(SIGTERM\) received.*, exiting|worker process exited.*|exit$/gm,
    },
    {
        title: 'nginx, which SIGQUIT lets finish what it does',
        image: 'nginx',
        command: ['sh', '-c', script('nginxServer.sh')],
        ready: /served/,
        signals: ['SIGQUIT'],
        compared:
            /worker processes: .*|signal 3 \(SIGQUIT\) received.*, shutting down|gracefully shutting down|exit$/gm,
    },
    {
        title: 'Node.js with a handler',
        image: 'node',
        command: [
            'node',
            '-e',
            `${nodeServer} process.on('SIGTERM', () => server.close(() => console.log('closed')));`,
        ],
        ready: /listening/,
        signals: ['SIGTERM'],
        compared: /.+/g,
    },
    {
        title: 'Node.js without one',
        image: 'node',
        command: ['node', '-e', `${nodeServer} setTimeout(() => process.exit(3), 3000);`],
        ready: /listening/,
        signals: ['SIGTERM'],
        compared: /.+/g,
    },
    {
        title: "Python's http.server, which SIGINT ends and SIGTERM does not",
        image: 'python',
        command: ['python3', '-u', '-m', 'http.server'],
        ready: /Serving HTTP/,
        signals: ['SIGTERM', 'SIGINT'],
        compared: /.+/g,
    },
];

for (const { title, ...server } of servers) {
    test(`signals to ${title}`, { skip: skipWithoutRoot }, () => sameWhenSignalled(server));
}

for (const { board, image, skip } of testBoards) {
    if (image !== 'amd64') continue; // Linux here runs the same files.
    for (const { title, ...server } of servers) {
        test(
            `signals to ${title} on ${board.name}`,
            { skip: skip || skipWithoutRoot || skipBoardImages },
            () => sameWhenSignalled(server, ['--board', board.name]),
        );
    }
}
