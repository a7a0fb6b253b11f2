// SPDX-License-Identifier: Apache-2.0
//
// Signals: handlers, masks, restarts, alternate stacks, the FPU state, siginfo, timers.
#define _GNU_SOURCE
#include "expect.h"
#include <fenv.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t count;
static volatile sig_atomic_t last_code;
static volatile sig_atomic_t last_value;
static volatile sig_atomic_t on_stack;
static char *alternate;

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    char here;
    count++;
    last_code = info->si_code;
    last_value = info->si_value.sival_int;
    on_stack = alternate && &here >= alternate && &here < alternate + 65536;
}

static void handle(int signal, int flags) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static void sending(void) {
    handle(SIGUSR1, 0);
    SHOW(raise(SIGUSR1));
    SHOW(count);
    SHOW(last_code);
    SHOW(kill(getpid(), SIGUSR1));
    SHOW(last_code);
    SHOW(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}));
    SHOW(last_value);
    SHOW(kill(getpid(), 0));
    SHOW(sigqueue(getpid(), 0, (union sigval){0}));
    SHOW(sigqueue(getpid(), 65, (union sigval){0}));
    SHOW(sigqueue(999999, 0, (union sigval){0}));
    SHOW(kill(999999, SIGTERM));
    SHOW(kill(getpid(), 65));
    SHOW(kill(-999999, 0));
    struct sigaction action;
    SHOW(sigaction(SIGKILL, NULL, &action));
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(sigaction(65, NULL, &action));
    handle(SIGUSR2, SA_RESETHAND);
    raise(SIGUSR2);
    sigaction(SIGUSR2, NULL, &action);
    HOLDS(action.sa_handler == SIG_DFL);
    HOLDS(action.sa_flags & SA_SIGINFO);
    HOLDS(action.sa_flags & SA_RESETHAND);
}

static void masks(void) {
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    handle(SIGRTMIN, 0);
    SHOW(sigprocmask(SIG_BLOCK, &set, &old));
    count = 0;
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1});
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 2});
    SHOW(count);
    SHOW(sigpending(&pending));
    HOLDS(sigismember(&pending, SIGUSR1));
    HOLDS(sigismember(&pending, SIGUSR2));
    SHOW(sigprocmask(SIG_SETMASK, &old, NULL));
    SHOW(count);
    SHOW(last_value);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
    siginfo_t info;
    HOLDS(sigwaitinfo(&set, &info) == SIGRTMIN);
    SHOW(info.si_value.sival_int);
    SHOW(sigtimedwait(&set, &info, &(struct timespec){.tv_nsec = 1000000}));
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    count = 0;
    SHOW(sigsuspend(&old));
    SHOW(count);
    sigprocmask(SIG_SETMASK, NULL, &pending);
    HOLDS(sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    waitpid(child, NULL, 0);
    // Ignoring drops what waits.
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    handle(SIGUSR1, 0);
    count = 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    SHOW(count);
}

/// A child that signals us after a while, then writes to the pipe.
static pid_t disturber(int descriptor, int signal) {
    pid_t child = fork();
    if (child == 0) {
        usleep(40000);
        kill(getppid(), signal);
        usleep(40000);
        if (write(descriptor, "x", 1) != 1)
            _exit(1);
        _exit(0);
    }
    return child;
}

static void interruptions(void) {
    int pipes[2];
    char byte;
    if (pipe(pipes))
        return;
    count = 0;
    handle(SIGUSR1, SA_RESTART);
    pid_t child = disturber(pipes[1], SIGUSR1);
    SHOW(read(pipes[0], &byte, 1));
    waitpid(child, NULL, 0);
    SHOW(count);
    handle(SIGUSR1, 0);
    child = disturber(pipes[1], SIGUSR1);
    SHOW(read(pipes[0], &byte, 1));
    SHOW(count);
    waitpid(child, NULL, 0);
    SHOW(read(pipes[0], &byte, 1));
    // poll never restarts.
    handle(SIGUSR1, SA_RESTART);
    child = disturber(pipes[1], SIGUSR1);
    struct pollfd poller = {.fd = pipes[0], .events = POLLIN};
    SHOW(poll(&poller, 1, 5000));
    SHOW(poll(&poller, 1, 5000));
    SHOW(poller.revents);
    waitpid(child, NULL, 0);
    child = disturber(pipes[1], SIGUSR1);
    struct timespec left, request = {.tv_sec = 2};
    SHOW(nanosleep(&request, &left));
    HOLDS(left.tv_sec == 1 && left.tv_nsec > 500000000);
    waitpid(child, NULL, 0);
    // An ignored signal interrupts nothing.
    signal(SIGUSR1, SIG_IGN);
    read(pipes[0], &byte, 1);
    read(pipes[0], &byte, 1);
    child = disturber(pipes[1], SIGUSR1);
    SHOW(read(pipes[0], &byte, 1));
    waitpid(child, NULL, 0);
    handle(SIGPIPE, 0);
    close(pipes[0]);
    count = 0;
    SHOW(write(pipes[1], "y", 1));
    SHOW(count);
}

