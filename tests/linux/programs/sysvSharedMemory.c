// SPDX-License-Identifier: Apache-2.0
//
// System V shared memory: shmget, shmat, shmdt, shmctl.
#define _GNU_SOURCE
#include "expect.h"
#include <signal.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static void show_status(int id) {
    struct shmid_ds status;
    SHOW(shmctl(id, IPC_STAT, &status));
    printf("key %x size %zu mode %o attached %lu uid %u cpid %s lpid %s\n", status.shm_perm.__key,
           status.shm_segsz, status.shm_perm.mode, status.shm_nattch, status.shm_perm.uid,
           status.shm_cpid == getpid() ? "own" : "other",
           status.shm_lpid == getpid() ? "own"
           : status.shm_lpid == 0      ? "none"
                                       : "other");
    printf("times %d %d %d\n", status.shm_atime != 0, status.shm_dtime != 0, status.shm_ctime != 0);
}

static void keys(void) {
    key_t key = 0x5ea11f7;
    int id = shmget(key, 10000, 0);
    SHOW(id);
    SHOW(shmget(key, 0, IPC_CREAT | 0600));
    id = shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0640);
    HOLDS(id >= 0);
    HOLDS(shmget(key, 10000, IPC_CREAT | 0600) == id);
    HOLDS(shmget(key, 0, 0) == id);
    SHOW(shmget(key, 10001, 0));
    SHOW(shmget(key, 10, IPC_CREAT | IPC_EXCL | 0600));
    show_status(id);
    int other = shmget(IPC_PRIVATE, 1, 0600);
    HOLDS(other >= 0 && other != id);
    SHOW(shmctl(other, IPC_RMID, NULL));
    SHOW(shmctl(other, IPC_RMID, NULL));
    SHOW(shmctl(-1, IPC_STAT, NULL));
    SHOW(shmctl(id, IPC_STAT, (void *)1));
    SHOW(shmctl(id, 99, NULL));
    struct shmid_ds status;
    shmctl(id, IPC_STAT, &status);
    status.shm_perm.mode = 0600;
    SHOW(shmctl(id, IPC_SET, &status));
    show_status(id);
    SHOW(shmctl(id, SHM_LOCK, NULL));
    show_status(id);
    SHOW(shmctl(id, SHM_UNLOCK, NULL));
    SHOW(shmctl(id, IPC_RMID, NULL));
    SHOW(shmget(key, 0, 0));
}

static void attaching(void) {
    int id = shmget(IPC_PRIVATE, 3 * PAGE - 5, 0600);
    char *first = shmat(id, NULL, 0);
    HOLDS(first != (void *)-1);
    HOLDS(((uintptr_t)first & (PAGE - 1)) == 0);
    first[0] = 'a';
    first[3 * PAGE - 1] = 'z';
    char *second = shmat(id, NULL, SHM_RDONLY);
    HOLDS(second != first);
    SHOW(second[0]);
    SHOW(second[3 * PAGE - 1]);
    SHOW(mprotect(second, PAGE, PROT_READ | PROT_WRITE));
    show_status(id);
    SHOW(shmat(id, first, 0));
    SHOW(shmat(id, first + 1, 0));
    SHOW(shmat(id, NULL, SHM_REMAP));
    SHOW(shmat(999999, NULL, 0));
    SHOW(shmat(-1, NULL, 0));
    HOLDS(shmat(id, second + 7, SHM_REMAP | SHM_RND) == second);
    second[1] = 'b';
    SHOW(first[1]);
    pid_t child = fork();
    if (child == 0) {
        show_status(id);
        second[2] = 'c';
        _exit(shmdt(first));
    }
    int ended;
    waitpid(child, &ended, 0);
    SHOW(ended);
    SHOW(first[2]);
    show_status(id);
    SHOW(shmdt(first + PAGE));
    SHOW(shmdt(first + 1));
    SHOW(munmap(first + PAGE, PAGE));
    show_status(id);
    SHOW(shmdt(first));
    SHOW(shmdt(first));
    unsigned char resident;
    SHOW(mincore(first, PAGE, &resident));
    SHOW(mincore(first + 2 * PAGE, PAGE, &resident));
    SHOW(shmctl(id, IPC_RMID, NULL));
    show_status(id);
    // What is to be removed can still be attached as long as somebody has it.
    char *late = shmat(id, NULL, 0);
    HOLDS(late != (void *)-1);
    SHOW(late[2]);
    SHOW(shmdt(late));
    SHOW(second[1]);
    SHOW(shmdt(second));
    struct shmid_ds status;
    SHOW(shmctl(id, IPC_STAT, &status));
    SHOW(shmat(id, NULL, 0));
}

static void lives(void) {
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    pid_t child = fork();
    if (child == 0) {
        char *at = shmat(id, NULL, 0);
        strcpy(at, "left behind");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    char *at = shmat(id, NULL, 0);
    puts(at);
    show_status(id);
    // An address of the caller's choice.
    char *gap = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(gap, 4 * PAGE);
    HOLDS(shmat(id, gap + PAGE, 0) == gap + PAGE);
    puts(gap + PAGE);
    HOLDS(mremap(gap + PAGE, PAGE, 2 * PAGE, 0) == gap + PAGE);
    SHOW(shmdt(gap + PAGE));
    SHOW(shmctl(id, IPC_RMID, NULL));
    SHOW(shmdt(at));
    struct shminfo limits;
    HOLDS(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) >= 0);
    printf("%lx %lu %lu\n", limits.shmmax, limits.shmmin, limits.shmmni);
}

int main(void) {
    keys();
    attaching();
    lives();
    return 0;
}
