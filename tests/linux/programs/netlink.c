// SPDX-License-Identifier: Apache-2.0
//
// Netlink and getifaddrs: what there is to say of the loopback interface. A host may have others; they are
// not printed.

#define _GNU_SOURCE
#include "expect.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void interfaces(void) {
    struct ifaddrs *all;
    SHOW(getifaddrs(&all));
    for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (strcmp(one->ifa_name, "lo") != 0 || one->ifa_addr == NULL)
            continue;
        char text[64] = "", mask[64] = "";
        int family = one->ifa_addr->sa_family;
        if (family == AF_INET) {
            inet_ntop(AF_INET, &((struct sockaddr_in *)one->ifa_addr)->sin_addr, text, sizeof text);
            inet_ntop(AF_INET, &((struct sockaddr_in *)one->ifa_netmask)->sin_addr, mask, sizeof mask);
        } else if (family == AF_INET6) {
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)one->ifa_addr)->sin6_addr, text, sizeof text);
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)one->ifa_netmask)->sin6_addr, mask, sizeof mask);
        } else if (family == AF_PACKET) {
            struct sockaddr_ll *link = (struct sockaddr_ll *)one->ifa_addr;
            snprintf(text, sizeof text, "link %d, type %d, %d bytes", link->sll_ifindex, link->sll_hatype,
                     link->sll_halen);
            HOLDS(one->ifa_data != NULL);
        }
        printf("lo, family %d, flags %x: %s %s\n", family, one->ifa_flags, text, mask);
    }
    freeifaddrs(all);
    SHOW(if_nametoindex("lo"));
    SHOW(if_nametoindex("nothing0"));
    char name[IF_NAMESIZE];
    HOLDS(if_indextoname(1, name) != NULL && strcmp(name, "lo") == 0);
}

static void requests(void) {
    int end = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "lo"};
    SHOW(ioctl(end, SIOCGIFFLAGS, &request));
    printf("flags %x\n", request.ifr_flags);
    SHOW(ioctl(end, SIOCGIFADDR, &request));
    printf("address %s\n", inet_ntoa(((struct sockaddr_in *)&request.ifr_addr)->sin_addr));
    SHOW(ioctl(end, SIOCGIFNETMASK, &request));
    printf("mask %s\n", inet_ntoa(((struct sockaddr_in *)&request.ifr_addr)->sin_addr));
    SHOW(ioctl(end, SIOCGIFMTU, &request));
    SHOW(request.ifr_mtu);
    SHOW(ioctl(end, SIOCGIFHWADDR, &request));
    SHOW(request.ifr_hwaddr.sa_family);
    SHOW(ioctl(end, SIOCGIFINDEX, &request));
    SHOW(request.ifr_ifindex);
    SHOW(ioctl(end, SIOCGIFNAME, &request));
    puts(request.ifr_name);
    strcpy(request.ifr_name, "nothing0");
    SHOW(ioctl(end, SIOCGIFFLAGS, &request));
    struct ifreq list[4];
    struct ifconf configuration = {.ifc_len = sizeof list, .ifc_req = list};
    SHOW(ioctl(end, SIOCGIFCONF, &configuration));
    HOLDS(configuration.ifc_len >= (int)sizeof list[0] && strcmp(list[0].ifr_name, "lo") == 0);
    SHOW(ioctl(end, TIOCGWINSZ, list));
    close(end);
}

