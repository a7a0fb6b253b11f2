// SPDX-License-Identifier: Apache-2.0
//
// System V semaphores: semget, semop, semtimedop, semctl.
#define _GNU_SOURCE
#include "expect.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

union argument {
    int value;
    struct semid_ds *status;
    unsigned short *values;
    struct seminfo *information;
};

static int operate(int id, int number, int change, int flags) {
    struct sembuf operation = {(unsigned short)number, (short)change, (short)flags};
    return semop(id, &operation, 1);
}

static int value(int id, int number) {
    return semctl(id, number, GETVAL);
}

static void values(int id) {
    unsigned short all[4] = {99, 99, 99, 99};
    SHOW(semctl(id, 0, GETALL, (union argument){.values = all}));
    printf("%u %u %u\n", all[0], all[1], all[2]);
}

/// What /proc/sysvipc/sem shows of a set: columns are Linux's, identifiers and times differ.
static void listed(int key) {
    char line[256];
    FILE *file = fopen("/proc/sysvipc/sem", "r");
    while (fgets(line, sizeof line, file) != NULL) {
        int itsKey, id, mode, count, user;
        if (sscanf(line, "%d %d %o %d %d", &itsKey, &id, &mode, &count, &user) != 5 || itsKey != key)
            continue;
        HOLDS(semget(key, 0, 0) == id);
        printf("%.10s %zu\n", line, strlen(line));
        printf("%o %d %d\n", mode, count, user);
    }
    fclose(file);
}

static void sets(void) {
    SHOW(semget(0x5ea11f8, 3, 0));
    SHOW(semget(0x5ea11f8, 0, IPC_CREAT | 0600));
    SHOW(semget(0x5ea11f8, -1, IPC_CREAT | 0600));
    SHOW(semget(0x5ea11f8, 32001, IPC_CREAT | 0600));
    int id = semget(0x5ea11f8, 3, IPC_CREAT | IPC_EXCL | 0640);
    HOLDS(id >= 0);
    HOLDS(semget(0x5ea11f8, 2, 0) == id);
    listed(0x5ea11f8);
    // A key with the same low bits, and a negative one.
    int other = semget(0x5ea11f8 ^ 0x100000, 1, IPC_CREAT | 0600);
    int negative = semget((int)0x85ea11f8, 1, IPC_CREAT | 0600);
    HOLDS(other != id && negative != id && semget(0x5ea11f8, 0, 0) == id);
    listed((int)0x85ea11f8);
    SHOW(semctl(other, 0, IPC_RMID));
    SHOW(semctl(negative, 0, IPC_RMID));
    HOLDS(semget(0x5ea11f8, 0, 0) == id);
    SHOW(semget(0x5ea11f8, 4, 0));
    SHOW(semget(0x5ea11f8, 3, IPC_CREAT | IPC_EXCL | 0600));
    values(id);
    SHOW(semctl(id, 0, SETVAL, (union argument){.value = 5}));
    SHOW(semctl(id, 0, SETVAL, (union argument){.value = -1}));
    SHOW(semctl(id, 0, SETVAL, (union argument){.value = 32768}));
    SHOW(semctl(id, 3, SETVAL, (union argument){.value = 1}));
    SHOW(semctl(id, -1, GETVAL));
    values(id);
    unsigned short some[3] = {1, 32767, 3};
    SHOW(semctl(id, 0, SETALL, (union argument){.values = some}));
    some[2] = 40000;
    SHOW(semctl(id, 0, SETALL, (union argument){.values = some}));
    SHOW(semctl(id, 0, SETALL, (union argument){.values = (void *)1}));
    values(id);
    SHOW(operate(id, 1, 1, IPC_NOWAIT));
    SHOW(operate(id, 3, 1, 0));
    SHOW(operate(id, 0, 2, 0));
    HOLDS(semctl(id, 0, GETPID) == getpid());
    HOLDS(semctl(id, 2, GETPID) == getpid());
    struct semid_ds status;
    SHOW(semctl(id, 0, IPC_STAT, (union argument){.status = &status}));
    printf("%lu semaphores, mode %o, times %d %d\n", status.sem_nsems, status.sem_perm.mode,
           status.sem_otime != 0, status.sem_ctime != 0);
    status.sem_perm.mode = 0600;
    SHOW(semctl(id, 0, IPC_SET, (union argument){.status = &status}));
    SHOW(semctl(id, 0, IPC_STAT, (union argument){.status = &status}));
    printf("mode %o\n", status.sem_perm.mode);
    SHOW(semctl(id, 0, 77));
    SHOW(semctl(-1, 0, GETVAL));
    SHOW(semctl(id, 0, IPC_RMID));
    SHOW(semctl(id, 0, IPC_RMID));
    struct seminfo information;
    HOLDS(semctl(0, 0, IPC_INFO, (union argument){.information = &information}) >= 0);
    printf("%d %d %d %d %d\n", information.semmni, information.semmsl, information.semopm, information.semvmx,
           information.semaem);
}

