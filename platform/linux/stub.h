// SPDX-License-Identifier: Apache-2.0
//
// Stubs: the host processes in which user code runs, one for each VSpace. A stub has nothing of its own but a
// few pages near the top of the address space; it is stopped at every system call, exception and interrupt.
#pragma once

#include "objects.h"

/** The stub's pages, which no VSpace can use: code, a table of calls to make, a stack for signal frames. */
#define STUB_AREA_PAGES 8
#define STUB_AREA_BYTES ((uint64_t)STUB_AREA_PAGES << seL4_PageBits)
#define STUB_AREA (seL4_UserTop - STUB_AREA_BYTES)
#define STUB_CODE STUB_AREA
#define STUB_TABLE (STUB_AREA + (1UL << seL4_PageBits))
#define STUB_STACK (STUB_AREA + (2UL << seL4_PageBits))
#define STUB_STACK_BYTES ((uint64_t)(STUB_AREA_PAGES - 2) << seL4_PageBits)

struct stub;

enum stub_event_kind {
    STUB_SYSCALL,     /* rdx has the number */
    STUB_INTERRUPTED, /* by a host signal */
    STUB_PAGE_FAULT,  /* first: address, second: error code */
    STUB_EXCEPTION,   /* first: vector, second: error code */
    STUB_TRAP,        /* `int n` with a vector user code may use; first: n */
};

struct stub_event {
    enum stub_event_kind kind;
    uint64_t first;
    uint64_t second;
};

/** Creates the stub that all others are copies of. */
void stub_initialise(void);

/** Runs a thread until it enters the kernel, and stores its registers. */
struct stub_event stub_run(struct thread *thread);

/** The stub of an ASID must not use what it has mapped in a range any more. */
void stub_invalidate(uint64_t asid, uint64_t address, uint64_t bytes);
/** The stub of an ASID may map a page of 2^bits bytes ahead of its use, and must if it has another mapped
 * there.
 *  @param entry the page's entry in its paging structure
 *  @return whether it will */
bool stub_prefill(uint64_t asid, uint64_t address, unsigned bits, uint64_t entry);
void stub_destroy(uint64_t asid);
void stub_destroy_all(void);

/** The thread is going away: forgets its vector registers. */
void stub_forget_thread(struct thread *thread);

/* Between stub.c and stub_memory.c */

/** Changes to a stub's mappings that must be, or may be, made before it runs next. */
struct mapping_change {
    uint64_t address;
    uint64_t bytes;
    uint64_t offset; /* in physical memory; not used to unmap */
    enum { CHANGE_UNMAP, CHANGE_MAP_READ_ONLY, CHANGE_MAP_READ_WRITE, CHANGE_MAP_VOID } kind;
};
#define CHANGES_MAXIMUM 64
struct mapping_changes {
    unsigned count;
    bool must_flush; /* there were too many: everything is to be unmapped first */
    struct mapping_change list[CHANGES_MAXIMUM];
};

/** A host system call that a stub is to make, as its code (stub_code.c) reads it. */
struct stub_call {
    uint64_t number;
    uint64_t address;
    uint64_t length;
    uint64_t protection;
    uint64_t flags;
    uint64_t offset;
};
/** Bounds of the code, and where in it the parts begin. */
extern const unsigned char stub_code_start[], stub_code_end[], stub_code_batch[], stub_code_clone[];

struct mapping_changes *stub_changes(uint64_t asid);
void changes_add(struct mapping_changes *changes, struct mapping_change change);
/** Turns changes into calls. @return how many */
unsigned changes_take(struct mapping_changes *changes, struct stub_call *calls, unsigned maximum);
/** What a page fault of a stub means: a page to fill in (true), or a fault of the VSpace. */
bool mapping_fill(uint64_t asid, uint64_t address, bool is_protection);
uint64_t memory_stub_offset(void);
