// SPDX-License-Identifier: Apache-2.0
//
// Virtual addresses of a protection domain that runs the C runtime (docs/architecture.md). The same in the
// root task, in every sentry and in the unpacker, so that one linked program serves them all.
// Used by C, assembly and the linker script: numbers only.
#ifndef SEALIFT_HOST_LAYOUT_H
#define SEALIFT_HOST_LAYOUT_H

// The private ranges and the program lie in one 2 MiB region, so that one page table maps all that a sentry
// has of both. (Modules that are compiled ahead of time are larger, and take a second one.)

/// The root task's C stack. The page below it stays unmapped and catches an overflow.
#define LAYOUT_STACK 0x202000
#define LAYOUT_STACK_PAGES 4
#define LAYOUT_STACK_TOP (LAYOUT_STACK + LAYOUT_STACK_PAGES * 0x1000)

/// What a sentry's runtime must know (boot/domain_boot.h): read-only, in the root task and in sentries. The
/// unpacker reads zeros.
#define LAYOUT_DOMAIN_BOOT 0x207000

/// Storage of a Wasm instance, its globals and tables, that has no room in the domain's state. Mapped as far
/// as the module needs it.
#define LAYOUT_INSTANCE 0x208000
#define LAYOUT_INSTANCE_END 0x21e000

/// State of the decoders, of the unpacker only (UNPACKER_ONLY). The page behind it stays unmapped.
#define LAYOUT_UNPACKER_STATE 0x21f000
#define LAYOUT_UNPACKER_STATE_PAGES 32

/// The root task's Wasm stack: frames of Wasm functions, 8 bytes for each local and operand, 24 for each call
/// (wasm.h). 32 KiB holds some 200 calls of ordinary functions; a deeper recursion is a trap. (JSON
/// documents, where the manager's is deepest, may nest 32 times.) All of it is mapped, and the pages around
/// it are not.
#define LAYOUT_WASM_STACK 0x240000
#define LAYOUT_WASM_STACK_PAGES 8

/// Pages of the Wasm stack of a sentry and of the unpacker, which are mapped as they are touched.
#define LAYOUT_DOMAIN_WASM_STACK_PAGES 16

// A sentry and the unpacker have their stacks in front of their state (boot/domain_state.h), where only the
// root task has the manager's module: first the C stack, LAYOUT_STACK_PAGES with an unmapped page below, then
// the Wasm stack, whose last records lie in the state's first page. boot/program.ld keeps the place.

/// Of the root task only, where there is no counter that a program may read (clock.h): the page that its
/// ticks are counted in, writable.
#define LAYOUT_TICKS 0x252000

/// Device registers, of the root task only. (A PC has ports instead.)
#define LAYOUT_DEVICES 0x260000
#define LAYOUT_DEVICE_PAGES 16

/// The program: code, constants, modules, state; in the root task then the bundle.
#define LAYOUT_PROGRAM 0x280000

/// Linear memory: 4 GiB of address space. Below LAYOUT_HEAP (an offset) the window, from there the module's
/// own memory. It begins in the middle of what a page table maps, so that a sentry's window, which is used
/// from its end downwards, and the heap share tables: half of a table for each at first.
#define LAYOUT_LINEAR 0x100100000
#define LAYOUT_LINEAR_SIZE 0x100000000
#define LAYOUT_HEAP 0x80000000

/// The page that a sentry shares with the manager, the last one of its window (an offset).
#define LAYOUT_EXCHANGE 0x7ffff000

/// What a sentry's memory begins with, in the root task's window (an offset): sentry.wasm's data segments,
/// as the program has them. Sentries map the same frames read-only and get a page of their own when they
/// first write to one.
#define LAYOUT_SENTRY_DATA 0x380000
#define LAYOUT_SENTRY_DATA_PAGES 0x80

/// The zstd decoder's memory, in the unpacker only: outside linear memory, for the decoder's state has
/// addresses in it.
#define LAYOUT_UNZSTD 0x240200000
#define LAYOUT_UNZSTD_SIZE 0x1000000

/// Pages of the unpacker's heap: its module's initial memory, which does not grow.
#define LAYOUT_UNPACKER_HEAP_PAGES 512

#endif
