// SPDX-License-Identifier: Apache-2.0
//
// Execution: one function, one label for each operation, and a jump from the end of each to the next. Build
// this file with gcc: it keeps the variables below in registers and copies the jump into every operation,
// where clang shares one.
//
// The translator has only written what validation allows, so nothing is checked here but what the
// specification makes a trap: memory and table bounds, division, conversion, indirect calls, the stack's end.
#include "instance.h"
#include "numeric.h"
#include "operations.h"

const uint16_t wasm_leave_code[1] = {WASM_OPERATION_leave};
const uint16_t wasm_leave_instance_code[1] = {WASM_OPERATION_leave_instance};

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

static inline uint32_t read_32(const uint16_t *code) {
    uint32_t value;
    __builtin_memcpy(&value, code, sizeof value);
    return value;
}

static inline uint64_t read_64(const uint16_t *code) {
    uint64_t value;
    __builtin_memcpy(&value, code, sizeof value);
    return value;
}

static inline const uint16_t *entry_of(const wasm_instance *instance, uint32_t function) {
    return wasm_image_at(instance->image, instance->functions[function].code);
}

/// The slot named by the n-th unit of the operation.
#define SLOT(n) frame[code[n]]

#define DISPATCH() goto *labels[*code]
#define NEXT(units)                                                                                          \
    do {                                                                                                     \
        code += (units);                                                                                     \
        DISPATCH();                                                                                          \
    } while (0)
/// Goes to this distance from the n-th unit. (In 64 bits: sums in 32 would have to be extended.)
#define TAKE_DISTANCE(n, distance)                                                                           \
    do {                                                                                                     \
        code = code + (n) + (int64_t)(distance);                                                             \
        if (UNLIKELY(stack->interrupt))                                                                      \
            goto interrupted;                                                                                \
        DISPATCH();                                                                                          \
    } while (0)
/// Takes the branch whose label is at the n-th unit.
#define TAKE(n) TAKE_DISTANCE(n, (int16_t)code[n])
/// The callee's entry, in an operation that begins with the operand `c`.
#define NEAR_ENTRY() (code + ((int64_t)(int32_t)read_32(code + 1) >> WASM_CALL_SLOT_BITS))
#define TRAP(name)                                                                                           \
    do {                                                                                                     \
        trap = WASM_TRAP_##name;                                                                             \
        goto trapped;                                                                                        \
    } while (0)
#define RELOAD_MEMORY()                                                                                      \
    do {                                                                                                     \
        memory = instance->memory == NULL ? NULL : instance->memory->base;                                   \
        memory_size = instance->memory == NULL ? 0 : (uint64_t)instance->memory->pages * WASM_PAGE_SIZE;     \
    } while (0)

