// SPDX-License-Identifier: Apache-2.0
//
// Who may do what with files and directories: users, groups, set-ID and sticky bits, what root may.

#define _GNU_SOURCE
#include "expect.h"
#include "permissionChecks.h"
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/// Runs `body` as a user with two groups.
static void as(uid_t user, gid_t group, gid_t further, void (*body)(void)) {
    printf("-- user %u\n", user);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (setgroups(further == 0 ? 0 : 1, &further) != 0 || setgid(group) != 0 || setuid(user) != 0)
            _exit(1);
        body();
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void makeFile(const char *path, mode_t bits, uid_t user, gid_t group) {
    close(open(path, O_CREAT | O_WRONLY, 0600));
    WORKS(chown(path, user, group));
    WORKS(chmod(path, bits));
}

static void useFile(void) {
    SHOW(opened("private", O_RDONLY));
    SHOW(opened("private", O_WRONLY));
    SHOW(opened("mixed", O_RDONLY));
    SHOW(opened("mixed", O_WRONLY));
    SHOW(opened("mixed", O_RDWR));
    SHOW(opened("mixed", O_RDONLY | O_TRUNC));
    SHOW(opened("mixed", O_RDONLY | O_NOATIME));
    SHOW(opened("mixed", O_PATH));
    SHOW(opened("none", O_RDONLY));
    SHOW(access("mixed", R_OK));
    SHOW(access("mixed", W_OK));
    SHOW(access("mixed", X_OK));
    SHOW(access("none", X_OK));
    SHOW(access("none", F_OK));
    SHOW(faccessat(AT_FDCWD, "mixed", R_OK | W_OK, AT_EACCESS));
    SHOW(truncate("mixed", 0));
    SHOW(chmod("mixed", 0640));
    SHOW(chmod("mixed", 02640));
    mode("mixed");
    SHOW(chown("mixed", (uid_t)-1, 200));
    SHOW(chown("mixed", (uid_t)-1, 300));
    SHOW(chown("mixed", 100, (gid_t)-1));
    SHOW(chown("mixed", 0, (gid_t)-1));
    SHOW(chown("mixed", (uid_t)-1, (gid_t)-1));
    mode("mixed");
    struct timespec times[2] = {{1, 0}, {2, 0}};
    SHOW(utimensat(AT_FDCWD, "mixed", times, 0));
    SHOW(utimensat(AT_FDCWD, "mixed", NULL, 0));
    times[0].tv_nsec = UTIME_NOW, times[1].tv_nsec = UTIME_NOW;
    SHOW(utimensat(AT_FDCWD, "mixed", times, 0));
    times[1].tv_nsec = UTIME_OMIT;
    SHOW(utimensat(AT_FDCWD, "mixed", times, 0));
    times[0].tv_nsec = UTIME_OMIT;
    SHOW(utimensat(AT_FDCWD, "mixed", times, 0));
}

static void files(void) {
    puts("# files");
    makeFile("private", 0600, 100, 200);
    makeFile("none", 0, 100, 200);
    makeFile("mixed", 0624, 100, 200);
    as(100, 200, 300, useFile);
    makeFile("mixed", 0624, 100, 200);
    as(101, 200, 0, useFile);
    makeFile("mixed", 0624, 100, 200);
    as(102, 201, 200, useFile);
    makeFile("mixed", 0624, 100, 200);
    as(103, 201, 0, useFile);
    puts("-- root");
    SHOW(opened("none", O_RDWR));
    SHOW(access("none", R_OK | W_OK));
    SHOW(access("none", X_OK));
    SHOW(execl("none", "none", NULL));
}

static void useDirectories(void) {
    SHOW(mkdir("closed/new", 0777));
    SHOW(opened("closed/file", O_RDONLY));
    SHOW(opened("closed", O_RDONLY | O_DIRECTORY));
    SHOW(chdir("closed"));
    SHOW(opened("listed/file", O_RDONLY));
    SHOW(opened("listed", O_RDONLY | O_DIRECTORY));
    SHOW(access("listed/file", F_OK));
    SHOW(opened("passed/file", O_RDONLY));
    SHOW(opened("passed", O_RDONLY | O_DIRECTORY));
    SHOW(opened("passed/file", O_RDONLY | O_CREAT));
    SHOW(opened("passed/new", O_WRONLY | O_CREAT));
    SHOW(unlink("passed/file"));
    SHOW(rename("passed/file", "open/file"));
    SHOW(link("passed/file", "open/link"));
    SHOW(symlink("anywhere", "passed/link"));
    SHOW(rmdir("closed"));
    SHOW(rmdir("passed/inner"));
    SHOW(mkdir("passed/inner", 0700));
    SHOW(mkdir("passed/missing/inner", 0700));
    SHOW(chroot("."));
    SHOW(mknod("open/device", S_IFCHR | 0600, 0x103));
    SHOW(mknod("open/fifo", S_IFIFO | 0600, 0));
    SHOW(unlink("open/fifo"));
}

static void makeDirectory(const char *path, mode_t bits) {
    mkdir(path, 0700);
    char inside[64];
    snprintf(inside, sizeof inside, "%s/file", path);
    close(open(inside, O_CREAT | O_WRONLY, 0644));
    chmod(inside, 0644);
    snprintf(inside, sizeof inside, "%s/inner", path);
    mkdir(inside, 0755);
    chmod(path, bits);
}

static void useSticky(void) {
    SHOW(unlink("sticky/others"));
    SHOW(rename("sticky/others", "sticky/renamed"));
    SHOW(rename("sticky/own", "sticky/others"));
    SHOW(rmdir("sticky/folder"));
    SHOW(rename("sticky/own", "sticky/renamed"));
    SHOW(unlink("sticky/renamed"));
    SHOW(opened("sticky/others", O_RDWR));
    SHOW(link("sticky/others", "sticky/link"));
    SHOW(link("sticky/unreadable", "sticky/link"));
    SHOW(link("sticky/special", "sticky/link"));
    SHOW(link("sticky/privileged", "sticky/link"));
    SHOW(link("sticky/writable", "sticky/link"));
    SHOW(unlink("sticky/link"));
    SHOW(symlink("others", "sticky/symbolic"));
    SHOW(opened("sticky/symbolic", O_RDONLY));
    SHOW(opened("sticky/theirs", O_RDONLY));
    SHOW(opened("sticky/roots", O_RDONLY));
    SHOW(unlink("sticky/symbolic"));
}

static void directories(void) {
    puts("# directories");
    makeDirectory("closed", 0700);
    makeDirectory("listed", 0744);
    makeDirectory("passed", 0711);
    makeDirectory("open", 0777);
    as(100, 200, 0, useDirectories);
    puts("# sticky");
    mkdir("sticky", 0777);
    chmod("sticky", 01777);
    makeFile("sticky/others", 0666, 101, 200);
    makeFile("sticky/own", 0600, 100, 200);
    makeFile("sticky/unreadable", 0622, 101, 200);
    makeFile("sticky/privileged", 04777, 101, 200);
    makeFile("sticky/writable", 0646, 101, 201);
    mkfifo("sticky/special", 0666);
    chmod("sticky/special", 0666);
    mkdir("sticky/folder", 0777);
    symlink("others", "sticky/theirs");
    lchown("sticky/theirs", 101, 200);
    symlink("others", "sticky/roots");
    as(100, 200, 0, useSticky);
}

static void inherit(void) {
    umask(027);
    SHOW(mkdir("group/inner", 07777));
    mode("group/inner");
    SHOW(mkdir("group/inner/most", 0777));
    mode("group/inner/most");
    SHOW(opened("group/file", O_CREAT | O_WRONLY));
    mode("group/file");
    close(open("group/privileged", O_CREAT | O_WRONLY, 06777));
    mode("group/privileged");
    close(open("group/collective", O_CREAT | O_WRONLY, 02770));
    mode("group/collective");
    SHOW(mknod("group/node", S_IFREG | 02770, 0));
    mode("group/node");
    SHOW(symlink("x", "group/link"));
    mode("group/link");
    SHOW(chmod("group/file", 02750));
    mode("group/file");
    SHOW(chmod("group/inner", 0755));
    mode("group/inner");
    umask(0777);
    SHOW(mkdir("group/nothing", 0777));
    mode("group/nothing");
}

static void groups(void) {
    puts("# set-group-ID directories");
    mkdir("group", 0777);
    chown("group", 0, 500);
    chmod("group", 02777);
    as(100, 200, 0, inherit);
    umask(0);
    SHOW(opened("group/roots", O_CREAT | O_WRONLY));
    mode("group/roots");
    makeFile("changed", 06777, 100, 200);
    SHOW(chown("changed", 101, 200));
    mode("changed");
    makeFile("changed", 06767, 100, 200);
    SHOW(chown("changed", 101, 200));
    mode("changed");
    makeFile("changed", 06777, 100, 200);
    SHOW(chown("changed", (uid_t)-1, (gid_t)-1));
    mode("changed");
    mkdir("folder", 0700);
    chmod("folder", 06777);
    SHOW(chown("folder", 101, 200));
    mode("folder");
}

int main(void) {
    umask(0);
    chmod(".", 0777);
    files();
    directories();
    groups();
    return 0;
}
