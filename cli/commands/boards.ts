// SPDX-License-Identifier: Apache-2.0
//
// `sealift boards`: the machines for which Sealift makes boot images.

import { Command } from 'commander';
import { readBoards } from '../boards/board.js';
import { table } from '../report/table.js';

const examples = `
Example:
  sealift boards
`;

/** Adds `boards` to the program. */
export function addBoardsCommand(program: Command): void {
    program
        .command('boards')
        .description('List the boards on which containers run on real seL4')
        .addHelpText('after', examples)
        .action(() => {
            const rows = readBoards().map(({ name, architecture, title }) => [name, architecture, title]);
            process.stdout.write(table(['board', 'architecture', 'machine'], rows));
        });
}
