// SPDX-License-Identifier: Apache-2.0
//
// Hostile modules: the classes of bugs that other interpreters have had. Everything here has to end in an
// error, or in a trap; AddressSanitizer and UBSan watch the memory.
#include "builder.h"

static const wasm_host_table no_hosts = {NULL, 0};

/// A module with memory (1 page), a table (2), and one function of type () -> () with this body, which
/// includes its locals and its end. Frees the body.
static struct builder module_with_body(struct builder *body) {
    struct builder module = {0};
    put_header(&module);
    PUT_SECTION(&module, 1, 1, 0x60, 0, 0);
    PUT_SECTION(&module, 3, 1, 0);
    PUT_SECTION(&module, 4, 1, 0x70, 0, 2);
    PUT_SECTION(&module, 5, 1, 0, 1);
    PUT_SECTION(&module, 7, 1, 1, 'f', 0, 0);
    struct builder code = {0};
    put_u32(&code, 1);
    put_u32(&code, (uint32_t)body->length);
    put_bytes(&code, body->bytes, body->length);
    free(body->bytes);
    *body = (struct builder){0};
    put_section(&module, 10, &code);
    return module;
}

/// Loads a module, and frees its bytes; the status that wasm_load gave.
static wasm_status load_status(struct builder *module) {
    struct fixture fixture;
    load_fixture(&fixture, module->bytes, module->length, no_hosts, false);
    wasm_status status = fixture.error.status;
    free(module->bytes);
    *module = (struct builder){0};
    destroy_fixture(&fixture);
    return status;
}

static wasm_status body_status(struct builder *body) {
    struct builder module = module_with_body(body);
    return load_status(&module);
}

#define BODY_STATUS(...)                                                                                     \
    ({                                                                                                       \
        struct builder body_builder = {0};                                                                   \
        PUT(&body_builder, __VA_ARGS__);                                                                     \
        body_status(&body_builder);                                                                          \
    })

// ------------------------------------------------------------------------------------------------ counts

// A count of 2^32-1 makes count + 1, or count times a size, wrap around in 32 bits.
#define HUGE 0xFF, 0xFF, 0xFF, 0xFF, 0x0F

static void refuse_huge_branch_tables(void) {
    CHECK(BODY_STATUS(0, 0x41, 0, 0x0E, HUGE, 0, 0x0B) == WASM_MALFORMED);
    // As many labels as claimed, more than the limit.
    struct builder body = {0};
    PUT(&body, 0, 0x41, 0, 0x0E);
    put_u32(&body, 65536);
    for (uint32_t i = 0; i <= 65536; i++)
        put_byte(&body, 0);
    put_byte(&body, 0x0B);
    CHECK(body_status(&body) == WASM_LIMIT);
    PUT(&body, 0, 0x41, 0, 0x0E);
    put_u32(&body, 65535);
    for (uint32_t i = 0; i <= 65535; i++)
        put_byte(&body, 0);
    put_byte(&body, 0x0B);
    CHECK(body_status(&body) == WASM_OK);
}

static void refuse_huge_local_counts(void) {
    CHECK(BODY_STATUS(1, HUGE, 0x7F, 0x0B) == WASM_LIMIT);
    // Groups whose sum wraps.
    CHECK(BODY_STATUS(2, HUGE, 0x7F, HUGE, 0x7E, 0x0B) == WASM_MALFORMED);
    CHECK(BODY_STATUS(2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F, 1, 0x7E, 0x0B) == WASM_MALFORMED);
    CHECK(BODY_STATUS(HUGE, 0x0B) == WASM_MALFORMED);
    CHECK(BODY_STATUS(1, 0xD0, 0x86, 0x03, 0x7F, 0x0B) == WASM_OK); // 50,000
    CHECK(BODY_STATUS(1, 0xD1, 0x86, 0x03, 0x7F, 0x0B) == WASM_LIMIT);
}

