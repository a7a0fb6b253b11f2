// SPDX-License-Identifier: Apache-2.0
//
// Timers with a descriptor (timerfd_create(2)).
#define _GNU_SOURCE
#include "expect.h"
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

static uint64_t ticks;

static int set(int timer, int flags, long first, long interval) {
    struct itimerspec times = {.it_value = {first / 1000000000, first % 1000000000},
                               .it_interval = {interval / 1000000000, interval % 1000000000}};
    return timerfd_settime(timer, flags, &times, NULL);
}

int main(void) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    HOLDS(timer >= 0);
    SHOW(read(timer, &ticks, 8));
    SHOW(read(timer, &ticks, 7));
    SHOW(write(timer, &ticks, 8));
    SHOW(pread(timer, &ticks, 8, 0));
    SHOW(lseek(timer, 0, SEEK_SET));
    struct itimerspec times;
    SHOW(timerfd_gettime(timer, &times));
    SHOW(times.it_value.tv_nsec);
    SHOW(set(timer, 0, 1000000, 0));
    struct pollfd poller = {.fd = timer, .events = POLLIN | POLLOUT};
    SHOW(poll(&poller, 1, 5000));
    SHOW(poller.revents);
    SHOW(timerfd_gettime(timer, &times));
    SHOW(times.it_value.tv_nsec);
    SHOW(read(timer, &ticks, 8));
    SHOW(ticks);
    SHOW(read(timer, &ticks, 8));
    SHOW(poll(&poller, 1, 0));

    // Periods that pass before the read are counted.
    SHOW(set(timer, 0, 1000000, 1000000));
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    SHOW(read(timer, &ticks, 8));
    HOLDS(ticks >= 10 && ticks < 200);
    SHOW(poll(&poller, 1, 5000));
    SHOW(timerfd_gettime(timer, &times));
    HOLDS(times.it_interval.tv_nsec == 1000000 && times.it_value.tv_nsec <= 1000000);
    // Setting it forgets what has not been read.
    SHOW(set(timer, 0, 3600000000000, 0));
    SHOW(read(timer, &ticks, 8));
    SHOW(timerfd_gettime(timer, &times));
    SHOW(times.it_value.tv_sec);
    SHOW(set(timer, 0, 0, 0));
    SHOW(timerfd_gettime(timer, &times));
    SHOW(times.it_value.tv_sec);
    SHOW(close(timer));

    // A blocking one, of the wall clock, at a point in time.
    timer = timerfd_create(CLOCK_REALTIME, 0);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    times = (struct itimerspec){.it_value = {now.tv_sec, now.tv_nsec}};
    times.it_value.tv_nsec += 5000000;
    if (times.it_value.tv_nsec >= 1000000000) {
        times.it_value.tv_sec++;
        times.it_value.tv_nsec -= 1000000000;
    }
    SHOW(timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &times, NULL));
    SHOW(read(timer, &ticks, 8));
    SHOW(ticks);
    clock_gettime(CLOCK_REALTIME, &now);
    HOLDS(now.tv_sec > times.it_value.tv_sec ||
          (now.tv_sec == times.it_value.tv_sec && now.tv_nsec >= times.it_value.tv_nsec));
    SHOW(set(timer, TFD_TIMER_ABSTIME, 1, 0));
    int set_of_events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5};
    SHOW(epoll_ctl(set_of_events, EPOLL_CTL_ADD, timer, &event));
    SHOW(epoll_wait(set_of_events, &event, 1, 5000));
    SHOW(event.data.u32);

    SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    SHOW(timerfd_create(99, 0));
    SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
    SHOW(timerfd_settime(0, 0, &times, NULL));
    SHOW(timerfd_settime(99, 0, &times, NULL));
    SHOW(timerfd_gettime(99, &times));
    SHOW(timerfd_settime(timer, 4, &times, NULL));
    SHOW(timerfd_settime(timer, 0, (void *)1, NULL));
    times.it_value.tv_nsec = 1000000000;
    SHOW(timerfd_settime(timer, 0, &times, NULL));
    SHOW(timerfd_gettime(timer, (void *)1));
    char name[64], link[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", timer);
    ssize_t length = readlink(name, link, sizeof link);
    printf("%.*s\n", (int)length, link);
    return 0;
}
