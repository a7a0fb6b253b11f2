// SPDX-License-Identifier: Apache-2.0
//
// `sealift doctor`: says whether this machine can run containers, and what to do where it cannot.

import { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { EXIT_SEALIFT_FAILED, messageOf } from '../failure.js';
import { buildProduct, linuxKernel, linuxRuntime } from '../projectPaths.js';

const examples = `
Example:
  sealift doctor
`;

interface Check {
    name: string;
    /** Throws an Error that names the cause and the remedy. */
    check: () => string;
}

const checks: Check[] = [
    {
        name: 'machine',
        check() {
            if (process.platform === 'linux' && process.arch === 'x64') return 'Linux on x86_64';
            throw new Error(`${process.platform} on ${process.arch} is not supported; use Linux on x86_64`);
        },
    },
    {
        name: 'ptrace',
        check() {
            const path = '/proc/sys/kernel/yama/ptrace_scope';
            const scope = existsSync(path) ? readFileSync(path, 'utf8').trim() : '0';
            if (scope !== '3') return 'programs may trace their children';
            throw new Error(`${path} is 3, which forbids tracing; set it to 1 and restart the machine`);
        },
    },
    { name: 'runtime', check: linuxRuntime },
    { name: 'kernel model', check: linuxKernel },
    { name: 'image reader', check: () => buildProduct('component/load.mjs') },
];

/** Adds `doctor` to the program. */
export function addDoctorCommand(program: Command): void {
    program
        .command('doctor')
        .description('Check what running containers on this machine takes')
        .addHelpText('after', examples)
        .action(() => {
            for (const { name, check } of checks) {
                try {
                    process.stdout.write(`ok       ${name}: ${check()}\n`);
                } catch (error) {
                    process.stdout.write(`missing  ${name}: ${messageOf(error)}\n`);
                    process.exitCode = EXIT_SEALIFT_FAILED;
                }
            }
        });
}
