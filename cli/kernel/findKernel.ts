// SPDX-License-Identifier: Apache-2.0
//
// Which kernel a board runs: the one that --kernel names, or SEL4_PREFIX, or MICROKIT_SDK, or the settings, in this order.
// A variable that holds no kernel for the board at hand steps back for what comes after it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Board } from '../boards/board.js';
import { Failure } from '../failure.js';
import { readConfig } from './configFile.js';
import { readInstallation, type KernelInstallation } from './installation.js';

/** Configurations of a Microkit SDK in the order in which they are taken; those for several cores are not. */
const microkitConfigurations = ['release', 'benchmark', 'debug'];

/** The folder in an SDK of a board's kernel; null where it has none. */
function microkitFolder(sdk: string, board: Board): string | null {
    if (!existsSync(join(sdk, 'board')))
        throw new Failure(`MICROKIT_SDK: ${sdk} has no folder "board"; name the folder of a Microkit SDK`);
    for (const name of board.microkitBoard) {
        for (const configuration of microkitConfigurations) {
            const folder = join(sdk, 'board', name, configuration);
            if (existsSync(folder)) return folder;
        }
    }
    return null;
}

/** What says which kernel to take. */
export interface KernelChoice {
    /** The folder that --kernel names. */
    option?: string | undefined;
    environment: NodeJS.ProcessEnv;
    /** The settings' file; the person's own when absent. */
    configPath?: string;
}

/** The setting for a board: its own, else its architecture's. */
function remembered(board: Board, configPath?: string): KernelInstallation | null {
    const settings = readConfig(configPath);
    for (const name of [board.name, board.architecture]) {
        const folder = settings.get(`sel4-prefix.${name}`);
        if (folder !== undefined) return readInstallation(folder, `config sel4-prefix.${name}`);
    }
    return null;
}

/** True when a kernel was built for a board's processor and platform, whether or not it will do otherwise. */
function isMeantFor(board: Board, { configuration }: KernelInstallation): boolean {
    return (
        configuration.SEL4_ARCH === board.architecture &&
        board.kernelPlatform.includes(String(configuration.PLAT))
    );
}

/** The kernel for a board; a Failure that says how to name one where there is none. */
export function findKernel(board: Board, choice: KernelChoice): KernelInstallation {
    if (choice.option !== undefined) return readInstallation(choice.option, '--kernel');
    const { SEL4_PREFIX: prefix, MICROKIT_SDK: sdk } = choice.environment;
    const named = prefix ? readInstallation(prefix, 'SEL4_PREFIX') : null;
    if (named && isMeantFor(board, named)) return named;
    const folder = sdk ? microkitFolder(sdk, board) : null;
    const found = folder ? readInstallation(folder, 'MICROKIT_SDK') : remembered(board, choice.configPath);
    if (found) return found;
    // Judged, it says what it is for.
    if (named) return named;
    if (sdk) {
        const names = board.microkitBoard.join(' or ');
        throw new Failure(
            `MICROKIT_SDK: ${sdk} has no board ${names || `that is ${board.name}`}; give a kernel with --kernel or SEL4_PREFIX`,
        );
    }
    throw new Failure(
        `board ${board.name}: no seL4 kernel for ${board.architecture} was named; pass --kernel FOLDER, set SEL4_PREFIX or MICROKIT_SDK, ` +
            `or remember one with \`sealift config set sel4-prefix.${board.name} FOLDER\``,
    );
}
