// SPDX-License-Identifier: Apache-2.0
//
// Which times of a file and of its directory change by what, and what utimensat sets.

#define _GNU_SOURCE
#include "expect.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

static struct stat file, directory;

static bool newer(struct timespec left, struct timespec right) {
    return left.tv_sec > right.tv_sec || (left.tv_sec == right.tv_sec && left.tv_nsec > right.tv_nsec);
}

/// Old times for both, so that every change shows.
static void before(void) {
    struct timespec old[2] = {{1000, 1}, {1000, 2}};
    utimensat(AT_FDCWD, "d/f", old, 0);
    utimensat(AT_FDCWD, "d", old, 0);
    // Linux's clock for files is coarse.
    usleep(12000);
    lstat("d/f", &file);
    lstat("d", &directory);
}

static void changed(const char *what, const char *path) {
    struct stat now;
    printf("%s:", what);
    if (lstat(path, &now) == 0)
        printf(" file%s%s%s", now.st_mtim.tv_sec != 1000 ? " modification" : "",
               newer(now.st_ctim, file.st_ctim) ? " change" : "",
               now.st_nlink != file.st_nlink ? " links" : "");
    lstat("d", &now);
    printf(" directory%s%s\n", now.st_mtim.tv_sec != 1000 ? " modification" : "",
           newer(now.st_ctim, directory.st_ctim) ? " change" : "");
    fflush(stdout);
}