static void refuse_huge_section_counts(void) {
    for (uint8_t id = 1; id <= 12; id++) {
        if (id == 8) // the start section has no count
            continue;
        struct builder module = {0};
        put_header(&module);
        PUT_SECTION(&module, id, HUGE);
        CHECK(load_status(&module) == WASM_MALFORMED);
    }
    // More parameters, results, elements than bytes.
    struct builder module = {0};
    put_header(&module);
    PUT_SECTION(&module, 1, 1, 0x60, HUGE, 0);
    CHECK(load_status(&module) == WASM_MALFORMED);
    put_header(&module);
    PUT_SECTION(&module, 1, 1, 0x60, 0, HUGE);
    CHECK(load_status(&module) == WASM_MALFORMED);
    put_header(&module);
    PUT_SECTION(&module, 9, 1, 1, 0, HUGE);
    CHECK(load_status(&module) == WASM_MALFORMED);
    put_header(&module);
    PUT_SECTION(&module, 11, 1, 1, HUGE);
    CHECK(load_status(&module) == WASM_MALFORMED);
    // A name, and a section, longer than what is left.
    put_header(&module);
    PUT_SECTION(&module, 0, HUGE, 'x');
    CHECK(load_status(&module) == WASM_MALFORMED);
    put_header(&module);
    PUT(&module, 1, HUGE);
    CHECK(load_status(&module) == WASM_MALFORMED);
}

static void refuse_huge_tables_and_memories(void) {
    struct builder module = {0};
    put_header(&module);
    PUT_SECTION(&module, 4, 1, 0x70, 0, HUGE);
    CHECK(load_status(&module) == WASM_LIMIT);
    put_header(&module);
    PUT_SECTION(&module, 5, 1, 0, 0x81, 0x80, 0x04);
    CHECK(load_status(&module) == WASM_INVALID);
    put_header(&module);
    PUT_SECTION(&module, 5, 1, 1, 0, HUGE);
    CHECK(load_status(&module) == WASM_INVALID);
}

static void refuse_functions_with_too_many_operands(void) {
    struct builder body = {0};
    put_byte(&body, 0);
    for (uint32_t i = 0; i <= 65536; i++)
        PUT(&body, 0x41, 0); // i32.const 0
    for (uint32_t i = 0; i <= 65536; i++)
        put_byte(&body, 0x1A); // drop
    put_byte(&body, 0x0B);
    CHECK(body_status(&body) == WASM_LIMIT);
}

static void refuse_deep_nesting(void) {
    for (uint32_t depth = 16383; depth <= 16384; depth++) {
        struct builder body = {0};
        put_byte(&body, 0);
        for (uint32_t i = 0; i < depth; i++)
            PUT(&body, 0x02, 0x40); // block
        for (uint32_t i = 0; i <= depth; i++)
            put_byte(&body, 0x0B);
        struct builder module = module_with_body(&body);
        // The scratch region of a fixture is too small for the translator's view of the deepest nesting
        // allowed.
        wasm_status status = load_status(&module);
        CHECK(status == (depth > 16383 ? WASM_LIMIT : WASM_OUT_OF_MEMORY));
    }
}

// ------------------------------------------------------------------------------------------------ bodies

