// SPDX-License-Identifier: Apache-2.0
//
// What does not fit the bytecode's units: large memory offsets, distant functions.
#include "builder.h"

static const wasm_host_table no_hosts = {NULL, 0};

struct call {
    const char *function;
    uint64_t arguments[2];
    uint64_t expected;
};

/// For `expected`: the access is out of bounds.
#define OUT_OF_BOUNDS 0xBAD0BAD0BAD0BAD0u

static void check_calls(struct fixture *fixture, const struct call *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t values[2] = {calls[i].arguments[0], calls[i].arguments[1]};
        wasm_status status = call_export(fixture, calls[i].function, values);
        bool right = calls[i].expected == OUT_OF_BOUNDS
                         ? status == WASM_TRAPPED &&
                               wasm_last_trap(fixture->instance)->code == WASM_TRAP_MEMORY_OUT_OF_BOUNDS
                         : status == WASM_OK && values[0] == calls[i].expected;
        if (!right)
            printf("%s(%llx, %llx)\n", calls[i].function, (unsigned long long)calls[i].arguments[0],
                   (unsigned long long)calls[i].arguments[1]);
        CHECK(right);
    }
}

static void add_large_offsets(void) {
    static const struct call calls[] = {
        {"offset65535", {0}, 7},
        {"offset65535", {1}, 8},
        {"offset65535", {65536}, 0},
        {"offset65535", {65537}, OUT_OF_BOUNDS},
        {"offset65535", {0xFFFFFFFF}, OUT_OF_BOUNDS},
        {"offset65536", {0}, 8},
        {"offset65536", {65535}, 0},
        {"offset65536", {65536}, OUT_OF_BOUNDS},
        {"offset65536", {0xFFFF0000}, OUT_OF_BOUNDS}, // 2^32
        {"offset65536", {0xFFFFFFFF}, OUT_OF_BOUNDS},
        {"offset64", {0}, 0x0F0E0D0C0B0A0908},
        {"offset64", {65528}, 0},
        {"offset64", {65529}, OUT_OF_BOUNDS},
        {"offsetDisplaced", {4}, 9},
        {"offsetDisplaced", {3}, OUT_OF_BOUNDS}, // 2^32 - 1 + 65537
        {"offsetIndexed", {1, 2}, 13},
        {"offsetIndexed", {0xFFFFFFFF, 1}, 9}, // the addition is in 32 bits
        {"offsetIndexed", {0xFFFFFFFF, 0}, OUT_OF_BOUNDS},
        {"offsetMasked", {0}, 0x0900},
        {"offsetAgain", {1}, 0x090A},
        {"store", {0, 0x1FF}, 0xFF},
        {"store", {65532, 1}, OUT_OF_BOUNDS},
        {"storeComputed", {4, 9}, 81},
        {"storeComputed", {0xFFFFFFFF, 9}, OUT_OF_BOUNDS},
        {"storeConstant", {0}, -2},
        {"storeConstant", {0xFFFFFFF7}, OUT_OF_BOUNDS},
        {"storeGlobal", {41}, 42},
    };
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "width", no_hosts, false));
    check_calls(&fixture, calls, sizeof calls / sizeof *calls);
    destroy_fixture(&fixture);
}

// ------------------------------------------------------------------------------------------------ calls

struct body {
    struct builder code;
    uint32_t type;
};

static struct body body_of_type(uint32_t type) {
    return (struct body){.type = type};
}

/// A module whose functions have these bodies (which it frees), all exported by their index; `types` is the
/// type section's content.
static struct builder module_of(struct builder *types, struct body *bodies, uint32_t count) {
    struct builder module = {0};
    put_header(&module);
    put_section(&module, 1, types);
    struct builder functions = {0}, exports = {0}, code = {0};
    put_u32(&functions, count);
    put_u32(&exports, count);
    put_u32(&code, count);
    for (uint32_t i = 0; i < count; i++) {
        put_u32(&functions, bodies[i].type);
        PUT(&exports, 1, (uint8_t)('0' + i), 0);
        put_u32(&exports, i);
        put_u32(&code, (uint32_t)bodies[i].code.length);
        put_bytes(&code, bodies[i].code.bytes, bodies[i].code.length);
        free(bodies[i].code.bytes);
    }
    put_section(&module, 3, &functions);
    put_section(&module, 7, &exports);
    put_section(&module, 10, &code);
    return module;
}

/// Loads and instantiates a module, whose bytes it frees.
static bool run_module(struct fixture *fixture, struct builder *module, bool meter) {
    load_fixture(fixture, module->bytes, module->length, no_hosts, meter);
    free(module->bytes);
    *module = (struct builder){0};
    if (fixture->image != NULL && instantiate_fixture(fixture, no_hosts, NULL) == WASM_OK)
        return true;
    printf("%s\n", fixture->error.message);
    return false;
}

enum { RESULTS = 1000 };

