// SPDX-License-Identifier: Apache-2.0
//
// Limits on modules. Every count read from a module is compared with its limit before anything is computed
// from it, so that no product or sum of counts can overflow 32 bits. A module beyond a limit is refused with
// WASM_LIMIT.
#ifndef SEALIFT_WASM_LIMITS_H
#define SEALIFT_WASM_LIMITS_H

enum {
    /// Bytes of a module: offsets into it, and into its image (at most about five times as large), fit 32
    /// bits easily.
    WASM_MAXIMUM_MODULE_SIZE = 64 << 20,

    /// Function types. Equal types are found by comparing all pairs: this bounds the time for it (0.1 s).
    /// Bytecode names them with 16 bits.
    WASM_MAXIMUM_TYPES = 8192,

    /// Parameters of a function type, and results likewise.
    WASM_MAXIMUM_PARAMETERS = 1000,

    /// Functions, imported ones included. A function reference has 20 bits for the index.
    WASM_MAXIMUM_FUNCTIONS = 1 << 18,

    /// Bytecode names imported functions with 16 bits.
    WASM_MAXIMUM_IMPORTS = 1 << 16,
    WASM_MAXIMUM_EXPORTS = 1 << 18,

    /// Globals and tables: bytecode names them with 16 bits.
    WASM_MAXIMUM_GLOBALS = 65535,
    WASM_MAXIMUM_TABLES = 1024,

    /// Initial elements of one table: an instance's storage holds 8 bytes for each.
    WASM_MAXIMUM_TABLE_ELEMENTS = 1 << 20,

    /// Element and data segments: bytecode names them with 16 bits.
    WASM_MAXIMUM_SEGMENTS = 65535,

    /// Elements of all element segments together: the image holds 4 bytes for each.
    WASM_MAXIMUM_SEGMENT_ELEMENTS = 1 << 22,

    /// Locals of one function, parameters included.
    WASM_MAXIMUM_LOCALS = 50000,

    /// Slots of one frame (locals and the deepest operand stack): bytecode names a slot with 16 bits.
    WASM_MAXIMUM_FRAME_SLOTS = 65535,

    /// Labels of one br_table: bytecode counts them with 16 bits.
    WASM_MAXIMUM_LABELS = 65535,

    /// Nested blocks of one function.
    WASM_MAXIMUM_NESTING = 16384,

    /// wasm_call inside host functions inside wasm_call: each level uses the C stack.
    WASM_MAXIMUM_NESTED_CALLS = 64,
};

#endif
