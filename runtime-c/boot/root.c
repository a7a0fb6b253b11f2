// SPDX-License-Identifier: Apache-2.0
//
// The root task: from the kernel's hand-over to the manager's `main`.

#include "boot/boot_allocator.h"
#include "boot/boot_information.h"
#include "boot/domain_boot.h"
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

/// Hands over frames that are mapped nowhere now.
static void give(sel4_cptr first, uint64_t count) {
    if (!boot_allocator_give(first, (uint32_t)count)) {
        fail_for_lack_of("so few pieces of memory back that they can be kept in mind");
    }
}

/// Takes the write right from pages that are complete.
static void protect(uint64_t vaddr, uint64_t pages, sel4_cptr first) {
    for (uint64_t page = 0; page < pages; page++) {
        if (sel4_page_map(first + page, seL4_CapInitThreadVSpace, vaddr + page * SEL4_PAGE_SIZE,
                          SEL4_RIGHT_READ, false) != seL4_NoError) {
            fail_for_lack_of("a read-only mapping");
        }
    }
}

// ------------------------------------------------------------------------------------------------
// translation

// A module is translated where its image stays. How large that is shows only afterwards: frames behind its
// end are given back. The scratch memory is the first part of the manager's heap. Once a module has been
// translated nothing reads its code section, nor the sentry's data section: their frames serve the rest of
// the boot, and then the manager.

#define SCRATCH (LAYOUT_LINEAR + LAYOUT_HEAP)

enum {
    /// Bytes of an image for 100 of the code section: what our modules need and a little more, so that seldom
    /// a
    /// second try is made and little is left over. Counting instructions takes an operation for each block.
    EXPANSION = RUNTIME_COUNTS_INSTRUCTIONS ? 300 : 245,
};

/// Where an image is to lie, and the frames that have been mapped there.
struct image_place {
    uint64_t vaddr;
    uint64_t most_pages;
    uint64_t header; ///< bytes kept free before the image
    sel4_cptr first; ///< slot of the first frame
    uint64_t pages;
};

/// Takes the last frames of a place away, so that `pages` remain.
static void trim(struct image_place *place, uint64_t pages) {
    for (uint64_t page = pages; page < place->pages; page++) {
        if (sel4_page_unmap(place->first + page) != seL4_NoError) {
            fail_for_lack_of("a frame back from translation");
        }
    }
    give(place->first + pages, place->pages - pages);
    place->pages = pages;
}

/// Validates a module and translates it in its place.
static const wasm_image *translate(const struct module *module, uint64_t length, struct image_place *place) {
    if (!heap_extend(LAYOUT_HEAP + WASM_SCRATCH_SIZE)) {
        fail_for_lack_of("enough memory to translate a Wasm module; give the machine more");
    }
    wasm_range code = wasm_find_code(module->bytes, length);
    uint64_t estimate = (uint64_t)(code.end - code.begin) * EXPANSION / 100;
    for (uint64_t pages = pages_of(place->header + estimate) + 4;; pages += pages / 8 + 4) {
        if (pages > place->most_pages) {
            pages = place->most_pages;
        }
        map(place->vaddr, pages, &place->first,
            "enough memory to translate a Wasm module; give the machine more");
        place->pages = pages;
        wasm_load_options options = {
            .hosts = module->hosts,
            .image = {(char *)place->vaddr + place->header, pages * SEL4_PAGE_SIZE - place->header},
            .scratch = {(void *)SCRATCH, WASM_SCRATCH_SIZE},
            .meter = RUNTIME_COUNTS_INSTRUCTIONS,
        };
        const wasm_image *image;
        wasm_error error;
        wasm_status status = wasm_load(module->bytes, length, &options, &image, &error);
        if (status == WASM_OK) {
            trim(place, pages_of(place->header + wasm_image_size(image)));
            return image;
        }
        if (status != WASM_OUT_OF_MEMORY || pages == place->most_pages) {
            struct text text = text_begin(report_buffer, sizeof report_buffer);
            text_append(&text, module->name);
            text_append(&text, ".wasm cannot be loaded: ");
            text_append(&text, error.message);
            text_append(&text, " (byte ");
            text_append_decimal(&text, error.offset);
            text_append(&text, ")");
            boot_fail(report_buffer);
        }
        trim(place, 0);
    }
}