// Bodies that a compiler without validation would turn into accesses outside of its own stacks.
static void refuse_bodies_that_underflow_or_overrun(void) {
    CHECK(BODY_STATUS(0, 0x1A, 0x0B) == WASM_INVALID);                   // drop from nothing
    CHECK(BODY_STATUS(0, 0x6A, 0x0B) == WASM_INVALID);                   // i32.add of nothing
    CHECK(BODY_STATUS(0, 0x02, 0x40, 0x1A, 0x0B, 0x0B) == WASM_INVALID); // drop from around a block
    CHECK(BODY_STATUS(0, 0x41, 0, 0x02, 0x40, 0x1A, 0x0B, 0x1A, 0x0B) == WASM_INVALID);
    CHECK(BODY_STATUS(0, 0x20, 0, 0x1A, 0x0B) == WASM_INVALID); // no such local
    CHECK(BODY_STATUS(0, 0x20, HUGE, 0x1A, 0x0B) == WASM_INVALID);
    CHECK(BODY_STATUS(0, 0x41, 0, 0x21, 0, 0x0B) == WASM_INVALID);
    CHECK(BODY_STATUS(0, 0x23, 0, 0x1A, 0x0B) == WASM_INVALID); // no such global
    CHECK(BODY_STATUS(0, 0x0C, 1, 0x0B) == WASM_INVALID);       // no such label
    CHECK(BODY_STATUS(0, 0x0C, HUGE, 0x0B) == WASM_INVALID);
    CHECK(BODY_STATUS(0, 0x10, 1, 0x0B) == WASM_INVALID);             // no such function
    CHECK(BODY_STATUS(0, 0x41, 0, 0x11, 1, 0, 0x0B) == WASM_INVALID); // no such type
    CHECK(BODY_STATUS(0, 0x41, 0, 0x11, 0, 1, 0x0B) == WASM_INVALID); // no such table
    CHECK(BODY_STATUS(0, 0xFC, 9, 0, 0x0B) == WASM_INVALID);          // no such data segment
    CHECK(BODY_STATUS(0, 0xFC, 13, 0, 0x0B) == WASM_INVALID);         // no such element segment
    CHECK(BODY_STATUS(0, 0xD2, 5, 0x1A, 0x0B) == WASM_INVALID);       // no such function to refer to
    CHECK(BODY_STATUS(0, 0x41, 0, 0x04, 0x7F, 0x41, 0, 0x0B, 0x1A, 0x0B) ==
          WASM_INVALID);                                        // if without else, result
    CHECK(BODY_STATUS(0, 0x02, 5, 0x0B, 0x0B) == WASM_INVALID); // no such block type
    CHECK(BODY_STATUS(0, 0x05, 0x0B) == WASM_MALFORMED);        // else alone
    CHECK(BODY_STATUS(0, 0x0B, 0x0B) == WASM_MALFORMED);        // code behind the end
    CHECK(BODY_STATUS(0, 0x02, 0x40, 0x0B) == WASM_MALFORMED);  // one end too few
    CHECK(BODY_STATUS(0) == WASM_MALFORMED);
    CHECK(BODY_STATUS(0, 0xFC, HUGE, 0x0B) == WASM_MALFORMED); // no such instruction
    CHECK(BODY_STATUS(0, 0xFC, 18, 0x0B) == WASM_MALFORMED);
    CHECK(BODY_STATUS(0, 0xFD, 0, 0x0B) == WASM_MALFORMED);
    CHECK(BODY_STATUS(0, 0x41, 0, 0x28, 3, 0, 0x1A, 0x0B) == WASM_INVALID);    // alignment above natural
    CHECK(BODY_STATUS(0, 0x41, 0, 0x28, 0x20, 0, 0x1A, 0x0B) == WASM_INVALID); // 2^32
    CHECK(BODY_STATUS(0, 0x41, 0, 0x28, HUGE, 0, 0x1A, 0x0B) == WASM_INVALID);
}

// Unreachable code has operands of unknown type; the translator must not look for them.
static void translate_unreachable_code(void) {
    CHECK(BODY_STATUS(0, 0x00, 0x6A, 0x1A, 0x0B) == WASM_OK);
    CHECK(BODY_STATUS(0, 0x00, 0x0E, 0, 0, 0x0B) == WASM_OK);
    CHECK(BODY_STATUS(0, 0x02, 0x7F, 0x00, 0x41, 1, 0x0E, 1, 0, 0, 0x0B, 0x1A, 0x0B) == WASM_OK);
    CHECK(BODY_STATUS(0, 0x02, 0x7F, 0x0C, 0, 0x0B, 0x1A, 0x0B) == WASM_INVALID);
    CHECK(BODY_STATUS(0, 0x0F, 0x04, 0x7F, 0x05, 0x0B, 0x1A, 0x0B) ==
          WASM_INVALID); // empty arms are reachable again
    CHECK(BODY_STATUS(0, 0x0F, 0x04, 0x40, 0x05, 0x0B, 0x03, 0x40, 0x0C, 0, 0x0B, 0x0B) == WASM_OK);
    CHECK(BODY_STATUS(0, 0x00, 0x42, 0, 0x36, 0, 0, 0x0B) == WASM_INVALID); // an i64 for an i32.store
    CHECK(BODY_STATUS(0, 0x00, 0x1B, 0x1A, 0x0B) == WASM_OK);
}

