// SPDX-License-Identifier: Apache-2.0
//
// Descriptors and credentials that are sent over UNIX sockets.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

static ssize_t sendRights(int socket, const char *text, size_t length, const int *descriptors, size_t count) {
    char control[CMSG_SPACE(300 * sizeof(int))];
    memset(control, 0, sizeof control);
    struct iovec part = {(void *)text, length};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int received[300];

/// Receives and prints what came; how many descriptors.
static int receiveRights(int socket, size_t room, int flags) {
    char buffer[64];
    char control[CMSG_SPACE(300 * sizeof(int))];
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    ssize_t count = recvmsg(socket, &message, flags);
    int found = 0;
    if (count < 0) {
        puts(strerrorname_np(errno));
        return 0;
    }
    printf("%zd bytes,%s%s", count, message.msg_flags & MSG_CTRUNC ? " MSG_CTRUNC," : "",
           message.msg_flags & MSG_CMSG_CLOEXEC ? " MSG_CMSG_CLOEXEC," : "");
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_type == SCM_RIGHTS) {
            found = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(received, CMSG_DATA(header), (size_t)found * sizeof(int));
            printf(" %d descriptors", found);
        } else if (header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred *who = (struct ucred *)CMSG_DATA(header);
            printf(" credentials %s",
                   who->pid == getpid() && who->uid == getuid() && who->gid == getgid() ? "ours" : "other");
        }
    }
    printf(", %zu bytes of control\n", message.msg_controllen);
    return found;
}

static void passing(int type) {
    int ends[2], tube[2];
    SHOW(socketpair(AF_UNIX, type, 0, ends));
    SHOW(pipe(tube));
    SHOW(sendRights(ends[0], "pipe", 4, tube, 2));
    close(tube[0]);
    HOLDS(receiveRights(ends[1], CMSG_SPACE(2 * sizeof(int)), 0) == 2);
    SHOW(write(tube[1], "through", 7));
    char buffer[16];
    SHOW(read(received[0], buffer, sizeof buffer));
    close(tube[1]);
    close(received[1]);
    SHOW(read(received[0], buffer, sizeof buffer));
    close(received[0]);
    // A stream's receive ends behind what came with rights.
    int file = open("/", O_RDONLY);
    SHOW(write(ends[0], "ab", 2));
    SHOW(sendRights(ends[0], "cd", 2, &file, 1));
    SHOW(write(ends[0], "ef", 2));
    for (int i = 0; i < 3; i++) {
        if (receiveRights(ends[1], CMSG_SPACE(sizeof(int)), MSG_DONTWAIT) == 1)
            close(received[0]);
    }
    SHOW(sendRights(ends[0], "x", 1, &file, 1));
    HOLDS(receiveRights(ends[1], CMSG_SPACE(sizeof(int)), MSG_CMSG_CLOEXEC) == 1);
    SHOW(fcntl(received[0], F_GETFD));
    close(received[0]);
    SHOW(sendRights(ends[0], "x", 1, &file, 1));
    HOLDS(receiveRights(ends[1], CMSG_SPACE(sizeof(int)), MSG_PEEK) == 1);
    close(received[0]);
    HOLDS(receiveRights(ends[1], CMSG_SPACE(sizeof(int)), 0) == 1);
    struct stat status;
    SHOW(fstat(received[0], &status));
    HOLDS(S_ISDIR(status.st_mode));
    close(received[0]);
    int three[3] = {file, file, file};
    SHOW(sendRights(ends[0], "x", 1, three, 3));
    SHOW(receiveRights(ends[1], CMSG_LEN(2 * sizeof(int)), 0));
    for (int i = 0; i < 2; i++)
        close(received[i]);
    SHOW(sendRights(ends[0], "x", 1, three, 3));
    SHOW(receiveRights(ends[1], 0, 0));
    SHOW(sendRights(ends[0], "x", 1, three, 3));
    SHOW(recv(ends[1], buffer, sizeof buffer, 0));
    int wrong[2] = {file, 999};
    SHOW(sendRights(ends[0], "x", 1, wrong, 2));
    static int many[254];
    for (int i = 0; i < 254; i++)
        many[i] = file;
    SHOW(sendRights(ends[0], "x", 1, many, 254));
    SHOW(sendRights(ends[0], "x", 1, many, 253));
    int count = receiveRights(ends[1], CMSG_SPACE(253 * sizeof(int)), 0);
    for (int i = 0; i < count; i++)
        close(received[i]);
    close(file);
    close(ends[0]);
    close(ends[1]);
}

