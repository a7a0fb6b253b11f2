// SPDX-License-Identifier: Apache-2.0
//
// What permissions.c and fileCapabilities.c ask of files.
#pragma once

#include "expect.h"
#include <fcntl.h>
#include <sys/stat.h>

/// Shows the mode and the owners of a file.
static void mode(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0)
        printf("%s: %s\n", path, strerrorname_np(errno));
    else
        printf("%s: %o %u:%u\n", path, status.st_mode, status.st_uid, status.st_gid);
    fflush(stdout);
}

/// Opens a file and closes it: 0, or -1 with errno.
static int opened(const char *path, int flags) {
    int file = open(path, flags, 0666);
    if (file >= 0)
        close(file);
    return file < 0 ? -1 : 0;
}
