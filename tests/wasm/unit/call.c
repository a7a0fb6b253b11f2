// SPDX-License-Identifier: Apache-2.0
//
// Calls from outside and to host functions: values, suspension, interruption, fuel, nesting.
#include "harness.h"

static wasm_status host_wait(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    return WASM_SUSPENDED;
}

static wasm_status host_swap(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    uint64_t first = values[0];
    values[0] = values[1];
    values[1] = first;
    return WASM_OK;
}

static wasm_status host_fail(wasm_instance *instance, uint64_t *values) {
    (void)values;
    return wasm_host_trap(instance, "the host says no");
}

static wasm_status host_exit(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    return WASM_EXITED;
}

/// What host_again calls, and the status it saw.
static const char *again_name = "descend";
static wasm_status again_status;

static wasm_status host_again(wasm_instance *instance, uint64_t *values) {
    uint32_t function = find_function(wasm_instance_context(instance), again_name);
    uint64_t inner[4] = {values[0]};
    again_status = wasm_call(instance, function, inner);
    values[0] = inner[0];
    // A call left suspended is given up by returning.
    return again_status == WASM_TRAPPED ? WASM_TRAPPED : WASM_OK;
}

static const wasm_host_entry entries[] = {
    {"env", "wait", "i:i", host_wait}, {"env", "swap", "II:II", host_swap}, {"env", "fail", ":", host_fail},
    {"env", "exit", ":", host_exit},   {"env", "again", "i:i", host_again},
};
static const wasm_host_table hosts = {entries, 5};

static void pass_values_of_every_type(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {0xFFFFFFFFu, 0x8000000000000001u, 0x7FA00001u, 0x7FF0000000000001u};
    CHECK(call_export(&fixture, "numbers", values) == WASM_OK);
    CHECK(values[0] == 0x7FF0000000000001u && values[1] == 0x7FA00001u);
    CHECK(values[2] == 0x8000000000000001u && values[3] == 0xFFFFFFFFu);
    uint64_t pair[2] = {1, 2};
    CHECK(call_export(&fixture, "swap", pair) == WASM_OK && pair[0] == 2 && pair[1] == 1);
    destroy_fixture(&fixture);
}

static void resume_after_host_wait(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {10};
    CHECK(call_export(&fixture, "wait", values) == WASM_SUSPENDED);
    CHECK(strcmp(trace_of(fixture.instance), "middle waiting") == 0);
    values[0] = 50;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 110);
    CHECK(wasm_resume(fixture.instance, values) == WASM_TRAPPED);

    values[0] = 1;
    CHECK(call_export(&fixture, "wait_twice", values) == WASM_SUSPENDED);
    values[0] = 3;
    CHECK(wasm_resume(fixture.instance, values) == WASM_SUSPENDED);
    values[0] = 4;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 7);

    CHECK(call_export(&fixture, "wait_indirect", values) == WASM_SUSPENDED);
    values[0] = 8;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 13);
    destroy_fixture(&fixture);
}

static void run_on_while_a_call_waits(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {10};
    CHECK(call_export(&fixture, "wait", values) == WASM_SUSPENDED);
    // On the same stack, above the suspended frames.
    values[0] = 1;
    CHECK(call_export(&fixture, "add", values) == WASM_OK && values[0] == 101);
    // On another stack.
    void *memory = malloc(4096);
    wasm_set_stack(fixture.instance, wasm_stack_create((wasm_region){memory, 4096}));
    values[0] = 20;
    CHECK(call_export(&fixture, "wait", values) == WASM_SUSPENDED);
    wasm_set_stack(fixture.instance, fixture.stack);
    values[0] = 50;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 110);
    free(memory);
    destroy_fixture(&fixture);
}

static void abandon_a_suspended_call(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {10};
    CHECK(!wasm_abandon(fixture.instance));
    CHECK(call_export(&fixture, "wait", values) == WASM_SUSPENDED);
    CHECK(wasm_abandon(fixture.instance));
    CHECK(!wasm_abandon(fixture.instance));
    values[0] = 1;
    CHECK(call_export(&fixture, "add", values) == WASM_OK && values[0] == 101);
    destroy_fixture(&fixture);
}