static void credentials(void) {
    int ends[2];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
    SHOW(write(ends[0], "mine", 4));
    receiveRights(ends[1], 100, 0);
    SHOW(write(ends[0], "mine", 4));
    pid_t child = fork();
    if (child == 0)
        _exit(write(ends[0], "child's", 7) == 7 ? 0 : 1);
    int result;
    waitpid(child, &result, 0);
    SHOW(result);
    receiveRights(ends[1], 100, 0);
    receiveRights(ends[1], 100, 0);
    struct ucred who = {.pid = 1, .uid = getuid(), .gid = getgid()};
    char control[CMSG_SPACE(sizeof who)];
    memset(control, 0, sizeof control);
    struct iovec part = {"x", 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof who);
    who.pid = getpid();
    memcpy(CMSG_DATA(header), &who, sizeof who);
    SHOW(sendmsg(ends[0], &message, 0));
    receiveRights(ends[1], 100, 0);
    header->cmsg_len = CMSG_LEN(4);
    SHOW(sendmsg(ends[0], &message, 0));
    header->cmsg_len = 8;
    SHOW(sendmsg(ends[0], &message, 0));
    header->cmsg_len = CMSG_LEN(sizeof who);
    header->cmsg_type = 77;
    SHOW(sendmsg(ends[0], &message, 0));
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){0}, sizeof(int)));
    SHOW(write(ends[0], "plain", 5));
    receiveRights(ends[1], 100, 0);
    close(ends[0]);
    close(ends[1]);
}

/// A pipe whose reading end is in flight tells whether what held it has been given back.
static bool isHeld(int writingEnd) {
    struct pollfd entry = {.fd = writingEnd, .events = POLLOUT};
    poll(&entry, 1, 0);
    return (entry.revents & POLLERR) == 0;
}

static void cycles(void) {
    int ends[2], tube[2];
    // Closed with rights in the queue.
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    if (pipe(tube) != 0)
        perror("pipe");
    SHOW(sendRights(ends[0], "x", 1, tube, 1));
    close(tube[0]);
    HOLDS(isHeld(tube[1]));
    close(ends[0]);
    HOLDS(isHeld(tube[1]));
    close(ends[1]);
    HOLDS(isHeld(tube[1]));
    close(tube[1]);
    // A socket in flight to itself, with a pipe in its queue.
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    if (pipe(tube) != 0)
        perror("pipe");
    SHOW(sendRights(ends[0], "x", 1, tube, 1));
    SHOW(sendRights(ends[0], "x", 1, &ends[1], 1));
    SHOW(sendRights(ends[1], "x", 1, &ends[0], 1));
    close(tube[0]);
    close(ends[0]);
    HOLDS(isHeld(tube[1]));
    close(ends[1]);
    // Linux collects some time after a further socket is closed.
    for (int i = 0; i < 100 && isHeld(tube[1]); i++) {
        close(socket(AF_UNIX, SOCK_STREAM, 0));
        usleep(10000);
    }
    HOLDS(isHeld(tube[1]));
    close(tube[1]);
    // What somebody can still receive is not collected.
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    if (pipe(tube) != 0)
        perror("pipe");
    SHOW(sendRights(ends[0], "x", 1, tube, 1));
    SHOW(sendRights(ends[0], "y", 1, &ends[1], 1));
    int outer[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, outer);
    SHOW(sendRights(outer[0], "z", 1, &ends[1], 1));
    close(tube[0]);
    close(ends[0]);
    close(ends[1]);
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    usleep(20000);
    HOLDS(isHeld(tube[1]));
    HOLDS(receiveRights(outer[1], 100, 0) == 1);
    int inner = received[0];
    HOLDS(receiveRights(inner, 100, 0) == 1);
    close(received[0]);
    HOLDS(isHeld(tube[1]));
    close(inner);
    close(outer[0]);
    close(outer[1]);
    close(tube[1]);
}

/// Thousands of sockets, each in the queue of the next.
static void chains(void) {
    int before[2], after[2], tube[2];
    if (pipe(tube) != 0)
        perror("pipe");
    socketpair(AF_UNIX, SOCK_DGRAM, 0, before);
    if (sendRights(before[0], "x", 1, tube, 1) != 1)
        perror("send");
    close(tube[0]);
    close(before[0]);
    for (int i = 0; i < 300; i++) {
        socketpair(AF_UNIX, SOCK_DGRAM, 0, after);
        if (sendRights(after[0], "x", 1, &before[1], 1) != 1)
            perror("send");
        close(before[1]);
        close(after[0]);
        before[1] = after[1];
    }
    HOLDS(isHeld(tube[1]));
    close(before[1]);
    for (int i = 0; i < 100 && isHeld(tube[1]); i++) {
        close(socket(AF_UNIX, SOCK_STREAM, 0));
        usleep(10000);
    }
    HOLDS(isHeld(tube[1]));
    close(tube[1]);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    passing(SOCK_STREAM);
    passing(SOCK_DGRAM);
    passing(SOCK_SEQPACKET);
    credentials();
    cycles();
    chains();
    return 0;
}
