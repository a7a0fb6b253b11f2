// SPDX-License-Identifier: Apache-2.0
//
// The program as the linker script lays it out, and the three modules that it carries.
#ifndef SEALIFT_BOOT_PROGRAM_H
#define SEALIFT_BOOT_PROGRAM_H

#include "wasm/wasm.h"

#include <stdint.h>

// Page-aligned boundaries, in the order of addresses (boot/program.ld).
extern const uint8_t program_begin[];      ///< code, then constants
extern const uint8_t program_shared_end[]; ///< end of what sentries share: after sentry.wasm and its image
extern uint8_t program_domain_stack_top[]; ///< of a sentry and the unpacker: their Wasm stack begins here
extern uint8_t program_bss_begin[];        ///< state that every domain has
extern uint8_t program_bss_end[];          ///< and from here state of the root task
extern uint8_t program_end[];              ///< where the bundle begins, if there is one

// The modules (boot/modules.S), each on pages of its own: what is read of it at run time, its image, and the
// end of both; for the manager also of its code where it is compiled.
extern const uint8_t program_sentry_wasm[];
extern const wasm_image program_sentry_image;
extern const uint8_t program_sentry_end[];
extern const uint8_t program_unpacker_wasm[];
extern const wasm_image program_unpacker_image;
extern const uint8_t program_unpacker_end[];
extern const uint8_t program_unpacker_code[]; ///< on pages of its own: code and constants of the decoders
extern const uint8_t program_unpacker_code_end[];
extern const uint8_t program_manager_wasm[];
extern const wasm_image program_manager_image;
extern const uint8_t program_manager_end[];

// What a sentry's memory begins with, on pages of its own; nothing if the sentry places its data itself.
extern const uint8_t program_sentry_data[];
extern const uint8_t program_sentry_data_end[];

/// Where the boot image's bundle is. The tool that appends the bundle writes this in the linked file, where
/// it finds it by its symbol and checks the magic number.
struct bundle_descriptor {
    uint64_t magic;
    uint64_t vaddr;
    uint64_t size;  ///< bytes; 0: no bundle
    uint64_t flags; ///< BOOT_USES_LOW_MEMORY
};

/// The board's RAM below 1 MiB may be used (boot_information_low_memory).
enum { BOOT_USES_LOW_MEMORY = 1 };

extern const volatile struct bundle_descriptor sealift_bundle;

// Entries (boot/x86_64/start.S).
void sentry_entry(void);
void fault_entry(void);

#endif
