// SPDX-License-Identifier: Apache-2.0
//
// Invocations of thread control blocks.
#include "kernel.h"

static seL4_CPtr tcb, endpoint, notification, frame;
static const seL4_CPtr vspace = seL4_CapInitThreadVSpace;
static const uint64_t root_data = 0;

static struct message configure(seL4_CPtr cspace, uint64_t cspace_data, seL4_CPtr space, uint64_t buffer,
                                seL4_CPtr buffer_frame) {
    return invoke(tcb, TCBConfigure, CAPS(cspace, space, buffer_frame), WORDS(cspace_data, 0, buffer));
}

static struct message set_space(seL4_CPtr fault, seL4_CPtr cspace, uint64_t data, seL4_CPtr space) {
    return invoke(tcb, TCBSetSpace, CAPS(fault, cspace, space), WORDS(data, 0));
}

static void spaces(void) {
    seL4_CPtr no_grant = slot_new(), pml4 = object_new(VSPACE_TYPE, 0), device = slot_new();
    retype(device_untyped(), FRAME_TYPE, 0, ROOT, 0, 0, device, 1);
    copy(no_grant, endpoint, seL4_CanWrite.words[0]);
    log_message("tcb.label", invoke(tcb, CNodeCopy, NO_CAPS, NO_WORDS));
    log_message("tcb.configure-short", invoke(tcb, TCBConfigure, CAPS(ROOT, vspace, 0), WORDS(0, 0)));
    log_message("tcb.configure-two-caps", invoke(tcb, TCBConfigure, CAPS(ROOT, vspace), WORDS(0, 0, 0)));
    log_message("tcb.configure-null-cspace", configure(0, 0, vspace, 0, 0));
    log_message("tcb.configure-no-cspace", configure(endpoint, 0, vspace, 0, 0));
    log_message("tcb.configure-guard", configure(ROOT, 63, vspace, 0, 0));
    log_message("tcb.configure-null-vspace", configure(ROOT, root_data, 0, 0, 0));
    log_message("tcb.configure-no-vspace", configure(ROOT, root_data, ROOT, 0, 0));
    log_message("tcb.configure-no-asid", configure(ROOT, root_data, pml4, 0, 0));
    log_message("tcb.configure-no-frame", configure(ROOT, root_data, vspace, 0x1000, endpoint));
    log_message("tcb.configure-null-frame", configure(ROOT, root_data, vspace, 0x1000, 0));
    log_message("tcb.configure-device", configure(ROOT, root_data, vspace, 0x1000, device));
    log_message("tcb.configure-alignment", configure(ROOT, root_data, vspace, 0x1200, frame));
    log_message("tcb.configure-frame-before-cspace", configure(0, 0, vspace, 0x1200, frame));
    log_message("tcb.configure", configure(ROOT, root_data, vspace, 0x1400, frame));
    log_message("tcb.buffer-short", invoke(tcb, TCBSetIPCBuffer, CAPS(frame), NO_WORDS));
    log_message("tcb.buffer-no-cap", invoke(tcb, TCBSetIPCBuffer, NO_CAPS, WORDS(0x1000)));
    log_message("tcb.buffer-alignment", invoke(tcb, TCBSetIPCBuffer, CAPS(frame), WORDS(0x100)));
    log_message("tcb.buffer-no-frame", invoke(tcb, TCBSetIPCBuffer, CAPS(tcb), WORDS(0x1000)));
    log_message("tcb.buffer", invoke(tcb, TCBSetIPCBuffer, CAPS(frame), WORDS(0x1000)));
    log_message("tcb.buffer-none", invoke(tcb, TCBSetIPCBuffer, CAPS(frame), WORDS(0)));
    log_message("tcb.space-short", invoke(tcb, TCBSetSpace, CAPS(0, ROOT, vspace), WORDS(0)));
    log_message("tcb.space-null-cspace", set_space(0, 0, 0, vspace));
    log_message("tcb.space-null-vspace", set_space(0, ROOT, root_data, 0));
    log_message("tcb.space-fault-no-endpoint", set_space(ROOT, ROOT, root_data, vspace));
    log_message("tcb.space-fault-no-grant", set_space(no_grant, ROOT, root_data, vspace));
    log_message("tcb.space", set_space(endpoint, ROOT, root_data, vspace));
    log_message("tcb.timeout-no-cap", invoke(tcb, TCBSetTimeoutEndpoint, NO_CAPS, NO_WORDS));
    log_message("tcb.timeout-no-endpoint", invoke(tcb, TCBSetTimeoutEndpoint, CAPS(ROOT), NO_WORDS));
    log_message("tcb.timeout-no-grant", invoke(tcb, TCBSetTimeoutEndpoint, CAPS(no_grant), NO_WORDS));
    log_message("tcb.timeout", invoke(tcb, TCBSetTimeoutEndpoint, CAPS(endpoint), NO_WORDS));
    log_message("tcb.timeout-none", invoke(tcb, TCBSetTimeoutEndpoint, CAPS(0), NO_WORDS));
    revoke(device_untyped());
}

