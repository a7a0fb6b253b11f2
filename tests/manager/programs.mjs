// SPDX-License-Identifier: Apache-2.0
//
// C programs of these tests, and containers that answer lines.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEntry } from './tar.mjs';

/** The tar entry of the program of tests/manager/NAME.c, compiled for this machine and linked statically. */
export function programEntry(name) {
    const folder = join(root, 'build', 'tests', 'manager');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, name);
    const source = join(root, 'tests/manager', `${name}.c`);
    execFileSync('gcc', ['-std=gnu11', '-O1', '-static', '-o', program, source]);
    return tarEntry({ name, content: readFileSync(program).toString('latin1'), mode: 0o755 });
}

/**
 * Boots `count` containers of an image that run `program`, which answers each line of input with a line.
 * `body` gets the system, and a function that asks container `number`, from 1, a line, which it has time to get ready for.
 */
export async function withPrograms(layout, program, count, body) {
    const programs = Array.from({ length: count }, (_, number) =>
        container(`program${number}`, [program], { interactive: true }),
    );
    const system = new SystemClient(programs, [layout]);
    const ask = async (number, line) => {
        await system.frameOf(FRAME.CREDIT, number);
        const lines = system.output(number).split('\n').length;
        system.send(FRAME.STDIN, number, Buffer.from(`${line}\n`));
        await system.until(
            () => (system.output(number).split('\n').length > lines ? true : undefined),
            `answer to ${line}`,
        );
        return system.output(number).trim().split('\n').pop();
    };
    try {
        await body(system, ask);
    } finally {
        system.kill();
        await system.off;
    }
}

/** Bytes of an owner of an account, or of a container in one. */
export function bytesOf({ owners }, name) {
    return owners.find(({ owner }) => owner === name)?.bytes ?? 0;
}
