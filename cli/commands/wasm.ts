// SPDX-License-Identifier: Apache-2.0
//
// `sealift wasm`: what the interpreter makes of a WebAssembly module. Its own code does the work (runtime-c/tools).

import { Argument, Command } from 'commander';
import { spawn } from 'node:child_process';
import { Failure } from '../failure.js';
import { buildProduct } from '../projectPaths.js';

const examples = `
Examples:
  sealift wasm dump build/wasm/sentry.wasm | less
  sealift wasm dump build/wasm/sentry.wasm sentry/kernel/eventLoop

docs/interpreter.md explains the bytecode.
`;

/** Runs the tool, whose output goes where ours does; a Failure with what it complained of. */
async function dump(file: string, wanted: string | undefined): Promise<void> {
    const options = wanted === undefined ? [file] : [file, wanted];
    const child = spawn(buildProduct('tools/wasm_dump'), options, { stdio: ['ignore', 'inherit', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    const status = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code, signal) => resolve(signal ?? code));
    });
    // A reader that has seen enough (a pager) ends the tool by SIGPIPE.
    if (status !== 0 && status !== 'SIGPIPE')
        throw new Failure(complaint.trim() || `${file}: the dump ended with ${status}`);
}

/** Adds `wasm` to the program. */
export function addWasmCommand(program: Command): void {
    program
        .command('wasm')
        .description("Show a WebAssembly module in the interpreter's terms")
        .command('dump')
        .description('Validate and translate a module, and print its bytecode')
        .addArgument(new Argument('<file>', 'a module in the binary format'))
        .addArgument(new Argument('[function]', 'only functions with this index, or this in their names'))
        .addHelpText('after', examples)
        .action(dump);
}
