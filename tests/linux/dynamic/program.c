// SPDX-License-Identifier: Apache-2.0
//
// A program that is linked in several ways, dynamically and not, against glibc and musl. It prints what its
// loader made of it; nothing that differs between runs or architectures. STATIC: without dlopen. MUSL: its
// library.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>
#ifndef MUSL
#include <execinfo.h>
#endif

static _Thread_local int thread_local_value = 5;
_Thread_local char thread_local_zeros[3000];
static int order;
static int constructed;
static char large[100000];

__attribute__((constructor)) static void construct(void) {
    constructed = ++order;
}

__attribute__((destructor)) static void destruct(void) {
    printf("destructor\n");
    fflush(stdout);
}

static void at_end(void) {
    printf("atexit\n");
}

/// A function that is chosen when the program is loaded.
static int chosen(void) {
    return 7;
}
#ifdef MUSL
#define indirect chosen
#else
static int (*choose(void))(void) {
    return chosen;
}
int indirect(void) __attribute__((ifunc("choose")));
#endif

/// What preload.c replaces.
__attribute__((weak)) const char *who_am_i(void) {
    return "the program";
}

static int show_library(struct dl_phdr_info *information, size_t size, void *data) {
    (void)size;
    (void)data;
    const char *name = strrchr(information->dlpi_name, '/');
    name = name ? name + 1 : information->dlpi_name;
    // The program's own name, which differs between the C libraries, and the dynamic linker's and libc's,
    // which are one.
    if (*name && strncmp(name, "ld-", 3) != 0 && !strstr(information->dlpi_name, "/opt/"))
        printf("  library %s\n", name);
    return 0;
}

static void *run_thread(void *argument) {
    bool fresh = thread_local_value == 5 && thread_local_zeros[0] == 0 && thread_local_zeros[2999] == 0;
    thread_local_value++;
    thread_local_zeros[2999] = 1;
    *(bool *)argument = fresh && thread_local_value == 6;
    return argument;
}

static void threads(void) {
    bool good[4] = {false};
    pthread_t ids[4];
    thread_local_value = 100;
    for (int i = 0; i < 4; i++)
        pthread_create(&ids[i], NULL, run_thread, &good[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    printf("thread-local storage: %d %d\n", good[0] && good[1] && good[2] && good[3], thread_local_value);
}

#ifndef MUSL
static int frames;
#endif
static sigjmp_buf escape;

static void on_signal(int signal) {
    (void)signal;
#ifndef MUSL
    void *addresses[32];
    frames = backtrace(addresses, 32);
#endif
}

static void on_fault(int signal) {
    siglongjmp(escape, signal);
}

static volatile bool ready;

static void cleanup(void *argument) {
    *(int *)argument = 1;
}

static void *be_cancelled(void *argument) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(cleanup, argument);
    ready = true;
    struct timespec now;
    // In the vDSO most of the time: unwinding begins there, behind a signal frame.
    for (;;)
        clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_cleanup_pop(0);
    return NULL;
}

static void signals(void) {
    signal(SIGUSR1, on_signal);
#ifndef MUSL
    void *addresses[32];
    int outside = backtrace(addresses, 32);
    raise(SIGUSR1);
    printf("backtrace through a signal frame: %d\n", frames > outside + 2);
#endif
    signal(SIGSEGV, on_fault);
    if (sigsetjmp(escape, 1) == 0)
        *(volatile int *)8 = 0;
    else
        printf("a fault was caught\n");
    pthread_t thread;
    int cleaned = 0;
    pthread_create(&thread, NULL, be_cancelled, &cleaned);
    while (!ready)
        usleep(1000);
    usleep(5000);
    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    printf("cancelled: %d, cleaned up: %d\n", result == PTHREAD_CANCELED, cleaned);
}

static void vectors(int count, char **arguments) {
    printf("%d arguments:", count);
    for (int i = 1; i < count; i++)
        printf(" [%s]", arguments[i]);
    puts("");
    printf("interpreter: %d\n", getauxval(AT_BASE) != 0);
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    const ElfW(Ehdr) *file = (const void *)((unsigned long)headers & -4096UL);
    printf("type %d, fixed: %d\n", file->e_type, file->e_type == ET_EXEC);
    printf("secure: %lu, user %d effective %d group %d effective %d\n", getauxval(AT_SECURE), (int)getuid(),
           (int)geteuid(), (int)getgid(), (int)getegid());
    const char *preload = getenv("LD_PRELOAD");
    printf("LD_PRELOAD %s\n", preload ? "set" : "not set");
    bool zeros = true;
    for (size_t i = 0; i < sizeof large; i++)
        zeros &= large[i] == 0;
    printf("bss is zero: %d, constructed: %d, indirect: %d\n", zeros, constructed, indirect());
#ifndef MUSL // whose sbrk refuses
    // The heap begins behind the program and does not run into anything.
    char *heap = sbrk(0);
    printf("brk: %d %d\n", sbrk(1 << 20) == heap, heap > (char *)0x1000);
    memset(heap, 1, 1 << 20);
#endif
}

static void plugin(void) {
#ifndef STATIC
    void *library = dlopen("/opt/plugin.so", RTLD_NOW);
    if (!library) {
        printf("dlopen: no\n");
        return;
    }
    int (*function)(int) = (int (*)(int))dlsym(library, "plugin_function");
    printf("plugin: %d\n", function ? function(20) : -1);
    printf("no symbol: %d\n", dlsym(library, "no_such_symbol") == NULL);
    printf("dlclose: %d\n", dlclose(library));
    printf("no library: %d\n", dlopen("/opt/no-such.so", RTLD_NOW) == NULL);
    Dl_info information;
    printf("dladdr: %d\n", dladdr((void *)who_am_i, &information) != 0);
#endif
}

/// plugin.c calls it.
int program_function(int value) {
    return value * 2 + thread_local_value;
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(at_end);
    vectors(count, arguments);
    printf("I am %s\n", who_am_i());
    dl_iterate_phdr(show_library, NULL);
    volatile double angle = 1;
    printf("sin %.6f, errno %d\n", sin(angle), errno);
    threads();
    plugin();
    signals();
    return 3;
}
