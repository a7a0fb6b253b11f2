// SPDX-License-Identifier: Apache-2.0
//
// inotify: which events come in which order, with which names, for a directory, a file in it, and both.

#define _GNU_SOURCE
#include "expect.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int notifier;
static unsigned lastCookie;

static const struct {
    uint32_t bit;
    const char *name;
} names[] = {
    {IN_ACCESS, "ACCESS"},
    {IN_MODIFY, "MODIFY"},
    {IN_ATTRIB, "ATTRIB"},
    {IN_CLOSE_WRITE, "CLOSE_WRITE"},
    {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"},
    {IN_OPEN, "OPEN"},
    {IN_MOVED_FROM, "MOVED_FROM"},
    {IN_MOVED_TO, "MOVED_TO"},
    {IN_CREATE, "CREATE"},
    {IN_DELETE, "DELETE"},
    {IN_DELETE_SELF, "DELETE_SELF"},
    {IN_MOVE_SELF, "MOVE_SELF"},
    {IN_Q_OVERFLOW, "Q_OVERFLOW"},
    {IN_IGNORED, "IGNORED"},
    {IN_ISDIR, "ISDIR"},
};

static void showEvent(const struct inotify_event *event) {
    printf("    %d", event->wd);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((event->mask & names[i].bit) != 0)
            printf(" %s", names[i].name);
    }
    if (event->cookie != 0)
        printf(" cookie %s", event->cookie == lastCookie ? "of before" : "new");
    lastCookie = event->cookie;
    if (event->len > 0)
        printf(" \"%s\" in %u", event->name, event->len);
    printf("\n");
}

/// Prints the events that are there.
static void drain(const char *what) {
    printf("%s\n", what);
    char buffer[16384] __attribute__((aligned(8)));
    while (true) {
        ssize_t size = read(notifier, buffer, sizeof buffer);
        if (size <= 0)
            break;
        for (char *at = buffer; at < buffer + size;) {
            struct inotify_event *event = (struct inotify_event *)at;
            showEvent(event);
            at += sizeof *event + event->len;
        }
    }
    fflush(stdout);
}

static void touch(const char *path) {
    close(open(path, O_CREAT | O_WRONLY, 0644));
}

static void names_(void) {
    puts("# names in a directory");
    mkdir("watched", 0755);
    mkdir("other", 0755);
    SHOW(inotify_add_watch(notifier, "watched", IN_ALL_EVENTS));
    touch("watched/file");
    drain("created");
    chmod("watched/file", 0600);
    chown("watched/file", 0, 0);
    drain("changed");
    link("watched/file", "watched/link");
    symlink("file", "watched/symbolic");
    mkdir("watched/directory", 0755);
    mkfifo("watched/fifo", 0600);
    drain("more names");
    rename("watched/file", "watched/renamed");
    drain("renamed");
    rename("watched/renamed", "other/away");
    drain("moved away");
    rename("other/away", "watched/back");
    drain("moved back");
    rename("watched/back", "watched/link");
    drain("renamed to another name of the same file");
    rename("watched/directory", "watched/folder");
    drain("renamed a directory");
    touch("watched/replaced");
    drain("one more");
    rename("watched/replaced", "watched/link");
    drain("replaced");
    rename("other", "watched/folder");
    drain("directory replaced");
    rename("watched/folder", "other");
    drain("directory moved away");
    unlink("watched/link");
    unlink("watched/back");
    unlink("watched/symbolic");
    unlink("watched/fifo");
    mkdir("watched/directory", 0755);
    rmdir("watched/directory");
    drain("deleted");
    rename("watched", "elsewhere");
    drain("moved itself");
    rename("elsewhere", "watched");
    drain("and back");
}

