// SPDX-License-Identifier: Apache-2.0
//
// One shot of the timer is one refill of a scheduling context (seL4 reference manual, section 6.1.8): the
// thread gives its budget away with Yield at once, so the kernel lets it run again when the period has
// passed, and the period is the delay that was asked for. So it is as exact as the kernel's own timer, and
// costs nothing while it waits.

#include "board.h"

#ifdef SEALIFT_BOARD_TIMER_TICK

#include "host/board/timer_thread.h"

#include "host/runtime.h"
#include "sel4/context.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"
#include "sel4/objects.h"

enum {
    PRIORITY = 251, ///< above everything: a thread that only signals delays nobody

    /// Periods, in microseconds. The kernel demands room for a few of its longest operations in the shortest
    /// one, and refuses those beyond its own limit, which is an hour at least; a second bounds what a lost
    /// wake-up could cost.
    SHORTEST = 200,
    LONGEST = 1000000,

    /// The budget is half of a short period and this of a long one. The thread must get from its wake-up
    /// through one system call with it: if it does not, the kernel makes it wait for another period, and on
    /// an emulated processor even the first instructions can take a millisecond.
    LARGEST_BUDGET = 20000,

    STACK_SIZE = 1024,
};

static struct {
    sel4_cptr tcb;
    sel4_cptr sched_context;
    sel4_cptr sched_control;
    uint64_t cnode_bits;
    volatile sel4_cptr notification;
} timer ROOT_ONLY;

static char stack[STACK_SIZE] ROOT_ONLY __attribute__((aligned(16)));

/// Where the thread begins each time it is armed. No call here needs an IPC buffer: the messages are empty.
static _Noreturn void expire(void) {
    sel4_yield();
    sel4_signal(timer.notification);
    for (;;) {
        // TCB_Suspend of itself. Not sel4_invoke, whose record of the last failure belongs to the first
        // thread.
        sel4_exchange(
            &(struct sel4_exchange){.operation = seL4_SysCall, .capability = timer.tcb, .label = TCBSuspend});
    }
}

const char *timer_thread_begin(const struct machine_boot *boot) {
    if (!boot->take_object(SEL4_OBJECT_TCB, 1, &timer.tcb) ||
        !boot->take_object(SEL4_OBJECT_SCHED_CONTEXT, 1, &timer.sched_context)) {
        return "memory for the timer thread";
    }
    timer.sched_control = boot->sched_control;
    timer.cnode_bits = boot->cnode_bits;
    if (sel4_tcb_configure(timer.tcb, boot->cnode, 0, boot->vspace, 0, 0) != seL4_NoError) {
        return "TCB_Configure of the timer thread";
    }
    if (sel4_tcb_set_sched_params(timer.tcb, boot->tcb, PRIORITY, PRIORITY, 0, 0) != seL4_NoError) {
        return "TCB_SetSchedParams of the timer thread";
    }
    return NULL;
}

sel4_error timer_thread_bind(sel4_cptr notification) {
    if (notification >> timer.cnode_bits != 0) {
        return seL4_InvalidCapability;
    }
    timer.notification = notification;
    return seL4_NoError;
}

void machine_timer_disarm(void) {
    sel4_tcb_suspend(timer.tcb);
    sel4_sched_context_unbind(timer.sched_context);
}

void machine_timer_arm(uint64_t nanoseconds) {
    uint64_t period = (nanoseconds + 999) / 1000;
    if (period < SHORTEST) {
        period = SHORTEST;
    } else if (period > LONGEST) {
        period = LONGEST;
    }
    // A scheduling context that is bound keeps the time of its pending refill when it is configured; one that
    // is not begins with a full budget now.
    machine_timer_disarm();
    uint64_t budget = period / 2 < LARGEST_BUDGET ? period / 2 : LARGEST_BUDGET;
    if (timer.notification == 0 ||
        sel4_sched_control_configure(timer.sched_control, timer.sched_context, budget, period, 0, 0,
                                     seL4_SchedContext_NoFlag) != seL4_NoError) {
        return;
    }
    uint64_t registers[SEL4_CONTEXT_WORDS] = {0};
    registers[SEL4_CONTEXT_INSTRUCTION] = (uint64_t)expire;
    registers[SEL4_CONTEXT_STACK] = (uint64_t)(stack + STACK_SIZE);
    sel4_tcb_write_registers(timer.tcb, true, SEL4_CONTEXT_STACK + 1, registers);
    sel4_sched_context_bind(timer.sched_context, timer.tcb);
}

#endif
