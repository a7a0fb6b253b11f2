// SPDX-License-Identifier: Apache-2.0
//
// UNIX sockets: streams, datagrams, sequenced packets, names.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static void showEvents(const char *label, int socket) {
    struct pollfd entry = {.fd = socket, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    int count = poll(&entry, 1, 0);
    printf("%s: %d%s%s%s%s%s%s\n", label, count, entry.revents & POLLIN ? " in" : "",
           entry.revents & POLLOUT ? " out" : "", entry.revents & POLLPRI ? " pri" : "",
           entry.revents & POLLRDHUP ? " rdhup" : "", entry.revents & POLLHUP ? " hup" : "",
           entry.revents & POLLERR ? " err" : "");
}

static socklen_t nameLength;

static struct sockaddr_un pathName(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, path);
    nameLength = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return name;
}

static struct sockaddr_un abstractName(const char *text) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path + 1, text);
    nameLength = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text));
    return name;
}

static void showName(const char *label, int socket, bool peer) {
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    socklen_t length = sizeof name;
    int result = peer ? getpeername(socket, (struct sockaddr *)&name, &length)
                      : getsockname(socket, (struct sockaddr *)&name, &length);
    if (result != 0) {
        printf("%s: %s\n", label, strerrorname_np(errno));
        return;
    }
    printf("%s: %u bytes, family %d, %s%s\n", label, length, name.sun_family,
           length > 2 && name.sun_path[0] == 0 ? "@" : "",
           length <= 2 ? "" : name.sun_path + (name.sun_path[0] == 0));
}

static void pairs(int type) {
    int ends[2];
    char buffer[64];
    SHOW(socketpair(AF_UNIX, type, 0, ends));
    showEvents("new", ends[0]);
    SHOW(write(ends[0], "one", 3));
    SHOW(write(ends[0], "two", 3));
    showEvents("data", ends[1]);
    int bytes = -1;
    SHOW(ioctl(ends[1], FIONREAD, &bytes));
    SHOW(bytes);
    SHOW(recv(ends[1], buffer, sizeof buffer, MSG_PEEK));
    SHOW(recv(ends[1], buffer, 2, 0));
    SHOW(recv(ends[1], buffer, sizeof buffer, 0));
    SHOW(recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT));
    SHOW(send(ends[0], "longer", 6, 0));
    SHOW(recv(ends[1], buffer, 3, MSG_TRUNC));
    SHOW(recv(ends[1], buffer, 3, MSG_TRUNC | MSG_DONTWAIT));
    SHOW(write(ends[0], "", 0));
    showEvents("empty write", ends[1]);
    SHOW(recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT));
    struct iovec parts[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    SHOW(writev(ends[1], parts, 3));
    char first[2], second[10];
    struct iovec places[2] = {{first, 2}, {second, 10}};
    struct msghdr message = {.msg_iov = places, .msg_iovlen = 2, .msg_flags = 99};
    SHOW(recvmsg(ends[0], &message, 0));
    SHOW(message.msg_flags);
    SHOW(message.msg_namelen);
    showName("name", ends[0], false);
    showName("peer", ends[0], true);
    SHOW(shutdown(ends[0], SHUT_WR));
    showEvents("after SHUT_WR, other", ends[1]);
    showEvents("after SHUT_WR, this", ends[0]);
    SHOW(recv(ends[1], buffer, 1, MSG_DONTWAIT));
    SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
    SHOW(send(ends[1], "y", 1, MSG_NOSIGNAL));
    SHOW(close(ends[0]));
    showEvents("peer closed", ends[1]);
    SHOW(recv(ends[1], buffer, 1, MSG_DONTWAIT));
    SHOW(recv(ends[1], buffer, 1, MSG_DONTWAIT));
    SHOW(send(ends[1], "z", 1, MSG_NOSIGNAL));
    SHOW(send(ends[1], "z", 1, MSG_NOSIGNAL));
    showName("peer", ends[1], true);
    close(ends[1]);
}

