// SPDX-License-Identifier: Apache-2.0
//
// What does not fit the bytecode's units: large memory offsets, numbers, distant functions,
// distant labels.
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
                           "4     call far           s1 f4\n"
                           "8     i32.add            s0 s0 s1\n"
                           "12    call far           s1 f2\n"
                           "16    i32.add            s0 s0 s1\n"
                           "20    return             s0\n") == 0);
        wasm_disassemble(fixture.image, fixture.bytes, FORWARD, text, sizeof text);
        CHECK(strcmp(text, "f1 : 2 slots\n"
                           "0     call far           s0 f4\n"
                           "4     call far           s1 f0\n"
                           "8     i32.add            s0 s0 s1\n"
                           "12    return             s0\n") == 0);
    }
    destroy_fixture(&fixture);
}

static void pass_constants_and_locals(void) {
    static const struct call calls[] = {
        {"oneLocal", {41}, 42},
        {"oneSmall", {0}, 65536},
        {"oneLarge", {0}, 65537},
        {"oneLargest", {0}, 0x100000000},
        {"oneWide", {0}, 0x100000001},
        {"oneNegative", {0}, 0},
        {"narrow", {5}, 0xFFFFFFFF},       // -1
        {"narrowBorder", {1}, 0xFFFF7FFE}, // -32770
        {"twoLocals", {3, 4}, 0x30004},
        {"localSmall", {3, 4}, 0x30007},
        {"smallLocal", {3, 4}, 0x70004},
        {"twoSmall", {3, 4}, 0x8FFFF},
        {"localLarge", {3, 4}, 0x40000},
        {"largeLocal", {3, 4}, 0x100000004},
        {"wideNegative", {3, 4}, 0xFFFFFFFFFFFFFFFF},
        {"three", {3, 4}, 0x4FFFF00070003},
        {"threeMixed", {3, 4}, 0x4FFFD00050001},
    };
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "width", no_hosts, false));
    check_calls(&fixture, calls, sizeof calls / sizeof *calls);
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

// ------------------------------------------------------------------------------------------------ labels

static bool has_far_labels(const struct fixture *fixture, uint32_t function) {
    size_t size = wasm_disassemble(fixture->image, fixture->bytes, function, NULL, 0) + 1;
    char *text = malloc(size);
    wasm_disassemble(fixture->image, fixture->bytes, function, text, size);
    bool far = strstr(text, "branch far") != NULL;
    free(text);
    return far;
}

/// Every kind of branch, forward and backward over `bulk` times 12 KB: i32 -> i32. Local 1 is the sum.
static struct body branching_body(uint32_t bulk) {
    struct body body = body_of_type(2);
    struct builder *code = &body.code;
    PUT(code, 1, 1, 0x7F);
    PUT(code, 0x03, 0x40);                         // loop
    PUT(code, 0x20, 0, 0x41, 1, 0x71, 0x04, 0x40); // if (n & 1)
    put_bulk(code, bulk);
    PUT(code, 0x20, 1, 0x41, 1, 0x6A, 0x21, 1, 0x05); // sum += 1, else
    put_bulk(code, bulk);
    PUT(code, 0x20, 1, 0x41, 10, 0x6A, 0x21, 1, 0x0B); // sum += 10
    PUT(code, 0x02, 0x40, 0x02, 0x40, 0x02, 0x40);     // $far, $near, $here
    PUT(code, 0x20, 0, 0x0E, 2, 0, 1, 2, 0x0B);        // br_table of n: 0 $here, 1 $near, else $far
    PUT(code, 0x20, 1, 0x41, 0xE4, 0, 0x6A, 0x21, 1, 0x0B);
    put_bulk(code, bulk);
    PUT(code, 0x20, 1, 0x41, 0xC8, 1, 0x6A, 0x21, 1, 0x0B);
    // A value carried by br_table to a near and to a far block, and by br_if.
    PUT(code, 0x02, 0x7F, 0x02, 0x7F, 0x41, 3, 0x20, 0, 0x0E, 1, 0, 1, 0x0B); // 3 out if n != 0
    put_bulk(code, bulk);
    PUT(code, 0x41, 4, 0x6A, 0x0B); // 7 if n == 0
    PUT(code, 0x20, 1, 0x6A, 0x21, 1);
    PUT(code, 0x02, 0x7F, 0x20, 1, 0x20, 0, 0x41, 2, 0x46, 0x0D, 0); // if n == 2, the sum
    put_bulk(code, bulk);
    PUT(code, 0x41, 1, 0x6A, 0x0B, 0x21, 1);                         // else the sum + 1
    PUT(code, 0x20, 0, 0x41, 0, 0x47, 0x04, 0x40);                   // if (n != 0)
    PUT(code, 0x20, 0, 0x41, 1, 0x6B, 0x21, 0, 0x0C, 1, 0x0B, 0x0B); // n -= 1, again
    PUT(code, 0x03, 0x40, 0x20, 1, 0x41, 1, 0x6A, 0x21, 1);          // do sum += 1
    put_bulk(code, bulk);
    PUT(code, 0x20, 1, 0x41, 15, 0x71, 0x0D, 0, 0x0B); // while (sum & 15)
    PUT(code, 0x20, 1, 0x0B);
    return body;
}

