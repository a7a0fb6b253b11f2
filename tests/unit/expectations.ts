// SPDX-License-Identifier: Apache-2.0

/** Expects `text` to contain `part`. */
export function expectPart(text: string, part: string): void {
    expect(text.includes(part)).toBe(true, '"' + text + '" should contain "' + part + '"');
}
