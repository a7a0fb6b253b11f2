// SPDX-License-Identifier: Apache-2.0
//
// TCP over the loopback interface. Ports are the system's choice, so that the program can run beside
// anything; none is printed.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int portOf(int socket) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length) != 0)
        return -1;
    return ntohs(address.sin_port);
}

static int listening(int backlog, int *port) {
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(0);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0)
        perror("bind");
    if (listen(server, backlog) != 0)
        perror("listen");
    *port = portOf(server);
    return server;
}

static int connected(int port) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        perror("connect");
    return client;
}

static void pair(int ends[2]) {
    int port;
    int server = listening(1, &port);
    ends[0] = connected(port);
    ends[1] = accept(server, NULL, NULL);
    // Small writes are to arrive at once.
    for (int i = 0; i < 2; i++)
        setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    close(server);
}

static void showEvents(const char *label, int socket) {
    struct pollfd entry = {.fd = socket, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    int count = poll(&entry, 1, 0);
    printf("%s: %d%s%s%s%s%s%s\n", label, count, entry.revents & POLLIN ? " in" : "",
           entry.revents & POLLOUT ? " out" : "", entry.revents & POLLPRI ? " pri" : "",
           entry.revents & POLLRDHUP ? " rdhup" : "", entry.revents & POLLHUP ? " hup" : "",
           entry.revents & POLLERR ? " err" : "");
}

static void show(const char *label, long result) {
    if (result < 0)
        printf("%s: %s\n", label, strerrorname_np(errno));
    else
        printf("%s: %ld\n", label, result);
}

static int socketError(int socket) {
    int value = -1;
    socklen_t length = sizeof value;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &value, &length);
    return value;
}

static void transfer(void) {
    int ends[2];
    char buffer[64];
    pair(ends);
    showEvents("new client", ends[0]);
    show("write", write(ends[0], "hello", 5));
    showEvents("server with data", ends[1]);
    int bytes = 0;
    show("FIONREAD", ioctl(ends[1], FIONREAD, &bytes));
    show("bytes", bytes);
    show("peek", recv(ends[1], buffer, sizeof buffer, MSG_PEEK));
    show("read", read(ends[1], buffer, sizeof buffer));
    printf("%.5s\n", buffer);
    show("nothing there", recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT));
    struct iovec parts[2] = {{"wor", 3}, {"ld!", 3}};
    show("writev", writev(ends[1], parts, 2));
    show("read", read(ends[0], buffer, 4));
    show("read", read(ends[0], buffer, 4));
    show("shutdown", shutdown(ends[0], SHUT_WR));
    showEvents("half closed, other side", ends[1]);
    showEvents("half closed, this side", ends[0]);
    show("end", read(ends[1], buffer, sizeof buffer));
    show("other way", write(ends[1], "bye", 3));
    show("read", read(ends[0], buffer, sizeof buffer));
    show("close", close(ends[1]));
    showEvents("both closed", ends[0]);
    show("end", read(ends[0], buffer, sizeof buffer));
    show("write", send(ends[0], "x", 1, MSG_NOSIGNAL));
    show("error", socketError(ends[0]));
    close(ends[0]);
}

