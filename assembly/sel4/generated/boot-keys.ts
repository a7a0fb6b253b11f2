// SPDX-License-Identifier: Apache-2.0
//
// Generated from runtime-c/host/boot_keys.h by `npm run wit`. Do not edit.

/** Keys of bootValue. Sizes are bytes unless a name says pages (4 KiB). */
export const enum BootKey {
    /** 1 x86_64, 2 aarch64, 3 riscv64 */
    ARCHITECTURE = 0,
    /** untypeds that the kernel gave, devices included */
    UNTYPED_COUNT = 1,
    /** [i] slot in the initial CNode */
    UNTYPED_SLOT = 2,
    /** [i] physical address */
    UNTYPED_PADDR = 3,
    /** [i] log2 of the size */
    UNTYPED_BITS = 4,
    /** [i] 1 for memory that is not RAM */
    UNTYPED_IS_DEVICE = 5,
    /** [i] bytes the C runtime took from its start at boot */
    UNTYPED_USED = 6,
    /** first free slot of the initial CNode */
    EMPTY_FIRST = 7,
    /** slot after the last free one */
    EMPTY_END = 8,
    /** log2 of the initial CNode's slots */
    CNODE_BITS = 9,
    /** initial CNode */
    SLOT_CNODE = 10,
    /** the manager's own TCB */
    SLOT_TCB = 11,
    /** the root task's VSpace */
    SLOT_VSPACE = 12,
    /** initial ASID pool */
    SLOT_ASID_POOL = 13,
    /** SchedControl of the only core */
    SLOT_SCHED_CONTROL = 14,
    /** ASIDControl */
    SLOT_ASID_CONTROL = 15,
    /** the manager's own scheduling context */
    SLOT_SC = 16,
    /** frame of the root image's first page; the others follow in order */
    IMAGE_FRAME_FIRST_SLOT = 17,
    /** where that page is mapped in the root task */
    IMAGE_FIRST_VADDR = 18,
    /** code and constants, then sentry.wasm and its image: in every sentry, read-only, same place */
    SHARED_FIRST_VADDR = 19,
    /** pages of it */
    SHARED_PAGES = 20,
    /** per-instance state: fresh zero frames in every sentry, writable; the first one is also its TCB's IPC buffer */
    BSS_FIRST_VADDR = 21,
    /** pages of it */
    BSS_PAGES = 22,
    /** ranges of fresh zero frames, writable, that a sentry needs */
    PRIVATE_RW_COUNT = 23,
    /** [i] where */
    PRIVATE_RW_VADDR = 24,
    /** [i] how many */
    PRIVATE_RW_PAGES = 25,
    /** address of the IPC buffer of a sentry and of the unpacker, in the first page of their state */
    IPC_BUFFER_VADDR = 26,
    /** first instruction of a sentry */
    SENTRY_ENTRY = 27,
    /** its stack pointer */
    SENTRY_STACK_TOP = 28,
    /** where a fault on linear memory continues; rdi = faulting address */
    SENTRY_FAULT_ENTRY = 29,
    /** where linear memory's address 0 is */
    LINEAR_BASE = 30,
    /** linear address of the first page of a sentry's initial memory */
    SENTRY_HEAP_FIRST = 31,
    /** pages of it: fresh zero frames, writable */
    SENTRY_HEAP_PAGES = 32,
    /** pages of the manager's initial memory */
    ROOT_HEAP_PAGES = 33,
    /** machine code and constants of the C runtime; what follows is not executed */
    RUNTIME_TEXT_BYTES = 34,
    /** bytes of manager.wasm that the program has: names and data */
    MANAGER_WASM_BYTES = 35,
    /** bytes of sentry.wasm that the program has: names */
    SENTRY_WASM_BYTES = 36,
    /** size of translated manager.wasm */
    MANAGER_IMAGE_BYTES = 37,
    /** size of translated sentry.wasm */
    SENTRY_IMAGE_BYTES = 38,
    /** 4 KiB frames of the root task: image, bundle, heap, stacks, translations */
    ROOT_FRAMES = 39,
    /** frequency of the time-stamp counter */
    TSC_HZ = 40,
    /** bytes of RAM in no untyped and not in the root image; 0 = not known */
    KERNEL_OVERHEAD = 41,
    /** bytes of the RAM untypeds and of what the kernel gave the root task at boot */
    MACHINE_MEMORY = 42,
    /** pages of the bundle */
    BUNDLE_PAGES = 43,
    /** [object type] log2 of an object's size in bytes; for a CNode, of one slot */
    OBJECT_BITS = 44,
    /** frame of the manager's own IPC buffer */
    SLOT_IPC_BUFFER = 45,
    /** where it is mapped: TCB_Configure needs both, or the buffer is removed */
    ROOT_IPC_BUFFER_VADDR = 46,
    /** first pages of a sentry's initial memory that begin with data: the root task has it in its window, read-only */
    SENTRY_DATA_PAGES = 47,
    /** frame of the first of them; the others follow in order */
    SENTRY_DATA_FIRST_SLOT = 48,
    /** linear address of the first one in the root task's window */
    SENTRY_DATA_WINDOW = 49,
    /** where unpacker.wasm and its image begin in the root task and in the unpacker */
    UNPACKER_WASM_VADDR = 50,
    /** pages of both */
    UNPACKER_WASM_PAGES = 51,
    /** ranges of zeros, writable, that the unpacker may touch besides the window */
    UNPACKER_RW_COUNT = 52,
    /** [i] where */
    UNPACKER_RW_VADDR = 53,
    /** [i] how many */
    UNPACKER_RW_PAGES = 54,
    /** where the root task has the bundle */
    BUNDLE_VADDR = 55,
    /** page with what a sentry's runtime must know: in every sentry, read-only */
    DOMAIN_BOOT_VADDR = 56,
    /** its frame */
    DOMAIN_BOOT_SLOT = 57,
    /** bytes of unpacker.wasm that the program has: names and data */
    UNPACKER_WASM_BYTES = 58,
    /** size of translated unpacker.wasm */
    UNPACKER_IMAGE_BYTES = 59,
    /** pages of RAM below 1 MiB that the system uses as frames */
    LOW_PAGES = 60,
    /** those that are left, each to be made with a retype of the next key's untyped into a small frame */
    LOW_PAGES_LEFT = 61,
    /** slot of their untyped */
    LOW_UNTYPED_SLOT = 62,
    /** pages of the decoders' code, which lies behind unpacker.wasm and its image */
    UNPACKER_CODE_PAGES = 63,
}
