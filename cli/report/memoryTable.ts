// SPDX-License-Identifier: Apache-2.0
export function memoryTable(statistics: Record<string, unknown>): string {
    return `${JSON.stringify(statistics)}\n`;
}
