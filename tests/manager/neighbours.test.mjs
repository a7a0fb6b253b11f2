// SPDX-License-Identifier: Apache-2.0
//
// Limits hold: what a container does to get more than its share fails there, or ends it, and changes nothing for the one beside it. That one
// does all the time what could be spoilt, and measures how late it wakes up. Nothing is asserted about times, which are shown.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { writeLayout } from './images.mjs';
import { programEntry } from './programs.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const METER = 1;
const GREEDY = 2;
/** Rounds of the meter after the other one has got all that it gets. */
const ROUNDS = 60;

let layout;

before(() => {
    const bytes = Buffer.concat([
        tarEntry({ name: 'tmp/', type: '5', mode: 0o777 }),
        programEntry('neighbour'),
        tarEnd(),
    ]);
    layout = writeLayout('neighbours', [{ bytes }]);
});

/** Lines of the meter: {round, late}. A line of another kind is a failure of it. */
function roundsOf(system) {
    const lines = system.output(METER).split('\n').slice(0, -1);
    return lines.map((line) => {
        const match = /^round (\d+) late (-?\d+)$/.exec(line);
        assert.ok(match, `the meter failed: ${line}`);
        return { round: Number(match[1]), late: Number(match[2]) };
    });
}

/** Waits until the meter has done `count` more rounds. */
async function moreRounds(system, count) {
    const first = roundsOf(system).at(-1)?.round ?? 0;
    await system.until(
        () => ((roundsOf(system).at(-1)?.round ?? 0) >= first + count ? true : undefined),
        `round ${first + count}`,
    );
}

/** The kernel of a container may end it where it has nothing left to say no with. */
function hasEnded(system) {
    return (
        system.events(GREEDY).some(({ event }) => event === 'stop' || event === 'die') &&
        !system.events(GREEDY).some(({ event }) => event === 'restart')
    );
}

/** A container that takes `what` beside the meter. `has` is what it says when it has got all. */
async function beside(t, what, has, { options = {}, after = () => undefined } = {}) {
    const system = new SystemClient(
        [
            container('meter', ['/neighbour', 'meter'], { memory: 8 << 20 }),
            container('greedy', ['/neighbour', what], { memory: 12 << 20, ...options }),
        ],
        [layout],
        { memory: 64 },
    );
    try {
        await moreRounds(system, 10);
        await system.until(
            () => (has.test(system.output(GREEDY)) || hasEnded(system) ? true : undefined),
            `output ${has}`,
        );
        await moreRounds(system, ROUNDS);
        const late = roundsOf(system).map((entry) => entry.late);
        t.diagnostic(
            `${what}: the meter woke up at most ${Math.max(...late)} µs late; the other says: ${system.output(GREEDY).trim().split('\n').at(-1)}`,
        );
        await after(system);
        const { containers } = await system.request('ps');
        assert.equal(containers[0].state, 'running');
        // What the other had is free again.
        const before = await system.request('stats');
        await system.request('rm', { container: 'greedy', force: true });
        const stats = await system.request('stats');
        assert.equal(stats.owners.find(({ owner }) => owner === 'containers').bytes, 8 << 20);
        assert.ok(before.containers.length >= stats.containers.length);
        assert.ok(
            !system.frames.some(({ type, payload }) => type === FRAME.LOG && payload.includes('came back')),
        );
    } finally {
        system.kill();
        await system.off;
    }
}

test('descriptors: the container gets errors', (t) => beside(t, 'descriptors', /greedy: descriptors \d+\n/));

test('memory: the container is ended, started again, and ended again', (t) =>
    beside(t, 'memory', /greedy: memory\ngreedy: memory\n/, {
        options: { restart: 'always' },
        after: (system) => {
            assert.match(system.output(GREEDY, FRAME.LOG), /is killed: it has 12 MiB/);
            assert.ok(
                system.events(GREEDY).some(({ event, exitCode }) => event === 'die' && exitCode === 137),
            );
        },
    }));

for (const what of ['processes', 'threads', 'files', 'sockets'])
    test(`${what}: the container gets errors, or is ended`, (t) =>
        beside(t, what, new RegExp(`greedy: ${what} \\d+\n`)));

test('CPU time, limited: the container has its share and no more', (t) =>
    beside(t, 'time', /greedy: time\n/, { options: { nanoCpus: 250_000_000 } }));

test('CPU time, not limited: both get on', (t) => beside(t, 'time', /greedy: time\n/));

test('system calls and timers: both get on', (t) => beside(t, 'attention', /greedy: attention\n/));
