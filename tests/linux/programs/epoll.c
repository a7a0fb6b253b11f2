// SPDX-License-Identifier: Apache-2.0
//
// epoll: which combinations are refused, level and edge triggering, EPOLLONESHOT, EPOLLEXCLUSIVE, nested
// sets, descriptors that are closed while they are watched, order, and signals.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static int set;

static int control(int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, descriptor, &event);
}

#define ADD(descriptor, events, data) control(EPOLL_CTL_ADD, descriptor, events, data)
#define MOD(descriptor, events, data) control(EPOLL_CTL_MOD, descriptor, events, data)
#define DEL(descriptor) control(EPOLL_CTL_DEL, descriptor, 0, 0)

static void showSet(const char *name, int which, int maximum) {
    struct epoll_event events[256];
    int count = epoll_wait(which, events, maximum, 0);
    printf("%s:", name);
    if (count < 0)
        printf(" %s", strerrorname_np(errno));
    for (int i = 0; i < count; i++)
        printf(" %x(%d)", events[i].events, (int)events[i].data.u64);
    printf("\n");
}

#define EVENTS(name) showSet(name, set, 256)

static void drain(int descriptor) {
    char bytes[65536];
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    while (read(descriptor, bytes, sizeof bytes) > 0)
        ;
}

/// As the kernel takes it: with addresses and counts that the C library's declarations forbid.
static long waitRaw(int which, long events, int maximum) {
    return syscall(SYS_epoll_pwait, which, events, maximum, 0, NULL, 8);
}

