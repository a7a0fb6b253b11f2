// SPDX-License-Identifier: Apache-2.0
//
// For LD_PRELOAD: takes the place of a function of the program.

#include <stdio.h>

__attribute__((constructor)) static void loaded(void) {
    puts("the preloaded library is there");
    fflush(stdout);
}

const char *who_am_i(void) {
    return "replaced";
}
