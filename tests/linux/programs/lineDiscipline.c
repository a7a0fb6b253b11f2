// SPDX-License-Identifier: Apache-2.0
//
// The line discipline: what is typed at a pseudoterminal, what a program reads then, and what is echoed.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static int master, terminal;

static void printBytes(const char *label, const char *bytes, ssize_t length) {
    printf("    %s", label);
    if (length < 0)
        printf(" %s", strerrorname_np(errno));
    for (ssize_t i = 0; i < length; i++) {
        unsigned char byte = bytes[i];
        if (byte > 32 && byte < 127)
            printf(" %c", byte);
        else
            printf(" %02x", byte);
    }
    printf("\n");
}

/// Linux hands bytes from one side to the other a moment later, by a thread that a busy machine lets wait:
/// who polls a side with nothing to read does that thread's work.
static void settle(void) {
    struct pollfd sides[] = {{.fd = terminal, .events = POLLIN}, {.fd = master, .events = POLLIN}};
    poll(sides, 2, 0);
    usleep(20000);
    poll(sides, 2, 0);
}

/// Prints everything that there is to read, read by read.
static void drain(const char *label, int descriptor) {
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    while (poll(&wait, 1, 20) == 1 && (wait.revents & POLLIN) != 0) {
        char bytes[512];
        ssize_t length = read(descriptor, bytes, sizeof bytes);
        printBytes(label, bytes, length);
        if (length < 0)
            break;
        if (length == 0 && descriptor == master)
            break;
    }
}

static void type(const char *bytes, size_t length) {
    if (write(master, bytes, length) != (ssize_t)length)
        printf("    the master takes less\n");
    settle();
}

#define TYPE(text) type(text, sizeof(text) - 1)

/// Types a text and shows the echo and what can be read.
static void exchange(const char *name, const char *bytes, size_t length) {
    printf("  %s\n", name);
    type(bytes, length);
    int waiting = -1;
    ioctl(terminal, FIONREAD, &waiting);
    printf("    waiting %d\n", waiting);
    drain("echo", master);
    drain("read", terminal);
}

#define EXCHANGE(text) exchange(#text, text, sizeof(text) - 1)

static struct termios original;

static void settings(const char *name, tcflag_t inputOn, tcflag_t inputOff, tcflag_t outputOn,
                     tcflag_t outputOff, tcflag_t localOn, tcflag_t localOff) {
    struct termios now = original;
    now.c_iflag = (now.c_iflag | inputOn) & ~inputOff;
    now.c_oflag = (now.c_oflag | outputOn) & ~outputOff;
    now.c_lflag = (now.c_lflag | localOn) & ~localOff;
    printf("%s\n", name);
    if (tcsetattr(terminal, TCSAFLUSH, &now) != 0)
        printf("    tcsetattr fails\n");
    drain("left", master);
}

static void showSettings(void) {
    printf("flags %o %o %o %o line %d\n", original.c_iflag, original.c_oflag, original.c_cflag,
           original.c_lflag, original.c_line);
    for (int i = 0; i < 19; i++)
        printf(" %d", original.c_cc[i]);
    printf("\nspeeds %d %d\n", cfgetispeed(&original) == B38400, cfgetospeed(&original) == B38400);
}

static void canonical(void) {
    settings("canonical", 0, 0, 0, 0, 0, 0);
    EXCHANGE("hello\n");
    EXCHANGE("carriage\r");
    EXCHANGE("tab\there\n");
    EXCHANGE("wrong\177\177ite\n");
    EXCHANGE("\177\177\n");
    EXCHANGE("one two  three\027\027four\n");
    EXCHANGE("a_b-c.d\027\027x\n");
    EXCHANGE("kill this\025that\n");
    EXCHANGE("ctrl\001\002\177\177x\n");
    EXCHANGE("a\tb\177\177\177c\n");
    EXCHANGE("\t\t\177\177z\n");
    EXCHANGE("abc\tdef\t\177\177\177\177\177z\n");
    EXCHANGE("re\022print\n");
    EXCHANGE("quote\026\177\026\003\026\026\n");
    EXCHANGE("\026\n\n");
    EXCHANGE("no newline\004");
    EXCHANGE("\004");
    EXCHANGE("two\nlines\nthird");
    EXCHANGE(" ends\n");
    EXCHANGE("\303\244\303\266\177x\n");
    EXCHANGE("high \377\200\n");
    EXCHANGE("nul\000in\n");
    EXCHANGE("bell\a\b\033[A\n");
}

