// SPDX-License-Identifier: Apache-2.0
//
// A folder in which `sealift up` finds a small image and, for a machine, fakeSystem.ts.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { makeLayer, OciLayout } from '../images/ociLayout.js';
import { projectFolder, sealift, startSealift, type Result, type StartOptions } from './commandLine.js';
import { tinyElf } from './tinyElf.js';

export interface FakeMachine {
    folder: string;
    /** The reference of an image. */
    image: string;
    environment: NodeJS.ProcessEnv;
    /** Writes the Compose file of a project in a folder of its own, whose path is the result. */
    project(name: string, services: Record<string, Record<string, unknown>>, more?: object): string;
    /** Runs `sealift` in a folder. */
    run(folder: string, words: readonly string[], options?: StartOptions): Promise<Result>;
    /** Starts it there. */
    start(folder: string, words: readonly string[]): ReturnType<typeof startSealift>;
}

/** Makes the folder; it is removed when the tests of the file have ended, and `atEnd` has done its part. */
export function fakeMachine(atEnd: () => Promise<void> = () => Promise.resolve()): FakeMachine {
    const folder = mkdtempSync(join(tmpdir(), 'sealift-up-'));
    after(async () => {
        try {
            await atEnd();
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    });
    const kernel = join(folder, 'kernel');
    const program = `${projectFolder}build/tests/cli/fakeSystem.js`;
    writeFileSync(kernel, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    chmodSync(kernel, 0o755);
    writeFileSync(join(folder, 'runtime.elf'), tinyElf());
    const layout = new OciLayout(join(folder, 'image'));
    const layer = makeLayer([{ name: 'file', type: 'file', content: Buffer.from('content') }], true);
    layout.writeIndex({
        latest: layout.addImage({ architecture: 'amd64', config: { Cmd: ['sh'] } }, [layer]),
    });
    for (const name of ['run', 'state', 'tmp']) mkdirSync(join(folder, name), { mode: 0o700 });
    const environment = {
        SEALIFT_LINUX_KERNEL: kernel,
        SEALIFT_RUNTIME: join(folder, 'runtime.elf'),
        XDG_RUNTIME_DIR: join(folder, 'run'),
        XDG_STATE_HOME: join(folder, 'state'),
        TMPDIR: join(folder, 'tmp'),
        COMPOSE_PROJECT_NAME: '',
    };
    const image = `oci:${layout.folder}`;
    const run: FakeMachine['run'] = (where, words, options = {}) =>
        sealift(words, {
            ...options,
            folder: where,
            environment: { ...environment, ...options.environment },
        });
    return {
        folder,
        image,
        environment,
        project(name, services, more = {}) {
            const where = join(folder, name);
            mkdirSync(where, { recursive: true });
            const withImages = Object.fromEntries(
                Object.entries(services).map(([key, service]) => [key, { image, ...service }]),
            );
            // JSON is YAML.
            writeFileSync(join(where, 'compose.yaml'), JSON.stringify({ services: withImages, ...more }));
            return where;
        },
        run,
        start: (where, words) => startSealift(words, { folder: where, environment }),
    };
}
