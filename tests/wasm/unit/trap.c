// SPDX-License-Identifier: Apache-2.0
//
// Traps, backtraces, and CPU faults in linear memory.
#include "harness.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static wasm_status host_touch(wasm_instance *instance, uint64_t *values) {
    volatile uint8_t *byte = wasm_memory_at(instance, (uint32_t)values[0], 1);
    if (byte == NULL)
        return wasm_host_trap(instance, "out of range");
    *byte = 1;
    return WASM_OK;
}

static const wasm_host_entry entries[] = {{"env", "touch", "i:", host_touch}};
static const wasm_host_table hosts = {entries, 1};

static void check_trap(struct fixture *fixture, wasm_trap_code code, const char *trace) {
    CHECK(wasm_last_trap(fixture->instance)->code == code);
    const char *found = trace_of(fixture->instance);
    if (strcmp(found, trace) != 0)
        printf("expected frames \"%s\", got \"%s\"\n", trace, found);
    CHECK(strcmp(found, trace) == 0);
}

static void name_functions_in_backtraces(void) {
    struct fixture fixture;
    REQUIRE(create_fixture(&fixture, "traps", hosts, false));
    uint64_t values[4] = {0xFFFFFFFF};
    CHECK(call_export(&fixture, "load", values) == WASM_TRAPPED);
    check_trap(&fixture, WASM_TRAP_MEMORY_OUT_OF_BOUNDS, "deepest deeper outer");
    CHECK(call_export(&fixture, "stop", values) == WASM_TRAPPED);
    check_trap(&fixture, WASM_TRAP_UNREACHABLE, "stopping");
    values[0] = 0x80000000u;
    values[1] = 0xFFFFFFFFu;
    CHECK(call_export(&fixture, "divide", values) == WASM_TRAPPED);
    check_trap(&fixture, WASM_TRAP_INTEGER_OVERFLOW, "dividing");
    values[0] = 1 << 20; // one past the end
    CHECK(call_export(&fixture, "touch", values) == WASM_TRAPPED);
    check_trap(&fixture, WASM_TRAP_HOST, "touching");
    destroy_fixture(&fixture);
}

static void trace_across_instances(void) {
    struct fixture callee, caller;
    size_t length;
    REQUIRE(create_fixture(&callee, "traps", hosts, false));
    uint8_t *bytes = read_module("caller", &length);
    load_fixture(&caller, bytes, length, (wasm_host_table){NULL, 0}, false);
    free(bytes);
    REQUIRE(caller.image != NULL);
    wasm_external import;
    REQUIRE(wasm_export_external(callee.instance, (wasm_name){"load", 4}, &import));
    REQUIRE(instantiate_fixture(&caller, (wasm_host_table){NULL, 0}, &import) == WASM_OK);
    callee.memory.base[100] = 5;
    uint64_t values[4] = {100};
    CHECK(call_export(&caller, "run", values) == WASM_OK && values[0] == 5 + 3 + 9);
    values[0] = 0xFFFFFFFF;
    CHECK(call_export(&caller, "run", values) == WASM_TRAPPED);
    check_trap(&caller, WASM_TRAP_MEMORY_OUT_OF_BOUNDS, "deepest deeper outer calling");
    destroy_fixture(&caller);
    destroy_fixture(&callee);
}

// ---- faults: a memory of 16 pages of which pages 4 to 7 are not there

enum { PAGES = 16, HOLE_FIRST = 4, HOLE_END = 8 };
static wasm_instance *faulting;

/// What an embedder's fault handler does. On Linux a signal handler runs on the faulting thread, so it may
/// unwind directly.
static void on_fault(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)context;
    wasm_trap_on_fault(faulting, (uintptr_t)info->si_addr);
    _exit(3); // somebody else's fault
}

static bool map_with_hole(wasm_memory *memory, uint32_t delta) {
    (void)memory;
    return delta <= PAGES;
}

