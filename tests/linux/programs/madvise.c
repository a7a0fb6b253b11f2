// SPDX-License-Identifier: Apache-2.0
//
// madvise, msync, mincore, mlock and their kin.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static char *filled(int pages, int flags) {
    char *map = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    memset(map, 'x', (size_t)pages * PAGE);
    return map;
}

static void resident(const char *what, void *at, int pages) {
    unsigned char vector[16];
    if (mincore(at, (size_t)pages * PAGE, vector) != 0) {
        printf("%s: %s\n", what, strerrorname_np(errno));
        return;
    }
    printf("%s: ", what);
    for (int i = 0; i < pages; i++)
        putchar('0' + (vector[i] & 1));
    putchar('\n');
    fflush(stdout);
}

static void arguments(void) {
    char *map = filled(4, ANONYMOUS);
    SHOW(madvise(map + 1, PAGE, MADV_NORMAL));
    SHOW(madvise(map, PAGE, 7));
    SHOW(madvise(map, PAGE, -1));
    SHOW(madvise(map, PAGE, 99));
    SHOW(madvise(map, 0, 99));
    SHOW(madvise(map, 0, MADV_DONTNEED));
    SHOW(madvise(map, -1ul, MADV_NORMAL));
    for (int advice = MADV_NORMAL; advice <= MADV_WILLNEED; advice++)
        SHOW(madvise(map, 4 * PAGE, advice));
    SHOW(madvise(map, PAGE, MADV_DONTDUMP));
    SHOW(madvise(map, PAGE, MADV_DODUMP));
    SHOW(madvise(map, PAGE, MADV_COLD));
    SHOW(madvise(map, PAGE, MADV_REMOVE));
    SHOW(map[0]);
    // A gap is reported when everything else has been done.
    munmap(map + PAGE, PAGE);
    SHOW(madvise(map, 4 * PAGE, MADV_DONTNEED));
    SHOW(map[0] + map[2 * PAGE] + map[3 * PAGE]);
    SHOW(madvise(map + PAGE, PAGE, MADV_NORMAL));
}

static void giving_back(void) {
    char *map = filled(4, ANONYMOUS);
    SHOW(madvise(map + PAGE, PAGE + 1, MADV_DONTNEED));
    printf("%d %d %d %d\n", map[0], map[PAGE], map[2 * PAGE], map[3 * PAGE]);
    char *shared = filled(2, MAP_SHARED | MAP_ANONYMOUS);
    SHOW(madvise(shared, 2 * PAGE, MADV_DONTNEED));
    printf("%d %d\n", shared[0], shared[PAGE]);
    SHOW(madvise(shared, 2 * PAGE, MADV_FREE));
    char *again = mremap(shared, 0, 2 * PAGE, MREMAP_MAYMOVE);
    SHOW(madvise(shared, PAGE, MADV_REMOVE));
    printf("%d %d %d\n", shared[0], again[0], again[PAGE]);
    int file = open("/tmp/advised", O_RDWR | O_CREAT | O_TRUNC, 0600);
    HOLDS(write(file, map, PAGE) == PAGE);
    char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    copy[0] = 'c';
    SHOW(madvise(copy, PAGE, MADV_DONTNEED));
    SHOW(copy[0]);
    SHOW(madvise(copy, PAGE, MADV_FREE));
    close(file);
    unlink("/tmp/advised");
}

