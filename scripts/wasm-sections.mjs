// SPDX-License-Identifier: Apache-2.0
//
// What a WebAssembly module says about itself: types, imports, functions, exports, memories, tables and the names of its
// functions (WebAssembly core specification 2.0, sections 5.5 and 7.4.1). The module has been validated before.

const SECTION = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, MEMORY: 5, EXPORT: 7, START: 8 };
export const KINDS = ['function', 'table', 'memory', 'global'];
const VALUE_TYPES = new Map([
    [0x7f, 'i32'],
    [0x7e, 'i64'],
    [0x7d, 'f32'],
    [0x7c, 'f64'],
    [0x70, 'funcref'],
    [0x6f, 'externref'],
]);

class Reader {
    constructor(bytes) {
        this.bytes = bytes;
        this.position = 0;
    }

    get atEnd() {
        return this.position >= this.bytes.length;
    }

    byte() {
        return this.bytes[this.position++];
    }

    unsigned() {
        let value = 0;
        for (let shift = 0; ; shift += 7) {
            const byte = this.byte();
            value += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) return value;
        }
    }

    take(length) {
        this.position += length;
        return this.bytes.subarray(this.position - length, this.position);
    }

    name() {
        return new TextDecoder().decode(this.take(this.unsigned()));
    }

    list(read) {
        return Array.from({ length: this.unsigned() }, (_, index) => read(index));
    }

    valueTypes() {
        return this.list(() => VALUE_TYPES.get(this.byte()));
    }

    limits() {
        const hasMaximum = this.byte() === 1;
        return { minimum: this.unsigned(), maximum: hasMaximum ? this.unsigned() : undefined };
    }

    table() {
        return { type: VALUE_TYPES.get(this.byte()), ...this.limits() };
    }

    /** What an import is of: a function's type index, a table, a memory, a global. */
    imported(kind) {
        if (kind === 'function') return this.unsigned();
        if (kind === 'table') return this.table();
        return kind === 'memory' ? this.limits() : this.take(2);
    }
}

/** Names of functions by index, from the contents of the name section. */
function functionNames(reader) {
    const names = [];
    while (!reader.atEnd) {
        const subsection = reader.byte();
        const contents = new Reader(reader.take(reader.unsigned()));
        if (subsection !== 1) continue;
        contents.list(() => {
            const index = contents.unsigned();
            names[index] = contents.name();
        });
    }
    return names;
}

/**
 * @param {Uint8Array} bytes a valid module
 * @returns types ({parameters, results}), imports ({module, name, kind, of}), functions (the type index of each, imported
 *          ones first), memories and tables ({minimum, maximum?}), exports ({name, kind, index}), names (of functions),
 *          start (a function's index or undefined)
 */
export function readSections(bytes) {
    const result = {
        types: [],
        imports: [],
        functions: [],
        memories: [],
        tables: [],
        exports: [],
        names: [],
        start: undefined,
    };
    const reader = new Reader(bytes);
    reader.take(8);
    while (!reader.atEnd) {
        const id = reader.byte();
        const section = new Reader(reader.take(reader.unsigned()));
        if (id === SECTION.CUSTOM) {
            if (section.name() === 'name') result.names = functionNames(section);
        } else if (id === SECTION.TYPE) {
            result.types = section.list(() => {
                section.byte();
                return { parameters: section.valueTypes(), results: section.valueTypes() };
            });
        } else if (id === SECTION.IMPORT) {
            result.imports = section.list(() => {
                const [module, name, kind] = [section.name(), section.name(), KINDS[section.byte()]];
                return { module, name, kind, of: section.imported(kind) };
            });
            const imported = result.imports.filter(({ kind }) => kind === 'function');
            result.functions = imported.map(({ of }) => of);
        } else if (id === SECTION.FUNCTION) {
            result.functions.push(...section.list(() => section.unsigned()));
        } else if (id === SECTION.TABLE) {
            result.tables = section.list(() => section.table());
        } else if (id === SECTION.MEMORY) {
            result.memories = section.list(() => section.limits());
        } else if (id === SECTION.EXPORT) {
            result.exports = section.list(() => ({
                name: section.name(),
                kind: KINDS[section.byte()],
                index: section.unsigned(),
            }));
        } else if (id === SECTION.START) {
            result.start = section.unsigned();
        }
    }
    return result;
}