static void streams(void) {
    char buffer[64];
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SHOW(fcntl(server, F_GETFD));
    SHOW(listen(server, 1));
    struct sockaddr_un name = pathName("stream.sock");
    unlink("stream.sock");
    umask(022);
    SHOW(bind(server, (struct sockaddr *)&name, nameLength));
    SHOW(bind(server, (struct sockaddr *)&name, nameLength));
    struct stat status;
    SHOW(stat("stream.sock", &status));
    printf("mode %o\n", status.st_mode);
    SHOW(fstat(server, &status));
    printf("mode %o\n", status.st_mode);
    SHOW(open("stream.sock", O_RDWR));
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    showEvents("unconnected", client);
    SHOW(connect(client, (struct sockaddr *)&name, nameLength));
    SHOW(read(client, buffer, 1));
    SHOW(send(client, "x", 1, MSG_NOSIGNAL));
    SHOW(listen(server, 1));
    showEvents("listening", server);
    int other = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    SHOW(connect(other, (struct sockaddr *)&name, nameLength));
    close(other);
    SHOW(connect(client, (struct sockaddr *)&name, nameLength));
    SHOW(connect(client, (struct sockaddr *)&name, nameLength));
    showEvents("connection", server);
    SHOW(write(client, "early", 5));
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    int end = accept(server, (struct sockaddr *)&peer, &length);
    HOLDS(end > 0);
    SHOW(length);
    SHOW(read(end, buffer, sizeof buffer));
    showName("server", server, false);
    showName("accepted", end, false);
    showName("accepted's peer", end, true);
    showName("client", client, false);
    showName("client's peer", client, true);
    length = sizeof peer;
    SHOW(write(end, "named", 5));
    SHOW(recvfrom(client, buffer, sizeof buffer, 0, (struct sockaddr *)&peer, &length));
    SHOW(length);
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&name, nameLength));
    struct ucred who;
    length = sizeof who;
    SHOW(getsockopt(end, SOL_SOCKET, SO_PEERCRED, &who, &length));
    HOLDS(who.pid == getpid() && who.uid == geteuid() && who.gid == getegid());
    int waiting[3];
    for (int i = 0; i < 3; i++) {
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        SHOW(connect(waiting[i], (struct sockaddr *)&name, nameLength));
    }
    SHOW(close(server));
    SHOW(recv(waiting[0], buffer, 1, 0));
    SHOW(recv(waiting[0], buffer, 1, 0));
    for (int i = 0; i < 3; i++)
        close(waiting[i]);
    SHOW(write(client, "lost", 4));
    SHOW(close(end));
    showEvents("peer closed with data", client);
    SHOW(read(client, buffer, 1));
    SHOW(read(client, buffer, 1));
    close(client);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(client, (struct sockaddr *)&name, nameLength));
    SHOW(unlink("stream.sock"));
    SHOW(connect(client, (struct sockaddr *)&name, nameLength));
    close(client);
}

static void names(void) {
    struct sockaddr_un name = abstractName("sealift test");
    int first = socket(AF_UNIX, SOCK_STREAM, 0);
    int second = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(bind(first, (struct sockaddr *)&name, nameLength));
    SHOW(bind(second, (struct sockaddr *)&name, nameLength));
    showName("abstract", first, false);
    SHOW(listen(first, 5));
    SHOW(connect(second, (struct sockaddr *)&name, nameLength));
    SHOW(connect(second, (struct sockaddr *)&name, nameLength + 1));
    close(first);
    close(second);
    first = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(bind(first, (struct sockaddr *)&name, sizeof(sa_family_t)));
    struct sockaddr_un given;
    socklen_t length = sizeof given;
    SHOW(getsockname(first, (struct sockaddr *)&given, &length));
    SHOW(length);
    SHOW(bind(first, (struct sockaddr *)&name, nameLength));
    close(first);
    first = socket(AF_UNIX, SOCK_DGRAM, 0);
    name = pathName("/nowhere/socket");
    SHOW(bind(first, (struct sockaddr *)&name, nameLength));
    name = pathName("long.sock");
    SHOW(bind(first, (struct sockaddr *)&name, sizeof name + 1));
    name.sun_family = AF_INET;
    SHOW(bind(first, (struct sockaddr *)&name, nameLength));
    SHOW(bind(first, (struct sockaddr *)&name, 1));
    name.sun_family = AF_UNIX;
    SHOW(bind(first, (struct sockaddr *)&name, nameLength));
    length = 5;
    SHOW(getsockname(first, (struct sockaddr *)&given, &length));
    SHOW(length);
    SHOW(listen(first, 1));
    SHOW(accept(first, NULL, NULL));
    showName("peer", first, true);
    unlink("long.sock");
    close(first);
    SHOW(socket(AF_UNIX, SOCK_STREAM, 7));
    SHOW(socket(AF_UNIX, SOCK_RDM, 0));
    SHOW(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
}

static void datagrams(void) {
    char buffer[64];
    int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un name = pathName("datagram.sock");
    socklen_t serverLength = nameLength;
    unlink("datagram.sock");
    SHOW(bind(server, (struct sockaddr *)&name, nameLength));
    int client = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(send(client, "x", 1, 0));
    SHOW(sendto(client, "hello", 5, 0, (struct sockaddr *)&name, serverLength));
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    SHOW(recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length));
    SHOW(length);
    struct sockaddr_un own = abstractName("sealift client");
    SHOW(bind(client, (struct sockaddr *)&own, nameLength));
    SHOW(connect(client, (struct sockaddr *)&name, serverLength));
    SHOW(send(client, "a longer one", 12, 0));
    struct iovec part = {buffer, 4};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    SHOW(recvmsg(server, &message, 0));
    HOLDS(message.msg_flags == MSG_TRUNC);
    printf("from %u bytes: %.14s\n", message.msg_namelen, from.sun_path + 1);
    SHOW(sendto(server, "back", 4, 0, (struct sockaddr *)&from, message.msg_namelen));
    SHOW(recv(client, buffer, sizeof buffer, 0));
    fcntl(client, F_SETFL, O_NONBLOCK);
    int sent = 0;
    while (send(client, "fill", 4, 0) == 4)
        sent++;
    printf("full after %d: %s\n", sent, strerrorname_np(errno));
    showEvents("full", client);
    SHOW(recv(server, buffer, sizeof buffer, 0));
    showEvents("room", client);
    static char large[300000];
    SHOW(send(client, large, sizeof large, 0));
    int third = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(sendto(third, "not for you", 11, 0, (struct sockaddr *)&own, nameLength));
    SHOW(connect(third, (struct sockaddr *)&own, nameLength));
    close(third);
    close(server);
    SHOW(send(client, "nobody", 6, 0));
    SHOW(send(client, "nobody", 6, 0));
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&name, serverLength));
    unlink("datagram.sock");
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&name, serverLength));
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    SHOW(connect(client, &nothing, sizeof nothing));
    SHOW(sendto(client, "x", 1, 0, &nothing, sizeof nothing));
    close(client);
}

