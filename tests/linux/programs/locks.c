// SPDX-License-Identifier: Apache-2.0
//
// Locks of fcntl (of processes and of open file descriptions) and flock: who sees which, waiting, deadlocks.
// Leases.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

static int file;
/// What the processes agree on.
static volatile int *stage;

static int lock(int descriptor, int command, short type, off_t start, off_t length) {
    struct flock request = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(descriptor, command, &request);
}

static void ask(int descriptor, int command, short type, off_t start, off_t length, pid_t holder) {
    struct flock request = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int result = fcntl(descriptor, command, &request);
    if (result != 0) {
        printf("    %s\n", strerrorname_np(errno));
        return;
    }
    const char *types[] = {"read", "write", "none"};
    printf("    %s whence %d start %ld length %ld pid %s\n", types[request.l_type], request.l_whence,
           (long)request.l_start, (long)request.l_len,
           request.l_pid == -1       ? "-1"
           : request.l_pid == 0      ? "0"
           : request.l_pid == holder ? "holder"
                                     : "other");
    fflush(stdout);
}

static void waitForStage(int wanted) {
    while (*stage < wanted)
        usleep(1000);
}

/// Runs `body` in a child and waits for its end.
static void inChild(void (*body)(pid_t parent)) {
    fflush(stdout);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        body(parent);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void contend(pid_t parent) {
    SHOW(lock(file, F_SETLK, F_RDLCK, 0, 10));
    SHOW(lock(file, F_SETLK, F_WRLCK, 0, 10));
    SHOW(lock(file, F_SETLK, F_RDLCK, 100, 10));
    SHOW(lock(file, F_SETLK, F_WRLCK, 110, 10));
    SHOW(lock(file, F_SETLK, F_WRLCK, 95, 6));
    ask(file, F_GETLK, F_WRLCK, 0, 0, parent);
    ask(file, F_GETLK, F_RDLCK, 0, 0, parent);
    ask(file, F_GETLK, F_RDLCK, 110, 0, parent);
    ask(file, F_GETLK, F_WRLCK, 1000, 0, parent);
    ask(file, F_OFD_GETLK, F_WRLCK, 0, 0, parent);
    SHOW(flock(file, LOCK_EX | LOCK_NB));
    SHOW(flock(file, LOCK_UN));
}

static void afterClose(pid_t parent) {
    (void)parent;
    SHOW(lock(file, F_SETLK, F_WRLCK, 0, 0));
}

static void records(void) {
    puts("# record locks");
    SHOW(lock(file, F_SETLK, F_RDLCK, 0, 10));
    SHOW(lock(file, F_SETLK, F_WRLCK, 100, 10));
    SHOW(lock(file, F_SETLK, F_WRLCK, 1000, 0));
    inChild(contend);
    SHOW(lock(file, F_SETLK, F_UNLCK, 3, 4));
    SHOW(lock(file, F_SETLK, F_RDLCK, 102, 2));
    inChild(contend);
    struct flock odd = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -5, .l_len = -5};
    SHOW(ftruncate(file, 50));
    SHOW(fcntl(file, F_SETLK, &odd));
    lseek(file, 5, SEEK_SET);
    odd.l_whence = SEEK_CUR;
    SHOW(fcntl(file, F_SETLK, &odd));
    odd.l_len = 0;
    odd.l_start = -6;
    SHOW(fcntl(file, F_SETLK, &odd));
    odd.l_whence = 7;
    SHOW(fcntl(file, F_SETLK, &odd));
    odd.l_whence = SEEK_SET, odd.l_start = INT64_MAX, odd.l_len = 2;
    SHOW(fcntl(file, F_SETLK, &odd));
    odd.l_len = 1;
    SHOW(fcntl(file, F_SETLK, &odd));
    odd.l_type = 9;
    SHOW(fcntl(file, F_SETLK, &odd));
    SHOW(fcntl(file, F_GETLK, &odd));
    odd.l_type = F_UNLCK;
    SHOW(fcntl(file, F_GETLK, &odd));
    int readOnly = open("locked", O_RDONLY), writeOnly = open("locked", O_WRONLY);
    SHOW(lock(readOnly, F_SETLK, F_WRLCK, 5000, 1));
    SHOW(lock(writeOnly, F_SETLK, F_RDLCK, 5000, 1));
    SHOW(lock(99, F_SETLK, F_RDLCK, 0, 1));
    // Closing any descriptor of the file ends the process's locks.
    close(readOnly);
    inChild(afterClose);
    close(writeOnly);
}