wasm_status wasm_execute(void *argument) {
    static const void *const labels[WASM_OPERATION_COUNT] = {
#define LABEL(identifier, ...) [WASM_OPERATION_##identifier] = &&do_##identifier,
#define UNARY(opcode, identifier, ...) LABEL(identifier)
#define TRUNCATE UNARY
#define FLOAT_BINARY UNARY
#define FLOAT_COMPARE UNARY
#define LOAD(opcode, identifier, ...)                                                                        \
    LABEL(identifier) LABEL(identifier##_displaced) LABEL(identifier##_indexed)
#define STORE(opcode, identifier, ...)                                                                       \
    LABEL(identifier)                                                                                        \
    LABEL(identifier##_constant) LABEL(identifier##_global) LABEL(identifier##_global_constant)
#define BINARY(opcode, identifier, ...) LABEL(identifier) LABEL(identifier##_immediate)
#define DIVIDE BINARY
#define COMPARE(opcode, identifier, ...)                                                                     \
    BINARY(opcode, identifier) LABEL(branch_##identifier) LABEL(branch_##identifier##_immediate)
#include "instructions.h"
        WASM_OTHER_OPERATIONS(LABEL)};

    wasm_stack *stack = argument;
    const uint16_t *code = stack->code;
    uint64_t *frame = stack->frame;
    wasm_instance *instance = stack->instance;
    struct wasm_activation *activation = stack->activation;
    uint8_t *memory;
    uint64_t memory_size; // bytes
    wasm_trap_code trap;
    wasm_status status;

    RELOAD_MEMORY();
    DISPATCH();

    // ---- instructions of the list

#include "operators.h"

    // ---- moves

do_copy:
    SLOT(1) = SLOT(2);
    NEXT(3);
do_copy_two: {
    uint64_t first = SLOT(2);
    uint64_t second = SLOT(3);
    uint64_t *destination = &SLOT(1);
    destination[0] = first;
    destination[1] = second;
    NEXT(4);
}
do_copy_constant: {
    uint64_t *destination = &SLOT(1);
    destination[0] = SLOT(2);
    destination[1] = code[3];
    NEXT(4);
}
do_constant_copy: {
    uint64_t *destination = &SLOT(1);
    destination[1] = SLOT(3);
    destination[0] = code[2];
    NEXT(4);
}
do_constant_two: {
    uint64_t *destination = &SLOT(1);
    destination[0] = code[2];
    destination[1] = code[3];
    NEXT(4);
}
do_constant_16:
    SLOT(1) = code[2];
    NEXT(3);
do_constant_negative:
    SLOT(1) = (uint32_t)(int16_t)code[2];
    NEXT(3);
do_constant_32:
    SLOT(1) = read_32(code + 2);
    NEXT(4);
do_constant_64:
    SLOT(1) = read_64(code + 2);
    NEXT(6);
do_select:
    SLOT(1) = (uint32_t)SLOT(4) != 0 ? SLOT(2) : SLOT(3);
    NEXT(5);
do_global_get:
    SLOT(1) = instance->globals[code[2]];
    NEXT(3);
do_global_set:
    instance->globals[code[2]] = SLOT(1);
    NEXT(3);
do_global_add:
    instance->globals[code[1]] = (uint32_t)instance->globals[code[1]] + (uint32_t)(int16_t)code[2];
    NEXT(3);
do_global_get_add:
    SLOT(1) = (uint32_t)instance->globals[code[2]] + (uint32_t)(int16_t)code[3];
    NEXT(4);
do_imported_global_get:
    SLOT(1) = *instance->imported_globals[code[2]];
    NEXT(3);
do_imported_global_set:
    *instance->imported_globals[code[2]] = SLOT(1);
    NEXT(3);
do_ref_func:
    SLOT(1) = wasm_function_reference(instance, read_32(code + 2));
    NEXT(4);

    // ---- two instructions in one

do_i32_add_shifted:
    SLOT(1) = (uint32_t)SLOT(2) + ((uint32_t)SLOT(3) << code[4]);
    NEXT(5);
do_i32_load_and: {
    uint64_t address = (uint64_t)(uint32_t)SLOT(2) + code[3];
    if (UNLIKELY(address + sizeof(uint32_t) > memory_size))
        goto memory_out_of_bounds;
    uint32_t value;
    __builtin_memcpy(&value, memory + address, sizeof value);
    SLOT(1) = value & read_32(code + 4);
    NEXT(6);
}
do_displace: {
    // A sum beyond 32 bits is beyond every memory, so what goes on to the access is the whole address.
    uint64_t address = (uint64_t)(uint32_t)SLOT(2) + read_32(code + 3);
    if (UNLIKELY(address > UINT32_MAX))
        goto memory_out_of_bounds;
    SLOT(1) = address;
    NEXT(5);
}

    // ---- branches

do_unreachable:
    TRAP(UNREACHABLE);
do_branch:
    TAKE(1);
do_branch_if:
    if ((uint32_t)SLOT(1) != 0)
        TAKE(2);
    NEXT(3);
do_branch_unless:
    if ((uint32_t)SLOT(1) == 0)
        TAKE(2);
    NEXT(3);
do_branch_if_i64:
    if (SLOT(1) != 0)
        TAKE(2);
    NEXT(3);
do_branch_unless_i64:
    if (SLOT(1) == 0)
        TAKE(2);
    NEXT(3);
do_branch_if_and:
    if (((uint32_t)SLOT(1) & (uint32_t)(int16_t)code[2]) != 0)
        TAKE(3);
    NEXT(4);
do_branch_unless_and:
    if (((uint32_t)SLOT(1) & (uint32_t)(int16_t)code[2]) == 0)
        TAKE(3);
    NEXT(4);
do_branch_table: {
    uint32_t index = (uint32_t)SLOT(1);
    uint32_t count = code[2];
    code += 3 + (index < count ? index : count);
    TAKE(0);
}
do_branch_far:
    TAKE_DISTANCE(1, (int32_t)read_32(code + 1));
do_branch_table_far: {
    uint32_t index = (uint32_t)SLOT(1);
    uint32_t count = code[2];
    code += 3 + 2 * (index < count ? index : count);
    TAKE_DISTANCE(0, (int32_t)read_32(code));
}
do_meter: {
    uint32_t cost = read_32(code + 1);
    if (UNLIKELY(stack->fuel < cost))
        goto interrupted;
    stack->fuel -= cost;
    NEXT(3);
}

    // ---- calls

    const uint16_t *entry; // of the callee
    const uint16_t *return_code;
    uint64_t *callee_frame;
    wasm_instance *callee_instance;
    const wasm_host_entry *host;
    uint32_t result_count;

do_call:
    entry = NEAR_ENTRY();
    return_code = code + 3;
    callee_frame = frame + (uint8_t)code[1];
enter: {
    struct wasm_record *record = stack->record - 1;
    const struct wasm_entry *header = (const struct wasm_entry *)entry;
    if (UNLIKELY((uintptr_t)(callee_frame + header->frame_slots) > (uintptr_t)record))
        TRAP(CALL_STACK_EXHAUSTED);
    record->return_code = return_code;
    record->return_frame = frame;
    record->callee = entry;
    stack->record = record;
    frame = callee_frame;
    code = entry + WASM_ENTRY_UNITS;
    for (uint64_t *local = frame + header->zero_first, *end = local + header->zero_count; local < end;
         local++)
        *local = 0;
    if (UNLIKELY(stack->interrupt))
        goto interrupted;
    DISPATCH();
}
do_call_copy:
    entry = NEAR_ENTRY();
    return_code = code + 4;
    callee_frame = frame + (uint8_t)code[1];
    callee_frame[0] = SLOT(3);
    goto enter;
do_call_constant_16:
    entry = NEAR_ENTRY();
    return_code = code + 4;
    callee_frame = frame + (uint8_t)code[1];
    callee_frame[0] = code[3];
    goto enter;
do_call_constant_32:
    entry = NEAR_ENTRY();
    return_code = code + 5;
    callee_frame = frame + (uint8_t)code[1];
    callee_frame[0] = read_32(code + 3);
    goto enter;
do_call_far:
    entry = entry_of(instance, read_32(code + 2));
    return_code = code + 4;
    callee_frame = frame + code[1];
    goto enter;
enter_instance: {
    // Two records: the callee's returns to wasm_leave_instance_code, which takes the way back from the other
    // one.
    struct wasm_record *record = stack->record - 1;
    const struct wasm_entry *header = (const struct wasm_entry *)entry;
    if (UNLIKELY((uintptr_t)(callee_frame + header->frame_slots) > (uintptr_t)(record - 1)))
        TRAP(CALL_STACK_EXHAUSTED);
    record->return_code = return_code;
    record->return_frame = frame;
    record->callee = instance;
    stack->record = record;
    return_code = wasm_leave_instance_code;
    instance = callee_instance;
    stack->instance = instance;
    RELOAD_MEMORY();
    goto enter;
}
do_call_host:
    host = &instance->hosts[code[3]];
    result_count = code[2];
    callee_frame = frame + code[1];
    callee_instance = instance;
    return_code = code + 4;
enter_host:
    stack->code = code;
    stack->frame = frame;
    status = host->function(callee_instance, callee_frame);
    if (UNLIKELY(stack->activation != activation))
        wasm_discard_activations(stack, activation);
    if (UNLIKELY(status != WASM_OK)) {
        if (status == WASM_SUSPENDED) {
            stack->code = return_code;
            stack->host_values = callee_frame;
            stack->host_results = result_count;
        }
        return status;
    }
    code = return_code;
    RELOAD_MEMORY();
    DISPATCH();
do_call_import: {
    const struct wasm_binding *binding = &instance->bindings[code[3]];
    callee_frame = frame + code[1];
    return_code = code + 4;
    if (binding->host != NULL) {
        host = binding->host;
        result_count = code[2];
        callee_instance = instance;
        goto enter_host;
    }
    callee_instance = binding->instance;
    entry = entry_of(callee_instance, binding->function);
    goto enter_instance;
}
do_call_indirect: {
    const wasm_table *table = instance->tables[code[3]];
    uint32_t function;
    uint32_t index = (uint32_t)SLOT(2);
    uint32_t type = code[4];
    if (UNLIKELY(index >= table->size))
        TRAP(UNDEFINED_ELEMENT);
    if (table->functions != NULL) {
        uint32_t place = index - table->first;
        function = place < table->count ? table->functions[place] : WASM_NONE;
        if (UNLIKELY(function == WASM_NONE))
            TRAP(UNINITIALIZED_ELEMENT);
        callee_instance = instance;
    } else {
        uint64_t reference = table->elements[index];
        if (UNLIKELY(reference == 0))
            TRAP(UNINITIALIZED_ELEMENT);
        callee_instance = wasm_reference_instance(reference);
        function = wasm_reference_function(reference);
    }
    const struct wasm_image_function *record = &callee_instance->functions[function];
    callee_frame = frame + code[1];
    return_code = code + 5;
    if (callee_instance == instance) {
        if (UNLIKELY(record->type != type))
            TRAP(INDIRECT_CALL_TYPE_MISMATCH);
        if (function >= instance->image->imported_functions) {
            entry = wasm_image_at(instance->image, record->code);
            goto enter;
        }
    } else {
        if (!wasm_types_equal(wasm_type_at(instance->image, type),
                              wasm_type_of(callee_instance->image, function)))
            TRAP(INDIRECT_CALL_TYPE_MISMATCH);
        if (function >= callee_instance->image->imported_functions) {
            entry = wasm_image_at(callee_instance->image, record->code);
            goto enter_instance;
        }
    }
    // References to imported functions are to host functions only: others name the instance that defines
    // them.
    host = record->code != WASM_NONE ? &callee_instance->hosts[record->code]
                                     : callee_instance->bindings[record->body].host;
    result_count = wasm_type_at(instance->image, type)->result_count;
    goto enter_host;
}

do_return_many:
    for (uint32_t i = 0, first = code[1], count = code[2]; i < count; i++)
        frame[i] = frame[first + i];
    goto leave_frame;
do_return_constant_16:
    frame[0] = code[1];
    goto leave_frame;
do_return_constant_32:
    frame[0] = read_32(code + 1);
    goto leave_frame;
do_return_one:
    frame[0] = SLOT(1);
do_return_none:
leave_frame: {
    struct wasm_record *record = stack->record;
    stack->record = record + 1;
    code = record->return_code;
    frame = record->return_frame;
    DISPATCH();
}
do_leave_instance: {
    struct wasm_record *record = stack->record;
    stack->record = record + 1;
    code = record->return_code;
    instance = (wasm_instance *)record->callee;
    stack->instance = instance;
    RELOAD_MEMORY();
    DISPATCH();
}
do_leave:
    return WASM_OK;

    // ---- memory and tables

do_memory_size:
    SLOT(1) = memory_size / WASM_PAGE_SIZE;
    NEXT(2);
do_memory_grow:
    SLOT(1) = wasm_grow_memory(instance, (uint32_t)SLOT(2));
    RELOAD_MEMORY();
    NEXT(3);
do_memory_copy: {
    uint64_t to = (uint32_t)SLOT(1);
    uint64_t from = (uint32_t)SLOT(2);
    uint64_t count = (uint32_t)SLOT(3);
    if (UNLIKELY(to + count > memory_size || from + count > memory_size))
        goto memory_out_of_bounds;
    if (count != 0)
        __builtin_memmove(memory + to, memory + from, count);
    NEXT(4);
}
do_memory_fill: {
    uint64_t to = (uint32_t)SLOT(1);
    uint64_t count = (uint32_t)SLOT(3);
    if (UNLIKELY(to + count > memory_size))
        goto memory_out_of_bounds;
    if (count != 0)
        __builtin_memset(memory + to, (int)(uint8_t)SLOT(2), count);
    NEXT(4);
}
do_data_drop:
    wasm_drop_data(instance, code[1]);
    NEXT(2);
do_elem_drop:
    wasm_drop_element(instance, code[1]);
    NEXT(2);
do_memory_init:
do_table_get:
do_table_set:
do_table_size:
do_table_grow:
do_table_fill:
    trap = wasm_execute_bulk(instance, code, frame + code[1]);
    if (UNLIKELY(trap != WASM_TRAP_NONE))
        goto trapped;
    NEXT(3);
do_table_copy:
do_table_init:
    trap = wasm_execute_bulk(instance, code, frame + code[1]);
    if (UNLIKELY(trap != WASM_TRAP_NONE))
        goto trapped;
    NEXT(4);

    // ---- ways out

divide_by_zero:
    TRAP(INTEGER_DIVIDE_BY_ZERO);
integer_overflow:
    TRAP(INTEGER_OVERFLOW);
invalid_conversion:
    TRAP(INVALID_CONVERSION);
memory_out_of_bounds:
    TRAP(MEMORY_OUT_OF_BOUNDS);
trapped:
    stack->trap.code = trap;
    stack->trap.message = wasm_trap_message(trap);
    stack->code = code;
    stack->frame = frame;
    return WASM_TRAPPED;
interrupted:
    stack->interrupt = 0;
    stack->code = code;
    stack->frame = frame;
    return WASM_INTERRUPTED;
}
