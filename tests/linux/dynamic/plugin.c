// SPDX-License-Identifier: Apache-2.0
//
// For dlopen: a library with state, thread-local storage and a symbol of the program's.

#include <stdio.h>

extern int program_function(int value);

static _Thread_local int calls = 40;
static int table[3000] = {1, 2, 3};
static int *const pointer = &table[1];

__attribute__((constructor)) static void begin(void) {
    puts("plugin begins");
}

__attribute__((destructor)) static void end(void) {
    puts("plugin ends");
}

int plugin_function(int value) {
    calls++;
    table[2999] = 1000;
    return program_function(value) + calls + *pointer + table[2999];
}
