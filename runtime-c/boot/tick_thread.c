// SPDX-License-Identifier: Apache-2.0
//
// A periodic thread of an MCS kernel does not drift: its next refill is due one period after the last one
// was, however late it ran (seL4 reference manual, section 6.1.8). So the ticks are as exact as the kernel's
// own timer, to the length of one.

#include "boot/tick_thread.h"

#include "host/clock.h"

#include <stddef.h>

#ifdef CLOCK_IS_TICKS

#include "boot/boot_allocator.h"
#include "boot/domain_boot.h"
#include "host/boot_facts.h"
#include "host/layout.h"
#include "host/runtime.h"
#include "sel4/context.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"
#include "sel4/objects.h"
#include "sel4/vspace.h"

enum {
    PRIORITY = 252, ///< above everything: a tick that waits is time that stands still
    PERIOD = 1000000 / CLOCK_TICKS_PER_SECOND, // microseconds
    BUDGET = PERIOD / 2, // a tick that does not fit would be lost, and an emulated processor is slow
    STACK_SIZE = 1024,
};

static char stack[STACK_SIZE] ROOT_ONLY __attribute__((aligned(16)));

static _Noreturn void count(void) {
    volatile uint64_t *ticks = &((struct domain_boot *)LAYOUT_TICKS)->ticks;
    for (;;) {
        *ticks = *ticks + 1;
        sel4_yield(); // until the next period
    }
}

const char *tick_thread_begin(sel4_cptr frame) {
    sel4_cptr tcb, sched_context;
    sel4_cptr writable = boot_allocator_take_slot();
    if (writable == 0 || !boot_allocator_take(SEL4_OBJECT_TCB, 1, &tcb) ||
        !boot_allocator_take(SEL4_OBJECT_SCHED_CONTEXT, 1, &sched_context)) {
        return "memory for the thread that counts ticks";
    }
    const sel4_cptr cnode = seL4_CapInitThreadCNode;
    if (sel4_cnode_copy(cnode, writable, seL4_WordBits, cnode, frame, seL4_WordBits, SEL4_ALL_RIGHTS) !=
            seL4_NoError ||
        sel4_page_map(writable, seL4_CapInitThreadVSpace, LAYOUT_TICKS, SEL4_RIGHT_READ | SEL4_RIGHT_WRITE,
                      false) != seL4_NoError) {
        return "a second mapping of the page that ticks are counted in";
    }
    clock_ticks = &((struct domain_boot *)LAYOUT_TICKS)->ticks;
    uint64_t registers[SEL4_CONTEXT_WORDS] = {0};
    registers[SEL4_CONTEXT_INSTRUCTION] = (uint64_t)count;
    registers[SEL4_CONTEXT_STACK] = (uint64_t)(stack + STACK_SIZE);
    if (sel4_tcb_configure(tcb, cnode, 0, seL4_CapInitThreadVSpace, 0, 0) != seL4_NoError ||
        sel4_sched_control_configure(boot_facts.info->schedcontrol.start, sched_context, BUDGET, PERIOD, 0, 0,
                                     seL4_SchedContext_NoFlag) != seL4_NoError ||
        sel4_tcb_set_sched_params(tcb, seL4_CapInitThreadTCB, PRIORITY, PRIORITY, sched_context, 0) !=
            seL4_NoError ||
        sel4_tcb_write_registers(tcb, true, SEL4_CONTEXT_STACK + 1, registers) != seL4_NoError) {
        return "the thread that counts ticks";
    }
    return NULL;
}

#else

const char *tick_thread_begin(sel4_cptr frame) {
    (void)frame;
    return NULL;
}

#endif