static void install_handler(void) {
    // SA_NODEFER: the handler is left without returning, so the signal must not stay blocked.
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static void turn_faults_into_traps(void) {
    struct fixture fixture;
    size_t length;
    uint8_t *bytes = read_module("traps", &length);
    load_fixture(&fixture, bytes, length, hosts, false);
    free(bytes);
    REQUIRE(fixture.image != NULL);
    uint8_t *base =
        mmap(NULL, PAGES * WASM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(base != MAP_FAILED);
    mprotect(base + HOLE_FIRST * WASM_PAGE_SIZE, (HOLE_END - HOLE_FIRST) * WASM_PAGE_SIZE, PROT_NONE);
    fixture.stack_memory = malloc(FIXTURE_STACK_SIZE);
    fixture.stack = wasm_stack_create((wasm_region){fixture.stack_memory, FIXTURE_STACK_SIZE});
    size_t size = wasm_instance_size(fixture.image, 0);
    fixture.storage = malloc(size);
    wasm_memory memory = {.base = base, .grow = map_with_hole};
    wasm_instantiate_options options = {.image = fixture.image,
                                        .bytes = fixture.bytes,
                                        .hosts = hosts,
                                        .memory = &memory,
                                        .stack = fixture.stack,
                                        .storage = {fixture.storage, size}};
    REQUIRE(wasm_instantiate(&options, &fixture.instance, &fixture.error) == WASM_OK);
    faulting = fixture.instance;
    install_handler();
    const uint64_t hole = HOLE_FIRST * WASM_PAGE_SIZE;
    for (int i = 0; i < 3; i++) {
        uint64_t values[4] = {hole + 100};
        CHECK(call_export(&fixture, "load", values) == WASM_TRAPPED);
        check_trap(&fixture, WASM_TRAP_UNMAPPED_PAGE, "deepest deeper outer");
        CHECK(wasm_last_trap(fixture.instance)->fault_offset == hole + 100);
        CHECK(strcmp(wasm_last_trap(fixture.instance)->message, "memory access to unmapped page") == 0);
        values[0] = hole;
        CHECK(call_export(&fixture, "store", values) == WASM_TRAPPED);
        check_trap(&fixture, WASM_TRAP_UNMAPPED_PAGE, "storing");
        values[0] = 0;
        values[1] = hole - 64;
        values[2] = 4096;
        CHECK(call_export(&fixture, "copy", values) == WASM_TRAPPED);
        check_trap(&fixture, WASM_TRAP_UNMAPPED_PAGE, "copying");
        values[0] = hole - 64;
        values[1] = 128;
        CHECK(call_export(&fixture, "fill", values) == WASM_TRAPPED);
        check_trap(&fixture, WASM_TRAP_UNMAPPED_PAGE, "filling");
        CHECK(base[hole - 1] == 1);
        values[0] = hole;
        CHECK(call_export(&fixture, "touch", values) == WASM_TRAPPED);
        check_trap(&fixture, WASM_TRAP_UNMAPPED_PAGE, "touching");
        values[0] = 0;
        CHECK(call_export(&fixture, "load", values) == WASM_OK);
    }
    // Outside of the memory it is not ours: the function returns.
    wasm_trap_on_fault(fixture.instance, (uintptr_t)base + PAGES * WASM_PAGE_SIZE);
    wasm_trap_on_fault(fixture.instance, (uintptr_t)base);
    munmap(base, PAGES * WASM_PAGE_SIZE);
    destroy_fixture(&fixture);
}

static void survive_faults_while_instantiating(void) {
    struct fixture fixture;
    size_t length;
    uint8_t *bytes = read_module("segments", &length);
    load_fixture(&fixture, bytes, length, (wasm_host_table){NULL, 0}, false);
    free(bytes);
    REQUIRE(fixture.image != NULL);
    const size_t reserved = (size_t)1 << 32;
    const size_t first = (size_t)1 << 31;
    uint8_t *base = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(base != MAP_FAILED);
    fixture.stack_memory = malloc(FIXTURE_STACK_SIZE);
    fixture.stack = wasm_stack_create((wasm_region){fixture.stack_memory, FIXTURE_STACK_SIZE});
    size_t size = wasm_instance_size(fixture.image, 0);
    fixture.storage = malloc(size);
    wasm_memory memory = {.base = base, .pages = 32769};
    wasm_instantiate_options options = {.image = fixture.image,
                                        .bytes = fixture.bytes,
                                        .memory = &memory,
                                        .stack = fixture.stack,
                                        .storage = {fixture.storage, size}};
    install_handler();
    faulting = fixture.storage; // where the instance is being made
    CHECK(wasm_instantiate(&options, &fixture.instance, &fixture.error) == WASM_TRAPPED);
    CHECK(strcmp(fixture.error.message, "memory access to unmapped page") == 0);
    // With the page that has the segments, and nothing else, it works.
    mprotect(base + first, WASM_PAGE_SIZE, PROT_READ | PROT_WRITE);
    CHECK(wasm_instantiate(&options, &fixture.instance, &fixture.error) == WASM_OK);
    uint64_t values[2] = {(uint32_t)first};
    CHECK(call_export(&fixture, "get", values) == WASM_OK && values[0] == 0x65726568);
    values[0] = 16;
    CHECK(call_export(&fixture, "get", values) == WASM_TRAPPED);
    CHECK(wasm_last_trap(fixture.instance)->code == WASM_TRAP_UNMAPPED_PAGE);
    munmap(base, reserved);
    destroy_fixture(&fixture);
}

const struct test trap_tests[] = {
    {"backtraces name the active functions", name_functions_in_backtraces},
    {"backtraces go across instances", trace_across_instances},
    {"faults in linear memory become traps", turn_faults_into_traps},
    {"faults during instantiation become errors", survive_faults_while_instantiating},
    END_OF_TESTS,
};
