// SPDX-License-Identifier: Apache-2.0
//
// Random modules for the comparison with another engine: every module validates, ends (loops and calls use up a
// counter), and gives bit-identical results everywhere (NaNs are made canonical before their bits can be seen).
//
// Shape of a module: memory of 1 to 2 pages, a table with all functions, globals (index 0: the counter), functions "f0"
// to "fN", of which each calls only earlier ones.

import { F32, F64, I32, I64, Random, section, signed, text, TYPES, unsigned, vector } from './encoding.mjs';
import { FLOATS, INTERESTING, LOADS, OPERATORS, STORES } from './operators.mjs';

/** Writes one function's body. */
class FunctionWriter {
    constructor(random, module, index) {
        this.random = random;
        this.module = module;
        this.type = module.types[module.functions[index]];
        this.index = index;
        this.code = [];
        this.locals = [...this.type.parameters, ...TYPES, ...TYPES, I32];
        this.temporaries = { [F32]: this.addLocal(F32), [F64]: this.addLocal(F64) };
        this.labels = [this.type.results];
        this.budget = 120;
        this.counters = new Set();
    }

    addLocal(type) {
        return this.locals.push(type) - 1;
    }

    emit(...bytes) {
        this.code.push(...bytes.flat());
    }

    opcode(opcode) {
        if (opcode >= 0x100) this.emit(0xfc, unsigned(opcode - 0x100));
        else this.emit(opcode);
    }

    localOfType(type) {
        const matching = this.locals.flatMap((local, i) =>
            local === type &&
            i !== this.temporaries[F32] &&
            i !== this.temporaries[F64] &&
            !this.counters.has(i)
                ? [i]
                : [],
        );
        return this.random.pick(matching);
    }

    constant(type) {
        if (type === I32) {
            const value = this.random.below(4) ? this.random.pick(INTERESTING) : this.random.next() | 0;
            this.emit(0x41, signed(value));
        } else if (type === I64) {
            const low = this.random.below(4) ? this.random.pick(INTERESTING) : this.random.next() | 0;
            const value = this.random.below(5)
                ? BigInt(low)
                : BigInt.asIntN(64, (BigInt(low) << 32n) | BigInt(this.random.next()));
            this.emit(0x42, signed(value));
        } else {
            const bytes = Buffer.alloc(type === F32 ? 4 : 8);
            if (type === F32) bytes.writeFloatLE(this.random.pick(FLOATS));
            else bytes.writeDoubleLE(this.random.pick(FLOATS));
            this.emit(type === F32 ? 0x43 : 0x44, [...bytes]);
        }
    }

