// SPDX-License-Identifier: Apache-2.0
//
// The loader: the first code of a boot image on aarch64 and riscv64. Firmware has already put kernel and root
// task into memory; what is left is what the kernel demands of whoever starts it: page tables with its
// window, the MMU on, and the arguments in registers.

#ifndef SEALIFT_LOADER_H
#define SEALIFT_LOADER_H

#include <stdint.h>

/** "SLLOADER" read as a little-endian number: tells that cli/boot/loaderImage.ts and this file mean the same
 * thing. */
#define SEALIFT_LOADER_MAGIC UINT64_C(0x524544414f4c4c53)

/**
 * What cli/boot/loaderImage.ts writes into the loader; it finds the place through the symbol
 * `sealift_loader`. All words are 64 bits, little endian; addresses are physical unless they say otherwise;
 * ends are one past the last byte.
 */
struct sealift_loader {
    uint64_t magic;
    uint64_t kernel_entry; // virtual
    uint64_t kernel_start;
    uint64_t kernel_end;    // with .bss
    uint64_t kernel_offset; // virtual minus physical, modulo 2^64
    uint64_t user_start;
    uint64_t user_end;
    uint64_t user_offset; // physical minus virtual, modulo 2^64, as the kernel takes it
    uint64_t user_entry;  // virtual
    uint64_t device_tree_start;
    uint64_t device_tree_size; // 0: none
    uint64_t copy_source;      // the kernel's bytes, when they could not be loaded where they belong
    uint64_t
        copy_size; // bytes that go to kernel_start, the rest up to kernel_end is zero; 0: nothing to copy
    // A serial line for the loader's own messages (aarch64): 0 for none.
    uint64_t console_data;
    uint64_t console_status;
    uint64_t console_busy;    // bits of the status that say "not now"
    uint64_t console_control; // register that switches the transmitter on, 0 for none
    uint64_t console_enable;  // and what to write there
    // What only a start in secure state needs (aarch64): 0 for none.
    uint64_t interrupt_distributor;
    uint64_t interrupt_cpu_interface;
    uint64_t counter_frequency; // hertz
};

// Hidden: so the compiler knows that all of it is in this program and needs no table of addresses.
#pragma GCC visibility push(hidden)

extern struct sealift_loader sealift_loader;

/** First and last byte (plus one) of the loader in memory. */
extern char loader_start[], loader_end[];

/** Continues in C; start.S calls it on the loader's stack, at the privilege level that the kernel wants. */
_Noreturn void loader_main(void);

/** Says on the console why the kernel cannot be started, and stops the processor. */
_Noreturn void loader_fail(const char *reason);

// Of each architecture:

/** Writes one byte to the console, waiting until it takes it. */
void console_write(char byte);

/** Makes what was written to [start, end) visible to instruction fetches. */
void instructions_changed(uint64_t start, uint64_t end);

/** Builds page tables for the loader (identity) and the kernel (its window), and turns the MMU on with them.
 */
void mmu_enable(void);

/** Jumps to the kernel at virtual address `entry` with the addressed six words as arguments. */
_Noreturn void kernel_enter(uint64_t entry, const uint64_t arguments[6]);

/** Waits for ever. */
_Noreturn void processor_stop(void);

#pragma GCC visibility pop

#endif
