// SPDX-License-Identifier: Apache-2.0

/** Columns as wide as their widest cell, two spaces apart; `right` lists the columns that are right-aligned. */
export function table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    right: readonly number[] = [],
): string {
    const widths = head.map((title, column) =>
        Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
    );
    const line = (cells: readonly string[]): string =>
        cells
            .map((cell, column) =>
                right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
            )
            .join('  ')
            .trimEnd();
    return `${[head, ...rows].map(line).join('\n')}\n`;
}
