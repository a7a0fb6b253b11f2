// SPDX-License-Identifier: Apache-2.0
//
// A domain that the manager made, a sentry or the unpacker: from the hand-over to the module's `main`. What
// it needs is mapped, or comes when it is touched, and every capability is in its slot (docs/architecture.md)
// when it starts; its module's image is in the program.

#include "boot/domain_boot.h"
#include "boot/domain_state.h"
#include "boot/imports.h"
#include "boot/module.h"
#include "boot/program.h"
#include "host/clock.h"
#include "host/heap.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "sel4/ipc.h"
#include "sel4/objects.h"

enum {
    // Slots of a sentry's CSpace; the unpacker has the manager alone.
    SLOT_CNODE = 1,
    SLOT_VSPACE = 2,
    SLOT_MANAGER = 5,
    SLOT_BITS = 7, // radix of its second-level CNodes

    // The manager's service.
    REQUEST_TRAPPED = 10,
    EXCHANGE_SIZE = 4096,
};

struct domain_state domain_state __attribute__((section(".bss.domain")));

_Noreturn void domain_main(void);

/// Tells the manager why this domain ended; the manager does not answer, but destroys it. The text is in the
/// exchange page. Were there an answer, the fault behind it would stop the thread: nobody lets it go on.
static _Noreturn void report_and_stop(uint64_t length) {
    struct sel4_exchange exchange = {
        .operation = seL4_SysCall,
        .capability = SLOT_MANAGER,
        .label = REQUEST_TRAPPED,
        .length = 1,
        .send_words = &length,
    };
    sel4_exchange(&exchange);
    __builtin_trap();
}

static struct text begin_report(void) {
    return text_begin((char *)LAYOUT_LINEAR + LAYOUT_EXCHANGE, EXCHANGE_SIZE);
}

static _Noreturn void fail(const char *cause) {
    struct text text = begin_report();
    text_append(&text, cause);
    report_and_stop(text.length);
}

/// The Wasm stack, up to the records that lie in the state.
static wasm_region stack(void) {
    return (wasm_region){program_domain_stack_top,
                         LAYOUT_DOMAIN_WASM_STACK_PAGES * SEL4_PAGE_SIZE + DOMAIN_RECORDS};
}

/// The sentry's module.
static struct module find_sentry(const struct domain_boot *boot) {
    if (boot->magic != DOMAIN_BOOT_MAGIC) {
        fail("what a sentry's runtime must know is not where it expects it");
    }
#ifdef CLOCK_IS_TICKS
    clock_ticks = &boot->ticks;
#endif
    clock_begin(boot->counter_frequency, boot->clock_zero, boot->clock_epoch);
    heap_begin(LAYOUT_HEAP + boot->heap_pages * SEL4_PAGE_SIZE, NULL);
    return (struct module){
        .name = "sentry",
        .bytes = program_sentry_wasm,
        .image = &program_sentry_image,
        .hosts = sentry_hosts,
        .stack = stack(),
        .storage = {domain_instance(boot->instance_size), boot->instance_size},
        .data_is_in_place = boot->data_pages != 0,
    };
}

/// The unpacker's module. tools/wasm_translate.c has seen to it that its memory and its globals have room.
static struct module find_unpacker(void) {
    heap_begin(LAYOUT_HEAP + LAYOUT_UNPACKER_HEAP_PAGES * SEL4_PAGE_SIZE, NULL);
    size_t size = wasm_instance_size(&program_unpacker_image, 0);
    return (struct module){
        .name = "unpacker",
        .bytes = program_unpacker_wasm,
        .image = &program_unpacker_image,
        .hosts = unpacker_hosts,
        .stack = stack(),
        .storage = {domain_instance(size), size},
    };
}

_Noreturn void domain_main(void) {
    sel4_ipc_buffer = (seL4_IPCBuffer *)domain_state.ipc_buffer;
    runtime.fail = fail;
    runtime.capabilities = (struct runtime_capabilities){
        .cnode = SLOT_CNODE, .vspace = SLOT_VSPACE, .slot_bits = SLOT_BITS, .single_level = false};
    const struct domain_boot *boot = (const struct domain_boot *)LAYOUT_DOMAIN_BOOT;
    struct text report = begin_report();
    struct module module = boot->magic == 0 ? find_unpacker() : find_sentry(boot);
    if (module_run(&module, &report)) {
        text_append(&report, module.name);
        text_append(&report, ".wasm returned from main");
    }
    report_and_stop(report.length);
}
