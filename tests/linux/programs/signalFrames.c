// SPDX-License-Identifier: Apache-2.0
//
// What handlers find in their frames, and frames that are not what they should be: faults, alternate stacks,
// nesting, stacks without room, hostile returns.
#define _GNU_SOURCE
#include "expect.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static sigjmp_buf back;
static volatile sig_atomic_t last_signal, last_code;
static void *volatile last_address;
static volatile bool context_agrees;
static char *volatile expected;

/// Whether the registers of a frame tell of a page fault at `address`.
static bool tells_fault(const ucontext_t *context, uintptr_t address, bool is_write) {
#if defined(__x86_64__)
    const greg_t *registers = context->uc_mcontext.gregs;
    return registers[REG_TRAPNO] == 14 && (uintptr_t)registers[REG_CR2] == address &&
           ((registers[REG_ERR] & 2) != 0) == is_write && (registers[REG_ERR] & 4) != 0;
#elif defined(__aarch64__)
    (void)is_write;
    return context->uc_mcontext.fault_address == address;
#else
    (void)context;
    (void)address;
    (void)is_write;
    return true;
#endif
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    last_signal = signal;
    last_code = info->si_code;
    last_address = info->si_addr;
    context_agrees = tells_fault(context, (uintptr_t)expected, true);
    siglongjmp(back, 1);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

/// Writes to an address that faults.
static void touch(const char *what, char *address) {
    expected = address;
    last_signal = 0;
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)address = 1;
    printf("%s: signal %d, code %d, address %s, context %s\n", what, last_signal, last_code,
           last_address == address ? "right" : "wrong", context_agrees ? "agrees" : "differs");
}

static void faults(void) {
    handle(SIGSEGV, on_fault, 0);
    handle(SIGBUS, on_fault, 0);
    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    touch("read-only page", page + 5);
    touch("page that was read", page + (page[0] == 0 ? 7 : 9));
    mprotect(page, 4096, PROT_NONE);
    touch("PROT_NONE", page + 12);
    munmap(page, 4096);
    touch("no mapping", page + 16);
    touch("null", (char *)8);
    FILE *file = tmpfile();
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    touch("beyond the file", mapped + 100);
    munmap(mapped, 4096);
    fclose(file);
}

static volatile int order;
static void *volatile stack_seen[3];

static void on_nested(int signal, siginfo_t *info, void *context) {
    (void)info;
    (void)context;
    char here;
    stack_seen[order] = &here;
    printf("handler of %s begins\n", signal == SIGUSR1 ? "SIGUSR1" : "SIGUSR2");
    order++;
    if (signal == SIGUSR1) {
        raise(SIGUSR2);
        sigset_t mask;
        sigprocmask(SIG_BLOCK, NULL, &mask);
        printf("SIGUSR1 %d, SIGUSR2 %d, SIGHUP %d are blocked\n", sigismember(&mask, SIGUSR1),
               sigismember(&mask, SIGUSR2), sigismember(&mask, SIGHUP));
    }
    printf("handler of %s ends\n", signal == SIGUSR1 ? "SIGUSR1" : "SIGUSR2");
}

static bool within(const void *address, const char *start, size_t size) {
    return (const char *)address >= start && (const char *)address < start + size;
}

static void stacks(void) {
    static char memory[65536] __attribute__((aligned(16)));
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    stack_t old;
    SHOW(sigaltstack(NULL, &old));
    SHOW(old.ss_flags);
    SHOW(sigaltstack(&stack, NULL));
    struct sigaction action = {.sa_sigaction = on_nested, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR1);
    HOLDS(within(stack_seen[0], memory, sizeof memory));
    HOLDS(within(stack_seen[1], memory, sizeof memory) && stack_seen[1] < stack_seen[0]);

    // Disarmed while the handler runs: the nested one is on the same stack, which is where both are.
    stack.ss_flags = (int)SS_AUTODISARM;
    SHOW(sigaltstack(&stack, &old));
    SHOW(old.ss_flags);
    order = 0;
    raise(SIGUSR1);
    HOLDS(within(stack_seen[0], memory, sizeof memory));
    HOLDS(within(stack_seen[1], memory, sizeof memory));
    SHOW(sigaltstack(NULL, &old));
    HOLDS((unsigned)old.ss_flags == SS_AUTODISARM && old.ss_sp == memory);
    stack.ss_flags = 5;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = 0;
    stack.ss_size = 16;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = SS_DISABLE;
    SHOW(sigaltstack(&stack, NULL));
    SHOW(sigaltstack(NULL, &old));
    SHOW(old.ss_flags);
    HOLDS(old.ss_sp == NULL && old.ss_size == 0);
}

static void on_overflow(int signal) {
    static const char text[] = "SIGSEGV on the alternate stack\n";
    (void)signal;
    if (write(1, text, sizeof text - 1) < 0)
        _exit(2);
    _exit(3);
}

/// A handler that has no stack to run on is a fault; one for that, on a stack of its own, can say so.
static void without_room(bool handled) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static char memory[65536];
        stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
        sigaltstack(&stack, NULL);
        struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
        if (handled)
            sigaction(SIGSEGV, &action, NULL);
        else
            signal(SIGSEGV, SIG_DFL);
        signal(SIGUSR1, on_overflow);
        pid_t self = getpid();
#if defined(__x86_64__)
        __asm__ volatile("mov %%rsp, %%rbx\n xor %%esp, %%esp\n syscall\n mov %%rbx, %%rsp"
                         :
                         : "a"(62), "D"(self), "S"(SIGUSR1)
                         : "rbx", "rcx", "r11", "memory");
