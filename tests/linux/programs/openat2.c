// SPDX-License-Identifier: Apache-2.0
//
// openat2: its strictness, and walks that must not leave a directory, follow links or cross mounts. And what
// else opens: flags of preadv2 and pwritev2, devices.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

static int root;

static int open2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? 0600 : 0};
    how.mode = (flags & O_CREAT) != 0 ? 0600 : 0;
    how.resolve = resolve;
    int file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (file >= 0)
        close(file);
    return file < 0 ? -1 : 0;
}

static void walks(const char *name, uint64_t resolve) {
    printf("# %s\n", name);
    SHOW(open2(root, "file", O_RDONLY, resolve));
    SHOW(open2(root, "inner/file", O_RDONLY, resolve));
    SHOW(open2(root, "inner/../file", O_RDONLY, resolve));
    SHOW(open2(root, "..", O_RDONLY, resolve));
    SHOW(open2(root, "../outside", O_RDONLY, resolve));
    SHOW(open2(root, "inner/../../outside", O_RDONLY, resolve));
    SHOW(open2(root, "/outside", O_RDONLY, resolve));
    SHOW(open2(root, "/file", O_RDONLY, resolve));
    SHOW(open2(root, "/", O_RDONLY, resolve));
    SHOW(open2(root, "link", O_RDONLY, resolve));
    SHOW(open2(root, "link", O_RDONLY | O_NOFOLLOW, resolve));
    SHOW(open2(root, "link", O_PATH | O_NOFOLLOW, resolve));
    SHOW(open2(root, "up/outside", O_RDONLY, resolve));
    // Whether the root is another filesystem than the working directory is the machine's business.
    if (resolve != RESOLVE_NO_XDEV)
        SHOW(open2(root, "absolute", O_RDONLY, resolve));
    SHOW(open2(root, "folder/file", O_RDONLY, resolve));
    SHOW(open2(root, "magic/file", O_RDONLY, resolve));
    SHOW(open2(root, "missing", O_RDONLY, resolve));
    SHOW(open2(root, "file/", O_RDONLY, resolve));
    SHOW(open2(AT_FDCWD, "/proc/self/cwd", O_RDONLY, resolve));
    SHOW(open2(AT_FDCWD, "/proc/self/status", O_RDONLY, resolve));
    SHOW(open2(AT_FDCWD, "/dev/null", O_RDONLY, resolve));
    SHOW(open2(AT_FDCWD, ".", O_RDONLY, resolve));
    SHOW(open2(99, "file", O_RDONLY, resolve));
    SHOW(open2(root, "new", O_CREAT | O_EXCL | O_WRONLY, resolve));
    SHOW(unlinkat(root, "new", 0));
}

static void arguments(void) {
    puts("# arguments");
    struct open_how how = {.flags = O_RDONLY};
    SHOW(close((int)syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how)));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how - 1));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, 0));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", (void *)8, sizeof how));
    struct {
        struct open_how how;
        char more[5000];
    } longer;
    memset(&longer, 0, sizeof longer);
    SHOW(close((int)syscall(SYS_openat2, AT_FDCWD, "outside", &longer, sizeof how + 101)));
    longer.more[100] = 1;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &longer, sizeof how + 101));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &longer, 5000));
    how.mode = 0600;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    how.flags = O_CREAT;
    how.mode = 0200000;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    how.flags = 1ull << 40;
    how.mode = 0;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    how.flags = O_PATH | O_RDWR;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    how.flags = O_RDONLY;
    how.resolve = 64;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    how.resolve = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "outside", &how, sizeof how));
    SHOW(open2(AT_FDCWD, "missing", O_CREAT, RESOLVE_CACHED));
}

static void transfers(void) {
    puts("# preadv2 and pwritev2");
    int file = open("transfers", O_CREAT | O_RDWR, 0600);
    char text[] = "0123456789", buffer[16] = "";
    struct iovec out = {text, 10}, in = {buffer, 16};
    SHOW(pwritev2(file, &out, 1, 0, 0));
    SHOW(pwritev2(file, &out, 1, 0, RWF_APPEND));
    SHOW(pwritev2(file, &out, 1, -1, RWF_APPEND));
    SHOW(lseek(file, 0, SEEK_CUR));
    SHOW(lseek(file, 0, SEEK_END));
    SHOW(pwritev2(file, &out, 1, 5, RWF_DSYNC | RWF_SYNC | RWF_HIPRI));
    SHOW(preadv2(file, &in, 1, 3, RWF_NOWAIT));
    printf("%.16s\n", buffer);
    SHOW(preadv2(file, &in, 1, 0, 1 << 20));
    SHOW(preadv2(file, &in, 1, -2, 0));
    SHOW(preadv2(99, &in, 1, 0, 1 << 20));
    close(file);
    int pipes[2];
    WORKS(pipe(pipes));
    SHOW(preadv2(pipes[0], &in, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(pipes[0], &in, 1, 0, RWF_NOWAIT));
    SHOW(pwritev2(pipes[1], &out, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(pipes[0], &in, 1, -1, RWF_NOWAIT));
}

static void devices(void) {
    puts("# devices");
    umask(0);
    SHOW(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    SHOW(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    SHOW(mknod("unknown", S_IFCHR | 0666, makedev(240, 77)));
    SHOW(mknod("block", S_IFBLK | 0600, makedev(259, 300)));
    SHOW(mknod("socket", S_IFSOCK | 0600, makedev(1, 3)));
    SHOW(mknod("plain", 0600, makedev(1, 3)));
    SHOW(mknod("folder", S_IFDIR | 0600, 0));
    SHOW(mknod("link", S_IFLNK | 0600, 0));
    static const char *const names[] = {"null", "unknown", "block", "socket", "plain"};
    for (int i = 0; i < 5; i++) {
        struct stat status;
        stat(names[i], &status);
        printf("%s: %o %u:%u\n", names[i], status.st_mode, major(status.st_rdev), minor(status.st_rdev));
    }
    SHOW(open("unknown", O_RDONLY));
    SHOW(open("socket", O_RDONLY));
    int null = open("null", O_RDWR);
    SHOW(write(null, "x", 1));
    SHOW(read(null, (char[1]){0}, 1));
    close(null);
}

int main(void) {
    mkdir("root", 0755);
    mkdir("root/inner", 0755);
    close(open("root/file", O_CREAT | O_WRONLY, 0600));
    close(open("root/inner/file", O_CREAT | O_WRONLY, 0600));
    close(open("outside", O_CREAT | O_WRONLY, 0600));
    symlink("file", "root/link");
    symlink("..", "root/up");
    symlink("/file", "root/absolute");
    symlink("inner", "root/folder");
    symlink("/proc/self/cwd", "root/magic");
    root = open("root", O_RDONLY | O_DIRECTORY);
    walks("none", 0);
    walks("RESOLVE_BENEATH", RESOLVE_BENEATH);
    walks("RESOLVE_IN_ROOT", RESOLVE_IN_ROOT);
    walks("RESOLVE_NO_SYMLINKS", RESOLVE_NO_SYMLINKS);
    walks("RESOLVE_NO_MAGICLINKS", RESOLVE_NO_MAGICLINKS);
    walks("RESOLVE_NO_XDEV", RESOLVE_NO_XDEV);
    arguments();
    transfers();
    devices();
    return 0;
}
