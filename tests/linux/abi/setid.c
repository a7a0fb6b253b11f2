// SPDX-License-Identifier: Apache-2.0
//
// Set-user-ID and set-group-ID programs (execve(2)): whom they run as, when the bits count, and what else
// changes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "/tmp/set-id-program";
static const char script[] = "/tmp/set-id-script";

static int show(void) {
    uid_t users[3];
    gid_t groups[3];
    getresuid(&users[0], &users[1], &users[2]);
    getresgid(&groups[0], &groups[1], &groups[2]);
    int death = -1;
    prctl(PR_GET_PDEATHSIG, &death);
    printf("  users %d %d %d groups %d %d %d secure %lu dumpable %d death %d no-new-privileges %d\n",
           users[0], users[1], users[2], groups[0], groups[1], groups[2], getauxval(AT_SECURE),
           prctl(PR_GET_DUMPABLE), death, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0)
            printf("  %s", line);
    fclose(status);
    printf("  may open environ: %d\n", access("/proc/self/environ", R_OK));
    return 0;
}

static void copy(const char *from, const char *to) {
    char buffer[65536];
    size_t got;
    FILE *source = fopen(from, "r");
    FILE *target = fopen(to, "w");
    while ((got = fread(buffer, 1, sizeof buffer, source)) > 0)
        fwrite(buffer, 1, got, target);
    fclose(source);
    fclose(target);
}

/// Executes a file with a mode and owner as user 1000 of group 1000.
static void run(const char *path, mode_t mode, uid_t owner, gid_t group, int no_new_privileges) {
    if (chown(path, owner, group) != 0 || chmod(path, mode) != 0)
        printf("chown or chmod failed\n");
    printf("%s mode %04o owner %d:%d%s\n", path, mode, owner, group,
           no_new_privileges ? ", no new privileges" : "");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        gid_t groups[] = {1000};
        setgroups(1, groups);
        if (setresgid(1000, 1000, 1000) != 0 || setresuid(1000, 1000, 1000) != 0)
            _exit(90);
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
        if (no_new_privileges)
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        execl(path, "show", "show", (char *)NULL);
        printf("  %s\n", strerrorname_np(errno));
        fflush(stdout);
        _exit(91);
    }
    int status;
    waitpid(child, &status, 0);
    printf("  status %x\n", status);
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1)
        return show();
    copy("/proc/self/exe", program);
    run(program, 0755, 0, 0, 0);
    run(program, 04755, 0, 0, 0);
    run(program, 02755, 0, 7, 0);
    run(program, 06755, 5, 7, 0);
    run(program, 04755, 1000, 1000, 0);
    run(program, 06755, 0, 0, 1);
    // Without the right to execute for the group the bit means nothing; nor does it for who may not execute.
    run(program, 02705, 0, 7, 0);
    run(program, 04750, 0, 0, 0);
    run(program, 04700, 1000, 0, 0);
    // Executable but not readable: nobody may look into it.
    run(program, 0711, 0, 0, 0);
    run(program, 04711, 0, 0, 0);
    FILE *file = fopen(script, "w");
    fprintf(file, "#!%s show\n", program);
    fclose(file);
    chmod(program, 0755);
    run(script, 04755, 0, 0, 0);
    chmod(program, 04755);
    chown(program, 0, 0);
    chmod(program, 04755);
    run(script, 0755, 0, 0, 0);
    // Writing takes the bits away.
    struct stat status;
    chown(program, 1000, 1000);
    chmod(program, 06755);
    chown(program, 0, 0);
    stat(program, &status);
    printf("after chown: %04o\n", status.st_mode & 07777);
    unlink(program);
    unlink(script);
    return 0;
}
