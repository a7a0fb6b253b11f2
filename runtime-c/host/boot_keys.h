// SPDX-License-Identifier: Apache-2.0
//
// Keys of boot.value (wit/sealift.wit): what the C runtime tells the manager about the machine and this boot.
// `npm run wit` mirrors this list to assembly/sel4/generated/boot-keys.ts. Numbers are never reused.
//
// "[i]" marks a key that takes an index; every other key ignores it. Sizes are bytes unless a name says pages
// (4 KiB).
#ifndef SEALIFT_HOST_BOOT_KEYS_H
#define SEALIFT_HOST_BOOT_KEYS_H

enum boot_key {
    /// 1 x86_64, 2 aarch64, 3 riscv64
    BOOT_KEY_ARCHITECTURE = 0,
    /// untypeds that the kernel gave, devices included
    BOOT_KEY_UNTYPED_COUNT = 1,
    /// [i] slot in the initial CNode
    BOOT_KEY_UNTYPED_SLOT = 2,
    /// [i] physical address
    BOOT_KEY_UNTYPED_PADDR = 3,
    /// [i] log2 of the size
    BOOT_KEY_UNTYPED_BITS = 4,
    /// [i] 1 for memory that is not RAM
    BOOT_KEY_UNTYPED_IS_DEVICE = 5,
    /// [i] bytes the C runtime took from its start at boot
    BOOT_KEY_UNTYPED_USED = 6,
    /// first free slot of the initial CNode
    BOOT_KEY_EMPTY_FIRST = 7,
    /// slot after the last free one
    BOOT_KEY_EMPTY_END = 8,
    /// log2 of the initial CNode's slots
    BOOT_KEY_CNODE_BITS = 9,
    /// initial CNode
    BOOT_KEY_SLOT_CNODE = 10,
    /// the manager's own TCB
    BOOT_KEY_SLOT_TCB = 11,
    /// the root task's VSpace
    BOOT_KEY_SLOT_VSPACE = 12,
    /// initial ASID pool
    BOOT_KEY_SLOT_ASID_POOL = 13,
    /// SchedControl of the only core
    BOOT_KEY_SLOT_SCHED_CONTROL = 14,
    /// ASIDControl
    BOOT_KEY_SLOT_ASID_CONTROL = 15,
    /// the manager's own scheduling context
    BOOT_KEY_SLOT_SC = 16,
    /// frame of the root image's first page; the others follow in order
    BOOT_KEY_IMAGE_FRAME_FIRST_SLOT = 17,
    /// where that page is mapped in the root task
    BOOT_KEY_IMAGE_FIRST_VADDR = 18,
    /// code and constants, then sentry.wasm and its image: in every sentry, read-only, same place
    BOOT_KEY_SHARED_FIRST_VADDR = 19,
    /// pages of it
    BOOT_KEY_SHARED_PAGES = 20,
    /// per-instance state: fresh zero frames in every sentry, writable; the first one is also its TCB's IPC
    /// buffer
    BOOT_KEY_BSS_FIRST_VADDR = 21,
    /// pages of it
    BOOT_KEY_BSS_PAGES = 22,
    /// ranges of fresh zero frames, writable, that a sentry needs
    BOOT_KEY_PRIVATE_RW_COUNT = 23,
    /// [i] where
    BOOT_KEY_PRIVATE_RW_VADDR = 24,
    /// [i] how many
    BOOT_KEY_PRIVATE_RW_PAGES = 25,
    /// address of the IPC buffer of a sentry and of the unpacker, in the first page of their state
    BOOT_KEY_IPC_BUFFER_VADDR = 26,
    /// first instruction of a sentry
    BOOT_KEY_SENTRY_ENTRY = 27,
    /// its stack pointer
    BOOT_KEY_SENTRY_STACK_TOP = 28,
    /// where a fault on linear memory continues; rdi = faulting address
    BOOT_KEY_SENTRY_FAULT_ENTRY = 29,
    /// where linear memory's address 0 is
    BOOT_KEY_LINEAR_BASE = 30,
    /// linear address of the first page of a sentry's initial memory
    BOOT_KEY_SENTRY_HEAP_FIRST = 31,
    /// pages of it: fresh zero frames, writable
    BOOT_KEY_SENTRY_HEAP_PAGES = 32,
    /// pages of the manager's initial memory
    BOOT_KEY_ROOT_HEAP_PAGES = 33,
    /// machine code and constants of the C runtime; what follows is not executed
    BOOT_KEY_RUNTIME_TEXT_BYTES = 34,
    /// bytes of manager.wasm that the program has: names and data
    BOOT_KEY_MANAGER_WASM_BYTES = 35,
    /// bytes of sentry.wasm that the program has: names
    BOOT_KEY_SENTRY_WASM_BYTES = 36,
    /// size of translated manager.wasm
    BOOT_KEY_MANAGER_IMAGE_BYTES = 37,
    /// size of translated sentry.wasm
    BOOT_KEY_SENTRY_IMAGE_BYTES = 38,
    /// 4 KiB frames of the root task: image, bundle, heap, stacks, translations
    BOOT_KEY_ROOT_FRAMES = 39,
    /// frequency of the time-stamp counter
    BOOT_KEY_TSC_HZ = 40,
    /// bytes of RAM in no untyped and not in the root image; 0 = not known
    BOOT_KEY_KERNEL_OVERHEAD = 41,
    /// bytes of the RAM untypeds and of what the kernel gave the root task at boot
    BOOT_KEY_MACHINE_MEMORY = 42,
    /// pages of the bundle
    BOOT_KEY_BUNDLE_PAGES = 43,
    /// [object type] log2 of an object's size in bytes; for a CNode, of one slot
    BOOT_KEY_OBJECT_BITS = 44,
    /// frame of the manager's own IPC buffer
    BOOT_KEY_SLOT_IPC_BUFFER = 45,
    /// where it is mapped: TCB_Configure needs both, or the buffer is removed
    BOOT_KEY_ROOT_IPC_BUFFER_VADDR = 46,
    /// first pages of a sentry's initial memory that begin with data: the root task has it in its window,
    /// read-only
    BOOT_KEY_SENTRY_DATA_PAGES = 47,
    /// frame of the first of them; the others follow in order
    BOOT_KEY_SENTRY_DATA_FIRST_SLOT = 48,
    /// linear address of the first one in the root task's window
    BOOT_KEY_SENTRY_DATA_WINDOW = 49,
    /// where unpacker.wasm and its image begin in the root task and in the unpacker
    BOOT_KEY_UNPACKER_WASM_VADDR = 50,
    /// pages of both
    BOOT_KEY_UNPACKER_WASM_PAGES = 51,
    /// ranges of zeros, writable, that the unpacker may touch besides the window
    BOOT_KEY_UNPACKER_RW_COUNT = 52,
    /// [i] where
    BOOT_KEY_UNPACKER_RW_VADDR = 53,
    /// [i] how many
    BOOT_KEY_UNPACKER_RW_PAGES = 54,
    /// where the root task has the bundle
    BOOT_KEY_BUNDLE_VADDR = 55,
    /// page with what a sentry's runtime must know: in every sentry, read-only
    BOOT_KEY_DOMAIN_BOOT_VADDR = 56,
    /// its frame
    BOOT_KEY_DOMAIN_BOOT_SLOT = 57,
    /// bytes of unpacker.wasm that the program has: names and data
    BOOT_KEY_UNPACKER_WASM_BYTES = 58,
    /// size of translated unpacker.wasm
    BOOT_KEY_UNPACKER_IMAGE_BYTES = 59,
    /// pages of RAM below 1 MiB that the system uses as frames
    BOOT_KEY_LOW_PAGES = 60,
    /// those that are left, each to be made with a retype of the next key's untyped into a small frame
    BOOT_KEY_LOW_PAGES_LEFT = 61,
    /// slot of their untyped
    BOOT_KEY_LOW_UNTYPED_SLOT = 62,
    /// pages of the decoders' code, which lies behind unpacker.wasm and its image
    BOOT_KEY_UNPACKER_CODE_PAGES = 63,
};

#endif
