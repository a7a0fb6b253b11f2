// SPDX-License-Identifier: Apache-2.0
//
// Options of sockets: what new sockets have, what can be set, and what is refused.

#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

static void get(const char *label, int socket, int level, int name) {
    unsigned char value[256];
    memset(value, 0xee, sizeof value);
    socklen_t length = sizeof value;
    if (getsockopt(socket, level, name, value, &length) != 0) {
        printf("%s: %s\n", label, strerrorname_np(errno));
        return;
    }
    int number;
    memcpy(&number, value, sizeof number);
    printf("%s: %u bytes, %d\n", label, length, number);
}

static void set(const char *label, int socket, int level, int name, int value) {
    int result = setsockopt(socket, level, name, &value, sizeof value);
    printf("%s = %d: %s\n", label, value, result == 0 ? "done" : strerrorname_np(errno));
    get(label, socket, level, name);
}

#define GET(level, name) get(#name, end, level, name)
#define SET(level, name, value) set(#name, end, level, name, value)

static void common(const char *label, int domain, int type) {
    int end = socket(domain, type, 0);
    puts(label);
    GET(SOL_SOCKET, SO_TYPE);
    GET(SOL_SOCKET, SO_DOMAIN);
    GET(SOL_SOCKET, SO_PROTOCOL);
    GET(SOL_SOCKET, SO_ERROR);
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    GET(SOL_SOCKET, SO_SNDBUF);
    GET(SOL_SOCKET, SO_RCVBUF);
    GET(SOL_SOCKET, SO_RCVLOWAT);
    GET(SOL_SOCKET, SO_SNDLOWAT);
    GET(SOL_SOCKET, SO_DEBUG);
    GET(SOL_SOCKET, SO_BINDTODEVICE);
    GET(SOL_SOCKET, SO_PEERSEC);
    SET(SOL_SOCKET, SO_REUSEADDR, 7);
    SET(SOL_SOCKET, SO_KEEPALIVE, 1);
    SET(SOL_SOCKET, SO_BROADCAST, 1);
    SET(SOL_SOCKET, SO_OOBINLINE, 1);
    SET(SOL_SOCKET, SO_DONTROUTE, 1);
    SET(SOL_SOCKET, SO_TIMESTAMP, 1);
    SET(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    GET(SOL_SOCKET, SO_TIMESTAMP);
    SET(SOL_SOCKET, SO_SNDBUF, 10000);
    SET(SOL_SOCKET, SO_SNDBUF, 1);
    SET(SOL_SOCKET, SO_RCVBUF, 10000);
    SET(SOL_SOCKET, SO_RCVBUF, 0);
    SET(SOL_SOCKET, SO_RCVLOWAT, 100);
    SET(SOL_SOCKET, SO_RCVLOWAT, 0);
    SET(SOL_SOCKET, SO_PRIORITY, 3);
    SET(SOL_SOCKET, SO_TYPE, 1);
    SET(SOL_SOCKET, SO_ERROR, 1);
    SET(SOL_SOCKET, SO_ACCEPTCONN, 1);
    struct linger linger = {1, 5};
    SHOW(setsockopt(end, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    socklen_t length = sizeof linger;
    SHOW(getsockopt(end, SOL_SOCKET, SO_LINGER, &linger, &length));
    printf("%d %d\n", linger.l_onoff, linger.l_linger);
    SHOW(setsockopt(end, SOL_SOCKET, SO_LINGER, &linger, 4));
    struct timeval time = {3, 250000};
    SHOW(setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    length = sizeof time;
    SHOW(getsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &time, &length));
    HOLDS(length == sizeof time && time.tv_sec == 3 && time.tv_usec / 10000 == 25);
    SHOW(setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &time, 8));
    time.tv_usec = 1000000;
    SHOW(setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    struct ucred who;
    length = sizeof who;
    SHOW(getsockopt(end, SOL_SOCKET, SO_PEERCRED, &who, &length));
    printf("%d %d %d\n", (int)who.pid, (int)who.uid, (int)who.gid);
    unsigned long long cookie = 0, again = 0;
    length = sizeof cookie;
    SHOW(getsockopt(end, SOL_SOCKET, SO_COOKIE, &cookie, &length));
    SHOW(getsockopt(end, SOL_SOCKET, SO_COOKIE, &again, &length));
    HOLDS(cookie == again && cookie != 0);
    SHOW(setsockopt(end, SOL_SOCKET, 4711, &(int){1}, sizeof(int)));
    SHOW(getsockopt(end, SOL_SOCKET, 4711, &(int){1}, &length));
    SHOW(setsockopt(end, SOL_SOCKET, SO_REUSEADDR, &(int){1}, 2));
    SHOW(setsockopt(end, SOL_SOCKET, SO_REUSEADDR, NULL, sizeof(int)));
    SHOW(setsockopt(end, SOL_SOCKET, SO_REUSEADDR, &(int){1}, (socklen_t)-1));
    unsigned char byte = 0xee;
    length = 1;
    SHOW(getsockopt(end, SOL_SOCKET, SO_TYPE, &byte, &length));
    printf("%d in %u bytes\n", byte, length);
    length = (socklen_t)-1;
    SHOW(getsockopt(end, SOL_SOCKET, SO_TYPE, &byte, &length));
    SHOW(setsockopt(end, 4711, 1, &(int){1}, sizeof(int)));
    SHOW(getsockopt(end, 4711, 1, &byte, &length));
    SHOW(setsockopt(end, SOL_SOCKET, SO_BINDTODEVICE, "nothing0", 9));
    int null = open("/dev/null", O_RDWR);
    SHOW(setsockopt(null, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)));
    close(null);
    close(end);
}

static void tcp(void) {
    int end = socket(AF_INET, SOCK_STREAM, 0);
    puts("TCP");
    SET(IPPROTO_TCP, TCP_NODELAY, 1);
    SET(IPPROTO_TCP, TCP_CORK, 1);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 60);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 0);
    SET(IPPROTO_TCP, TCP_KEEPINTVL, 10);
    SET(IPPROTO_TCP, TCP_KEEPCNT, 3);
    SET(IPPROTO_TCP, TCP_KEEPCNT, 128);
    SET(IPPROTO_TCP, TCP_SYNCNT, 3);
    SET(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
    SET(IPPROTO_TCP, TCP_USER_TIMEOUT, -1);
    SET(IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
    SET(IPPROTO_TCP, TCP_LINGER2, 30);
    GET(IPPROTO_TCP, TCP_MAXSEG);
    SET(IPPROTO_TCP, TCP_MAXSEG, 1000);
    SET(IPPROTO_TCP, TCP_MAXSEG, 10);
    SET(IPPROTO_TCP, TCP_NODELAY, 0);
    SHOW(setsockopt(end, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
    SHOW(setsockopt(end, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
    char name[16];
    socklen_t length = sizeof name;
    SHOW(getsockopt(end, IPPROTO_TCP, TCP_CONGESTION, name, &length));
    printf("%u bytes: %s\n", length, name);
    struct tcp_info info;
    length = 104;
    SHOW(getsockopt(end, IPPROTO_TCP, TCP_INFO, &info, &length));
    printf("%u bytes, state %d\n", length, info.tcpi_state);
    SHOW(setsockopt(end, IPPROTO_TCP, 4711, &(int){1}, sizeof(int)));
    SHOW(getsockopt(end, IPPROTO_TCP, 4711, name, &length));
    SHOW(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 1));
    SHOW(listen(end, 7));
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    length = 104;
    SHOW(getsockopt(end, IPPROTO_TCP, TCP_INFO, &info, &length));
    printf("state %d, %d of %d\n", info.tcpi_state, info.tcpi_unacked, info.tcpi_sacked);
    close(end);
    end = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
    SHOW(setsockopt(end, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)));
    GET(SOL_SOCKET, SO_PASSCRED);
    close(end);
}

static void internet(int type) {
    int end = socket(AF_INET, type, 0);
    puts("IPv4");
    GET(IPPROTO_IP, IP_TTL);
    SET(IPPROTO_IP, IP_TTL, 10);
    SET(IPPROTO_IP, IP_TTL, 0);
    SET(IPPROTO_IP, IP_TTL, -1);
    SET(IPPROTO_IP, IP_TOS, 0x1b);
    SET(IPPROTO_IP, IP_PKTINFO, 1);
    SET(IPPROTO_IP, IP_RECVTTL, 1);
    SET(IPPROTO_IP, IP_RECVTOS, 1);
    SET(IPPROTO_IP, IP_RECVERR, 1);
    SET(IPPROTO_IP, IP_FREEBIND, 1);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, 99);
    GET(IPPROTO_IP, IP_MTU);
    SET(IPPROTO_IP, IP_MULTICAST_TTL, 5);
    SET(IPPROTO_IP, IP_MULTICAST_TTL, 256);
    SET(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    SET(IPPROTO_IP, IP_MINTTL, 5);
    SET(IPPROTO_IP, 4711, 1);
    SHOW(setsockopt(end, IPPROTO_IP, IP_TOS, "\x08", 1));
    unsigned char byte;
    socklen_t length = 1;
    SHOW(getsockopt(end, IPPROTO_IP, IP_TOS, &byte, &length));
    printf("%d in %u bytes\n", byte, length);
    SHOW(setsockopt(end, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
    close(end);
    end = socket(AF_INET6, type, 0);
    puts("IPv6");
    GET(IPPROTO_IPV6, IPV6_V6ONLY);
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    SET(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 20);
    SET(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 300);
    SET(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    SET(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    SET(IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    SET(IPPROTO_IPV6, IPV6_TCLASS, 0x20);
    SET(IPPROTO_IPV6, IPV6_RECVERR, 1);
    SET(IPPROTO_IPV6, 4711, 1);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    SHOW(bind(end, (struct sockaddr *)&any, sizeof any));
    SHOW(setsockopt(end, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int)));
    close(end);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    common("UNIX stream", AF_UNIX, SOCK_STREAM);
    common("UNIX datagram", AF_UNIX, SOCK_DGRAM);
    common("TCP", AF_INET, SOCK_STREAM);
    common("UDP", AF_INET, SOCK_DGRAM);
    common("TCP over IPv6", AF_INET6, SOCK_STREAM);
    tcp();
    internet(SOCK_STREAM);
    internet(SOCK_DGRAM);
    return 0;
}
