// SPDX-License-Identifier: Apache-2.0
//
// Names: the errors of open, rename, link, unlink and mkdir in the order in which Linux finds them.

#include "report.h"
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void opening(void) {
    puts("# open");
    TRY(open("file", O_CREAT | O_EXCL | O_RDWR, 0600));
    TRY(open("file", O_CREAT | O_EXCL | O_RDWR, 0600));
    TRY(close(3));
    TRY(open("file/", O_RDONLY));
    TRY(open("new/", O_CREAT | O_WRONLY, 0600));
    TRY(open("missing", O_RDONLY));
    TRY(open("missing/new", O_CREAT | O_WRONLY, 0600));
    TRY(open("file/new", O_CREAT | O_WRONLY, 0600));
    TRY(open("", O_RDONLY));
    TRY(open("file", O_DIRECTORY));
    TRY(mkdir("directory", 0755));
    TRY(open("directory", O_WRONLY));
    TRY(open("directory", O_CREAT, 0600));
    TRY(open("directory", O_RDONLY | O_TRUNC));
    TRY(symlink("file", "link"));
    TRY(open("link", O_NOFOLLOW));
    TRY(open("link", O_NOFOLLOW | O_DIRECTORY));
    TRY(open("link", O_CREAT | O_EXCL | O_WRONLY, 0600));
    TRY(open("link", O_PATH | O_NOFOLLOW));
    TRY(read(3, "", 0));
    TRY(fchmod(3, 0600));
    char text[16] = "";
    TRY(readlinkat(3, "", text, sizeof text));
    puts(text);
    TRY(close(3));
    TRY(symlink("made-through-link", "dangling"));
    TRY(open("dangling", O_RDONLY));
    TRY(open("dangling", O_CREAT | O_WRONLY, 0600));
    TRY(close(3));
    TRY(access("made-through-link", F_OK));
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    TRY(close(open(name, O_CREAT | O_WRONLY, 0600)));
    TRY(unlink(name));
    name[255] = 'n';
    name[256] = 0;
    TRY(open(name, O_CREAT | O_WRONLY, 0600));
    char path[PATH_MAX + 16];
    for (size_t i = 0; i + 2 < sizeof path; i += 2)
        memcpy(path + i, "./", 3);
    TRY(open(path, O_RDONLY));
    path[PATH_MAX - 1] = 0;
    TRY(close(open(path, O_RDONLY)));
    TRY(open((char *)1, O_RDONLY));
    TRY(openat(99, "file", O_RDONLY));
    TRY(openat(99, "/tmp", O_RDONLY));
    TRY(close(3));
    TRY(open("file", O_RDONLY));
    TRY(openat(3, "file", O_RDONLY));
    TRY(openat(3, "", O_RDONLY));
    TRY(close(3));
    TRY(open(".", O_TMPFILE | O_RDONLY, 0600));
    TRY(open(".", O_TMPFILE | O_RDWR, 0600));
    TRY(write(3, "unnamed", 7));
    TRY(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    TRY(close(3));
    struct stat status;
    TRY(stat("named", &status));
    printf("size %ld links %ld\n", (long)status.st_size, (long)status.st_nlink);
    TRY(creat("created", 0644));
    TRY(close(3));
    TRY(syscall(SYS_openat, AT_FDCWD, "file", 0x80000000u | O_RDONLY));
    TRY(close(3));
}

static void renaming(void) {
    puts("# rename");
    TRY(mkdir("a", 0755));
    TRY(mkdir("a/b", 0755));
    TRY(mkdir("empty", 0755));
    TRY(close(creat("one", 0644)));
    TRY(close(creat("two", 0644)));
    TRY(rename("missing", "x"));
    TRY(rename("one", "missing/x"));
    TRY(rename("a", "a/b/c"));
    TRY(rename("a", "a"));
    TRY(rename("one", "one"));
    TRY(rename("one", "empty"));
    TRY(rename("empty", "one"));
    TRY(rename("empty", "a"));
    TRY(rename("a/b", "a"));
    TRY(rename("one/", "x"));
    TRY(rename("one", "x/"));
    TRY(rename("empty/", "moved/"));
    TRY(rename("moved", "."));
    TRY(rename(".", "x"));
    TRY(rename("..", "x"));
    TRY(rename("/", "x"));
    TRY(rename("one", ""));
    TRY(rename("one", "/proc/one"));
    TRY(rename("moved", "a/b"));
    TRY(access("moved", F_OK));
    TRY(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_NOREPLACE));
    TRY(renameat2(AT_FDCWD, "one", AT_FDCWD, "three", RENAME_NOREPLACE));
    TRY(renameat2(AT_FDCWD, "three", AT_FDCWD, "a", RENAME_EXCHANGE));
    TRY(access("a", F_OK));
    struct stat status;
    TRY(stat("three/b", &status));
    TRY(renameat2(AT_FDCWD, "three", AT_FDCWD, "missing", RENAME_EXCHANGE));
    TRY(renameat2(AT_FDCWD, "three", AT_FDCWD, "a", RENAME_EXCHANGE | RENAME_NOREPLACE));
    TRY(renameat2(AT_FDCWD, "three", AT_FDCWD, "a", 0x80));
    TRY(link("two", "hard"));
    TRY(rename("two", "hard"));
    TRY(access("two", F_OK));
    TRY(rename("two", "a"));
    TRY(stat("a", &status));
    printf("links %ld\n", (long)status.st_nlink);
}