static void descriptions(void) {
    puts("# locks of descriptions");
    int other = open("locked", O_RDWR);
    SHOW(lock(file, F_OFD_SETLK, F_WRLCK, 0, 10));
    SHOW(lock(other, F_OFD_SETLK, F_WRLCK, 5, 10));
    SHOW(lock(other, F_SETLK, F_WRLCK, 5, 10));
    ask(other, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
    ask(other, F_GETLK, F_WRLCK, 0, 0, 0);
    ask(file, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
    ask(file, F_GETLK, F_WRLCK, 0, 0, 0);
    SHOW(lock(file, F_SETLK, F_WRLCK, 0, 10));
    struct flock request = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = 1};
    SHOW(fcntl(file, F_OFD_SETLK, &request));
    SHOW(lock(file, F_OFD_SETLK, F_UNLCK, 0, 0));
    SHOW(lock(other, F_OFD_SETLKW, F_WRLCK, 5, 10));
    close(other);
    SHOW(lock(file, F_OFD_SETLK, F_WRLCK, 0, 0));
    SHOW(lock(file, F_OFD_SETLK, F_UNLCK, 0, 0));
    puts("# flock");
    other = open("locked", O_RDONLY);
    SHOW(flock(file, LOCK_SH));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(file, LOCK_EX | LOCK_NB));
    SHOW(flock(other, LOCK_UN));
    SHOW(flock(file, LOCK_EX | LOCK_NB));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    int duplicate = dup(file);
    SHOW(flock(duplicate, LOCK_SH | LOCK_NB));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(other, LOCK_UN));
    close(duplicate);
    SHOW(flock(other, LOCK_EX | LOCK_NB));
    SHOW(flock(file, LOCK_UN));
    SHOW(flock(other, LOCK_EX | LOCK_NB));
    SHOW(flock(file, 0));
    SHOW(flock(file, LOCK_SH | LOCK_EX));
    SHOW(flock(99, LOCK_SH));
    close(other);
    SHOW(flock(file, LOCK_EX | LOCK_NB));
    SHOW(flock(file, LOCK_UN));
}

static void ignore(int signal) {
    (void)signal;
}

/// Two processes that each hold what the other wants: the second one to ask is told.
static void deadlocks(void) {
    puts("# deadlock");
    fflush(stdout);
    *stage = 0;
    pid_t child = fork();
    if (child == 0) {
        lock(file, F_SETLK, F_WRLCK, 1, 1);
        *stage = 1;
        waitForStage(2);
        // Waits until the parent gives up.
        int result = lock(file, F_SETLKW, F_WRLCK, 0, 1);
        _exit(result == 0 ? 3 : 4);
    }
    lock(file, F_SETLK, F_WRLCK, 0, 1);
    waitForStage(1);
    *stage = 2;
    usleep(50000);
    SHOW(lock(file, F_SETLKW, F_WRLCK, 1, 1));
    SHOW(lock(file, F_SETLK, F_UNLCK, 0, 1));
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    puts("# three of them");
    fflush(stdout);
    *stage = 0;
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            lock(file, F_SETLK, F_WRLCK, i + 1, 1);
            __sync_fetch_and_add(stage, 1);
            waitForStage(3);
            int result = lock(file, F_SETLKW, F_WRLCK, i, 1);
            _exit(result == 0 ? 3 : 4);
        }
    }
    lock(file, F_SETLK, F_WRLCK, 0, 1);
    waitForStage(2);
    *stage = 3;
    usleep(50000);
    SHOW(lock(file, F_SETLKW, F_WRLCK, 2, 1));
    SHOW(lock(file, F_SETLK, F_UNLCK, 0, 1));
    for (int i = 0; i < 2; i++) {
        waitpid(children[i], &status, 0);
        SHOW(WEXITSTATUS(status));
    }
    puts("# interrupted");
    fflush(stdout);
    child = fork();
    if (child == 0) {
        lock(file, F_SETLK, F_WRLCK, 0, 1);
        *stage = 4;
        pause();
    }
    waitForStage(4);
    struct sigaction action = {.sa_handler = ignore};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    SHOW(lock(file, F_SETLKW, F_WRLCK, 0, 1));
    SHOW(flock(file, LOCK_EX));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    SHOW(lock(file, F_SETLKW, F_WRLCK, 0, 1));
}