/// Types: 0 is () -> i32, 1 is () -> 1000 of i64, 2 is i32 -> i32.
static struct builder types(void) {
    struct builder types = {0};
    PUT(&types, 3, 0x60, 0, 1, 0x7F, 0x60, 0);
    put_u32(&types, RESULTS);
    for (uint32_t i = 0; i < RESULTS; i++)
        put_byte(&types, 0x7E);
    PUT(&types, 0x60, 1, 0x7F, 1, 0x7F);
    return types;
}

/// A branch out of a block with 1000 results, never taken, is 12 KB of bytecode. Puts a block with `count` of
/// them, which leaves nothing.
static void put_bulk(struct builder *code, uint32_t count) {
    PUT(code, 0x02, 1);
    for (uint32_t i = 0; i < RESULTS; i++)
        PUT(code, 0x42, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F); // needs 64 bits
    for (uint32_t i = 0; i < count; i++)
        PUT(code, 0x41, 0, 0x0D, 0); // br_if
    put_byte(code, 0x0B);
    for (uint32_t i = 0; i < RESULTS; i++)
        put_byte(code, 0x1A);
}

static void call_distant_functions(void) {
    enum { FIRST, FORWARD, BULK, BACKWARD, LAST, COUNT };
    struct body bodies[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        bodies[i] = body_of_type(0);
        put_byte(&bodies[i].code, 0);
    }
    PUT(&bodies[FIRST].code, 0x41, 7, 0x0B);
    PUT(&bodies[FORWARD].code, 0x10, LAST, 0x10, FIRST, 0x6A, 0x0B);
    put_bulk(&bodies[BULK].code, 1420); // 8.5 million units
    PUT(&bodies[BULK].code, 0x41, 1, 0x0B);
    PUT(&bodies[BACKWARD].code, 0x10, FIRST, 0x10, LAST, 0x6A, 0x10, BULK, 0x6A, 0x0B);
    PUT(&bodies[LAST].code, 0x41, 9, 0x0B);
    struct builder section = types();
    struct builder module = module_of(&section, bodies, COUNT);
    // The fixture's region for the image depends on the module's size.
    struct builder padding = {0};
    PUT(&padding, 1, 'x');
    for (uint32_t i = 0; i < 1200000; i++)
        put_byte(&padding, 0);
    put_section(&module, 0, &padding);
    struct fixture fixture;
    bool runs = run_module(&fixture, &module, false);
    CHECK(runs);
    if (runs) {
        static const struct call calls[] = {{"1", {0}, 16}, {"3", {0}, 17}};
        check_calls(&fixture, calls, 2);
        char text[256];
        wasm_disassemble(fixture.image, fixture.bytes, BACKWARD, text, sizeof text);
        CHECK(strcmp(text, "f3 : 2 slots\n"
                           "0     call far           s0 f0\n"
                           "3     call far           s1 f4\n"
                           "6     i32.add            s0 s0 s1\n"
                           "10    call far           s1 f2\n"
                           "13    i32.add            s0 s0 s1\n"
                           "17    return             s0\n") == 0);
        wasm_disassemble(fixture.image, fixture.bytes, FORWARD, text, sizeof text);
        CHECK(strcmp(text, "f1 : 2 slots\n"
                           "0     call far           s0 f4\n"
                           "3     call               s1 f0\n"
                           "6     i32.add            s0 s0 s1\n"
                           "10    return             s0\n") == 0);
    }
    destroy_fixture(&fixture);
}

static void call_above_many_slots(void) {
    // 254, 255 and 300 locals and the function's parameter below the callee's frame.
    static const uint32_t locals[] = {254, 255, 300};
    for (uint32_t i = 0; i < 3; i++) {
        struct body bodies[2] = {body_of_type(2), body_of_type(2)};
        struct builder *code = &bodies[0].code;
        PUT(code, 1);
        put_u32(code, locals[i]);
        PUT(code, 0x7E, 0x20, 0, 0x10, 1, 0x0B);
        PUT(&bodies[1].code, 0, 0x20, 0, 0x04, 0x7F, 0x20, 0, 0x41, 1, 0x6B, 0x10, 0, 0x41, 3, 0x6A, 0x05,
            0x41, 5, 0x0B, 0x0B);
        struct builder section = types();
        struct builder module = module_of(&section, bodies, 2);
        struct fixture fixture;
        bool runs = run_module(&fixture, &module, false);
        CHECK(runs);
        static const struct call calls[] = {{"0", {0}, 5}, {"0", {6}, 23}, {"1", {2}, 11}};
        if (runs)
            check_calls(&fixture, calls, 3);
        destroy_fixture(&fixture);
    }
}

const struct test width_tests[] = {
    {"functions call each other over any distance", call_distant_functions},
    {"functions call from frames with many slots", call_above_many_slots},
    {"memory offsets beyond 65535 are added in 64 bits", add_large_offsets},
    END_OF_TESTS,
};