static uint64_t branching_result(uint64_t n) {
    uint64_t sum = 0;
    for (;; n--) {
        sum += (n & 1) != 0 ? 1 : 10;
        sum += n == 0 ? 300 : n == 1 ? 200 : 0;
        sum += n == 0 ? 7 : 3;
        sum += n != 2;
        if (n == 0)
            break;
    }
    do
        sum++;
    while ((sum & 15) != 0);
    return sum;
}

static void branch_over_any_distance(void) {
    enum { CASES = 5, FUEL = 1000000, SLICE = 3000 };
    uint64_t used[2][CASES];
    for (uint32_t bulk = 0; bulk <= 6; bulk++) {
        for (uint32_t meter = 0; meter < 2; meter++) {
            struct body body = branching_body(bulk);
            struct builder section = types();
            struct builder module = module_of(&section, &body, 1);
            struct fixture fixture;
            bool runs = run_module(&fixture, &module, meter != 0);
            CHECK(runs);
            CHECK(!runs ||
                  has_far_labels(&fixture, 0) == (bulk >= 1)); // the loop has 5 or more pieces of 12 KB
            for (uint64_t n = 0; runs && n < CASES; n++) {
                uint64_t value = n;
                wasm_set_fuel(fixture.stack, FUEL);
                CHECK(call_export(&fixture, "0", &value) == WASM_OK && value == branching_result(n));
                if (meter == 0 && n < CASES - 1)
                    continue;
                if (meter == 0) { // at the end, since one interruption is left over
                    uint32_t stops = 0;
                    value = n;
                    wasm_interrupt(fixture.stack);
                    wasm_status status = call_export(&fixture, "0", &value);
                    for (; status == WASM_INTERRUPTED; stops++) {
                        wasm_interrupt(fixture.stack);
                        status = wasm_resume(fixture.instance, &value);
                    }
                    CHECK(status == WASM_OK && value == branching_result(n) && stops > 6);
                    continue;
                }
                // Far labels cost nothing, so that what a call takes grows with its instructions.
                uint64_t cost = FUEL - wasm_fuel(fixture.stack);
                if (bulk < 2)
                    used[bulk][n] = cost;
                CHECK(cost == used[0][n] + bulk * (used[1][n] - used[0][n]));
                value = n;
                wasm_set_fuel(fixture.stack, SLICE);
                wasm_status status = call_export(&fixture, "0", &value);
                while (status == WASM_INTERRUPTED) {
                    wasm_set_fuel(fixture.stack, SLICE);
                    status = wasm_resume(fixture.instance, &value);
                }
                CHECK(status == WASM_OK && value == branching_result(n));
            }
            destroy_fixture(&fixture);
        }
    }
}

/// Emits `units` of code, 3 or 4 at a time: local 1 becomes 5, or is doubled.
static void put_units(struct builder *code, uint32_t units) {
    for (; units % 3 != 0; units -= 4)
        PUT(code, 0x20, 1, 0x20, 1, 0x6A, 0x21, 1);
    for (; units != 0; units -= 3)
        PUT(code, 0x41, 5, 0x21, 1);
}

