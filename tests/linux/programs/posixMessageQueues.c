// SPDX-License-Identifier: Apache-2.0
//
// POSIX message queues: mq_open, mq_send, mq_receive, mq_notify, mq_getattr, mq_unlink.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define NAME "/sealift-posix-message-queue"

static void receive(mqd_t queue, size_t size) {
    static char text[9000];
    unsigned priority = 99;
    memset(text, 0, sizeof text);
    errno = 0;
    long got = mq_receive(queue, text, size, &priority);
    if (got < 0)
        printf("mq_receive: %s\n", strerrorname_np(errno));
    else
        printf("mq_receive: %ld bytes, priority %u: %s\n", got, priority, text);
}

static void show_attributes(mqd_t queue) {
    struct mq_attr attributes;
    SHOW(mq_getattr(queue, &attributes));
    printf("%lx: %ld of %ld, %ld bytes each\n", attributes.mq_flags, attributes.mq_curmsgs,
           attributes.mq_maxmsg, attributes.mq_msgsize);
}

static void opening(void) {
    SHOW(mq_unlink(NAME));
    SHOW(mq_open(NAME, O_RDWR));
    SHOW(mq_open("no-slash", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
    char name[300] = "/";
    memset(name + 1, 'n', 280);
    SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, NULL));
    struct mq_attr attributes = {.mq_maxmsg = 0, .mq_msgsize = 10};
    SHOW(mq_open(NAME, O_RDWR | O_CREAT, 0600, &attributes));
    attributes = (struct mq_attr){.mq_maxmsg = 3, .mq_msgsize = -1};
    SHOW(mq_open(NAME, O_RDWR | O_CREAT, 0600, &attributes));
    attributes = (struct mq_attr){.mq_maxmsg = 3, .mq_msgsize = 20};
    umask(022);
    mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT | O_EXCL, 0666, &attributes);
    HOLDS(queue >= 0);
    SHOW(mq_open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600, NULL));
    show_attributes(queue);
    struct stat status;
    SHOW(fstat(queue, &status));
    printf("mode %o size %ld\n", status.st_mode, (long)status.st_size);
    HOLDS((fcntl(queue, F_GETFD) & FD_CLOEXEC) != 0);
    mqd_t reader = mq_open(NAME, O_RDONLY | O_NONBLOCK);
    mqd_t writer = mq_open(NAME, O_WRONLY);
    show_attributes(reader);
    SHOW(mq_send(reader, "x", 1, 0));
    receive(writer, 20);
    receive(reader, 20);
    receive(reader, 19);
    SHOW(mq_send(writer, "low", 4, 1));
    SHOW(mq_send(writer, "high", 5, 9));
    SHOW(mq_send(writer, "low again", 10, 1));
    SHOW(mq_send(writer, "0123456789012345678901", 21, 1));
    SHOW(mq_send(writer, "x", 1, 32768));
    show_attributes(queue);
    struct mq_attr change = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 7};
    struct mq_attr former;
    SHOW(mq_setattr(queue, &change, &former));
    printf("%lx %ld\n", former.mq_flags, former.mq_maxmsg);
    change.mq_flags = O_APPEND;
    SHOW(mq_setattr(queue, &change, NULL));
    show_attributes(queue);
    SHOW(mq_send(queue, "full", 5, 1));
    struct pollfd polled = {.fd = queue, .events = POLLIN | POLLOUT};
    SHOW(poll(&polled, 1, 0));
    printf("%x\n", polled.revents);
    receive(queue, 20);
    SHOW(poll(&polled, 1, 0));
    printf("%x\n", polled.revents);
    receive(queue, 100);
    receive(queue, 20);
    receive(queue, 20);
    SHOW(poll(&polled, 1, 0));
    printf("%x\n", polled.revents);
    char text[100];
    long got = read(queue, text, sizeof text);
    SHOW(got);
    printf("%.*s", (int)got, text);
    SHOW(mq_send(0, "x", 1, 0));
    SHOW(mq_send(-1, "x", 1, 0));
    SHOW(mq_unlink(NAME));
    SHOW(mq_open(NAME, O_RDWR));
    SHOW(mq_send(writer, "still", 6, 0));
    receive(queue, 20);
    SHOW(mq_close(queue));
    SHOW(mq_close(queue));
    mq_close(reader);
    mq_close(writer);
}

static volatile sig_atomic_t handled;
static volatile sig_atomic_t handled_value;
static volatile sig_atomic_t handled_code;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    handled = number;
    handled_value = info->si_value.sival_int;
    handled_code = info->si_code;
}

static void waiting(void) {
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 20};
    mqd_t queue = mq_open(NAME, O_RDWR | O_CREAT, 0600, &attributes);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        mq_send(queue, "from the child", 15, 3);
        // The queue may be full: waits.
        mq_send(queue, "and another", 12, 3);
        _exit(0);
    }
    receive(queue, 20);
    receive(queue, 20);
    waitpid(child, NULL, 0);
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    char text[20];
    SHOW(mq_timedreceive(queue, text, 20, NULL, &time));
    time.tv_nsec += 20000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    SHOW(mq_timedreceive(queue, text, 20, NULL, &time));
    SHOW(mq_timedsend(queue, "x", 1, 0, &time));
    SHOW(mq_timedsend(queue, "x", 1, 0, &time));
    time.tv_nsec = 1000000000;
    SHOW(mq_timedsend(queue, "x", 1, 0, &time));
    time.tv_nsec = -1;
    SHOW(mq_timedreceive(queue, text, 20, NULL, &time));
    SHOW(mq_receive(queue, text, 20, NULL));
    // Without SA_RESTART a signal ends the wait.
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    child = fork();
    if (child == 0) {
        SHOW(mq_receive(queue, text, 20, NULL));
        _exit(0);
    }
    usleep(50000);
    kill(child, SIGUSR1);
    waitpid(child, NULL, 0);
    // Notification: of one message, when the queue was empty and nobody waits.
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
    SHOW(mq_notify(queue, &event));
    SHOW(mq_notify(queue, &event));
    if ((child = fork()) == 0) {
        SHOW(mq_notify(queue, &event));
        mq_send(queue, "notify", 7, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SHOW(handled == SIGUSR1);
    SHOW(handled_value);
    SHOW(handled_code == SI_MESGQ);
    handled = 0;
    receive(queue, 20);
    SHOW(mq_send(queue, "quiet", 6, 0));
    SHOW(handled);
    SHOW(mq_notify(queue, &event));
    receive(queue, 20);
    SHOW(mq_notify(queue, NULL));
    SHOW(mq_send(queue, "quiet", 6, 0));
    SHOW(handled);
    event.sigev_signo = 65;
    SHOW(mq_notify(queue, &event));
    event = (struct sigevent){.sigev_notify = 7};
    SHOW(mq_notify(queue, &event));
    SHOW(syscall(SYS_mq_notify, 99, NULL));
    mq_close(queue);
    SHOW(mq_unlink(NAME));
}

int main(void) {
    opening();
    waiting();
    return 0;
}