// ------------------------------------------------------------------------------------------------ running

/// Instantiates a module of one exported function "f", calls it, and returns the trap it ended with.
static wasm_trap_code trap_of_body(struct builder *body) {
    struct builder module = module_with_body(body);
    struct fixture fixture;
    load_fixture(&fixture, module.bytes, module.length, no_hosts, false);
    free(module.bytes);
    wasm_trap_code code = WASM_TRAP_NONE;
    if (fixture.image == NULL || instantiate_fixture(&fixture, no_hosts, NULL) != WASM_OK) {
        fail_check(__FILE__, __LINE__, fixture.error.message);
    } else {
        uint64_t values[1];
        if (call_export(&fixture, "f", values) == WASM_TRAPPED)
            code = wasm_last_trap(fixture.instance)->code;
    }
    destroy_fixture(&fixture);
    return code;
}

#define BODY_TRAP(...)                                                                                       \
    ({                                                                                                       \
        struct builder body_builder = {0};                                                                   \
        PUT(&body_builder, __VA_ARGS__);                                                                     \
        trap_of_body(&body_builder);                                                                         \
    })

#define MINUS_ONE 0x7F

static void check_addresses_without_wrapping(void) {
    // Every load and store at 2^32-1, with offset 0 and with offset 2^32-1: the sum has 33 bits.
    for (uint8_t opcode = 0x28; opcode <= 0x35; opcode++) {
        CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, opcode, 0, 0, 0x1A, 0x0B) == WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
        CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, opcode, 0, HUGE, 0x1A, 0x0B) == WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
        CHECK(BODY_TRAP(0, 0x41, 1, opcode, 0, HUGE, 0x1A, 0x0B) == WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    }
    for (uint8_t opcode = 0x36; opcode <= 0x3E; opcode++) {
        static const uint8_t constants[] = {0x41, 0x42, 0x43, 0x44, 0x41, 0x41, 0x42, 0x42, 0x42};
        static const uint8_t sizes[] = {4, 8, 4, 8, 1, 2, 1, 2, 4};
        uint8_t constant = constants[opcode - 0x36];
        for (int at_end = 0; at_end < 2; at_end++) {
            struct builder body = {0};
            PUT(&body, 0, 0x41);
            if (at_end)
                PUT(&body, 0x80, 0x80, 0x04); // 65536
            else
                PUT(&body, MINUS_ONE);
            put_byte(&body, constant);
            for (int i = 0; i < (constant == 0x43 ? 4 : constant == 0x44 ? 8 : 1); i++)
                put_byte(&body, 0);
            PUT(&body, opcode, 0);
            put_u32(&body, at_end ? 0 : UINT32_MAX);
            put_byte(&body, 0x0B);
            CHECK(trap_of_body(&body) == WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
        }
        // The last place that fits, and one further.
        for (uint32_t beyond = 0; beyond < 2; beyond++) {
            struct builder body = {0};
            PUT(&body, 0, 0x41, 0, constant);
            for (int i = 0; i < (constant == 0x43 ? 4 : constant == 0x44 ? 8 : 1); i++)
                put_byte(&body, 0);
            PUT(&body, opcode, 0);
            put_u32(&body, 65536u - sizes[opcode - 0x36] + beyond);
            put_byte(&body, 0x0B);
            CHECK(trap_of_body(&body) == (beyond ? WASM_TRAP_MEMORY_OUT_OF_BOUNDS : WASM_TRAP_NONE));
        }
    }
}

