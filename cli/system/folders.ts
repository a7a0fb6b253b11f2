// SPDX-License-Identifier: Apache-2.0
//
// Where running systems can be found, and where their logs are: a folder of sockets that only their user can enter, and a folder of
// state.

import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describeFileError, Failure } from '../failure.js';

/** Longest path of a Unix socket (sun_path without its zero byte). */
const SOCKET_PATH_MAXIMUM = 107;

const SOCKET_SUFFIX = '.sock';

function absolute(path: string | undefined): string | null {
    return path?.startsWith('/') ? path : null;
}

/** The folder of sockets; made where it is not there, refused where others could enter it. */
export function runtimeFolder(environment: NodeJS.ProcessEnv = process.env): string {
    const { uid } = userInfo();
    const given = absolute(environment.XDG_RUNTIME_DIR);
    const folder =
        given !== null && existsSync(given) ? join(given, 'sealift') : join(tmpdir(), `sealift-${uid}`);
    try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
        throw new Failure(`${folder}: ${describeFileError(error)}; set XDG_RUNTIME_DIR to a folder of yours`);
    }
    const status = lstatSync(folder);
    if (!status.isDirectory() || status.uid !== uid || (status.mode & 0o077) !== 0)
        throw new Failure(
            `${folder}: is not a folder that only you can enter, as that of the control sockets has to be; remove it, or set XDG_RUNTIME_DIR`,
        );
    return folder;
}

/** The socket of a project's system. */
export function socketPath(project: string, environment: NodeJS.ProcessEnv = process.env): string {
    const path = join(runtimeFolder(environment), `${project}${SOCKET_SUFFIX}`);
    if (Buffer.byteLength(path) > SOCKET_PATH_MAXIMUM)
        throw new Failure(`${path}: too long for a socket; set XDG_RUNTIME_DIR to a shorter path`);
    return path;
}

/** Projects that have a socket, running or not. */
export function projectsWithSocket(environment: NodeJS.ProcessEnv = process.env): string[] {
    return readdirSync(runtimeFolder(environment))
        .filter((name) => name.endsWith(SOCKET_SUFFIX))
        .map((name) => name.slice(0, -SOCKET_SUFFIX.length))
        .sort();
}

/** The folder of a project's logs, which stay when the system is gone. */
export function stateFolder(project: string, environment: NodeJS.ProcessEnv = process.env): string {
    const base =
        absolute(environment.XDG_STATE_HOME) ?? join(environment.HOME || homedir(), '.local', 'state');
    return join(base, 'sealift', 'systems', project);
}
