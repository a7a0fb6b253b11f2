// SPDX-License-Identifier: Apache-2.0
//
// Processes that are started in a running container, through the control channel: what they are given, where their output goes, what signals
// reach them, and that nothing of them stays.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test as testWithin } from 'node:test';

import { root } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';

const demo = join(root, 'build', 'images', 'demo');
const CONTAINER = 'box';

/** A process that hangs fails its test. */
const TIMEOUT = 60_000;
const test = (name, body) => testWithin(name, { timeout: TIMEOUT }, body);

let system;
before(() => {
    const script = 'echo up; while read line; do $line; done; exit 5';
    system = new SystemClient(
        [
            container(CONTAINER, ['sh', '-c', script], {
                memory: 8 << 20,
                interactive: true,
                environment: ['KIND=container', 'ONLY=here'],
                workingDirectory: '/tmp',
            }),
        ],
        [demo],
        { tag: 'demo' },
    );
    return system.outputMatching(1, /up/);
});
after(async () => {
    system.kill();
    await system.off;
});

const text = (string) => Buffer.from(string);

/** Starts a process: its channel, and from which frame on the channel's frames are its own. */
async function start(args, more = {}) {
    const from = system.frames.length;
    const { channel, error } = await system.request('exec', { container: CONTAINER, args, ...more });
    assert.equal(error, undefined);
    return { channel, from };
}

const shell = (script, more) => start(['sh', '-c', script], more);

function output({ channel, from }, type = FRAME.STDOUT) {
    const frames = system.frames
        .slice(from)
        .filter((frame) => frame.type === type && frame.channel === channel);
    return Buffer.concat(frames.map(({ payload }) => payload)).toString();
}

const outputMatching = (process, pattern) =>
    system.until(() => output(process).match(pattern) ?? undefined, `output ${pattern}`);

/** Waits for its end. */
async function end(process) {
    const { exitCode, signal, message } = await system.exit(process.channel, process.from);
    return { exitCode, signal, message };
}

const ended = (exitCode) => ({ exitCode, signal: 0, message: '' });

async function prints(expected, script, more) {
    const process = await shell(script, more);
    assert.deepEqual(await end(process), ended(0), output(process, FRAME.STDERR));
    assert.equal(output(process), expected);
}

/** The container's bytes by owner, and its processes. */
async function account() {
    const stats = await system.request('stats');
    const [{ owners, processesNow, memoryLimit }] = stats.containers;
    assert.equal(
        owners.reduce((total, { bytes }) => total + bytes, 0),
        memoryLimit,
    );
    return { owners: Object.fromEntries(owners.map(({ owner, bytes }) => [owner, bytes])), processesNow };
}

test('output and errors come on the channel, and the exit code', async () => {
    const process = await shell('echo out; echo err >&2; exit 3');
    assert.deepEqual(await end(process), ended(3));
    assert.equal(output(process), 'out\n');
    assert.equal(output(process, FRAME.STDERR), 'err\n');
    assert.equal(system.output(1), 'up\n');
});

test('it has the environment, the directory and the user of the container, or its own', async () => {
    await prints('container here /root\n/tmp\n0 0\n', 'echo $KIND $ONLY $HOME; pwd; echo $(id -u) $(id -g)');
    await prints(
        'exec here /home\n/etc\n1234 55\n2\n',
        'echo $KIND $ONLY $HOME; pwd; echo $(id -u) $(id -g); env | grep -c -e ^KIND -e ^NEW',
        {
            environment: ['KIND=exec', 'NEW=1', 'HOME=/home', 'NEW=2'],
            workingDirectory: '/etc/../etc/.',
            user: '1234:55',
        },
    );
    await prints('set .\n', 'echo set $KIND.', { environment: ['KIND='] });
});

test('its parent is outside, and it leads a session', async () => {
    await prints(
        '0 yes yes sh\n',
        `set -- $(cat /proc/$$/stat)
        echo $4 $([ $5 = $$ ] && echo yes) $([ $6 = $$ ] && echo yes) $(cat /proc/$$/comm)`,
    );
});

test('the same capabilities as the first process', async () => {
    const process = await shell('[ "$(grep Cap /proc/1/status)" = "$(grep Cap /proc/self/status)" ]');
    assert.deepEqual(await end(process), ended(0));
});

