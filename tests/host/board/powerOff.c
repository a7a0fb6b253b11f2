// SPDX-License-Identifier: Apache-2.0
//
// Lets runtime-c/host/board/machine.c switch a machine off: what it writes to the serial line comes out of
// this program, and register pages of devices are memory.

#include "host/board/registers.h"
#include "host/machine.h"
#include "sel4/invocations.h"
#include "sel4/ipc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void machine_console_write(const void *bytes, size_t size) {
    fwrite(bytes, 1, size, stdout);
}

/// The last thing that happens on a machine without a switch, or whose switch does nothing.
sel4_error sel4_tcb_suspend(sel4_cptr tcb) {
    (void)tcb;
    exit(0);
}

void sel4_yield(void) {
    abort();
}

int main(void) {
    void *pages = mmap((void *)LAYOUT_DEVICES, DEVICE_PAGES * 0x1000, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (pages == MAP_FAILED) {
        perror("the pages of the devices");
        return 1;
    }
    machine_power_off();
}