static void priorities(void) {
    seL4_CPtr other = object_new(seL4_TCBObject, 0), sc = object_new(seL4_SchedContextObject, 7);
    seL4_CPtr sc_2 = object_new(seL4_SchedContextObject, 7), no_grant = slot_new();
    copy(no_grant, endpoint, seL4_CanWrite.words[0]);
    log_message("tcb.priority-short", invoke(tcb, TCBSetPriority, CAPS(seL4_CapInitThreadTCB), NO_WORDS));
    log_message("tcb.priority-no-cap", invoke(tcb, TCBSetPriority, NO_CAPS, WORDS(1)));
    log_message("tcb.priority-authority", invoke(tcb, TCBSetPriority, CAPS(endpoint), WORDS(1)));
    log_message("tcb.priority-range", set_priority(tcb, 256));
    log_message("tcb.priority-authority-range", invoke(tcb, TCBSetPriority, CAPS(other), WORDS(1)));
    log_message("tcb.priority", set_priority(tcb, 30));
    log_message("tcb.mcp-authority", invoke(tcb, TCBSetMCPriority, CAPS(vspace), WORDS(1)));
    log_message("tcb.mcp-range", invoke(tcb, TCBSetMCPriority, CAPS(seL4_CapInitThreadTCB), WORDS(1000)));
    log_message("tcb.mcp", invoke(other, TCBSetMCPriority, CAPS(seL4_CapInitThreadTCB), WORDS(40)));
    log_message("tcb.mcp-used", invoke(tcb, TCBSetPriority, CAPS(other), WORDS(41)));
    log_message("tcb.params-short",
                invoke(tcb, TCBSetSchedParams, CAPS(seL4_CapInitThreadTCB, sc, endpoint), WORDS(1)));
    log_message("tcb.params-two-caps",
                invoke(tcb, TCBSetSchedParams, CAPS(seL4_CapInitThreadTCB, sc), WORDS(1, 1)));
    log_message("tcb.params-authority", invoke(tcb, TCBSetSchedParams, CAPS(sc, sc, endpoint), WORDS(1, 1)));
    log_message("tcb.params-mcp", set_sched_params(tcb, 256, 1, sc, endpoint));
    log_message("tcb.params-priority", set_sched_params(tcb, 1, 257, sc, endpoint));
    log_message("tcb.params-no-schedcontext", set_sched_params(tcb, 1, 1, endpoint, endpoint));
    log_message("tcb.params-no-endpoint", set_sched_params(tcb, 1, 1, sc, tcb));
    log_message("tcb.params-no-grant", set_sched_params(tcb, 1, 1, sc, no_grant));
    log_message("tcb.params-self-null",
                set_sched_params(seL4_CapInitThreadTCB, 255, 255, seL4_CapNull, seL4_CapNull));
    log_message("tcb.params", set_sched_params(tcb, 1, 1, sc, endpoint));
    log_message("tcb.params-again", set_sched_params(tcb, 1, 1, sc, endpoint));
    log_message("tcb.params-second", set_sched_params(tcb, 1, 1, sc_2, endpoint));
    log_message("tcb.params-bound", set_sched_params(other, 1, 1, sc, endpoint));
    log_message("tcb.params-unbind", set_sched_params(tcb, 1, 1, seL4_CapNull, endpoint));
    log_message("tcb.params-rebind", set_sched_params(other, 1, 1, sc, seL4_CapNull));
    delete (other);
}

