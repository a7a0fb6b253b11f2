// SPDX-License-Identifier: Apache-2.0
//
// What user code sees of mappings: rights, sharing, copy on write, large pages, and that a mapping that is
// gone cannot be used any more.
#include "script.h"

#define ARENA 0x40000000UL
#define LARGE_ARENA 0x80000000UL

static struct thread thread;
static seL4_CPtr vspace;

/** Runs code in the other VSpace until it faults. */
static struct message run(const unsigned char *code, uint64_t first, uint64_t second) {
    seL4_UserContext context = {.CONTEXT_IP = IN_DOMAIN(code),
                                .CONTEXT_SP = DOMAIN_DATA + PAGE,
                                .CONTEXT_FIRST = first,
                                .CONTEXT_SECOND = second};
    expect_success("memory.start", write_registers(thread.tcb, true, &context));
    return thread_wait_fault(&thread);
}

/** Logs a fault of memory (6: address and error code) or the report of a result (2). */
static void log_run(const char *name, struct message message) {
    if (message.label == seL4_Fault_VMFault)
        LOG(name, message.label, message.words[seL4_VMFault_Addr], message.words[seL4_VMFault_PrefetchFault],
            FAULT_STATUS(message.words[seL4_VMFault_FSR]));
    else
        LOG(name, message.label, message.words[UNKNOWN_RESULT]);
}

extern unsigned char domain_load[], domain_store[], domain_jump[], domain_touch[], domain_sum[];

static void rights(void) {
    seL4_CPtr frame = object_new(FRAME_TYPE, 0);
    log_run("memory.read-absent", run(domain_load, ARENA, 0));
    log_run("memory.write-absent", run(domain_store, ARENA, 0));
    log_run("memory.jump-absent", run(domain_jump, ARENA, 0));
    expect_success("memory.map", map_frame(vspace, frame, ARENA, ALL_RIGHTS));
    log_run("memory.write", run(domain_store, ARENA + 8, 0x1234));
    log_run("memory.read", run(domain_load, ARENA + 8, 0));
    expect_success("memory.read-only", map_only(vspace, frame, ARENA, seL4_CanRead.words[0]));
    log_run("memory.write-read-only", run(domain_store, ARENA + 8, 1));
    log_run("memory.read-read-only", run(domain_load, ARENA + 8, 0));
    expect_success("memory.no-rights", map_only(vspace, frame, ARENA, 0));
    log_run("memory.read-no-rights", run(domain_load, ARENA, 0));
    log_run("memory.write-no-rights", run(domain_store, ARENA, 0));
    expect_success("memory.write-only", map_only(vspace, frame, ARENA, seL4_CanWrite.words[0]));
    log_run("memory.read-write-only", run(domain_load, ARENA, 0));
    expect_success("memory.again", map_only(vspace, frame, ARENA, ALL_RIGHTS));
    log_run("memory.read-again", run(domain_load, ARENA + 8, 0));
    expect_success("memory.unmap", unmap(frame));
    log_run("memory.read-unmapped", run(domain_load, ARENA + 8, 0));
    expect_success("memory.remap", map_only(vspace, frame, ARENA + PAGE, ALL_RIGHTS));
    log_run("memory.read-moved", run(domain_load, ARENA + PAGE + 8, 0));
    delete (frame);
    log_run("memory.read-deleted", run(domain_load, ARENA + PAGE + 8, 0));
    log_run("memory.read-null", run(domain_load, 0, 0));
    log_run("memory.read-high", run(domain_load, HIGH_ADDRESS, 0));
    struct message message = run(domain_load, WRONG_ADDRESS, 0);
    LOG("memory.read-not-canonical", message.label, message.words[seL4_UserException_Number],
        message.words[seL4_UserException_Code]);
}

/** A page, and its copy for another process, both written after a fault. */
static void copy_on_write(void) {
    seL4_CPtr second_vspace, original = object_new(FRAME_TYPE, 0), shared = slot_new();
    seL4_CPtr private = object_new(FRAME_TYPE, 0), scratch = slot_new();
    struct thread parent = thread, child = domain_new(IN_DOMAIN(domain_load), PRIORITY_HIGH, &second_vspace);
    seL4_CPtr first_vspace = vspace;
    expect_success("memory.original", map_frame(vspace, original, ARENA, ALL_RIGHTS));
    log_run("memory.parent-writes", run(domain_store, ARENA, 0x11));
    // fork: the child gets a copy of the capability, and both lose the right to write.
    copy(shared, original, ALL_RIGHTS);
    expect_success("memory.share", map_frame(second_vspace, shared, ARENA, seL4_CanRead.words[0]));
    expect_success("memory.protect", map_only(vspace, original, ARENA, seL4_CanRead.words[0]));
    log_run("memory.parent-faults", run(domain_store, ARENA, 0x12));
    thread = child;
    log_run("memory.child-reads", run(domain_load, ARENA, 0));
    log_run("memory.child-faults", run(domain_store, ARENA, 0x13));
    // The child's fault is answered with a page of its own.
    copy(scratch, private, ALL_RIGHTS);
    map_frame(seL4_CapInitThreadVSpace, scratch, 0x30000000, ALL_RIGHTS);
    seL4_CPtr window = slot_new();
    copy(window, original, ALL_RIGHTS);
    map_frame(seL4_CapInitThreadVSpace, window, 0x30001000, ALL_RIGHTS);
    memory_copy((void *)0x30000000, (void *)0x30001000, PAGE);
    // (Which takes the place of what is mapped, except on riscv64: vspace.replace.)
    if (map_only(second_vspace, private, ARENA, ALL_RIGHTS).label != seL4_NoError) {
        expect_success("memory.unmap-shared", unmap(shared));
        expect_success("memory.replace", map_only(second_vspace, private, ARENA, ALL_RIGHTS));
    }
    reply_receive(child.fault_endpoint, child.reply, 0, 0); // it tries again, succeeds and reports
    LOG("memory.copied", *(volatile uint64_t *)0x30000000, *(volatile uint64_t *)0x30001000);
    log_run("memory.child-reads-own", run(domain_load, ARENA, 0));
    thread = parent;
    vspace = first_vspace;
    expect_success("memory.unprotect", map_only(vspace, original, ARENA, ALL_RIGHTS));
    log_run("memory.parent-writes-again", run(domain_store, ARENA, 0x14));
    LOG("memory.seen-in-window", *(volatile uint64_t *)0x30001000);
    delete (second_vspace);
    thread = child;
    log_run("memory.child-without-vspace", run(domain_load, ARENA, 0));
    thread = parent;
    delete (child.tcb);
    delete (original);
    LOG("memory.copy-survives", *(volatile uint64_t *)0x30001000);
}

