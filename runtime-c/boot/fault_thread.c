// SPDX-License-Identifier: Apache-2.0

#include "boot/fault_thread.h"

#include "boot/boot_allocator.h"
#include "boot/failure.h"
#include "boot/program.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "host/text.h"
#include "sel4/context.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"
#include "sel4/objects.h"

enum {
    MANAGER_PRIORITY = 200, ///< above every container's threads and sentries
    FAULT_PRIORITY = 250,   ///< above the manager: it runs at once when that faults

    /// Budget of the fault thread, which runs for microseconds once in a blue moon.
    BUDGET_MICROSECONDS = 10000,

    FAULT_WORDS = 4,
};

static sel4_cptr fault_endpoint ROOT_ONLY;
static sel4_cptr fault_reply ROOT_ONLY;

/// The thread's IPC buffer: a page of the root image, whose frame the kernel gave a capability for.
static seL4_IPCBuffer fault_ipc_buffer[SEL4_PAGE_SIZE / sizeof(seL4_IPCBuffer)] ROOT_ONLY
    __attribute__((aligned(SEL4_PAGE_SIZE)));

void fault_thread_entry(void);
_Noreturn void fault_thread_main(void);

const char *fault_thread_begin(const seL4_BootInfo *info) {
    sel4_cptr tcb, sched_context;
    if (!boot_allocator_take(SEL4_OBJECT_TCB, 1, &tcb) ||
        !boot_allocator_take(SEL4_OBJECT_SCHED_CONTEXT, 1, &sched_context) ||
        !boot_allocator_take(SEL4_OBJECT_ENDPOINT, 1, &fault_endpoint) ||
        !boot_allocator_take(SEL4_OBJECT_REPLY, 1, &fault_reply)) {
        return "memory for the fault thread";
    }
    uint64_t page = ((uint64_t)fault_ipc_buffer - LAYOUT_PROGRAM) / SEL4_PAGE_SIZE;
    sel4_cptr buffer_frame = info->userImageFrames.start + page;
    if (sel4_tcb_configure(tcb, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace,
                           (uint64_t)fault_ipc_buffer, buffer_frame) != seL4_NoError) {
        return "TCB_Configure of the fault thread";
    }
    if (sel4_sched_control_configure(info->schedcontrol.start, sched_context, BUDGET_MICROSECONDS,
                                     BUDGET_MICROSECONDS, 0, 0, seL4_SchedContext_NoFlag) != seL4_NoError) {
        return "SchedControl_ConfigureFlags for the fault thread";
    }
    if (sel4_tcb_set_sched_params(tcb, seL4_CapInitThreadTCB, FAULT_PRIORITY, FAULT_PRIORITY, sched_context,
                                  0) != seL4_NoError) {
        return "TCB_SetSchedParams of the fault thread";
    }
    uint64_t registers[] = {(uint64_t)fault_thread_entry};
    if (sel4_tcb_write_registers(tcb, true, 1, registers) != seL4_NoError) {
        return "TCB_WriteRegisters of the fault thread";
    }
    if (sel4_tcb_set_space(seL4_CapInitThreadTCB, fault_endpoint, seL4_CapInitThreadCNode, 0,
                           seL4_CapInitThreadVSpace) != seL4_NoError) {
        return "TCB_SetSpace of the initial thread";
    }
    if (sel4_tcb_set_priority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, MANAGER_PRIORITY) !=
        seL4_NoError) {
        return "TCB_SetPriority of the initial thread";
    }
    return NULL;
}

/// Lets the faulted thread continue at fault_entry with the address. False if the kernel refuses.
/// @param interrupted the first thread's IPC buffer, which the variable names again when it runs
static bool redirect(uint64_t address, seL4_IPCBuffer *interrupted) {
    enum { WORDS = SEL4_CONTEXT_ARGUMENT + 1 };
    uint64_t registers[WORDS];
    if (sel4_tcb_read_registers(seL4_CapInitThreadTCB, false, WORDS, registers) != seL4_NoError) {
        return false;
    }
    registers[SEL4_CONTEXT_INSTRUCTION] = (uint64_t)fault_entry;
    registers[SEL4_CONTEXT_ARGUMENT] = address;
    // This also takes the thread out of its fault: there is no reply to send. It cannot run before this
    // thread, whose priority is higher, waits again.
    sel4_error error = sel4_tcb_write_registers(seL4_CapInitThreadTCB, true, WORDS, registers);
    sel4_ipc_buffer = interrupted;
    return error == seL4_NoError;
}

static _Noreturn void fail(const struct sel4_exchange *fault) {
    const uint64_t *words = fault->receive_words;
    char buffer[160];
    struct text text = text_begin(buffer, sizeof buffer);
    switch (fault->label) {
    case seL4_Fault_VMFault:
        text_append(&text, "the root task touched unmapped memory at ");
        text_append_hexadecimal(&text, words[seL4_VMFault_Addr]);
        text_append(&text, words[seL4_VMFault_Addr] < LAYOUT_STACK &&
                                   words[seL4_VMFault_Addr] >= LAYOUT_STACK - SEL4_PAGE_SIZE
                               ? " (its stack is full)"
                               : "");
        text_append(&text, ", instruction ");
        text_append_hexadecimal(&text, words[seL4_VMFault_IP]);
        break;
    case seL4_Fault_UserException:
        text_append(&text, "the root task raised processor exception ");
        text_append_decimal(&text, words[seL4_UserException_Number]);
        text_append(&text, ", instruction ");
        text_append_hexadecimal(&text, words[seL4_UserException_FaultIP]);
        break;
    default:
        text_append(&text, "the root task caused fault ");
        text_append_decimal(&text, fault->label);
        text_append(&text, " of the kernel, first word ");
        text_append_hexadecimal(&text, words[0]);
        break;
    }
    boot_fail(buffer);
}

_Noreturn void fault_thread_main(void) {
    for (;;) {
        // The first words of a fault tell enough and travel in registers: this thread receives without an IPC
        // buffer.
        uint64_t words[FAULT_WORDS];
        struct sel4_exchange fault = {
            .operation = seL4_SysRecv,
            .capability = fault_endpoint,
            .reply = fault_reply,
            .receive_words = words,
            .capacity = FAULT_WORDS,
        };
        sel4_exchange(&fault);
        // The first thread is stopped, maybe halfway through filling its own buffer: the variable is its own
        // again before it continues.
        seL4_IPCBuffer *interrupted = sel4_ipc_buffer;
        sel4_ipc_buffer = fault_ipc_buffer;
        bool is_linear = fault.label == seL4_Fault_VMFault && words[seL4_VMFault_Addr] >= LAYOUT_LINEAR &&
                         words[seL4_VMFault_Addr] - LAYOUT_LINEAR < LAYOUT_LINEAR_SIZE;
        if (!is_linear || !redirect(words[seL4_VMFault_Addr], interrupted)) {
            fail(&fault);
        }
    }
}
