// SPDX-License-Identifier: Apache-2.0
//
// Bar charts as SVG, written without a library: bars side by side or on top of one another, with the value on each.

/** Bars of one colour; null where there is no value. */
export interface Series {
    name: string;
    values: readonly (number | null)[];
}

export interface Chart {
    /** What the chart says. */
    title: string;
    /** What the value axis counts, with the unit. */
    axis: string;
    categories: readonly string[];
    /** What the categories are; not needed where their names say it. */
    categoryAxis?: string;
    series: readonly Series[];
    /** Bars of a category on top of one another instead of side by side. */
    stacked: boolean;
}

const WIDTH = 860;
const HEIGHT = 440;
const LEFT = 70;
const RIGHT = 20;
const TOP = 84;
const BOTTOM = 56;

/** Okabe and Ito's colours, which people tell apart whatever colours they see. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#999999'];
/** What is read on a bar of each colour. */
const inks = ['#fff', '#111', '#fff', '#111', '#111'];

function escaped(text: string): string {
    return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Three digits, which are as many as a bar shows. */
export function shortNumber(value: number): string {
    if (value === 0) return '0';
    if (value >= 100) return value.toFixed(0);
    return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Multiples of 1, 2 or 5 times a power of ten: from 0 to at least `most`, four to eight of them. */
export function axisTicks(most: number): number[] {
    if (!(most > 0)) return [0, 1];
    const power = 10 ** Math.floor(Math.log10(most / 4));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => most / size <= 7)!;
    const ticks = [0];
    while (ticks.at(-1)! < most) ticks.push(Number((ticks.length * step).toPrecision(6)));
    return ticks;
}

function text(x: number, y: number, content: string, attributes: string): string {
    return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function bar(x: number, y: number, width: number, height: number, colour: string): string {
    return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="${colour}"/>`;
}

/** The names of the series with their colours, in one line below the title. */
function legend(series: readonly Series[]): string[] {
    let x = LEFT;
    return series.flatMap(({ name }, index) => {
        const parts = [
            bar(x, 46, 12, 12, colours[index]!),
            text(x + 17, 56, name, 'font-size="13" fill="#222"'),
        ];
        x += 40 + name.length * 7.2;
        return parts;
    });
}

function sumAt(series: readonly Series[], category: number): number {
    return series.reduce((sum, { values }) => sum + (values[category] ?? 0), 0);
}

/** The chart as a document. */
export function barChart(chart: Chart): string {
    const { categories, series, stacked } = chart;
    if (series.length > colours.length) throw new RangeError(`a chart has at most ${colours.length} series`);
    const sums = categories.map((_, category) => sumAt(series, category));
    const values = series.flatMap((one) => one.values.map((value) => value ?? 0));
    const ticks = axisTicks(Math.max(...(stacked ? sums : values)));
    const most = ticks.at(-1)!;
    const bottom = HEIGHT - BOTTOM;
    const y = (value: number): number => bottom - (value / most) * (bottom - TOP);
    const parts: string[] = [
        bar(0, 0, WIDTH, HEIGHT, '#ffffff'),
        text(LEFT, 28, chart.title, 'font-size="17" font-weight="bold" fill="#111"'),
        ...legend(series),
    ];
    for (const tick of ticks) {
        parts.push(
            `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="${tick === 0 ? '#333' : '#ddd'}"/>`,
            text(LEFT - 8, y(tick) + 4, String(tick), 'font-size="12" text-anchor="end" fill="#333"'),
        );
    }
    parts.push(
        text(
            0,
            0,
            chart.axis,
            `font-size="13" text-anchor="middle" fill="#333" transform="translate(18 ${(TOP + bottom) / 2}) rotate(-90)"`,
        ),
    );
    if (chart.categoryAxis !== undefined)
        parts.push(
            text(
                (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 12,
                chart.categoryAxis,
                'font-size="13" text-anchor="middle" fill="#333"',
            ),
        );
    const group = (WIDTH - LEFT - RIGHT) / categories.length;
    const label = 'font-size="11" text-anchor="middle" fill="#111"';
    categories.forEach((category, index) => {
        const middle = LEFT + (index + 0.5) * group;
        parts.push(text(middle, bottom + 20, category, 'font-size="13" text-anchor="middle" fill="#111"'));
        const width = Math.min(stacked ? 90 : 48, (group * 0.84) / (stacked ? 1 : series.length));
        let base = 0;
        series.forEach((one, place) => {
            const value = one.values[index] ?? null;
            const centre = stacked ? middle : middle + (place - (series.length - 1) / 2) * width;
            if (value === null) {
                if (!stacked) parts.push(text(centre, bottom - 4, '–', label));
                return;
            }
            const top = y(base + value);
            parts.push(bar(centre - width / 2 + 1, top, width - 2, y(base) - top, colours[place]!));
            if (!stacked) parts.push(text(centre, top - 4, shortNumber(value), label));
            else if (y(base) - top >= 13)
                parts.push(
                    text(
                        middle,
                        (top + y(base)) / 2 + 4,
                        shortNumber(value),
                        `font-size="11" font-weight="bold" text-anchor="middle" fill="${inks[place]}"`,
                    ),
                );
            if (stacked) base += value;
        });
        if (stacked) parts.push(text(middle, y(base) - 5, shortNumber(base), `${label} font-weight="bold"`));
    });
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" role="img" aria-label="${escaped(chart.title).replaceAll('"', '&quot;')}">`,
        ...parts,
        '</svg>',
        '',
    ].join('\n');
}