static void check_bulk_ranges_without_wrapping(void) {
    // memory.fill and memory.copy of 2^32-1 bytes from 2^32-1 on; and of nothing, one past the end.
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0x41, 0, 0x41, MINUS_ONE, 0xFC, 11, 0, 0x0B) ==
          WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, 1, 0x41, 0, 0x41, MINUS_ONE, 0xFC, 11, 0, 0x0B) ==
          WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, 0, 0x41, MINUS_ONE, 0x41, 2, 0xFC, 10, 0, 0, 0x0B) ==
          WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0x41, 0, 0x41, 2, 0xFC, 10, 0, 0, 0x0B) ==
          WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, 0x80, 0x80, 0x04, 0x41, 0, 0x41, 0, 0xFC, 11, 0, 0x0B) == WASM_TRAP_NONE);
    CHECK(BODY_TRAP(0, 0x41, 0x81, 0x80, 0x04, 0x41, 0, 0x41, 0, 0xFC, 11, 0, 0x0B) ==
          WASM_TRAP_MEMORY_OUT_OF_BOUNDS);
    // table.copy and table.fill alike.
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0x41, 0, 0x41, 2, 0xFC, 14, 0, 0, 0x0B) ==
          WASM_TRAP_TABLE_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, 0, 0x41, MINUS_ONE, 0x41, 2, 0xFC, 14, 0, 0, 0x0B) ==
          WASM_TRAP_TABLE_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0xD0, 0x70, 0x41, 2, 0xFC, 17, 0, 0x0B) ==
          WASM_TRAP_TABLE_OUT_OF_BOUNDS);
    CHECK(BODY_TRAP(0, 0x41, 2, 0xD0, 0x70, 0x41, 0, 0xFC, 17, 0, 0x0B) == WASM_TRAP_NONE);
    // table.grow and memory.grow by 2^32-1 are refused, not wrapped: the result is -1, and drop gets it.
    CHECK(BODY_TRAP(0, 0xD0, 0x70, 0x41, MINUS_ONE, 0xFC, 15, 0, 0x1A, 0x0B) == WASM_TRAP_NONE);
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0x40, 0, 0x1A, 0x0B) == WASM_TRAP_NONE);
    // call_indirect beyond the table, at its end, and at null.
    CHECK(BODY_TRAP(0, 0x41, MINUS_ONE, 0x11, 0, 0, 0x0B) == WASM_TRAP_UNDEFINED_ELEMENT);
    CHECK(BODY_TRAP(0, 0x41, 2, 0x11, 0, 0, 0x0B) == WASM_TRAP_UNDEFINED_ELEMENT);
    CHECK(BODY_TRAP(0, 0x41, 1, 0x11, 0, 0, 0x0B) == WASM_TRAP_UNINITIALIZED_ELEMENT);
}

static void exhaust_the_stack_with_large_frames(void) {
    // A function with 8,000 locals that calls itself: eight frames fill the fixture's stack.
    CHECK(BODY_TRAP(1, 0xC0, 0x3E, 0x7E, 0x10, 0, 0x0B) == WASM_TRAP_CALL_STACK_EXHAUSTED);
    // A frame that is larger than the stack.
    CHECK(BODY_TRAP(1, 0xD0, 0x86, 0x03, 0x7E, 0x0B) == WASM_TRAP_CALL_STACK_EXHAUSTED);
}

static void refuse_segments_that_do_not_fit(void) {
    struct builder module = {0};
    put_header(&module);
    PUT_SECTION(&module, 5, 1, 0, 1);
    PUT_SECTION(&module, 11, 1, 0, 0x41, MINUS_ONE, 0x0B, 2, 1, 2); // data at 2^32-1
    struct fixture fixture;
    load_fixture(&fixture, module.bytes, module.length, no_hosts, false);
    free(module.bytes);
    REQUIRE(fixture.image != NULL);
    CHECK(instantiate_fixture(&fixture, no_hosts, NULL) == WASM_TRAPPED);
    CHECK(strcmp(fixture.error.message, "out of bounds memory access") == 0);
    destroy_fixture(&fixture);
}

// ------------------------------------------------------------------------------------------------ broken
// modules

static const char *const module_names[] = {"calls", "traps", "shared", "segments", "caller"};