static void stacks(void) {
    alternate = malloc(65536);
    stack_t stack = {.ss_sp = alternate, .ss_size = 65536}, old;
    SHOW(sigaltstack(&stack, NULL));
    handle(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    SHOW(on_stack);
    handle(SIGUSR1, 0);
    raise(SIGUSR1);
    SHOW(on_stack);
    stack.ss_size = 100;
    SHOW(sigaltstack(&stack, &old));
    stack.ss_flags = SS_DISABLE;
    SHOW(sigaltstack(&stack, &old));
    HOLDS(old.ss_sp == alternate && old.ss_size == 65536);
    SHOW(sigaltstack(NULL, &old));
    SHOW(old.ss_flags);
}

static void on_alarm(int signal) {
    (void)signal;
    // Clobbers every vector register that the interrupted computation may use.
    double clobber[16];
    for (int i = 0; i < 16; i++)
        clobber[i] = i * 1.5 + count;
#if defined(__x86_64__)
    __asm__ volatile(
        "movups (%0), %%xmm0\n movups 16(%0), %%xmm1\n movups 32(%0), %%xmm2\n movups 48(%0), %%xmm3\n"
        "movups 64(%0), %%xmm4\n movups 80(%0), %%xmm5\n movups 96(%0), %%xmm6\n movups 112(%0), %%xmm7\n"
        "pxor %%xmm8, %%xmm8\n pxor %%xmm9, %%xmm9\n fldpi\n fstp %%st(0)\n"
        :
        : "r"(clobber)
        : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9");
#elif defined(__aarch64__)
    __asm__ volatile(
        "ldp q0, q1, [%0]\n ldp q2, q3, [%0, #32]\n ldp q4, q5, [%0, #64]\n ldp q6, q7, [%0, #96]\n"
        "movi v8.16b, #0\n movi v9.16b, #0\n movi v16.16b, #0\n movi v31.16b, #0"
        :
        : "r"(clobber)
        : "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v16", "v31");
#elif defined(__riscv)
    __asm__ volatile(
        "fld f0, 0(%0)\n fld f1, 8(%0)\n fld f2, 16(%0)\n fld f3, 24(%0)\n fld f8, 32(%0)\n"
        "fld f9, 40(%0)\n fld f10, 48(%0)\n fld f11, 56(%0)\n fmv.d.x f18, zero\n fmv.d.x f31, zero"
        :
        : "r"(clobber)
        : "memory", "f0", "f1", "f2", "f3", "f8", "f9", "f10", "f11", "f18", "f31");
#endif
    fesetround(FE_TOWARDZERO);
    count++;
}

// Instructions that raise signals. What one processor has no instruction for is raised by a call there.
#if defined(__x86_64__)
#define UNDEFINED "ud2"
#define BREAKPOINT "int3"
#elif defined(__aarch64__)
#define UNDEFINED "udf #0"
#define BREAKPOINT "brk #0"
#elif defined(__riscv)
#define UNDEFINED "unimp"
#define BREAKPOINT "ebreak"
#endif

static void divide_by_zero(void) {
#if defined(__x86_64__)
    volatile int zero = 0;
    volatile int quotient = 100 / zero;
    _exit(quotient);
#else
    raise(SIGFPE);
#endif
}

/// An instruction of the operating system's: SIGSEGV on x86_64, undefined elsewhere.
static void use_privilege(void) {
#if defined(__x86_64__)
    __asm__ volatile("hlt");
#else
    *(volatile int *)8 = 1;
#endif
}

static double compute(long rounds) {
    double sum = 0, factor = 1.0000001;
    for (long i = 1; i < rounds; i++) {
        sum += 1.0 / (double)i * factor;
        factor = factor * 1.0000000001 - 1e-11;
    }
    return sum;
}

/// A timer interrupts a computation at arbitrary instructions: it must come to the same result.
static void floating_point(void) {
    double quiet = compute(3000000);
    long double quiet_long = 0;
    for (int i = 1; i < 300000; i++)
        quiet_long += 1.0L / i;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    count = 0;
    struct itimerval timer = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000};
    SHOW(setitimer(ITIMER_REAL, &timer, NULL));
    int same = 0, tries = 0;
    while (count < 20 && tries < 2000) {
        same += compute(3000000) == quiet;
        long double sum = 0;
        for (int i = 1; i < 300000; i++)
            sum += 1.0L / i;
        same += sum == quiet_long;
        tries++;
    }
    timer = (struct itimerval){0};
    SHOW(setitimer(ITIMER_REAL, &timer, NULL));
    HOLDS(count >= 20);
    HOLDS(same == 2 * tries);
    HOLDS(fegetround() == FE_TONEAREST);
}

static void children(void) {
    handle(SIGCHLD, 0);
    count = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(9);
    int status;
    while (waitpid(child, &status, 0) == -1)
        continue;
    SHOW(count);
    SHOW(last_code);
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (child == 0)
        _exit(1);
    SHOW(waitpid(child, &status, 0));
    signal(SIGCHLD, SIG_DFL);
    int numbers[] = {SIGTERM, SIGSEGV, SIGABRT, SIGUSR1, SIGRTMIN, SIGKILL, SIGALRM};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        child = fork();
        if (child == 0) {
            signal(numbers[i], SIG_DFL);
            kill(getpid(), numbers[i]);
            _exit(99);
        }
        waitpid(child, &status, 0);
        SHOW(status & 0x7f);
    }
    child = fork();
    if (child == 0) {
        signal(SIGFPE, SIG_DFL);
        divide_by_zero();
    }
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
    child = fork();
    if (child == 0)
        __asm__ volatile(UNDEFINED);
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
    child = fork();
    if (child == 0)
        __asm__ volatile(BREAKPOINT);
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
    child = fork();
    if (child == 0)
        use_privilege();
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
}

