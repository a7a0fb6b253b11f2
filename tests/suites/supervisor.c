// SPDX-License-Identifier: Apache-2.0
//
// Runs tests one after the other, each with a time limit and a scratch folder of its own, as pid 1 of a
// container or of a process namespace on Linux:
//
//     supervisor SECONDS <LIST
//
// A line of LIST is a test's name and its command, separated by spaces: NAME PROGRAM [ARGUMENT...]. What it
// prints for each:
//
//     @BEGIN NAME
//     |a line of what the test printed (the last 60 KB)
//     @END NAME exit|signal|timeout NUMBER MILLISECONDS
//
// Before the next test everything that is left of this one is killed and its folder removed.

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    OUTPUT_BYTES = 60000,
    ARGUMENTS = 30,
    LIST_BYTES = 1 << 20,
    DEPTH = 60,
};

#define SCRATCH "/tmp/test"
#define OUTPUT "/tmp/test-output"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void removeContent(const char *folder, int depth) {
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char name[4096];
        if ((size_t)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name) >= sizeof name)
            continue;
        struct stat status;
        if (lstat(name, &status) == 0 && S_ISDIR(status.st_mode)) {
            chmod(name, 0700);
            if (depth < DEPTH)
                removeContent(name, depth + 1);
            rmdir(name);
        } else {
            unlink(name);
        }
    }
    closedir(directory);
}

static void runTest(char **arguments) {
    const int output = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    const int input = open("/dev/null", O_RDONLY);
    dup2(input, 0);
    dup2(output, 1);
    dup2(output, 2);
    if (output > 2)
        close(output);
    if (input > 2)
        close(input);
    setsid();
    execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
}

/** The last bytes of what the test printed, each line behind a bar. */
static void printOutput(void) {
    static char text[OUTPUT_BYTES];
    const int file = open(OUTPUT, O_RDONLY);
    if (file < 0)
        return;
    const off_t size = lseek(file, 0, SEEK_END);
    lseek(file, size > OUTPUT_BYTES ? size - OUTPUT_BYTES : 0, SEEK_SET);
    const ssize_t length = read(file, text, sizeof text);
    close(file);
    for (ssize_t i = 0; i < length;) {
        const char *end = memchr(text + i, '\n', (size_t)(length - i));
        const ssize_t next = end == NULL ? length : end - text;
        fputc('|', stdout);
        for (ssize_t k = i; k < next; k++)
            fputc(text[k] == '\r' || text[k] == 0 ? ' ' : text[k], stdout);
        fputc('\n', stdout);
        i = next + 1;
    }
}

static void supervise(char *line, double limit) {
    char *arguments[ARGUMENTS + 1];
    int count = 0;
    char *rest = NULL;
    const char *name = strtok_r(line, " ", &rest);
    if (name == NULL)
        return;
    while (count < ARGUMENTS && (arguments[count] = strtok_r(NULL, " ", &rest)) != NULL)
        count++;
    arguments[count] = NULL;
    if (count == 0)
        return;
    printf("@BEGIN %s\n", name);
    fflush(stdout);
    mkdir(SCRATCH, 0777);
    chmod(SCRATCH, 0777);
    if (chdir(SCRATCH) != 0)
        perror(SCRATCH);
    const double start = now();
    const pid_t test = fork();
    if (test == 0)
        runTest(arguments);
    int status = 0;
    int isLate = 0;
    // Short pauses first: most tests take milliseconds.
    for (unsigned pause = 500; test > 0 && waitpid(test, &status, WNOHANG) != test;) {
        if (now() - start > limit) {
            isLate = 1;
            break;
        }
        usleep(pause);
        if (pause < 20000)
            pause += pause / 4;
    }
    const long milliseconds = (long)((now() - start) * 1000);
    // Everything but pid 1.
    do {
        kill(-1, SIGKILL);
    } while (waitpid(-1, NULL, __WALL) > 0);
    if (chdir("/") != 0)
        perror("/");
    printOutput();
    if (isLate)
        printf("@END %s timeout 0 %ld\n", name, milliseconds);
    else if (WIFSIGNALED(status))
        printf("@END %s signal %d %ld\n", name, WTERMSIG(status), milliseconds);
    else
        printf("@END %s exit %d %ld\n", name, WEXITSTATUS(status), milliseconds);
    fflush(stdout);
    removeContent(SCRATCH, 0);
    removeContent("/dev/shm", 0);
    rmdir(SCRATCH);
}

int main(int argc, char **argv) {
    static char list[LIST_BYTES];
    const double limit = argc > 1 ? atof(argv[1]) : 20;
    if (getpid() != 1) {
        fputs("supervisor kills every process that it can: it runs as pid 1 only\n", stderr);
        return 2;
    }
    size_t length = 0;
    for (ssize_t count; length < sizeof list - 1; length += (size_t)count) {
        count = read(0, list + length, sizeof list - 1 - length);
        if (count <= 0)
            break;
    }
    char *rest = NULL;
    for (char *line = strtok_r(list, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        supervise(line, limit);
    }
    puts("@DONE");
    return 0;
}