static void forking(void) {
    char *map = filled(3, ANONYMOUS);
    SHOW(madvise(map + PAGE, PAGE, MADV_WIPEONFORK));
    SHOW(madvise(map + 2 * PAGE, PAGE, MADV_DONTFORK));
    char *shared = filled(1, MAP_SHARED | MAP_ANONYMOUS);
    SHOW(madvise(shared, PAGE, MADV_WIPEONFORK));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        printf("%d %d\n", map[0], map[PAGE]);
        resident("child", map + 2 * PAGE, 1);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%d %d %d\n", map[0], map[PAGE], map[2 * PAGE]);
    SHOW(madvise(map, 3 * PAGE, MADV_DOFORK));
    SHOW(madvise(map, 3 * PAGE, MADV_KEEPONFORK));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        printf("%d %d %d\n", map[0], map[PAGE], map[2 * PAGE]);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void populating(void) {
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
    resident("new", map, 4);
    map[PAGE] = 1;
    resident("touched", map, 4);
    SHOW(madvise(map + 2 * PAGE, 2 * PAGE, MADV_POPULATE_WRITE));
    resident("populated", map, 4);
    mprotect(map, PAGE, PROT_READ);
    SHOW(madvise(map, PAGE, MADV_POPULATE_WRITE));
    SHOW(madvise(map, PAGE, MADV_POPULATE_READ));
    resident("read", map, 4);
    munmap(map + 3 * PAGE, PAGE);
    SHOW(madvise(map + 2 * PAGE, 2 * PAGE, MADV_POPULATE_READ));
    resident("gap", map, 4);
    char *eager = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_POPULATE, -1, 0);
    resident("MAP_POPULATE", eager, 3);
    SHOW(mincore(map + 1, PAGE, (unsigned char *)map));
    SHOW(mincore(map, PAGE, (unsigned char *)1));
    SHOW(mincore(map, 0, NULL));
    SHOW(mincore(map, -1ul, NULL));
}

static void synchronizing(void) {
    char *map = filled(3, ANONYMOUS);
    SHOW(msync(map, 3 * PAGE, MS_SYNC));
    SHOW(msync(map, 3 * PAGE, MS_ASYNC));
    SHOW(msync(map, 3 * PAGE, 0));
    SHOW(msync(map, 3 * PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(map, 3 * PAGE, 8));
    SHOW(msync(map + 1, PAGE, MS_SYNC));
    SHOW(msync(map, 0, MS_SYNC));
    SHOW(msync(map, -1ul, MS_SYNC));
    munmap(map + PAGE, PAGE);
    SHOW(msync(map, 3 * PAGE, MS_SYNC));
    SHOW(msync(map, 3 * PAGE, MS_ASYNC));
    SHOW(msync(map + PAGE, PAGE, MS_SYNC));
}

static long locked(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    long amount = -1;
    while (fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmLck: %ld", &amount);
    fclose(status);
    return amount;
}

static void locking(void) {
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
    SHOW(mlock(map + 5, PAGE));
    SHOW(locked());
    resident("locked", map, 4);
    SHOW(mlock(map, 2 * PAGE));
    SHOW(locked());
    SHOW(madvise(map, PAGE, MADV_DONTNEED));
    SHOW(msync(map, PAGE, MS_INVALIDATE));
    SHOW(syscall(SYS_mlock2, map + 2 * PAGE, PAGE, 1));
    resident("on fault", map, 4);
    SHOW(syscall(SYS_mlock2, map, PAGE, 2));
    SHOW(locked());
    SHOW(munlock(map, PAGE));
    SHOW(locked());
    pid_t child = fork();
    if (child == 0)
        _exit((int)locked());
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(munlockall());
    SHOW(locked());
    SHOW(mlockall(0));
    SHOW(mlockall(8));
    SHOW(mlockall(MCL_ONFAULT));
    munmap(map + 3 * PAGE, PAGE);
    SHOW(mlock(map, 4 * PAGE));
    SHOW(locked());
    SHOW(munlock(map, 4 * PAGE));
    SHOW(mlock(map, -1ul));
    SHOW(mlock(map, 0));
    SHOW(munlock(map + 3 * PAGE, PAGE));
    mprotect(map, PAGE, PROT_NONE);
    SHOW(mlock(map, PAGE));
    SHOW(munlockall());
    SHOW(mlockall(MCL_FUTURE));
    char *future = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
    resident("future", future, 2);
    SHOW(locked());
    SHOW(munlockall());
    SHOW(munmap(future, 2 * PAGE));
}

int main(void) {
    arguments();
    giving_back();
    forking();
    populating();
    synchronizing();
    locking();
    return 0;
}
