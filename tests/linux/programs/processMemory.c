// SPDX-License-Identifier: Apache-2.0
//
// Memory of other processes: process_vm_readv, process_vm_writev.
#define _GNU_SOURCE
#include "expect.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static void transfers(void) {
    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *private = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(private, 'p', 3 * PAGE);
    pid_t child = fork();
    if (child == 0) {
        memset(private, 'c', 2 * PAGE);
        munmap(private + 2 * PAGE, PAGE);
        shared[0] = 1;
        while (shared[0] != 2)
            usleep(1000);
        _exit(private[PAGE]);
    }
    while (shared[0] != 1)
        usleep(1000);
    static char buffer[3 * PAGE];
    struct iovec own[3] = {{buffer, 10}, {buffer + 10, PAGE}, {buffer + PAGE + 10, PAGE}};
    struct iovec other[2] = {{private + PAGE - 5, 10}, {private, PAGE}};
    SHOW(process_vm_readv(child, own, 3, other, 2, 0));
    printf("%.3s %c %c\n", buffer, buffer[PAGE], buffer[PAGE + 20]);
    // Up to where memory ends.
    other[0] = (struct iovec){private + PAGE, 2 * PAGE};
    own[0] = (struct iovec){buffer, 3 * PAGE};
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0] = (struct iovec){private + 2 * PAGE, 10};
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0] = (struct iovec){private + PAGE, 10};
    memset(buffer, 'w', 10);
    SHOW(process_vm_writev(child, own, 1, other, 1, 0));
    SHOW(private[PAGE]);
    SHOW(process_vm_readv(child, own, 1, other, 1, 1));
    SHOW(process_vm_readv(child, own, 1025, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, other, 1025, 0));
    SHOW(process_vm_readv(child, (void *)1, 1, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, (void *)1, 1, 0));
    SHOW(process_vm_readv(child, own, 0, other, 1, 0));
    SHOW(process_vm_readv(child, own, 1, other, 0, 0));
    SHOW(process_vm_readv(99999, own, 1, other, 1, 0));
    other[0].iov_len = (size_t)-1;
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    other[0].iov_len = 4;
    own[0].iov_base = (void *)8;
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
    // One's own memory.
    own[0].iov_base = buffer;
    other[0] = (struct iovec){private, 4};
    SHOW(process_vm_readv(getpid(), own, 1, other, 1, 0));
    SHOW(buffer[3]);
    shared[0] = 2;
    int status;
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(process_vm_readv(child, own, 1, other, 1, 0));
}

/// Writes a text to a file: bytes written, or -1 with errno.
static long written(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    if (file < 0)
        return -1;
    long result = write(file, text, strlen(text));
    int error = errno;
    close(file);
    errno = error;
    return result;
}

/// Reads one byte of a file: 0 or 1, or -1 with errno.
static long readable(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0)
        return -1;
    char byte;
    long result = read(file, &byte, 1);
    int error = errno;
    close(file);
    errno = error;
    return result;
}

/// User 0 without CAP_SYS_PTRACE and what else would do, as container engines start it, and a process of
/// another user.
static void others(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    const unsigned kept = ~(1U << CAP_SYS_PTRACE | 1U << CAP_SYS_RESOURCE | 1U << CAP_SYS_ADMIN);
    data[0].effective &= kept;
    data[0].permitted &= kept;
    data[1].effective = data[1].permitted = 0;
    SHOW(syscall(SYS_capset, &header, data));
    int ends[2];
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        write(ends[1], "x", 1);
        pause();
        _exit(0);
    }
    char byte;
    read(ends[0], &byte, 1);
    static char buffer[4];
    struct iovec own = {buffer, 4};
    SHOW(process_vm_readv(child, &own, 1, &own, 1, 0));
    char path[64];
    char text[64];
    const char *const names[] = {"environ", "maps", "auxv", "cmdline", "status", "fdinfo/0"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", child, names[i]);
        printf("%s: ", names[i]);
        SHOW(readable(path));
    }
    const char *const links[] = {"exe", "cwd", "root", "fd/0", "ns/pid"};
    for (unsigned i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", child, links[i]);
        printf("%s: ", links[i]);
        WORKS(readlink(path, text, sizeof text));
    }
    snprintf(path, sizeof path, "/proc/%d/fd", child);
    DIR *directory = opendir(path);
    int count = 0;
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    HOLDS(count >= 5);
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", child);
    SHOW(written(path, "500"));
    SHOW(written(path, "0"));
    SHOW(written(path, "-10"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int main(void) {
    transfers();
    others();
    return 0;
}
