// SPDX-License-Identifier: Apache-2.0
//
// What mmap, munmap, mprotect, brk and remap_file_pages accept and refuse; stacks that grow; limits.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static sigjmp_buf back;

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    siglongjmp(back, signal | info->si_code << 8);
}

/// Touches an address; 0, or the signal with si_code in bits 8 and up.
static int touch(volatile char *address, bool write) {
    int fault = sigsetjmp(back, 1);
    if (fault != 0)
        return fault;
    if (write)
        *address = 1;
    else
        (void)*address;
    return 0;
}

/// An area of free addresses that nothing else is put into.
static char *area(size_t pages) {
    char *map = mmap(NULL, pages * PAGE, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map == MAP_FAILED ? NULL : map;
}

static void arguments(void) {
    char *at = area(16);
    int zero = open("/dev/zero", O_RDWR);
    int directory = open("/tmp", O_RDONLY);
    int pipes[2];
    HOLDS(pipe(pipes) == 0);
    SHOW(mmap(NULL, 0, PROT_READ, ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, -1ul, PROT_READ, ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, 1ul << 62, PROT_READ, ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS | 4, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, directory, 0));
    SHOW(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, zero, 1));
    SHOW(syscall(SYS_mmap, NULL, 2l * PAGE, PROT_READ, MAP_PRIVATE, zero, -(long)PAGE));
    SHOW(mmap(at + 1, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(mmap((char *)-PAGE, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(mmap((char *)-PAGE, 2 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW(mmap(at, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW(mmap(at + 1, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x800000, zero, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200, zero, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x80000000, zero, 0));
    SHOW(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    HOLDS(mmap(at + 5, PAGE, PROT_READ, ANONYMOUS, -1, 0) != MAP_FAILED);
    HOLDS(mmap((void *)1, PAGE, PROT_READ, ANONYMOUS, -1, 0) != MAP_FAILED);
    char *wish = area(4);
    munmap(wish, 4 * PAGE);
    HOLDS(mmap(wish + PAGE + 7, PAGE, PROT_READ, ANONYMOUS, -1, 0) == wish + PAGE);
    HOLDS(mmap(wish + PAGE, PAGE, PROT_READ, ANONYMOUS, -1, 0) != wish + PAGE);
    SHOW(mmap(wish + PAGE, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    SHOW(munmap(at + 1, PAGE));
    SHOW(munmap(at, 0));
    SHOW(munmap(at, -1ul));
    SHOW(munmap((char *)-PAGE, PAGE));
    SHOW(munmap(at, 1));
    SHOW(munmap(at, 16 * PAGE));
    SHOW(munmap(at, 16 * PAGE));
    // /dev/zero is anonymous memory.
    char *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
    HOLDS(private != MAP_FAILED && shared != MAP_FAILED);
    private[0] = 1;
    shared[PAGE] = 2;
    pid_t child = fork();
    if (child == 0) {
        shared[0] = (char)(private[0] + shared[PAGE]);
        private[0] = 9;
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%d %d\n", private[0], shared[0]);
    close(zero);
    close(directory);
}

static void protecting(void) {
    char *at = area(8);
    SHOW(mprotect(at, 2 * PAGE, 0x40));
    SHOW(mprotect(at + 1, PAGE, PROT_READ));
    SHOW(mprotect(at, 0, PROT_READ));
    SHOW(mprotect(at, -PAGE, PROT_READ));
    SHOW(mprotect(at, PAGE, PROT_READ | PROT_GROWSDOWN));
    SHOW(mprotect(at, PAGE, PROT_READ | PROT_GROWSUP));
    SHOW(mprotect(at, PAGE, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN));
    munmap(at + 2 * PAGE, PAGE);
    // What lies before the gap is changed.
    SHOW(mprotect(at, 4 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(touch(at, true));
    SHOW(touch(at + PAGE, true));
    SHOW(touch(at + 3 * PAGE, true));
    SHOW(mprotect(at + 2 * PAGE, PAGE, PROT_READ));
    int reader = open("/proc/self/exe", O_RDONLY);
    char *shared = mmap(at + 4 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, reader, 0);
    HOLDS(shared == at + 4 * PAGE);
    SHOW(mprotect(at + 3 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(touch(at + 3 * PAGE, true));
    SHOW(touch(at + 5 * PAGE, true));
    SHOW(touch(shared, true));
    char *private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 0);
    SHOW(private[1]);
    SHOW(mprotect(private, PAGE, PROT_READ | PROT_WRITE));
    private[1] = 'x';
    SHOW(shared[1]);
    SHOW(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, -1));
    SHOW(syscall(SYS_pkey_free, 5));
    close(reader);
    munmap(at, 8 * PAGE);
}

static void growing(void) {
    char *at = area(600);
    char *top = at + 600 * PAGE;
    munmap(at, 600 * PAGE);
    char *stack = mmap(top - 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                       ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0);
    HOLDS(stack == top - 2 * PAGE);
    SHOW(touch(stack, true));
    SHOW(touch(stack - 1, true));
    SHOW(touch(stack - 20 * PAGE, true));
    // Not too near to what lies below.
    char *below = mmap(at, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0);
    HOLDS(below == at);
    SHOW(touch(at + 100 * PAGE, true));
    SHOW(touch(at + 300 * PAGE, true));
    SHOW(mprotect(at + 400 * PAGE, 200 * PAGE, PROT_READ | PROT_GROWSDOWN));
    SHOW(touch(at + 300 * PAGE, true));
    SHOW(touch(at + 300 * PAGE, false));
    SHOW(munmap(at, 600 * PAGE));
}

static void in_child(void (*work)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        work();
        fflush(stdout);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    SHOW(status);
}

static void address_limit(void) {
    struct rlimit limit = {64ul << 20, 64ul << 20};
    SHOW(setrlimit(RLIMIT_AS, &limit));
    SHOW(mmap(NULL, 64ul << 20, PROT_NONE, ANONYMOUS, -1, 0));
    HOLDS(mmap(NULL, 1ul << 20, PROT_NONE, ANONYMOUS, -1, 0) != MAP_FAILED);
    char *map = mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0);
    SHOW(mremap(map, PAGE, 64ul << 20, MREMAP_MAYMOVE));
    char *heap = sbrk(0);
    SHOW(brk(heap + (64 << 20)));
    HOLDS(sbrk(0) == heap);
}

static void data_limit(void) {
    struct rlimit limit = {8ul << 20, 8ul << 20};
    SHOW(setrlimit(RLIMIT_DATA, &limit));
    SHOW(mmap(NULL, 16ul << 20, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0));
    char *map = mmap(NULL, 16ul << 20, PROT_READ, ANONYMOUS, -1, 0);
    HOLDS(map != MAP_FAILED);
    SHOW(mprotect(map, 16ul << 20, PROT_READ | PROT_WRITE));
    HOLDS(mmap(NULL, 16ul << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    char *heap = sbrk(0);
    SHOW(brk(heap + (16 << 20)));
    HOLDS(sbrk(0) == heap);
}

static int deep(int n) {
    volatile char frame[8192];
    frame[0] = (char)n;
    return n == 0 ? frame[0] : deep(n - 1) + frame[0] * 0;
}

static void stack_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 1 << 20;
    SHOW(setrlimit(RLIMIT_STACK, &limit));
    SHOW(deep(60));
    if (sigsetjmp(back, 1) == 0)
        deep(300);
    else
        puts("the stack is at its end");
}

static void many(void) {
    // Every second page: as many mappings as there may be.
    enum { COUNT = 40000 };
    char *at = area(2 * COUNT);
    int made = 0;
    for (; made < COUNT; made++) {
        if (mprotect(at + 2ul * made * PAGE, PAGE, PROT_READ) != 0)
            break;
    }
    HOLDS(made > 30000 && made < 33000);
    HOLDS(errno == ENOMEM);
    SHOW(munmap(at + PAGE, PAGE));
    SHOW(munmap(at, 2ul * COUNT * PAGE));
}

static void remapping(void) {
    int file = open("/tmp/remapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 4; i++)
        pwrite(file, &(char){(char)('a' + i)}, 1, i * PAGE);
    HOLDS(ftruncate(file, 4 * PAGE) == 0);
    char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    SHOW(syscall(SYS_remap_file_pages, map, PAGE, 0, 3, 0));
    SHOW(syscall(SYS_remap_file_pages, map + 3 * PAGE, PAGE, 0, 0, 0));
    printf("%c%c%c%c\n", map[0], map[PAGE], map[2 * PAGE], map[3 * PAGE]);
    SHOW(syscall(SYS_remap_file_pages, map, PAGE, PROT_READ, 0, 0));
    char *private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    SHOW(syscall(SYS_remap_file_pages, private, PAGE, 0, 0, 0));
    close(file);
    unlink("/tmp/remapped");
}

int main(void) {
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    arguments();
    protecting();
    growing();
    remapping();
    in_child(address_limit);
    in_child(data_limit);
    in_child(stack_limit);
    in_child(many);
    return 0;
}
