// SPDX-License-Identifier: Apache-2.0
//
// The texts of traps: the specification suite's words where it has some.
#include "instance.h"

const char *wasm_trap_message(wasm_trap_code code) {
    switch (code) {
    case WASM_TRAP_UNREACHABLE:
        return "unreachable";
    case WASM_TRAP_INTEGER_DIVIDE_BY_ZERO:
        return "integer divide by zero";
    case WASM_TRAP_INTEGER_OVERFLOW:
        return "integer overflow";
    case WASM_TRAP_INVALID_CONVERSION:
        return "invalid conversion to integer";
    case WASM_TRAP_MEMORY_OUT_OF_BOUNDS:
        return "out of bounds memory access";
    case WASM_TRAP_TABLE_OUT_OF_BOUNDS:
        return "out of bounds table access";
    case WASM_TRAP_UNDEFINED_ELEMENT:
        return "undefined element";
    case WASM_TRAP_UNINITIALIZED_ELEMENT:
        return "uninitialized element";
    case WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH:
        return "indirect call type mismatch";
    case WASM_TRAP_CALL_STACK_EXHAUSTED:
        return "call stack exhausted";
    case WASM_TRAP_UNMAPPED_PAGE:
        return "memory access to unmapped page";
    case WASM_TRAP_HOST:
        return "host function failed";
    case WASM_TRAP_NONE:
        break;
    }
    return "no trap";
}
