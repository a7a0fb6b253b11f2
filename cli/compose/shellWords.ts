// SPDX-License-Identifier: Apache-2.0

/** Words of a command line with a POSIX shell's quotes and backslashes, and nothing else of a shell; null for an open quote. */
export function splitWords(text: string): string[] | null {
    const words: string[] = [];
    let word: string | null = null;
    let quote = '';
    for (let at = 0; at < text.length; at++) {
        const character = text[at]!;
        if (quote === "'") {
            if (character === "'") quote = '';
            else word += character;
        } else if (quote === '"') {
            if (character === '"') quote = '';
            else if (character === '\\' && /["\\$`\n]/.test(text[at + 1] ?? '')) {
                const next = text[++at]!;
                if (next !== '\n') word += next;
            } else word += character;
        } else if (character === "'" || character === '"') {
            quote = character;
            word ??= '';
        } else if (character === '\\') {
            if (at + 1 === text.length) return null;
            const next = text[++at]!;
            if (next !== '\n') word = (word ?? '') + next;
        } else if (/\s/.test(character)) {
            if (word !== null) words.push(word);
            word = null;
        } else word = (word ?? '') + character;
    }
    if (quote !== '') return null;
    if (word !== null) words.push(word);
    return words;
}
