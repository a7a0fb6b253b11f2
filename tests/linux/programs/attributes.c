// SPDX-License-Identifier: Apache-2.0
//
// Extended attributes, and what takes a file's privileges away.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static int compare(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/// Prints the names in alphabetical order: filesystems differ in theirs.
static void list(const char *path) {
    char names[70000], *sorted[100];
    ssize_t size = listxattr(path, names, sizeof names);
    printf("%s: %zd bytes:", path, size);
    int count = 0;
    for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1)
        sorted[count++] = name;
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    for (int i = 0; i < count; i++)
        printf(" %s", sorted[i]);
    printf("\n");
}

static char long_[65537];
/// No address of the program, which the compiler does not know.
static char *volatile nowhere = (char *)8;

static void basics(void) {
    puts("# basics");
    char value[32] = "";
    close(open("file", O_CREAT | O_WRONLY, 0644));
    SHOW(getxattr("file", "user.none", value, sizeof value));
    list("file");
    SHOW(setxattr("file", "user.one", "first", 5, 0));
    SHOW(getxattr("file", "user.one", value, sizeof value));
    printf("%s\n", value);
    SHOW(getxattr("file", "user.one", value, 0));
    SHOW(getxattr("file", "user.one", value, 4));
    SHOW(getxattr("file", "user.one", value, 5));
    SHOW(setxattr("file", "user.one", "second", 6, XATTR_CREATE));
    SHOW(setxattr("file", "user.two", "second", 6, XATTR_REPLACE));
    SHOW(setxattr("file", "user.one", "changed", 7, XATTR_REPLACE));
    SHOW(setxattr("file", "user.two", "", 0, XATTR_CREATE));
    SHOW(setxattr("file", "user.three", "x", 1, 3));
    SHOW(setxattr("file", "user.three", "x", 1, 4));
    SHOW(getxattr("file", "user.two", value, sizeof value));
    list("file");
    SHOW(listxattr("file", value, 5));
    SHOW(listxattr("file", NULL, 0));
    SHOW(removexattr("file", "user.one"));
    SHOW(removexattr("file", "user.one"));
    list("file");
    int file = open("file", O_RDONLY);
    SHOW(fsetxattr(file, "user.handle", "1", 1, 0));
    SHOW(fgetxattr(file, "user.handle", value, sizeof value));
    SHOW(flistxattr(file, NULL, 0));
    SHOW(fremovexattr(file, "user.handle"));
    close(file);
    file = open("file", O_PATH);
    SHOW(fsetxattr(file, "user.handle", "1", 1, 0));
    SHOW(fgetxattr(file, "user.handle", value, sizeof value));
    close(file);
    SHOW(fgetxattr(99, "user.handle", value, sizeof value));
}

static void errors(void) {
    puts("# errors");
    char value[32], name[300];
    SHOW(setxattr("file", "", "x", 1, 0));
    SHOW(setxattr("file", "user.", "x", 1, 0));
    SHOW(setxattr("file", "plain", "x", 1, 0));
    SHOW(setxattr("file", "unknown.x", "x", 1, 0));
    SHOW(getxattr("file", "unknown.x", value, sizeof value));
    memset(name, 'n', sizeof name);
    memcpy(name, "user.", 5);
    name[255] = 0;
    SHOW(setxattr("file", name, "x", 1, 0));
    SHOW(removexattr("file", name));
    name[255] = 'n';
    name[256] = 0;
    SHOW(setxattr("file", name, "x", 1, 0));
    SHOW(getxattr("file", name, value, sizeof value));
    SHOW(setxattr("file", "user.long", long_, sizeof long_, 0));
    SHOW(setxattr("missing", "user.x", "x", 1, 0));
    SHOW(setxattr("file", "user.x", nowhere, 1, 0));
    SHOW(setxattr("file", nowhere, "x", 1, 0));
    SHOW(setxattr(nowhere, "user.x", "x", 1, 0));
    SHOW(setxattr("file", "user.x", "x", 1, 0));
    SHOW(getxattr("file", "user.x", nowhere, 8));
    symlink("file", "link");
    SHOW(getxattr("link", "user.x", value, sizeof value));
    SHOW(lgetxattr("link", "user.x", value, sizeof value));
    SHOW(lsetxattr("link", "user.y", "x", 1, 0));
    SHOW(llistxattr("link", value, sizeof value));
    mkfifo("fifo", 0600);
    SHOW(setxattr("fifo", "user.x", "x", 1, 0));
    SHOW(getxattr("fifo", "user.x", value, sizeof value));
    mkdir("directory", 0755);
    SHOW(setxattr("directory", "user.x", "on a directory", 14, 0));
    list("directory");
    SHOW(getxattr("/proc/self/status", "user.x", value, sizeof value));
    SHOW(setxattr("/proc/self/status", "user.x", "x", 1, 0));
    SHOW(listxattr("/proc/self/status", value, sizeof value));
    SHOW(getxattr("file", "security.unknown", value, sizeof value));
}