static void refuse_modules_cut_anywhere(void) {
    for (size_t i = 0; i < sizeof module_names / sizeof *module_names; i++) {
        size_t length;
        uint8_t *bytes = read_module(module_names[i], &length);
        for (size_t cut = 0; cut < length; cut++) {
            struct fixture fixture;
            load_fixture(&fixture, bytes, cut, no_hosts, false);
            // A module may end after any section, as far as it declares no functions without bodies.
            CHECK(fixture.image != NULL || fixture.error.status == WASM_MALFORMED ||
                  fixture.error.status == WASM_INVALID);
            destroy_fixture(&fixture);
        }
        free(bytes);
    }
}

static wasm_status host_nothing(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    values[0] = 0;
    return WASM_OK;
}

/// Runs all exports of a module that loads, with little fuel.
static void run_everything(struct fixture *fixture) {
    uint32_t imports = wasm_import_count(fixture->image);
    static const wasm_host_entry anything = {"", "", "i:i", host_nothing};
    wasm_external *externals = calloc(imports + 1, sizeof *externals);
    for (uint32_t i = 0; i < imports; i++)
        externals[i].of.function.host = &anything; // other types are refused by linking
    wasm_status status = instantiate_fixture(fixture, no_hosts, externals);
    free(externals);
    if (status != WASM_OK)
        return;
    for (uint32_t i = 0; i < wasm_export_count(fixture->image); i++) {
        wasm_export export = wasm_export_at(fixture->image, fixture->bytes, i);
        if (export.kind != WASM_FUNCTION)
            continue;
        wasm_function_type type = wasm_function_type_at(fixture->image, export.index);
        uint64_t values[16] = {65532, 2, 3, 4};
        if (type.parameter_count > 16 || type.result_count > 16)
            continue;
        wasm_set_fuel(fixture->stack, 2000);
        if (wasm_call(fixture->instance, export.index, values) == WASM_INTERRUPTED)
            wasm_abandon(fixture->instance);
    }
}

// Every byte of every module, with each bit turned over and with some extreme values.
static void survive_modules_with_any_byte_changed(void) {
    static const uint8_t extremes[] = {0x00, 0xFF, 0x7F, 0x80, 0x0B, 0x40};
    for (size_t i = 0; i < sizeof module_names / sizeof *module_names; i++) {
        size_t length;
        uint8_t *bytes = read_module(module_names[i], &length);
        uint32_t loaded = 0;
        for (size_t at = 0; at < length; at++) {
            uint8_t original = bytes[at];
            for (int change = 0; change < 14; change++) {
                bytes[at] = change < 8 ? (uint8_t)(original ^ 1 << change) : extremes[change - 8];
                struct fixture fixture;
                load_fixture(&fixture, bytes, length, no_hosts, true);
                if (fixture.image != NULL) {
                    loaded++;
                    run_everything(&fixture);
                } else {
                    CHECK(fixture.error.status >= WASM_MALFORMED && fixture.error.message[0] != 0);
                }
                destroy_fixture(&fixture);
            }
            bytes[at] = original;
        }
        CHECK(loaded > 0);
        free(bytes);
    }
}

const struct test hostile_tests[] = {
    {"br_table with a count that wraps is refused", refuse_huge_branch_tables},
    {"locals with a count that wraps are refused", refuse_huge_local_counts},
    {"sections with a count that wraps are refused", refuse_huge_section_counts},
    {"tables and memories beyond the limits are refused", refuse_huge_tables_and_memories},
    {"more operands than a frame has slots are refused", refuse_functions_with_too_many_operands},
    {"nesting beyond the limit is refused", refuse_deep_nesting},
    {"bodies that underflow or name what is not there are refused", refuse_bodies_that_underflow_or_overrun},
    {"unreachable code is validated and not translated", translate_unreachable_code},
    {"addresses do not wrap around", check_addresses_without_wrapping},
    {"ranges of bulk instructions do not wrap around", check_bulk_ranges_without_wrapping},
    {"large frames exhaust the stack with a trap", exhaust_the_stack_with_large_frames},
    {"active segments out of range are refused", refuse_segments_that_do_not_fit},
    {"modules cut anywhere are refused", refuse_modules_cut_anywhere},
    {"modules with any byte changed do no harm", survive_modules_with_any_byte_changed},
    END_OF_TESTS,
};