#define CHANGES(call)                                                                                        \
    do {                                                                                                     \
        before();                                                                                            \
        if ((long)(call) < 0)                                                                                \
            printf("%s failed: %s\n", #call, strerrorname_np(errno));                                        \
        changed(#call, "d/f");                                                                               \
    } while (0)

static int closing(int descriptor) {
    return close(descriptor);
}

static void changes(void) {
    puts("# changes");
    mkdir("d", 0755);
    mkdir("e", 0755);
    close(open("d/f", O_CREAT | O_RDWR, 0644));
    int handle = open("d/f", O_RDWR);
    CHANGES(write(handle, "content", 7));
    CHANGES(write(handle, "content", 0));
    CHANGES(pwrite(handle, "x", 1, 0));
    CHANGES(ftruncate(handle, 5));
    CHANGES(ftruncate(handle, 5));
    CHANGES(truncate("d/f", 5));
    CHANGES(truncate("d/f", 9));
    CHANGES(fallocate(handle, 0, 0, 20));
    CHANGES(fallocate(handle, FALLOC_FL_KEEP_SIZE, 0, 100));
    CHANGES(fallocate(handle, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 2));
    CHANGES(closing(open("d/f", O_WRONLY | O_TRUNC)));
    CHANGES(closing(open("d/f", O_WRONLY | O_TRUNC)));
    CHANGES(closing(open("d/f", O_WRONLY | O_CREAT, 0600)));
    CHANGES(chmod("d/f", 0600));
    CHANGES(chmod("d/f", 0600));
    CHANGES(chown("d/f", 1, 1));
    CHANGES(chown("d/f", -1, -1));
    CHANGES(link("d/f", "d/g"));
    CHANGES(unlink("d/g"));
    CHANGES(rename("d/f", "d/f"));
    CHANGES(link("d/f", "e/g"));
    CHANGES(rename("d/f", "e/g"));
    CHANGES(unlink("e/g"));
    CHANGES(closing(open("d/new", O_CREAT | O_WRONLY, 0600)));
    CHANGES(rename("d/new", "d/new2"));
    CHANGES(rename("d/new2", "d/f"));
    CHANGES(mkdir("d/inner", 0700));
    CHANGES(rmdir("d/inner"));
    CHANGES(symlink("x", "d/link"));
    CHANGES(unlink("d/link"));
    CHANGES(chmod("d", 0700));
    before();
    struct stat old = file;
    (void)old;
    rename("d/f", "e/f");
    changed("moved away", "e/f");
    before();
    rename("e/f", "d/f");
    changed("moved back", "d/f");
    close(handle);
}

static void show(const char *path) {
    struct stat status;
    lstat(path, &status);
    time_t now = time(NULL);
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    printf("%s:", path);
    for (int i = 0; i < 2; i++) {
        if (times[i].tv_sec >= now - 5 && times[i].tv_sec <= now + 5)
            printf(" now");
        else
            printf(" %lld.%09ld", (long long)times[i].tv_sec, times[i].tv_nsec);
    }
    printf("\n");
    fflush(stdout);
}

static void setting(void) {
    puts("# setting");
    close(open("f", O_CREAT | O_RDWR, 0644));
    symlink("f", "s");
    struct timespec times[2] = {{-5, 7}, {1ll << 31, 999999999}};
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    show("f");
    times[0] = (struct timespec){0, UTIME_OMIT}, times[1] = (struct timespec){77, 8};
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    show("f");
    times[0] = (struct timespec){0, UTIME_NOW};
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    show("f");
    times[0] = (struct timespec){1, 1}, times[1] = (struct timespec){2, 2};
    SHOW(utimensat(AT_FDCWD, "s", times, AT_SYMLINK_NOFOLLOW));
    show("s");
    show("f");
    SHOW(utimensat(AT_FDCWD, "s", times, 0));
    show("f");
    times[0].tv_nsec = 1000000000;
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    times[0].tv_nsec = -1;
    SHOW(utimensat(AT_FDCWD, "f", times, 0));
    times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_OMIT;
    SHOW(utimensat(AT_FDCWD, "missing", times, 0));
    SHOW(utimensat(AT_FDCWD, "f", times, 1));
    SHOW(utimensat(AT_FDCWD, "missing", NULL, 0));
    int file = open("f", O_RDONLY);
    times[0] = (struct timespec){3, 3}, times[1] = (struct timespec){4, 4};
    SHOW(futimens(file, times));
    show("f");
    SHOW(syscall(SYS_utimensat, 99, NULL, times, 0));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, NULL, times, 0));
    SHOW(syscall(SYS_utimensat, file, NULL, times, AT_SYMLINK_NOFOLLOW));
    SHOW(utimensat(file, "", times, AT_EMPTY_PATH));
    struct timeval values[2] = {{5, 6}, {7, 999999}};
    SHOW(utimes("f", values));
    show("f");
    values[0].tv_usec = 1000000;
    SHOW(utimes("f", values));
    values[0].tv_usec = -1;
    SHOW(utimes("f", values));
    SHOW(lutimes("s", NULL));
    show("s");
    struct utimbuf old = {8, 9};
    SHOW(utime("f", &old));
    show("f");
    SHOW(utime("f", NULL));
    show("f");
    SHOW(syscall(SYS_utimensat, AT_FDCWD, 8, times, 0));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, "f", 8, 0));
}

/// relatime: reading a file sets its access time when that is older than the modification.
static void reading(void) {
    puts("# reading");
    char buffer[4];
    int made = open("/dev/shm/read", O_CREAT | O_RDWR, 0600);
    WORKS(write(made, "1234", 4));
    struct timespec times[2] = {{1000, 0}, {2000, 0}};
    futimens(made, times);
    WORKS(pread(made, buffer, 4, 0));
    show("/dev/shm/read");
    futimens(made, times);
    WORKS(pread(made, buffer, 4, 4));
    show("/dev/shm/read");
    futimens(made, times);
    HOLDS(mmap(NULL, 4096, PROT_READ, MAP_SHARED, made, 0) != MAP_FAILED);
    show("/dev/shm/read");
    futimens(made, times);
    int quiet = open("/dev/shm/read", O_RDONLY | O_NOATIME);
    HOLDS(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, quiet, 0) != MAP_FAILED);
    show("/dev/shm/read");
    unlink("/dev/shm/read");
    close(quiet);
    close(made);
}

int main(void) {
    changes();
    setting();
    reading();
    return 0;
}
