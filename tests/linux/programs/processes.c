// SPDX-License-Identifier: Apache-2.0
//
// Processes: fork, vfork, exec, wait, groups and sessions, stopping and continuing.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>

extern char **environ;
static char *self;

static void waiting(void) {
    int status;
    SHOW(waitpid(-1, &status, 0));
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(3);
    }
    SHOW(waitpid(child, &status, WNOHANG));
    HOLDS(waitpid(child, &status, 0) == child);
    SHOW(WEXITSTATUS(status));
    SHOW(waitpid(child, &status, 0));
    SHOW(waitpid(-1, &status, 12345));
    pid_t first = fork();
    if (first == 0)
        _exit(1);
    pid_t second = fork();
    if (second == 0) {
        setpgid(0, 0);
        _exit(2);
    }
    setpgid(second, second);
    HOLDS(waitpid(-second, &status, 0) == second);
    SHOW(WEXITSTATUS(status));
    siginfo_t info;
    SHOW(waitid(P_PID, first, &info, WEXITED | WNOWAIT));
    SHOW(info.si_status);
    HOLDS(info.si_pid == first);
    SHOW(info.si_code);
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, 0));
}

static void stopping(void) {
    int status;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    // In a group of its own the child's group is not orphaned, however this program was started: SIGTSTP
    // would not stop it otherwise.
    SHOW(setpgid(child, child));
    SHOW(kill(child, SIGSTOP));
    HOLDS(waitpid(child, &status, WUNTRACED) == child);
    SHOW(WIFSTOPPED(status));
    SHOW(WSTOPSIG(status));
    SHOW(waitpid(child, &status, WUNTRACED | WNOHANG));
    SHOW(kill(child, SIGCONT));
    HOLDS(waitpid(child, &status, WCONTINUED) == child);
    SHOW(WIFCONTINUED(status));
    kill(child, SIGTSTP);
    waitpid(child, &status, WUNTRACED);
    SHOW(WSTOPSIG(status));
    // A stopped process takes SIGKILL at once and other signals when it goes on.
    kill(child, SIGTERM);
    SHOW(waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
    child = fork();
    if (child == 0)
        for (volatile long i = 0;; i++)
            continue;
    usleep(20000);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    SHOW(WSTOPSIG(status));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    SHOW(WTERMSIG(status));
}

static void groups(void) {
    int status;
    HOLDS(getpgrp() == getpgid(0));
    HOLDS(getsid(0) == getsid(getppid()) || getppid() == 0);
    pid_t child = fork();
    if (child == 0) {
        SHOW(setsid() == getpid());
        HOLDS(getsid(0) == getpid() && getpgrp() == getpid());
        SHOW(setsid());
        SHOW(setpgid(0, 0));
        _exit(0);
    }
    waitpid(child, &status, 0);
    SHOW(setpgid(999999, 0));
    SHOW(setpgid(0, -1));
    SHOW(getpgid(999999));
    pid_t members[3];
    for (int i = 0; i < 3; i++) {
        members[i] = fork();
        if (members[i] == 0) {
            for (;;)
                pause();
        }
        setpgid(members[i], members[0]);
    }
    SHOW(kill(-members[0], SIGTERM));
    int killed = 0;
    for (int i = 0; i < 3; i++) {
        waitpid(members[i], &status, 0);
        killed += WTERMSIG(status) == SIGTERM;
    }
    SHOW(killed);
}

static void orphans(void) {
    int pipes[2];
    if (pipe(pipes))
        return;
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            usleep(50000);
            // Whoever adopts orphans: not the process that has gone.
            char answer = getppid() != 0 ? 'a' : 'n';
            if (write(pipes[1], &answer, 1) != 1)
                _exit(1);
            _exit(0);
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    close(pipes[1]);
    char answer = 0;
    SHOW(read(pipes[0], &answer, 1));
    SHOW(answer);
    SHOW(read(pipes[0], &answer, 1));
    close(pipes[0]);
}

static void sharing_memory(void) {
    static volatile int touched;
    int status;
    pid_t child = vfork();
    if (child == 0) {
        touched = 5;
        _exit(6);
    }
    SHOW(touched);
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    child = vfork();
    if (child == 0) {
        execl(self, "child", "exit", "8", NULL);
        _exit(9);
    }
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(posix_spawn(&child, self, NULL, NULL, (char *[]){"child", "exit", "11", NULL}, environ));
    waitpid(child, &status, 0);
    SHOW(WEXITSTATUS(status));
    SHOW(posix_spawn(&child, "/nonexistent", NULL, NULL, (char *[]){"x", NULL}, environ));
}

static int run(char *const arguments[], char *const environment[]) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execve(arguments[0], arguments + 1, environment);
        _exit(100 + errno);
    }
    waitpid(child, &status, 0);
    return status;
}

static void write_file(const char *name, const char *text, int mode) {
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (write(file, text, strlen(text)) < 0)
        perror(name);
    fchmod(file, mode);
    close(file);
}

