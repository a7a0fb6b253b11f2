// SPDX-License-Identifier: Apache-2.0
//
// Files of variables, `.env` and those of `env_file`, in the Compose Specification's format: NAME=VALUE a line, # comments, values bare, in
// single quotes (as they are) or in double quotes (with \n, \t, \" and such), over several lines where quoted; variables in what is not in
// single quotes.

import { readFileSync } from 'node:fs';
import { describeFileError, Failure } from '../failure.js';
import { interpolate, InterpolationError, type Lookup } from './interpolate.js';

/** Bytes of a file of variables: far more than any is, far less than harms. */
const FILE_MAXIMUM = 1 << 20;

const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    r: '\r',
    t: '\t',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
    '"': '"',
    '\\': '\\',
};

/** A file's text; a Failure that names it where it cannot be read. */
export function readEnvironmentText(path: string, where: string): string {
    let bytes: Buffer;
    try {
        bytes = readFileSync(path);
    } catch (error) {
        throw new Failure(`${where}: ${path}: ${describeFileError(error)}; check the path`);
    }
    if (bytes.length > FILE_MAXIMUM)
        throw new Failure(`${path}: has more than ${FILE_MAXIMUM} bytes; no file of variables is that long`);
    return bytes.toString('utf8').replace(/^\ufeff/, '');
}

class Parser {
    private at = 0;
    private readonly found = new Map<string, string>();

    constructor(
        private readonly text: string,
        private readonly path: string,
        private readonly lookup: Lookup,
    ) {}

    /** A Failure at the current line. */
    private wrong(what: string): Failure {
        const line = this.text.slice(0, this.at).split('\n').length;
        return new Failure(`${this.path}:${line}: ${what}`);
    }

    parse(): Map<string, string> {
        while (this.at < this.text.length) this.line();
        return this.found;
    }

    private restOfLine(): string {
        const end = this.text.indexOf('\n', this.at);
        return this.text.slice(this.at, end < 0 ? undefined : end).replace(/\r$/, '');
    }

    private nextLine(): void {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end + 1;
    }

    private line(): void {
        const line = this.restOfLine();
        if (/^\s*(#|$)/.test(line)) return this.nextLine();
        const head = /^\s*(?:export\s+)?([^\s=:#]+)[ \t]*([=:]?)[ \t]*/.exec(line);
        if (head === null || !/^[A-Za-z_][\w.-]*$/.test(head[1]!))
            throw this.wrong(`"${line.trim()}" is no variable; write NAME=VALUE`);
        const name = head[1]!;
        if (head[2] === '') {
            // A bare name takes the value of the caller's environment.
            if (!/^\s*(#|$)/.test(line.slice(head[0].length)))
                throw this.wrong(`"${line.trim()}" has no '=' behind its name; write NAME=VALUE`);
            const value = this.lookup(name);
            if (value !== undefined) this.found.set(name, value);
            return this.nextLine();
        }
        this.at += head[0].length;
        const quote = this.text[this.at];
        if (quote === '"' || quote === "'") this.found.set(name, this.quoted(quote, name));
        else {
            this.found.set(name, this.expanded(bareValue(this.restOfLine())));
            this.nextLine();
        }
    }

    private quoted(quote: string, name: string): string {
        let value = '';
        for (let at = this.at + 1; at < this.text.length; at++) {
            const character = this.text[at]!;
            if (character === quote) {
                const isRaw = quote === "'";
                // Variables are replaced first: what an escape makes is text.
                const result = isRaw ? value : unescape(this.expanded(value));
                this.at = at + 1;
                if (!/^\s*(#|$)/.test(this.restOfLine()))
                    throw this.wrong(`the value of ${name} goes on behind its quote; quote all of it`);
                this.nextLine();
                return result;
            }
            if (
                character === '\\' &&
                at + 1 < this.text.length &&
                (quote === '"' || this.text[at + 1] === quote)
            ) {
                at++;
                value += quote === "'" ? this.text[at]! : `\\${this.text[at]!}`;
            } else value += character;
        }
        throw this.wrong(`the value of ${name} has no closing ${quote}; add it`);
    }

    private expanded(value: string): string {
        try {
            const lookup: Lookup = (name) => this.lookup(name) ?? this.found.get(name);
            return interpolate(value, lookup, () => undefined);
        } catch (error) {
            if (error instanceof InterpolationError) throw this.wrong(error.message);
            throw error;
        }
    }
}

/** A value without quotes: up to a # behind white space, trimmed. */
function bareValue(text: string): string {
    const comment = /(^|\s)#/.exec(text);
    return (comment === null ? text : text.slice(0, comment.index)).trim();
}

function unescape(text: string): string {
    return text.replace(/\\(.)/gs, (whole, letter: string) =>
        letter === '$' ? '$' : (escapes[letter] ?? whole),
    );
}

/** The variables of a file's text. `lookup` has those of the caller, which variables in values mean first. */
export function parseVariables(text: string, path: string, lookup: Lookup): Map<string, string> {
    return new Parser(text, path, lookup).parse();
}
