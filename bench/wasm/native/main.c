// SPDX-License-Identifier: Apache-2.0
//
// Runs a native kernel: `PROGRAM COUNT` prints the checksum.
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argument_count, char **arguments) {
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s COUNT\n", arguments[0]);
        return 2;
    }
    printf("%d\n", run(atoi(arguments[1])));
    return 0;
}