static void branch_over_the_longest_distance(void) {
    for (uint32_t units = 32750; units < 32775; units++) {
        struct body bodies[3];
        for (uint32_t i = 0; i < 3; i++) {
            bodies[i] = body_of_type(2);
            PUT(&bodies[i].code, 1, 1, 0x7F);
        }
        // Forward: a label, a return of 2 units, and the code between.
        PUT(&bodies[0].code, 0x02, 0x40, 0x20, 0, 0x0D, 0);
        put_units(&bodies[0].code, units);
        PUT(&bodies[0].code, 0x20, 1, 0x0F, 0x0B, 0x41, 2, 0x0B);
        // Backward: the code, 4 units of counting, and the branch's number and slot.
        PUT(&bodies[1].code, 0x03, 0x40);
        put_units(&bodies[1].code, units);
        PUT(&bodies[1].code, 0x20, 0, 0x41, 1, 0x6B, 0x22, 0, 0x0D, 0, 0x0B, 0x20, 1, 0x0B);
        // Two branches to one label, far from each other and near it.
        PUT(&bodies[2].code, 0x02, 0x40, 0x20, 0, 0x0D, 0);
        put_units(&bodies[2].code, units);
        PUT(&bodies[2].code, 0x20, 1, 0x0D, 0, 0x41, 9, 0x21, 1, 0x0B, 0x20, 1, 0x0B);
        struct builder section = types();
        struct builder module = module_of(&section, bodies, 3);
        struct fixture fixture;
        bool runs = run_module(&fixture, &module, false);
        CHECK(runs);
        if (runs) {
            static const struct call calls[] = {
                {"0", {1}, 2}, {"0", {0}, 5}, {"1", {3}, 5}, {"2", {1}, 0}, {"2", {0}, 5}};
            check_calls(&fixture, calls, 5);
            CHECK(has_far_labels(&fixture, 0) == (1 + units + 2 > 32767));
            CHECK(has_far_labels(&fixture, 1) == (units + 4 + 2 > 32768));
        }
        destroy_fixture(&fixture);
    }
}

// ------------------------------------------------------------------------------------------------ numbers

static void put_signed(struct builder *builder, int64_t value) {
    for (; value < -64 || value > 63; value >>= 7)
        put_byte(builder, (uint8_t)(value | 0x80));
    put_byte(builder, (uint8_t)(value & 0x7F));
}

static const int64_t borders[] = {INT32_MIN, -65536, -32769, -32768, -32767, -1,    0,
                                  1,         32767,  32768,  32769,  65535,  65536, INT32_MAX};
enum { BORDERS = sizeof borders / sizeof *borders };

