// SPDX-License-Identifier: Apache-2.0
//
// Several containers on platform/linux, through the control channel: who waits for whom, who is started again, what stops when, and
// that the account adds up in between.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';

const demo = join(root, 'build', 'images', 'demo');

/** Boots the containers, does `body`, and sees that nothing is left of the machine. */
async function withSystem(containers, body, options = {}) {
    const system = new SystemClient(containers, [demo], { tag: 'demo', ...options });
    try {
        await body(system);
    } finally {
        system.kill();
        await system.off;
    }
}

const shell = (name, script, more) => container(name, ['sh', '-c', script], more);
const idle = (name, more) => shell(name, 'read line', { interactive: true, ...more });
const names = (events) => events.map(({ event }) => event);

async function stateOf(system, name) {
    const { containers } = await system.request('ps');
    return containers.find((entry) => entry.name === name);
}

/** The account, checked: its sums are the machine's memory and the containers' limits. */
async function account(system) {
    const stats = await system.request('stats');
    const sum = (owners) => owners.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(sum(stats.owners), stats.machineMemory);
    assert.ok(!stats.owners.some(({ owner }) => owner === 'not accounted for'));
    for (const { owners, memoryLimit } of stats.containers) assert.equal(sum(owners), memoryLimit);
    return stats;
}

const bytesOf = (stats, name) => stats.owners.find(({ owner }) => owner === name)?.bytes ?? 0;

test('containers of one image run side by side, and each has its own memory and console', async () => {
    await withSystem(
        [shell('one', 'echo I am $HOSTNAME; read x; exit 3', { interactive: true }), idle('two')],
        async (system) => {
            await system.outputMatching(1, /I am one\n/);
            await system.frameOf(FRAME.CREDIT, 2);
            const { container: inspected } = await system.request('inspect', { container: 'one' });
            assert.equal(inspected.processes, 1);
            assert.equal((await stateOf(system, 'two')).processes, 1);
            const stats = await account(system);
            assert.deepEqual(
                stats.containers.map(({ name, memoryLimit, stale }) => [name, memoryLimit, stale]),
                [
                    ['one', 4 << 20, false],
                    ['two', 4 << 20, false],
                ],
            );
            assert.deepEqual(
                stats.containers.map(({ processesNow }) => processesNow),
                [1, 1],
            );
            assert.equal(bytesOf(stats, 'containers'), 8 << 20);
            system.send(FRAME.STDIN, 1, Buffer.from('end\n'));
            assert.equal((await system.exit(1)).exitCode, 3);
            assert.equal(system.output(2), '');
            assert.equal((await stateOf(system, 'two')).state, 'running');
            assert.equal(bytesOf(await account(system), 'containers'), 4 << 20);
        },
    );
});

test('the layers of an image are in memory once, whatever the number of containers', async () => {
    const layerBytes = async (count) => {
        const containers = Array.from({ length: count }, (_, number) => idle(`idle-${number}`));
        let bytes = 0;
        await withSystem(containers, async (system) => {
            for (let number = 1; number <= count; number++) await system.frameOf(FRAME.CREDIT, number);
            const stats = await account(system);
            bytes = bytesOf(stats, 'layer store: files') + bytesOf(stats, 'layer store: indexes');
            assert.equal(stats.containers.length, count);
        });
        return bytes;
    };
    assert.equal(await layerBytes(5), await layerBytes(1));
});

test('a container starts after what it depends on, and ends before it', async () => {
    await withSystem(
        [
            shell('setup', 'echo ready; exit 0'),
            idle('server', {
                dependsOn: [{ container: 'setup', condition: 'service_completed_successfully' }],
            }),
            idle('client', { dependsOn: [{ container: 'server', condition: 'service_started' }] }),
        ],
        async (system) => {
            await system.frameOf(FRAME.EVENT, 3);
            const started = system.frames
                .filter(({ type }) => type === FRAME.EVENT)
                .map(({ channel, payload }) => [channel, JSON.parse(payload).event]);
            assert.deepEqual(started, [
                [1, 'start'],
                [1, 'die'],
                [2, 'start'],
                [3, 'start'],
            ]);
            await system.down();
            const ends = system.frames
                .filter(({ type }) => type === FRAME.EXIT)
                .map(({ channel }) => channel);
            assert.deepEqual(ends, [1, 3, 2]);
        },
    );
});

test('what depends on a container that failed is not started, and says so', async () => {
    await withSystem(
        [
            shell('setup', 'exit 4'),
            idle('server', {
                dependsOn: [{ container: 'setup', condition: 'service_completed_successfully' }],
            }),
        ],
        async (system) => {
            const { exitCode, message } = await system.exit(2);
            assert.equal(exitCode, 125);
            assert.equal(message, 'it depends on setup, which has ended with exit code 4; see its log');
            // The event comes behind the EXIT.
            await system.until(() => (system.events(2).length > 0 ? true : undefined), 'an event');
            assert.deepEqual(names(system.events(2)), ['die']);
        },
    );
});

test("the processor time of a container without a limit is its threads' as well", async () => {
    // A second of the processor, in ticks of 10 ms, as the container sees it: far more than its sentry takes meanwhile.
    const script = `while set -- $(cat /proc/$$/stat); [ \${14} -lt 100 ]; do
            i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done
        done
        echo used; read line`;
    await withSystem([shell('busy', script, { interactive: true })], async (system) => {
        await system.outputMatching(1, /used\n/);
        const [{ cpuMicroseconds }] = (await account(system)).containers;
        assert.ok(cpuMicroseconds >= 1_000_000, `${cpuMicroseconds} µs`);
    });
});

