// SPDX-License-Identifier: Apache-2.0
//
// TCP connections: full backlogs, ports in use, shared ports, transfers from files. No port is printed.

#define _GNU_SOURCE
#include "expect.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

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

static int bound(int port, int option) {
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (option != 0)
        setsockopt(server, SOL_SOCKET, option, &(int){1}, sizeof(int));
    struct sockaddr_in address = loopback(port);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(server);
        errno = error;
        return -1;
    }
    return server;
}

static int connected(int port) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        perror("connect");
    return client;
}

static int stateOf(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length);
    return info.tcpi_state;
}

static void *acceptLater(void *argument) {
    int server = *(int *)argument;
    usleep(50000);
    for (int i = 0; i < 4; i++) {
        int end = accept(server, NULL, NULL);
        if (write(end, "welcome", 7) != 7)
            perror("write");
        close(end);
    }
    return NULL;
}

static void fullBacklog(void) {
    int server = bound(0, 0);
    int port = portOf(server);
    listen(server, 0);
    int first = connected(port);
    int waiting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = loopback(port);
    SHOW(connect(waiting, (struct sockaddr *)&address, sizeof address));
    SHOW(connect(waiting, (struct sockaddr *)&address, sizeof address));
    struct pollfd entry = {.fd = waiting, .events = POLLIN | POLLOUT};
    SHOW(poll(&entry, 1, 10));
    SHOW(stateOf(waiting));
    char buffer[16];
    SHOW(read(waiting, buffer, sizeof buffer));
    SHOW(send(waiting, "x", 1, MSG_NOSIGNAL));
    SHOW(getpeername(waiting, (struct sockaddr *)&address, &(socklen_t){sizeof address}));
    int timed = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval brief = {.tv_usec = 20000};
    setsockopt(timed, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief);
    address = loopback(port);
    SHOW(connect(timed, (struct sockaddr *)&address, sizeof address));
    close(timed);
    pthread_t thread;
    pthread_create(&thread, NULL, acceptLater, &server);
    SHOW(poll(&entry, 1, 10000));
    HOLDS((entry.revents & POLLOUT) != 0);
    SHOW(connect(waiting, (struct sockaddr *)&address, sizeof address));
    // The other side may have answered and closed already: TCP_ESTABLISHED or TCP_CLOSE_WAIT.
    int state = stateOf(waiting);
    HOLDS(state == 1 || state == 8);
    int others[2] = {connected(port), connected(port)};
    pthread_join(thread, NULL);
    SHOW(recv(others[1], buffer, sizeof buffer, 0));
    for (int i = 0; i < 2; i++)
        close(others[i]);
    close(first);
    close(waiting);
    close(server);
}

static void states(void) {
    int server = bound(0, 0);
    SHOW(stateOf(server));
    listen(server, 5);
    SHOW(stateOf(server));
    int client = connected(portOf(server));
    int end = accept(server, NULL, NULL);
    SHOW(stateOf(client));
    SHOW(stateOf(end));
    shutdown(client, SHUT_WR);
    // Linux acknowledges with a delay.
    usleep(100000);
    SHOW(stateOf(client));
    SHOW(stateOf(end));
    shutdown(end, SHUT_WR);
    usleep(1000);
    SHOW(stateOf(client));
    SHOW(stateOf(end));
    SHOW(shutdown(client, SHUT_RDWR));
    struct sockaddr_in address;
    SHOW(getpeername(client, (struct sockaddr *)&address, &(socklen_t){sizeof address}));
    close(client);
    close(end);
    client = connected(portOf(server));
    end = accept(server, NULL, NULL);
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    SHOW(connect(client, &nothing, sizeof nothing));
    SHOW(stateOf(client));
    char byte;
    SHOW(read(end, &byte, 1));
    address = loopback(portOf(server));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    close(end);
    end = accept(server, NULL, NULL);
    SHOW(shutdown(client, SHUT_RD));
    SHOW(read(client, &byte, 1));
    SHOW(write(end, "x", 1));
    usleep(1000);
    SHOW(read(client, &byte, 1));
    SHOW(shutdown(client, 7));
    SHOW(shutdown(server, SHUT_RD));
    SHOW(accept(server, NULL, NULL));
    SHOW(stateOf(server));
    close(client);
    close(end);
    close(server);
}

