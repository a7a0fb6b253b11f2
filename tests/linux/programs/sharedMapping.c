// SPDX-License-Identifier: Apache-2.0
//
// Mappings of files beside read, write, truncate and holes; of files of the image, too.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static sigjmp_buf back;

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    siglongjmp(back, signal | info->si_code << 8);
}

static int touch(volatile char *address, bool write) {
    int fault = sigsetjmp(back, 1);
    if (fault != 0)
        return fault;
    if (write)
        *address = 'w';
    else
        (void)*address;
    return 0;
}

static char byte_at(int file, off_t at) {
    char byte = '?';
    return pread(file, &byte, 1, at) == 1 ? byte : '-';
}

static int new_file(const char *name, int pages) {
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);
    for (int i = 0; i < pages; i++) {
        char page[PAGE];
        memset(page, 'a' + i, sizeof page);
        if (write(file, page, PAGE) != PAGE)
            puts("no file");
    }
    return file;
}

static void coherent(void) {
    int file = new_file("/tmp/coherent", 3);
    char *shared = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *reader = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, file, 0);
    char *copy = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    printf("%c%c%c\n", shared[0], reader[PAGE], copy[2 * PAGE]);
    shared[0] = 'S';
    pwrite(file, "W", 1, PAGE);
    printf("%c%c%c %c%c%c %c%c\n", shared[0], reader[0], copy[0], shared[PAGE], reader[PAGE], copy[PAGE],
           byte_at(file, 0), byte_at(file, PAGE));
    copy[0] = 'C';
    shared[0] = 'T';
    printf("%c%c%c\n", shared[0], reader[0], copy[0]);
    // Read only, then writable.
    SHOW(mprotect(reader, PAGE, PROT_READ | PROT_WRITE));
    reader[1] = 'R';
    printf("%c%c\n", shared[1], byte_at(file, 1));
    pid_t child = fork();
    if (child == 0) {
        shared[2 * PAGE] = 'K';
        copy[2 * PAGE] = 'L';
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%c%c%c\n", shared[2 * PAGE], reader[2 * PAGE], copy[2 * PAGE]);
    close(file);
    unlink("/tmp/coherent");
    SHOW(shared[PAGE]);
}

static void shorter(void) {
    int file = new_file("/tmp/shorter", 4);
    char *shared = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *copy = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    for (int i = 0; i < 4; i++) {
        copy[i * PAGE] = 'C';
        touch(shared + i * PAGE, false);
    }
    SHOW(touch(shared + 4 * PAGE, false));
    SHOW(ftruncate(file, PAGE + 100));
    SHOW(touch(shared + PAGE, false));
    SHOW(touch(shared + 2 * PAGE, false));
    SHOW(touch(shared + 2 * PAGE, true));
    SHOW(shared[PAGE + 99]);
    SHOW(shared[PAGE + 100]);
    // Private copies go as well.
    SHOW(touch(copy + PAGE, false));
    SHOW(touch(copy + 2 * PAGE, false));
    int pipes[2];
    HOLDS(pipe(pipes) == 0);
    SHOW(write(pipes[1], copy + 3 * PAGE, 1));
    SHOW(ftruncate(file, 3 * PAGE));
    SHOW(touch(shared + 2 * PAGE, false));
    SHOW(shared[2 * PAGE]);
    SHOW(shared[PAGE + 100]);
    SHOW(copy[2 * PAGE]);
    shared[2 * PAGE] = 'n';
    SHOW(byte_at(file, 2 * PAGE));
    SHOW(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, PAGE));
    SHOW(shared[2 * PAGE]);
    shared[2 * PAGE] = 'm';
    SHOW(byte_at(file, 2 * PAGE));
    SHOW(ftruncate(file, 0));
    SHOW(touch(shared, false));
    SHOW(touch(copy, true));
    close(file);
    unlink("/tmp/shorter");
}

static void sparse(void) {
    int file = open("/tmp/sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
    SHOW(ftruncate(file, 100 * PAGE));
    char *shared = mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *other = mmap(NULL, 100 * PAGE, PROT_READ, MAP_SHARED, file, 0);
    SHOW(other[50 * PAGE]);
    shared[50 * PAGE] = 's';
    SHOW(other[50 * PAGE]);
    SHOW(byte_at(file, 50 * PAGE));
    pwrite(file, "p", 1, 70 * PAGE);
    SHOW(shared[70 * PAGE]);
    char *far = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 1l << 44);
    HOLDS(far != MAP_FAILED);
    SHOW(touch(far, false));
    close(file);
    unlink("/tmp/sparse");
}

/// This program's own file is one of the image.
static void of_image(void) {
    int file = open("/proc/self/exe", O_RDONLY);
    struct stat status;
    fstat(file, &status);
    char *map = mmap(NULL, (size_t)status.st_size + 2 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    HOLDS(memcmp(map, "\177ELF", 4) == 0);
    char buffer[512];
    HOLDS(pread(file, buffer, 512, 8192) == 512 && memcmp(buffer, map + 8192, 512) == 0);
    off_t tail = status.st_size & ~(off_t)(PAGE - 1);
    size_t rest = (size_t)(status.st_size - tail);
    bool zero = true;
    for (size_t i = rest; rest != 0 && i < PAGE; i++)
        zero &= map[tail + (off_t)i] == 0;
    HOLDS(zero);
    SHOW(touch(map + tail + PAGE, false));
    close(file);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    coherent();
    shorter();
    sparse();
    of_image();
    return 0;
}
