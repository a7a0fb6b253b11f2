// SPDX-License-Identifier: Apache-2.0
//
// /proc/PID/task/TID is about the thread: its number, its name, its state, its mask of signals, its own time.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

static pid_t tid;
static int wakeup[2];

static void *wait_for_a_byte(void *argument) {
    (void)argument;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_setname_np(pthread_self(), "waiter");
    __atomic_store_n(&tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    char byte;
    return (void *)read(wakeup[0], &byte, 1);
}

/// Reads a file of a thread; its text.
static const char *text_of(pid_t thread, const char *file) {
    static char text[4096];
    char name[64];
    snprintf(name, sizeof name, "/proc/self/task/%d/%s", thread, file);
    int descriptor = open(name, O_RDONLY);
    ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    close(descriptor);
    text[length < 0 ? 0 : length] = 0;
    return text;
}

/// What a line of /proc/self/task/TID/status says.
static const char *status_of(pid_t thread, const char *field) {
    static char value[64];
    const char *line = strstr(text_of(thread, "status"), field);
    if (line == NULL || sscanf(line + strlen(field), " %63[^\n]", value) != 1)
        return "";
    return value;
}

/// The number, name and state in /proc/self/task/TID/stat.
static void show_stat(pid_t thread) {
    int number = 0;
    char name[32] = "", state = 0;
    sscanf(text_of(thread, "stat"), "%d (%31[^)]) %c", &number, name, &state);
    HOLDS(number == thread);
    printf("name %s, state %c\n", name, state);
}

int main(void) {
    pipe(wakeup);
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_a_byte, NULL);
    while (__atomic_load_n(&tid, __ATOMIC_SEQ_CST) == 0)
        usleep(1000);
    while (strstr(text_of(tid, "stat"), ") S") == NULL)
        usleep(1000);
    show_stat(tid);
    show_stat(getpid());
    HOLDS(atoi(status_of(tid, "\nPid:")) == tid);
    HOLDS(atoi(status_of(tid, "\nTgid:")) == getpid());
    printf("state %s\n", status_of(tid, "\nState:"));
    printf("blocked %s\n", status_of(tid, "\nSigBlk:"));
    printf("of the first: state %s\n", status_of(getpid(), "\nState:"));
    printf("of the first: blocked %s\n", status_of(getpid(), "\nSigBlk:"));
    printf("comm %s", text_of(tid, "comm"));
    printf("of the first: comm %s", text_of(getpid(), "comm"));

    // Another thread's name is set through its file.
    SHOW(pthread_setname_np(thread, "a longer name"));
    SHOW(pthread_setname_np(thread, "sixteen letters!"));
    char name[17] = "";
    SHOW(pthread_getname_np(thread, name, sizeof name));
    printf("%s\n", name);
    printf("of the first: comm %s", text_of(getpid(), "comm"));

    // The process's own files are the first thread's.
    char state = 0;
    int file = open("/proc/self/stat", O_RDONLY);
    char line[512] = "";
    HOLDS(read(file, line, sizeof line - 1) > 0);
    sscanf(line, "%*d %*s %c", &state);
    printf("state %c\n", state);
    close(file);

    // A thread's files outlive it, without anything in them.
    snprintf(line, sizeof line, "/proc/self/task/%d/stat", tid);
    file = open(line, O_RDONLY);
    SHOW(write(wakeup[1], "!", 1));
    void *result;
    SHOW(pthread_join(thread, &result));
    while (access(line, F_OK) == 0)
        usleep(1000);
    SHOW(read(file, line, sizeof line));
    return 0;
}
