// SPDX-License-Identifier: Apache-2.0
//
// Compiles the sentry for one architecture. The sources are the same for all: what differs lies in
// assembly/sentry/arch/ARCHITECTURE, which the modules of assembly/sentry/arch name in one line each. They name x86_64;
// for another architecture the compiler is handed that line with the other name. It is also handed the bytes of the vDSO,
// which scripts/vdso.mjs has built.
//
//   node scripts/sentry.mjs [ARCHITECTURE] [compiler option...]      x86_64 (the default), aarch64 or riscv64

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { vdsoFile } from './vdso.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The architecture that the sources name. */
const NAMED = 'x86_64';
export const ARCHITECTURES = [NAMED, 'aarch64', 'riscv64'];

/** Where an architecture's sentry is built, from the project's root. */
export function sentryFile(architecture) {
    return architecture === NAMED ? 'build/wasm/sentry.wasm' : `build/wasm/${architecture}/sentry.wasm`;
}

/**
 * The collector that comes with the compiler, changed to write nothing to objects that are static data. Static data of the sentry is shared by all
 * sentries, copy-on-write (assembly/manager/sentryPages.ts); the collector links every object that it finds reachable into its lists, and
 * would make nearly every page of the data a sentry's own. A static object is never freed: it is enough to visit what it leads to. That
 * ends, for static objects are the source's literals and functions: when they lead to further ones, then to those inside them. The heads of the
 * collector's lists, which it has as static data as well, come to lie in the heap.
 */
function sparingCollector(text) {
    const visit = /(export function __visit\(ptr: usize, cookie: i32\): void {\s+if \(!ptr\) return;)/;
    const head = 'memory.data(offsetof<Object>())';
    if (!visit.test(text) || !text.includes(head))
        throw new Error('the collector of this compiler is another one; look at it before it is used');
    return text
        .replace(visit, '$1\n  if (ptr < __heap_base) { __visit_members(ptr, cookie); return; }')
        .replaceAll(head, '__alloc(offsetof<Object>())');
}

/**
 * Compiles the sentry; throws with the compiler's messages where it does not compile. `amendments` are for measurements: the compiler is handed
 * a module, by its path, with `from` replaced by `to`, as with another constant.
 */
export async function buildSentry(architecture, compilerOptions = [], amendments = {}) {
    if (!ARCHITECTURES.includes(architecture)) {
        throw new Error(`architecture ${architecture}: there is none; they are ${ARCHITECTURES.join(', ')}`);
    }
    const vdso = readFileSync(join(root, vdsoFile(architecture)));
    const vdsoModule = 'assembly/sentry/memory/vdsoImage.ts';
    const chooser = /^assembly\/sentry\/arch\/\w+\.ts$/;
    const readFile = (name, base) => {
        let text;
        try {
            text = readFileSync(join(base, name), 'utf8');
        } catch {
            return null; // the compiler tries several names for each import
        }
        const amendment = amendments[name];
        if (amendment !== undefined) {
            if (!text.includes(amendment.from)) throw new Error(`${name} no longer has "${amendment.from}"`);
            text = text.replace(amendment.from, amendment.to);
        }
        if (name === vdsoModule) return text.replace('[0]', `[${[...vdso]}]`);
        return chooser.test(name) ? text.replace(`"./${NAMED}/`, `"./${architecture}/`) : text;
    };
    // Only now: the build reads this file before it installs the compiler.
    const { default: asc, libraryFiles } = await import('assemblyscript/asc');
    const collector = 'rt/tcms';
    const original = libraryFiles[collector];
    libraryFiles[collector] = sparingCollector(original);
    const { error, stderr } = await asc.main(
        [
            'assembly/sentry/main.ts',
            '--target',
            'sentry',
            '--outFile',
            sentryFile(architecture),
            '--baseDir',
            root,
            ...compilerOptions,
        ],
        { readFile },
    );
    libraryFiles[collector] = original;
    if (error) throw new Error(`the sentry does not compile for ${architecture}:\n${stderr.toString()}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
    try {
        await buildSentry(process.argv[2] ?? NAMED, process.argv.slice(3));
    } catch (error) {
        // Uncaught, Node would print the line of the compiler that threw: a megabyte.
        process.stderr.write(`sentry: ${error.message}\n`);
        process.exitCode = 1;
    }
}
