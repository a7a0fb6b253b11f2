// SPDX-License-Identifier: Apache-2.0
//
// The root task: from the kernel's hand-over to the manager's `main`.

#include "boot/boot_allocator.h"
#include "boot/boot_information.h"
#include "boot/domain_boot.h"
#include "boot/domain_state.h"
#include "boot/failure.h"
#include "boot/fault_thread.h"
#include "boot/imports.h"
#include "boot/module.h"
#include "boot/program.h"
#include "boot/tick_thread.h"
#include "host/boot_facts.h"
#include "host/clock.h"
#include "host/heap.h"
#include "host/layout.h"
#include "host/machine.h"
#include "host/runtime.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

#include <string.h>

#if defined(__x86_64__)
#define BOOT_PORT_CONTROL seL4_CapIOPortControl
#else
#define BOOT_PORT_CONTROL seL4_CapNull
#endif

#define BUNDLE_MAGIC UINT64_C(0x454c444e55424c53) // "SLBUNDLE"

/// To be filled in by the tool that appends a bundle.
const volatile struct bundle_descriptor sealift_bundle = {.magic = BUNDLE_MAGIC};

_Noreturn void root_main(const seL4_BootInfo *info);
_Noreturn void run_on_stack(void *top, void (*function)(void));

/// Room for the report of a trap: a line for each of some 30 calls.
static char report_buffer[4096] ROOT_ONLY;

static _Noreturn void fail_for_lack_of(const char *what) {
    struct text text = text_begin(report_buffer, sizeof report_buffer);
    text_append(&text, "cannot boot: the kernel did not give ");
    text_append(&text, what);
    boot_fail(report_buffer);
}

static uint64_t pages_of(uint64_t bytes) {
    return (bytes + SEL4_PAGE_SIZE - 1) / SEL4_PAGE_SIZE;
}

/// Maps fresh memory of the root task, or ends it.
static void map(uint64_t vaddr, uint64_t pages, sel4_cptr *first, const char *what) {
    if (!boot_allocator_map(vaddr, (uint32_t)pages, first)) {
        fail_for_lack_of(what);
    }
}

/// Slot of the frame of a page of the program.
static sel4_cptr program_frame(const void *page) {
    return boot_facts.info->userImageFrames.start +
           ((uint64_t)page - (uint64_t)program_begin) / SEL4_PAGE_SIZE;
}

/// Takes the rights to write and to execute from pages that are complete.
static void protect(uint64_t vaddr, uint64_t pages, sel4_cptr first) {
    for (uint64_t page = 0; page < pages; page++) {
        if (sel4_page_map(first + page, seL4_CapInitThreadVSpace, vaddr + page * SEL4_PAGE_SIZE,
                          SEL4_RIGHT_READ, false) != seL4_NoError) {
            fail_for_lack_of("a read-only mapping");
        }
    }
}

// ------------------------------------------------------------------------------------------------ modules

// The build has validated and translated the modules (tools/wasm_translate.c). Their images are used where
// they are in the program.

/// Takes the rights from the pages of a module's image, and of what is in front of it.
static void protect_module(const uint8_t *begin, const wasm_image *image) {
    uint64_t size = wasm_image_size(image);
    if (size > 0) {
        protect((uint64_t)begin, pages_of((uint64_t)image + size - (uint64_t)begin), program_frame(begin));
    }
}

static uint64_t initial_heap_pages(const wasm_image *image) {
    uint64_t bytes = (uint64_t)wasm_image_memory_minimum(image) * WASM_PAGE_SIZE;
    return (bytes - LAYOUT_HEAP) / SEL4_PAGE_SIZE;
}

/// Moves the pages that all sentries read as the first ones of their memory to the window, where the manager
/// finds what it copies for a sentry that writes to one.
static void place_sentry_data(void) {
    uint64_t pages = pages_of((uint64_t)(program_sentry_data_end - program_sentry_data));
    sel4_cptr first = program_frame(program_sentry_data);
    for (uint64_t page = 0; page < pages; page++) {
        if (sel4_page_unmap(first + page) != seL4_NoError) {
            fail_for_lack_of("a page of the sentries' data");
        }
    }
    if (!boot_allocator_map_frames(first, LAYOUT_LINEAR + LAYOUT_SENTRY_DATA, (uint32_t)pages,
                                   SEL4_RIGHT_READ)) {
        fail_for_lack_of("memory for the page table of the sentries' data");
    }
    boot_facts.sentry_data_pages = pages;
    boot_facts.sentry_data_first_slot = first;
}

/// Writes down what sentries, and the manager that makes them, have to know.
static void prepare_sentries(uint64_t clock_zero, uint64_t clock_epoch) {
    const wasm_image *image = &program_sentry_image;
    place_sentry_data();
    uint64_t storage = wasm_instance_size(image, 0);
    boot_facts.sentry_heap_pages = initial_heap_pages(image);
    boot_facts.private_ranges[0] = (struct boot_range){domain_stacks(), DOMAIN_STACKS_PAGES};
    boot_facts.private_ranges[1] = (struct boot_range){LAYOUT_INSTANCE, domain_instance_pages(storage)};
    map(LAYOUT_DOMAIN_BOOT, 1, &boot_facts.domain_boot_slot, "memory for what sentries have to know");
    *(struct domain_boot *)LAYOUT_DOMAIN_BOOT = (struct domain_boot){
        .magic = DOMAIN_BOOT_MAGIC,
        .counter_frequency = boot_facts.counter_frequency,
        .clock_zero = clock_zero,
        .clock_epoch = clock_epoch,
        .heap_pages = boot_facts.sentry_heap_pages,
        .instance_size = storage,
        .data_pages = boot_facts.sentry_data_pages,
    };
    protect(LAYOUT_DOMAIN_BOOT, 1, boot_facts.domain_boot_slot);
    const char *missing = tick_thread_begin(boot_facts.domain_boot_slot);
    if (missing) {
        fail_for_lack_of(missing);
    }
}