/// One instruction of two operands, with constants in place of either, against itself with none.
static void check_constant_operands(uint8_t opcode, bool wide, bool compares) {
    enum { WITH_SECOND = 1, WITH_FIRST = WITH_SECOND + BORDERS, BRANCHING = WITH_FIRST + BORDERS };
    enum { COUNT = BRANCHING + BORDERS };
    uint8_t constant = wide ? 0x42 : 0x41;
    struct body bodies[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        struct builder *code = &bodies[i].code;
        int64_t border = borders[(i - WITH_SECOND) % BORDERS];
        bodies[i] = body_of_type(0);
        put_byte(code, 0);
        if (i >= BRANCHING) // the second is a constant again
            PUT(code, 0x02, 0x40);
        if (i >= WITH_FIRST && i < BRANCHING) {
            put_byte(code, constant);
            put_signed(code, border);
        } else {
            PUT(code, 0x20, 0);
        }
        if (i == 0 || (i >= WITH_FIRST && i < BRANCHING)) {
            PUT(code, 0x20, 1);
        } else {
            put_byte(code, constant);
            put_signed(code, border);
        }
        put_byte(code, opcode);
        if (i >= BRANCHING) {
            if (wide && !compares)
                PUT(code, 0x50, 0x45); // twice eqz: not zero
            PUT(code, 0x0D, 0);
            if (wide && !compares)
                PUT(code, 0x42, 0, 0x0F, 0x0B, 0x42, 1);
            else
                PUT(code, 0x41, 0, 0x0F, 0x0B, 0x41, 1);
        }
        put_byte(code, 0x0B);
    }
    uint8_t type = wide ? 0x7E : 0x7F;
    struct builder section = {0};
    PUT(&section, 1, 0x60, 2, type, type, 1, compares ? 0x7F : type);
    struct builder module = module_of(&section, bodies, COUNT);
    struct fixture fixture;
    REQUIRE(run_module(&fixture, &module, false));
    uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
    uint32_t wrong = 0;
    for (uint32_t x = 0; x < BORDERS; x++) {
        for (uint32_t y = 0; y < BORDERS; y++) {
            uint64_t expected[2] = {borders[x] & mask, borders[y] & mask};
            wasm_status status = wasm_call(fixture.instance, 0, expected);
            uint64_t values[2] = {borders[x] & mask, 99};
            wrong += wasm_call(fixture.instance, WITH_SECOND + y, values) != status ||
                     (status == WASM_OK && values[0] != expected[0]);
            values[0] = 99;
            values[1] = borders[y] & mask;
            wrong += wasm_call(fixture.instance, WITH_FIRST + x, values) != status ||
                     (status == WASM_OK && values[0] != expected[0]);
            values[0] = borders[x] & mask;
            wrong += wasm_call(fixture.instance, BRANCHING + y, values) != status ||
                     (status == WASM_OK && values[0] != (expected[0] != 0));
        }
    }
    if (wrong != 0)
        printf("opcode %02x: %u wrong\n", opcode, wrong);
    CHECK(wrong == 0);
    destroy_fixture(&fixture);
}

static void take_constants_of_any_size(void) {
    for (uint8_t opcode = 0x46; opcode <= 0x4F; opcode++)
        check_constant_operands(opcode, false, true);
    for (uint8_t opcode = 0x51; opcode <= 0x5A; opcode++)
        check_constant_operands(opcode, true, true);
    for (uint8_t opcode = 0x6A; opcode <= 0x78; opcode++)
        check_constant_operands(opcode, false, false);
    for (uint8_t opcode = 0x7C; opcode <= 0x8A; opcode++)
        check_constant_operands(opcode, true, false);
}

static void combine_with_constants_of_any_size(void) {
    static const struct call calls[] = {
        {"displaced", {32767}, OUT_OF_BOUNDS},
        {"displaced", {32768}, 0x07},
        {"displacedFar", {32767}, 0x07},
        {"displacedBack", {98300}, 0x04},
        {"displacedBack", {32767}, OUT_OF_BOUNDS},
        {"displacedFarBack", {98301}, 0x04},
        {"pointer", {0}, 32771},
        {"pointerFar", {0}, 65539},
        {"pointerBack", {0}, 32771},
        {"pointerFarBack", {0}, 2},
        {"stored", {0}, 0xFFFF80008000u},
        {"storedWide", {0}, 0xFFFFFFFFFFFF7FFFu},
        {"storedNarrow", {0}, 0x8000FF7Fu},
        {"small", {0}, 65535},
        {"large", {0}, 65536},
        {"negative", {0}, 0xFFFFFFFF},
        {"masked", {0x8000}, 1},
        {"masked", {0x7FFF}, 0},
        {"maskedLow", {0x8000}, 0},
        {"maskedLow", {1}, 1},
    };
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "width", no_hosts, false));
    check_calls(&fixture, calls, sizeof calls / sizeof *calls);
    destroy_fixture(&fixture);
}

const struct test width_tests[] = {
    {"constant operands have any size", take_constants_of_any_size},
    {"constants of any size combine with other operations", combine_with_constants_of_any_size},
    {"functions call each other over any distance", call_distant_functions},
    {"branches go over any distance", branch_over_any_distance},
    {"branches go over just the longest distance, and more", branch_over_the_longest_distance},
    {"constants and locals of any size are arguments", pass_constants_and_locals},
    {"functions call from frames with many slots", call_above_many_slots},
    {"memory offsets beyond 65535 are added in 64 bits", add_large_offsets},
    END_OF_TESTS,
};