test('restart policies', async () => {
    await withSystem(
        [
            shell('fails', 'echo x; exit 1', { restart: 'on-failure', restartMaximum: 2 }),
            shell('ends well', 'echo x', { restart: 'on-failure' }),
            shell('always', 'echo x', { restart: 'always' }),
            shell('no', 'exit 1'),
        ],
        async (system) => {
            await system.outputMatching(3, /x\nx\nx\n/);
            // Events come behind the EXIT that they are about.
            const deaths = (channel) => names(system.events(channel)).filter((name) => name === 'die').length;
            await system.until(
                () => (deaths(1) === 3 && deaths(2) === 1 && deaths(4) === 1 ? true : undefined),
                'the ends of the containers',
            );
            assert.deepEqual(names(system.events(1)), [
                'start',
                'die',
                'restart',
                'start',
                'die',
                'restart',
                'start',
                'die',
            ]);
            const delays = system.events(1).flatMap(({ delay }) => delay ?? []);
            assert.deepEqual(delays, [100, 200]);
            assert.deepEqual(names(system.events(2)), ['start', 'die']);
            assert.deepEqual(names(system.events(4)), ['start', 'die']);
            assert.equal((await stateOf(system, 'fails')).restarts, 2);
            await system.request('stop', { container: 'always', timeout: 0 });
            await system.until(() => (names(system.events(3)).includes('stop') ? true : undefined));
            assert.equal((await stateOf(system, 'always')).state, 'exited');
        },
    );
});

test('stop gives a container its grace period, then ends it', async () => {
    await withSystem(
        [
            shell('polite', 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done'),
            shell('deaf', 'trap "" TERM; echo up; while :; do sleep 0.05; done', { stopGracePeriod: 300 }),
            shell('signalled', 'trap "exit 8" USR1; echo up; while :; do sleep 0.05; done', {
                stopSignal: 10,
            }),
        ],
        async (system) => {
            for (const channel of [1, 2, 3]) await system.outputMatching(channel, /up/);
            assert.deepEqual(await system.request('stop', { container: 'polite' }), {});
            assert.equal((await system.exit(1)).exitCode, 7);
            await system.request('stop', { container: 3 });
            assert.equal((await system.exit(3)).exitCode, 8);
            await system.request('stop', { container: 'deaf' });
            assert.equal((await stateOf(system, 'deaf')).state, 'stopping');
            assert.deepEqual(await system.exit(2), { status: 9, exitCode: 137, signal: 9, message: '' });
            const events = () => names(system.events(2));
            await system.until(() => (events().includes('stop') ? true : undefined));
            assert.deepEqual(events(), ['start', 'die', 'stop']);
        },
    );
});

test('start, kill and rm', async () => {
    await withSystem([idle('one'), idle('two')], async (system) => {
        await system.frameOf(FRAME.CREDIT, 2);
        assert.match(
            (await system.request('rm', { container: 'one' })).error,
            /one runs; stop it first, or use force/,
        );
        assert.match((await system.request('start', { container: 'one' })).error, /runs already/);
        await system.request('kill', { container: 'one', signal: 9 });
        assert.equal((await system.exit(1)).exitCode, 137);
        assert.match(
            (await system.request('kill', { container: 'one' })).error,
            /one does not run; start it first/,
        );
        const from = system.frames.length;
        assert.deepEqual(await system.request('start', { container: 'one' }), {});
        await system.frameOf(FRAME.CREDIT, 1, from);
        assert.deepEqual(await system.request('rm', { container: 'one', force: true }), {});
        const { containers } = await system.request('ps');
        assert.deepEqual(
            containers.map(({ name }) => name),
            ['two'],
        );
        assert.match(
            (await system.request('inspect', { container: 'one' })).error,
            /there is no container "one"/,
        );
    });
});

test('a request that makes no sense is answered by a sentence, and nothing changes', async () => {
    await withSystem([idle('one')], async (system) => {
        await system.frameOf(FRAME.CREDIT, 1);
        const answer = async (text, size) => {
            const from = system.frames.length;
            system.sendDocument(text, size);
            const { payload } = await system.frameOf(FRAME.RESPONSE, 0, from);
            return JSON.parse(payload).error;
        };
        assert.match(await answer('{'), /^the request: /);
        assert.match(await answer('[]'), /^the request is not a JSON object/);
        assert.match(await answer('{"id":1,"op":"fly"}'), /there is no request "fly"/);
        assert.match(await answer('{"id":1,"op":"ps","all":true}'), /has a "all", which is not known/);
        assert.match(
            await answer('{"id":1,"op":"stop","container":["one"]}'),
            /where a name or a number is expected/,
        );
        assert.match(
            await answer('{"id":1,"op":"kill","container":"one","signal":99}'),
            /"signal" that is none/,
        );
        assert.match(await answer(`{"id":1,"op":"${'x'.repeat(132_000)}"}`), /at most 128 KiB/);
        // In pieces of a byte, too.
        assert.match(await answer('{"id":7,"op":"no"}', 1), /there is no request "no"/);
        assert.equal((await stateOf(system, 'one')).state, 'running');
    });
});

/** How often a container is started and ended; `npm run test:cycles` does it 10,000 times. */
const CYCLES = Number(process.env.SEALIFT_TEST_CYCLES ?? 60);

test('ending and starting containers leaves the free memory where it was', async () => {
    await withSystem([idle('base'), shell('cycled', 'exit 0')], async (system) => {
        const cycle = async () => {
            const from = system.frames.length;
            assert.deepEqual(await system.request('start', { container: 'cycled' }), {});
            assert.equal((await system.exit(2, from)).exitCode, 0);
        };
        await system.exit(2);
        for (let round = 0; round < 10; round++) await cycle();
        const before = await account(system);
        for (let round = 0; round < CYCLES; round++) await cycle();
        const after = await account(system);
        assert.deepEqual(after.owners, before.owners);
    });
});
