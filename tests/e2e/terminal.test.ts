// SPDX-License-Identifier: Apache-2.0
//
// `sealift run -it`: a shell at a terminal, with signals from the keyboard, job control and sizes; and what becomes of the person's own
// terminal.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sealift } from '../cli/commandLine.js';
import { PersonAtTerminal, resizeTerminal, skipWithoutTerminal } from './personAtTerminal.js';
import { writeShellImage } from './shellImage.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
let image = '';
before(() => {
    image = writeShellImage(join(folder, 'image'));
});
after(() => rmSync(folder, { recursive: true }));

/** The command line of a shell in a container; its prompt is "ready> ". */
function shellCommand(): string {
    return `cli/sealift.mjs run --quiet -it -e "PS1=ready> " ${image} sh`;
}

/** A command that sleeps for long, and says so once it is in the foreground. */
const sleeper = 'sh -c "echo started; sleep 1000"\r';

/** Nothing shows that a job has the terminal again, or that an editor has taken an escape for one. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));

const options = { skip: skipWithoutTerminal };

test('-t without a terminal is refused as engines refuse it', async () => {
    const { code, stderr } = await sealift(['run', '-t', image, 'true']);
    assert.match(stderr, /the input device is not a TTY/);
    assert.equal(code, 1);
});

test('without -t there is no terminal', async () => {
    const { stdout } = await sealift(['run', image, 'sh', '-c', 'tty; test -t 1 || echo none']);
    assert.equal(stdout.toString(), 'not a tty\nnone\n');
});

test('a shell at a terminal', options, async () => {
    const person = new PersonAtTerminal(shellCommand());
    try {
        await person.see(/ready> /);
        person.type('tty; echo $TERM; stty size; cat /proc/$$/stat\r');
        await person.see(/\/dev\/pts\/0\r\nxterm\r\n24 80\r\n1 \(sh\) \S 0 1 1 34816 \d+ /);
        person.type('echo wrong\x7f\x7f\x7f\x7f\x7fright\r');
        await person.see(/\r\nright\r\n/);
        person.type(sleeper);
        await person.see(/\r\nstarted\r\n/);
        person.type('\x03');
        await person.see(/\^C\r\n/);
        person.type('echo code $?\r');
        await person.see(/code 130\r\n/);
        person.type(sleeper);
        await person.see(/\r\nstarted\r\n/);
        person.type('\x1a');
        await person.see(/Stopped +sh -c/);
        person.type('bg\r');
        await person.see(/\[1\] sh -c/);
        person.type('jobs\r');
        await person.see(/Running +sh -c/);
        person.type('fg\r');
        await person.see(/\nsh -c .*\r\n/);
        await pause();
        person.type('\x03');
        await person.see(/ready> /);
        person.type('sh -c "echo started; cat; echo end"\r');
        await person.see(/\r\nstarted\r\n/);
        person.type('a line\r');
        await person.see(/a line\r\na line\r\n/);
        person.type('\x04');
        await person.see(/end\r\n/);
        await person.see(/ready> /);
        person.type('(exit 7)\r');
        // An end of file that arrives while the command runs is an end of file for nobody: the shell's editor wants a character.
        await person.see(/ready> /);
        person.type('\x04');
        assert.equal(await person.exitCode(), 7);
    } finally {
        person.leave();
    }
});

test('the terminal has the size of the person’s own, and follows it', options, async () => {
    const person = new PersonAtTerminal(`tty; stty rows 30 cols 100; ${shellCommand()}`);
    try {
        const [device] = await person.see(/\/dev\/pts\/\d+/);
        await person.see(/ready> /);
        person.type('stty size\r');
        await person.see(/\r\n30 100\r\n/);
        await person.see(/ready> /);
        // Of another shell in the foreground: this one has a handler of its own while it edits a line.
        person.type(`sh -c 'trap "echo resized; exit" WINCH; echo wai""ting; while :; do sleep 0.1; done'\r`);
        await person.see(/\r\nwaiting\r\n/);
        resizeTerminal(device, 40, 132);
        await person.see(/resized\r\n/);
        await person.see(/ready> /);
        person.type('stty size\r');
        await person.see(/\r\n40 132\r\n/);
        person.type('exit\r');
        assert.equal(await person.exitCode(), 0);
    } finally {
        person.leave();
    }
});

test('a full-screen editor', options, async () => {
    const person = new PersonAtTerminal(shellCommand());
    try {
        await person.see(/ready> /);
        person.type('vi /tmp/new\r');
        await person.see(/\[24;1H/);
        person.type('itext from vi\x1b');
        await pause();
        person.type(':wq\r');
        await person.see(/ready> /);
        person.type('cat /tmp/new; stty -a | grep -c " icanon"; exit\r');
        await person.see(/\r\ntext from vi\r\n1\r\n/);
        assert.equal(await person.exitCode(), 0);
    } finally {
        person.leave();
    }
});

/**
 * Has a person do something with a container, between two looks at the settings of the person's terminal, which must be the
 * same. `act` is told the process of the command line.
 */
async function leavesSettings(act: (person: PersonAtTerminal, pid: number) => Promise<void>): Promise<void> {
    const [first, second, pid] = ['before', 'after', 'pid'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
    ];
    const started = `sh -c 'echo $$ > ${pid}; exec ${shellCommand()}'`;
    const person = new PersonAtTerminal(`stty -g > ${first}; ${started}; stty -g > ${second}; echo put back`);
    try {
        await person.see(/ready> /);
        await act(person, Number(readFileSync(pid, 'utf8')));
        await person.see(/put back/);
        await person.exitCode();
        assert.equal(readFileSync(second, 'utf8'), readFileSync(first, 'utf8'));
    } finally {
        person.leave();
    }
}

test('the terminal is put back at the end', options, () =>
    leavesSettings(async (person) => {
        person.type('stty raw\r');
        await person.see(/ready> /);
        person.type('exit\n');
    }),
);

test('the terminal is put back when the container is ended by a signal', options, () =>
    leavesSettings(async (person, pid) => {
        person.type('trap "exit 3" TERM; echo waiting\r');
        await person.see(/\r\nwaiting\r\n/);
        process.kill(pid, 'SIGTERM');
        // An interactive shell looks at its traps when it has read a line.
        person.type('\r');
    }),
);

test('the terminal is put back when the machine fails', options, () =>
    leavesSettings(async (person, pid) => {
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
        for (const child of children.trim().split(' ')) process.kill(Number(child), 'SIGKILL');
        await person.see(/before the container ended/);
    }),
);
