// SPDX-License-Identifier: Apache-2.0
//
// How the monitor ends when it cannot go on, and what it says with --trace.
#include "host.h"
#include "kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool trace_enabled;

/** Exit status of a failed assertion: a bug of the monitor itself, as in sysexits.h. */
#define STATUS_INTERNAL 70

void fail(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("sealift-linux-kernel: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    host_exit(status);
}

void assertion_failed(const char *condition, const char *file, int line) {
    fail(STATUS_INTERNAL, "internal error: assertion '%s' failed at %s:%d; please report it with a --trace",
         condition, file, line);
}

void trace_print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

const char *trace_label(uint64_t label) {
    static const char *const names[] = {
#define NAME(label) [label] = #label
        NAME(UntypedRetype),
        NAME(TCBReadRegisters),
        NAME(TCBWriteRegisters),
        NAME(TCBCopyRegisters),
        NAME(TCBConfigure),
        NAME(TCBSetPriority),
        NAME(TCBSetMCPriority),
        NAME(TCBSetSchedParams),
        NAME(TCBSetTimeoutEndpoint),
        NAME(TCBSetIPCBuffer),
        NAME(TCBSetSpace),
        NAME(TCBSuspend),
        NAME(TCBResume),
        NAME(TCBBindNotification),
        NAME(TCBUnbindNotification),
        NAME(TCBSetTLSBase),
        NAME(TCBSetFlags),
        NAME(CNodeRevoke),
        NAME(CNodeDelete),
        NAME(CNodeCancelBadgedSends),
        NAME(CNodeCopy),
        NAME(CNodeMint),
        NAME(CNodeMove),
        NAME(CNodeMutate),
        NAME(CNodeRotate),
        NAME(IRQIssueIRQHandler),
        NAME(IRQAckIRQ),
        NAME(IRQSetIRQHandler),
        NAME(IRQClearIRQHandler),
        NAME(DomainSetSet),
        NAME(DomainScheduleConfigure),
        NAME(DomainScheduleSetStart),
        NAME(SchedControlConfigureFlags),
        NAME(SchedContextBind),
        NAME(SchedContextUnbind),
        NAME(SchedContextUnbindObject),
        NAME(SchedContextConsumed),
        NAME(SchedContextYieldTo),
        NAME(X86PDPTMap),
        NAME(X86PDPTUnmap),
        NAME(X86PageDirectoryMap),
        NAME(X86PageDirectoryUnmap),
        NAME(X86PageTableMap),
        NAME(X86PageTableUnmap),
        NAME(X86IOPageTableMap),
        NAME(X86IOPageTableUnmap),
        NAME(X86PageMap),
        NAME(X86PageUnmap),
        NAME(X86PageMapIO),
        NAME(X86PageGetAddress),
        NAME(X86ASIDControlMakePool),
        NAME(X86ASIDPoolAssign),
        NAME(X86IOPortControlIssue),
        NAME(X86IOPortIn8),
        NAME(X86IOPortIn16),
        NAME(X86IOPortIn32),
        NAME(X86IOPortOut8),
        NAME(X86IOPortOut16),
        NAME(X86IOPortOut32),
        NAME(X86IRQIssueIRQHandlerIOAPIC),
        NAME(X86IRQIssueIRQHandlerMSI),
#undef NAME
    };
    bool is_known = label < sizeof names / sizeof *names && names[label];
    return is_known ? names[label] : "unknown label";
}

const char *trace_syscall(int64_t number) {
    static const char *const names[] = {"",       "Call", "ReplyRecv", "NBSendRecv", "NBSendWait", "Send",
                                        "NBSend", "Recv", "NBRecv",    "Wait",       "NBWait",     "Yield"};
    return names[-number];
}