test('input comes under credit, and ends', async () => {
    const process = await start(['cat'], { interactive: true });
    await system.frameOf(FRAME.CREDIT, process.channel, process.from);
    system.send(FRAME.STDIN, process.channel, text('one\n'));
    await outputMatching(process, /one\n/);
    system.send(FRAME.STDIN, process.channel, text('two\n'));
    system.send(FRAME.STDIN_END, process.channel);
    assert.deepEqual(await end(process), ended(0));
    assert.equal(output(process), 'one\ntwo\n');
    // Without, it is at its end.
    assert.deepEqual(await end(await start(['cat'])), ended(0));
});

test('several at a time, each on its own channel', async () => {
    const processes = [];
    for (let number = 0; number < 5; number++)
        processes.push(await shell(`read line; echo ${number} $line`, { interactive: true }));
    for (const [number, process] of [...processes.entries()].reverse()) {
        system.send(FRAME.STDIN, process.channel, text(`for ${number}\n`));
        assert.deepEqual(await end(process), ended(0));
        assert.equal(output(process), `${number} for ${number}\n`);
    }
});

test('signals are for the process of the channel alone', async () => {
    const other = await shell('trap "exit 9" TERM; echo up; while :; do sleep 0.05; done');
    const process = await shell('trap "echo caught; exit 4" TERM; echo up; while :; do sleep 0.05; done');
    await outputMatching(other, /up/);
    await outputMatching(process, /up/);
    system.send(FRAME.SIGNAL, process.channel, Buffer.from([15]));
    assert.deepEqual(await end(process), ended(4));
    assert.equal(output(process), 'up\ncaught\n');
    system.send(FRAME.SIGNAL, other.channel, Buffer.from([9]));
    assert.deepEqual(await end(other), { exitCode: 137, signal: 9, message: '' });
    assert.equal((await system.request('ps')).containers[0].state, 'running');
});

test('what it leaves behind is a child of pid 1, whose output nobody reads', async () => {
    const process = await shell('sh -c "trap : PIPE; while sleep 0.01; do echo x || exit; done" & echo $!');
    assert.deepEqual(await end(process), ended(0));
    const pid = /^\d+/m.exec(output(process))[0];
    await prints(
        'gone\n',
        `while [ -d /proc/${pid} ] && ! grep -q Z /proc/${pid}/stat; do sleep 0.01; done; echo gone`,
    );
    await prints(
        '1\n',
        `(sleep 100 & echo $! > /tmp/pid); set -- $(cat /proc/$(cat /tmp/pid)/stat); echo $4; kill -9 $1`,
    );
});

