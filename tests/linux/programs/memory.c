// SPDX-License-Identifier: Apache-2.0
//
// Address spaces: mmap, munmap, mprotect, mremap, madvise, brk, faults.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

/// More than any machine has memory, and less than the smallest address space of the architecture.
#ifdef __x86_64__
#define HUGE_SIZE (1ul << 40)
#else
#define HUGE_SIZE (1ul << 37)
#endif

enum { PAGE = 4096 };

static sigjmp_buf back;
static volatile sig_atomic_t caught_code;
static void *volatile caught_address;
static volatile sig_atomic_t caught_signal;

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    caught_signal = signal;
    caught_code = info->si_code;
    caught_address = info->si_addr;
    siglongjmp(back, 1);
}

/// Touches an address; 0, or the signal with si_code in bits 8 and up.
static int touch(volatile char *address, bool write) {
    if (sigsetjmp(back, 1))
        return caught_address == (void *)address ? caught_signal | caught_code << 8 : -1;
    if (write)
        *address = 1;
    else
        (void)*address;
    return 0;
}

static void anonymous(void) {
    char *map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(map != MAP_FAILED);
    long sum = 0;
    for (int i = 0; i < 8 * PAGE; i++)
        sum += map[i];
    SHOW(sum);
    memset(map, 7, 8 * PAGE);
    SHOW(munmap(map + 2 * PAGE, 2 * PAGE));
    SHOW(touch(map + PAGE, true));
    SHOW(touch(map + 2 * PAGE, true));
    SHOW(touch(map + 3 * PAGE, false));
    SHOW(map[4 * PAGE]);
    char *again = mmap(map + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    HOLDS(again == map + 2 * PAGE);
    SHOW(again[0]);
    SHOW(mmap(map, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW(madvise(map, 8 * PAGE, MADV_DONTNEED));
    SHOW(map[0] + map[7 * PAGE]);
    SHOW(munmap(map, 8 * PAGE));
    SHOW(munmap(map + 1, PAGE));
    SHOW(munmap(map, 0));
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 1));
}

static void protection(void) {
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(map, 5, 4 * PAGE);
    SHOW(mprotect(map + PAGE, 2 * PAGE, PROT_READ));
    SHOW(touch(map, true));
    SHOW(touch(map + PAGE, false));
    SHOW(touch(map + PAGE, true));
    SHOW(touch(map + 3 * PAGE, true));
    SHOW(mprotect(map, 4 * PAGE, PROT_NONE));
    SHOW(touch(map + 2 * PAGE, false));
    int pipes[2];
    SHOW(pipe(pipes));
    SHOW(write(pipes[1], map, 1));
    SHOW(write(pipes[1], "ab", 2));
    SHOW(read(pipes[0], map, 2));
    SHOW(mprotect(map, 4 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(map[2 * PAGE]);
    SHOW(read(pipes[0], map + 2 * PAGE, 2));
    SHOW(map[2 * PAGE + 1]);
    SHOW(munmap(map + PAGE, PAGE));
    SHOW(mprotect(map, 4 * PAGE, PROT_READ));
    SHOW(mprotect(map + 1, PAGE, PROT_READ));
    SHOW(touch(NULL, false));
    SHOW(touch((char *)0x123456789000, false));
    close(pipes[0]);
    close(pipes[1]);
}

static void moving(void) {
    char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++)
        map[i * PAGE] = 'a' + i;
    char *block = mmap(map + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    HOLDS(block == map + 3 * PAGE);
    SHOW(mremap(map, 3 * PAGE, 6 * PAGE, 0));
    char *moved = mremap(map, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
    HOLDS(moved != MAP_FAILED && moved != map);
    printf("%c%c%c %d\n", moved[0], moved[PAGE], moved[2 * PAGE], moved[5 * PAGE]);
    SHOW(touch(map, false));
    HOLDS(mremap(moved, 6 * PAGE, 2 * PAGE, 0) == moved);
    SHOW(touch(moved + 2 * PAGE, false));
    char *target = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(mremap(moved, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    printf("%c%c\n", target[0], target[PAGE]);
    SHOW(mremap(target, 0, PAGE, MREMAP_MAYMOVE));
    SHOW(mremap((void *)0x1000, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

static void files(void) {
    int file = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 3 * PAGE / 8; i++)
        dprintf(file, "%07d\n", i);
    SHOW(ftruncate(file, 2 * PAGE + 100));
    char *copy = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    HOLDS(memcmp(copy, "0000000\n0000001\n", 16) == 0);
    HOLDS(memcmp(copy + PAGE, "0000512\n", 8) == 0);
    SHOW(copy[2 * PAGE + 100]);
    SHOW(touch(copy + 3 * PAGE, false));
    copy[0] = 'X';
    char first = 0;
    SHOW(pread(file, &first, 1, 0));
    SHOW(first);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, PAGE);
    shared[0] = 'Y';
    SHOW(pread(file, &first, 1, PAGE));
    SHOW(first);
    SHOW(pwrite(file, "Z", 1, PAGE + 1));
    SHOW(shared[1]);
    SHOW(msync(shared, 2 * PAGE, MS_SYNC));
    int reader = open("/tmp/mapped", O_RDONLY);
    SHOW(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0));
    char *readable = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    SHOW(mprotect(readable, PAGE, PROT_READ | PROT_WRITE));
    int writer = open("/tmp/mapped", O_WRONLY);
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0));
    close(file);
    SHOW(unlink("/tmp/mapped"));
    SHOW(shared[0]);
    SHOW(copy[0]);
}

static void sharing(void) {
    int *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *private = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 64; i++)
    private[i * PAGE / 4] = i;
    shared[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        int sum = 0;
        for (int i = 0; i < 64; i++)
            sum += private[i * PAGE / 4];
        shared[0] = sum;
        shared[PAGE / 4] = 77;
        for (int i = 0; i < 64; i++)
        private[i * PAGE / 4] = -1;
        pid_t grandchild = fork();
        if (grandchild == 0) {
            shared[1] = private[10 * PAGE / 4];
            private[11 * PAGE / 4] = 5;
            _exit(0);
        }
        waitpid(grandchild, NULL, 0);
        shared[2] = private[11 * PAGE / 4];
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("shared %d %d %d %d\n", shared[0], shared[PAGE / 4], shared[1], shared[2]);
    int sum = 0;
    for (int i = 0; i < 64; i++)
        sum += private[i * PAGE / 4];
    SHOW(sum);
    // The parent writes first this time.
    child = fork();
    if (child == 0) {
        usleep(50000);
        shared[3] = private[20 * PAGE / 4];
        _exit(0);
    }
    private[20 * PAGE / 4] = 1000;
    waitpid(child, NULL, 0);
    SHOW(shared[3]);
    SHOW(private[20 * PAGE / 4]);
}

static int depth(int n) {
    char frame[10000];
    memset(frame, n, sizeof frame);
    return n == 0 ? frame[9] : depth(n - 1) + frame[n % 10000] * 0;
}

static void growing(void) {
    char *start = sbrk(0);
    SHOW((char *)sbrk(100000) - start);
    memset(start, 1, 100000);
    SHOW(start[99999]);
    SHOW(brk(start));
    SHOW(touch(start + 50000, true));
    HOLDS(sbrk(0) == (void *)start);
    SHOW(depth(500));
    unsigned char resident[4];
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[PAGE] = 1;
    SHOW(mincore(map, 4 * PAGE, resident));
    printf("%d%d%d%d\n", resident[0] & 1, resident[1] & 1, resident[2] & 1, resident[3] & 1);
    SHOW(mincore(map + 1, PAGE, resident));
    SHOW(mlock(map, PAGE));
    // A reservation as large as language runtimes make them costs nothing.
    char *huge = mmap(NULL, HUGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    HOLDS(huge != MAP_FAILED);
    SHOW(mprotect(huge + HUGE_SIZE / 2, PAGE, PROT_READ | PROT_WRITE));
    SHOW(touch(huge + HUGE_SIZE / 2, true));
    SHOW(munmap(huge, HUGE_SIZE));
}

int main(void) {
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    anonymous();
    protection();
    moving();
    files();
    sharing();
    growing();
    return 0;
}