static size_t total;

static void *slowReader(void *argument) {
    int end = *(int *)argument;
    static char buffer[30000];
    ssize_t count;
    while ((count = read(end, buffer, sizeof buffer)) > 0)
        total += (size_t)count;
    return NULL;
}

static void blocking(void) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    pthread_t thread;
    pthread_create(&thread, NULL, slowReader, &ends[1]);
    static char data[1000000];
    SHOW(write(ends[0], data, sizeof data));
    SHOW(shutdown(ends[0], SHUT_WR));
    pthread_join(thread, NULL);
    SHOW(total);
    close(ends[0]);
    close(ends[1]);

    int server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    struct sockaddr_un name = abstractName("sealift packets");
    bind(server, (struct sockaddr *)&name, nameLength);
    listen(server, 0);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        if (connect(client, (struct sockaddr *)&name, nameLength) != 0)
            _exit(1);
        char buffer[16];
        for (int i = 0; i < 5; i++) {
            if (send(client, "packet", (size_t)i + 1, 0) != i + 1)
                _exit(2);
            if (recv(client, buffer, sizeof buffer, 0) != 6 - i)
                _exit(3);
        }
        _exit(0);
    }
    int end = accept(server, NULL, NULL);
    char buffer[16];
    ssize_t count;
    while ((count = recv(end, buffer, sizeof buffer, 0)) > 0) {
        printf("packet of %zd\n", count);
        fflush(stdout);
        if (send(end, "answer", (size_t)(7 - count), 0) < 0)
            perror("send");
    }
    int status;
    waitpid(child, &status, 0);
    SHOW(status);
    close(end);
    close(server);

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    struct timeval brief = {.tv_usec = 10000};
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    SHOW(read(ends[0], buffer, 1));
    SHOW(write(ends[1], "abc", 3));
    SHOW(recv(ends[0], buffer, 10, MSG_WAITALL));
    signal(SIGPIPE, SIG_DFL);
    child = fork();
    if (child == 0) {
        close(ends[1]);
        shutdown(ends[0], SHUT_WR);
        SHOW(write(ends[0], "x", 1));
        _exit(0);
    }
    waitpid(child, &status, 0);
    HOLDS(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    close(ends[0]);
    close(ends[1]);
}

static void permissions(void) {
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = pathName("closed.sock");
    unlink("closed.sock");
    SHOW(bind(server, (struct sockaddr *)&name, nameLength));
    SHOW(chmod("closed.sock", 0600));
    SHOW(listen(server, 1));
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && setuid(12345) != 0)
            _exit(1);
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        if (getuid() == 12345) {
            SHOW(connect(client, (struct sockaddr *)&name, nameLength));
        }
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    SHOW(status);
    close(server);
    unlink("closed.sock");
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    puts("stream");
    pairs(SOCK_STREAM);
    puts("datagram");
    pairs(SOCK_DGRAM);
    puts("seqpacket");
    pairs(SOCK_SEQPACKET);
    streams();
    names();
    datagrams();
    blocking();
    permissions();
    return 0;
}