/// Unmaps pages of a translated module that nothing reads any more: those that lie in the bytes from `begin`
/// to `end` as a whole. The result is where they were.
static struct boot_range release(const uint8_t *begin, const uint8_t *end) {
    uint64_t first = ((uint64_t)begin + SEL4_PAGE_SIZE - 1) / SEL4_PAGE_SIZE;
    uint64_t last = (uint64_t)end / SEL4_PAGE_SIZE;
    if (last <= first) {
        return (struct boot_range){0};
    }
    sel4_cptr slot =
        boot_facts.info->userImageFrames.start + first - (uint64_t)program_begin / SEL4_PAGE_SIZE;
    for (uint64_t page = first; page < last; page++) {
        if (sel4_page_unmap(slot + page - first) != seL4_NoError) {
            fail_for_lack_of("a page of a translated module back");
        }
    }
    give(slot, last - first);
    return (struct boot_range){first * SEL4_PAGE_SIZE, last - first};
}

static struct boot_range release_code(const struct module *module, uint64_t length) {
    wasm_range code = wasm_find_code(module->bytes, length);
    return release(module->bytes + code.begin, module->bytes + code.end);
}

/// Checks a translated module, or ends the root task.
static void check(const struct module *module) {
    struct text text = text_begin(report_buffer, sizeof report_buffer);
    if (!module_check(module, &text)) {
        boot_fail(report_buffer);
    }
}

/// Bytes of storage of an instance, which has its place in the layout.
static uint64_t storage_size(const struct module *module) {
    uint64_t size = wasm_instance_size(module->image, 0);
    if (size > LAYOUT_INSTANCE_END - LAYOUT_INSTANCE) {
        fail_for_lack_of("a module small enough: its globals and tables exceed the instance's place");
    }
    return size;
}

static uint64_t initial_heap_pages(const wasm_image *image) {
    uint64_t bytes = (uint64_t)wasm_image_memory_minimum(image) * WASM_PAGE_SIZE;
    return (bytes - LAYOUT_HEAP) / SEL4_PAGE_SIZE;
}

/// How many pages of a sentry's first heap begin with data; 0 for a module with segments that have no fixed
/// place.
static uint64_t sentry_data_pages(const struct module *sentry) {
    wasm_region memory = {NULL, initial_heap_pages(sentry->image) * SEL4_PAGE_SIZE};
    uint64_t end = wasm_place_data(sentry->image, sentry->bytes, LAYOUT_HEAP, memory);
    uint64_t pages = end <= LAYOUT_HEAP ? 0 : pages_of(end - LAYOUT_HEAP);
    return pages > LAYOUT_SENTRY_DATA_PAGES ? 0 : pages;
}

/// Lays the sentry's data out, once for all sentries, in pages that each of them reads as the first ones of
/// its memory. Then nothing reads the module's data section any more.
static void place_sentry_data(const struct module *sentry, uint64_t length) {
    uint64_t pages = boot_facts.sentry_data_pages;
    if (pages == 0) {
        return;
    }
    const uint64_t place = LAYOUT_LINEAR + LAYOUT_SENTRY_DATA;
    map(place, pages, &boot_facts.sentry_data_first_slot, "memory for the sentries' data");
    wasm_place_data(sentry->image, sentry->bytes, LAYOUT_HEAP,
                    (wasm_region){(void *)place, pages * SEL4_PAGE_SIZE});
    protect(place, pages, boot_facts.sentry_data_first_slot);
    // The hole that sentries find in the program grows over it: only the section's header lies between code
    // and data.
    wasm_range code = wasm_find_code(sentry->bytes, length);
    wasm_range data = wasm_find_data(sentry->bytes, length);
    struct boot_range *hole = &boot_facts.released;
    if (hole->pages > 0 && data.begin >= code.end && data.begin - code.end < 16) {
        const uint8_t *end_of_hole = (const uint8_t *)hole->vaddr + hole->pages * SEL4_PAGE_SIZE;
        hole->pages += release(end_of_hole, sentry->bytes + data.end).pages;
    }
}