enum {
    /// Pages of the manager's heap at least: it takes over the machine's memory, and what it knows about each
    /// untyped has to fit, before it can give its heap more.
    LEAST_HEAP_PAGES = 32,
};

/// The manager's module, with the memory that its instance needs.
static struct module prepare_manager(void) {
    uint64_t storage = wasm_instance_size(&program_manager_image, 0);
    map(LAYOUT_INSTANCE, domain_instance_pages(storage), NULL, "memory for the manager's instance");
    uint64_t pages = initial_heap_pages(&program_manager_image);
    if (pages < LEAST_HEAP_PAGES) {
        pages = LEAST_HEAP_PAGES;
    }
    if (!heap_extend(LAYOUT_HEAP + pages * SEL4_PAGE_SIZE)) {
        fail_for_lack_of("memory for the manager's heap");
    }
    boot_facts.root_heap_pages = heap_frames();
    return (struct module){
        .name = "manager",
        .bytes = program_manager_wasm,
        .image = &program_manager_image,
        .hosts = manager_hosts,
        .stack = {(void *)LAYOUT_WASM_STACK, LAYOUT_WASM_STACK_PAGES * SEL4_PAGE_SIZE},
        .storage = {domain_instance(storage), storage},
    };
}

// ------------------------------------------------------------------------------------------------ boot

/// The second part of the boot, on the root task's proper stack.
static void root_continue(void) {
    uint64_t clock_zero = clock_counter();
    uint64_t clock_epoch = machine_realtime();
    clock_begin(boot_facts.counter_frequency, clock_zero, clock_epoch);
    protect_module(program_sentry_wasm, &program_sentry_image);
    protect_module(program_unpacker_wasm, &program_unpacker_image);
    uint64_t decoders = pages_of((uint64_t)(program_unpacker_code_end - program_unpacker_code));
    protect((uint64_t)program_unpacker_code, decoders, program_frame(program_unpacker_code));
    protect_module(program_manager_wasm, &program_manager_image);
    prepare_sentries(clock_zero, clock_epoch);
    struct module manager = prepare_manager();
    const char *missing = fault_thread_begin(boot_facts.info);
    if (missing) {
        fail_for_lack_of(missing);
    }
    struct text text = text_begin(report_buffer, sizeof report_buffer);
    if (!module_run(&manager, &text)) {
        boot_fail(report_buffer);
    }
    machine_power_off();
}

_Noreturn void root_main(const seL4_BootInfo *info) {
    sel4_ipc_buffer = info->ipcBuffer;
    runtime.fail = boot_fail;
    runtime.capabilities = (struct runtime_capabilities){
        .cnode = seL4_CapInitThreadCNode,
        .vspace = seL4_CapInitThreadVSpace,
        .slot_bits = (uint32_t)info->initThreadCNodeSizeBits,
        .single_level = true,
    };
    boot_facts.info = info;
    boot_allocator_begin(info);
    const struct machine_boot machine = {
        .cnode = seL4_CapInitThreadCNode,
        .cnode_bits = info->initThreadCNodeSizeBits,
        .vspace = seL4_CapInitThreadVSpace,
        .tcb = seL4_CapInitThreadTCB,
        .irq_control = seL4_CapIRQControl,
        .port_control = BOOT_PORT_CONTROL,
        .sched_control = info->schedcontrol.start,
        .take_slot = boot_allocator_take_slot,
        .take_object = boot_allocator_take,
        .map_device = boot_allocator_map_device,
    };
    const char *missing = machine_begin_console(&machine);
    if (!missing) {
        missing = machine_begin_devices(&machine);
    }
    if (missing) {
        fail_for_lack_of(missing);
    }
    boot_facts.counter_frequency = boot_information_counter_frequency(info);
    if (boot_facts.counter_frequency == 0) {
        fail_for_lack_of("the frequency of the processor's counter");
    }
    boot_facts.root_frames_by_kernel = boot_information_root_frames(info);
    uint64_t given = boot_information_untyped_ram(info) + boot_facts.root_frames_by_kernel * SEL4_PAGE_SIZE;
    uint64_t ram = boot_information_ram(info);
    if ((sealift_bundle.flags & BOOT_USES_LOW_MEMORY) != 0) {
        boot_facts.low_pages = boot_allocator_use_low_memory(boot_information_low_memory(info));
    }
    boot_facts.machine_memory = given + boot_facts.low_pages * SEL4_PAGE_SIZE;
    boot_facts.kernel_overhead = ram > given ? ram - given : 0;
    if (sealift_bundle.size > 0) {
        boot_facts.bundle = (const uint8_t *)sealift_bundle.vaddr;
        boot_facts.bundle_size = sealift_bundle.size;
    }
    heap_begin(LAYOUT_HEAP, boot_allocator_take);
    heap_clear_frames();
    map(LAYOUT_STACK, LAYOUT_STACK_PAGES, NULL, "memory for the stack");
    map(LAYOUT_WASM_STACK, LAYOUT_WASM_STACK_PAGES, NULL, "memory for the Wasm stack");
    run_on_stack((void *)LAYOUT_STACK_TOP, root_continue);
}