static void ports(void) {
    int server = bound(0, 0);
    int port = portOf(server);
    listen(server, 5);
    int client = connected(port);
    int end = accept(server, NULL, NULL);
    close(server);
    // The accepted connection keeps the port.
    SHOW(bound(port, 0));
    int again = bound(port, SO_REUSEADDR);
    SHOW(again);
    setsockopt(end, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    again = bound(port, SO_REUSEADDR);
    HOLDS(again >= 0);
    SHOW(listen(again, 1));
    int third = bound(port, SO_REUSEADDR);
    SHOW(third);
    close(again);
    // Who closes first keeps it for a while.
    close(end);
    close(client);
    usleep(1000);
    SHOW(bound(port, 0));
    again = bound(port, SO_REUSEADDR);
    HOLDS(again >= 0);
    third = bound(port, SO_REUSEADDR);
    HOLDS(third >= 0);
    SHOW(listen(again, 1));
    SHOW(listen(third, 1));
    close(again);
    close(third);

    server = bound(0, SO_REUSEPORT);
    port = portOf(server);
    int second = bound(port, SO_REUSEPORT);
    HOLDS(second >= 0);
    SHOW(bound(port, 0));
    SHOW(listen(server, 50));
    SHOW(listen(second, 50));
    int clients[40];
    for (int i = 0; i < 40; i++)
        clients[i] = connected(port);
    int counts[2] = {0, 0};
    fcntl(server, F_SETFL, O_NONBLOCK);
    fcntl(second, F_SETFL, O_NONBLOCK);
    while ((end = accept(server, NULL, NULL)) >= 0) {
        counts[0]++;
        close(end);
    }
    while ((end = accept(second, NULL, NULL)) >= 0) {
        counts[1]++;
        close(end);
    }
    HOLDS(counts[0] > 0 && counts[1] > 0 && counts[0] + counts[1] == 40);
    for (int i = 0; i < 40; i++)
        close(clients[i]);
    close(server);
    close(second);

    pid_t child = fork();
    if (child == 0) {
        if (getuid() != 0 || setuid(12345) != 0)
            _exit(1);
        struct sockaddr_in address = loopback(81);
        server = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(bind(server, (struct sockaddr *)&address, sizeof address));
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

static void *drain(void *argument) {
    int end = *(int *)argument;
    static unsigned char buffer[7000];
    unsigned long sum = 0, total = 0;
    ssize_t count;
    while ((count = read(end, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            sum = sum * 31 + buffer[i];
        total += (unsigned long)count;
    }
    printf("received %lu, sum %lx\n", total, sum);
    return NULL;
}

static void transfers(void) {
    int server = bound(0, 0);
    listen(server, 5);
    int client = connected(portOf(server));
    int end = accept(server, NULL, NULL);
    int file = open("transfer", O_RDWR | O_CREAT | O_TRUNC, 0600);
    unlink("transfer");
    static unsigned char data[300000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 13 + (i >> 9));
    SHOW(write(file, data, sizeof data));
    pthread_t thread;
    pthread_create(&thread, NULL, drain, &end);
    off_t offset = 0;
    while (offset < (off_t)sizeof data) {
        if (sendfile(client, file, &offset, sizeof data - (size_t)offset) <= 0)
            break;
    }
    HOLDS(offset == (off_t)sizeof data);
    struct iovec parts[3] = {{data, 1000}, {data + 5000, 100000}, {data + 7, 9}};
    SHOW(writev(client, parts, 3));
    shutdown(client, SHUT_WR);
    pthread_join(thread, NULL);
    SHOW(sendfile(file, client, NULL, 10));
    char byte;
    SHOW(pread(client, &byte, 1, 0));
    SHOW(lseek(client, 0, SEEK_SET));
    SHOW(send(end, "truncated", 9, 0));
    SHOW(recv(client, NULL, 4, MSG_TRUNC));
    SHOW(recv(client, &byte, 1, 0));
    printf("%c\n", byte);
    SHOW(recv(client, (void *)8, 4, 0));
    SHOW(recv(client, &byte, 1, MSG_DONTWAIT));
    SHOW(send(end, (void *)8, 4, 0));
    close(file);
    close(client);
    close(end);
    // A connect that has something to send.
    client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(portOf(server));
    ssize_t sent =
        sendto(client, "with the SYN", 12, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address);
    if (sent < 0 && errno == EOPNOTSUPP) {
        sent = connect(client, (struct sockaddr *)&address, sizeof address);
        if (sent == 0)
            sent = send(client, "with the SYN", 12, 0);
    }
    SHOW(sent);
    end = accept(server, NULL, NULL);
    char text[16];
    SHOW(read(end, text, sizeof text));
    close(client);
    close(end);
    close(server);
}

static void *closer(void *argument) {
    usleep(20000);
    shutdown(*(int *)argument, SHUT_RDWR);
    return NULL;
}

static void ignore(int signal) {
    (void)signal;
}

static void interruptions(void) {
    int server = bound(0, 0);
    listen(server, 5);
    pthread_t thread;
    pthread_create(&thread, NULL, closer, &server);
    SHOW(accept(server, NULL, NULL));
    pthread_join(thread, NULL);
    close(server);
    server = bound(0, 0);
    listen(server, 5);
    int client = connected(portOf(server));
    int end = accept(server, NULL, NULL);
    pthread_create(&thread, NULL, closer, &client);
    char byte;
    SHOW(read(client, &byte, 1));
    pthread_join(thread, NULL);
    SHOW(read(end, &byte, 1));
    close(client);
    close(end);
    struct sigaction action = {.sa_handler = ignore};
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 0);
    SHOW(accept(server, NULL, NULL));
    client = connected(portOf(server));
    end = accept(server, NULL, NULL);
    ualarm(20000, 0);
    SHOW(read(client, &byte, 1));
    SHOW(send(end, "ab", 2, 0));
    char text[8];
    ualarm(20000, 0);
    SHOW(recv(client, text, 8, MSG_WAITALL));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    struct timeval brief = {.tv_usec = 100000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    ualarm(20000, 0);
    SHOW(read(client, &byte, 1));
    SHOW(read(client, &byte, 1));
    close(client);
    close(end);
    close(server);
}

static volatile sig_atomic_t signals[65];

static void countSignal(int signal) {
    signals[signal]++;
}

static void owners(void) {
    int server = bound(0, 0);
    listen(server, 5);
    int client = connected(portOf(server));
    int end = accept(server, NULL, NULL);
    signal(SIGIO, countSignal);
    signal(SIGURG, countSignal);
    int on = 1;
    SHOW(fcntl(end, F_GETOWN));
    SHOW(fcntl(end, F_SETOWN, 999999));
    SHOW(fcntl(end, F_SETOWN, getpid()));
    HOLDS(fcntl(end, F_GETOWN) == getpid());
    SHOW(ioctl(end, FIOASYNC, &on));
    HOLDS((fcntl(end, F_GETFL) & O_ASYNC) != 0);
    SHOW(send(client, "x", 1, 0));
    for (int i = 0; i < 100 && signals[SIGIO] == 0; i++)
        usleep(1000);
    HOLDS(signals[SIGIO] > 0);
    SHOW(send(client, "!", 1, MSG_OOB));
    for (int i = 0; i < 100 && signals[SIGURG] == 0; i++)
        usleep(1000);
    HOLDS(signals[SIGURG] > 0);
    on = 0;
    SHOW(ioctl(end, FIOASYNC, &on));
    HOLDS((fcntl(end, F_GETFL) & O_ASYNC) != 0);
    SHOW(fcntl(end, F_SETFL, O_ASYNC));
    HOLDS((fcntl(end, F_GETFL) & O_ASYNC) != 0);
    close(client);
    close(end);
    close(server);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    fullBacklog();
    states();
    ports();
    transfers();
    interruptions();
    owners();
    return 0;
}
