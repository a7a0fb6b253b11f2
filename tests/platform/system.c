// SPDX-License-Identifier: Apache-2.0
//
// The entry of the root task, and its system calls.
#include "kernel.h"

seL4_BootInfo *boot_info;
seL4_IPCBuffer *ipc_buffer;

/** Large: every logged message is a kilobyte on the stack of the function that logs it. */
static unsigned char stack[512 << 10] __attribute__((aligned(16)));

__attribute__((used)) static unsigned char *const stack_end = stack + sizeof stack;

__asm__(".globl _start\n"
        "_start:\n"
        "    mov stack_end(%rip), %rsp\n"
        "    call start\n"
        "    ud2\n");

/** rbx keeps the stack pointer: the kernel's `syscall` entry loses it. */
seL4_MessageInfo_t system_call(seL4_IPCBuffer *buffer, int64_t number, uint64_t capability,
                               seL4_MessageInfo_t info, uint64_t reply, uint64_t destination,
                               uint64_t *badge) {
    register uint64_t r10 __asm__("r10") = buffer->msg[0];
    register uint64_t r8 __asm__("r8") = buffer->msg[1];
    register uint64_t r9 __asm__("r9") = buffer->msg[2];
    register uint64_t r15 __asm__("r15") = buffer->msg[3];
    register uint64_t r12 __asm__("r12") = reply;
    register uint64_t r13 __asm__("r13") = destination;
    uint64_t result = info.words[0];
    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "syscall\n"
                     "mov %%rbx, %%rsp\n"
                     : "+D"(capability), "+S"(result), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r15)
                     : "d"(number), "r"(r12), "r"(r13)
                     : "rbx", "rcx", "r11", "memory");
    buffer->msg[0] = r10;
    buffer->msg[1] = r8;
    buffer->msg[2] = r9;
    buffer->msg[3] = r15;
    *badge = capability;
    return (seL4_MessageInfo_t){{result}};
}

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

__attribute__((used)) _Noreturn static void start(seL4_BootInfo *info) {
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
    test_random();
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
