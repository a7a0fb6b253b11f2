// SPDX-License-Identifier: Apache-2.0
//
// Variables in values, as the Compose Specification has them: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error},
// ${NAME?error}, ${NAME:+replacement}, ${NAME+replacement}, and $$ for a dollar sign. Defaults may contain variables again.

/** A value of a variable, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** What is wrong with a text, without where it is. */
export class InterpolationError extends Error {}

/** Nested defaults that are followed; a person writes two or three. */
const NESTING_MAXIMUM = 16;
/** Characters of a result: what variables can blow up a value to. */
const LENGTH_MAXIMUM = 1 << 20;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

function nameAt(text: string, at: number): string {
    NAME.lastIndex = at;
    return NAME.exec(text)?.[0] ?? '';
}

/** Where the brace that opens before `at` is closed. */
function closingBrace(text: string, at: number): number {
    let depth = 1;
    for (let index = at; index < text.length; index++) {
        if (text[index] === '$' && text[index + 1] === '$') index++;
        else if (text[index] === '$' && text[index + 1] === '{') {
            depth++;
            index++;
        } else if (text[index] === '}' && --depth === 0) return index;
    }
    throw new InterpolationError(
        `"${text}" has no '}' for its '\${'; close it, or write $$ for a dollar sign`,
    );
}

/** Replaces the variables of a text. `missing` is told of those that are not set and have no default. */
export function interpolate(
    text: string,
    lookup: Lookup,
    missing: (name: string) => void,
    nesting = 0,
): string {
    if (!text.includes('$')) return text;
    if (nesting > NESTING_MAXIMUM)
        throw new InterpolationError(
            `has more than ${NESTING_MAXIMUM} nested variables; write it more simply`,
        );
    const inner = (part: string): string => interpolate(part, lookup, missing, nesting + 1);
    const plain = (name: string): string => {
        const value = lookup(name);
        if (value === undefined) missing(name);
        return value ?? '';
    };
    let result = '';
    for (let at = 0; at < text.length;) {
        const dollar = text.indexOf('$', at);
        if (dollar < 0) {
            result += text.slice(at);
            break;
        }
        result += text.slice(at, dollar);
        const next = text[dollar + 1];
        if (next === '$') {
            result += '$';
            at = dollar + 2;
        } else if (next === '{') {
            const end = closingBrace(text, dollar + 2);
            result += braced(text.slice(dollar + 2, end), lookup, plain, inner);
            at = end + 1;
        } else {
            const name = nameAt(text, dollar + 1);
            if (name === '')
                throw new InterpolationError(
                    `"${text}" has a '$' without a variable's name; write $$ for a dollar sign`,
                );
            result += plain(name);
            at = dollar + 1 + name.length;
        }
        if (result.length > LENGTH_MAXIMUM)
            throw new InterpolationError(`becomes longer than ${LENGTH_MAXIMUM} characters; shorten it`);
    }
    return result;
}

/** The value of what stands between braces. */
function braced(
    body: string,
    lookup: Lookup,
    plain: (name: string) => string,
    inner: (part: string) => string,
): string {
    const name = nameAt(body, 0);
    const rest = body.slice(name.length);
    if (name !== '' && rest === '') return plain(name);
    const operator = /^(:?[-?+])/.exec(rest)?.[1];
    if (name === '' || operator === undefined)
        throw new InterpolationError(
            `"\${${body}}" is no variable; write \${NAME}, \${NAME:-default}, \${NAME:?error} or \${NAME:+replacement}`,
        );
    const argument = rest.slice(operator.length);
    const value = lookup(name);
    const isThere = value !== undefined && (value !== '' || operator.length === 1);
    switch (operator.at(-1)) {
        case '-':
            return isThere ? value : inner(argument);
        case '+':
            return isThere ? inner(argument) : '';
        default: {
            if (isThere) return value;
            const reason = inner(argument);
            throw new InterpolationError(
                `needs the variable ${name}${reason === '' ? '' : ` (${reason})`}; set it in the environment or in .env`,
            );
        }
    }
}
