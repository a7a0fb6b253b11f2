// SPDX-License-Identifier: Apache-2.0
//
// Tables and plots of the bench of memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisTicks, barChart, shortNumber } from '../../bench/memory/plot.js';
import { makePlots } from '../../bench/memory/plots.js';
import { mergeRecords, type Point, type SystemRecord } from '../../bench/memory/record.js';
import { markdown, ownersCsv, timesCsv } from '../../bench/memory/results.js';

const MEBIBYTE = 1 << 20;

function point(containers: number, used: number, firstBytes: number[][], smallest = false): Point {
    const mebibytes = smallest ? used + 10 : 512;
    return {
        image: containers === 0 ? 'none' : 'busybox',
        containers,
        mebibytes,
        smallest,
        owners: [
            { owner: 'kernel, "all" of it', group: 'kernel', bytes: used * MEBIBYTE },
            { owner: 'free', group: 'free', bytes: (mebibytes - used) * MEBIBYTE },
        ],
        firstBytes,
    };
}

const system: SystemRecord = {
    name: 'crun',
    title: 'Linux, crun',
    step: 2,
    date: '2026-11-28',
    conditions: ['a kernel', 'an engine'],
    booted: [{ image: 'busybox', files: [{ file: 'kernel', bytes: 3 * MEBIBYTE }] }],
    points: [
        point(0, 40, [[]]),
        point(1, 42, [[1000], [3000], [2000]]),
        point(5, 50, [[1, 2, 3, 4, 5000]]),
        point(1, 42, [[900]], true),
    ],
    refusals: [
        { image: 'busybox', containers: 64, mebibytes: 512, silent: true },
        { image: 'busybox', containers: 256, mebibytes: 512, silent: false },
    ],
};

test('CSV of owners: a line each, commas and quotes kept in their field', () => {
    const lines = ownersCsv([system]).trimEnd().split('\n');
    assert.equal(lines.length, 1 + 4 * 2);
    assert.equal(lines[0], 'system,image,containers,machine_mib,smallest,group,owner,bytes');
    assert.equal(lines[1], `crun,none,0,512,0,kernel,"kernel, ""all"" of it",${40 * MEBIBYTE}`);
    assert.ok(lines.at(-1)!.startsWith('crun,busybox,1,52,1,free,free,'));
});

test('CSV of times: the median over the rounds for each container, not of the smallest machine', () => {
    const lines = timesCsv([system]).trimEnd().split('\n');
    assert.equal(lines[1], 'crun,busybox,1,1,2000,1000,3000,3');
    assert.equal(lines.at(-1), 'crun,busybox,5,5,5000,5000,5000,1');
    assert.equal(lines.length, 1 + 1 + 5);
});

test('Markdown: what is in use, what one more container takes, what does not fit', () => {
    const text = markdown([system], [{ file: 'a.svg', title: 'A plot' }]);
    assert.match(text, /\| no container \| 40\.0 \|/);
    assert.match(text, /\| 1 × busybox \| 42\.0 \|/);
    assert.match(text, /\| 64 × busybox \| fell silent \|/);
    assert.match(text, /\| 256 × busybox \| does not fit \|/);
    assert.match(text, /\| busybox \| 2\.00 \|/); // (50 - 42) MiB for four more
    assert.match(text, /\| 1 × busybox \| 52 \|/); // the smallest
    assert.match(text, /\| 5 × busybox \| 1, 5000 \|/);
    assert.match(text, /!\[A plot\]\(a\.svg\)/);
    assert.match(text, /a kernel; an engine\./);
});

test('a system that was measured again replaces its former figures, in the order of names', () => {
    const other = { ...system, name: 'podman' };
    const again = { ...system, date: '2026-12-01' };
    const merged = mergeRecords([other, system], [again], ['sealift', 'crun', 'podman']);
    assert.deepEqual(
        merged.map(({ name, date }) => [name, date]),
        [
            ['crun', '2026-12-01'],
            ['podman', '2026-11-28'],
        ],
    );
});

test('a system that is measured again in part keeps the rest on demand, and says of when it is', () => {
    const again = { ...system, date: '2026-12-01', points: [point(1, 43, [[900]])], refusals: [] };
    const [merged] = mergeRecords([system], [again], ['crun'], true);
    const used = (containers: number): number =>
        merged!.points.find((one) => one.containers === containers && !one.smallest)!.owners[0]!.bytes /
        MEBIBYTE;
    assert.deepEqual([0, 1, 5].map(used), [40, 43, 50]);
    assert.match(
        merged!.conditions.at(-1)!,
        /of an earlier measurement, 2026-11-28, and its conditions: 0 × none, 5 × busybox/,
    );
});

test('ticks begin at 0, reach the largest value and are few', () => {
    for (const most of [0.3, 1, 7, 68.1, 157.6, 512, 100458]) {
        const ticks = axisTicks(most);
        assert.equal(ticks[0], 0);
        assert.ok(ticks.at(-1)! >= most && ticks.at(-2)! < most, `${most}: ${ticks.join()}`);
        assert.ok(ticks.length >= 4 && ticks.length <= 9, `${most}: ${ticks.join()}`);
    }
    assert.deepEqual(axisTicks(157.6), [0, 50, 100, 150, 200]);
    assert.deepEqual(['0', '0.45', '12.7', '146'], [0, 0.45, 12.7, 145.8].map(shortNumber));
});

/** Every element is closed, in order; attributes are quoted. */
function assertWellFormed(svg: string): void {
    const open: string[] = [];
    const rest = svg.replace(
        /<(\/?)(\w+)((?: [\w-]+="[^"<]*")*)(\/?)>/g,
        (_, end, name: string, _a, empty) => {
            if (end === '/') assert.equal(open.pop(), name);
            else if (empty !== '/') open.push(name);
            return '';
        },
    );
    assert.deepEqual(open, []);
    assert.ok(!/[<>]/.test(rest), rest);
    assert.ok(!/&(?!amp;|lt;|gt;|quot;)/.test(rest), rest);
}

test('a chart has a bar for each value, as high as the value, and a mark where there is none', () => {
    const svg = barChart({
        title: 'Less <is> "more" & more',
        axis: 'MiB',
        categories: ['1', '2'],
        series: [
            { name: 'one', values: [10, 20] },
            { name: 'two', values: [40, null] },
        ],
        stacked: false,
    });
    assertWellFormed(svg);
    const heights = [...svg.matchAll(/<rect [^>]*height="([\d.]+)" fill="#(?!ffffff)/g)].map((match) =>
        Number(match[1]),
    );
    // The first two are the legend's.
    assert.equal(heights.length, 2 + 3);
    const [ten, forty, twenty] = heights
        .slice(2)
        .sort((a, b) => a - b)
        .map((height) => height);
    assert.ok(Math.abs(forty! / ten! - 2) < 0.02 && Math.abs(twenty! / ten! - 4) < 0.02);
    assert.ok(svg.includes('>–</text>'));
});

test('stacked bars carry their sum', () => {
    const svg = barChart({
        title: 'Sum',
        axis: 'MiB',
        categories: ['all'],
        series: [
            { name: 'one', values: [10] },
            { name: 'two', values: [32] },
        ],
        stacked: true,
    });
    assertWellFormed(svg);
    assert.ok(svg.includes('>42.0</text>'));
});

test('the plots of a record', () => {
    const plots = makePlots([system]);
    assert.deepEqual(
        plots.map(({ file }) => file),
        ['memory-busybox.svg', 'owners-busybox.svg', 'smallest.svg', 'first-byte.svg', 'disk.svg'],
    );
    for (const { svg } of plots) assertWellFormed(svg);
});
