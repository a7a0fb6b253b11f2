// SPDX-License-Identifier: Apache-2.0

#include "boot/failure.h"

#include "host/machine.h"

static void write(const char *string) {
    size_t length = 0;
    while (string[length]) {
        length++;
    }
    machine_console_write(string, length);
}

_Noreturn void boot_fail(const char *cause) {
    write("sealift: ");
    write(cause);
    write("\n");
    machine_power_off();
}
