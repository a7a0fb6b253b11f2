// SPDX-License-Identifier: Apache-2.0
//
// Holes and reserved space: fallocate, SEEK_DATA and SEEK_HOLE, sizes beyond limits; and smaller questions to
// descriptors.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int file;

static void size(const char *what) {
    struct stat status;
    fstat(file, &status);
    printf("%s: size %ld, %ld pages\n", what, (long)status.st_size, (long)status.st_blocks / 8);
    fflush(stdout);
}

static void allocation(void) {
    puts("# fallocate");
    SHOW(fallocate(file, 0, 0, 10000));
    size("allocated");
    SHOW(fallocate(file, FALLOC_FL_KEEP_SIZE, 12288, 8192));
    size("kept");
    char buffer[4096];
    memset(buffer, 'x', sizeof buffer);
    for (int i = 0; i < 5; i++)
        pwrite(file, buffer, sizeof buffer, i * 4096);
    size("written");
    SHOW(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192));
    size("punched");
    SHOW(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 12288 + 100, 200));
    pread(file, buffer, sizeof buffer, 12288);
    printf("%d %d %d %d\n", buffer[99], buffer[100], buffer[299], buffer[300]);
    SHOW(lseek(file, 0, SEEK_HOLE));
    SHOW(lseek(file, 4096, SEEK_DATA));
    SHOW(lseek(file, 5000, SEEK_HOLE));
    SHOW(lseek(file, 12288, SEEK_HOLE));
    SHOW(lseek(file, 20480, SEEK_DATA));
    SHOW(lseek(file, -1, SEEK_DATA));
    SHOW(lseek(file, 0, 9));
    SHOW(fallocate(file, FALLOC_FL_ZERO_RANGE, 100, 50));
    pread(file, buffer, sizeof buffer, 0);
    printf("%d %d %d %d\n", buffer[99], buffer[100], buffer[149], buffer[150]);
    SHOW(fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, 10));
    SHOW(fallocate(file, 0, -1, 10));
    SHOW(fallocate(file, 0, 0, 0));
    SHOW(fallocate(file, 0x100, 0, 10));
    SHOW(fallocate(99, 0, 0, 10));
    int readOnly = open("sparse", O_RDONLY);
    SHOW(fallocate(readOnly, 0, 0, 10));
    SHOW(ftruncate(readOnly, 10));
    close(readOnly);
    int pipes[2];
    pipe(pipes);
    SHOW(fallocate(pipes[1], 0, 0, 10));
    SHOW(ftruncate(pipes[1], 10));
    SHOW(lseek(pipes[1], 0, SEEK_CUR));
    SHOW(ftruncate(file, 1l << 33));
    SHOW(lseek(file, 0, SEEK_END));
    SHOW(lseek(file, 1 << 20, SEEK_DATA));
    SHOW(pwrite(file, "far", 3, 1l << 32));
    SHOW(lseek(file, 1 << 20, SEEK_DATA));
    SHOW(pread(file, buffer, 4, (1l << 32) - 1));
    printf("%d%.3s\n", buffer[0], buffer + 1);
    SHOW(ftruncate(file, -1));
    SHOW(ftruncate(file, 0));
    size("emptied");
}

static void limit(int signal) {
    printf("signal %s\n", signal == SIGXFSZ ? "XFSZ" : "?");
    fflush(stdout);
}

static void limits(void) {
    puts("# RLIMIT_FSIZE");
    signal(SIGXFSZ, limit);
    struct rlimit small = {100, 1000};
    setrlimit(RLIMIT_FSIZE, &small);
    char buffer[200] = "";
    lseek(file, 0, SEEK_SET);
    SHOW(write(file, buffer, 60));
    SHOW(write(file, buffer, 60));
    SHOW(write(file, buffer, 60));
    SHOW(ftruncate(file, 101));
    SHOW(ftruncate(file, 100));
    SHOW(fallocate(file, 0, 0, 101));
    SHOW(truncate("sparse", 200));
}

static void questions(void) {
    puts("# questions");
    int count = -1;
    lseek(file, 40, SEEK_SET);
    SHOW(ioctl(file, FIONREAD, &count));
    SHOW(count);
    SHOW(ioctl(file, FIGETBSZ, &count));
    SHOW(count);
    SHOW(fcntl(file, F_GETLEASE));
    SHOW(fcntl(file, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(file, F_SETLEASE, 7));
    SHOW(fcntl(file, 9999));
    SHOW(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
    SHOW(posix_fadvise(file, 0, 0, 77));
    SHOW(readahead(file, 0, 10));
    SHOW(sync_file_range(file, 0, 10, SYNC_FILE_RANGE_WRITE));
    SHOW(sync_file_range(file, 0, 10, 99));
    SHOW(syncfs(file));
    SHOW(fsync(file));
    SHOW(fdatasync(99));
}

int main(void) {
    file = open("sparse", O_CREAT | O_RDWR, 0600);
    allocation();
    limits();
    questions();
    return 0;
}
