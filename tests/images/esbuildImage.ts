// SPDX-License-Identifier: Apache-2.0
//
// The second demonstration image: a program that nobody here built, the static Go binary of esbuild's npm package, with
// a small TypeScript program for it to bundle.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { file, folder } from './busyboxImage.js';
import { makeLayer, OciLayout } from './ociLayout.js';

const program = `import { greet } from './greet';

const names: string[] = ['seL4', 'Linux'];
for (const name of names) console.log(greet(name));
`;

const greet = `export function greet(name: string): string {
    return \`Hello, \${name}\`;
}

export function unused(): never {
    throw new Error('left out of the bundle');
}
`;

// Compiled, this file is build/tests/images/esbuildImage.js.
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The program for an architecture, by npm's names in the package of the same release as the one that is installed. */
const packages = { amd64: 'linux-x64', arm64: 'linux-arm64', riscv64: 'linux-riscv64' } as const;
export type EsbuildArchitecture = keyof typeof packages;

/** The binary of esbuild for an architecture: npm installs that of this machine only, the others are fetched once. */
function esbuildBinary(architecture: EsbuildArchitecture): string {
    const installed = fileURLToPath(import.meta.resolve('@esbuild/linux-x64/bin/esbuild'));
    if (architecture === 'amd64') return installed;
    const { version } = JSON.parse(
        readFileSync(fileURLToPath(import.meta.resolve('@esbuild/linux-x64/package.json')), 'utf8'),
    ) as { version: string };
    const cache = join(root, 'build', 'npm', `esbuild-${packages[architecture]}-${version}`);
    if (!existsSync(cache)) {
        const draft = `${cache}.${process.pid}`;
        mkdirSync(draft, { recursive: true });
        const name = `@esbuild/${packages[architecture]}@${version}`;
        const words = ['pack', name, '--silent', '--pack-destination', draft];
        const archive = execFileSync('npm', words, { cwd: draft, encoding: 'utf8' }).trim();
        execFileSync('tar', ['-xzf', archive], { cwd: draft });
        renameSync(draft, cache);
    }
    return join(cache, 'package', 'bin', 'esbuild');
}

/** Writes the layout with the tag "esbuild" for an architecture; its reference. */
export function writeEsbuildImage(target: string, architecture: EsbuildArchitecture = 'amd64'): string {
    const binary = esbuildBinary(architecture);
    const layout = new OciLayout(target);
    const programs = makeLayer([folder('bin'), file('bin/esbuild', readFileSync(binary), 0o755)], true);
    const sources = makeLayer(
        [folder('src'), file('src/main.ts', program), file('src/greet.ts', greet), folder('tmp', 0o1777)],
        true,
    );
    const config = { Entrypoint: ['/bin/esbuild'], Cmd: ['--bundle', 'main.ts'], WorkingDir: '/src' };
    layout.writeIndex({ esbuild: layout.addImage({ architecture, config }, [programs, sources]) });
    return `oci:${target}:esbuild`;
}
