// SPDX-License-Identifier: Apache-2.0
//
// Finds a system's Compose file, its project name and its variables, as `docker compose` does.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describeFileError, Failure } from '../failure.js';
import { parseComposeDocument, wrongAt, type MapNode } from './document.js';
import { parseVariables, readEnvironmentText } from './environmentFile.js';
import type { Lookup } from './interpolate.js';
import { textOf } from './schema.js';

/** The Specification's names of the file, the preferred one first. */
const fileNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
/** What `docker compose` merges into it by itself. */
const overrideNames = fileNames.map((name) => name.replace(/(\.ya?ml)$/, '.override$1'));

/** Bytes of a Compose file; more is a mistake. */
const FILE_MAXIMUM = 4 << 20;

export interface ComposeOptions {
    /** -f */
    file?: string;
    /** -p */
    projectName?: string;
    /** --env-file */
    envFile?: string;
}

/** A Compose file that has been read. */
export interface ComposeSource {
    /** Absolute path of the file and of its folder, which paths in it are relative to. */
    path: string;
    folder: string;
    projectName: string;
    root: MapNode;
    lookup: Lookup;
    environment: NodeJS.ProcessEnv;
}

/** The path of the Compose file that is meant, or null where none was named and none is here or above. */
export function findComposeFile(
    file: string | undefined,
    environment: NodeJS.ProcessEnv = process.env,
    from = process.cwd(),
): string | null {
    const named = file ?? (environment.COMPOSE_FILE || undefined);
    if (named !== undefined) {
        if (file === undefined && named.includes(':'))
            throw new Failure(
                `COMPOSE_FILE ${named}: names several files, which are not merged; name one, or write them as one`,
            );
        return resolve(from, named);
    }
    for (let folder = resolve(from); ; folder = dirname(folder)) {
        const name = fileNames.find((candidate) => existsSync(join(folder, candidate)));
        if (name !== undefined) {
            const override = overrideNames.find((candidate) => existsSync(join(folder, candidate)));
            if (override !== undefined)
                throw new Failure(
                    `${join(folder, override)}: files are not merged; write both as one, or name the one you mean with -f`,
                );
            return join(folder, name);
        }
        if (dirname(folder) === folder) return null;
    }
}

const projectPattern = /^[a-z0-9][a-z0-9_-]*$/;

/** Checks a project's name, which names the files of the running system. */
export function checkProjectName(name: string, where: string): string {
    if (!projectPattern.test(name) || name.length > 63)
        throw new Failure(
            `${where}: "${name}" is no project name; use at most 63 lower-case letters, digits, '-' and '_', a letter or digit first`,
        );
    return name;
}

/** The name of a folder's project. */
function folderProject(folder: string): string {
    const name = basename(folder)
        .toLowerCase()
        .replace(/[^a-z0-9_-]/g, '')
        .replace(/^[_-]+/, '');
    if (name === '')
        throw new Failure(`${folder}: the folder's name makes no project name; give one with -p`);
    return name.slice(0, 63);
}

/** The variables of `.env` beside the file, or of the file that was named. */
function fileVariables(
    folder: string,
    envFile: string | undefined,
    environment: NodeJS.ProcessEnv,
): Map<string, string> {
    const path = envFile ?? join(folder, '.env');
    if (envFile === undefined && !(statSync(path, { throwIfNoEntry: false })?.isFile() ?? false))
        return new Map();
    return parseVariables(
        readEnvironmentText(path, envFile === undefined ? '.env' : '--env-file'),
        path,
        (name) => environment[name],
    );
}

/** Reads the Compose file that is meant; a Failure where there is none. */
export function loadCompose(
    options: ComposeOptions,
    environment: NodeJS.ProcessEnv = process.env,
    warn: (text: string) => void = () => undefined,
): ComposeSource {
    const path = findComposeFile(options.file, environment);
    if (path === null)
        throw new Failure(
            `no ${fileNames[0]} in this folder or above; write one, or name a Compose file with -f`,
        );
    let text: string;
    try {
        if (statSync(path).size > FILE_MAXIMUM)
            throw new Failure(`${path}: has more than ${FILE_MAXIMUM} bytes; no Compose file is that long`);
        text = readFileSync(path, 'utf8');
    } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure(`${path}: ${describeFileError(error)}; check the path`);
    }
    const folder = dirname(path);
    const variables = fileVariables(folder, options.envFile, environment);
    const chosen =
        options.projectName ?? environment.COMPOSE_PROJECT_NAME ?? variables.get('COMPOSE_PROJECT_NAME');
    // The file may use the project's name, which it may also define: then it is the text as it stands.
    const defined = /^name:[ \t]*["']?([a-z0-9][a-z0-9_-]*)["']?[ \t]*(#.*)?$/m.exec(text)?.[1];
    const provisional = chosen || defined || folderProject(folder);
    const lookup: Lookup = (name) =>
        name === 'COMPOSE_PROJECT_NAME' ? provisional : (environment[name] ?? variables.get(name));
    const missing = new Set<string>();
    const root = parseComposeDocument(text, basename(path), lookup, (name) => missing.add(name));
    for (const name of missing) warn(`the variable ${name} is not set; it is taken as empty`);
    const named = root.entries.get('name');
    const projectName = chosen || (named && textOf(named)) || folderProject(folder);
    if (chosen) checkProjectName(projectName, options.projectName ? '-p' : 'COMPOSE_PROJECT_NAME');
    else if (named && !projectPattern.test(projectName))
        throw wrongAt(
            named,
            `"${projectName}" is no project name`,
            "use lower-case letters, digits, '-' and '_'",
        );
    return { path, folder, projectName, root, lookup, environment };
}
