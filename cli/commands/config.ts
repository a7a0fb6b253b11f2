// SPDX-License-Identifier: Apache-2.0
//
// `sealift config`: remembers a kernel for an architecture, or for one board.

import { Command } from 'commander';
import { resolve } from 'node:path';
import { architectures, readBoard } from '../boards/board.js';
import { checkConfigKey, configKeys, configPath, readConfig, writeConfig } from '../kernel/configFile.js';
import { readInstallation } from '../kernel/installation.js';
import { requireSuitable } from '../kernel/suitability.js';
import { Failure } from '../failure.js';

const examples = `
Keys: ${configKeys.join(', ')}:
the folder of the seL4 kernel to take for that architecture or board. A board's own goes before its architecture's.

Examples:
  sealift config set sel4-prefix.x86_64 ~/sel4
  sealift config set sel4-prefix.zynqmp ~/sel4-zynqmp
  sealift config list
`;

/** Remembers a kernel's folder, whole, after a look into it. */
function set(key: string, value: string): void {
    checkConfigKey(key);
    const kernel = readInstallation(value, `config ${key}`);
    const name = key.slice(key.indexOf('.') + 1);
    const actual = String(kernel.configuration.SEL4_ARCH);
    if (!architectures.some((architecture) => architecture === name)) {
        requireSuitable(readBoard(name), kernel);
    } else if (actual !== name) {
        throw new Failure(
            `config ${key}: the kernel in ${value} is for ${actual}; use \`sealift config set sel4-prefix.${actual} ${value}\``,
        );
    }
    writeConfig(readConfig().set(key, resolve(value)));
}

/** Adds `config` and its verbs to the program. */
export function addConfigCommand(program: Command): void {
    const config = program
        .command('config')
        .description('Remember where the seL4 kernels are')
        .addHelpText('after', examples);
    config
        .command('set <key> <folder>')
        .description('remember a folder')
        .action((key: string, value: string) => set(key, value));
    config
        .command('get <key>')
        .description('print what is remembered')
        .action((key: string) => {
            checkConfigKey(key);
            const value = readConfig().get(key);
            if (value === undefined)
                throw new Failure(`config ${key}: not set; set it with \`sealift config set ${key} FOLDER\``);
            process.stdout.write(`${value}\n`);
        });
    config
        .command('list')
        .description('print everything that is remembered, and where')
        .action(() => {
            process.stdout.write(`# ${configPath()}\n`);
            for (const [key, value] of readConfig()) process.stdout.write(`${key} ${value}\n`);
        });
    config
        .command('unset <key>')
        .description('forget a folder')
        .action((key: string) => {
            checkConfigKey(key);
            const settings = readConfig();
            if (settings.delete(key)) writeConfig(settings);
        });
}
