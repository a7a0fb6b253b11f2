// SPDX-License-Identifier: Apache-2.0
//
// prctl, capabilities, personality, unshare: as a container's root without privileges, and then as another
// user.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct __user_cap_data_struct sets[2];

static int get_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capget, &header, sets);
}

static int set_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capset, &header, sets);
}

/// Brings root to what both an engine's and this machine's has: a few capabilities.
static void become_alike(void) {
    uint32_t kept = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_SETPCAP | 1u << CAP_KILL;
    for (int i = 0; i <= CAP_LAST_CAP; i++)
        if (i >= 32 || (kept >> i & 1) == 0)
            prctl(PR_CAPBSET_DROP, i);
    sets[0] = (struct __user_cap_data_struct){.effective = kept, .permitted = kept, .inheritable = 0};
    sets[1] = (struct __user_cap_data_struct){0};
    set_capabilities();
}

static void *name_in_thread(void *argument) {
    (void)argument;
    char name[16];
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
    SHOW(prctl(PR_SET_NAME, "a thread's own"));
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
    return NULL;
}

static void names(void) {
    char name[16];
    SHOW(prctl(PR_SET_NAME, "a name that is too long"));
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
    SHOW(prctl(PR_SET_NAME, NULL));
    pthread_t thread;
    pthread_create(&thread, NULL, name_in_thread, NULL);
    pthread_join(thread, NULL);
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
}

static void numbers(void) {
    int value = -1;
    SHOW(prctl(PR_GET_PDEATHSIG, &value));
    SHOW(value);
    SHOW(prctl(PR_SET_PDEATHSIG, 65));
    SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    SHOW(prctl(PR_GET_PDEATHSIG, &value));
    SHOW(value);
    SHOW(prctl(PR_SET_PDEATHSIG, 0));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 2));
    SHOW(prctl(PR_SET_DUMPABLE, 0));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_TIMERSLACK, 1234));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_TIMERSLACK, 0));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
    SHOW(prctl(PR_GET_CHILD_SUBREAPER, &value));
    SHOW(value);
    SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_SECCOMP));
    SHOW(prctl(PR_GET_TIMING));
    SHOW(prctl(PR_SET_TIMING, 1));
    SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0));
    SHOW(prctl(4711));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
    SHOW(personality(0xffffffff));
    SHOW(personality(ADDR_NO_RANDOMIZE));
    SHOW(personality(0));
    SHOW(personality(0));
}

static void capabilities(void) {
    SHOW(get_capabilities());
    printf("%x %x %x\n", sets[0].effective, sets[0].permitted, sets[0].inheritable);
    SHOW(prctl(PR_CAPBSET_READ, CAP_SETUID));
    SHOW(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN));
    SHOW(prctl(PR_CAPBSET_READ, 63));
    sets[0].effective |= 1u << CAP_SYS_NICE;
    SHOW(set_capabilities());
    get_capabilities();
    sets[0].permitted |= 1u << CAP_SYS_NICE;
    SHOW(set_capabilities());
    get_capabilities();
    sets[0].inheritable = 1u << CAP_KILL;
    SHOW(set_capabilities());
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
    SHOW(prctl(PR_GET_SECUREBITS));
    SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    SHOW(prctl(PR_SET_SECUREBITS, 0));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    struct __user_cap_header_struct header = {.version = 1};
    SHOW(syscall(SYS_capget, &header, NULL));
    HOLDS(header.version == _LINUX_CAPABILITY_VERSION_3);
    header.pid = 999999;
    SHOW(syscall(SYS_capget, &header, sets));
    SHOW(syscall(SYS_capset, &header, sets));
    header.pid = -1;
    SHOW(syscall(SYS_capget, &header, sets));
}

static void users(void) {
    // Kept, but not effective, behind a change of users.
    SHOW(setresuid(1000, 1000, 1000));
    get_capabilities();
    printf("%x %x\n", sets[0].effective, sets[0].permitted);
    SHOW(setuid(0));
    sets[0].effective = sets[0].permitted;
    SHOW(set_capabilities());
    SHOW(setresuid(0, 2000, 2000));
    get_capabilities();
    printf("%x %x\n", sets[0].effective, sets[0].permitted);
    SHOW(setresuid(-1, 0, -1));
    get_capabilities();
    printf("%x %x\n", sets[0].effective, sets[0].permitted);
    SHOW(prctl(PR_SET_KEEPCAPS, 0));
    SHOW(setresuid(1000, 1000, 1000));
    get_capabilities();
    printf("%x %x\n", sets[0].effective, sets[0].permitted);
    SHOW(setuid(0));
    SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static int in_clone(void *argument) {
    (void)argument;
    if (unshare(CLONE_FILES | CLONE_FS) != 0)
        return 1;
    close(1);
    umask(0);
    return chdir("/") != 0;
}

static void sharing(void) {
    SHOW(unshare(0));
    SHOW(unshare(CLONE_NEWNS));
    SHOW(unshare(CLONE_NEWUTS));
    SHOW(unshare(CLONE_NEWPID));
    SHOW(unshare(CLONE_VFORK));
    SHOW(unshare(CLONE_THREAD));
    SHOW(unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
    SHOW(setns(99, 0));
    SHOW(setns(1, CLONE_NEWNS));
    static char stack[65536] __attribute__((aligned(16)));
    umask(022);
    pid_t child = clone(in_clone, stack + sizeof stack, CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
    int status = -1;
    HOLDS(waitpid(child, &status, 0) == child);
    SHOW(status);
    // What the child has changed is its own.
    SHOW(umask(022));
    SHOW(fcntl(1, F_GETFD));
}

int main(void) {
    become_alike();
    names();
    numbers();
    capabilities();
    users();
    sharing();
    return 0;
}
