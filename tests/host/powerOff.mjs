// SPDX-License-Identifier: Apache-2.0
//
// The last bytes of a board's machine: frame OFF of the control channel (docs/control-channel.md), which the runtime writes by itself, and by
// which whoever watches the serial line knows that a machine without a switch may be turned off.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrameDecoder, TargetFrame } from '../../build/cli/control/frames.js';
import { boardHeader } from '../../scripts/build-runtime.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const runtime = join(root, 'runtime-c');
const boardsFolder = join(root, 'platform', 'boards');

/** Boards whose machine runtime-c/host/board is; the PC (host/pc) has switches, and no frame of its own. */
const boards = readdirSync(boardsFolder).filter((name) => {
    const board = JSON.parse(readFileSync(join(boardsFolder, name, 'board.json'), 'utf8'));
    return board.architecture !== 'x86_64';
});

/** The bytes that a board's runtime writes when it switches the machine off. */
function bytesOf(board) {
    const folder = join(root, 'build', 'tests', 'host', 'board', board);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'board.h'), boardHeader(board, 0));
    const program = join(folder, 'powerOff');
    const search = ['-I', folder, '-I', runtime, '-isystem', join(root, 'platform', 'linux', 'include')];
    // What switching off does not need is left out, and with it what that would take.
    const sections = ['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'];
    const sources = [join(here, 'board', 'powerOff.c'), join(runtime, 'host', 'board', 'machine.c')];
    const options = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', ...sections, ...search];
    execFileSync('clang-19', [...options, ...sources, '-o', program], { stdio: 'pipe' });
    return execFileSync(program);
}

/** Checks that the bytes are one frame OFF, the system's, without a payload, and nothing else. */
function check(bytes) {
    const frames = [];
    const others = [];
    const decoder = new FrameDecoder({
        frame: ({ type, channel, payload }) => frames.push({ type, channel, bytes: payload.length }),
        text: (text) => others.push(`text ${text.toString('hex')}`),
        damaged: (length) => others.push(`a frame of ${length} bytes`),
    });
    decoder.push(bytes);
    assert.deepEqual(others, []);
    assert.equal(decoder.unfinishedBytes, 0, `half a frame: ${bytes.toString('hex')}`);
    assert.deepEqual(frames, [{ type: TargetFrame.OFF, channel: 0, bytes: 0 }]);
}

/** Runs everything; `report` takes a name and the counts. */
export function runPowerOffTests(report) {
    const failures = [];
    assert.ok(boards.length > 0, 'platform/boards has no board');
    for (const board of boards) {
        try {
            check(bytesOf(board));
        } catch (error) {
            failures.push(`FAILED ${board}\n${error.stderr?.toString() || error.message}`);
        }
    }
    report('frame OFF of boards', {
        passed: boards.length - failures.length,
        failed: failures.length,
        details: failures.join('\n'),
    });
}
