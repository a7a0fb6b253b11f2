// SPDX-License-Identifier: Apache-2.0
//
// Stands in for runtime-c/sel4: the invocations that host functions under test use.

#include "harness.h"

#include "sel4/invocations.h"
#include "sel4/ipc.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

#include <string.h>

struct kernel_double kernel_double;

sel4_error sel4_untyped_retype(sel4_cptr untyped, uint32_t object, uint64_t size_bits, sel4_cptr root,
                               uint64_t node_index, uint64_t node_depth, uint64_t node_offset,
                               uint64_t count) {
    struct kernel_double *kernel = &kernel_double;
    (void)size_bits;
    bool is_frame = object == SEL4_OBJECT_SMALL_FRAME;
    unsigned *left = is_frame ? &kernel->frames_left : &kernel->tables_left;
    if (count > *left) {
        return seL4_NotEnoughMemory;
    }
    *left -= (unsigned)count;
    *(is_frame ? &kernel->frames_made : &kernel->tables_made) += (unsigned)count;
    if (count > kernel->largest_batch) {
        kernel->largest_batch = (unsigned)count;
    }
    kernel->retype_untyped = untyped;
    kernel->retype_root = root;
    kernel->retype_index = node_index;
    kernel->retype_depth = node_depth;
    kernel->retype_offset = node_offset;
    return seL4_NoError;
}

sel4_error sel4_page_map(sel4_cptr frame, sel4_cptr vspace, uint64_t vaddr, uint64_t rights, bool execute) {
    struct kernel_double *kernel = &kernel_double;
    (void)frame;
    (void)vspace;
    (void)rights;
    (void)execute;
    if (kernel->levels_missing > 0) {
        return seL4_FailedLookup;
    }
    if (kernel->frames_mapped++ == 0) {
        kernel->first_mapped = vaddr;
    }
    kernel->last_mapped = vaddr;
    return seL4_NoError;
}

uint32_t sel4_missing_table_level(void) {
    return kernel_double.levels_missing;
}

sel4_error sel4_page_table_map(sel4_cptr table, uint32_t level, sel4_cptr vspace, uint64_t vaddr) {
    (void)table;
    (void)vspace;
    (void)vaddr;
    if (level != kernel_double.levels_missing) {
        return seL4_FailedLookup;
    }
    kernel_double.levels_missing--;
    return seL4_NoError;
}

uint64_t sel4_exchange(struct sel4_exchange *exchange) {
    struct kernel_double *kernel = &kernel_double;
    kernel->operation = exchange->operation;
    kernel->capability = exchange->capability;
    kernel->reply = exchange->reply;
    kernel->destination = exchange->destination;
    kernel->label = exchange->label;
    kernel->length = exchange->length;
    if (exchange->length > 0) {
        memcpy(kernel->sent, exchange->send_words, exchange->length * sizeof(uint64_t));
    }
    exchange->label = kernel->answer_label;
    exchange->length =
        kernel->answer_length < exchange->capacity ? kernel->answer_length : exchange->capacity;
    if (exchange->length > 0) {
        memcpy(exchange->receive_words, kernel->answer, exchange->length * sizeof(uint64_t));
    }
    return kernel->answer_badge;
}

void sel4_signal(sel4_cptr notification) {
    kernel_double.capability = notification;
}

void sel4_yield(void) {}
