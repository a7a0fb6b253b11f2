// SPDX-License-Identifier: Apache-2.0
//
// What is made of repeated measurements, and how figures are written.

/** The middle one; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    if (sorted.length === 0) throw new RangeError('no values have no median');
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** "12.3 (11.9 to 14.0)": the median, and between what the measurements lay. */
export function spread(values: readonly number[], digits: number): string {
    const text = (value: number): string => value.toFixed(digits);
    return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
}

/** "518.1 KiB" */
export function kibibytes(bytes: number): string {
    return `${(bytes / 1024).toFixed(1)} KiB`;
}

/** "1 234 567" */
export function count(value: number): string {
    return Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, ' ');
}
