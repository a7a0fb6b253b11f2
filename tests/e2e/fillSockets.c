// SPDX-License-Identifier: Apache-2.0
//
// Sends to sockets that nobody receives from until there is no memory for it, then goes on with its own.

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS = 120, OWN_MEMORY = 2 << 20 };

int main(void) {
    static char data[65536];
    static int ends[PAIRS][2];
    int refused = 0, pairs = 0;
    while (pairs < PAIRS && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[pairs]) == 0) {
        long sent = 0;
        ssize_t count;
        while ((count = write(ends[pairs][0], data, sizeof data)) > 0)
            sent += count;
        // A pair alone takes far more than a page.
        if (sent < (long)sizeof data)
            refused++;
        pairs++;
    }
    printf("%s\n", pairs > 20 && refused > 0 ? "refused" : "not refused");
    for (int i = 0; i < pairs; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    char *own = malloc(OWN_MEMORY);
    memset(own, 1, OWN_MEMORY);
    int pair[2];
    char back[6] = "";
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[0], "works", 5) != 5 ||
        read(pair[1], back, 5) != 5)
        return 1;
    puts(back);
    return 0;
}
