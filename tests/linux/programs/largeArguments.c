// SPDX-License-Identifier: Apache-2.0
//
// Calls whose arguments are as large as Linux allows: what the kernel keeps of them is large, too.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void result(const char *what, long value) {
    printf("%s: %ld %s\n", what, value, value < 0 ? strerror(errno) : "");
}

static void groups(void) {
    enum { MOST = 65536 };
    static gid_t list[MOST + 1];
    for (int i = 0; i <= MOST; i++)
        list[i] = (gid_t)i;
    const pid_t child = fork();
    if (child == 0) {
        // Without the privilege it is refused at once, on both sides alike.
        if (geteuid() != 0)
            _exit(0);
        result("setgroups of 65536", setgroups(MOST, list));
        result("getgroups", getgroups(0, NULL));
        result("setgroups of 65537", setgroups(MOST + 1, list));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void descriptors(void) {
    enum { HIGH = 15000 };
    struct rlimit limits = {HIGH + 1, HIGH + 1};
    result("setrlimit", setrlimit(RLIMIT_NOFILE, &limits));
    result("dup2 to a high descriptor", dup2(1, HIGH));
    result("fcntl F_DUPFD at the limit", fcntl(1, F_DUPFD, HIGH));
    static struct pollfd polled[HIGH + 2];
    for (int i = 0; i < HIGH + 2; i++) {
        polled[i].fd = i == HIGH ? HIGH : -1;
        polled[i].events = POLLOUT;
    }
    result("poll of 15001", poll(polled, HIGH + 1, 0));
    result("its last events", polled[HIGH].revents & POLLOUT);
    result("poll of 15002", poll(polled, HIGH + 2, 0));
    const pid_t child = fork();
    if (child == 0)
        _exit(fcntl(HIGH, F_GETFD) == 0 ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    result("the child has it", WEXITSTATUS(status));
    result("close", close(HIGH));
}

static void vectors(void) {
    static struct iovec parts[IOV_MAX + 1];
    for (int i = 0; i <= IOV_MAX; i++)
        parts[i] = (struct iovec){"x", 1};
    const int file = open("/dev/null", O_WRONLY);
    result("writev of IOV_MAX", writev(file, parts, IOV_MAX));
    result("writev of one more", writev(file, parts, IOV_MAX + 1));
    close(file);
}

static void manyNames(void) {
    char folder[] = "many-XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return;
    int made = 0;
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        made += mkdir(name, 0755) == 0;
    }
    result("directories made", made);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        made -= rmdir(name) == 0;
    }
    result("directories left", made);
    if (chdir("..") == 0)
        rmdir(folder);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    groups();
    descriptors();
    vectors();
    manyNames();
    return 0;
}
