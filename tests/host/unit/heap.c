// SPDX-License-Identifier: Apache-2.0
//
// Growth of the module's memory.

#include "harness.h"

#include "host/heap.h"
#include "host/layout.h"
#include "host/runtime.h"

enum { WINDOW_PAGES = LAYOUT_HEAP / WASM_PAGE_SIZE, FRAMES = 16 };

static void begin_as_sentry(unsigned pages_mapped) {
    runtime.capabilities =
        (struct runtime_capabilities){.cnode = 1, .vspace = 2, .slot_bits = 8, .single_level = false};
    heap_begin(LAYOUT_HEAP + pages_mapped * (uint64_t)WASM_PAGE_SIZE, NULL);
}

static wasm_memory memory_of(uint32_t pages) {
    return (wasm_memory){.pages = pages};
}

static void test_window_needs_no_frames(void) {
    begin_as_sentry(2);
    wasm_memory memory = memory_of(0);
    CHECK(heap_grow(&memory, WINDOW_PAGES));
    CHECK(heap_grow(&memory, WINDOW_PAGES + 2)); // mapped already
    CHECK(kernel_double.frames_made == 0);
    CHECK(heap_frames() == 2 * FRAMES);
    CHECK(!heap_grow(&memory, WINDOW_PAGES + 3)); // there is no source yet
}

static void test_growth_from_a_source(void) {
    begin_as_sentry(1);
    kernel_double.frames_left = 1000;
    heap_set_source(20, 0x320, 64);
    wasm_memory memory = memory_of(WINDOW_PAGES + 1);
    CHECK(heap_grow(&memory, 2));
    CHECK(kernel_double.frames_made == 2 * FRAMES && kernel_double.frames_mapped == 2 * FRAMES);
    CHECK(kernel_double.largest_batch == FRAMES);
    CHECK(kernel_double.first_mapped == LAYOUT_LINEAR + LAYOUT_HEAP + WASM_PAGE_SIZE);
    CHECK(kernel_double.last_mapped == LAYOUT_LINEAR + LAYOUT_HEAP + 3 * WASM_PAGE_SIZE - 4096);
    // Slot 0x330 of the last batch: slot 0x30 of the second-level CNode that index 3 of the first leads to.
    CHECK(kernel_double.retype_untyped == 20 && kernel_double.retype_root == 1);
    CHECK(kernel_double.retype_index == 3 && kernel_double.retype_depth == 56);
    CHECK(kernel_double.retype_offset == 0x30);
    CHECK(heap_slots_left() == 32 && heap_frames() == 3 * FRAMES);
}

static void test_single_level_cspace(void) {
    runtime.capabilities =
        (struct runtime_capabilities){.cnode = 2, .vspace = 3, .slot_bits = 12, .single_level = true};
    heap_begin(LAYOUT_HEAP, NULL);
    kernel_double.frames_left = FRAMES;
    heap_set_source(40, 500, FRAMES);
    wasm_memory memory = memory_of(WINDOW_PAGES);
    CHECK(heap_grow(&memory, 1));
    CHECK(kernel_double.retype_root == 2 && kernel_double.retype_index == 0 &&
          kernel_double.retype_depth == 0);
    CHECK(kernel_double.retype_offset == 500 && heap_slots_left() == 0);
}

static void test_missing_tables_are_made(void) {
    begin_as_sentry(0);
    kernel_double.frames_left = 100;
    kernel_double.tables_left = 2;
    kernel_double.levels_missing = 2;
    heap_set_source(20, 0x100, 40);
    wasm_memory memory = memory_of(WINDOW_PAGES);
    CHECK(heap_grow(&memory, 1));
    CHECK(kernel_double.tables_made == 2 && kernel_double.frames_mapped == FRAMES);
    CHECK(heap_slots_left() == 40 - FRAMES - 2);
}

static void test_slots_run_out(void) {
    begin_as_sentry(0);
    kernel_double.frames_left = 1000;
    heap_set_source(20, 0x100, FRAMES + FRAMES - 1);
    wasm_memory memory = memory_of(WINDOW_PAGES);
    CHECK(!heap_grow(&memory, 2));
    CHECK(heap_frames() == FRAMES); // the first page is mapped, and counts
    heap_set_source(20, 0x200, FRAMES);
    CHECK(heap_grow(&memory, 2)); // goes on where it stopped
    CHECK(kernel_double.frames_made == 2 * FRAMES && heap_frames() == 2 * FRAMES);
}