static void end_calls_from_the_host(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {0};
    CHECK(call_export(&fixture, "exit", values) == WASM_EXITED);
    CHECK(call_export(&fixture, "fail", values) == WASM_TRAPPED);
    CHECK(wasm_last_trap(fixture.instance)->code == WASM_TRAP_HOST);
    CHECK(strcmp(wasm_last_trap(fixture.instance)->message, "the host says no") == 0);
    destroy_fixture(&fixture);
}

static void nest_calls_through_the_host(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    again_name = "descend";
    uint64_t values[4] = {20};
    CHECK(call_export(&fixture, "descend", values) == WASM_OK && values[0] == 27);
    values[0] = 10;
    // Deeper than WASM_MAXIMUM_NESTED_CALLS: the C stack is safe.
    uint64_t many[4] = {100000};
    CHECK(call_export(&fixture, "descend", many) == WASM_TRAPPED);
    CHECK(wasm_last_trap(fixture.instance)->code == WASM_TRAP_CALL_STACK_EXHAUSTED);
    CHECK(call_export(&fixture, "descend", values) == WASM_OK && values[0] == 17);
    destroy_fixture(&fixture);
}

static void drop_calls_left_suspended_by_the_host(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    again_name = "wait";
    uint64_t values[4] = {3};
    CHECK(call_export(&fixture, "again", values) == WASM_OK);
    CHECK(again_status == WASM_SUSPENDED);
    CHECK(!wasm_abandon(fixture.instance));
    again_name = "fail";
    CHECK(call_export(&fixture, "again", values) == WASM_TRAPPED);
    CHECK(strcmp(wasm_last_trap(fixture.instance)->message, "the host says no") == 0);
    destroy_fixture(&fixture);
}

static void interrupt_loops_and_calls(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {100};
    for (int i = 0; i < 3; i++) {
        wasm_interrupt(fixture.stack);
        CHECK(call_export(&fixture, "forever", values) == WASM_INTERRUPTED);
        CHECK(strcmp(trace_of(fixture.instance), "forever") == 0);
        CHECK(wasm_abandon(fixture.instance));
    }
    wasm_interrupt(fixture.stack);
    CHECK(call_export(&fixture, "count_to", values) == WASM_INTERRUPTED);
    int stops = 1;
    wasm_status status;
    do {
        if (stops < 5)
            wasm_interrupt(fixture.stack);
        status = wasm_resume(fixture.instance, values);
    } while (status == WASM_INTERRUPTED && ++stops < 100);
    CHECK(status == WASM_OK && stops == 5 && values[0] == 100);
    destroy_fixture(&fixture);
}

static void charge_fuel_exactly(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, true));
    uint64_t values[4] = {1};
    wasm_set_fuel(fixture.stack, 1000);
    CHECK(call_export(&fixture, "add", values) == WASM_OK);
    CHECK(wasm_fuel(fixture.stack) == 1000 - 4); // local.get, i32.const, i32.add, end
    // A round of count_to: 4 to add, 2 for the global, 4 to compare and branch; around it loop, end,
    // local.get, end.
    wasm_set_fuel(fixture.stack, 1000);
    values[0] = 50;
    CHECK(call_export(&fixture, "count_to", values) == WASM_OK && values[0] == 50);
    CHECK(wasm_fuel(fixture.stack) == 1000 - 50 * 10 - 4);
    wasm_set_fuel(fixture.stack, 100);
    values[0] = 1000;
    CHECK(call_export(&fixture, "count_to", values) == WASM_INTERRUPTED);
    CHECK(wasm_fuel(fixture.stack) < 10);
    CHECK(wasm_resume(fixture.instance, values) == WASM_INTERRUPTED);
    wasm_set_fuel(fixture.stack, 1000000);
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 1000);
    wasm_set_fuel(fixture.stack, 1000);
    CHECK(call_export(&fixture, "forever", values) == WASM_INTERRUPTED);
    destroy_fixture(&fixture);
}

