// SPDX-License-Identifier: Apache-2.0
//
// A module as it is embedded in the runtime: what is there for debuggers only takes memory on the target. AssemblyScript names a
// function by its file's whole path, and names globals, types and segments besides; backtraces print functions, and the
// last part of the path tells those apart well enough.

const CUSTOM = 0;
const FUNCTION_NAMES = 1; // subsection (WebAssembly core specification 2.0, section 7.4.1)
/** The magic number and the version. */
const HEADER_SIZE = 8;

/** An unsigned LEB128 number: its value and the position behind it. */
function readUnsigned(bytes, position) {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
        const byte = bytes[position++];
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return [value, position];
    }
}

function unsigned(value) {
    const bytes = [];
    for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
    return Buffer.from([...bytes, value]);
}

function withLength(contents) {
    return Buffer.concat([unsigned(contents.length), contents]);
}

/** "assembly/sentry/net/tcp/accept" becomes "tcp/accept", and so does each path within the parameters of a generic class. */
export function shortName(name) {
    return name.replace(/(?:[~\w.-]+\/)+(?=[\w.-]+\/)/g, '');
}

/** The contents of a subsection of function names, shortened. */
function shortFunctionNames(contents) {
    let [count, position] = readUnsigned(contents, 0);
    const parts = [unsigned(count)];
    for (; count > 0; count--) {
        const [index, behindIndex] = readUnsigned(contents, position);
        const [length, start] = readUnsigned(contents, behindIndex);
        position = start + length;
        const name = contents.subarray(start, position).toString('utf8');
        parts.push(unsigned(index), withLength(Buffer.from(shortName(name))));
    }
    return Buffer.concat(parts);
}

/** The contents of the name section behind its own name, with functions only. */
function shortNameSection(contents) {
    for (let position = 0; position < contents.length;) {
        const [length, start] = readUnsigned(contents, position + 1);
        if (contents[position] === FUNCTION_NAMES) {
            const names = shortFunctionNames(contents.subarray(start, start + length));
            return Buffer.concat([Buffer.from([FUNCTION_NAMES]), withLength(names)]);
        }
        position = start + length;
    }
    return Buffer.alloc(0);
}

/**
 * @param {Uint8Array} module a valid module
 * @returns {Buffer} the same with the names of functions shortened, and without other custom sections
 */
export function withShortNames(module) {
    const bytes = Buffer.from(module);
    const parts = [bytes.subarray(0, HEADER_SIZE)];
    for (let position = HEADER_SIZE; position < bytes.length;) {
        const begin = position;
        const [length, start] = readUnsigned(bytes, begin + 1);
        position = start + length;
        if (bytes[begin] !== CUSTOM) {
            parts.push(bytes.subarray(begin, position));
            continue;
        }
        const [nameLength, nameStart] = readUnsigned(bytes, start);
        const name = bytes.subarray(nameStart, nameStart + nameLength);
        if (name.toString('utf8') !== 'name') continue;
        const contents = shortNameSection(bytes.subarray(nameStart + nameLength, position));
        parts.push(Buffer.from([CUSTOM]), withLength(Buffer.concat([withLength(name), contents])));
    }
    return Buffer.concat(parts);
}