static volatile sig_atomic_t told;

static void onLease(int signal) {
    (void)signal;
    told++;
}

/// Leases: who gets one, and who is told when others open the file.
static void leases(void) {
    puts("# leases");
    fflush(stdout);
    // On overlayfs, the root of the container that this is compared with, Linux has no write leases.
    int own = open("leased", O_CREAT | O_RDONLY, 0600);
    SHOW(fcntl(own, F_GETLEASE));
    SHOW(fcntl(own, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(own, F_SETLEASE, 3));
    SHOW(fcntl(own, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(own, F_GETLEASE));
    HOLDS(fcntl(own, F_GETOWN) == getpid());
    int reader = open("leased", O_RDONLY);
    SHOW(fcntl(reader, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(reader, F_SETLEASE, F_UNLCK));
    SHOW(close(reader));
    struct sigaction action = {.sa_handler = onLease};
    sigaction(SIGIO, &action, NULL);
    SHOW(open("leased", O_WRONLY | O_NONBLOCK));
    SHOW(told);
    SHOW(fcntl(own, F_GETLEASE));
    // Once is enough.
    SHOW(open("leased", O_RDWR | O_NONBLOCK));
    SHOW(told);
    SHOW(fcntl(own, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(own, F_GETOWN));
    int writer = open("leased", O_WRONLY | O_NONBLOCK);
    SHOW(fcntl(own, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(writer, F_SETLEASE, F_RDLCK));
    close(writer);
    puts("# a lease that others wait for");
    fflush(stdout);
    for (int truncates = 0; truncates < 2; truncates++) {
        SHOW(fcntl(own, F_SETLEASE, F_RDLCK));
        told = 0;
        *stage = 0;
        pid_t child = fork();
        if (child == 0) {
            int result = truncates ? truncate("leased", 0) : open("leased", O_WRONLY);
            // The lease has been given back first.
            _exit(result >= 0 && *stage == 1 ? 3 : 4);
        }
        while (told == 0)
            usleep(1000);
        usleep(20000);
        *stage = 1;
        SHOW(fcntl(own, F_SETLEASE, F_UNLCK));
        int status = 0;
        waitpid(child, &status, 0);
        SHOW(WEXITSTATUS(status));
        SHOW(told);
    }
    // It ends with its file.
    SHOW(fcntl(own, F_SETLEASE, F_RDLCK));
    SHOW(close(own));
    WORKS(open("leased", O_WRONLY | O_NONBLOCK));
    int ends[2];
    pipe(ends);
    SHOW(fcntl(ends[0], F_SETLEASE, F_RDLCK));
    SHOW(fcntl(ends[0], F_SETLEASE, F_UNLCK));
    SHOW(fcntl(ends[0], F_SETOWN, getpid()));
    HOLDS(fcntl(ends[0], F_GETOWN) == getpid());
}

int main(void) {
    stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    file = open("locked", O_CREAT | O_RDWR, 0600);
    records();
    descriptions();
    deadlocks();
    leases();
    return 0;
}