static void messages(void) {
    int end = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    SHOW(bind(end, (struct sockaddr *)&name, sizeof name));
    socklen_t length = sizeof name;
    SHOW(getsockname(end, (struct sockaddr *)&name, &length));
    HOLDS(length == sizeof name && name.nl_pid == (unsigned)getpid() && name.nl_groups == 0);
    int second = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    SHOW(bind(second, (struct sockaddr *)&name, sizeof name));
    struct sockaddr_nl free = {.nl_family = AF_NETLINK};
    SHOW(bind(second, (struct sockaddr *)&free, sizeof free));
    close(second);

    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } one = {{sizeof one, RTM_GETLINK, NLM_F_REQUEST, 7, 0}, {.ifi_index = 1}};
    char buffer[8192];
    SHOW(send(end, &one, sizeof one, 0));
    struct pollfd entry = {.fd = end, .events = POLLIN};
    SHOW(poll(&entry, 1, 0));
    struct sockaddr_nl from;
    length = sizeof from;
    HOLDS(recvfrom(end, buffer, sizeof buffer, MSG_PEEK | MSG_TRUNC, (struct sockaddr *)&from, &length) > 32);
    HOLDS(length == sizeof from && from.nl_pid == 0);
    HOLDS(recv(end, buffer, sizeof buffer, 0) > 32);
    struct nlmsghdr *header = (struct nlmsghdr *)buffer;
    printf("type %d, flags %x, sequence %u, own port %d\n", header->nlmsg_type, header->nlmsg_flags,
           header->nlmsg_seq, header->nlmsg_pid == name.nl_pid);
    struct ifinfomsg *link = NLMSG_DATA(header);
    printf("index %d, flags %x, type %d\n", link->ifi_index, link->ifi_flags, link->ifi_type);
    SHOW(recv(end, buffer, sizeof buffer, MSG_DONTWAIT));

    one.link.ifi_index = 4711;
    one.header.nlmsg_seq = 8;
    SHOW(send(end, &one, sizeof one, 0));
    SHOW(recv(end, buffer, sizeof buffer, 0));
    struct nlmsgerr *error = NLMSG_DATA(header);
    printf("type %d: %s, of %d, %u\n", header->nlmsg_type, strerrorname_np(-error->error),
           error->msg.nlmsg_type, error->msg.nlmsg_seq);
    one.header.nlmsg_type = NLMSG_NOOP;
    one.header.nlmsg_flags |= NLM_F_ACK;
    SHOW(send(end, &one, sizeof one, 0));
    SHOW(recv(end, buffer, sizeof buffer, 0));
    printf("type %d, flags %x: %d\n", header->nlmsg_type, header->nlmsg_flags, error->error);
    one.header.nlmsg_len = 4;
    SHOW(send(end, &one, sizeof one, 0));
    SHOW(recv(end, buffer, sizeof buffer, MSG_DONTWAIT));

    struct {
        struct nlmsghdr header;
        struct rtgenmsg family;
    } all = {{sizeof all, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 9, 0}, {AF_INET}};
    SHOW(send(end, &all, sizeof all, 0));
    bool done = false;
    while (!done) {
        int count = (int)recv(end, buffer, sizeof buffer, 0);
        if (count <= 0)
            break;
        for (header = (struct nlmsghdr *)buffer; NLMSG_OK(header, count);
             header = NLMSG_NEXT(header, count)) {
            done |= header->nlmsg_type == NLMSG_DONE;
            if (header->nlmsg_type != RTM_NEWADDR)
                continue;
            struct ifaddrmsg *address = NLMSG_DATA(header);
            if (address->ifa_index != 1)
                continue;
            printf("address: flags %x, family %d, /%d, scope %d, attributes", header->nlmsg_flags,
                   address->ifa_family, address->ifa_prefixlen, address->ifa_scope);
            int rest = (int)IFA_PAYLOAD(header);
            for (struct rtattr *at = IFA_RTA(address); RTA_OK(at, rest); at = RTA_NEXT(at, rest))
                printf(" %d", at->rta_type);
            puts("");
        }
    }
    HOLDS(done);
    close(end);
    SHOW(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    SHOW(socket(AF_NETLINK, SOCK_RAW, 77));
    int silent = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    HOLDS(silent >= 0);
    name.nl_pid = 0;
    name.nl_groups = 1;
    SHOW(bind(silent, (struct sockaddr *)&name, sizeof name));
    SHOW(recv(silent, buffer, sizeof buffer, 0));
    close(silent);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    interfaces();
    requests();
    messages();
    return 0;
}
