// SPDX-License-Identifier: Apache-2.0
//
// sealift-linux-kernel: runs an x86_64 root task for seL4 on a Linux host. This file has the command line and
// the main loop: run the current thread until it enters the kernel, handle that, decide who is next.
#include "clock.h"
#include "devices/devices.h"
#include "host.h"
#include "kernel.h"
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT_MIB 512
#define MEMORY_MINIMUM_MIB 4
/** Far below the 512 GiB that a kernel's window has. */
#define MEMORY_MAXIMUM_MIB (256UL << 10)

#define STATUS_USAGE 64
#define STATUS_NOTHING_RUNS 70

static const char usage[] =
    "usage: sealift-linux-kernel [--memory MIB] [--trace] ROOT-TASK.elf\n"
    "Runs a root task for seL4 (x86_64, MCS) on Linux; its serial port is the standard streams.\n"
    "  --memory MIB  memory of the machine (default 512)\n"
    "  --trace       log every system call, invocation and fault on the standard error output\n"
    "Example: sealift-linux-kernel --memory 256 build/linux/root-task.elf\n";

struct options {
    uint64_t memory_mib;
    const char *root_task;
};

static uint64_t parse_memory(const char *text) {
    char *end;
    unsigned long mib = text ? strtoul(text, &end, 10) : 0;
    if (!text || *end || mib < MEMORY_MINIMUM_MIB || mib > MEMORY_MAXIMUM_MIB)
        fail(STATUS_USAGE, "--memory %s: not a number of MiB from %d to %lu; give for example --memory 512",
             text ? text : "", MEMORY_MINIMUM_MIB, MEMORY_MAXIMUM_MIB);
    return mib;
}

static struct options parse(char **arguments) {
    struct options options = {.memory_mib = MEMORY_DEFAULT_MIB};
    while (*arguments) {
        const char *argument = *arguments++;
        if (strcmp(argument, "--memory") == 0) {
            options.memory_mib = parse_memory(*arguments);
            arguments++;
        } else if (strcmp(argument, "--trace") == 0) {
            trace_enabled = true;
        } else if (strcmp(argument, "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else if (argument[0] == '-' || options.root_task) {
            fail(STATUS_USAGE, "%s: unknown option or second root task; see --help", argument);
        } else {
            options.root_task = argument;
        }
    }
    if (!options.root_task)
        fail(STATUS_USAGE, "no root task given; name the ELF file to boot, see --help");
    return options;
}

/** Hands pending interrupts to the kernel, as a processor does before the next user instruction. */
static void deliver_interrupts(void) {
    for (;;) {
        if (host_take_event()) {
            pit_poll();
            serial_poll();
            serial_flush();
        }
        int irq = ioapic_take();
        if (irq < 0 && time_now() >= timer_deadline())
            irq = IRQ_TIMER;
        if (irq < 0)
            break;
        handle_interrupt(irq);
    }
    host_timer_set(timer_deadline());
}

/** Waits for an interrupt; there must be something that can cause one. */
static void idle(void) {
    serial_flush();
    uint64_t deadline = kernel.release.head ? timer_deadline() : UINT64_MAX;
    if (ioapic_is_listening(PIN_TIMER) && pit_deadline() < deadline)
        deadline = pit_deadline();
    if (deadline == UINT64_MAX && !serial_can_interrupt())
        fail(STATUS_NOTHING_RUNS, "all threads have stopped for good: nothing is ready and no interrupt can "
                                  "come; the root task should power the machine off when it is done");
    host_sleep_until(deadline);
}

static void handle_event(struct stub_event event) {
    struct thread *thread = kernel.current;
    switch (event.kind) {
    case STUB_SYSCALL: {
        int64_t number = thread->registers[REGISTER_RDX];
        if (number >= seL4_SysYield && number <= seL4_SysCall)
            handle_syscall(number);
        else
            handle_unknown_syscall(number);
        break;
    }
    case STUB_PAGE_FAULT:
        handle_vm_fault(event.first, event.second);
        break;
    case STUB_EXCEPTION:
        handle_user_exception(event.first, event.second);
        break;
    case STUB_TRAP: {
        // The vector is the top byte of a 32-bit signed number, the bottom of eax the rest.
        int32_t number = (uint32_t)event.first << 24 | (thread->registers[REGISTER_RAX] & 0xffffff);
        handle_unknown_syscall((int64_t)number);
        break;
    }
    case STUB_INTERRUPTED:
        break;
    }
}

int main(int argc, char **argv) {
    (void)argc;
    setvbuf(stderr, NULL, _IOLBF, 0);
    struct options options = parse(argv + 1);
    struct image image = elf_open(options.root_task);
    host_initialise();
    time_initialise();
    memory_create(options.memory_mib << 20);
    stub_initialise();
    boot(&image);
    schedule();
    scheduler_activate();
    for (;;) {
        deliver_interrupts();
        if (kernel.current == kernel.idle)
            idle();
        else
            handle_event(stub_run(kernel.current));
    }
}
