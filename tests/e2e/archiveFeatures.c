// SPDX-License-Identifier: Apache-2.0
//
// What BusyBox does not show: the extended attributes of files, and with the argument "ids" whose permissions
// this program has.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static int compare(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void show_value(const char *path, const char *name) {
    static unsigned char value[65536];
    ssize_t size = getxattr(path, name, value, sizeof value);
    unsigned long sum = 5381;
    for (ssize_t i = 0; i < size; i++)
        sum = sum * 33 + value[i];
    printf("%s %s %zd %lx\n", path, name, size, sum);
}

static void show_attributes(const char *path) {
    static char list[4096];
    char *names[64];
    size_t count = 0;
    ssize_t size = listxattr(path, list, sizeof list);
    printf("%s %zd\n", path, size);
    for (ssize_t at = 0; at < size && count < 64; at += (ssize_t)strlen(list + at) + 1)
        names[count++] = list + at;
    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        show_value(path, names[i]);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "ids") == 0) {
        printf("%d %d %d %d\n", (int)getuid(), (int)geteuid(), (int)getgid(), (int)getegid());
        return 0;
    }
    for (int i = 1; i < argc; i++)
        show_attributes(argv[i]);
    return 0;
}
