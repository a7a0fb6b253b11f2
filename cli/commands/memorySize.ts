// SPDX-License-Identifier: Apache-2.0

import { Failure } from '../failure.js';

const units: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes of a size as container engines write it: a number and b, k, m, g or t ("64m", "1.5g", "512MiB"). */
export function parseMemorySize(text: string, option: string): number {
    const match = /^(\d+(?:\.\d+)?)\s*(?:([bkmgt])(?:i?b)?)?$/i.exec(text.trim());
    const bytes = match ? Math.floor(Number(match[1]) * units[(match[2] ?? '').toLowerCase()]!) : NaN;
    if (!Number.isSafeInteger(bytes) || bytes === 0) {
        throw new Failure(`${option} ${text}: not a size; write a number and a unit, for example 64m or 1g`);
    }
    return bytes;
}

/** A number of bytes as a person reads it: "1.5 MiB". */
export function formatBytes(bytes: number): string {
    if (bytes < 1024) return `${bytes} B`;
    const names = ['KiB', 'MiB', 'GiB', 'TiB'];
    let value = bytes / 1024;
    let name = 0;
    while (value >= 1024 && name < names.length - 1) {
        value /= 1024;
        name++;
    }
    return `${value.toFixed(value < 100 ? 1 : 0)} ${names[name]}`;
}
