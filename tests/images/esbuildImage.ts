// SPDX-License-Identifier: Apache-2.0
//
// The second demonstration image: a program that nobody here built, the static Go binary of esbuild's npm package, with
// a small TypeScript program for it to bundle.

import { readFileSync } from 'node:fs';
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

/** Writes the layout with the tag "esbuild" (linux/amd64). */
export function writeEsbuildImage(target: string, binary: string): void {
    const layout = new OciLayout(target);
    const programs = makeLayer([folder('bin'), file('bin/esbuild', readFileSync(binary), 0o755)], true);
    const sources = makeLayer(
        [folder('src'), file('src/main.ts', program), file('src/greet.ts', greet), folder('tmp', 0o1777)],
        true,
    );
    const config = { Entrypoint: ['/bin/esbuild'], Cmd: ['--bundle', 'main.ts'], WorkingDir: '/src' };
    layout.writeIndex({ esbuild: layout.addImage({ architecture: 'amd64', config }, [programs, sources]) });
}
