// SPDX-License-Identifier: Apache-2.0
//
// Answers boot.value (host/boot_keys.h).

#include "boot/boot_allocator.h"
#include "boot/boot_information.h"
#include "boot/domain_state.h"
#include "boot/program.h"
#include "host/boot_facts.h"
#include "host/boot_keys.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "sel4/objects.h"

struct boot_facts boot_facts ROOT_ONLY;

/// Where the unpacker finds zeros, besides its stacks: its memory, and in place of what a sentry is told.
static const struct boot_range unpacker_ranges[] = {
    {LAYOUT_DOMAIN_BOOT, (LAYOUT_INSTANCE_END - LAYOUT_DOMAIN_BOOT) / SEL4_PAGE_SIZE},
    {LAYOUT_UNPACKER_STATE, LAYOUT_UNPACKER_STATE_PAGES},
    {LAYOUT_UNZSTD, LAYOUT_UNZSTD_SIZE / SEL4_PAGE_SIZE},
    {LAYOUT_LINEAR + LAYOUT_HEAP, LAYOUT_UNPACKER_HEAP_PAGES},
};

enum { UNPACKER_RANGES = sizeof unpacker_ranges / sizeof unpacker_ranges[0] + 1 };

static struct boot_range unpacker_range(uint32_t index) {
    if (index >= UNPACKER_RANGES) {
        return (struct boot_range){0, 0};
    }
    return index == 0 ? (struct boot_range){domain_stacks(), DOMAIN_STACKS_PAGES}
                      : unpacker_ranges[index - 1];
}

static uint64_t pages(const void *begin, const void *end) {
    return ((uint64_t)end - (uint64_t)begin + SEL4_PAGE_SIZE - 1) / SEL4_PAGE_SIZE;
}

/// Bytes of a module in the program besides its image.
static uint64_t module_size(const uint8_t *begin, const uint8_t *end, const wasm_image *image) {
    return (uint64_t)(end - begin) - wasm_image_size(image);
}

/// Values that take an index.
static bool indexed_value(uint32_t key, uint32_t index, uint64_t *value) {
    const seL4_BootInfo *info = boot_facts.info;
    bool is_untyped = index < info->untyped.end - info->untyped.start;
    const seL4_UntypedDesc *untyped = &info->untypedList[is_untyped ? index : 0];
    const struct boot_range *range =
        &boot_facts.private_ranges[index < BOOT_PRIVATE_RANGES ? index : BOOT_PRIVATE_RANGES - 1];
    bool is_range = index < BOOT_PRIVATE_RANGES;
    switch ((enum boot_key)key) {
    case BOOT_KEY_UNTYPED_SLOT:
        *value = is_untyped ? info->untyped.start + index : 0;
        return true;
    case BOOT_KEY_UNTYPED_PADDR:
        *value = is_untyped ? untyped->paddr : 0;
        return true;
    case BOOT_KEY_UNTYPED_BITS:
        *value = is_untyped ? untyped->sizeBits : 0;
        return true;
    case BOOT_KEY_UNTYPED_IS_DEVICE:
        *value = is_untyped ? untyped->isDevice : 0;
        return true;
    case BOOT_KEY_UNTYPED_USED:
        boot_allocator_close(); // or the answer would not stay true
        *value = is_untyped ? boot_allocator_used(index) : 0;
        return true;
    case BOOT_KEY_PRIVATE_RW_VADDR:
        *value = is_range ? range->vaddr : 0;
        return true;
    case BOOT_KEY_PRIVATE_RW_PAGES:
        *value = is_range ? range->pages : 0;
        return true;
    case BOOT_KEY_UNPACKER_RW_VADDR:
        *value = unpacker_range(index).vaddr;
        return true;
    case BOOT_KEY_UNPACKER_RW_PAGES:
        *value = unpacker_range(index).pages;
        return true;
    case BOOT_KEY_OBJECT_BITS:
        *value = sel4_object_bits(index);
        return true;
    default:
        return false;
    }
}