static void names(void) {
    puts("# mkdir, unlink, link, symlink, mknod");
    TRY(mkdir("a", 0755));
    TRY(mkdir("d/", 0755));
    TRY(mkdir("/", 0755));
    TRY(mkdir(".", 0755));
    TRY(mkdir("..", 0755));
    TRY(mkdir("", 0755));
    TRY(rmdir("d/."));
    TRY(rmdir("d/.."));
    TRY(rmdir("/"));
    TRY(rmdir("."));
    TRY(rmdir("a"));
    TRY(rmdir("d/"));
    TRY(unlink("missing"));
    TRY(unlink("directory"));
    TRY(unlink("directory/"));
    TRY(unlink("a/"));
    TRY(unlink("."));
    TRY(unlinkat(AT_FDCWD, "directory", AT_REMOVEDIR));
    TRY(unlinkat(AT_FDCWD, "a", 1));
    TRY(rmdir("/proc"));
    TRY(rmdir("/dev"));
    TRY(link("a", "a"));
    TRY(link("missing", "x"));
    TRY(link("/tmp", "x"));
    TRY(link("a", "x/"));
    TRY(link("/proc/version", "x"));
    TRY(link("link", "hardlink"));
    struct stat status;
    TRY(lstat("hardlink", &status));
    printf("mode %o\n", status.st_mode);
    TRY(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    TRY(lstat("followed", &status));
    printf("mode %o\n", status.st_mode);
    TRY(linkat(AT_FDCWD, "a", AT_FDCWD, "y", 1));
    TRY(symlink("", "x"));
    TRY(symlink("x", "a"));
    TRY(symlink("x", "missing/y"));
    TRY(symlink("x", "y/"));
    char text[8];
    TRY(readlink("a", text, sizeof text));
    TRY(readlink("link", text, 2));
    TRY(readlink("link", text, 0));
    TRY(readlink("missing", text, 8));
    TRY(mknod("fifo", S_IFIFO | 0644, 0));
    TRY(mknod("regular", S_IFREG | 0644, 0));
    TRY(mknod("zero", 0644, 0));
    TRY(mknod("dir", S_IFDIR | 0644, 0));
    TRY(mknod("socket", S_IFSOCK | 0644, 0));
    TRY(open("socket", O_RDONLY));
    TRY(open("fifo", O_WRONLY | O_NONBLOCK));
    TRY(mknod("bad", 0170000, 0));
    TRY(truncate("a", -1));
    TRY(truncate(".", 0));
    TRY(truncate("fifo", 0));
    TRY(chdir("a"));
    TRY(chdir("missing"));
    TRY(mkdir("gone", 0755));
    TRY(chdir("gone"));
    TRY(rmdir("../gone"));
    char cwd[64];
    TRY(syscall(SYS_getcwd, cwd, sizeof cwd));
    TRY(open(".", O_RDONLY));
    TRY(syscall(SYS_getdents64, 3, cwd, sizeof cwd));
    TRY(close(3));
    TRY(open("new", O_CREAT | O_WRONLY, 0600));
    TRY(mkdir("new", 0700));
    TRY(open("..", O_RDONLY));
    TRY(close(3));
    TRY(chdir(".."));
    TRY(syscall(SYS_getcwd, cwd, 4));
    TRY(syscall(SYS_getcwd, cwd, sizeof cwd));
    puts(cwd);
    TRY(open("a", O_RDONLY));
    TRY(fchdir(3));
    TRY(syscall(SYS_getdents64, 3, cwd, sizeof cwd));
    TRY(close(3));
    TRY(open(".", O_RDONLY));
    TRY(syscall(SYS_getdents64, 3, cwd, 20));
    TRY(close(3));
    TRY(chroot("missing"));
    TRY(chroot("a"));
    TRY(umask(0777));
    TRY(umask(022));
}

static void attributes(void) {
    puts("# stat, access, chmod, chown, times");
    struct stat status;
    TRY(stat("", &status));
    TRY(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH));
    printf("directory: %d\n", S_ISDIR(status.st_mode));
    TRY(fstatat(AT_FDCWD, "a", &status, 0x2));
    TRY(fstatat(99, "a", &status, 0));
    TRY(stat("a", (void *)1));
    struct statx extended;
    TRY(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &extended));
    printf("mask %x mode %o links %u size %llu blocks %llu\n", extended.stx_mask & 0x7ff, extended.stx_mode,
           extended.stx_nlink, (unsigned long long)extended.stx_size,
           (unsigned long long)extended.stx_blocks);
    TRY(statx(AT_FDCWD, "a", 0, 0x80000000u, &extended));
    TRY(statx(AT_FDCWD, "a", 0x6000, STATX_SIZE, &extended));
    TRY(access("a", R_OK | W_OK));
    TRY(access("a", X_OK));
    TRY(access("a", 8));
    TRY(faccessat(AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW));
    TRY(chmod("a", 04755));
    TRY(chown("a", -1, -1));
    TRY(stat("a", &status));
    printf("mode %o\n", status.st_mode);
    TRY(chown("a", 5, -1));
    TRY(stat("a", &status));
    printf("mode %o owner %u:%u\n", status.st_mode, status.st_uid, status.st_gid);
    TRY(chmod("missing", 0644));
    TRY(fchmodat(AT_FDCWD, "link", 0600, 0));
    struct timespec times[2] = {{.tv_sec = 1, .tv_nsec = 2}, {.tv_sec = -5, .tv_nsec = 999999999}};
    TRY(utimensat(AT_FDCWD, "a", times, 0));
    TRY(stat("a", &status));
    printf("%ld.%09ld %ld.%09ld\n", status.st_atim.tv_sec, status.st_atim.tv_nsec, status.st_mtim.tv_sec,
           status.st_mtim.tv_nsec);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = 77;
    times[1].tv_nsec = 0;
    TRY(utimensat(AT_FDCWD, "a", times, 0));
    TRY(stat("a", &status));
    printf("%ld.%09ld %ld\n", status.st_atim.tv_sec, status.st_atim.tv_nsec, status.st_mtim.tv_sec);
    times[1].tv_nsec = 1000000000;
    TRY(utimensat(AT_FDCWD, "a", times, 0));
    times[1].tv_nsec = UTIME_OMIT;
    TRY(utimensat(AT_FDCWD, "missing", times, 0));
    TRY(utimensat(AT_FDCWD, "missing", NULL, 0));
    TRY(utimensat(AT_FDCWD, "link", NULL, AT_SYMLINK_NOFOLLOW));
}

