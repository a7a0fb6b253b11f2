// SPDX-License-Identifier: Apache-2.0
//
// Reads fields of a JSON object that a person wrote, strictly: every mistake is a Failure that names the file, the field
// and what belongs there, and a field that nobody asked for is one too.

import { Failure } from '../failure.js';

const NUMBER_TEXT = /^(0x[0-9a-f]+|[0-9]+)$/i;

/** One JSON object of a file. `path` is the field that holds it, "" for the file's own. */
export class Fields {
    private readonly read = new Set<string>();
    private readonly fields: Record<string, unknown>;

    constructor(
        readonly file: string,
        private readonly path: string,
        value: unknown,
    ) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) {
            throw new Failure(`${file}: ${path || 'the file'} is not an object; write { … } there`);
        }
        this.fields = value as Record<string, unknown>;
    }

    private name(key: string): string {
        return this.path === '' ? key : `${this.path}.${key}`;
    }

    /** A Failure about the field `key`. */
    wrong(key: string, cause: string, remedy: string): Failure {
        return new Failure(`${this.file}: field ${this.name(key)} ${cause}; ${remedy}`);
    }

    private take(key: string): unknown {
        this.read.add(key);
        return this.fields[key];
    }

    has(key: string): boolean {
        return this.fields[key] !== undefined;
    }

    text(key: string): string {
        const value = this.take(key);
        if (typeof value === 'string' && value !== '') return value;
        throw this.wrong(key, value === undefined ? 'is missing' : 'is no text', 'write a text in quotes');
    }

    /** A text that is one of `choices`. */
    choice<T extends string>(key: string, choices: readonly T[]): T {
        const value = this.text(key);
        const found = choices.find((choice) => choice === value);
        if (found !== undefined) return found;
        throw this.wrong(key, `is "${value}"`, `write one of ${choices.join(', ')}`);
    }

    /** A number of JSON, or a text of decimal or 0x digits: JSON has no hexadecimal numbers. */
    number(key: string): number {
        const value = this.take(key);
        const number = typeof value === 'string' && NUMBER_TEXT.test(value) ? Number(value) : value;
        if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
        throw this.wrong(
            key,
            value === undefined ? 'is missing' : 'is no number',
            'write for example 33 or "0x9000000"',
        );
    }

    optionalNumber(key: string): number | null {
        return this.has(key) ? this.number(key) : null;
    }

    /** true or false; false where it is not there. */
    flag(key: string): boolean {
        if (!this.has(key)) return false;
        const value = this.take(key);
        if (typeof value === 'boolean') return value;
        throw this.wrong(key, 'is neither true nor false', 'write true, or remove it');
    }

    texts(key: string): string[] {
        const value = this.take(key);
        if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
        throw this.wrong(
            key,
            value === undefined ? 'is missing' : 'is no list of texts',
            'write ["…", "…"] there',
        );
    }

    object(key: string): Fields {
        if (!this.has(key)) throw this.wrong(key, 'is missing', 'write { … } there');
        return new Fields(this.file, this.name(key), this.take(key));
    }

    objects(key: string): Fields[] {
        const value = this.take(key);
        if (!Array.isArray(value) || value.length === 0) {
            throw this.wrong(
                key,
                value === undefined ? 'is missing' : 'is no list with an entry',
                'write [{ … }] there',
            );
        }
        return value.map((entry, index) => new Fields(this.file, `${this.name(key)}[${index}]`, entry));
    }

    /** Ends reading: a field that was not asked for is a slip of the pen, not a comment. */
    end(): void {
        for (const key of Object.keys(this.fields)) {
            if (!this.read.has(key))
                throw this.wrong(key, 'is unknown', 'remove it, or correct its spelling');
        }
    }
}