static void timers(void) {
    handle(SIGALRM, 0);
    count = 0;
    SHOW(alarm(100));
    SHOW(alarm(1));
    SHOW(pause());
    SHOW(count);
    SHOW(alarm(0));
    struct itimerval timer = {.it_value.tv_usec = 30000}, old;
    SHOW(setitimer(ITIMER_REAL, &timer, NULL));
    SHOW(getitimer(ITIMER_REAL, &old));
    HOLDS(old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 30000);
    pause();
    SHOW(count);
    SHOW(getitimer(ITIMER_REAL, &old));
    SHOW(old.it_value.tv_usec);
    SHOW(setitimer(77, &timer, NULL));
}

/// A timer interrupts forks, and what the handler does must show in neither process.
static void forking(void) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = {.it_interval.tv_usec = 4000, .it_value.tv_usec = 4000};
    struct itimerval none = {0};
    count = 0;
    int good = 0, forks = 0;
    SHOW(setitimer(ITIMER_REAL, &timer, NULL));
    while ((forks < 100 || count < 50) && forks < 20000) {
        double before = compute(100);
        pid_t child = fork();
        if (child == 0) {
            // Timers are not inherited.
            _exit(compute(100) == before ? forks % 50 + 1 : 0);
        }
        int status = 0;
        while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
        }
        good += WIFEXITED(status) && WEXITSTATUS(status) == forks % 50 + 1 && compute(100) == before;
        forks++;
    }
    setitimer(ITIMER_REAL, &none, NULL);
    HOLDS(count >= 50);
    HOLDS(good == forks);
    // An exit signal that is none: the parent learns of the child's end all the same.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    pid_t child = (pid_t)syscall(SYS_clone, 200, 0, 0, 0, 0);
    if (child == 0)
        _exit(3);
    int status = 0;
    HOLDS(waitpid(child, &status, __WALL) == child);
    SHOW(WEXITSTATUS(status));
    sigprocmask(SIG_UNBLOCK, &all, NULL);
}

int main(void) {
    sending();
    masks();
    interruptions();
    stacks();
    floating_point();
    children();
    forking();
    timers();
    return 0;
}
