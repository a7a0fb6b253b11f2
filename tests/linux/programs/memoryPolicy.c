// SPDX-License-Identifier: Apache-2.0
//
// Memory policies on a machine with one node: set_mempolicy, get_mempolicy, mbind, move_pages.
#define _GNU_SOURCE
#include "expect.h"
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096, MASK_BITS = 1024, PREFERRED = 1, BIND = 2 };

int main(void) {
    int mode = -1;
    unsigned long mask[16] = {~0ul};
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, NULL, 0));
    printf("%d %lx\n", mode, mask[0]);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, NULL, 4));
    printf("%d %lx\n", mode, mask[0]);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, NULL, 8));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, &mode, 0));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, &mode, 3));
    SHOW(mode);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, 8, 2));
    mask[0] = 1;
    SHOW(syscall(SYS_set_mempolicy, BIND, mask, 64));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, MASK_BITS, NULL, 0));
    printf("%d %lx\n", mode, mask[0]);
    mask[0] = 2;
    SHOW(syscall(SYS_set_mempolicy, BIND, mask, 64));
    mask[0] = 0;
    SHOW(syscall(SYS_set_mempolicy, BIND, mask, 64));
    SHOW(syscall(SYS_set_mempolicy, PREFERRED, mask, 64));
    SHOW(syscall(SYS_set_mempolicy, 0, NULL, 0));
    SHOW(syscall(SYS_set_mempolicy, 9, NULL, 0));
    mask[0] = 1;
    SHOW(syscall(SYS_set_mempolicy, 0, mask, 64));
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(syscall(SYS_mbind, map, 2 * PAGE, BIND, mask, 64, 0));
    SHOW(syscall(SYS_mbind, map + 1, PAGE, BIND, mask, 64, 0));
    SHOW(syscall(SYS_mbind, map, 2 * PAGE, BIND, mask, 64, 16));
    munmap(map + PAGE, PAGE);
    SHOW(syscall(SYS_mbind, map, 2 * PAGE, BIND, mask, 64, 0));
    map[0] = 1;
    int status[2] = {99, 99};
    void *pages[2] = {map, map + PAGE};
    SHOW(syscall(SYS_move_pages, 0, 2, pages, NULL, status, 2));
    printf("%d %d\n", status[0], status[1]);
    return 0;
}
