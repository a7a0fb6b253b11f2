// SPDX-License-Identifier: Apache-2.0
//
// Which kernel a board runs: the one that --kernel names, or SEL4_PREFIX, or MICROKIT_SDK, or the settings, in this order.
// A variable that holds a kernel of another architecture steps back for the setting of the architecture at hand.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Board } from '../boards/board.js';
import { Failure } from '../failure.js';
import { readConfig } from './configFile.js';
import { readInstallation, type KernelInstallation } from './installation.js';

/** Configurations of a Microkit SDK in the order in which they are taken; those for several cores are not. */
const microkitConfigurations = ['release', 'benchmark', 'debug'];

/** The kernel of an SDK for a board. */
function microkitKernel(sdk: string, board: Board): KernelInstallation {
    if (!existsSync(join(sdk, 'board')))
        throw new Failure(`MICROKIT_SDK: ${sdk} has no folder "board"; name the folder of a Microkit SDK`);
    for (const name of board.microkitBoard) {
        for (const configuration of microkitConfigurations) {
            const folder = join(sdk, 'board', name, configuration);
            if (existsSync(folder)) return readInstallation(folder, 'MICROKIT_SDK');
        }
    }
    const names = board.microkitBoard.join(' or ');
    throw new Failure(
        `MICROKIT_SDK: ${sdk} has no board ${names || `that is ${board.name}`}; give a kernel with --kernel or SEL4_PREFIX`,
    );
}

/** What says which kernel to take. */
export interface KernelChoice {
    /** The folder that --kernel names. */
    option?: string | undefined;
    environment: NodeJS.ProcessEnv;
    /** The settings' file; the person's own when absent. */
    configPath?: string;
}

/** The kernel for a board; a Failure that says how to name one where there is none. */
export function findKernel(board: Board, choice: KernelChoice): KernelInstallation {
    if (choice.option !== undefined) return readInstallation(choice.option, '--kernel');
    const { SEL4_PREFIX: prefix, MICROKIT_SDK: sdk } = choice.environment;
    const key = `sel4-prefix.${board.architecture}`;
    const remembered = readConfig(choice.configPath).get(key);
    const named = prefix
        ? readInstallation(prefix, 'SEL4_PREFIX')
        : sdk
          ? microkitKernel(sdk, board)
          : undefined;
    if (named && (named.configuration.SEL4_ARCH === board.architecture || remembered === undefined))
        return named;
    if (remembered !== undefined) return readInstallation(remembered, `config ${key}`);
    throw new Failure(
        `board ${board.name}: no seL4 kernel for ${board.architecture} was named; pass --kernel FOLDER, set SEL4_PREFIX or MICROKIT_SDK, ` +
            `or remember one with \`sealift config set ${key} FOLDER\``,
    );
}