static void stop_at_the_end_of_the_stack(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    for (size_t size = WASM_MINIMUM_STACK_SIZE; size < WASM_MINIMUM_STACK_SIZE + 256; size += 8) {
        void *memory = malloc(size);
        wasm_set_stack(fixture.instance, wasm_stack_create((wasm_region){memory, size}));
        uint64_t values[4] = {1};
        CHECK(call_export(&fixture, "recurse", values) == WASM_TRAPPED);
        CHECK(wasm_last_trap(fixture.instance)->code == WASM_TRAP_CALL_STACK_EXHAUSTED);
        CHECK(call_export(&fixture, "add", values) == WASM_OK);
        free(memory);
    }
    wasm_set_stack(fixture.instance, fixture.stack);
    CHECK(wasm_stack_create((wasm_region){fixture.stack_memory, WASM_MINIMUM_STACK_SIZE - 1}) == NULL);
    destroy_fixture(&fixture);
}

static void grow_memory_that_moves(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "calls", hosts, false));
    uint64_t values[4] = {2};
    CHECK(call_export(&fixture, "grow", values) == WASM_OK && values[0] == 42);
    CHECK(fixture.memory.pages == 3);
    values[0] = 1;
    CHECK(call_export(&fixture, "grow", values) == WASM_OK && values[0] == 42); // beyond the maximum: refused
    CHECK(fixture.memory.pages == 3);
    destroy_fixture(&fixture);
}

static void call_host_functions_given_when_linking(void) {
    size_t length;
    uint8_t *bytes = read_module("calls", &length);
    struct fixture fixture;
    load_fixture(&fixture, bytes, length, (wasm_host_table){NULL, 0}, false);
    free(bytes);
    REQUIRE(fixture.image != NULL);
    wasm_external externals[5] = {{.kind = WASM_FUNCTION}};
    for (int i = 0; i < 5; i++) {
        externals[i].kind = WASM_FUNCTION;
        externals[i].of.function.host = &entries[i];
    }
    REQUIRE(instantiate_fixture(&fixture, (wasm_host_table){NULL, 0}, externals) == WASM_OK);
    uint64_t values[4] = {10};
    CHECK(call_export(&fixture, "wait", values) == WASM_SUSPENDED);
    values[0] = 50;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 110);
    CHECK(call_export(&fixture, "wait_indirect", values) == WASM_SUSPENDED);
    values[0] = 8;
    CHECK(wasm_resume(fixture.instance, values) == WASM_OK && values[0] == 13);
    CHECK(call_export(&fixture, "fail", values) == WASM_TRAPPED);
    free(fixture.storage);
    free(fixture.stack_memory);
    free(fixture.memory.base);
    fixture.memory.base = NULL;
    fixture.memory.pages = 0;
    externals[1].of.function.host = &entries[0]; // another type
    CHECK(instantiate_fixture(&fixture, (wasm_host_table){NULL, 0}, externals) == WASM_UNLINKABLE);
    CHECK(strstr(fixture.error.message, "env.swap") != NULL);
    destroy_fixture(&fixture);
}

const struct test call_tests[] = {
    {"values of every type go in and out of calls", pass_values_of_every_type},
    {"a call suspended by a host function resumes with the host's results", resume_after_host_wait},
    {"an instance runs on while one of its calls is suspended", run_on_while_a_call_waits},
    {"a suspended call can be abandoned", abandon_a_suspended_call},
    {"a host function can exit or trap", end_calls_from_the_host},
    {"host functions can call in again, to a limit", nest_calls_through_the_host},
    {"calls that a host function leaves suspended are dropped", drop_calls_left_suspended_by_the_host},
    {"loops and calls can be interrupted and resumed", interrupt_loops_and_calls},
    {"metered images charge for each instruction", charge_fuel_exactly},
    {"recursion ends at the stack's end, whatever its size", stop_at_the_end_of_the_stack},
    {"memory.grow may move the memory", grow_memory_that_moves},
    {"host functions can be given as externals", call_host_functions_given_when_linking},
    END_OF_TESTS,
};