static void many(void) {
    // 600 pages, mapped from both ends, touched, then one of them protected.
    seL4_CPtr pages = slots_new(600);
    seL4_CPtr untyped = untyped_new(22);
    for (unsigned i = 0; i < 600; i += 200)
        expect_success("memory.pages", retype(untyped, FRAME_TYPE, 0, ROOT, 0, 0, pages + i, 200));
    for (unsigned i = 0; i < 300; i++) {
        expect_success("memory.low", map_frame(vspace, pages + i, ARENA + i * PAGE, ALL_RIGHTS));
        expect_success("memory.high",
                       map_frame(vspace, pages + 599 - i, ARENA + (599 - i) * PAGE, ALL_RIGHTS));
    }
    log_run("memory.touch", run(domain_touch, ARENA, 600));
    log_run("memory.sum", run(domain_sum, ARENA, 600));
    expect_success("memory.protect-one",
                   map_only(vspace, pages + 123, ARENA + 123 * PAGE, seL4_CanRead.words[0]));
    log_run("memory.touch-protected", run(domain_touch, ARENA, 600));
    for (unsigned i = 0; i < 600; i += 3)
        unmap(pages + i);
    log_run("memory.touch-holes", run(domain_touch, ARENA + PAGE, 600));
    log_run("memory.sum-holes", run(domain_sum, ARENA + 4 * PAGE, 2));
    // The same frames elsewhere, in another order: every page must show its own frame.
    for (unsigned i = 0; i < 600; i++)
        unmap(pages + i);
    for (unsigned i = 0; i < 600; i++) {
        unsigned place = i * 7 % 600;
        expect_success("memory.shuffled",
                       map_frame(vspace, pages + i, ARENA + (1000 + place) * PAGE, ALL_RIGHTS));
    }
    uint64_t wrong = 0;
    for (unsigned i = 0; i < 600; i += 97) {
        run(domain_store, ARENA + (1000 + i * 7 % 600) * PAGE, 0x5000 + i);
        seL4_CPtr window = slot_new();
        copy(window, pages + i, ALL_RIGHTS);
        map_frame(seL4_CapInitThreadVSpace, window, 0x30002000, ALL_RIGHTS);
        wrong += *(volatile uint64_t *)0x30002000 != 0x5000 + i;
        delete (window);
    }
    LOG("memory.shuffled-wrong", wrong);
    log_message("memory.revoke-pages", revoke(untyped));
    log_run("memory.read-revoked", run(domain_load, ARENA + 1000 * PAGE, 0));
}

static void large(void) {
    seL4_CPtr frame = object_new(LARGE_FRAME_TYPE, 0);
    log_message("memory.large-map", map_frame(vspace, frame, LARGE_ARENA, ALL_RIGHTS));
    LOG("memory.large-aligned", physical_address(frame) & ((1UL << 21) - 1));
    log_run("memory.large-touch", run(domain_touch, LARGE_ARENA, 512));
    log_run("memory.large-sum", run(domain_sum, LARGE_ARENA, 512));
    log_run("memory.large-end", run(domain_load, LARGE_ARENA + (1UL << 21), 0));
    log_message("memory.large-protect", map_only(vspace, frame, LARGE_ARENA, seL4_CanRead.words[0]));
    log_run("memory.large-write", run(domain_store, LARGE_ARENA + 0x123450, 0));
    log_run("memory.large-read", run(domain_load, LARGE_ARENA + 0x123000, 0));
    log_message("memory.large-unmap", unmap(frame));
    log_run("memory.large-gone", run(domain_load, LARGE_ARENA, 0));
    delete (frame);
}

void test_memory(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    thread = domain_new(IN_DOMAIN(domain_load), PRIORITY_HIGH, &vspace);
    rights();
    copy_on_write();
    many();
    large();
    delete (thread.tcb);
}
