// SPDX-License-Identifier: Apache-2.0
//
// Which plots are made of the record: each says one thing.

import { ownerGroups, sumOf, usedBytes } from './measurement.js';
import { barChart, type Chart, type Series } from './plot.js';
import { findPoint, NO_IMAGE, type SystemRecord } from './record.js';
import { firstByte, loadName, measuredLoads } from './results.js';

const MEBIBYTE = 1 << 20;

export interface Plot {
    file: string;
    title: string;
    svg: string;
}

function plot(file: string, chart: Chart): Plot {
    return { file, title: chart.title, svg: barChart(chart) };
}

/** One bar for each system and load. */
function systemSeries(
    systems: readonly SystemRecord[],
    loads: readonly { image: string; containers: number }[],
    value: (system: SystemRecord, load: { image: string; containers: number }) => number | undefined,
): Series[] {
    return systems.map((system) => ({
        name: system.title,
        values: loads.map((load) => value(system, load) ?? null),
    }));
}

function used(system: SystemRecord, image: string, containers: number): number | undefined {
    const point = findPoint(system, image, containers, false);
    return point && usedBytes(point.owners) / MEBIBYTE;
}

/** The plots that the record has figures for. */
export function makePlots(systems: readonly SystemRecord[]): Plot[] {
    const loads = measuredLoads(systems);
    const images = [...new Set(loads.map(({ image }) => image))].filter((image) => image !== NO_IMAGE);
    const plots: Plot[] = images.map((image) => {
        const own = loads.filter((load) => load.image === image || load.containers === 0);
        return plot(`memory-${image}.svg`, {
            title: `Memory in use by the whole machine, idle ${image} containers`,
            axis: 'MiB in use',
            categories: own.map(({ containers }) => String(containers)),
            series: systemSeries(systems, own, (system, load) => used(system, image, load.containers)),
            categoryAxis: 'containers',
            stacked: false,
        });
    });
    for (const image of images) {
        const groups = ownerGroups.filter((group) => group !== 'free');
        const shown = systems.filter((system) => findPoint(system, image, 1, false) !== undefined);
        plots.push(
            plot(`owners-${image}.svg`, {
                title: `Whose the memory is with one idle ${image} container`,
                axis: 'MiB in use',
                categories: shown.map(({ title }) => title),
                series: groups.map((group) => ({
                    name: group,
                    values: shown.map(({ points }) => {
                        const point = points.find(
                            (one) => one.image === image && one.containers === 1 && !one.smallest,
                        )!;
                        return sumOf(point.owners.filter((owner) => owner.group === group)) / MEBIBYTE;
                    }),
                })),
                stacked: true,
            }),
        );
    }
    const searched = loads.filter(({ image, containers }) =>
        systems.some((system) => findPoint(system, image, containers, true) !== undefined),
    );
    if (searched.length > 0) {
        plots.push(
            plot('smallest.svg', {
                title: 'The least memory with which the machine still runs them',
                axis: 'MiB (QEMU -m)',
                categories: searched.map(loadName),
                series: systemSeries(
                    systems,
                    searched,
                    (system, { image, containers }) => findPoint(system, image, containers, true)?.mebibytes,
                ),
                stacked: false,
            }),
        );
    }
    const timed = loads.filter(({ containers }) => containers > 0 && containers <= 16);
    plots.push(
        plot('first-byte.svg', {
            title: "Power-on to the last container's first byte",
            axis: "seconds from QEMU's start",
            categories: timed.map(loadName),
            series: systemSeries(systems, timed, (system, { image, containers }) => {
                const time = firstByte(findPoint(system, image, containers, false), containers - 1);
                return time && time / 1000;
            }),
            stacked: false,
        }),
        plot('disk.svg', {
            title: 'What is booted, on disk',
            axis: 'MiB',
            categories: [NO_IMAGE, ...images].map((image) => (image === NO_IMAGE ? 'no image' : image)),
            series: systems.map(({ title, booted }) => ({
                name: title,
                values: [NO_IMAGE, ...images].map((image) => {
                    const files = booted.find((one) => one.image === image)?.files;
                    return files === undefined
                        ? null
                        : files.reduce((sum, { bytes }) => sum + bytes, 0) / MEBIBYTE;
                }),
            })),
            stacked: false,
        }),
    );
    return plots;
}
