// SPDX-License-Identifier: Apache-2.0
//
// Threads for the tests.
#include "kernel.h"

#define STACK_BYTES 8192
#define THREADS_MAXIMUM 128

static unsigned char stacks[THREADS_MAXIMUM][STACK_BYTES] __attribute__((aligned(4096)));
static unsigned char buffers[THREADS_MAXIMUM][PAGE] __attribute__((aligned(4096)));
static unsigned thread_count;

/** A guard no argument of a system call matches: the CSpace resolves no address at all. */
const seL4_CPtr empty_cspace_guard = 0x2a5a5a5a5a5a5a5;

/** Two empty slots, behind the guard when it is installed with empty_cspace_guard. */
seL4_CPtr empty_cspace(void) {
    static seL4_CPtr cnode;
    if (!cnode)
        cnode = object_new(seL4_CapTableObject, 1);
    return cnode;
}

struct message configure_sched_context(seL4_CPtr sc, uint64_t budget, uint64_t period, uint64_t refills,
                                       uint64_t badge, uint64_t flags) {
    return invoke(boot_info->schedcontrol.start, SchedControlConfigureFlags, CAPS(sc),
                  WORDS(budget, period, refills, badge, flags));
}

struct message set_sched_params(seL4_CPtr tcb, uint64_t maximum, uint64_t priority, seL4_CPtr sc,
                                seL4_CPtr fault_endpoint) {
    return invoke(tcb, TCBSetSchedParams, CAPS(seL4_CapInitThreadTCB, sc, fault_endpoint),
                  WORDS(maximum, priority));
}

struct message set_priority(seL4_CPtr tcb, uint64_t priority) {
    return invoke(tcb, TCBSetPriority, CAPS(seL4_CapInitThreadTCB), WORDS(priority));
}

struct message read_registers(seL4_CPtr tcb, bool suspend, seL4_UserContext *context) {
    unsigned count = sizeof *context / sizeof(seL4_Word);
    struct message message = invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(suspend, count));
    for (unsigned i = 0; i < count && i < message.length; i++)
        ((uint64_t *)context)[i] = message.words[i];
    return message;
}

struct message write_registers(seL4_CPtr tcb, bool resume, const seL4_UserContext *context) {
    uint64_t words[2 + sizeof *context / sizeof(seL4_Word)] = {resume, sizeof *context / sizeof(seL4_Word)};
    for (unsigned i = 0; i < words[1]; i++)
        words[2 + i] = ((const uint64_t *)context)[i];
    return invoke(tcb, TCBWriteRegisters, NO_CAPS, 2 + words[1], words);
}

seL4_IPCBuffer *thread_buffer_new(seL4_CPtr *frame) {
    if (thread_count == THREADS_MAXIMUM)
        expect_success("thread.new", (struct message){.label = seL4_NotEnoughMemory});
    unsigned char *buffer = buffers[thread_count++];
    *frame = image_frame(buffer);
    return (seL4_IPCBuffer *)buffer;
}

static struct thread thread_objects(unsigned priority) {
    struct thread thread = {
        .tcb = object_new(seL4_TCBObject, 0),
        .sched_context = object_new(seL4_SchedContextObject, seL4_MinSchedContextBits),
        .fault_endpoint = object_new(seL4_EndpointObject, 0),
        .reply = object_new(seL4_ReplyObject, 0),
    };
    expect_success("thread.schedcontext",
                   configure_sched_context(thread.sched_context, SLICE_US, SLICE_US, 0, 0, 0));
    expect_success("thread.schedparams",
                   set_sched_params(thread.tcb, priority, priority, thread.sched_context,
                                    minted(thread.fault_endpoint, 0xfa01)));
    return thread;
}

struct thread thread_new(void (*entry)(uint64_t), uint64_t argument, unsigned priority) {
    struct thread thread = thread_objects(priority);
    unsigned char *stack = stacks[thread_count];
    seL4_CPtr frame;
    thread.buffer = thread_buffer_new(&frame);
    expect_success("thread.configure",
                   invoke(thread.tcb, TCBConfigure, CAPS(ROOT, seL4_CapInitThreadVSpace, frame),
                          WORDS(0, 0, (uint64_t)thread.buffer)));
    seL4_UserContext context = {.CONTEXT_IP = (uint64_t)entry,
                                .CONTEXT_SP = (uint64_t)stack + STACK_BYTES - STACK_BIAS,
                                .CONTEXT_FIRST = argument};
    expect_success("thread.registers", write_registers(thread.tcb, false, &context));
    return thread;
}

struct thread domain_new(uint64_t entry, unsigned priority, seL4_CPtr *vspace) {
    struct thread thread = thread_objects(priority);
    seL4_CPtr code = slot_new(), data = object_new(FRAME_TYPE, 0);
    *vspace = vspace_new();
    expect_success("domain.copy", copy(code, image_frame(domain_code), ALL_RIGHTS));
    expect_success("domain.code", map_frame(*vspace, code, DOMAIN_CODE, seL4_CanRead.words[0]));
    expect_success("domain.data", map_frame(*vspace, data, DOMAIN_DATA, ALL_RIGHTS));
    expect_success("domain.configure",
                   invoke(thread.tcb, TCBConfigure, CAPS(empty_cspace(), *vspace, seL4_CapNull),
                          WORDS(seL4_CNode_CapData_new(empty_cspace_guard, 63).words[0], 0, 0)));
    seL4_UserContext context = {.CONTEXT_IP = entry, .CONTEXT_SP = DOMAIN_DATA + PAGE};
    expect_success("domain.registers", write_registers(thread.tcb, false, &context));
    return thread;
}

void thread_start(const struct thread *thread) {
    expect_success("thread.resume", invoke(thread->tcb, TCBResume, NO_CAPS, NO_WORDS));
}

void thread_stop(const struct thread *thread) {
    expect_success("thread.suspend", invoke(thread->tcb, TCBSuspend, NO_CAPS, NO_WORDS));
}

struct message thread_wait_fault(const struct thread *thread) {
    return receive(seL4_SysRecv, thread->fault_endpoint, thread->reply);
}