static void executing(void) {
    char *environment[] = {"A=1", "B=two", NULL};
    SHOW(run((char *[]){self, "child", "show", "x y", "", NULL}, environment));
    SHOW(run((char *[]){"/nonexistent", "a", NULL}, environment) >> 8);
    SHOW(run((char *[]){"/tmp", "a", NULL}, environment) >> 8);
    write_file("/tmp/text", "not a program\n", 0755);
    SHOW(run((char *[]){"/tmp/text", "a", NULL}, environment) >> 8);
    SHOW(run((char *[]){"/tmp/text/below", "a", NULL}, environment) >> 8);
    write_file("/tmp/plain", "x", 0644);
    SHOW(run((char *[]){"/tmp/plain", "a", NULL}, environment) >> 8);
    char script[300];
    snprintf(script, sizeof script, "#!%s  show   two words \nrest\n", self);
    write_file("/tmp/script", script, 0755);
    SHOW(run((char *[]){"/tmp/script", "ignored", "p", "q", NULL}, environment));
    write_file("/tmp/script", "#!/nonexistent\n", 0755);
    SHOW(run((char *[]){"/tmp/script", "x", NULL}, environment) >> 8);
    write_file("/tmp/script", "#!/tmp/script\n", 0755);
    SHOW(run((char *[]){"/tmp/script", "x", NULL}, environment) >> 8);
    write_file("/tmp/script", "#!\n", 0755);
    SHOW(run((char *[]){"/tmp/script", "x", NULL}, environment) >> 8);
    write_file("/tmp/elf", "\177ELF\2\1\1 and then nothing that makes sense", 0755);
    SHOW(run((char *[]){"/tmp/elf", "x", NULL}, environment) >> 8);
    // By number: the compiler knows what execve must not be given.
    SHOW(syscall(SYS_execve, 1, 0, 0));
    SHOW(syscall(SYS_execve, self, 1, 0));
    // Many arguments arrive whole.
    enum { MANY = 3000 };
    char **many = calloc(MANY + 4, sizeof *many);
    many[0] = self;
    many[1] = "child";
    many[2] = "count";
    for (int i = 0; i < MANY; i++)
        many[3 + i] = "an argument of some length";
    SHOW(run(many, environment) >> 8);
    char *huge = malloc(200000);
    memset(huge, 'h', 199999);
    huge[199999] = 0;
    SHOW(run((char *[]){self, "child", "count", huge, NULL}, environment) >> 8);
    // Descriptors marked so are closed.
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char numbers[2][12];
    snprintf(numbers[0], 12, "%d", kept);
    snprintf(numbers[1], 12, "%d", closed);
    SHOW(run((char *[]){self, "child", "open", numbers[0], NULL}, environment) >> 8);
    SHOW(run((char *[]){self, "child", "open", numbers[1], NULL}, environment) >> 8);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_DFL);
    SHOW(run((char *[]){self, "child", "ignored", NULL}, environment) >> 8);
}

static void facts(void) {
    struct utsname name;
    SHOW(uname(&name));
    printf("%s %s\n", name.sysname, name.machine);
    struct rlimit limit;
    SHOW(getrlimit(RLIMIT_STACK, &limit));
    SHOW(getrlimit(99, &limit));
    limit.rlim_cur = 100;
    limit.rlim_max = 50;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    limit = (struct rlimit){20, 20};
    pid_t child = fork();
    if (child == 0) {
        SHOW(setrlimit(RLIMIT_NOFILE, &limit));
        int last = 0;
        for (int i = 0; i < 30 && last != -1; i++)
            last = dup(1);
        SHOW(last);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SHOW(prctl(PR_SET_NAME, "a name that is too long"));
    char text[17] = {0};
    SHOW(prctl(PR_GET_NAME, text));
    printf("%s\n", text);
    SHOW(prctl(12345));
    HOLDS(getpid() == syscall(SYS_gettid));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(sched_getscheduler(0));
    SHOW(umask(077));
    SHOW(umask(022));
    SHOW(syscall(1000));
    SHOW(syscall(-1L, 1, 2, 3));
    // The third argument is in the register that seL4 takes its own numbers from.
    SHOW(syscall(SYS_close, 1000, 0, -1L));
    SHOW(syscall(SYS_close, 1000, 0, -2L));
    SHOW(syscall(SYS_close, 1000, 0, -3L));
    SHOW(syscall(SYS_close, 1000, 0, -5L));
    SHOW(syscall(SYS_close, 1000, 0, -7L));
    SHOW(syscall(SYS_close, 1000, 0, -10L));
    SHOW(syscall(SYS_close, 1000, 0, -12L));
    SHOW(setreuid(-1, -1));
    SHOW(setresuid(-1, -1, -1));
    SHOW(setgid(0));
    struct rusage usage;
    SHOW(getrusage(RUSAGE_SELF, &usage));
    SHOW(getrusage(77, &usage));
    unsigned char random[2][16];
    SHOW(syscall(SYS_getrandom, random[0], 16, 0));
    SHOW(syscall(SYS_getrandom, random[1], 16, 0));
    HOLDS(memcmp(random[0], random[1], 16) != 0);
}

/// What this program does when it is executed by itself.
static int child_main(int count, char **arguments) {
    if (!strcmp(arguments[1], "exit"))
        return atoi(arguments[2]);
    if (!strcmp(arguments[1], "count"))
        return count % 251;
    if (!strcmp(arguments[1], "open"))
        return fcntl(atoi(arguments[2]), F_GETFD) == -1 ? errno : 0;
    if (!strcmp(arguments[1], "ignored")) {
        struct sigaction first, second;
        sigaction(SIGUSR1, NULL, &first);
        sigaction(SIGUSR2, NULL, &second);
        return (first.sa_handler == SIG_IGN) * 2 + (second.sa_handler == SIG_IGN);
    }
    for (int i = 1; i < count; i++)
        printf("[%s]", arguments[i]);
    for (char **variable = environ; *variable; variable++)
        printf("(%s)", *variable);
    printf("\n");
    return 0;
}

int main(int count, char **arguments) {
    if (count > 1)
        return child_main(count, arguments);
    static char path[4096];
    if (readlink("/proc/self/exe", path, sizeof path - 1) <= 0)
        return 1;
    self = path;
    waiting();
    stopping();
    groups();
    orphans();
    sharing_memory();
    executing();
    facts();
    return 0;
}