static void together(void) {
    int id = semget(IPC_PRIVATE, 3, 0600);
    struct sembuf operations[3] = {{0, 1, 0}, {1, 1, 0}, {2, -1, IPC_NOWAIT}};
    // All or none.
    SHOW(semop(id, operations, 3));
    values(id);
    operations[2].sem_op = 1;
    SHOW(semop(id, operations, 3));
    values(id);
    // The same semaphore twice, in order.
    struct sembuf twice[2] = {{0, -1, IPC_NOWAIT}, {0, 0, IPC_NOWAIT}};
    SHOW(semop(id, twice, 2));
    SHOW(semop(id, twice, 2));
    SHOW(operate(id, 1, 0, IPC_NOWAIT));
    values(id);
    SHOW(semop(id, operations, 0));
    SHOW(semop(id, operations, 501));
    SHOW(semop(id, (void *)1, 1));
    SHOW(semop(-1, operations, 1));
    SHOW(semop(999999, operations, 1));
    struct timespec soon = {0, 20000000};
    SHOW(semtimedop(id, &(struct sembuf){0, -1, 0}, 1, &soon));
    SHOW(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &soon));
    SHOW(semtimedop(id, &(struct sembuf){1, -1, 0}, 1, &(struct timespec){0, 1000000000}));
    SHOW(semctl(id, 0, IPC_RMID));
}

static volatile sig_atomic_t handled;

static void on_signal(int number) {
    handled = number;
}

static void waiting(void) {
    int id = semget(IPC_PRIVATE, 2, 0600);
    pid_t child = fork();
    if (child == 0)
        _exit(operate(id, 0, -2, 0) == 0 ? 7 : 8);
    while (semctl(id, 0, GETNCNT) != 1)
        usleep(1000);
    SHOW(semctl(id, 0, GETZCNT));
    SHOW(operate(id, 0, 1, 0));
    usleep(20000);
    SHOW(waitpid(child, NULL, WNOHANG));
    SHOW(operate(id, 0, 1, 0));
    int ended;
    HOLDS(waitpid(child, &ended, 0) == child);
    SHOW(WEXITSTATUS(ended));
    SHOW(value(id, 0));
    HOLDS(semctl(id, 0, GETPID) == child);
    // For zero.
    SHOW(operate(id, 1, 1, 0));
    child = fork();
    if (child == 0)
        _exit(operate(id, 1, 0, 0) == 0 ? 7 : 8);
    while (semctl(id, 1, GETZCNT) != 1)
        usleep(1000);
    SHOW(operate(id, 1, -1, 0));
    waitpid(child, &ended, 0);
    SHOW(WEXITSTATUS(ended));
    // A signal, then the end of the set.
    child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigaction(SIGUSR1, &action, NULL);
        errno = 0;
        bool interrupted = operate(id, 0, -1, 0) == -1 && errno == EINTR;
        bool gone = operate(id, 0, -1, 0) == -1 && errno == EIDRM;
        _exit(interrupted | gone << 1);
    }
    while (semctl(id, 0, GETNCNT) != 1)
        usleep(1000);
    kill(child, SIGUSR1);
    usleep(50000);
    while (semctl(id, 0, GETNCNT) != 1)
        usleep(1000);
    SHOW(semctl(id, 0, IPC_RMID));
    waitpid(child, &ended, 0);
    SHOW(WEXITSTATUS(ended));
}

static void undoing(void) {
    int id = semget(IPC_PRIVATE, 3, 0600);
    SHOW(operate(id, 0, 5, 0));
    pid_t child = fork();
    if (child == 0) {
        operate(id, 0, -3, SEM_UNDO);
        operate(id, 1, 4, SEM_UNDO);
        operate(id, 2, 4, 0);
        _exit(value(id, 0) * 10 + value(id, 1));
    }
    int ended;
    waitpid(child, &ended, 0);
    SHOW(WEXITSTATUS(ended));
    values(id);
    HOLDS(semctl(id, 0, GETPID) == child);
    // Setting a value forgets what would be taken back.
    child = fork();
    if (child == 0) {
        operate(id, 0, -3, SEM_UNDO);
        semctl(id, 0, SETVAL, (union argument){.value = 1});
        _exit(0);
    }
    waitpid(child, &ended, 0);
    values(id);
    // The end of a process that is killed lets another go on.
    SHOW(operate(id, 0, -1, SEM_UNDO));
    child = fork();
    if (child == 0) {
        if (operate(id, 0, 1, 0) == 0 && operate(id, 0, -1, SEM_UNDO) == 0)
            pause();
        _exit(1);
    }
    while (semctl(id, 0, GETPID) != child || value(id, 0) != 0)
        usleep(1000);
    pid_t waiter = fork();
    if (waiter == 0)
        _exit(operate(id, 0, -1, 0) == 0 ? 9 : 1);
    while (semctl(id, 0, GETNCNT) != 1)
        usleep(1000);
    kill(child, SIGKILL);
    waitpid(waiter, &ended, 0);
    SHOW(WEXITSTATUS(ended));
    waitpid(child, NULL, 0);
    SHOW(semctl(id, 0, IPC_RMID));
}

int main(void) {
    sets();
    together();
    waiting();
    undoing();
    return 0;
}
