// SPDX-License-Identifier: Apache-2.0
//
// The command line: verbs, options, help. What a verb does is in commands/.

import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { addBoardsCommand } from './commands/boards.js';
import { addBuildCommand } from './commands/build.js';
import { addConfigCommand } from './commands/config.js';
import { addExecCommand } from './commands/exec.js';
import { addImagesCommands } from './commands/images.js';
import { addInspectCommand } from './commands/inspect.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addLifecycleCommands } from './commands/lifecycle.js';
import { addLogsCommand } from './commands/logs.js';
import { addPlanCommand } from './commands/plan.js';
import { addPsCommands } from './commands/ps.js';
import { addPullCommand } from './commands/pull.js';
import { addRunCommand } from './commands/run.js';
import { addStatsCommand } from './commands/stats.js';
import { addTransferCommands } from './commands/transfer.js';
import { addUpCommand } from './commands/up.js';
import { addWasmCommand } from './commands/wasm.js';
import { HOST_VERB, runDetached } from './system/detached.js';
import { EXIT_SEALIFT_FAILED, Failure, messageOf } from './failure.js';

function version(): string {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
}

/** The program with all verbs. Errors of its options are thrown as CommanderError instead of ending the process. */
export function makeProgram(): Command {
    const program = new Command('sealift')
        .description('Runs OCI containers directly on the seL4 microkernel.')
        .version(version())
        .enablePositionalOptions()
        .showHelpAfterError('(`sealift --help` shows what there is)')
        .exitOverride()
        .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'sealift: ')) });
    addRunCommand(program);
    addUpCommand(program);
    addPlanCommand(program);
    addPsCommands(program);
    addLogsCommand(program);
    addStatsCommand(program);
    addExecCommand(program);
    addLifecycleCommands(program);
    addBuildCommand(program);
    addInspectCommand(program);
    addPullCommand(program);
    addImagesCommands(program);
    addTransferCommands(program);
    addBoardsCommand(program);
    addConfigCommand(program);
    addDoctorCommand(program);
    addWasmCommand(program);
    program.command(`${HOST_VERB} <folder>`, { hidden: true }).action(async (folder: string) => {
        process.exitCode = await runDetached(folder);
    });
    program.addHelpText(
        'after',
        '\nExamples:\n' +
            '  sealift run oci:build/images/demo:demo             run a container from an OCI layout\n' +
            '  sealift run --board pc99 oci:build/images/demo:demo   the same on real seL4 under QEMU\n' +
            '  sealift up                                         start the services of ./compose.yaml\n' +
            '  sealift inspect oci-archive:demo.tar               show what an image consists of\n' +
            '  sealift doctor                                     check what running takes\n',
    );
    return program;
}

/** Runs a command line and leaves with its exit code. */
export async function runCommandLine(commandLine: readonly string[]): Promise<void> {
    // A reader that has left (a pager, `head`) is no failure of ours; run.ts stops the container for it.
    process.stdout.on('error', () => undefined);
    process.stderr.on('error', () => undefined);
    try {
        await makeProgram().parseAsync(commandLine);
    } catch (error) {
        if (error instanceof CommanderError) {
            // Help and version end with 0; commander has printed every other message already.
            process.exitCode = error.exitCode === 0 ? 0 : EXIT_SEALIFT_FAILED;
        } else if (error instanceof Failure) {
            process.stderr.write(`sealift: ${error.message}\n`);
            process.exitCode = error.exitCode;
        } else {
            const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
            process.stderr.write(`sealift: internal error: ${detail}; please report it\n`);
            process.exitCode = EXIT_SEALIFT_FAILED;
        }
    }
}