static void refusals(void) {
    int ends[2], file = open("/proc/self/exe", O_RDONLY), folder = open("/", O_RDONLY | O_DIRECTORY);
    int path = open("/", O_PATH);
    SHOW(pipe(ends));
    SHOW(epoll_create(0));
    SHOW(epoll_create(-1));
    SHOW(epoll_create1(1));
    set = epoll_create1(EPOLL_CLOEXEC);
    SHOW(fcntl(set, F_GETFD));
    SHOW(ADD(file, EPOLLIN, 1));
    SHOW(ADD(folder, EPOLLIN, 1));
    SHOW(ADD(path, EPOLLIN, 1));
    SHOW(ADD(-1, EPOLLIN, 1));
    SHOW(ADD(set, EPOLLIN, 1));
    SHOW(ADD(ends[0], EPOLLIN, 1));
    SHOW(ADD(ends[0], EPOLLIN, 1));
    SHOW(MOD(ends[1], EPOLLIN, 1));
    SHOW(DEL(ends[1]));
    SHOW(control(9, ends[0], EPOLLIN, 1));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], NULL));
    SHOW(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
    SHOW(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], (struct epoll_event[1]){}));
    SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, ends[1], (struct epoll_event[1]){}));
    SHOW(ADD(ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET | EPOLLWAKEUP, 1));
    SHOW(MOD(ends[0], EPOLLIN, 1));
    SHOW(MOD(ends[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
    SHOW(DEL(ends[0]));
    SHOW(ADD(ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1));
    SHOW(ADD(ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP, 1));
    SHOW(ADD(ends[0], EPOLLIN, 1));
    SHOW(MOD(ends[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
    int other = epoll_create1(0);
    SHOW(ADD(other, EPOLLIN | EPOLLEXCLUSIVE, 1));
    struct epoll_event events[4];
    SHOW(waitRaw(set, (long)events, 0));
    SHOW(waitRaw(set, (long)events, -1));
    SHOW(waitRaw(set, (long)events, 0x7fffffff));
    SHOW(epoll_wait(ends[0], events, 4, 0));
    SHOW(epoll_wait(-1, events, 4, 0));
    SHOW(write(ends[1], "x", 1));
    SHOW(waitRaw(set, 1, 4));
    EVENTS("after the failure");
    sigset_t signals;
    sigemptyset(&signals);
    SHOW(epoll_pwait(set, events, 4, 0, &signals));
    SHOW(epoll_pwait2(set, events, 4, &(struct timespec){0, 1000000000}, NULL));
    SHOW(epoll_pwait2(set, events, 4, &(struct timespec){-1, 0}, NULL));
    SHOW(epoll_pwait2(set, events, 4, &(struct timespec){0, 1}, NULL));
    SHOW(read(set, events, 8));
    SHOW(write(set, events, 8));
    close(set);
    close(other);
    close(ends[0]);
    close(ends[1]);
    close(file);
    close(folder);
    close(path);
}

static void triggering(void) {
    int ends[2];
    printf("-- level\n");
    SHOW(pipe2(ends, O_NONBLOCK));
    set = epoll_create1(0);
    SHOW(ADD(ends[0], EPOLLIN, 1));
    SHOW(ADD(ends[1], EPOLLOUT, 2));
    EVENTS("empty pipe");
    SHOW(write(ends[1], "abc", 3));
    EVENTS("written");
    EVENTS("again");
    drain(ends[0]);
    EVENTS("read");
    SHOW(MOD(ends[1], 0, 2));
    EVENTS("nothing wanted");
    SHOW(write(ends[1], "abc", 3));
    SHOW(MOD(ends[0], EPOLLOUT, 3));
    EVENTS("wrong direction");
    SHOW(MOD(ends[0], EPOLLIN, 4));
    EVENTS("modified");
    close(ends[1]);
    EVENTS("writer closed");
    drain(ends[0]);
    EVENTS("hung up");
    SHOW(MOD(ends[0], 0, 5));
    EVENTS("still hung up");
    close(ends[0]);
    EVENTS("closed");

    printf("-- edge\n");
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(ADD(ends[0], EPOLLIN | EPOLLET, 1));
    EVENTS("empty");
    SHOW(write(ends[1], "abc", 3));
    EVENTS("written");
    EVENTS("again");
    SHOW(write(ends[1], "abc", 3));
    EVENTS("written more");
    char byte;
    SHOW(read(ends[0], &byte, 1));
    EVENTS("partly read");
    SHOW(MOD(ends[0], EPOLLIN | EPOLLET, 2));
    EVENTS("modified");
    drain(ends[0]);
    SHOW(write(ends[1], "abc", 3));
    drain(ends[0]);
    EVENTS("written and read");
    SHOW(ADD(ends[1], EPOLLOUT | EPOLLET, 3));
    EVENTS("writer added");
    EVENTS("again");
    close(ends[1]);
    EVENTS("writer closed");
    EVENTS("again");
    close(ends[0]);

    printf("-- once\n");
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(ADD(ends[0], EPOLLIN | EPOLLONESHOT, 1));
    SHOW(write(ends[1], "abc", 3));
    EVENTS("written");
    EVENTS("again");
    SHOW(write(ends[1], "abc", 3));
    EVENTS("written more");
    SHOW(MOD(ends[0], EPOLLIN | EPOLLONESHOT, 2));
    EVENTS("modified");
    close(ends[1]);
    EVENTS("writer closed");
    close(ends[0]);

    printf("-- a counter\n");
    int counter = eventfd(0, EFD_NONBLOCK);
    SHOW(ADD(counter, EPOLLIN | EPOLLOUT | EPOLLET, 1));
    EVENTS("new");
    EVENTS("again");
    eventfd_t value = 1;
    SHOW(eventfd_write(counter, 1));
    EVENTS("written");
    SHOW(eventfd_read(counter, &value));
    EVENTS("read");
    SHOW(eventfd_write(counter, UINT64_MAX - 1));
    EVENTS("full");
    close(counter);
    close(set);
}

static void sockets(void) {
    printf("-- sockets\n");
    int ends[2];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
    set = epoll_create1(0);
    SHOW(ADD(ends[0], EPOLLIN | EPOLLRDHUP | EPOLLET, 1));
    EVENTS("idle");
    SHOW(write(ends[1], "x", 1));
    EVENTS("written");
    SHOW(shutdown(ends[1], SHUT_WR));
    EVENTS("shut");
    EVENTS("again");
    close(ends[1]);
    EVENTS("closed");
    close(ends[0]);
    close(set);
}

/// Sends until there is no room, without asking for readiness: the edge comes when the peer has made room.
static void roomEdge(int sender, int receiver) {
    static char bytes[65536];
    set = epoll_create1(0);
    SHOW(ADD(sender, EPOLLOUT | EPOLLET, 1));
    for (int i = 0; i < 3; i++) {
        EVENTS("room");
        EVENTS("again");
        while (write(sender, bytes, sizeof bytes) > 0)
            continue;
        HOLDS(errno == EAGAIN);
        drain(receiver);
    }
    EVENTS("room");
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    ftruncate(file, 64 << 20);
    HOLDS(sendfile(sender, file, NULL, 64 << 20) > 0);
    drain(receiver);
    EVENTS("room after a part of a file");
    close(file);
    close(set);
    close(sender);
    close(receiver);
}

static void roomEdges(void) {
    printf("-- edges of sockets that have room\n");
    int ends[2];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
    roomEdge(ends[0], ends[1]);
    SHOW(pipe2(ends, O_NONBLOCK));
    roomEdge(ends[1], ends[0]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(bind(listener, (struct sockaddr *)&address, length));
    SHOW(listen(listener, 1));
    SHOW(getsockname(listener, (struct sockaddr *)&address, &length));
    SHOW(connect(sender, (struct sockaddr *)&address, length));
    int receiver = accept(listener, NULL, NULL);
    fcntl(sender, F_SETFL, O_NONBLOCK);
    roomEdge(sender, receiver);
    close(listener);
}

static void identity(void) {
    printf("-- descriptors and descriptions\n");
    int ends[2];
    set = epoll_create1(0);
    SHOW(pipe(ends));
    int copy = dup(ends[0]);
    SHOW(ADD(ends[0], EPOLLIN, 1));
    SHOW(ADD(copy, EPOLLIN, 2));
    SHOW(write(ends[1], "x", 1));
    EVENTS("both");
    close(copy);
    EVENTS("copy closed, description open");
    SHOW(DEL(copy));
    int number = ends[0];
    int third = dup(ends[0]);
    close(ends[0]);
    EVENTS("first closed as well");
    SHOW(DEL(number));
    int ends2[2];
    SHOW(pipe(ends2));
    HOLDS(ends2[0] == number);
    SHOW(ADD(number, EPOLLIN, 3));
    SHOW(write(ends2[1], "x", 1));
    EVENTS("the number anew");
    close(third);
    EVENTS("the old description is gone");
    close(ends2[0]);
    EVENTS("all gone");
    close(ends[1]);
    close(ends2[1]);
    close(set);
}

static void nesting(void) {
    printf("-- nested\n");
    int ends[2];
    SHOW(pipe(ends));
    int inner = epoll_create1(0);
    set = inner;
    SHOW(ADD(ends[0], EPOLLIN, 1));
    int outer = epoll_create1(0);
    set = outer;
    SHOW(ADD(inner, EPOLLIN, 2));
    showSet("outer", outer, 4);
    SHOW(write(ends[1], "x", 1));
    showSet("outer", outer, 4);
    showSet("inner", inner, 4);
    showSet("outer", outer, 4);
    drain(ends[0]);
    showSet("outer", outer, 4);
    set = inner;
    SHOW(ADD(outer, EPOLLIN, 3));
    close(inner);
    close(outer);
    int chain[8];
    for (int i = 0; i < 8; i++)
        chain[i] = epoll_create1(0);
    for (int i = 0; i < 7; i++) {
        set = chain[i + 1];
        SHOW(ADD(chain[i], EPOLLIN, i));
    }
    set = chain[0];
    SHOW(ADD(ends[0], EPOLLIN, 9));
    SHOW(write(ends[1], "x", 1));
    showSet("fourth", chain[3], 4);
    for (int i = 0; i < 8; i++)
        close(chain[i]);
    for (int i = 0; i < 8; i++)
        chain[i] = epoll_create1(0);
    for (int i = 6; i >= 0; i--) {
        set = chain[i + 1];
        SHOW(ADD(chain[i], EPOLLIN, i));
    }
    for (int i = 0; i < 8; i++)
        close(chain[i]);
    close(ends[0]);
    close(ends[1]);
}

static void order(void) {
    printf("-- order\n");
    int counters[100];
    set = epoll_create1(0);
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < 100; i++) {
        counters[i] = eventfd(0, EFD_NONBLOCK);
        ADD(counters[i], EPOLLIN, i);
    }
    for (int i = 0; i < 6; i++)
        eventfd_write(counters[i * 7 % 10], 1);
    for (int i = 0; i < 3; i++)
        showSet("four of six", set, 4);
    EVENTS("all");
    eventfd_t value;
    for (int i = 0; i < 6; i++)
        eventfd_read(counters[i * 7 % 10], &value);
    EVENTS("none");
    for (int i = 99; i >= 0; i--)
        eventfd_write(counters[i], 1);
    struct epoll_event events[200];
    int count = epoll_wait(set, events, 200, 0);
    printf("%d: %d %d %d\n", count, (int)events[0].data.u64, (int)events[1].data.u64,
           (int)events[count - 1].data.u64);
    for (int i = 0; i < 100; i++)
        close(counters[i]);
    EVENTS("closed");
    close(set);
}

static int ends[2];

static void *waitForever(void *argument) {
    struct epoll_event event;
    int count = epoll_wait(*(int *)argument, &event, 1, 5000);
    char byte;
    if (count == 1 && read(ends[0], &byte, 1) != 1)
        return (void *)-1L;
    return (void *)(long)count;
}

static void threads(void) {
    printf("-- threads\n");
    SHOW(pipe(ends));
    int shared = epoll_create1(0);
    set = shared;
    SHOW(ADD(ends[0], EPOLLIN | EPOLLET, 1));
    pthread_t first, second;
    pthread_create(&first, NULL, waitForever, &shared);
    pthread_create(&second, NULL, waitForever, &shared);
    usleep(50000);
    SHOW(write(ends[1], "a", 1));
    usleep(50000);
    SHOW(write(ends[1], "b", 1));
    void *one, *two;
    pthread_join(first, &one);
    pthread_join(second, &two);
    printf("%ld and %ld\n", (long)one, (long)two);
    printf("a descriptor is added while a thread waits\n");
    int late = epoll_create1(0);
    pthread_create(&first, NULL, waitForever, &late);
    usleep(50000);
    SHOW(write(ends[1], "c", 1));
    set = late;
    SHOW(ADD(ends[0], EPOLLIN, 1));
    pthread_join(first, &one);
    printf("%ld\n", (long)one);
    close(late);
    printf("exclusive: two sets, one event\n");
    int exclusive[2] = {epoll_create1(0), epoll_create1(0)};
    for (int i = 0; i < 2; i++) {
        set = exclusive[i];
        SHOW(ADD(ends[0], EPOLLIN | EPOLLEXCLUSIVE, i));
    }
    pthread_create(&first, NULL, waitForever, &exclusive[0]);
    pthread_create(&second, NULL, waitForever, &exclusive[1]);
    usleep(50000);
    SHOW(write(ends[1], "d", 1));
    usleep(50000);
    SHOW(write(ends[1], "e", 1));
    pthread_join(first, &one);
    pthread_join(second, &two);
    printf("%ld and %ld\n", (long)one, (long)two);
    close(shared);
}

static void caught(int signal) {
    (void)signal;
}

static void signals(void) {
    printf("-- signals and timeouts\n");
    set = epoll_create1(0);
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    sigset_t blocked, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGALRM);
    struct epoll_event event;
    SHOW(epoll_pwait(set, &event, 1, 1000, &none));
    raise(SIGALRM);
    SHOW(epoll_pwait(set, &event, 1, 10, &blocked));
    SHOW(epoll_pwait2(set, &event, 1, &(struct timespec){1, 0}, &none));
    SHOW(epoll_pwait2(set, &event, 1, &(struct timespec){0, 1000}, NULL));
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    SHOW(ADD(timer, EPOLLIN, 1));
    EVENTS("before");
    struct itimerspec when = {.it_value = {0, 30000000}};
    SHOW(timerfd_settime(timer, 0, &when, NULL));
    SHOW(epoll_wait(set, &event, 1, 2000));
    SHOW(event.events);
    close(timer);
    close(set);
}

int main(void) {
    refusals();
    triggering();
    sockets();
    roomEdges();
    identity();
    nesting();
    order();
    threads();
    signals();
    return 0;
}
