// SPDX-License-Identifier: Apache-2.0
//
// What files and directories take of the capabilities: user 0 with one or another missing, other users that
// have kept one, and how the sets follow the user ids.

#define _GNU_SOURCE
#include "expect.h"
#include "permissionChecks.h"
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define BIT(capability) (1ULL << (capability))

/// What a container engine gives; on Linux the program may begin with more.
static const unsigned long long given = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
                                        BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |
                                        BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) |
                                        BIT(CAP_MKNOD) | BIT(CAP_SETFCAP);

static int setCapabilities(unsigned long long effective, unsigned long long permitted) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{(unsigned)effective, (unsigned)permitted, 0},
                                             {(unsigned)(effective >> 32), (unsigned)(permitted >> 32), 0}};
    return (int)syscall(SYS_capset, &header, data);
}

static void showCapabilities(const char *when) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    printf("%s: effective %08x, permitted %08x\n", when, data[0].effective, data[0].permitted);
    fflush(stdout);
}

static void makeFile(const char *path, mode_t bits, uid_t user, gid_t group) {
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    chown(path, user, group);
    chmod(path, bits);
}

/// The same files for every part, by a process that has everything.
static void makeFiles(void) {
    makeFile("none", 0, 0, 0);
    makeFile("theirs", 0, 100, 200);
    makeFile("program", 0100, 100, 200);
    makeFile("special", 06777, 100, 200);
    makeFile("own", 06777, 0, 0);
    rmdir("closed");
    mkdir("closed", 0);
    chown("closed", 100, 200);
    mkdir("sticky", 0777);
    chown("sticky", 101, 200);
    chmod("sticky", 01777);
    makeFile("sticky/theirs", 0666, 100, 200);
    mkdir("group", 0777);
    chown("group", 0, 500);
    chmod("group", 02777);
    unlink("group/new");
    unlink("device");
}

static void use(void) {
    SHOW(opened("none", O_RDONLY));
    SHOW(opened("theirs", O_RDONLY));
    SHOW(opened("theirs", O_RDWR));
    SHOW(opened("theirs", O_RDONLY | O_NOATIME));
    SHOW(access("program", X_OK));
    SHOW(access("none", X_OK));
    SHOW(access("none", R_OK));
    SHOW(faccessat(AT_FDCWD, "none", R_OK, AT_EACCESS));
    SHOW(opened("closed", O_RDONLY | O_DIRECTORY));
    SHOW(access("closed/missing", F_OK));
    SHOW(mkdir("closed/new", 0700));
    SHOW(rmdir("closed/new"));
    SHOW(unlink("sticky/theirs"));
    int file = open("special", O_WRONLY);
    SHOW(write(file, "x", 1));
    close(file);
    mode("special");
    SHOW(chmod("special", 02755));
    mode("special");
    SHOW(chmod("own", 02755));
    SHOW(chown("own", (uid_t)-1, 500));
    SHOW(chmod("own", 02755));
    mode("own");
    SHOW(chown("own", 100, (gid_t)-1));
    mode("own");
    close(open("group/new", O_CREAT | O_WRONLY, 02770));
    mode("group/new");
    SHOW(mknod("device", S_IFCHR | 0600, 0x103));
    SHOW(chroot("."));
    fflush(stdout);
}

static void as(const char *name, uid_t user, unsigned long long effective) {
    makeFiles();
    printf("# %s\n", name);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        if (user != 0 && (setgroups(0, NULL) != 0 || setgid(200) != 0 || setuid(user) != 0))
            _exit(1);
        SHOW(setCapabilities(effective, given));
        use();
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

/// setuid(2), seteuid(2), setfsuid(2) and what they take and give back.
static void transitions(void) {
    printf("# transitions\n");
    showCapabilities("at first");
    SHOW(setfsuid(100));
    showCapabilities("other user of files");
    SHOW(opened("none", O_RDONLY));
    SHOW(setfsuid(0));
    showCapabilities("back");
    SHOW(opened("none", O_RDONLY));
    SHOW(seteuid(100));
    showCapabilities("other effective user");
    SHOW(opened("none", O_RDONLY));
    SHOW(access("none", R_OK));
    SHOW(faccessat(AT_FDCWD, "none", R_OK, AT_EACCESS));
    SHOW(seteuid(0));
    showCapabilities("back");
    SHOW(opened("none", O_RDONLY));
    SHOW(setresuid(100, 0, 0));
    showCapabilities("other real user");
    SHOW(opened("none", O_RDONLY));
    SHOW(access("none", R_OK));
    SHOW(setresuid(100, 101, 102));
    showCapabilities("no root left");
    SHOW(opened("none", O_RDONLY));
    SHOW(setuid(0));
}

int main(void) {
    umask(0);
    chmod(".", 0777);
    if (setCapabilities(given, given) != 0)
        return 1;
    as("root", 0, given);
    as("root without CAP_DAC_OVERRIDE", 0, given & ~BIT(CAP_DAC_OVERRIDE));
    as("root without CAP_FOWNER", 0, given & ~BIT(CAP_FOWNER));
    as("root without CAP_CHOWN", 0, given & ~BIT(CAP_CHOWN));
    as("root without CAP_FSETID", 0, given & ~BIT(CAP_FSETID));
    as("root without CAP_MKNOD and CAP_SYS_CHROOT", 0, given & ~(BIT(CAP_MKNOD) | BIT(CAP_SYS_CHROOT)));
    as("root without any", 0, 0);
    as("a user without any", 103, 0);
    as("a user with all", 103, given);
    as("a user with CAP_DAC_OVERRIDE", 103, BIT(CAP_DAC_OVERRIDE));
    as("a user with CAP_FOWNER", 103, BIT(CAP_FOWNER));
    as("a user with CAP_CHOWN", 103, BIT(CAP_CHOWN));
    as("a user with CAP_FSETID", 103, BIT(CAP_FSETID));
    makeFiles();
    transitions();
    return 0;
}
