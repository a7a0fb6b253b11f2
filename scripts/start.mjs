// SPDX-License-Identifier: Apache-2.0
//
// What a person sees first: sets up, builds, and runs the demonstration containers on the seL4 API of platform/linux.
//
//   npm start                 both demonstrations
//   npm start -- demo         BusyBox only
//   npm start -- esbuild      the static Go program only

import { spawn } from 'node:child_process';
import { build } from './build.mjs';
import { elapsedText, root, runMain } from './progress.mjs';
import { setUp } from './setup.mjs';

const demonstrations = [
    {
        name: 'demo',
        title: 'BusyBox from Debian: a shell script in its own protection domain',
        options: ['--stats'],
        image: 'oci:build/images/demo:demo',
        // What tests/images/demo.sh ends with.
        exitCode: 7,
    },
    {
        name: 'esbuild',
        title: 'A program nobody here built: the static Go binary of esbuild bundles a TypeScript program',
        options: ['--memory', '256m'],
        image: 'oci:build/images/esbuild:esbuild',
        exitCode: 0,
    },
];

/** Runs a command with this process's terminal; its exit code. */
function runInForeground(command, commandArguments) {
    return new Promise((resolve, reject) => {
        // Ctrl-C reaches the command by itself; this process waits for what it makes of it.
        const ignore = () => undefined;
        process.on('SIGINT', ignore);
        const child = spawn(command, commandArguments, { cwd: root, stdio: 'inherit' });
        child.on('error', reject);
        child.on('close', (status, signal) => {
            process.off('SIGINT', ignore);
            resolve(signal ?? status);
        });
    });
}

await runMain(async () => {
    await setUp();
    await build();
    const wanted = process.argv.slice(2);
    let failures = 0;
    for (const { name, title, options, image, exitCode } of demonstrations) {
        if (wanted.length > 0 && !wanted.includes(name)) continue;
        const shown = ['sealift', 'run', ...options, image];
        process.stderr.write(`\n${title}\n$ npx ${shown.join(' ')}\n\n`);
        const started = performance.now();
        const result = await runInForeground('cli/sealift.mjs', shown.slice(1));
        const took = elapsedText(performance.now() - started);
        if (result === exitCode) {
            process.stderr.write(`\n✔ exit code ${result}, as the program chose, after ${took}\n`);
        } else {
            process.stderr.write(`\n✘ exit code ${result} instead of ${exitCode}, after ${took}\n`);
            failures++;
        }
    }
    return failures === 0 ? 0 : 1;
});
