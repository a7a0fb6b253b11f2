// SPDX-License-Identifier: Apache-2.0
//
// What Sealift is doing before the container speaks, on one line of a terminal that is gone afterwards.

import type { ProgressMessage } from '../control/messages.js';

const phaseTexts: Record<string, string> = {
    verify: 'checking',
    unpack: 'unpacking',
    start: 'starting the container',
};

/** "unpacking layer 1 of 2: 40 %" */
export function progressText({ phase, layer, layers, bytes, total }: ProgressMessage): string {
    const what = phaseTexts[phase] ?? phase;
    if (layers === 0) return what;
    const share = total > 0 ? `: ${Math.floor((Math.min(bytes, total) / total) * 100)} %` : '';
    return `${what} layer ${layer} of ${layers}${share}`;
}

export class ProgressLine {
    private shown = '';

    constructor(
        private readonly stream: NodeJS.WriteStream,
        private readonly enabled: boolean,
    ) {}

    show(text: string): void {
        if (!this.enabled || text === this.shown) return;
        this.shown = text;
        this.stream.write(`\r\u001b[K${text.slice(0, (this.stream.columns ?? 80) - 1)}`);
    }

    /** Removes the line; call it before anything else is written to the terminal. */
    clear(): void {
        if (this.shown === '') return;
        this.shown = '';
        this.stream.write('\r\u001b[K');
    }
}
