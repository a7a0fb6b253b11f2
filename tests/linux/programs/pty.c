// SPDX-License-Identifier: Apache-2.0
//
// Pseudoterminals: making them, locking, names, packet mode, window sizes, and what the end of one side does
// to the other.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>

static int openMaster(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master);
    unlockpt(master);
    return master;
}

static int openTerminal(int master) {
    char name[64];
    if (ptsname_r(master, name, sizeof name) != 0)
        return -1;
    return open(name, O_RDWR | O_NOCTTY);
}

static void settle(void) {
    usleep(20000);
}

static void showEvents(const char *name, int descriptor) {
    struct pollfd wait = {.fd = descriptor, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    int count = poll(&wait, 1, 0);
    printf("%s: %d events %x\n", name, count, wait.revents);
}

static void showRead(const char *name, int descriptor) {
    char bytes[256];
    ssize_t length = read(descriptor, bytes, sizeof bytes);
    printf("%s: read %zd %s", name, length, length < 0 ? strerrorname_np(errno) : "");
    for (ssize_t i = 0; i < length; i++)
        printf(" %02x", (unsigned char)bytes[i]);
    printf("\n");
}

static void names(void) {
    printf("names\n");
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    HOLDS(master >= 0);
    int number = -1;
    SHOW(ioctl(master, TIOCGPTN, &number));
    HOLDS(number >= 0);
    char name[64], link[64], path[64];
    SHOW(ptsname_r(master, name, sizeof name));
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    HOLDS(strcmp(name, path) == 0);
    int locked = -1;
    SHOW(ioctl(master, TIOCGPTLCK, &locked));
    SHOW(locked);
    SHOW(open(name, O_RDWR | O_NOCTTY));
    SHOW(grantpt(master));
    SHOW(unlockpt(master));
    int terminal = open(name, O_RDWR | O_NOCTTY);
    HOLDS(terminal >= 0);
    SHOW(isatty(master));
    SHOW(isatty(terminal));
    HOLDS(ttyname_r(terminal, link, sizeof link) == 0 && strcmp(link, name) == 0);
    struct stat status;
    SHOW(fstat(terminal, &status));
    // The permissions are the mount's option.
    printf("type %o, major %u, minor is the number: %d\n", status.st_mode & S_IFMT, major(status.st_rdev),
           (int)minor(status.st_rdev) == number);
    HOLDS(status.st_uid == getuid());
    SHOW(fstat(master, &status));
    printf("type %o, device %u:%u\n", status.st_mode & S_IFMT, major(status.st_rdev), minor(status.st_rdev));
    unsigned device = 0;
    SHOW(ioctl(terminal, TIOCGDEV, &device));
    HOLDS(device == (unsigned)makedev(136, number));
    SHOW(fcntl(terminal, F_GETFL) & (O_ACCMODE | O_NOCTTY));
    SHOW(lseek(terminal, 0, SEEK_SET));
    SHOW(pread(terminal, link, 1, 0));
    SHOW(ioctl(terminal, TIOCGPTN, &number));
    SHOW(ioctl(master, TIOCGPGRP, &number));
    SHOW(number);
    SHOW(ioctl(terminal, TIOCGPGRP, &number));
    SHOW(ioctl(master, TIOCGSID, &number));
    SHOW(ioctl(terminal, TIOCGSID, &number));
    SHOW(ioctl(terminal, TIOCOUTQ, &number));
    SHOW(number);
    SHOW(ioctl(terminal, TIOCGETD, &number));
    SHOW(number);
    SHOW(ioctl(terminal, TIOCGEXCL, &number));
    SHOW(number);
    SHOW(ioctl(terminal, TIOCMGET, &number));
    SHOW(ioctl(terminal, TIOCGSERIAL, name));
    SHOW(ioctl(terminal, 0x54ff, 0));
    SHOW(ioctl(terminal, TIOCGWINSZ, 1));
    SHOW(ioctl(terminal, TCGETS, 1));
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    HOLDS(peer >= 0);
    SHOW(fcntl(peer, F_GETFD));
    HOLDS(ttyname_r(peer, link, sizeof link) == 0 && strcmp(link, path) == 0);
    int second = openMaster();
    int other = -1;
    SHOW(ioctl(second, TIOCGPTN, &other));
    HOLDS(other != number);
    close(second);
    close(peer);
    close(terminal);
    close(master);
    SHOW(access(path, F_OK));
    int pair[2];
    SHOW(openpty(&pair[0], &pair[1], NULL, NULL, NULL));
    close(pair[0]);
    close(pair[1]);
}

static void settings(void) {
    printf("settings and sizes\n");
    int master = openMaster(), terminal = openTerminal(master);
    struct winsize size = {24, 80, 640, 480}, seen;
    SHOW(ioctl(terminal, TIOCGWINSZ, &seen));
    printf("%d %d %d %d\n", seen.ws_row, seen.ws_col, seen.ws_xpixel, seen.ws_ypixel);
    SHOW(ioctl(master, TIOCSWINSZ, &size));
    SHOW(ioctl(terminal, TIOCGWINSZ, &seen));
    printf("%d %d %d %d\n", seen.ws_row, seen.ws_col, seen.ws_xpixel, seen.ws_ypixel);
    struct termios one, two;
    SHOW(tcgetattr(master, &one));
    one.c_lflag &= ~ECHO;
    SHOW(tcsetattr(master, TCSANOW, &one));
    SHOW(tcgetattr(terminal, &two));
    HOLDS((two.c_lflag & ECHO) == 0);
    two.c_cflag = (two.c_cflag & ~CSIZE) | CS5 | PARENB;
    cfsetspeed(&two, B115200);
    SHOW(tcsetattr(terminal, TCSADRAIN, &two));
    SHOW(tcgetattr(terminal, &one));
    HOLDS((one.c_cflag & (CSIZE | PARENB)) == CS8);
    HOLDS(cfgetospeed(&one) == B115200);
    close(terminal);
    terminal = openTerminal(master);
    SHOW(tcgetattr(terminal, &one));
    HOLDS((one.c_lflag & ECHO) == 0);
    close(terminal);
    close(master);
}

static void ends(void) {
    printf("before the terminal is opened\n");
    int master = openMaster();
    fcntl(master, F_SETFL, O_NONBLOCK);
    showEvents("master", master);
    showRead("master", master);
    SHOW(write(master, "early\n", 6));
    settle();
    showRead("master", master);
    int terminal = openTerminal(master);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    showEvents("terminal", terminal);
    showRead("terminal", terminal);
    printf("the terminal is closed\n");
    SHOW(write(terminal, "last words", 10));
    close(terminal);
    settle();
    showEvents("master", master);
    showRead("master", master);
    showEvents("master", master);
    showRead("master", master);
    SHOW(write(master, "more\n", 5));
    printf("and opened again\n");
    settle();
    terminal = openTerminal(master);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    showEvents("master", master);
    showRead("terminal", terminal);
    showRead("master", master);
    printf("the master is closed\n");
    SHOW(write(master, "unread\n", 7));
    settle();
    close(master);
    showEvents("terminal", terminal);
    showRead("terminal", terminal);
    SHOW(write(terminal, "x", 1));
    struct termios any;
    SHOW(tcgetattr(terminal, &any));
    int group;
    SHOW(ioctl(terminal, TIOCGPGRP, &group));
    SHOW(ioctl(terminal, TIOCSPGRP, &group));
    SHOW(ioctl(terminal, FIONREAD, &group));
    close(terminal);
    printf("a reader waits when the terminal is closed\n");
    master = openMaster();
    terminal = openTerminal(master);
    fflush(stdout);
    pid_t closer = fork();
    if (closer == 0) {
        close(master);
        usleep(50000);
        _exit(0);
    }
    close(terminal);
    showRead("master", master);
    waitpid(closer, NULL, 0);
    close(master);
}

static void packets(void) {
    printf("packet mode\n");
    int master = openMaster(), terminal = openTerminal(master);
    int on = 1, state = -1;
    SHOW(ioctl(terminal, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCGPKT, &state));
    SHOW(state);
    SHOW(ioctl(master, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCGPKT, &state));
    SHOW(state);
    fcntl(master, F_SETFL, O_NONBLOCK);
    SHOW(write(terminal, "data", 4));
    settle();
    showEvents("master", master);
    showRead("master", master);
    SHOW(tcflow(terminal, TCOOFF));
    showEvents("master", master);
    SHOW(tcflow(terminal, TCOON));
    showRead("master", master);
    SHOW(tcflush(terminal, TCIFLUSH));
    showRead("master", master);
    SHOW(tcflush(terminal, TCOFLUSH));
    showRead("master", master);
    struct termios now;
    tcgetattr(terminal, &now);
    now.c_iflag &= ~IXON;
    SHOW(tcsetattr(terminal, TCSANOW, &now));
    showRead("master", master);
    now.c_iflag |= IXON;
    SHOW(tcsetattr(terminal, TCSANOW, &now));
    showRead("master", master);
    now.c_lflag |= EXTPROC;
    SHOW(tcsetattr(terminal, TCSANOW, &now));
    showRead("master", master);
    showRead("master", master);
    SHOW(write(terminal, "abc", 3));
    settle();
    char byte;
    SHOW(read(master, &byte, 1));
    SHOW(byte);
    showRead("master", master);
    on = 0;
    SHOW(ioctl(master, TIOCPKT, &on));
    close(terminal);
    close(master);
}

static void capacity(void) {
    printf("capacity\n");
    int master = openMaster(), terminal = openTerminal(master);
    struct termios raw;
    tcgetattr(terminal, &raw);
    cfmakeraw(&raw);
    tcsetattr(terminal, TCSANOW, &raw);
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    ssize_t written = write(terminal, bytes, sizeof bytes);
    HOLDS(written >= 4096 && written < 65536);
    // Linux moves bytes on in the background: there may be room for some more.
    while (write(terminal, bytes, 1) == 1)
        written++;
    HOLDS(errno == EAGAIN);
    settle();
    size_t taken = 0;
    for (ssize_t part; (part = read(master, bytes, sizeof bytes)) > 0; taken += part)
        settle();
    HOLDS((ssize_t)taken >= written);
    SHOW(write(terminal, "y", 1));
    settle();
    showRead("master", master);
    written = write(master, bytes, sizeof bytes);
    HOLDS(written >= 4096 && written < 65536);
    settle();
    taken = 0;
    for (ssize_t part; (part = read(terminal, bytes, sizeof bytes)) > 0; taken += part)
        settle();
    HOLDS((ssize_t)taken == written);
    printf("a large amount with waiting\n");
    fcntl(master, F_SETFL, 0);
    fcntl(terminal, F_SETFL, 0);
    fflush(stdout);
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0; i < 20; i++) {
            memset(bytes, 'a' + i, 10000);
            if (write(terminal, bytes, 10000) != 10000)
                _exit(1);
        }
        _exit(0);
    }
    unsigned sum = 0;
    for (taken = 0; taken < 200000;) {
        ssize_t part = read(master, bytes, sizeof bytes);
        if (part <= 0)
            break;
        for (ssize_t i = 0; i < part; i++)
            sum = sum * 31 + bytes[i];
        taken += part;
    }
    SHOW(taken);
    SHOW(sum);
    int status;
    waitpid(writer, &status, 0);
    SHOW(status);
    close(terminal);
    close(master);
}

int main(void) {
    names();
    settings();
    ends();
    packets();
    capacity();
    return 0;
}