static void registers(void) {
    seL4_UserContext context;
    for (unsigned i = 0; i < sizeof context / sizeof(seL4_Word); i++)
        ((seL4_Word *)&context)[i] = i == 2 ? 0xffffffff : i + 1; // word 2: the flags, where there are any
    seL4_CPtr other = object_new(seL4_TCBObject, 0);
    log_message("tcb.read-new", read_registers(tcb, false, &(seL4_UserContext){0}));
    log_message("tcb.read-short", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0)));
    log_message("tcb.read-0", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0, 0)));
    log_message("tcb.read-21", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0, 21)));
    log_message("tcb.read-self", invoke(seL4_CapInitThreadTCB, TCBReadRegisters, NO_CAPS, WORDS(0, 1)));
    log_message("tcb.write-self", invoke(seL4_CapInitThreadTCB, TCBWriteRegisters, NO_CAPS, WORDS(0, 0)));
    log_message("tcb.write-short", invoke(tcb, TCBWriteRegisters, NO_CAPS, WORDS(0)));
    log_message("tcb.write-missing", invoke(tcb, TCBWriteRegisters, NO_CAPS, WORDS(0, 2, 1)));
    log_message("tcb.write", write_registers(tcb, false, &context));
    log_message("tcb.written", read_registers(tcb, false, &(seL4_UserContext){0}));
    log_message("tcb.read-3", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0, 3)));
    log_message("tcb.read-19", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(1, 19)));
    log_message("tcb.write-1", invoke(tcb, TCBWriteRegisters, NO_CAPS, WORDS(0, 1, 0x800000000000)));
    log_message("tcb.write-not-canonical", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0, 1)));
    log_message("tcb.write-flags", invoke(tcb, TCBWriteRegisters, NO_CAPS, WORDS(0, 3, 0x1000, 0, 0x128)));
    log_message("tcb.read-flags", invoke(tcb, TCBReadRegisters, NO_CAPS, WORDS(0, 3)));
    log_message("tcb.copy-short", invoke(other, TCBCopyRegisters, CAPS(tcb), NO_WORDS));
    log_message("tcb.copy-no-cap", invoke(other, TCBCopyRegisters, NO_CAPS, WORDS(0)));
    log_message("tcb.copy-no-thread", invoke(other, TCBCopyRegisters, CAPS(ROOT), WORDS(0xc)));
    log_message("tcb.copy-frame", invoke(other, TCBCopyRegisters, CAPS(tcb), WORDS(4)));
    log_message("tcb.copied-frame", read_registers(other, false, &(seL4_UserContext){0}));
    log_message("tcb.copy-integer", invoke(other, TCBCopyRegisters, CAPS(tcb), WORDS(8)));
    log_message("tcb.copied-integer", read_registers(other, false, &(seL4_UserContext){0}));
    log_message("tcb.tls-short", invoke(tcb, TCBSetTLSBase, NO_CAPS, NO_WORDS));
    log_message("tcb.tls", invoke(tcb, TCBSetTLSBase, NO_CAPS, WORDS(0x5000)));
    struct message message = read_registers(tcb, false, &(seL4_UserContext){0});
    LOG("tcb.tls-base", message.words[CONTEXT_TLS_WORD], message.words[CONTEXT_TLS_WORD + 1]);
    log_message("tcb.flags-short", invoke(tcb, TCBSetFlags, NO_CAPS, WORDS(0)));
    log_message("tcb.flags-set", invoke(tcb, TCBSetFlags, NO_CAPS, WORDS(0, 0xff)));
    log_message("tcb.flags-keep", invoke(tcb, TCBSetFlags, NO_CAPS, WORDS(0, 0)));
    log_message("tcb.flags-clear", invoke(tcb, TCBSetFlags, NO_CAPS, WORDS(1, 0)));
    delete (other);
}