static void unprivileged(void) {
    puts("# as another user");
    TRY(mkdir("mine", 0777));
    TRY(chmod("mine", 0777));
    TRY(mkdir("roots", 0755));
    TRY(close(creat("roots/file", 0600)));
    TRY(close(creat("readable", 0644)));
    TRY(mkdir("sticky", 0777));
    TRY(chmod("sticky", 01777));
    TRY(close(creat("sticky/roots", 0666)));
    TRY(setgroups(0, NULL));
    TRY(setgid(1234));
    TRY(setuid(1234));
    TRY(open("roots/file", O_RDONLY));
    TRY(open("readable", O_WRONLY));
    TRY(open("readable", O_RDONLY | O_TRUNC));
    TRY(open("readable", O_RDONLY | O_NOATIME));
    TRY(creat("roots/new", 0644));
    TRY(mkdir("roots/new", 0755));
    TRY(unlink("roots/file"));
    TRY(unlink("roots/missing"));
    TRY(mkdir("roots/file", 0755));
    TRY(rename("roots/file", "mine/file"));
    TRY(unlink("sticky/roots"));
    TRY(rename("sticky/roots", "mine/x"));
    TRY(chmod("readable", 0666));
    TRY(chown("readable", 1234, -1));
    TRY(utimensat(AT_FDCWD, "readable", NULL, 0));
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    TRY(utimensat(AT_FDCWD, "readable", times, 0));
    TRY(close(creat("mine/own", 04755)));
    struct stat status;
    TRY(stat("mine/own", &status));
    printf("mode %o\n", status.st_mode);
    TRY(chmod("mine/own", 06755));
    TRY(stat("mine/own", &status));
    printf("mode %o\n", status.st_mode);
    TRY(open("mine/own", O_WRONLY));
    TRY(write(3, "x", 1));
    TRY(fstat(3, &status));
    printf("mode %o\n", status.st_mode);
    TRY(chown("mine/own", 0, -1));
    TRY(chown("mine/own", -1, 0));
    TRY(chown("mine/own", 1234, 1234));
    TRY(chroot("mine"));
    TRY(mknod("mine/device", S_IFCHR | 0666, 0x103));
    TRY(open("/root", O_RDONLY));
    TRY(access("/root", X_OK));
    TRY(chdir("/root"));
}

int main(void) {
    closefrom(3);
    umask(022);
    if (mkdir("/tmp/paths", 0777) != 0 || chdir("/tmp/paths") != 0)
        return 1;
    opening();
    renaming();
    names();
    attributes();
    unprivileged();
    return 0;
}