    /** Replaces a NaN on the stack by the canonical one. */
    canonical(type) {
        const local = this.temporaries[type];
        this.emit(0x22, unsigned(local));
        this.emit(type === F32 ? [0x43, 0, 0, 0xc0, 0x7f] : [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
        this.emit(0x20, unsigned(local), 0x20, unsigned(local), type === F32 ? 0x5b : 0x61, 0x1b);
    }

    /** An i32 below `limit`, a power of two. */
    below(limit, depth) {
        this.expression(I32, depth - 1);
        this.emit(0x41, signed(limit - 1), 0x71);
    }

    /** An address, mostly within the memory, in the forms that the translator combines with loads and stores. */
    address(depth) {
        const random = this.random;
        switch (random.below(8)) {
            case 0: // anything
                this.expression(I32, depth - 1);
                break;
            case 1: // base and displacement
                this.below(4096, depth);
                this.emit(0x41, signed(random.pick([4, 20, -4, -20])), random.pick([0x6a, 0x6b]));
                break;
            case 2: // base and index
            case 3: {
                const scaled = () => {
                    this.below(256, depth);
                    if (random.below(4)) this.emit(0x41, signed(random.pick([0, 1, 2, 3, 34])), 0x74);
                };
                const local = this.localOfType(I32);
                if (random.below(2))
                    this.emit(0x20, unsigned(local), 0x41, signed(0xfff), 0x71, 0x22, unsigned(local));
                else this.below(4096, depth);
                scaled();
                if (random.below(4) === 0) this.emit(0x20, unsigned(local), 0x6a);
                this.emit(0x6a);
                break;
            }
            case 4: // the pointer's
                this.emit(0x23, unsigned(this.module.pointer));
                if (random.below(2))
                    this.emit(0x41, signed(random.pick([4, 20, -4, -20])), random.pick([0x6a, 0x6b]));
                break;
            default:
                this.below(random.pick([256, 4096, 65536]), depth);
        }
    }

    /** Moves the pointer, as a shadow stack does. */
    movePointer(depth) {
        if (this.random.below(4) === 0) this.below(32768, depth);
        else
            this.emit(
                0x23,
                unsigned(this.module.pointer),
                0x41,
                signed(this.random.pick([8, 8, -8, 100])),
                this.random.pick([0x6a, 0x6b]),
            );
        this.emit(0x24, unsigned(this.module.pointer));
    }

    block(opcode, parameters, results, body) {
        const before = this.code.length;
        this.emit(opcode);
        if (parameters.length === 0 && results.length < 2)
            this.emit(results.length === 0 ? 0x40 : results[0]);
        else this.emit(signed(this.module.typeIndex(parameters, results)));
        this.labels.unshift(opcode === 0x03 ? parameters : results);
        body();
        this.labels.shift();
        this.emit(0x0b);
        return before;
    }

    /** Uses up one of the counter, and traps at its end. */
    count() {
        this.emit(0x23, 0, 0x41, 1, 0x6b, 0x24, 0, 0x23, 0, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b);
    }

    /** Leaves one value of a type on the stack. */
    expression(type, depth) {
        const random = this.random;
        if (depth <= 0 || this.budget-- <= 0) {
            if (random.below(3)) this.emit(0x20, unsigned(this.localOfType(type)));
            else this.constant(type);
            return;
        }
        switch (random.below(26)) {
            case 0:
                this.constant(type);
                break;
            case 1:
            case 2:
                this.emit(0x20, unsigned(this.localOfType(type)));
                break;
            case 3:
                this.emit(0x23, unsigned(this.module.globalOfType(random, type)));
                break;
            case 4:
            case 5: {
                const [opcode, , alignment] = random.pick(LOADS.filter((load) => load[1] === type));
                this.address(depth);
                this.emit(opcode, random.below(alignment + 1), unsigned(random.pick([0, 0, 1, 4, 8, 100])));
                break;
            }
            case 6:
                this.block(0x02, [], [type], () => {
                    this.statements(2, depth - 1);
                    this.expression(type, depth - 1);
                });
                break;
            case 7:
            case 8:
                this.expression(I32, depth - 1);
                this.block(0x04, [], [type], () => {
                    this.expression(type, depth - 1);
                    this.emit(0x05);
                    this.statements(1, depth - 1);
                    this.expression(type, depth - 1);
                });
                break;
            case 9:
                this.expression(type, depth - 1);
                this.expression(type, depth - 1);
                this.expression(I32, depth - 1);
                this.emit(0x1b);
                break;
            case 10:
            case 11:
                this.expression(type, depth - 1);
                this.emit(0x22, unsigned(this.localOfType(type)));
                break;
            case 12:
                // A statement between operands: pending locals must keep their values.
                this.emit(0x20, unsigned(this.localOfType(type)));
                this.statements(2, depth - 1);
                break;
            case 13: {
                const label = this.labels.findIndex((types) => types.length === 1 && types[0] === type);
                this.expression(type, depth - 1);
                if (label < 0) break;
                this.expression(I32, depth - 1);
                this.emit(0x0d, unsigned(label));
                break;
            }
            case 14: {
                const callee = this.module.functions.findIndex(
                    (index, i) =>
                        i < this.index && String(this.module.types[index].results) === String([type]),
                );
                if (callee < 0) this.constant(type);
                else this.call(callee, depth);
                break;
            }
            case 15: {
                if (type !== I32) return this.expression(type, depth);
                this.emit(random.below(8) ? [0x3f, 0] : [0x41, random.below(2), 0x40, 0]);
                break;
            }
            default: {
                const [opcodes, operands, , canonical] = random.pick(
                    OPERATORS.filter((entry) => entry[2] === type),
                );
                for (const operand of operands) {
                    this.expression(operand, depth - 1);
                    if (canonical) this.canonical(operand);
                }
                this.opcode(random.pick(opcodes));
            }
        }
    }

    call(callee, depth) {
        const { parameters } = this.module.types[this.module.functions[callee]];
        for (const parameter of parameters) this.expression(parameter, depth - 1);
        if (this.random.below(3)) {
            this.emit(0x10, unsigned(callee));
        } else {
            // Through the table, mostly the right function.
            if (this.random.below(8)) this.emit(0x41, signed(callee));
            else this.expression(I32, 1);
            this.emit(0x11, unsigned(this.module.functions[callee]), 0);
        }
    }

    statements(count, depth) {
        for (let i = this.random.below(count + 1); i > 0; i--) this.statement(depth);
    }

    statement(depth) {
        const random = this.random;
        const type = random.pick(TYPES);
        if (depth <= 0 || this.budget-- <= 0) {
            this.expression(type, 0);
            this.emit(0x21, unsigned(this.localOfType(type)));
            return;
        }
        switch (random.below(21)) {
            case 0:
            case 1:
            case 2:
            case 3:
                this.expression(type, depth - 1);
                this.emit(0x21, unsigned(this.localOfType(type)));
                break;
            case 4:
                this.expression(type, depth - 1);
                this.emit(0x24, unsigned(this.module.globalOfType(random, type)));
                break;
            case 5:
            case 6: {
                const [opcode, , alignment] = random.pick(STORES.filter((store) => store[1] === type));
                this.address(depth);
                this.expression(type, depth - 1);
                if (type === F32 || type === F64) this.canonical(type);
                this.emit(opcode, random.below(alignment + 1), unsigned(random.pick([0, 0, 1, 4, 8, 100])));
                break;
            }
            case 7:
                this.expression(type, depth - 1);
                this.emit(0x1a);
                break;
            case 8:
                this.expression(I32, depth - 1);
                this.block(0x04, [], [], () => {
                    this.statements(2, depth - 1);
                    if (random.below(2)) {
                        this.emit(0x05);
                        this.statements(2, depth - 1);
                    }
                });
                break;
            case 9:
                this.block(0x02, [], [], () => {
                    this.statements(2, depth - 1);
                    this.expression(I32, depth - 1);
                    this.emit(0x0d, 0);
                    this.statements(2, depth - 1);
                });
                break;
            case 10:
            case 11: {
                const counter = this.addLocal(I32);
                this.counters.add(counter);
                this.emit(0x41, 0, 0x21, unsigned(counter));
                this.block(0x03, [], [], () => {
                    this.count();
                    this.statements(3, depth - 1);
                    this.emit(
                        0x20,
                        unsigned(counter),
                        0x41,
                        1,
                        0x6a,
                        0x22,
                        unsigned(counter),
                        0x41,
                        signed(random.below(6)),
                        0x48,
                    );
                    this.emit(0x0d, 0);
                });
                break;
            }
            case 12:
                this.branchTable(depth);
                break;
            case 13:
                this.multipleValues(depth);
                break;
            case 14: {
                this.emit(
                    0x41,
                    signed(random.below(60000)),
                    0x41,
                    signed(random.below(60000)),
                    0x41,
                    signed(random.below(70)),
                );
                this.emit(random.below(2) ? [0xfc, 10, 0, 0] : [0xfc, 11, 0]);
                break;
            }
            case 15: {
                // A branch with the label's values, on a condition; what follows it is reachable.
                const label = random.below(this.labels.length);
                this.expression(I32, depth - 1);
                this.block(0x04, [], [], () => {
                    for (const result of this.labels[label + 1] ?? []) this.expression(result, 1);
                    if (label + 1 < this.labels.length) this.emit(0x0c, unsigned(label + 1));
                });
                break;
            }
            case 16: {
                const callee = this.index === 0 ? -1 : random.below(this.index);
                if (callee < 0) break;
                this.call(callee, depth);
                for (const result of this.module.types[this.module.functions[callee]].results.toReversed())
                    this.emit(0x21, unsigned(this.localOfType(result)));
                break;
            }
            case 17:
                this.expression(I32, depth - 1);
                this.block(0x04, [], [], () => {
                    for (const result of this.type.results) this.expression(result, 1);
                    this.emit(0x0f);
                });
                break;
            case 18:
                if (random.below(10) === 0) {
                    this.expression(I32, depth - 1);
                    this.emit(0x04, 0x40, 0x00, 0x0b);
                }
                break;
            case 19:
                this.movePointer(depth);
                break;
            default:
                this.emit(0x01);
        }
    }

    /** Nested blocks and a br_table into them, with a value or without. */
    branchTable(depth) {
        const results = this.random.below(2) ? [this.random.pick(TYPES)] : [];
        const count = 1 + this.random.below(4);
        const nest = (level) => {
            this.block(0x02, [], results, () => {
                if (level > 0) {
                    nest(level - 1);
                    for (const result of results) this.emit(0x21, unsigned(this.localOfType(result)));
                    this.statements(2, depth - 1);
                    for (const result of results) this.expression(result, depth - 1);
                } else {
                    for (const result of results) this.expression(result, depth - 1);
                    this.expression(I32, depth - 1);
                    const labels = Array.from({ length: this.random.below(6) }, () =>
                        this.random.below(count + 1),
                    );
                    this.emit(0x0e, vector(labels.map(unsigned)), unsigned(this.random.below(count + 1)));
                }
            });
        };
        nest(count);
        for (const result of results) this.emit(0x21, unsigned(this.localOfType(result)));
    }

    /** A block, loop or if with parameters and several results. */
    multipleValues(depth) {
        const random = this.random;
        const list = () => Array.from({ length: random.below(4) }, () => random.pick(TYPES));
        const parameters = list();
        const results = list();
        for (const parameter of parameters) this.expression(parameter, depth - 1);
        const opcode = random.pick([0x02, 0x03, 0x04]);
        if (opcode === 0x04) this.expression(I32, depth - 1);
        const body = () => {
            for (const parameter of parameters.toReversed())
                if (random.below(2)) this.emit(0x21, unsigned(this.localOfType(parameter)));
                else this.emit(0x1a);
            this.statements(1, depth - 1);
            for (const result of results) this.expression(result, depth - 1);
            if (random.below(2) && opcode !== 0x03) {
                this.expression(I32, depth - 1);
                this.emit(0x0d, 0);
            }
        };
        this.block(opcode, parameters, results, () => {
            if (opcode === 0x03) this.count(); // branches come back here
            body();
            if (opcode === 0x04) {
                this.emit(0x05);
                body();
            }
        });
        for (const result of results.toReversed()) this.emit(0x21, unsigned(this.localOfType(result)));
    }

    write() {
        this.count();
        this.statements(6, 4);
        for (const result of this.type.results) this.expression(result, 4);
        this.emit(0x0b);
        const declarations = this.locals.slice(this.type.parameters.length).map((type) => [1, type]);
        const body = [...vector(declarations), ...this.code];
        return [...unsigned(body.length), ...body];
    }
}

class ModuleWriter {
    constructor(seed) {
        this.random = new Random(seed);
        this.types = [];
        this.globals = [I32, ...TYPES, ...TYPES, I32];
        this.pointer = this.globals.length - 1;
        const list = (limit) =>
            Array.from({ length: this.random.below(limit) }, () => this.random.pick(TYPES));
        this.functions = Array.from({ length: 2 + this.random.below(5) }, () =>
            this.typeIndex(list(5), list(3)),
        );
    }

    typeIndex(parameters, results) {
        const same = (type) =>
            String(type.parameters) === String(parameters) && String(type.results) === String(results);
        const index = this.types.findIndex(same);
        return index >= 0 ? index : this.types.push({ parameters, results }) - 1;
    }

    globalOfType(random, type) {
        return random.pick(
            this.globals.flatMap((global, i) => (i > 0 && i !== this.pointer && global === type ? [i] : [])),
        );
    }

    write() {
        const bodies = this.functions.map((_, i) => new FunctionWriter(this.random, this, i).write());
        const zero = {
            [I32]: [0x41, 0],
            [I64]: [0x42, 0],
            [F32]: [0x43, 0, 0, 0, 0],
            [F64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        const functions = this.functions.map((_, i) => i);
        const exports = [
            [...text('memory'), 2, 0],
            ...this.globals.map((_, i) => [...text(`g${i}`), 3, i]),
            ...functions.map((i) => [...text(`f${i}`), 0, ...unsigned(i)]),
        ];
        const count = functions.length;
        return Buffer.from([
            ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
            ...section(
                1,
                vector(this.types.map((t) => [0x60, ...vector(t.parameters), ...vector(t.results)])),
            ),
            ...section(3, vector(this.functions.map(unsigned))),
            ...section(4, [1, 0x70, 0, count + 1]),
            ...section(5, [1, 1, 1, 2]),
            ...section(6, vector(this.globals.map((type) => [type, 1, ...zero[type], 0x0b]))),
            ...section(7, vector(exports)),
            ...section(9, [1, 0, 0x41, 0, 0x0b, ...vector(functions.map(unsigned))]),
            ...section(10, vector(bodies)),
        ]);
    }
}

/** The module of a seed: its bytes, and the types needed to call it. */
export function generate(seed) {
    const writer = new ModuleWriter(seed);
    return {
        bytes: writer.write(),
        types: writer.types,
        functions: writer.functions,
        globals: writer.globals,
    };
}