static void owners(void) {
    puts("# other users");
    fflush(stdout);
    chmod("file", 0600);
    pid_t child = fork();
    if (child == 0) {
        char value[32];
        WORKS(setuid(1000));
        SHOW(getxattr("file", "user.x", value, sizeof value));
        SHOW(setxattr("file", "user.x", "y", 1, 0));
        SHOW(removexattr("file", "user.x"));
        SHOW(listxattr("file", NULL, 0));
        SHOW(getxattr("file", "trusted.x", value, sizeof value));
        SHOW(setxattr("file", "trusted.x", "y", 1, 0));
        SHOW(setxattr("file", "security.x", "y", 1, 0));
        SHOW(getxattr("file", "security.x", value, sizeof value));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    // Sticky directories, as user 1000.
    mkdir("sticky", 0777);
    chmod("sticky", 01777);
    child = fork();
    if (child == 0) {
        WORKS(setuid(1000));
        SHOW(setxattr("sticky", "user.x", "y", 1, 0));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/// Capabilities of a file: revision 2, net_bind_service, permitted and effective.
static const unsigned char capability[20] = {1, 0, 0, 2, 0, 4};

static void showMode(const char *path) {
    struct stat status;
    stat(path, &status);
    char value[32];
    printf("%s: mode %o capability %zd\n", path, status.st_mode,
           getxattr(path, "security.capability", value, sizeof value));
    fflush(stdout);
}

static void privilege(const char *how, int (*change)(int file)) {
    printf("# %s\n", how);
    fflush(stdout);
    for (int user = 0; user <= 1000; user += 1000) {
        int file = open("privileged", O_CREAT | O_RDWR | O_TRUNC, 0777);
        WORKS(write(file, "content", 7));
        WORKS(fchown(file, (uid_t)user, (gid_t)user));
        WORKS(fchmod(file, 06777));
        SHOW(setxattr("privileged", "security.capability", capability, sizeof capability, 0));
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            if (setgid((gid_t)user) != 0 || setuid((uid_t)user) != 0)
                _exit(1);
            SHOW(change(file));
            _exit(0);
        }
        waitpid(child, NULL, 0);
        showMode("privileged");
        close(file);
        unlink("privileged");
    }
}

static int byWrite(int file) {
    return (int)pwrite(file, "x", 1, 0);
}
static int byTruncate(int file) {
    return ftruncate(file, 3);
}
static int byOpen(int file) {
    (void)file;
    int opened = open("privileged", O_WRONLY | O_TRUNC);
    close(opened);
    return opened < 0 ? -1 : 0;
}
static int byOwner(int file) {
    return fchown(file, (uid_t)-1, getgid());
}
static int byAllocation(int file) {
    return fallocate(file, 0, 0, 100);
}
static int byNothing(int file) {
    return (int)pwrite(file, "x", 0, 0);
}

int main(void) {
    umask(0);
    chmod(".", 0755);
    basics();
    errors();
    owners();
    SHOW(setxattr("file", "security.capability", "bad", 3, 0));
    SHOW(setxattr("file", "security.capability", "", 0, 0));
    privilege("write", byWrite);
    privilege("truncate", byTruncate);
    privilege("open", byOpen);
    privilege("chown", byOwner);
    privilege("fallocate", byAllocation);
    privilege("write nothing", byNothing);
    return 0;
}