static void contents(void) {
    puts("# contents");
    touch("watched/file");
    drain("made");
    SHOW(inotify_add_watch(notifier, "watched/file", IN_ALL_EVENTS));
    int file = open("watched/file", O_RDWR);
    drain("opened");
    char buffer[8] = "1234567";
    WORKS(read(file, buffer, 8));
    drain("read at the end");
    WORKS(write(file, buffer, 8));
    WORKS(write(file, buffer, 8));
    drain("written twice");
    WORKS(write(file, buffer, 0));
    drain("written nothing");
    WORKS(pread(file, buffer, 8, 0));
    WORKS(pwrite(file, buffer, 8, 0));
    struct iovec vector = {buffer, 8};
    WORKS(readv(file, &vector, 1));
    WORKS(preadv(file, &vector, 1, 0));
    WORKS(writev(file, &vector, 1));
    drain("other reads and writes");
    WORKS(ftruncate(file, 4));
    drain("ftruncate");
    WORKS(truncate("watched/file", 8));
    drain("truncate");
    WORKS(fallocate(file, 0, 0, 100));
    drain("fallocate");
    WORKS(fchmod(file, 0640));
    drain("fchmod");
    struct timespec times[2] = {{1, 0}, {0, UTIME_OMIT}};
    WORKS(futimens(file, times));
    drain("access time");
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = 0;
    WORKS(futimens(file, times));
    drain("modification time");
    WORKS(futimens(file, NULL));
    drain("both times");
    int second = open("watched/second", O_CREAT | O_RDWR, 0644);
    drain("second made");
    lseek(file, 0, SEEK_SET);
    WORKS(sendfile(second, file, NULL, 4));
    drain("sendfile");
    WORKS(copy_file_range(file, NULL, second, NULL, 4, 0));
    drain("copy_file_range");
    close(second);
    close(open("watched/file", O_WRONLY | O_TRUNC));
    drain("truncated by open");
    close(open("watched/file", O_PATH));
    drain("O_PATH");
    int duplicate = dup(file);
    close(file);
    drain("one descriptor closed");
    close(duplicate);
    drain("both closed");
    DIR *directory = opendir("watched");
    drain("directory opened");
    while (readdir(directory) != NULL)
        ;
    drain("directory read");
    closedir(directory);
    drain("directory closed");
    int descriptor = open("watched", O_RDONLY | O_DIRECTORY);
    close(descriptor);
    drain("closed");
}

