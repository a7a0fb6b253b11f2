// SPDX-License-Identifier: Apache-2.0
//
// The manager's service against sentries of the tests' own: one that looks at what it was given, one that has been taken over.
// Whatever a sentry does, the manager answers or ends the container, takes every byte back, and reports.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { run, writeLayout } from './images.mjs';
import { buildRuntime } from './runtimes.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEntry, tarEnd } from './tar.mjs';

const ENOENT = 2;
const EINVAL = 22;

let folder;
const runtimes = {};

before(() => {
    for (const sentry of ['testSentry', 'hostileSentry']) runtimes[sentry] = buildRuntime('sentry', sentry);
    const lower = [
        tarEntry({ name: 'etc/', type: '5' }),
        tarEntry({ name: 'etc/one', content: 'x'.repeat(5000) }),
        tarEnd(),
    ];
    const upper = [tarEntry({ name: 'etc/.wh.one' }), tarEntry({ name: 'two' }), tarEnd()];
    folder = writeLayout('service', [{ bytes: Buffer.concat(lower) }, { bytes: Buffer.concat(upper) }]);
});

/** Runs a sentry; its statistics are taken off stderr and checked. */
function runSentry(sentry, mode, options = [], image = folder) {
    const result = run(image, {
        options: ['--stats-json', ...options],
        command: [mode],
        environment: { SEALIFT_RUNTIME: runtimes[sentry] },
    });
    const lines = result.stderr.trim().split('\n');
    const statistics = JSON.parse(lines.pop());
    const sum = (owners) => owners.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(sum(statistics.owners), statistics.machineMemory);
    assert.ok(!statistics.owners.some(({ owner }) => owner === 'not accounted for'));
    assert.equal(sum(statistics.container.owners), statistics.container.memoryLimit);
    assert.equal(statistics.freed.returned, statistics.freed.carved);
    assert.equal(statistics.freed.carved, statistics.container.memoryLimit);
    return { ...result, stderr: lines.join('\n'), statistics };
}

test('a sentry finds its configuration, its memory and the layers', () => {
    const { status, stdout } = runSentry('testSentry', 'word', [
        '--memory',
        '5m',
        '-e',
        'A=1',
        '--hostname',
        'box',
    ]);
    assert.equal(status, 3);
    assert.match(stdout, /^valid 1 limit 5242880$/m);
    assert.match(stdout, /^argument word$/m);
    assert.match(stdout, /^environment HOSTNAME=box$/m);
    assert.match(stdout, /^environment A=1$/m);
    assert.match(stdout, /^layer 0 error 0 mapped 1 valid 1 inodes 3 entries 2 pages 2$/m);
    assert.match(stdout, /^layer 1 error 0 mapped 1 valid 1 inodes 3 entries 3 pages 0$/m);
    assert.match(stdout, /^root etc two$/m);
    assert.match(stdout, /^unknown request 38$/m);
});

test('a limit that is no power of two is carved from several untypeds', () => {
    for (const limit of ['3m', '7m', '100m', '129m', '333m']) {
        const { status, statistics } = runSentry('testSentry', 'word', ['--memory', limit]);
        assert.equal(status, 3);
        const bytes = Number.parseInt(limit) * 1024 * 1024;
        assert.ok(statistics.container.memoryLimit >= bytes, limit);
        assert.ok(statistics.container.memoryLimit <= bytes * 1.07, limit);
    }
});

test('a sentry that asks for what it must not get is answered', () => {
    const { status, stdout, stderr } = runSentry('hostileSentry', 'ask');
    assert.equal(stderr, '');
    assert.equal(status, 0);
    const answers = Object.fromEntries(
        stdout
            .trim()
            .split('\n')
            .map((line) => [line.replace(/ \d+$/, ''), Number(line.match(/\d+$/)[0])]),
    );
    const refused = [
        'write too much',
        'log too much',
        'frames of no layer',
        'too many frames',
        'frames beyond the layer',
        'frames that wrap',
        'frames into a slot in use',
        'frames into no CNode',
        'index beyond the layer',
        'code of no layer',
        'code beyond the layer',
        'CPU time for a thread',
        'CPU time for nothing',
        'an address space for nothing',
    ];
    for (const request of refused) assert.equal(answers[request], EINVAL, request);
    assert.equal(answers['code without system calls'], ENOENT);
    assert.notEqual(answers['an address space for an endpoint'], 0);
    assert.equal(answers['an unknown request'], 38);
    for (const request of [
        'write without words',
        'read everything',
        'a timer in the past',
        'a timer never',
        'still there',
    ]) {
        assert.equal(answers[request], 0, request);
    }
});