#elif defined(__aarch64__)
        register long x8 __asm__("x8") = 129;
        register long x0 __asm__("x0") = self;
        register long x1 __asm__("x1") = SIGUSR1;
        __asm__ volatile("mov x19, sp\n mov x9, #0\n mov sp, x9\n svc #0\n mov sp, x19"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1)
                         : "x9", "x19", "memory");
#else
        register long a7 __asm__("a7") = 129;
        register long a0 __asm__("a0") = self;
        register long a1 __asm__("a1") = SIGUSR1;
        __asm__ volatile("mv s2, sp\n li sp, 0\n ecall\n mv sp, s2"
                         : "+r"(a0)
                         : "r"(a7), "r"(a1)
                         : "s2", "memory");
#endif
        _exit(4);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("%s: signal %d, code %d\n", handled ? "handled" : "not handled", WTERMSIG(status),
           WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void on_spoil(int signal, siginfo_t *info, void *context_) {
    (void)signal;
    (void)info;
    ucontext_t *context = context_;
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RIP] = 0x10;
    context->uc_mcontext.gregs[REG_EFL] = 0x3000 | 0x200;
    context->uc_mcontext.gregs[REG_RSP] = 0x20;
#elif defined(__aarch64__)
    context->uc_mcontext.pc = 0x10;
    context->uc_mcontext.sp = 0x20;
#else
    context->uc_mcontext.__gregs[REG_PC] = 0x10;
    context->uc_mcontext.__gregs[REG_SP] = 0x20;
#endif
}

static void spoilt(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        handle(SIGUSR1, on_spoil, 0);
        raise(SIGUSR1);
        _exit(4);
    }
    int status = 0;
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
}

static void on_kill_order(int signal) {
    printf("%s ", strsignal(signal));
}

/// Pending signals come by number, whatever the order in which they were sent; real-time ones last, each as
/// often as sent.
static void order_of_delivery(void) {
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    const int signals[] = {SIGRTMIN, SIGUSR2, SIGHUP, SIGTERM, SIGUSR1};
    struct sigaction action = {.sa_handler = on_kill_order};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < 5; i++) {
        sigaction(signals[i], &action, NULL);
        raise(signals[i]);
        raise(signals[i]);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("\n");
}

static void on_arithmetic(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    last_code = info->si_code;
    siglongjmp(back, 1);
}

/// The si_code of an operation on floating-point numbers that raises `exception`.
static int code_of(int exception, double left, double right, bool is_long) {
    last_code = 0;
    if (sigsetjmp(back, 1) == 0) {
        feclearexcept(FE_ALL_EXCEPT);
        feenableexcept(exception);
        if (is_long) {
            volatile long double one = left, other = right;
            one = exception == FE_INVALID     ? one - other
                  : exception == FE_DIVBYZERO ? one / other
                                              : one * other;
            one = one + 1; // the x87 raises at the next of its instructions
        } else {
            volatile double one = left, other = right;
            one = exception == FE_INVALID     ? one - other
                  : exception == FE_DIVBYZERO ? one / other
                                              : one * other;
        }
    }
    fedisableexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    return last_code;
}

static volatile int rounding_seen;

static void on_rounding(int signal) {
    (void)signal;
    rounding_seen = fegetround();
}

/// Whether this is QEMU's emulation, which sets the flags of SSE's exceptions and raises none of them, under
/// Linux neither.
static bool is_emulated(void) {
#if defined(__x86_64__)
    unsigned leaf, signature[3];
    __cpuid(0x40000000, leaf, signature[0], signature[1], signature[2]);
    return memcmp(signature, "TCGTCGTCGTCG", sizeof signature) == 0;
#else
    return false;
#endif
}

/// Arithmetic exceptions where the processor can trap them: the others count as right.
static void arithmetic(void) {
    handle(SIGFPE, on_arithmetic, 0);
    const bool traps = feenableexcept(FE_DIVBYZERO) != -1;
    fedisableexcept(FE_ALL_EXCEPT);
    const bool sse_traps = traps && !is_emulated();
    const double infinite = __builtin_inf();
    for (int is_long = 0; is_long < 2; is_long++) {
        const bool is_raised = is_long ? traps : sse_traps;
        HOLDS(!is_raised || code_of(FE_DIVBYZERO, 1, 0, is_long) == FPE_FLTDIV);
        HOLDS(!is_raised || code_of(FE_INVALID, infinite, infinite, is_long) == FPE_FLTINV);
    }
    HOLDS(!sse_traps || code_of(FE_OVERFLOW, 1e300, 1e300, false) == FPE_FLTOVF);
    HOLDS(!sse_traps || code_of(FE_UNDERFLOW, 1e-300, 1e-300, false) == FPE_FLTUND);
    HOLDS(!sse_traps || code_of(FE_INEXACT, 0.1, 0.1, false) == FPE_FLTRES);
    // A handler starts with the rounding of a new program on x86_64, and with that of the program elsewhere.
    signal(SIGUSR1, on_rounding);
    fesetround(FE_UPWARD);
    raise(SIGUSR1);
#if defined(__x86_64__)
    const int expected_rounding = FE_TONEAREST;
#else
    const int expected_rounding = FE_UPWARD;
#endif
    HOLDS(rounding_seen == expected_rounding);
    HOLDS(fegetround() == FE_UPWARD);
    fesetround(FE_TONEAREST);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    faults();
    stacks();
    without_room(true);
    without_room(false);
    spoilt();
    order_of_delivery();
    arithmetic();
    return 0;
}
