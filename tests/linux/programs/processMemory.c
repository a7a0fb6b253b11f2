// SPDX-License-Identifier: Apache-2.0
//
// Memory of other processes: process_vm_readv, process_vm_writev.
#define _GNU_SOURCE
#include "expect.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static void transfers(void) {
    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *private = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(private, 'p', 3 * PAGE);
    pid_t child = fork();
    if (child == 0) {
        memset(private, 'c', 2 * PAGE);
        munmap(private + 2 * PAGE, PAGE);
        shared[0] = 1;
        while (shared[0] != 2)
            usleep(1000);
        _exit(private[PAGE]);
    }
    while (shared[0] != 1)
        usleep(1000);
    static char buffer[3 * PAGE];
    struct iovec own[3] = {{buffer, 10}, {buffer + 10, PAGE}, {buffer + PAGE + 10, PAGE}};
    struct iovec other[2] = {{private + PAGE - 5, 10}, {private, PAGE}};
    SHOW(process_vm_readv(child, own, 3, other, 2, 0));
    printf("%.3s %c %c\n", buffer, buffer[PAGE], buffer[PAGE + 20]);
    // Up to where memory ends.
    other[0] = (struct iovec){private + PAGE, 2 * PAGE};
    own[0] = (struct iovec){buffer, 3 * PAGE};
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0] = (struct iovec){private + 2 * PAGE, 10};
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0] = (struct iovec){private + PAGE, 10};
    memset(buffer, 'w', 10);
    SHOW(process_vm_writev(child, own, 1, other, 1, 0));
    SHOW(private[PAGE]);
    SHOW(process_vm_readv(child, own, 1, other, 1, 1));
    SHOW(process_vm_readv(child, own, 1025, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, other, 1025, 0));
    SHOW(process_vm_readv(child, (void *)1, 1, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, (void *)1, 1, 0));
    SHOW(process_vm_readv(child, own, 0, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, other, 0, 0));
    SHOW(process_vm_readv(99999, own, 1, other, 1, 0));
    other[0].iov_len = (size_t)-1;
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0].iov_len = 4;
    own[0].iov_base = (void *)8;
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    // One's own memory.
    own[0].iov_base = buffer;
    other[0] = (struct iovec){private, 4};
    SHOW(process_vm_readv(getpid(), own, 1, other, 1, 0));
    SHOW(buffer[3]);
    shared[0] = 2;
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
}

int main(void) {
    transfers();
    return 0;
}