test('patched code cannot be written, and a sentry gets no more of it than the store is worth', () => {
    const pages = Array.from({ length: 20 }, (_, number) => {
        const page = Buffer.alloc(4096, 0x90);
        page.set([0x0f, 0x05]);
        page[4095] = number;
        return page.toString('latin1');
    });
    const code = tarEntry({ name: 'code', content: pages.join('') });
    const image = writeLayout('code', [{ bytes: Buffer.concat([code, tarEnd()]) }]);
    const { status, stdout, stderr, statistics } = runSentry('hostileSentry', 'code', [], image);
    // Each variant of a page is another, but for page 0, which has none before it.
    const made = 16;
    const granted = made + 2;
    assert.equal(
        stdout,
        [
            `code into a slot in use ${EINVAL}`,
            `code into no CNode ${EINVAL}`,
            `pages of code ${granted}`,
            'mapped 0',
            'patched 1',
            '',
        ].join('\n'),
    );
    assert.match(stderr, /sentry failed: .*writeSharedCode/s);
    assert.equal(status, 125);
    const { bytes } = statistics.owners.find(({ owner }) => owner === 'layer store: patched code');
    assert.equal(bytes, made * 4096);
});

test('absurd ends are made into exit codes', () => {
    assert.equal(runSentry('hostileSentry', 'exit').status, 128 + 127);
    assert.equal(runSentry('hostileSentry', 'fail').status, 0x7e);
});

test('a sentry that traps ends its container with the reason', () => {
    for (const [mode, pattern] of [
        ['touch', /sentry failed: .*\n.*main/],
        ['abort', /sentry failed: .*the test wants it/],
        ['recurse', /sentry failed: .*recurse/s],
        ['return', /sentry failed: .*returned from main/],
    ]) {
        const { status, stderr } = runSentry('hostileSentry', mode);
        assert.equal(status, 125, mode);
        assert.match(stderr, pattern, mode);
    }
});

test('a sentry that traps beside others: its memory comes back, and they go on', async () => {
    const TICKING = 1;
    const TRAPPING = 2;
    const LIMIT = 4 << 20;
    const system = new SystemClient(
        [
            container('ticking', ['tick'], { memory: LIMIT }),
            container('trapping', ['abort'], { memory: LIMIT }),
        ],
        [folder],
        { memory: 64, environment: { SEALIFT_RUNTIME: runtimes.hostileSentry } },
    );
    const ticks = () => Number(/tick (\d+) \d\n$/.exec(system.output(TICKING))?.[1] ?? 0);
    const moreTicks = async () => {
        const before = ticks();
        await system.until(() => (ticks() >= before + 3 ? true : undefined), 'more ticks');
    };
    /** The account, which must add up with nothing but the ticking container carved from it; what is free. */
    const freeBytes = async () => {
        const { machineMemory, owners, containers } = await system.request('stats');
        const bytes = (name) => owners.find(({ owner }) => owner === name)?.bytes ?? 0;
        assert.equal(
            owners.reduce((total, entry) => total + entry.bytes, 0),
            machineMemory,
        );
        assert.equal(bytes('containers'), LIMIT);
        assert.deepEqual(
            containers.map(({ name }) => name),
            ['ticking'],
        );
        return bytes('free');
    };
    try {
        const { exitCode, message } = await system.exit(TRAPPING);
        assert.equal(exitCode, 125);
        assert.match(message, /sentry failed: .*the test wants it.*; this is a defect of Sealift/s);
        await moreTicks();
        const free = await freeBytes();
        for (let start = 0; start < 3; start++) {
            const from = system.frames.length;
            assert.deepEqual(await system.request('start', { container: 'trapping' }), {});
            assert.equal((await system.exit(TRAPPING, from)).exitCode, 125);
            await moreTicks();
            assert.equal(await freeBytes(), free);
        }
        const { containers } = await system.request('ps');
        assert.deepEqual(
            containers.map(({ name, state, exitCode: code }) => [name, state, code]),
            [
                ['ticking', 'running', 0],
                ['trapping', 'exited', 125],
            ],
        );
        assert.ok(!system.frames.some(({ type }) => type === FRAME.FAILED));
    } finally {
        system.kill();
        await system.off;
    }
});

test('a sentry that revokes and deletes all it can reach takes nothing with it', () => {
    // Its thread still has its CSpace and ends in order; runSentry checks that every byte came back.
    assert.equal(runSentry('hostileSentry', 'suicide').status, 0);
});

test('an image with a large configuration does not exhaust the heap', () => {
    let number = 0;
    for (const [config, pattern] of [
        [
            { Cmd: ['/x'], Env: Array.from({ length: 2000 }, (_, i) => `V${i}=${'x'.repeat(20)}`) },
            /more than 65536 bytes together/,
        ],
        [
            {
                Cmd: ['/x'],
                Labels: Object.fromEntries(Array.from({ length: 16000 }, (_, i) => [`l${i}`, ''])),
            },
            null,
        ],
        [{ Cmd: ['/x'], Other: Array.from({ length: 16000 }, () => 0) }, null],
        [{ Cmd: ['/x'], Other: Array.from({ length: 20000 }, () => 0) }, /more than 16384 values/],
        [{ Cmd: ['/x'], Other: 'x'.repeat(600_000) }, /at most 524288 are read/],
    ]) {
        const large = writeLayout(`large-${number++}`, [{ bytes: tarEnd() }], () => {}, config);
        const { status, stderr } = run(large, { environment: { SEALIFT_RUNTIME: runtimes.testSentry } });
        if (pattern) assert.match(stderr, pattern);
        assert.equal(status, pattern ? 125 : 3, stderr);
    }
});
