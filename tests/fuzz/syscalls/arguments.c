// SPDX-License-Identifier: Apache-2.0
//
// Values for arguments. Most are near something that works, so that calls get beyond their first check; the
// rest is what breaks handlers: ends of the address space, ranges that wrap around, pages without access,
// sizes with the top bit set.

#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

unsigned char *arena;

static uint64_t state[2];

/** xorshift128+: the same seed makes the same calls on every machine. */
uint64_t random64(void) {
    uint64_t x = state[0];
    const uint64_t y = state[1];
    state[0] = y;
    x ^= x << 23;
    state[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    return state[1] + y;
}

void seedRandom(uint64_t seed) {
    state[0] = seed * 0x9e3779b97f4a7c15ull + 1;
    state[1] = seed ^ 0xda942042e4dd58b5ull;
    for (int i = 0; i < 8; i++)
        random64();
}

uint32_t below(uint32_t limit) {
    return limit == 0 ? 0 : (uint32_t)(random64() >> 33) % limit;
}

static uint64_t pick(const uint64_t *values, size_t count) {
    return values[below((uint32_t)count)];
}
#define PICK(...)                                                                                            \
    pick((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/** Numbers at which arithmetic goes wrong. */
static uint64_t hostileNumber(void) {
    const uint64_t edge =
        PICK(0, 1, 0xfff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffff,
             0x7ffffffff000, 0x800000000000, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000,
             0xffffffffffffffff, 0xffffffff00000000);
    return below(3) == 0 ? random64() >> below(64) : edge + (uint64_t)(int64_t)((int)below(9) - 4);
}

/** Addresses that a call must survive. */
static uint64_t hostilePointer(void) {
    switch (below(6)) {
    case 0:
        return 0;
    case 1:
        return hostileNumber();
    case 2:
        return (uint64_t)(arena + (ARENA_PAGES - 1) * PAGE) - 1 - below(16); // up to the page without access
    case 3:
        return (uint64_t)(arena + (ARENA_PAGES - 1) * PAGE); // no access
    case 4:
        return (uint64_t)(arena + (ARENA_PAGES - 2) * PAGE) + below(PAGE); // read-only
    default:
        return (uint64_t)&hostilePointer; // code
    }
}

/** Memory in the arena, aligned or not, its first bytes filled in one of several ways. */
static uint64_t buffer(void) {
    if (below(8) == 0)
        return hostilePointer();
    unsigned char *place =
        arena + below(ARENA_PAGES - 4) * PAGE + (below(3) == 0 ? below(PAGE) : below(64) * 64);
    uint64_t words[8];
    for (int i = 0; i < 8; i++) {
        switch (below(5)) {
        case 0:
            words[i] = 0;
            break;
        case 1:
            words[i] = below(64);
            break;
        case 2:
            words[i] = hostileNumber();
            break;
        case 3:
            words[i] = (uint64_t)arena + below(ARENA_PAGES * PAGE);
            break;
        default:
            words[i] = random64();
            break;
        }
    }
    if (below(2) == 0)
        memcpy(place, words, below(sizeof words));
    return (uint64_t)place;
}

static uint64_t length(void) {
    return below(6) == 0 ? hostileNumber() : PICK(0, 1, 4, 8, 16, 24, 64, 128, 4095, 4096, 4097, 65536);
}

static const char *const names[] = {
    ".",
    "..",
    "/",
    "",
    "a",
    "b",
    "c",
    "d",
    "a/b",
    "d/e",
    "d/e/f",
    "link",
    "loop",
    "fifo",
    "socket",
    "sparse",
    "/proc/self/maps",
    "/proc/self/mem",
    "/proc/self/fd/3",
    "/proc/self/status",
    "/proc/self/exe",
    "/proc/1/stat",
    "/proc/self/task",
    "/proc/self/environ",
    "/proc/self/attr/current",
    "/proc/mounts",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/overcommit_memory",
    "/sys/fs/cgroup/memory.max",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts/0",
    "/dev/shm/x",
    "/dev/fd/0",
    "/dev/mem",
    "/sys",
    "/etc/passwd",
    "user.x",
    "security.capability",
    "system.posix_acl_access",
    "tmpfs",
    "/queue",
};

static uint64_t path(void) {
    if (below(12) == 0)
        return hostilePointer();
    char *place = (char *)arena + below(ARENA_PAGES - 4) * PAGE + below(64) * 32;
    if (below(16) == 0) {
        // Longer than any path, and without an end before the page that cannot be read.
        place = (char *)arena + (ARENA_PAGES - 7) * PAGE;
        memset(place, below(2) == 0 ? '/' : 'n', 5 * PAGE);
        return (uint64_t)place + below(PAGE);
    }
    strcpy(place, names[below(sizeof names / sizeof names[0])]);
    if (below(8) == 0)
        strcat(place, below(2) == 0 ? "/" : "/../x");
    return (uint64_t)place;
}

static void *vector(void) {
    struct iovec *entries = (struct iovec *)(arena + below(ARENA_PAGES - 8) * PAGE + 2048);
    for (int i = 0; i < 8; i++) {
        entries[i].iov_base = (void *)buffer();
        entries[i].iov_len = length();
    }
    return entries;
}

static uint64_t times(void) {
    if (below(8) == 0)
        return hostilePointer();
    struct timespec *values = (struct timespec *)(arena + below(ARENA_PAGES - 4) * PAGE + below(100) * 32);
    for (int i = 0; i < 2; i++) {
        values[i].tv_sec = below(8) == 0 ? (time_t)hostileNumber() : 0;
        values[i].tv_nsec = below(8) == 0 ? (long)hostileNumber() : (long)below(2000000);
    }
    return (uint64_t)values;
}

static uint64_t socketAddress(void) {
    unsigned char *place = arena + below(ARENA_PAGES - 4) * PAGE + below(16) * 128;
    memset(place, 0, 128);
    switch (below(5)) {
    case 0:
        return buffer();
    case 1: {
        struct sockaddr_in *address = (struct sockaddr_in *)place;
        address->sin_family = AF_INET;
        address->sin_port = htons((uint16_t)PICK(0, 80, 5000, 5001, 5002));
        address->sin_addr.s_addr =
            htonl((uint32_t)PICK(INADDR_LOOPBACK, INADDR_ANY, INADDR_BROADCAST, 0x08080808));
        return (uint64_t)place;
    }
    case 2: {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)place;
        address->sin6_family = AF_INET6;
        address->sin6_port = htons((uint16_t)PICK(0, 80, 5000, 5001, 5002));
        if (below(2) == 0)
            address->sin6_addr = in6addr_loopback;
        return (uint64_t)place;
    }
    case 3: {
        struct sockaddr_un *address = (struct sockaddr_un *)place;
        address->sun_family = AF_UNIX;
        strcpy(address->sun_path + below(2), below(2) == 0 ? "socket" : "other");
        return (uint64_t)place;
    }
    default: {
        struct sockaddr *address = (struct sockaddr *)place;
        address->sa_family = (sa_family_t)PICK(AF_NETLINK, AF_PACKET, AF_UNSPEC, 44, 0xffff);
        return (uint64_t)place;
    }
    }
}

static uint64_t socketMessage(void) {
    if (below(10) == 0)
        return hostilePointer();
    struct msghdr *message = (struct msghdr *)(arena + below(ARENA_PAGES - 8) * PAGE + 1024);
    unsigned char *control = (unsigned char *)message + 512;
    memset(message, 0, sizeof *message);
    if (below(2) == 0) {
        message->msg_name = (void *)socketAddress();
        message->msg_namelen = (socklen_t)length();
    }
    message->msg_iov = vector();
    message->msg_iovlen = below(6) == 0 ? hostileNumber() : below(9);
    if (below(2) == 0) {
        struct cmsghdr *header = (struct cmsghdr *)control;
        header->cmsg_len = below(4) == 0 ? hostileNumber() : CMSG_LEN(sizeof(int) * (1 + below(4)));
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = (int)below(4);
        for (uint32_t i = 0; i < 4; i++)
            ((int *)CMSG_DATA(header))[i] = (int)below(24);
        message->msg_control = control;
        message->msg_controllen = below(4) == 0 ? length() : CMSG_SPACE(sizeof(int) * 4);
    }
    return (uint64_t)message;
}

static uint64_t pointers(void) {
    if (below(4) == 0)
        return hostilePointer();
    uint64_t *place = (uint64_t *)(arena + below(ARENA_PAGES - 8) * PAGE + 3072);
    const uint32_t count = below(4);
    for (uint32_t i = 0; i < count; i++)
        place[i] = path();
    place[count] = 0;
    return (uint64_t)place;
}

static uint64_t sets(void) {
    if (below(4) == 0)
        return hostilePointer();
    uint64_t *place = (uint64_t *)(arena + below(ARENA_PAGES - 4) * PAGE + below(100) * 8);
    *place = random64() & random64();
    return (uint64_t)place;
}

uint64_t makeArgument(enum kind kind) {
    if (below(24) == 0)
        return hostileNumber();
    switch (kind) {
    case NONE:
        return 0;
    case ANY:
        return below(2) == 0 ? hostileNumber() : below(64);
    case FD:
        return below(16) == 0 ? hostileNumber() : below(32);
    case FDS:
        return buffer();
    case DIRFD:
        return PICK(AT_FDCWD, AT_FDCWD, AT_FDCWD, 3, 4, 5, 99, -1ull);
    case PATH:
        return path();
    case BUFFER:
        return buffer();
    case LENGTH:
        return length();
    case FLAGS:
        return below(3) == 0 ? 0 : below(3) == 0 ? random64() & random64() & 0xffffffff : 1ull << below(32);
    case SMALL:
        return below(20) == 0 ? hostileNumber() : below(44);
    case SIGNAL:
        return below(70);
    case PID:
        return PICK(0, 0, (uint64_t)getpid(), (uint64_t)getppid(), 1, -1ull, 32767, 4, 5, 6, 7, 8);
    case MODE:
        return below(8) == 0
                   ? random64()
                   : PICK(0, 0644, 0755, 0777, 04755, 02755, 01777, 010644, 020666, 060660, 0140666);
    case OFFSET:
        return below(3) == 0 ? hostileNumber() : below(20000);
    case ADDRESS:
        return below(8) == 0 ? hostilePointer() : (uint64_t)arena + below(ARENA_PAGES + 4) * PAGE;
    case SIZE:
        return below(8) == 0 ? hostileNumber() : below(8) * PAGE;
    case PROTECTION:
        return below(16) == 0 ? random64() : below(8);
    case VECTOR:
        return below(10) == 0 ? hostilePointer() : (uint64_t)vector();
    case COUNT:
        return below(6) == 0 ? hostileNumber() : below(12);
    case TIME:
        return times();
    case SETS:
        return sets();
    case SOCKET:
        return socketAddress();
    case MESSAGE:
        return socketMessage();
    case POINTERS:
        return pointers();
    }
    return 0;
}

void prepareArguments(void) {
    arena = mmap(NULL, (ARENA_PAGES + 8) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        _exit(2);
    mprotect(arena + (ARENA_PAGES - 2) * PAGE, PAGE, PROT_READ);
    mprotect(arena + (ARENA_PAGES - 1) * PAGE, PAGE, PROT_NONE);
    int pair[2];
    // From descriptor 3 on: folders, files, pipes, sockets, epoll, eventfd. What cannot be had is left out.
    open(".", O_RDONLY | O_DIRECTORY);
    open("/", O_PATH);
    open("/proc/self", O_RDONLY | O_DIRECTORY);
    open("a", O_RDWR | O_CREAT, 0644);
    const int sparse = open("sparse", O_RDWR | O_CREAT, 0644);
    if (sparse >= 0)
        (void)!ftruncate(sparse, 1 << 20);
    mkdir("d", 0755);
    (void)!symlink("a", "link");
    (void)!symlink("loop", "loop");
    mkfifo("fifo", 0644);
    (void)!pipe2(pair, O_NONBLOCK);
    (void)!pipe2(pair, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair);
    socket(AF_INET, SOCK_STREAM, 0);
    socket(AF_INET6, SOCK_DGRAM, 0);
    epoll_create1(0);
    eventfd(1, EFD_NONBLOCK);
    open("/dev/zero", O_RDWR);
    open("/dev/ptmx", O_RDWR | O_NOCTTY);
}