bool boot_value(uint32_t key, uint32_t index, uint64_t *value) {
    const seL4_BootInfo *info = boot_facts.info;
    switch ((enum boot_key)key) {
    case BOOT_KEY_ARCHITECTURE:
#if defined(__x86_64__)
        *value = 1;
#elif defined(__aarch64__)
        *value = 2;
#elif defined(__riscv)
        *value = 3;
#endif
        break;
    case BOOT_KEY_UNTYPED_COUNT:
        *value = info->untyped.end - info->untyped.start;
        break;
    case BOOT_KEY_EMPTY_FIRST:
        boot_allocator_close();
        *value = boot_allocator_next_slot();
        break;
    case BOOT_KEY_EMPTY_END:
        *value = info->empty.end;
        break;
    case BOOT_KEY_CNODE_BITS:
        *value = info->initThreadCNodeSizeBits;
        break;
    case BOOT_KEY_SLOT_CNODE:
        *value = seL4_CapInitThreadCNode;
        break;
    case BOOT_KEY_SLOT_TCB:
        *value = seL4_CapInitThreadTCB;
        break;
    case BOOT_KEY_SLOT_VSPACE:
        *value = seL4_CapInitThreadVSpace;
        break;
    case BOOT_KEY_SLOT_ASID_POOL:
        *value = seL4_CapInitThreadASIDPool;
        break;
    case BOOT_KEY_SLOT_SCHED_CONTROL:
        *value = info->schedcontrol.start;
        break;
    case BOOT_KEY_SLOT_ASID_CONTROL:
        *value = seL4_CapASIDControl;
        break;
    case BOOT_KEY_SLOT_SC:
        *value = seL4_CapInitThreadSC;
        break;
    case BOOT_KEY_IMAGE_FRAME_FIRST_SLOT:
        *value = info->userImageFrames.start;
        break;
    case BOOT_KEY_IMAGE_FIRST_VADDR:
    case BOOT_KEY_SHARED_FIRST_VADDR:
        *value = (uint64_t)program_begin;
        break;
    case BOOT_KEY_SHARED_PAGES:
        *value = pages(program_begin, program_shared_end);
        break;
    case BOOT_KEY_BSS_FIRST_VADDR:
        *value = (uint64_t)program_bss_begin;
        break;
    case BOOT_KEY_BSS_PAGES:
        *value = pages(program_bss_begin, program_bss_end);
        break;
    case BOOT_KEY_SENTRY_DATA_PAGES:
        *value = boot_facts.sentry_data_pages;
        break;
    case BOOT_KEY_SENTRY_DATA_FIRST_SLOT:
        *value = boot_facts.sentry_data_first_slot;
        break;
    case BOOT_KEY_SENTRY_DATA_WINDOW:
        *value = LAYOUT_SENTRY_DATA;
        break;
    case BOOT_KEY_DOMAIN_BOOT_VADDR:
        *value = LAYOUT_DOMAIN_BOOT;
        break;
    case BOOT_KEY_DOMAIN_BOOT_SLOT:
        *value = boot_facts.domain_boot_slot;
        break;
    case BOOT_KEY_PRIVATE_RW_COUNT:
        *value = BOOT_PRIVATE_RANGES;
        break;
    case BOOT_KEY_IPC_BUFFER_VADDR:
        *value = (uint64_t)domain_state.ipc_buffer;
        break;
    case BOOT_KEY_SENTRY_ENTRY:
        *value = (uint64_t)sentry_entry;
        break;
    case BOOT_KEY_SENTRY_STACK_TOP:
        *value = (uint64_t)program_domain_stack_top;
        break;
    case BOOT_KEY_SENTRY_FAULT_ENTRY:
        *value = (uint64_t)fault_entry;
        break;
    case BOOT_KEY_LINEAR_BASE:
        *value = LAYOUT_LINEAR;
        break;
    case BOOT_KEY_SENTRY_HEAP_FIRST:
        *value = LAYOUT_HEAP;
        break;
    case BOOT_KEY_SENTRY_HEAP_PAGES:
        *value = boot_facts.sentry_heap_pages;
        break;
    case BOOT_KEY_ROOT_HEAP_PAGES:
        *value = boot_facts.root_heap_pages;
        break;
    case BOOT_KEY_RUNTIME_TEXT_BYTES:
        *value = (uint64_t)program_sentry_wasm - (uint64_t)program_begin;
        break;
    case BOOT_KEY_MANAGER_WASM_BYTES:
        *value = module_size(program_manager_wasm, program_manager_end, &program_manager_image);
        break;
    case BOOT_KEY_SENTRY_WASM_BYTES:
        *value = module_size(program_sentry_wasm, program_sentry_end, &program_sentry_image);
        break;
    case BOOT_KEY_UNPACKER_WASM_BYTES:
        *value = module_size(program_unpacker_wasm, program_unpacker_end, &program_unpacker_image);
        break;
    case BOOT_KEY_MANAGER_IMAGE_BYTES:
        *value = wasm_image_size(&program_manager_image);
        break;
    case BOOT_KEY_SENTRY_IMAGE_BYTES:
        *value = wasm_image_size(&program_sentry_image);
        break;
    case BOOT_KEY_UNPACKER_IMAGE_BYTES:
        *value = wasm_image_size(&program_unpacker_image);
        break;
    case BOOT_KEY_ROOT_FRAMES:
        *value = boot_facts.root_frames_by_kernel + boot_allocator_frames();
        break;
    case BOOT_KEY_TSC_HZ:
        *value = boot_facts.counter_frequency;
        break;
    case BOOT_KEY_KERNEL_OVERHEAD:
        *value = boot_facts.kernel_overhead;
        break;
    case BOOT_KEY_MACHINE_MEMORY:
        *value = boot_facts.machine_memory;
        break;
    case BOOT_KEY_LOW_PAGES:
        *value = boot_facts.low_pages;
        break;
    case BOOT_KEY_LOW_PAGES_LEFT:
        boot_allocator_close();
        *value = boot_allocator_low_pages();
        break;
    case BOOT_KEY_LOW_UNTYPED_SLOT:
        *value = info->untyped.start + boot_allocator_low_untyped();
        break;
    case BOOT_KEY_UNPACKER_WASM_VADDR:
        *value = (uint64_t)program_unpacker_wasm;
        break;
    case BOOT_KEY_UNPACKER_WASM_PAGES:
        *value = pages(program_unpacker_wasm, program_unpacker_end);
        break;
    case BOOT_KEY_UNPACKER_CODE_PAGES:
        *value = pages(program_unpacker_code, program_unpacker_code_end);
        break;
    case BOOT_KEY_UNPACKER_RW_COUNT:
        *value = UNPACKER_RANGES;
        break;
    case BOOT_KEY_BUNDLE_VADDR:
        *value = (uint64_t)boot_facts.bundle;
        break;
    case BOOT_KEY_BUNDLE_PAGES:
        *value = (boot_facts.bundle_size + SEL4_PAGE_SIZE - 1) / SEL4_PAGE_SIZE;
        break;
    case BOOT_KEY_SLOT_IPC_BUFFER:
        *value = seL4_CapInitThreadIPCBuffer;
        break;
    case BOOT_KEY_ROOT_IPC_BUFFER_VADDR:
        *value = (uint64_t)info->ipcBuffer;
        break;
    default:
        return indexed_value(key, index, value);
    }
    return true;
}