static void test_a_source_is_used_up(void) {
    begin_as_sentry(1);
    heap_use_up_source(); // there is none
    CHECK(heap_frames() == FRAMES);
    kernel_double.frames_left = 1000;
    kernel_double.tables_left = 1;
    kernel_double.levels_missing = 1;
    heap_set_source(20, 0x100, FRAMES + 4);
    heap_use_up_source();
    CHECK(heap_slots_left() == 0 && kernel_double.tables_made == 1);
    CHECK(heap_frames() == 2 * FRAMES + 3); // a slot went to the table
    heap_set_source(20, 0x200, FRAMES);
    wasm_memory memory = memory_of(WINDOW_PAGES + 1);
    CHECK(heap_grow(&memory, 2)); // goes on behind them
    CHECK(kernel_double.frames_mapped == 2 * FRAMES);
}

static void test_lack_of_a_table_loses_no_frame(void) {
    begin_as_sentry(0);
    kernel_double.frames_left = FRAMES;
    kernel_double.levels_missing = 1;
    heap_set_source(20, 0x100, 64);
    wasm_memory memory = memory_of(WINDOW_PAGES);
    CHECK(!heap_grow(&memory, 1));
    CHECK(kernel_double.frames_made == FRAMES && kernel_double.frames_mapped == 0);
    kernel_double.tables_left = 1;
    CHECK(heap_grow(&memory, 1)); // with the frames of before: there are no others
    CHECK(kernel_double.frames_made == FRAMES && kernel_double.frames_mapped == FRAMES);
}

static void test_a_source_of_several_cnodes(void) {
    begin_as_sentry(0);
    kernel_double.frames_left = 1000;
    heap_set_source(20, 0x1f8, 64);
    wasm_memory memory = memory_of(WINDOW_PAGES);
    CHECK(heap_extend(LAYOUT_HEAP + 12 * 4096));
    // Eight frames into the first CNode's last slots, the others into the first ones of the next.
    CHECK(kernel_double.frames_made == 12 && kernel_double.largest_batch == 8);
    CHECK(kernel_double.retype_index == 2 && kernel_double.retype_offset == 0);
    CHECK(heap_grow(&memory, 1));
    CHECK(kernel_double.retype_offset == 4 && heap_frames() == FRAMES);
}

static void test_source_must_lie_in_the_cspace(void) {
    wasm_instance *instance = make_instance();
    begin_as_sentry(0);
    CHECK(call_host(host_memory_heap_source, instance, 3, (uint64_t[]){20, 0x180, 0x81}, NULL) == WASM_OK);
    CHECK(call_host(host_memory_heap_source, instance, 3, (uint64_t[]){20, 0x1ff, 0}, NULL) == WASM_OK);
    runtime.capabilities =
        (struct runtime_capabilities){.cnode = 2, .vspace = 3, .slot_bits = 12, .single_level = true};
    CHECK(call_host(host_memory_heap_source, instance, 3, (uint64_t[]){20, 4000, 96}, NULL) == WASM_OK);
    CHECK(call_host(host_memory_heap_source, instance, 3, (uint64_t[]){20, 4096, 1}, NULL) == WASM_TRAPPED);
    CHECK(call_host(host_memory_heap_source, instance, 3, (uint64_t[]){20, 1, UINT32_MAX}, NULL) ==
          WASM_TRAPPED);
    free_instance(instance);
}

const struct test heap_tests[] = {
    {"heap: the window needs no frames", test_window_needs_no_frames},
    {"heap: growth from a source, two-level CSpace", test_growth_from_a_source},
    {"heap: growth from a source, single-level CSpace", test_single_level_cspace},
    {"heap: missing page tables are made", test_missing_tables_are_made},
    {"heap: slots run out halfway", test_slots_run_out},
    {"heap: a source is used up before it is replaced", test_a_source_is_used_up},
    {"heap: a missing table loses no frame", test_lack_of_a_table_loses_no_frame},
    {"heap: a source of slots of several CNodes", test_a_source_of_several_cnodes},
    {"heap: a source lies in the CSpace", test_source_must_lie_in_the_cspace},
    END_OF_TESTS,
};
