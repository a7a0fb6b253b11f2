// SPDX-License-Identifier: Apache-2.0
//
// Signals, waiting and the standard streams of the host.
#include "host.h"
#include "clock.h"
#include "devices/devices.h"
#include "kernel.h"
#include "stub.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000UL

/** Bytes of standard input read ahead of the serial port. */
#define INPUT_SIZE 4096

static timer_t timer;
static uint64_t timer_armed = UINT64_MAX; /* tick for which the host's timer is set */
static volatile sig_atomic_t has_event;
static volatile sig_atomic_t running;
static pthread_t main_thread;

/** A signal: stops the stub that runs, so that the main loop can look at what has happened. */
static void on_signal(int signal) {
    int saved_errno = errno;
    if (signal == SIGALRM)
        timer_armed = UINT64_MAX;
    has_event = 1;
    if (running)
        ptrace(PTRACE_INTERRUPT, running, NULL, NULL);
    errno = saved_errno;
}

static void on_termination(int signal) {
    (void)signal;
    stub_destroy_all();
    _exit(128 + signal);
}

// One CPU.

/** How often it is looked whether others want the CPU, and what part of that time may be lost to them. */
#define BALANCE_NS 500000000UL
#define BALANCE_LOSS_NS (BALANCE_NS / 4)

static cpu_set_t allowed_cpus;
static int cpu = -1;

static void choose_cpu(void) {
    if (sched_getaffinity(0, sizeof allowed_cpus, &allowed_cpus) < 0)
        return;
    cpu = sched_getcpu();
    host_move_here(0);
}

int host_cpu(void) {
    return cpu;
}

void host_move_here(pid_t process) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(process, sizeof set, &set) < 0)
        cpu = -1;
}

/** Nanoseconds a process has been ready to run but has not run; 0 if the host does not tell. */
static uint64_t waited_ns(pid_t process) {
    char path[64];
    unsigned long long ran, waited;
    snprintf(path, sizeof path, "/proc/%d/schedstat", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int fields = fscanf(file, "%llu %llu", &ran, &waited);
    fclose(file);
    return fields == 2 ? waited : 0;
}

void host_balance(pid_t stub) {
    static uint64_t next_look, last_waited;
    static pid_t last_stub;
    uint64_t now = time_now();
    if (cpu < 0 || now < next_look || CPU_COUNT(&allowed_cpus) < 2)
        return;
    next_look = time_after(now, BALANCE_NS);
    uint64_t waited = waited_ns(stub);
    bool is_contended = stub == last_stub && waited - last_waited > BALANCE_LOSS_NS;
    last_stub = stub;
    last_waited = waited;
    if (!is_contended)
        return;
    do
        cpu = (cpu + 1) % CPU_SETSIZE;
    while (!CPU_ISSET(cpu, &allowed_cpus));
    host_move_here(0);
}

void host_initialise(void) {
    main_thread = pthread_self();
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_termination;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    choose_cpu();
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
        fail(71, "cannot create a timer: %s", strerror(errno));
}

void host_exit(int status) {
    serial_flush();
    stub_destroy_all();
    _exit(status);
}

/** Only an earlier time than the one set needs the host: when the timer goes off too early it is set again.
 */
void host_timer_set(uint64_t ticks) {
    if (ticks >= timer_armed || ticks == UINT64_MAX)
        return;
    uint64_t ns = time_nanoseconds_until(ticks);
    if (ns == 0) {
        has_event = 1;
        return;
    }
    timer_armed = ticks;
    struct itimerspec setting = {.it_value = {ns / NS_PER_SECOND, ns % NS_PER_SECOND}};
    timer_settime(timer, 0, &setting, NULL);
}

void host_set_running(pid_t stub) {
    running = stub;
}
bool host_has_event(void) {
    return has_event;
}

bool host_take_event(void) {
    bool result = has_event;
    has_event = 0;
    return result;
}

void host_sleep_until(uint64_t ticks) {
    sigset_t blocked, previous;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, &previous);
    if (!has_event) {
        uint64_t ns = ticks == UINT64_MAX ? 0 : time_nanoseconds_until(ticks);
        struct timespec timeout = {ns / NS_PER_SECOND, ns % NS_PER_SECOND};
        ppoll(NULL, 0, ticks == UINT64_MAX ? NULL : &timeout, &previous);
    }
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    has_event = 1;
}

void host_wait_writable(int descriptor) {
    struct pollfd poll_descriptor = {.fd = descriptor, .events = POLLOUT};
    poll(&poll_descriptor, 1, -1);
}

// Standard input is read by a thread of its own, so that waiting for it holds nothing up.

static struct {
    pthread_mutex_t lock;
    pthread_cond_t has_room;
    unsigned char bytes[INPUT_SIZE];
    unsigned head, count;
    bool is_started;
    atomic_bool is_closed;
    atomic_uint available;
} input = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_room = PTHREAD_COND_INITIALIZER};

static void *read_input(void *unused) {
    (void)unused;
    sched_setaffinity(0, sizeof allowed_cpus, &allowed_cpus);
    for (;;) {
        unsigned char chunk[512];
        ssize_t length = read(STDIN_FILENO, chunk, sizeof chunk);
        if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
            struct pollfd poll_descriptor = {.fd = STDIN_FILENO, .events = POLLIN};
            poll(&poll_descriptor, 1, -1);
            continue;
        }
        if (length <= 0)
            break;
        pthread_mutex_lock(&input.lock);
        for (ssize_t i = 0; i < length; i++) {
            while (input.count == INPUT_SIZE) {
                pthread_kill(main_thread, SIGUSR1);
                pthread_cond_wait(&input.has_room, &input.lock);
            }
            input.bytes[(input.head + input.count++) % INPUT_SIZE] = chunk[i];
        }
        input.available = input.count;
        pthread_mutex_unlock(&input.lock);
        pthread_kill(main_thread, SIGUSR1);
    }
    input.is_closed = true;
    pthread_kill(main_thread, SIGUSR1);
    return NULL;
}

void host_input_start(void) {
    if (input.is_started)
        return;
    input.is_started = true;
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &previous);
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_input, NULL) != 0)
        input.is_closed = true;
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
}

bool host_input_take(uint8_t *byte) {
    if (input.available == 0)
        return false;
    pthread_mutex_lock(&input.lock);
    *byte = input.bytes[input.head];
    input.head = (input.head + 1) % INPUT_SIZE;
    input.available = --input.count;
    pthread_cond_signal(&input.has_room);
    pthread_mutex_unlock(&input.lock);
    return true;
}

bool host_input_is_open(void) {
    return !input.is_closed || input.available > 0;
}
