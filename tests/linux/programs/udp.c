// SPDX-License-Identifier: Apache-2.0
//
// UDP over the loopback interface. No port is printed.

#define _GNU_SOURCE
#include "expect.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void showEvents(const char *label, int socket) {
    struct pollfd entry = {.fd = socket, .events = POLLIN | POLLOUT | POLLRDHUP};
    int count = poll(&entry, 1, 0);
    printf("%s: %d%s%s%s%s%s\n", label, count, entry.revents & POLLIN ? " in" : "",
           entry.revents & POLLOUT ? " out" : "", entry.revents & POLLRDHUP ? " rdhup" : "",
           entry.revents & POLLHUP ? " hup" : "", entry.revents & POLLERR ? " err" : "");
}

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

static int boundTo(const char *text, int port) {
    int end = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = loopback(port);
    inet_pton(AF_INET, text, &address.sin_addr);
    if (bind(end, (struct sockaddr *)&address, sizeof address) != 0)
        perror("bind");
    return end;
}

static void showName(const char *label, int socket) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    getsockname(socket, (struct sockaddr *)&address, &length);
    char text[32];
    printf("%s: %s, port %s\n", label, inet_ntop(AF_INET, &address.sin_addr, text, sizeof text),
           address.sin_port == 0 ? "none" : "some");
}