/// Translates sentry.wasm for the sentries to come.
static struct module prepare_sentry(uint64_t length, uint64_t clock_zero, uint64_t clock_epoch) {
    struct module sentry = {.name = "sentry", .bytes = program_sentry_wasm, .hosts = sentry_hosts};
    struct image_place place = {
        .vaddr = LAYOUT_DOMAIN_IMAGE,
        .most_pages = (LAYOUT_DOMAIN_IMAGE_END - LAYOUT_DOMAIN_IMAGE) / SEL4_PAGE_SIZE,
        .header = sizeof(struct domain_boot),
    };
    sentry.image = translate(&sentry, length, &place);
    check(&sentry);
    boot_facts.sentry_data_pages = sentry_data_pages(&sentry);
    boot_facts.released = release_code(&sentry, length);
    uint64_t storage = storage_size(&sentry);
    boot_facts.sentry_image_size = wasm_image_size(sentry.image);
    boot_facts.sentry_image_pages = place.pages;
    boot_facts.sentry_image_first_slot = place.first;
    boot_facts.sentry_heap_pages = initial_heap_pages(sentry.image);
    boot_facts.private_ranges[0] = (struct boot_range){LAYOUT_STACK, LAYOUT_STACK_PAGES};
    boot_facts.private_ranges[1] = (struct boot_range){LAYOUT_INSTANCE, pages_of(storage)};
    boot_facts.private_ranges[2] = (struct boot_range){LAYOUT_WASM_STACK, LAYOUT_WASM_STACK_PAGES};
    *(struct domain_boot *)LAYOUT_DOMAIN_IMAGE = (struct domain_boot){
        .magic = DOMAIN_BOOT_MAGIC,
        .counter_frequency = boot_facts.counter_frequency,
        .clock_zero = clock_zero,
        .clock_epoch = clock_epoch,
        .heap_pages = boot_facts.sentry_heap_pages,
        .instance_size = storage,
        .data_pages = boot_facts.sentry_data_pages,
    };
    protect(LAYOUT_DOMAIN_IMAGE, place.pages, place.first);
    const char *missing = tick_thread_begin(place.first);
    if (missing) {
        fail_for_lack_of(missing);
    }
    return sentry;
}

/// Translates manager.wasm and maps what its instance needs.
static struct module prepare_manager(void) {
    struct module manager = {.name = "manager", .bytes = program_manager_wasm, .hosts = manager_hosts};
    struct image_place place = {.vaddr = LAYOUT_MANAGER_IMAGE, .most_pages = LAYOUT_MANAGER_IMAGE_PAGES};
    uint64_t length = (uint64_t)(program_manager_wasm_end - program_manager_wasm);
    manager.image = translate(&manager, length, &place);
    check(&manager);
    protect(LAYOUT_MANAGER_IMAGE, place.pages, place.first);
    boot_facts.manager_image_size = wasm_image_size(manager.image);
    uint64_t storage = storage_size(&manager);
    map(LAYOUT_INSTANCE, pages_of(storage), NULL, "memory for the manager's instance");
    manager.storage = (wasm_region){(void *)LAYOUT_INSTANCE, storage};
    boot_facts.manager_released_pages = release_code(&manager, length).pages;
    return manager;
}

// ------------------------------------------------------------------------------------------------ boot

/// The second part of the boot, on the root task's proper stack.
static void root_continue(void) {
    uint64_t clock_zero = clock_counter();
    uint64_t clock_epoch = machine_realtime();
    clock_begin(boot_facts.counter_frequency, clock_zero, clock_epoch);
    uint64_t sentry_length = (uint64_t)(program_sentry_wasm_end - program_sentry_wasm);
    struct module sentry = prepare_sentry(sentry_length, clock_zero, clock_epoch);
    struct module manager = prepare_manager();
    // Each step has been able to take the frames that the ones before gave back. The manager gets the rest.
    place_sentry_data(&sentry, sentry_length);
    memset((void *)SCRATCH, 0, heap_frames() * SEL4_PAGE_SIZE); // the heap begins as zero
    const char *missing = fault_thread_begin(boot_facts.info);
    if (missing) {
        fail_for_lack_of(missing);
    }
    if (!heap_extend(LAYOUT_HEAP + initial_heap_pages(manager.image) * SEL4_PAGE_SIZE)) {
        fail_for_lack_of("memory for the manager's heap");
    }
    boot_facts.root_heap_pages = heap_frames();
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
    boot_facts.machine_memory = given;
    boot_facts.kernel_overhead = ram > given ? ram - given : 0;
    if (sealift_bundle.size > 0) {
        boot_facts.bundle = (const uint8_t *)sealift_bundle.vaddr;
        boot_facts.bundle_size = sealift_bundle.size;
    }
    heap_begin(LAYOUT_HEAP, boot_allocator_take);
    map(LAYOUT_STACK, LAYOUT_STACK_PAGES, NULL, "memory for the stack");
    map(LAYOUT_WASM_STACK, LAYOUT_WASM_STACK_PAGES, NULL, "memory for the Wasm stack");
    run_on_stack((void *)LAYOUT_STACK_TOP, root_continue);
}