static void ends(void) {
    puts("# ends");
    int file = open("watched/file", O_RDWR);
    drain("opened");
    unlink("watched/file");
    drain("unlinked while open");
    WORKS(write(file, "x", 1));
    drain("written to");
    close(file);
    drain("closed for the last time");
    touch("watched/other");
    drain("other");
    SHOW(inotify_add_watch(notifier, "watched/other", IN_ALL_EVENTS));
    unlink("watched/other");
    drain("unlinked");
    touch("watched/third");
    touch("watched/fourth");
    drain("third");
    SHOW(inotify_add_watch(notifier, "watched/third", IN_ALL_EVENTS));
    rename("watched/fourth", "watched/third");
    drain("replaced by rename");
    touch("watched/a");
    touch("watched/b");
    SHOW(inotify_add_watch(notifier, "watched/a", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(notifier, "watched/b", IN_ALL_EVENTS));
    drain("two");
    renameat2(AT_FDCWD, "watched/a", AT_FDCWD, "watched/b", RENAME_EXCHANGE);
    drain("exchanged");
    unlink("watched/a");
    unlink("watched/b");
    unlink("watched/second");
    unlink("watched/third");
    drain("all gone");
    mkdir("watched/inner", 0755);
    drain("inner");
    SHOW(inotify_add_watch(notifier, "watched/inner", IN_ALL_EVENTS));
    rmdir("watched/inner");
    drain("inner gone");
    SHOW(inotify_rm_watch(notifier, 1));
    drain("watch removed");
    SHOW(inotify_rm_watch(notifier, 1));
    SHOW(inotify_add_watch(notifier, "watched", IN_DELETE_SELF | IN_MOVE_SELF));
    rmdir("watched");
    drain("directory gone");
}

static void flags(void) {
    puts("# flags");
    touch("f");
    mkdir("d", 0755);
    symlink("f", "s");
    SHOW(inotify_add_watch(notifier, "f", 0));
    SHOW(inotify_add_watch(notifier, "f", IN_ONLYDIR | IN_OPEN));
    SHOW(inotify_add_watch(notifier, "missing", IN_OPEN));
    SHOW(inotify_add_watch(-1, "f", IN_OPEN));
    SHOW(inotify_add_watch(0, "f", IN_OPEN));
    SHOW(inotify_add_watch(notifier, (char *)8, IN_OPEN));
    SHOW(inotify_add_watch(notifier, "f", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
    int watch = inotify_add_watch(notifier, "f", IN_OPEN);
    HOLDS(inotify_add_watch(notifier, "f", IN_CLOSE) == watch);
    touch("f");
    drain("mask replaced");
    HOLDS(inotify_add_watch(notifier, "s", IN_OPEN | IN_MASK_ADD) == watch);
    touch("f");
    drain("mask added to, through a link");
    SHOW(inotify_add_watch(notifier, "f", IN_OPEN | IN_MASK_CREATE));
    HOLDS(inotify_add_watch(notifier, "s", IN_ALL_EVENTS | IN_DONT_FOLLOW) > watch);
    lchown("s", 0, 0);
    drain("the link itself");
    unlink("s");
    drain("the link gone");
    WORKS(inotify_add_watch(notifier, "d", IN_CREATE | IN_ONESHOT));
    touch("d/1");
    touch("d/2");
    drain("one shot");
    WORKS(inotify_add_watch(notifier, "d", IN_ALL_EVENTS | IN_EXCL_UNLINK));
    int file = open("d/1", O_RDWR);
    unlink("d/1");
    WORKS(write(file, "x", 1));
    close(file);
    drain("not after unlinking");
    char longName[260];
    memset(longName, 'n', sizeof longName);
    memcpy(longName, "d/", 2);
    longName[257] = 0;
    touch(longName);
    int waiting = 0;
    ioctl(notifier, FIONREAD, &waiting);
    printf("%d bytes wait\n", waiting);
    char small[16];
    SHOW(read(notifier, small, sizeof small));
    struct pollfd polled = {notifier, POLLIN | POLLOUT, 0};
    SHOW(poll(&polled, 1, 0));
    printf("revents %x\n", polled.revents);
    drain("long name");
    SHOW(poll(&polled, 1, 0));
    SHOW(write(notifier, small, 1));
    SHOW(lseek(notifier, 0, SEEK_SET));
    SHOW(inotify_init1(1));
    unlink(longName);
    drain("unlinked");
    // 16384 events and the overflow.
    for (int i = 0; i < 9000; i++) {
        chmod("d/2", 0600);
        close(open("d/2", O_RDONLY));
    }
    int count = 0;
    bool overflow = false;
    char buffer[65536] __attribute__((aligned(8)));
    ssize_t size;
    while ((size = read(notifier, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + size;) {
            struct inotify_event *event = (struct inotify_event *)at;
            count++;
            if ((event->mask & IN_Q_OVERFLOW) != 0) {
                overflow = true;
                printf("overflow of %d\n", event->wd);
            }
            at += sizeof *event + event->len;
        }
    }
    printf("%d events, overflow %d\n", count, overflow);
}

static void waits(void) {
    puts("# waiting");
    int blocking = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(blocking, "d", IN_CREATE);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        touch("d/made");
        _exit(0);
    }
    char buffer[512] __attribute__((aligned(8)));
    SHOW(read(blocking, buffer, sizeof buffer));
    showEvent((struct inotify_event *)buffer);
    waitpid(child, NULL, 0);
    close(blocking);
}

int main(void) {
    notifier = inotify_init1(IN_NONBLOCK);
    printf("%d %x\n", notifier, fcntl(notifier, F_GETFL));
    names_();
    contents();
    ends();
    flags();
    waits();
    return 0;
}
