// SPDX-License-Identifier: Apache-2.0
//
// Builds the image reader (assembly/component, wit/image.wit) for Node into build/component/:
// AssemblyScript -> core module -> component -> JavaScript. `load.mjs` there is what programs import.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import asc from 'assemblyscript/asc';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(root, 'build', 'component');

/** Builds the component; throws with the compiler's messages where it does not compile. */
export async function buildComponent() {
    mkdirSync(output, { recursive: true });
    const { error, stderr } = await asc.main([
        'assembly/component/main.ts',
        '--target',
        'image',
        '--baseDir',
        root,
    ]);
    if (error) throw new Error(`assembly/component/main.ts does not compile:\n${stderr.toString()}`);

    const embedded = await componentEmbed({
        binary: readFileSync(join(output, 'image.core.wasm')),
        witSource: readFileSync(join(root, 'wit', 'image.wit'), 'utf8'),
        world: 'image',
        // AssemblyScript's strings. Left out, every string would arrive with a zero byte after each letter.
        stringEncoding: 'utf16',
    });
    const component = await componentNew(embedded);
    writeFileSync(join(output, 'image.component.wasm'), component);

    const { files } = await transpileBytes(component, {
        name: 'image',
        instantiation: 'async',
        noTypescript: true,
        noNodejsCompat: true,
        tlaCompat: false,
        base64Cutoff: 0,
        noComponentErrorWrapping: true,
        outDir: '.',
    });
    for (const [name, contents] of Object.entries(files)) {
        const path = join(output, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, contents);
    }
    for (const name of ['load.mjs', 'load.d.mts'])
        copyFileSync(join(root, 'assembly', 'component', name), join(output, name));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
    try {
        await buildComponent();
    } catch (error) {
        // Uncaught, Node would print the line of the compiler that threw: a megabyte.
        process.stderr.write(`component: ${error.message}\n`);
        process.exitCode = 1;
    }
}
