// SPDX-License-Identifier: Apache-2.0
//
// memfd_create and seals.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#define MFD_EXEC 16u
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 32
#endif

static void creating(void) {
    int file = memfd_create("name of it", MFD_CLOEXEC | MFD_EXEC);
    HOLDS(file >= 0);
    HOLDS(fcntl(file, F_GETFD) == FD_CLOEXEC);
    HOLDS((fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR);
    struct stat status;
    SHOW(fstat(file, &status));
    printf("mode %o size %ld links %d\n", status.st_mode, (long)status.st_size, (int)status.st_nlink);
    char link[64];
    char target[200] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    SHOW(readlink(link, target, sizeof target - 1));
    puts(target);
    SHOW(write(file, "content", 7));
    SHOW(ftruncate(file, 2 * PAGE));
    char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    puts(map);
    map[PAGE] = 'x';
    char byte = 0;
    SHOW(pread(file, &byte, 1, PAGE));
    SHOW(byte);
    int again = open(link, O_RDWR);
    HOLDS(again >= 0);
    SHOW(pwrite(again, "C", 1, 0));
    puts(map);
    SHOW(fcntl(file, F_GET_SEALS));
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
    close(again);
    close(file);
    puts(map);
    pid_t child = fork();
    if (child == 0) {
        map[1] = 'O';
        _exit(0);
    }
    waitpid(child, NULL, 0);
    puts(map);
    SHOW(memfd_create("x", 0x40));
    SHOW(memfd_create("x", MFD_EXEC | MFD_NOEXEC_SEAL));
    SHOW(memfd_create((char *)1, MFD_EXEC));
    char name[300];
    memset(name, 'n', sizeof name);
    name[250] = 0;
    SHOW(memfd_create(name, MFD_EXEC));
    name[249] = 0;
    HOLDS(memfd_create(name, MFD_EXEC) >= 0);
    HOLDS(memfd_create("", MFD_EXEC) >= 0);
}

static int sealed(int seals) {
    int file = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_EXEC);
    if (ftruncate(file, PAGE) != 0 || fcntl(file, F_ADD_SEALS, seals) != 0)
        puts("no seals");
    return file;
}

static void sealing(void) {
    int file = sealed(0);
    SHOW(fcntl(file, F_GET_SEALS));
    SHOW(fcntl(file, F_ADD_SEALS, 0x1000));
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(ftruncate(file, 100));
    SHOW(ftruncate(file, 2 * PAGE));
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(fcntl(file, F_GET_SEALS));
    SHOW(ftruncate(file, 3 * PAGE));
    SHOW(pwrite(file, "x", 1, 2 * PAGE));
    SHOW(pwrite(file, "x", 1, 2 * PAGE - 1));
    SHOW(fallocate(file, 0, 0, 3 * PAGE));
    // A writable shared mapping stands in the way.
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(map, PAGE);
    char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
    copy[0] = 'c';
    SHOW(pwrite(file, "x", 1, 0));
    SHOW(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    HOLDS(map != MAP_FAILED);
    SHOW(mprotect(map, PAGE, PROT_READ | PROT_WRITE));
    HOLDS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0) != MAP_FAILED);
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(fcntl(file, F_GET_SEALS));
    // Future writes: mappings that there are may go on.
    file = sealed(0);
    map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    SHOW(fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    map[0] = 'f';
    char byte = 0;
    SHOW(pread(file, &byte, 1, 0));
    SHOW(byte);
    SHOW(pwrite(file, "x", 1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", sealed(0));
    int reader = open(link, O_RDONLY);
    SHOW(fcntl(reader, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(reader, F_GET_SEALS));
    int pipes[2];
    HOLDS(pipe(pipes) == 0);
    SHOW(fcntl(pipes[0], F_GET_SEALS));
    int plain = memfd_create("plain", MFD_NOEXEC_SEAL);
    struct stat status;
    fstat(plain, &status);
    printf("mode %o seals %d\n", status.st_mode, fcntl(plain, F_GET_SEALS));
}

int main(void) {
    creating();
    sealing();
    return 0;
}