test('a terminal of its own', async () => {
    const process = await start(['sh'], {
        terminal: true,
        terminalRows: 24,
        terminalColumns: 100,
        interactive: true,
    });
    await outputMatching(process, /# /);
    system.send(FRAME.STDIN, process.channel, text('tty; stty size; echo $((6 * 7))\r'));
    await outputMatching(process, /\/dev\/pts\/0\r\n24 100\r\n42\r\n/);
    const size = Buffer.from([30, 0, 90, 0]);
    system.send(FRAME.TERMINAL_SIZE, process.channel, size);
    system.send(FRAME.STDIN, process.channel, text('stty size\r'));
    await outputMatching(process, /30 90\r\n/);
    // ^C ends what is in the foreground, and not the shell.
    system.send(FRAME.STDIN, process.channel, text('echo begin; sleep 1234\r'));
    await outputMatching(process, /begin\r\n/);
    await prints('', "until ps | grep -q '[s]leep 1234'; do sleep 0.01; done");
    system.send(FRAME.STDIN, process.channel, text('\x03'));
    system.send(FRAME.STDIN, process.channel, text('echo code $?\r'));
    await outputMatching(process, /code 130\r\n/);
    const second = await start(['tty'], { terminal: true });
    assert.deepEqual(await end(second), ended(0));
    assert.equal(output(second), '/dev/pts/1\r\n');
    // What it is called is what engines call it, unless somebody says otherwise.
    await prints('xterm\r\n', 'echo $TERM', { terminal: true });
    await prints('vt100\r\n', 'echo $TERM', { terminal: true, environment: ['TERM=vt100'] });
    await prints('\n', 'echo $TERM');
    system.send(FRAME.STDIN, process.channel, text('exit 6\r'));
    assert.deepEqual(await end(process), ended(6));
    await prints('ptmx\n', 'ls /dev/pts');
});

test('a person who leaves hangs the terminal up', async () => {
    const process = await start(['sh', '-c', 'trap "exit 7" HUP; echo up; while :; do sleep 0.05; done'], {
        terminal: true,
        interactive: true,
    });
    await outputMatching(process, /up/);
    system.send(FRAME.STDIN_END, process.channel);
    assert.deepEqual(await end(process), ended(7));
});

test('what cannot be started says why, with the exit code of engines', async () => {
    for (const [args, more, code, message] of [
        [['none'], {}, 127, 'exec: "none": executable file not found in $PATH'],
        [['/none'], {}, 127, 'exec: "/none": No such file or directory'],
        [['/etc/passwd'], {}, 126, 'exec: "/etc/passwd": Permission denied'],
        [['true'], { workingDirectory: '/none' }, 127, 'chdir to "/none": No such file or directory'],
        [['true'], { workingDirectory: '/etc/passwd' }, 127, 'chdir to "/etc/passwd": Not a directory'],
        [['true'], { user: 'none' }, 125, 'unable to find user none: no matching entries in passwd file'],
        [
            ['true', 'a\0b'],
            {},
            125,
            'an argument or a variable has a zero byte, which no process can receive',
        ],
        [
            ['true'],
            { environment: Array.from({ length: 1025 }, (_, i) => `V${i}=`) },
            125,
            'there are more than 1024 environment variables; give fewer',
        ],
        [['none'], { terminal: true }, 127, 'exec: "none": executable file not found in $PATH'],
    ]) {
        const process = await start(args, more);
        assert.deepEqual(await end(process), { exitCode: code, signal: 0, message });
    }
});

test('a long description comes in pieces', async () => {
    const words = Array.from({ length: 3000 }, (_, number) => `word-${number}`);
    const process = await start(['sh', '-c', 'echo $# $1 ${3000}', 'sh', ...words], {
        environment: Array.from({ length: 1000 }, (_, number) => `V${number}=${number}`),
    });
    assert.deepEqual(await end(process), ended(0));
    assert.equal(output(process), '3000 word-0 word-2999\n');
});

test('a hundred of them leave nothing behind', async () => {
    const round = async (count) => {
        for (let number = 0; number < count; number++) {
            const options = number % 4 === 0 ? { terminal: true } : {};
            assert.deepEqual(await end(await start(['true'], options)), ended(0));
        }
    };
    await round(50);
    const settled = await account();
    await round(100);
    assert.equal(settled.processesNow, 1);
    assert.deepEqual(await account(), settled);
});

test('more than there is memory for: each is told', async () => {
    const processes = [];
    for (let number = 0; number < 40; number++) processes.push(await start(['sleep', '1000']));
    const states = await system.request('ps');
    assert.equal(states.containers[0].state, 'running');
    for (const process of processes) system.send(FRAME.SIGNAL, process.channel, Buffer.from([9]));
    const codes = new Set();
    for (const process of processes) codes.add((await end(process)).exitCode);
    assert.ok(codes.has(137));
    await prints('still\n', 'echo still');
});

test('health checks are such processes', async () => {
    const check = {
        test: ['CMD-SHELL', '[ -e /tmp/well ]'],
        interval: 20,
        timeout: 20_000,
        retries: 2,
        startPeriod: 0,
    };
    const patient = new SystemClient(
        [
            container('patient', ['sh', '-c', 'read line; touch /tmp/well; read line'], {
                interactive: true,
                health: check,
            }),
        ],
        [demo],
        { tag: 'demo' },
    );
    try {
        const healthOf = () => patient.events(1).flatMap(({ health }) => health ?? []);
        await patient.until(() => (healthOf().includes('unhealthy') ? true : undefined));
        patient.send(FRAME.STDIN, 1, text('get well\n'));
        await patient.until(() => (healthOf().includes('healthy') ? true : undefined));
        assert.deepEqual(healthOf(), ['unhealthy', 'healthy']);
        const { container: details } = await patient.request('inspect', { container: 'patient' });
        assert.equal(details.health, 'healthy');
        assert.equal(details.healthCheck.failingStreak, 0);
    } finally {
        patient.kill();
        await patient.off;
    }
});

test('the end of the container is theirs', async () => {
    const process = await shell('echo up; sleep 100');
    await outputMatching(process, /up/);
    system.send(FRAME.STDIN_END, 1);
    assert.deepEqual(await end(process), { exitCode: 137, signal: 9, message: 'the container has ended' });
    assert.equal((await system.exit(1)).exitCode, 5);
});