static void notifications(void) {
    seL4_CPtr other = object_new(seL4_TCBObject, 0), no_receive = slot_new(),
              second = object_new(seL4_NotificationObject, 0);
    copy(no_receive, notification, seL4_CanWrite.words[0]);
    log_message("tcb.unbind-none", invoke(tcb, TCBUnbindNotification, NO_CAPS, NO_WORDS));
    log_message("tcb.bind-no-cap", invoke(tcb, TCBBindNotification, NO_CAPS, NO_WORDS));
    log_message("tcb.bind-no-notification", invoke(tcb, TCBBindNotification, CAPS(endpoint), NO_WORDS));
    log_message("tcb.bind-no-rights", invoke(tcb, TCBBindNotification, CAPS(no_receive), NO_WORDS));
    log_message("tcb.bind", invoke(tcb, TCBBindNotification, CAPS(notification), NO_WORDS));
    log_message("tcb.bind-bound-thread", invoke(tcb, TCBBindNotification, CAPS(second), NO_WORDS));
    log_message("tcb.bind-bound-notification",
                invoke(other, TCBBindNotification, CAPS(notification), NO_WORDS));
    log_message("tcb.unbind", invoke(tcb, TCBUnbindNotification, NO_CAPS, NO_WORDS));
    log_message("tcb.bind-again", invoke(other, TCBBindNotification, CAPS(notification), NO_WORDS));
    delete (other);
    log_message("tcb.bind-after-delete", invoke(tcb, TCBBindNotification, CAPS(notification), NO_WORDS));
    log_message("tcb.unbind-again", invoke(tcb, TCBUnbindNotification, NO_CAPS, NO_WORDS));
}

void test_tcb(void) {
    tcb = object_new(seL4_TCBObject, 0);
    endpoint = object_new(seL4_EndpointObject, 0);
    notification = object_new(seL4_NotificationObject, 0);
    frame = object_new(FRAME_TYPE, 0);
    spaces();
    priorities();
    registers();
    notifications();
    log_message("tcb.suspend-stopped", invoke(tcb, TCBSuspend, NO_CAPS, NO_WORDS));
    log_message("tcb.resume-without-schedcontext", invoke(tcb, TCBResume, NO_CAPS, NO_WORDS));
    log_message("tcb.delete", delete (tcb));
    log_message("tcb.deleted", invoke(tcb, TCBResume, NO_CAPS, NO_WORDS));
    log_message("domain.short", invoke(seL4_CapDomain, DomainSetSet, CAPS(endpoint), NO_WORDS));
    log_message("domain.range", invoke(seL4_CapDomain, DomainSetSet, CAPS(endpoint), WORDS(1)));
    log_message("domain.no-cap", invoke(seL4_CapDomain, DomainSetSet, NO_CAPS, WORDS(0)));
    log_message("domain.no-thread", invoke(seL4_CapDomain, DomainSetSet, CAPS(endpoint), WORDS(0)));
    log_message("domain.set", invoke(seL4_CapDomain, DomainSetSet, CAPS(seL4_CapInitThreadTCB), WORDS(0)));
    log_message("domain.label", invoke(seL4_CapDomain, TCBSuspend, NO_CAPS, WORDS(0)));
    log_message("domain.schedule-short",
                invoke(seL4_CapDomain, DomainScheduleConfigure, NO_CAPS, WORDS(0, 0)));
    log_message("domain.schedule-index",
                invoke(seL4_CapDomain, DomainScheduleConfigure, NO_CAPS, WORDS(1, 0, 1)));
    log_message("domain.schedule-domain",
                invoke(seL4_CapDomain, DomainScheduleConfigure, NO_CAPS, WORDS(0, 1, 1)));
    log_message("domain.schedule-end",
                invoke(seL4_CapDomain, DomainScheduleConfigure, NO_CAPS, WORDS(0, 0, 0)));
    log_message("domain.start-short", invoke(seL4_CapDomain, DomainScheduleSetStart, NO_CAPS, NO_WORDS));
    log_message("domain.start-range", invoke(seL4_CapDomain, DomainScheduleSetStart, NO_CAPS, WORDS(2)));
    log_message("domain.start-end", invoke(seL4_CapDomain, DomainScheduleSetStart, NO_CAPS, WORDS(1)));
}
