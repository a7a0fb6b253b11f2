// SPDX-License-Identifier: Apache-2.0
//
// Which Compose file and which of its services a command means.

import type { Command } from 'commander';
import { loadCompose, type ComposeOptions } from '../compose/load.js';
import { chosenProfiles, readProject, selectServices, type Project } from '../compose/project.js';
import type { Service } from '../compose/services.js';

export interface ComposeCommandOptions extends ComposeOptions {
    profile?: string[];
    quiet?: boolean;
}

/** Gathers the values of an option that may be given several times. */
export function appendValue(value: string, previous: string[] = []): string[] {
    return [...previous, value];
}

/** Adds the options that choose a Compose file and the project's name. */
export function addComposeOptions(command: Command): Command {
    return command
        .option('-f, --file <file>', 'the Compose file (default: compose.yaml in this folder or above)')
        .option('-p, --project-name <name>', "the project's name (default: the file's, or its folder's)")
        .option('--env-file <file>', "variables for the file instead of .env's")
        .option('--profile <name>', 'choose the services of a profile', appendValue);
}

/** Reads the Compose file, and the services that are meant, in order of dependency. */
export function composeProject(
    options: ComposeCommandOptions,
    names: readonly string[],
): { project: Project; services: Service[] } {
    const warn = (text: string): void => {
        if (!options.quiet) process.stderr.write(`sealift: warning: ${text}\n`);
    };
    const source = loadCompose(options, process.env, warn);
    const project = readProject(source);
    const profiles = chosenProfiles(options.profile ?? [], process.env);
    return { project, services: selectServices(project, names, profiles) };
}
