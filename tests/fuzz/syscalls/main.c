// SPDX-License-Identifier: Apache-2.0
//
// The supervisor, pid 1 of its container:
//
//     syscalls SECONDS SEED
//
// starts one worker after the other, each with a seed of its own and up to three threads, kills what is left
// of it, and tells how many calls were made. It ends with 0; that it ends at all, and what the container's
// memory is then, is the result.

#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLS_OF_A_WORKER = 400,
    /** A worker that blocked the alarm's signal, or all its threads, is killed after this time. */
    WORKER_MILLISECONDS = 1500,
    /** Unprivileged, as most of what runs in containers. */
    USER = 1000,
};

/** Shared with the workers: calls made, in all. */
static volatile uint64_t *callsMade;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void onAlarm(int signal) {
    (void)signal;
}

static uint32_t weightOfAll;

static const struct call *chooseCall(void) {
    uint32_t rest = below(weightOfAll);
    for (size_t i = 0; i < callCount; i++) {
        if (rest < calls[i].weight)
            return &calls[i];
        rest -= calls[i].weight;
    }
    return &calls[0];
}

static void makeCalls(void) {
    for (int i = 0; i < CALLS_OF_A_WORKER; i++) {
        const struct call *call = chooseCall();
        uint64_t arguments[6];
        for (int n = 0; n < 6; n++)
            arguments[n] = makeArgument((enum kind)call->arguments[n]);
        ++*callsMade;
        const pid_t before = getpid();
        syscall(call->number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
        // A child of clone goes no further.
        if (getpid() != before)
            _exit(0);
    }
}

static void *runThread(void *unused) {
    (void)unused;
    makeCalls();
    return NULL;
}

static void limit(int resource, rlim_t value) {
    const struct rlimit limits = {value, value};
    setrlimit(resource, &limits);
}

static void runWorker(uint64_t seed) {
    seedRandom(seed);
    limit(RLIMIT_AS, 64 << 20);
    limit(RLIMIT_FSIZE, 1 << 20);
    limit(RLIMIT_NPROC, 40);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 256);
    // What workers write, and flags that they set on descriptions, stays away from the supervisor's output.
    const int null = open("/dev/null", O_RDWR);
    for (int descriptor = 0; descriptor < 3; descriptor++)
        dup2(null, descriptor);
    close(null);
    struct sigaction action = {.sa_handler = onAlarm};
    sigaction(SIGALRM, &action, NULL);
    // What waits is interrupted; the calls themselves may change all of this.
    const struct itimerval interval = {{0, 20000}, {0, 20000}};
    setitimer(ITIMER_REAL, &interval, NULL);
    if (below(3) != 0 && (setgid(USER) != 0 || setuid(USER) != 0))
        _exit(3);
    prepareArguments();
    pthread_t thread;
    for (uint32_t i = below(4); i > 0; i--)
        pthread_create(&thread, NULL, runThread, NULL);
    makeCalls();
    _exit(0);
}

/** Removes what workers have left below the working directory. */
static void removeAll(const char *folder, int depth) {
    DIR *directory = opendir(folder);
    if (directory == NULL || depth > 40)
        return;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char name[600];
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (lstat(name, &status) == 0 && S_ISDIR(status.st_mode)) {
            chmod(name, 0755);
            removeAll(name, depth + 1);
            rmdir(name);
        } else {
            unlink(name);
        }
    }
    closedir(directory);
}

/** Waits for the worker, then kills everything that is left: pid 1's -1 is every other process. */
static void endWorker(pid_t worker) {
    const double end = now() + WORKER_MILLISECONDS / 1000.0;
    while (waitpid(worker, NULL, WNOHANG) == 0 && now() < end)
        usleep(1000);
    do {
        kill(-1, SIGKILL);
    } while (waitpid(-1, NULL, __WALL) > 0);
}

int main(int argc, char **argv) {
    const double seconds = argc > 1 ? atof(argv[1]) : 10;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (getpid() != 1) {
        fputs("the fuzzer kills everything it can: it runs as pid 1 of a container only\n", stderr);
        return 2;
    }
    callsMade = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < callCount; i++)
        weightOfAll += calls[i].weight;
    const double end = now() + seconds;
    uint64_t workers = 0;
    mkdir("/tmp/fuzz", 0777);
    while (now() < end) {
        chmod("/tmp/fuzz", 0777);
        if (chdir("/tmp/fuzz") != 0) {
            perror("/tmp/fuzz");
            return 1;
        }
        const pid_t worker = fork();
        if (worker == 0)
            runWorker(seed + workers);
        if (worker < 0) {
            perror("fork");
            return 1;
        }
        endWorker(worker);
        workers++;
        removeAll("/tmp/fuzz", 0);
        removeAll("/dev/shm", 0);
        removeAll("/dev/mqueue", 0);
    }
    // Root's workers reach the console through /dev/tty, and may have left it non-blocking and in the middle
    // of a line.
    fcntl(1, F_SETFL, 0);
    printf("\nfuzz: %llu calls by %llu workers, seed %llu\n", (unsigned long long)*callsMade,
           (unsigned long long)workers, (unsigned long long)seed);
    return 0;
}