static void closings(void) {
    int ends[2];
    char buffer[16];
    pair(ends);
    show("write", write(ends[0], "unread", 6));
    show("close with unread data", close(ends[1]));
    showEvents("reset", ends[0]);
    show("read", read(ends[0], buffer, sizeof buffer));
    show("read again", read(ends[0], buffer, sizeof buffer));
    show("write", send(ends[0], "x", 1, MSG_NOSIGNAL));
    close(ends[0]);

    pair(ends);
    close(ends[1]);
    showEvents("closed by peer", ends[0]);
    show("first write", send(ends[0], "x", 1, MSG_NOSIGNAL));
    showEvents("after it", ends[0]);
    show("second write", send(ends[0], "x", 1, MSG_NOSIGNAL));
    show("read", read(ends[0], buffer, sizeof buffer));
    close(ends[0]);

    pair(ends);
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(ends[1]);
    show("after SO_LINGER 0", read(ends[0], buffer, sizeof buffer));
    close(ends[0]);

    pair(ends);
    show("written before the end", write(ends[1], "last", 4));
    close(ends[1]);
    show("read", read(ends[0], buffer, sizeof buffer));
    show("end", read(ends[0], buffer, sizeof buffer));
    close(ends[0]);

    pair(ends);
    signal(SIGPIPE, SIG_DFL);
    if (fork() == 0) {
        shutdown(ends[0], SHUT_WR);
        if (write(ends[0], "x", 1) < 0)
            perror("not reached");
        _exit(0);
    }
    int status;
    wait(&status);
    show("SIGPIPE", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    close(ends[0]);
    close(ends[1]);
}

static void refusals(void) {
    int port;
    int server = listening(1, &port);
    close(server);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    showEvents("unconnected", client);
    show("write", send(client, "x", 1, MSG_NOSIGNAL));
    char byte;
    show("read", read(client, &byte, 1));
    show("getpeername", getpeername(client, (struct sockaddr *)&address, &(socklen_t){sizeof address}));
    show("shutdown", shutdown(client, SHUT_RDWR));
    show("accept", accept(client, NULL, NULL));
    close(client);
    client = socket(AF_INET, SOCK_STREAM, 0);
    show("refused", connect(client, (struct sockaddr *)&address, sizeof address));
    show("error", socketError(client));
    close(client);
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    show("refused, not waiting", connect(client, (struct sockaddr *)&address, sizeof address));
    showEvents("refused", client);
    printf("error: %s\n", strerrorname_np(socketError(client)));
    show("error once", socketError(client));
    close(client);

    server = listening(5, &port);
    address = loopback(port);
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    show("not waiting", connect(client, (struct sockaddr *)&address, sizeof address));
    showEvents("connected", client);
    show("error", socketError(client));
    show("second connect", connect(client, (struct sockaddr *)&address, sizeof address));
    show("third connect", connect(client, (struct sockaddr *)&address, sizeof address));
    showEvents("listening", server);
    int accepted = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    show("flags", fcntl(accepted, F_GETFL) & O_NONBLOCK ? 1 : 0);
    show("close on exec", fcntl(accepted, F_GETFD));
    showEvents("nothing more", server);
    fcntl(server, F_SETFL, O_NONBLOCK);
    show("accept", accept(server, NULL, NULL));
    show("write to listening", send(server, "x", 1, MSG_NOSIGNAL));
    show("read from listening", read(server, &byte, 1));
    show("connect listening", connect(server, (struct sockaddr *)&address, sizeof address));
    show("listen connected", listen(client, 1));
    show("bind connected", bind(client, (struct sockaddr *)&address, sizeof address));
    int second = socket(AF_INET, SOCK_STREAM, 0);
    show("bind to a port in use", bind(second, (struct sockaddr *)&address, sizeof address));
    address.sin_addr.s_addr = INADDR_ANY;
    show("wildcard conflicts", bind(second, (struct sockaddr *)&address, sizeof address));
    address.sin_addr.s_addr = inet_addr("127.0.0.9");
    show("another address", bind(second, (struct sockaddr *)&address, sizeof address));
    show("bind again", bind(second, (struct sockaddr *)&address, sizeof address));
    close(second);
    second = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = inet_addr("192.0.2.1");
    show("not ours", bind(second, (struct sockaddr *)&address, sizeof address));
    show("too short", bind(second, (struct sockaddr *)&address, 8));
    address.sin_family = AF_INET6;
    show("wrong family", bind(second, (struct sockaddr *)&address, sizeof address));
    show("bad protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    show("bad type", socket(AF_INET, SOCK_SEQPACKET, 0));
    show("bad family", socket(99, SOCK_STREAM, 0));
    int null = open("/dev/null", O_RDWR);
    show("not a socket", listen(null, 1));
    close(null);
    show("no descriptor", listen(999, 1));
    int pairs[2];
    show("socketpair", socketpair(AF_INET, SOCK_STREAM, 0, pairs));
    close(second);
    close(accepted);
    close(client);
    close(server);
}

static void *echo(void *argument) {
    int server = *(int *)argument;
    char buffer[65536];
    for (int i = 0; i < 20; i++) {
        int end = accept(server, NULL, NULL);
        ssize_t count;
        while ((count = read(end, buffer, sizeof buffer)) > 0) {
            for (ssize_t done = 0; done < count;)
                done += write(end, buffer + done, (size_t)(count - done));
        }
        close(end);
    }
    return NULL;
}

static void *sender(void *argument) {
    int end = *(int *)argument;
    static char data[1 << 20];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + (i >> 11));
    for (size_t done = 0; done < sizeof data;) {
        ssize_t count = write(end, data + done, sizeof data - done);
        if (count < 0)
            break;
        done += (size_t)count;
    }
    shutdown(end, SHUT_WR);
    return NULL;
}

static void blocking(void) {
    int port;
    int server = listening(10, &port);
    pthread_t thread;
    pthread_create(&thread, NULL, echo, &server);
    for (int i = 0; i < 19; i++) {
        int client = connected(port);
        char text[16];
        int length = snprintf(text, sizeof text, "round %d", i);
        char back[16] = {0};
        if (write(client, text, (size_t)length) != length)
            perror("write");
        if (read(client, back, sizeof back) != length || strcmp(text, back) != 0)
            puts("echo differs");
        close(client);
    }
    int client = connected(port);
    pthread_t other;
    pthread_create(&other, NULL, sender, &client);
    unsigned long sum = 0;
    size_t total = 0;
    static unsigned char buffer[10000];
    ssize_t count;
    while ((count = recv(client, buffer, sizeof buffer, MSG_WAITALL)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            sum = sum * 31 + buffer[i];
        total += (size_t)count;
    }
    printf("echoed %zu bytes, sum %lx\n", total, sum);
    pthread_join(other, NULL);
    close(client);
    pthread_join(thread, NULL);
    close(server);
}

static void backlog(void) {
    int port;
    int server = listening(1, &port);
    int clients[3];
    for (int i = 0; i < 2; i++)
        clients[i] = connected(port);
    puts("two connections wait");
    for (int i = 0; i < 2; i++)
        close(accept(server, NULL, NULL));
    close(server);
    char byte;
    for (int i = 0; i < 2; i++) {
        show("closed after accept", read(clients[i], &byte, 1));
        close(clients[i]);
    }
    server = listening(1, &port);
    clients[0] = connected(port);
    close(server);
    show("never accepted", read(clients[0], &byte, 1));
    close(clients[0]);
}

static void events(void) {
    int port;
    int server = listening(8, &port);
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
    epoll_ctl(set, EPOLL_CTL_ADD, server, &event);
    show("nothing", epoll_wait(set, &event, 1, 0));
    int client = connected(port);
    show("connection", epoll_wait(set, &event, 1, 1000));
    int end = accept(server, NULL, NULL);
    show("accepted", epoll_wait(set, &event, 1, 0));
    event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = end};
    epoll_ctl(set, EPOLL_CTL_ADD, end, &event);
    show("writable", epoll_wait(set, &event, 1, 0));
    show("once", epoll_wait(set, &event, 1, 0));
    if (write(client, "ab", 2) != 2)
        perror("write");
    show("edge", epoll_wait(set, &event, 1, 1000));
    printf("events %x\n", event.events);
    show("once", epoll_wait(set, &event, 1, 0));
    if (write(client, "c", 1) != 1)
        perror("write");
    show("edge", epoll_wait(set, &event, 1, 1000));
    shutdown(client, SHUT_WR);
    show("end", epoll_wait(set, &event, 1, 1000));
    printf("events %x\n", event.events);
    close(client);
    show("peer gone", epoll_wait(set, &event, 1, 100));
    close(end);
    close(server);
    close(set);
}

static void options(void) {
    int ends[2];
    char buffer[8];
    pair(ends);
    struct timeval brief = {.tv_usec = 20000};
    show("SO_RCVTIMEO", setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief));
    show("timeout", read(ends[0], buffer, 1));
    show("SO_SNDTIMEO", setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief));
    static char much[1 << 16];
    ssize_t count;
    long total = 0;
    while ((count = write(ends[0], much, sizeof much)) > 0)
        total += count;
    printf("full: %s, %s\n", strerrorname_np(errno), total > 100000 ? "much" : "little");
    showEvents("full", ends[0]);
    while (recv(ends[1], much, sizeof much, MSG_DONTWAIT) > 0)
        continue;
    showEvents("empty", ends[0]);
    int low = 5;
    setsockopt(ends[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
    if (write(ends[0], "abc", 3) != 3)
        perror("write");
    showEvents("below SO_RCVLOWAT", ends[1]);
    if (write(ends[0], "def", 3) != 3)
        perror("write");
    showEvents("at SO_RCVLOWAT", ends[1]);
    show("read", read(ends[1], buffer, sizeof buffer));
    close(ends[0]);
    close(ends[1]);
}

static void urgent(void) {
    int ends[2];
    char buffer[16];
    pair(ends);
    show("send", send(ends[0], "abc", 3, 0));
    show("urgent", send(ends[0], "X", 1, MSG_OOB));
    show("send", send(ends[0], "def", 3, 0));
    usleep(1000);
    showEvents("urgent", ends[1]);
    int mark = -1;
    ioctl(ends[1], SIOCATMARK, &mark);
    show("mark", mark);
    show("up to the mark", recv(ends[1], buffer, sizeof buffer, 0));
    ioctl(ends[1], SIOCATMARK, &mark);
    show("mark", mark);
    show("urgent byte", recv(ends[1], buffer, sizeof buffer, MSG_OOB));
    printf("%c\n", buffer[0]);
    show("again", recv(ends[1], buffer, sizeof buffer, MSG_OOB));
    show("behind", recv(ends[1], buffer, sizeof buffer, 0));
    printf("%.3s\n", buffer);
    close(ends[0]);
    close(ends[1]);
}

static void versions(void) {
    int server = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    show("bind ::", bind(server, (struct sockaddr *)&any, sizeof any));
    listen(server, 4);
    socklen_t length = sizeof any;
    getsockname(server, (struct sockaddr *)&any, &length);
    int port = ntohs(any.sin6_port);
    int client = connected(port);
    struct sockaddr_in6 peer;
    length = sizeof peer;
    int end = accept(server, (struct sockaddr *)&peer, &length);
    char text[64];
    printf("from %s, %u\n", inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text), length);
    close(client);
    close(end);
    client = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 self = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons((uint16_t)port)};
    show("connect ::1", connect(client, (struct sockaddr *)&self, sizeof self));
    length = sizeof peer;
    end = accept(server, (struct sockaddr *)&peer, &length);
    printf("from %s\n", inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text));
    int four = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    show("0.0.0.0 beside ::", bind(four, (struct sockaddr *)&address, sizeof address));
    close(four);
    close(client);
    close(end);
    close(server);

    client = socket(AF_INET, SOCK_STREAM, 0);
    address = loopback(0);
    bind(client, (struct sockaddr *)&address, sizeof address);
    address = loopback(portOf(client));
    show("self-connect", connect(client, (struct sockaddr *)&address, sizeof address));
    if (write(client, "me", 2) != 2)
        perror("write");
    show("read", read(client, text, sizeof text));
    close(client);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    transfer();
    closings();
    signal(SIGPIPE, SIG_IGN);
    refusals();
    blocking();
    backlog();
    events();
    options();
    urgent();
    versions();
    return 0;
}
