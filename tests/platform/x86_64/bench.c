// SPDX-License-Identifier: Apache-2.0
//
// What the operations that a container's system calls are made of cost, in nanoseconds of the machine's time.
#include "../script.h"

extern unsigned char domain_count_calls[], domain_count_syscalls[], domain_touch[];

#define ROUNDS 2000

static void put_decimal(const char *name, uint64_t value) {
    char digits[21];
    unsigned i = 20;
    digits[20] = 0;
    do {
        digits[--i] = '0' + value % 10;
        value /= 10;
    } while (value);
    log_text(name, digits + i);
}

static void report(const char *name, uint64_t start, uint64_t rounds) {
    put_decimal(name, (now() - start) * 1000 / ticks_per_us() / rounds);
}

void bench(void) {
    seL4_CPtr vspace;
    struct thread thread = domain_new(IN_DOMAIN(domain_count_calls), PRIORITY_HIGH, &vspace);
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    seL4_UserContext context = {
        .rip = IN_DOMAIN(domain_count_calls), .rsp = DOMAIN_DATA + PAGE, .rdi = DOMAIN_DATA};
    write_registers(thread.tcb, true, &context);
    thread_wait_fault(&thread);
    uint64_t start = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] += 2;
        reply_receive(thread.fault_endpoint, thread.reply, 0, 16);
    }
    report("bench.trap-round-trip-ns", start, ROUNDS);
    context.rip = IN_DOMAIN(domain_count_syscalls);
    write_registers(thread.tcb, true, &context);
    thread_wait_fault(&thread);
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        ipc_buffer->msg[seL4_UnknownSyscall_FaultIP] += 2;
        reply_receive(thread.fault_endpoint, thread.reply, 0, 16);
    }
    report("bench.syscall-round-trip-ns", start, ROUNDS);
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        receive(seL4_SysNBWait, thread.fault_endpoint, 0);
    report("bench.null-call-ns", start, ROUNDS);
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        read_registers(thread.tcb, false, &context);
    report("bench.read-registers-ns", start, ROUNDS);

    seL4_CPtr untyped = untyped_new(22), pages = slots_new(1000);
    start = now();
    for (unsigned i = 0; i < 1000; i += 250)
        retype(untyped, seL4_X86_4K, 0, ROOT, 0, 0, pages + i, 250);
    report("bench.retype-page-of-250-ns", start, 1000);
    map_frame(vspace, pages, 0x40000000, ALL_RIGHTS);
    map_frame(vspace, pages + 512, 0x40200000, ALL_RIGHTS);
    start = now();
    for (unsigned i = 0; i < 1000; i++)
        if (i % 512)
            map_only(vspace, pages + i, 0x40000000 + i * PAGE, ALL_RIGHTS);
    report("bench.map-page-ns", start, 998);
    context = (seL4_UserContext){
        .rip = IN_DOMAIN(domain_touch), .rsp = DOMAIN_DATA + PAGE, .rdi = 0x40000000, .rsi = 1000};
    start = now();
    write_registers(thread.tcb, true, &context);
    thread_wait_fault(&thread);
    report("bench.first-touch-of-mapped-page-ns", start, 1000);
    start = now();
    revoke(untyped);
    report("bench.revoke-page-ns", start, 1000);

    // A page fault that the root task answers with one page.
    for (unsigned i = 0; i < 1000; i += 250)
        retype(untyped, seL4_X86_4K, 0, ROOT, 0, 0, pages + i, 250);
    start = now();
    write_registers(thread.tcb, true, &context);
    struct message message = thread_wait_fault(&thread);
    for (unsigned i = 0; message.label == seL4_Fault_VMFault; i++) {
        map_only(vspace, pages + i, message.words[seL4_VMFault_Addr], ALL_RIGHTS);
        message = reply_receive(thread.fault_endpoint, thread.reply, 0, 0);
    }
    report("bench.page-fault-ns", start, 1000);
    start = now();
    for (unsigned i = 0; i < 50; i++) {
        seL4_CPtr other;
        struct thread created = domain_new(IN_DOMAIN(domain_count_calls), PRIORITY_HIGH, &other);
        context = (seL4_UserContext){.rip = IN_DOMAIN(domain_count_calls), .rdi = DOMAIN_DATA};
        write_registers(created.tcb, true, &context);
        thread_wait_fault(&created);
        delete (created.tcb);
        delete (other);
    }
    report("bench.new-vspace-and-thread-ns", start, 50);
}
