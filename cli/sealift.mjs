#!/usr/bin/env -S node --
// SPDX-License-Identifier: Apache-2.0
//
// What `npx sealift` starts. The command line itself is TypeScript, compiled to build/cli by `npm run build`. The `--` above
// keeps Node 20 from taking `--env-file` among our options for its own.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../build/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
    const { runCommandLine } = await import(main);
    await runCommandLine(process.argv);
} else {
    process.stderr.write('sealift: build/cli: not there; build the project with `npm run build`\n');
    process.exitCode = 125;
}
