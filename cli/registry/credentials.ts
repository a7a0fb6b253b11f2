// SPDX-License-Identifier: Apache-2.0
//
// Who a person is to a registry: as `docker login` and `podman login` leave it. Looked for in DOCKER_CONFIG/config.json
// (~/.docker without the variable), then in REGISTRY_AUTH_FILE or XDG_RUNTIME_DIR/containers/auth.json. Helpers are asked as
// docker-credential-helpers' protocol has it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describeFileError, Failure, systemErrorCode } from '../failure.js';

export interface Credentials {
    username: string;
    password: string;
    /** An OAuth2 refresh token in place of a password, or "". */
    identityToken: string;
}

/** Milliseconds after which a helper that does not answer is given up: some ask the person. */
const HELPER_TIMEOUT = 60_000;

interface AuthFile {
    auths?: Record<string, { auth?: string; identitytoken?: string; username?: string; password?: string }>;
    credHelpers?: Record<string, string>;
    credsStore?: string;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readAuthFile(path: string): AuthFile | null {
    let text: string;
    try {
        text = readFileSync(path, 'utf8');
    } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return null;
        throw new Failure(`${path}: ${describeFileError(error)}; make it readable`);
    }
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch {
        value = null;
    }
    if (!isObject(value)) throw new Failure(`${path}: not a JSON object; correct it, or log in again`);
    for (const member of ['auths', 'credHelpers'] as const) {
        if (value[member] !== undefined && !isObject(value[member]))
            throw new Failure(`${path}: its member ${member} is no object; correct it, or log in again`);
    }
    return value;
}

function authFilePaths(environment: NodeJS.ProcessEnv): string[] {
    const docker = environment.DOCKER_CONFIG || join(environment.HOME || homedir(), '.docker');
    const paths = [join(docker, 'config.json')];
    if (environment.REGISTRY_AUTH_FILE) paths.push(environment.REGISTRY_AUTH_FILE);
    else if (environment.XDG_RUNTIME_DIR)
        paths.push(join(environment.XDG_RUNTIME_DIR, 'containers', 'auth.json'));
    return paths;
}

/** Host of a key of `auths`: some tools write a whole address of the registry's first version. */
function hostOf(key: string): string {
    return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

/** Asks docker-credential-NAME; null when it has nothing for the host. */
function askHelper(
    name: string,
    host: string,
    path: string,
    environment: NodeJS.ProcessEnv,
): Credentials | null {
    const command = `docker-credential-${name}`;
    if (!/^[\w.-]+$/.test(name))
        throw new Failure(`${path}: "${name}" is no credential helper's name; correct it`);
    const result = spawnSync(command, ['get'], {
        input: host,
        encoding: 'utf8',
        timeout: HELPER_TIMEOUT,
        env: environment,
    });
    // A helper need not read what it is told.
    if (result.error && systemErrorCode(result.error) !== 'EPIPE')
        throw new Failure(
            `${command}: cannot be run (${systemErrorCode(result.error) || result.error.message}); install it, or take it out of ${path}`,
        );
    if (result.status !== 0) {
        if (/credentials not found/i.test(result.stdout + result.stderr)) return null;
        throw new Failure(
            `${command}: ended with ${result.signal ?? result.status} for ${host}: ${(result.stderr || result.stdout).trim()}; log in again`,
        );
    }
    let answer: unknown;
    try {
        answer = JSON.parse(result.stdout);
    } catch {
        answer = null;
    }
    if (!isObject(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string')
        throw new Failure(`${command}: its answer for ${host} has no Username and Secret; log in again`);
    // The protocol's way to say that the secret is an identity token.
    if (answer.Username === '<token>') return { username: '', password: '', identityToken: answer.Secret };
    return { username: answer.Username, password: answer.Secret, identityToken: '' };
}

/** What a file has for a host, or null. */
function findIn(path: string, host: string, environment: NodeJS.ProcessEnv): Credentials | null {
    const file = readAuthFile(path);
    if (file === null) return null;
    const helper = file.credHelpers?.[host] ?? file.credsStore;
    if (typeof helper === 'string' && helper !== '') {
        const found = askHelper(helper, host, path, environment);
        if (found !== null) return found;
    }
    const entries = Object.entries(file.auths ?? {});
    const entry = (entries.find(([key]) => key === host) ??
        entries.find(([key]) => hostOf(key) === host))?.[1];
    if (!isObject(entry)) return null;
    if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '')
        return { username: '', password: '', identityToken: entry.identitytoken };
    if (typeof entry.username === 'string' && typeof entry.password === 'string')
        return { username: entry.username, password: entry.password, identityToken: '' };
    if (typeof entry.auth !== 'string' || entry.auth === '') return null;
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon < 0)
        throw new Failure(`${path}: the entry of ${host} is not USER:PASSWORD in base 64; log in again`);
    return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), identityToken: '' };
}

/** The credentials for a registry's host, or null where nobody has logged in. */
export function findCredentials(
    host: string,
    environment: NodeJS.ProcessEnv = process.env,
): Credentials | null {
    for (const path of authFilePaths(environment)) {
        const found = findIn(path, host, environment);
        if (found !== null) return found;
    }
    return null;
}
