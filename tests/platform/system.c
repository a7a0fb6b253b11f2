// SPDX-License-Identifier: Apache-2.0
//
// The start of the root task, and its invocations.
#include "kernel.h"

seL4_BootInfo *boot_info;
seL4_IPCBuffer *ipc_buffer;

static struct message message_of(seL4_MessageInfo_t info, uint64_t badge) {
    struct message message = {.label = seL4_MessageInfo_get_label(info),
                              .length = seL4_MessageInfo_get_length(info),
                              .extra = seL4_MessageInfo_get_extraCaps(info),
                              .unwrapped = seL4_MessageInfo_get_capsUnwrapped(info),
                              .badge = badge};
    for (unsigned i = 0; i < message.length && i < seL4_MsgMaxLength; i++)
        message.words[i] = ipc_buffer->msg[i];
    return message;
}

struct message invoke(seL4_CPtr object, uint64_t label, unsigned capabilities, const seL4_CPtr *extra,
                      unsigned length, const uint64_t *words) {
    uint64_t badge;
    for (unsigned i = 0; i < capabilities; i++)
        ipc_buffer->caps_or_badges[i] = extra[i];
    for (unsigned i = 0; i < length; i++)
        ipc_buffer->msg[i] = words[i];
    seL4_MessageInfo_t info = seL4_MessageInfo_new(label, 0, capabilities, length);
    info = system_call(ipc_buffer, seL4_SysCall, object, info, 0, 0, &badge);
    return message_of(info, badge);
}

struct message receive(int64_t number, seL4_CPtr endpoint, seL4_CPtr reply) {
    uint64_t badge;
    seL4_MessageInfo_t info =
        system_call(ipc_buffer, number, endpoint, (seL4_MessageInfo_t){{0}}, reply, 0, &badge);
    return message_of(info, badge);
}

/** The message words are those in the IPC buffer. */
struct message reply_receive(seL4_CPtr endpoint, seL4_CPtr reply, uint64_t label, unsigned length) {
    uint64_t badge;
    seL4_MessageInfo_t info = system_call(ipc_buffer, seL4_SysReplyRecv, endpoint,
                                          seL4_MessageInfo_new(label, 0, 0, length), reply, 0, &badge);
    return message_of(info, badge);
}

void send(int64_t number, seL4_CPtr endpoint, uint64_t label, unsigned length) {
    uint64_t badge;
    system_call(ipc_buffer, number, endpoint, seL4_MessageInfo_new(label, 0, 0, length), 0, 0, &badge);
}

void yield(void) {
    uint64_t badge;
    system_call(ipc_buffer, seL4_SysYield, 0, (seL4_MessageInfo_t){{0}}, 0, 0, &badge);
}

/** A debugging aid of libsel4's headers, which nothing here triggers. */
void __assert_fail(const char *condition, const char *file, int line, const char *function) {
    log_text("platform.assertion", condition);
    power_off();
}

_Noreturn void start(seL4_BootInfo *info);

_Noreturn void start(seL4_BootInfo *info) {
    boot_info = info;
    ipc_buffer = info->ipcBuffer;
    allocate_initialise();
    log_initialise();
#if defined(END_STOPPED)
    end_stopped();
#elif defined(END_DEBUG_EXIT)
    end_debug_exit();
#elif defined(END_ECHO)
    end_echo();
#elif defined(END_MANY_PAGES)
    end_many_pages();
#elif defined(BENCH)
    bench();
#else
    // The firmware leaves its last line open; a kernel that prints ends it, others do not.
    log_character('\n');
    log_text("platform.begin", "1");
    test_bootinfo();
    test_untyped();
    test_cnode();
    test_lookup();
    test_deletion();
    test_random(); // does nothing where there is no model to compare with
    test_tcb();
    test_ipc();
    test_notification();
    test_vspace();
    test_memory();
    test_fault();
    test_schedcontext();
    test_scheduling();
    test_ioport();
    test_interrupt();
    log_text("platform.end", "1");
#endif
    power_off();
}