static void flags(void) {
    settings("IUTF8", IUTF8, 0, 0, 0, 0, 0);
    EXCHANGE("\303\244\303\266\177x\n");
    EXCHANGE("\342\202\254\177y\n");
    EXCHANGE("\200\200\177z\n");
    EXCHANGE("\303\244 \303\266\027w\n");
    settings("no ECHO", 0, 0, 0, 0, 0, ECHO);
    EXCHANGE("secret\177t\025x\n");
    settings("ECHONL without ECHO", 0, 0, 0, 0, ECHONL, ECHO);
    EXCHANGE("secret\n");
    settings("no ECHOE", 0, 0, 0, 0, 0, ECHOE);
    EXCHANGE("abc\177\177d\n");
    EXCHANGE("abc\025d\n");
    settings("no ECHOK", 0, 0, 0, 0, 0, ECHOK);
    EXCHANGE("abc\025d\n");
    settings("no ECHOKE", 0, 0, 0, 0, 0, ECHOKE);
    EXCHANGE("abc\025d\n");
    settings("no ECHOCTL", 0, 0, 0, 0, 0, ECHOCTL);
    EXCHANGE("a\001b\177\177\177\n");
    EXCHANGE("\001\tx\177\177\n");
    settings("ECHOPRT", 0, 0, 0, 0, ECHOPRT, 0);
    EXCHANGE("abc\177\177x\177\n");
    EXCHANGE("ab c\027\025\n");
    settings("no IEXTEN", 0, 0, 0, 0, 0, IEXTEN);
    EXCHANGE("a b\027\026\022\n");
    settings("no ICRNL", 0, ICRNL, 0, 0, 0, 0);
    EXCHANGE("a\rb\n");
    settings("INLCR", INLCR, ICRNL, 0, 0, 0, 0);
    EXCHANGE("a\nb\r\004");
    settings("IGNCR", IGNCR, 0, 0, 0, 0, 0);
    EXCHANGE("a\rb\n");
    settings("ISTRIP", ISTRIP, 0, 0, 0, 0, 0);
    EXCHANGE("\341\342\212");
    settings("IUCLC", IUCLC, 0, 0, 0, 0, 0);
    EXCHANGE("UPPER lower\n");
    settings("PARMRK", PARMRK, 0, 0, 0, 0, 0);
    EXCHANGE("a\377b\n");
    struct termios now = original;
    now.c_cc[VEOL] = ';';
    now.c_cc[VEOL2] = ':';
    now.c_cc[VERASE] = '#';
    now.c_cc[VKILL] = _POSIX_VDISABLE;
    tcsetattr(terminal, TCSANOW, &now);
    printf("VEOL, VEOL2, other VERASE, no VKILL\n");
    EXCHANGE("one;two:xy#z\n");
    EXCHANGE("k\025k\177\n");
}

static void output(void) {
    static const char text[] = "a\nb\rc\td\b\r\rE";
    settings("output as it is", 0, 0, 0, OPOST, 0, 0);
    SHOW(write(terminal, text, sizeof text - 1));
    settle();
    drain("output", master);
    settings("ONLCR", 0, 0, 0, 0, 0, 0);
    SHOW(write(terminal, text, sizeof text - 1));
    settle();
    drain("output", master);
    settings("no ONLCR, OCRNL, ONOCR", 0, 0, OCRNL | ONOCR, ONLCR, 0, 0);
    SHOW(write(terminal, text, sizeof text - 1));
    settle();
    drain("output", master);
    settings("ONLRET, OLCUC, XTABS", 0, 0, ONLRET | OLCUC | XTABS, ONLCR, 0, 0);
    SHOW(write(terminal, text, sizeof text - 1));
    settle();
    drain("output", master);
    settings("prompt, then erase a tab", 0, 0, 0, 0, 0, 0);
    SHOW(write(terminal, "abc> ", 5));
    settle();
    EXCHANGE("\tx\177\177y\n");
}

static void lines(void) {
    char bytes[64];
    settings("reads shorter than lines", 0, 0, 0, 0, 0, ECHO);
    TYPE("abcdefg\n");
    for (int i = 0; i < 3; i++) {
        ssize_t length = read(terminal, bytes, 3);
        printBytes("read", bytes, length);
    }
    TYPE("abc\004def\n");
    for (int i = 0; i < 2; i++) {
        ssize_t length = read(terminal, bytes, 3);
        printBytes("read", bytes, length);
    }
    drain("rest", terminal);
    TYPE("a line\nand another\n");
    SHOW(read(terminal, bytes, 0));
    SHOW(tcflush(terminal, TCIFLUSH));
    drain("flushed", terminal);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    SHOW(read(terminal, bytes, 4));
    TYPE("partial");
    SHOW(read(terminal, bytes, 4));
    struct termios raw = original;
    raw.c_lflag &= ~(ICANON | ECHO);
    SHOW(tcsetattr(terminal, TCSANOW, &raw));
    drain("became readable", terminal);
    TYPE("not a line");
    SHOW(tcsetattr(terminal, TCSANOW, &original));
    drain("pushed", terminal);
    fcntl(terminal, F_SETFL, 0);
    drain("echo", master);

    printf("a line that is too long\n");
    settings("no echo", 0, 0, 0, 0, 0, ECHO);
    static char many[5000];
    memset(many, 'x', sizeof many);
    SHOW(write(master, many, sizeof many));
    settle();
    TYPE("end\n");
    static char large[8192];
    ssize_t length = read(terminal, large, sizeof large);
    printf("    %zd bytes, ending in", length);
    printBytes("", large + length - 3, 3);
}