static void exchange(void) {
    char buffer[64];
    int server = boundTo("127.0.0.1", 0);
    struct sockaddr_in to = loopback(portOf(server));
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    showName("new", client);
    showEvents("new", client);
    SHOW(send(client, "x", 1, 0));
    SHOW(sendto(client, "hello", 5, 0, (struct sockaddr *)&to, sizeof to));
    showName("has sent", client);
    showEvents("server", server);
    int bytes = -1;
    SHOW(ioctl(server, FIONREAD, &bytes));
    SHOW(bytes);
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    SHOW(recvfrom(server, buffer, 3, MSG_PEEK | MSG_TRUNC, (struct sockaddr *)&from, &length));
    SHOW(length);
    HOLDS(ntohs(from.sin_port) == portOf(client) && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    struct iovec part = {buffer, 3};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    SHOW(recvmsg(server, &message, 0));
    HOLDS(message.msg_flags == MSG_TRUNC);
    SHOW(recv(server, buffer, sizeof buffer, MSG_DONTWAIT));
    SHOW(sendto(client, "", 0, 0, (struct sockaddr *)&to, sizeof to));
    showEvents("empty datagram", server);
    SHOW(recv(server, buffer, sizeof buffer, 0));
    SHOW(connect(client, (struct sockaddr *)&to, sizeof to));
    showName("connected", client);
    SHOW(send(client, "connected", 9, 0));
    SHOW(read(server, buffer, sizeof buffer));
    SHOW(sendto(server, "answer", 6, 0, (struct sockaddr *)&from, sizeof from));
    SHOW(read(client, buffer, sizeof buffer));
    int other = boundTo("127.0.0.1", 0);
    SHOW(sendto(other, "filtered", 8, 0, (struct sockaddr *)&from, sizeof from));
    showEvents("from a stranger", client);
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    SHOW(connect(client, &nothing, sizeof nothing));
    SHOW(send(client, "x", 1, 0));
    SHOW(shutdown(client, SHUT_RD));
    SHOW(connect(client, (struct sockaddr *)&to, sizeof to));
    SHOW(shutdown(client, SHUT_WR));
    showEvents("shut down", client);
    SHOW(send(client, "x", 1, MSG_NOSIGNAL));
    SHOW(listen(client, 1));
    SHOW(accept(client, NULL, NULL));
    static char large[70000];
    SHOW(sendto(other, large, 65507, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(recv(server, large, sizeof large, 0));
    SHOW(sendto(other, large, 65508, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(sendto(other, "x", 1, 0, (struct sockaddr *)&to, 8));
    to.sin_port = 0;
    SHOW(sendto(other, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    to.sin_family = AF_INET6;
    SHOW(sendto(other, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    close(other);
    close(client);
    close(server);
}

static void refusals(void) {
    char buffer[64];
    int server = boundTo("127.0.0.1", 0);
    struct sockaddr_in to = loopback(portOf(server));
    close(server);
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(connect(client, (struct sockaddr *)&to, sizeof to));
    SHOW(send(client, "x", 1, 0));
    showEvents("refused", client);
    SHOW(send(client, "x", 1, 0));
    SHOW(send(client, "x", 1, 0));
    SHOW(recv(client, buffer, sizeof buffer, 0));
    SHOW(send(client, "x", 1, 0));
    int error = -1;
    socklen_t length = sizeof error;
    SHOW(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
    puts(strerrorname_np(error));
    SHOW(setsockopt(client, IPPROTO_IP, IP_RECVERR, &(int){1}, sizeof(int)));
    SHOW(send(client, "told", 4, 0));
    showEvents("error queue", client);
    struct sockaddr_in name;
    char control[256];
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof name,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    SHOW(recvmsg(client, &message, MSG_ERRQUEUE));
    HOLDS(message.msg_flags == MSG_ERRQUEUE);
    HOLDS(name.sin_port == to.sin_port);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        struct sock_extended_err *details = (struct sock_extended_err *)CMSG_DATA(header);
        printf("level %d, type %d: %s, origin %d, type %d, code %d\n", header->cmsg_level, header->cmsg_type,
               strerrorname_np((int)details->ee_errno), details->ee_origin, details->ee_type,
               details->ee_code);
    }
    SHOW(recvmsg(client, &message, MSG_ERRQUEUE));
    showEvents("nothing more", client);
    close(client);
    client = socket(AF_INET, SOCK_DGRAM, 0);
    to = loopback(9);
    inet_pton(AF_INET, "127.255.255.255", &to.sin_addr);
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(setsockopt(client, SOL_SOCKET, SO_BROADCAST, &(int){1}, sizeof(int)));
    SHOW(sendto(client, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    close(client);
}

static void binding(void) {
    char buffer[64];
    int any = boundTo("0.0.0.0", 0);
    int port = portOf(any);
    int second = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = loopback(port);
    SHOW(bind(second, (struct sockaddr *)&address, sizeof address));
    close(any);
    SHOW(bind(second, (struct sockaddr *)&address, sizeof address));
    any = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = INADDR_ANY;
    setsockopt(any, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    SHOW(bind(any, (struct sockaddr *)&address, sizeof address));
    setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    SHOW(bind(any, (struct sockaddr *)&address, sizeof address));
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    address = loopback(port);
    SHOW(sendto(client, "to 127.0.0.1", 12, 0, (struct sockaddr *)&address, sizeof address));
    inet_pton(AF_INET, "127.0.0.3", &address.sin_addr);
    SHOW(sendto(client, "elsewhere", 9, 0, (struct sockaddr *)&address, sizeof address));
    SHOW(recv(second, buffer, sizeof buffer, MSG_DONTWAIT));
    SHOW(recv(second, buffer, sizeof buffer, MSG_DONTWAIT));
    SHOW(recv(any, buffer, sizeof buffer, MSG_DONTWAIT));
    close(client);
    close(any);
    close(second);

    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 wildcard = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    SHOW(bind(six, (struct sockaddr *)&wildcard, sizeof wildcard));
    socklen_t length = sizeof wildcard;
    getsockname(six, (struct sockaddr *)&wildcard, &length);
    client = socket(AF_INET, SOCK_DGRAM, 0);
    address = loopback(ntohs(wildcard.sin6_port));
    SHOW(sendto(client, "from four", 9, 0, (struct sockaddr *)&address, sizeof address));
    struct sockaddr_in6 from;
    length = sizeof from;
    SHOW(recvfrom(six, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length));
    char text[64];
    printf("%u bytes: %s\n", length, inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text));
    SHOW(sendto(six, "back", 4, 0, (struct sockaddr *)&from, length));
    SHOW(recv(client, buffer, sizeof buffer, 0));
    close(client);
    client = socket(AF_INET6, SOCK_DGRAM, 0);
    wildcard.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
    SHOW(sendto(client, "six", 3, 0, (struct sockaddr *)&wildcard, sizeof wildcard));
    length = sizeof from;
    SHOW(recvfrom(six, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length));
    printf("%u bytes: %s\n", length, inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text));
    close(client);
    close(six);
    six = socket(AF_INET6, SOCK_DGRAM, 0);
    SHOW(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
    SHOW(sendto(six, "x", 1, 0, (struct sockaddr *)&mapped, sizeof mapped));
    close(six);
}

static void details(void) {
    char buffer[64], control[256];
    int server = boundTo("127.0.0.1", 0);
    int on = 1;
    SHOW(setsockopt(server, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
    SHOW(setsockopt(server, IPPROTO_IP, IP_RECVTTL, &on, sizeof on));
    SHOW(setsockopt(server, IPPROTO_IP, IP_RECVTOS, &on, sizeof on));
    SHOW(setsockopt(server, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on));
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(setsockopt(client, IPPROTO_IP, IP_TTL, &(int){17}, sizeof(int)));
    SHOW(setsockopt(client, IPPROTO_IP, IP_TOS, &(int){0x10}, sizeof(int)));
    struct sockaddr_in to = loopback(portOf(server));
    SHOW(sendto(client, "details", 7, 0, (struct sockaddr *)&to, sizeof to));
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    SHOW(recvmsg(server, &message, 0));
    SHOW(message.msg_controllen);
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header)) {
        printf("level %d, type %d, %zu bytes:", header->cmsg_level, header->cmsg_type,
               (size_t)header->cmsg_len);
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(header);
            printf(" interface %d, %s", info->ipi_ifindex, inet_ntoa(info->ipi_addr));
        } else if (header->cmsg_level == IPPROTO_IP) {
            printf(" %d", header->cmsg_type == IP_TTL ? *(int *)CMSG_DATA(header) : *CMSG_DATA(header));
        }
        puts("");
    }
    SHOW(sendto(client, "short", 5, 0, (struct sockaddr *)&to, sizeof to));
    message.msg_controllen = 20;
    SHOW(recvmsg(server, &message, 0));
    HOLDS(message.msg_flags == MSG_CTRUNC);
    SHOW(message.msg_controllen);

    struct mmsghdr many[4];
    struct iovec parts[4];
    memset(many, 0, sizeof many);
    for (int i = 0; i < 4; i++) {
        parts[i] = (struct iovec){"abcdef", (size_t)i + 1};
        many[i].msg_hdr =
            (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    SHOW(sendmmsg(client, many, 4, 0));
    for (int i = 0; i < 4; i++)
        SHOW(many[i].msg_len);
    char places[4][8];
    for (int i = 0; i < 4; i++) {
        parts[i] = (struct iovec){places[i], 8};
        many[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    SHOW(recvmmsg(server, many, 3, 0, NULL));
    for (int i = 0; i < 3; i++)
        SHOW(many[i].msg_len);
    SHOW(recvmmsg(server, many, 4, MSG_WAITFORONE, NULL));
    SHOW(recvmmsg(server, many, 4, MSG_DONTWAIT, NULL));
    close(client);
    close(server);
}

static void groups(void) {
    char buffer[16];
    int receiver = boundTo("0.0.0.0", 0);
    struct ip_mreqn request = {.imr_multiaddr.s_addr = inet_addr("239.1.2.3"), .imr_ifindex = 1};
    SHOW(setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request));
    SHOW(setsockopt(receiver, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request));
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)portOf(receiver))};
    to.sin_addr = request.imr_multiaddr;
    SHOW(sendto(sender, "group", 5, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(recv(receiver, buffer, sizeof buffer, MSG_DONTWAIT));
    SHOW(setsockopt(receiver, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof request));
    SHOW(setsockopt(receiver, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof request));
    close(sender);
    close(receiver);
}

/// What nobody receives is read from the sender's memory all the same.
static void lost(void) {
    int receiver = boundTo("127.0.0.1", 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)portOf(receiver))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    close(receiver);
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(sendto(sender, (void *)8, 8, 0, (struct sockaddr *)&to, sizeof to));
    SHOW(sendto(sender, "bytes", 5, 0, (struct sockaddr *)&to, sizeof to));
    close(sender);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    exchange();
    refusals();
    binding();
    details();
    groups();
    lost();
    return 0;
}