static void raw(void) {
    struct termios now = original;
    cfmakeraw(&now);
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    EXCHANGE("raw\r\n\003\004\177\377\000x");
    now.c_lflag |= ECHO;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    EXCHANGE("echo\r\n\tx");
    now.c_lflag |= ECHOCTL;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    EXCHANGE("echo\r\n\tx");
    now.c_iflag |= ICRNL;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    EXCHANGE("echo\r\n\tx");
    now.c_lflag &= ~(ECHO | ECHOCTL);
    char bytes[32];
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    SHOW(read(terminal, bytes, sizeof bytes));
    TYPE("abc");
    SHOW(read(terminal, bytes, 2));
    SHOW(read(terminal, bytes, sizeof bytes));
    now.c_cc[VTIME] = 1;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    SHOW(read(terminal, bytes, sizeof bytes));
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    SHOW(read(terminal, bytes, sizeof bytes));
    fcntl(terminal, F_SETFL, 0);
    TYPE("abc");
    SHOW(read(terminal, bytes, sizeof bytes));
    now.c_cc[VMIN] = 4;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    TYPE("ab");
    struct pollfd wait = {.fd = terminal, .events = POLLIN};
    SHOW(poll(&wait, 1, 0));
    SHOW(read(terminal, bytes, sizeof bytes));
    TYPE("abcdef");
    SHOW(read(terminal, bytes, sizeof bytes));
    TYPE("abcdef");
    SHOW(read(terminal, bytes, 3));
    SHOW(read(terminal, bytes, sizeof bytes));
    now.c_cc[VTIME] = 0;
    SHOW(tcsetattr(terminal, TCSAFLUSH, &now));
    TYPE("ab");
    SHOW(poll(&wait, 1, 0));
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    SHOW(read(terminal, bytes, sizeof bytes));
    SHOW(read(terminal, bytes, sizeof bytes));
    fcntl(terminal, F_SETFL, 0);
    pid_t typist = fork();
    if (typist == 0) {
        for (int i = 0; i < 4; i++)
            TYPE("x");
        _exit(0);
    }
    SHOW(read(terminal, bytes, sizeof bytes));
    waitpid(typist, NULL, 0);
}

static void flow(void) {
    settings("XON and XOFF", 0, 0, 0, 0, 0, 0);
    TYPE("\023");
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    SHOW(write(terminal, "held", 4));
    struct pollfd wait = {.fd = terminal, .events = POLLOUT};
    TYPE("typed");
    drain("while stopped", master);
    TYPE("\021");
    SHOW(poll(&wait, 1, 0));
    SHOW(write(terminal, "goes", 4));
    settle();
    drain("output", master);
    settings("IXANY", IXANY, 0, 0, 0, 0, 0);
    TYPE("\023");
    SHOW(write(terminal, "held", 4));
    TYPE("x");
    SHOW(write(terminal, "goes", 4));
    settle();
    drain("output", master);
    settings("tcflow", 0, 0, 0, 0, 0, 0);
    SHOW(tcflow(terminal, TCOOFF));
    SHOW(write(terminal, "held", 4));
    TYPE("\021");
    SHOW(write(terminal, "held", 4));
    SHOW(tcflow(terminal, TCOON));
    SHOW(write(terminal, "goes", 4));
    settle();
    drain("output", master);
    SHOW(tcflow(terminal, TCIOFF));
    SHOW(tcflow(terminal, TCION));
    settle();
    drain("flow characters", master);
    SHOW(tcflow(terminal, 9));
    SHOW(tcflush(terminal, 9));
    SHOW(tcdrain(terminal));
    SHOW(tcsendbreak(terminal, 0));
    settings("no IXON", 0, IXON, 0, 0, 0, 0);
    EXCHANGE("\021\023\n");
    fcntl(terminal, F_SETFL, 0);
}

int main(void) {
    if (openpty(&master, &terminal, NULL, NULL, NULL) != 0) {
        perror("openpty");
        return 1;
    }
    SHOW(tcgetattr(terminal, &original));
    showSettings();
    canonical();
    flags();
    output();
    lines();
    raw();
    flow();
    return 0;
}
