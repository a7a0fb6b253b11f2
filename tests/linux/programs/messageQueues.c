// SPDX-License-Identifier: Apache-2.0
//
// System V message queues: msgget, msgsnd, msgrcv, msgctl.
#define _GNU_SOURCE
#include "expect.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>

struct message {
    long type;
    char text[10000];
};

static int send(int id, long type, const char *text, int flags) {
    struct message message = {.type = type};
    strcpy(message.text, text);
    return msgsnd(id, &message, strlen(text) + 1, flags);
}

static void receive(int id, long type, size_t size, int flags) {
    static struct message message;
    memset(&message, 0, sizeof message);
    errno = 0;
    long got = msgrcv(id, &message, size, type, flags);
    if (got < 0)
        printf("msgrcv %ld: %s\n", type, strerrorname_np(errno));
    else
        printf("msgrcv %ld: %ld bytes of type %ld: %s\n", type, got, message.type, message.text);
}

static void show_status(int id) {
    struct msqid_ds status;
    SHOW(msgctl(id, IPC_STAT, &status));
    printf("messages %lu bytes %lu of %lu mode %o sent %s received %s times %d %d %d\n", status.msg_qnum,
           status.__msg_cbytes, status.msg_qbytes, status.msg_perm.mode,
           status.msg_lspid == getpid() ? "own"
           : status.msg_lspid == 0      ? "none"
                                        : "other",
           status.msg_lrpid == getpid() ? "own"
           : status.msg_lrpid == 0      ? "none"
                                        : "other",
           status.msg_stime != 0, status.msg_rtime != 0, status.msg_ctime != 0);
}

static void queues(void) {
    SHOW(msgget(0x5ea11f9, 0));
    int id = msgget(0x5ea11f9, IPC_CREAT | IPC_EXCL | 0640);
    HOLDS(id >= 0);
    HOLDS(msgget(0x5ea11f9, IPC_CREAT | 0600) == id);
    SHOW(msgget(0x5ea11f9, IPC_CREAT | IPC_EXCL | 0600));
    show_status(id);
    SHOW(send(id, 3, "three", 0));
    SHOW(send(id, 1, "one", 0));
    SHOW(send(id, 2, "two", 0));
    SHOW(send(id, 1, "another one", 0));
    SHOW(send(id, 0, "none", 0));
    SHOW(send(id, -1, "less", 0));
    show_status(id);
    receive(id, 1, 3, 0);
    receive(id, 1, 3, MSG_NOERROR);
    receive(id, -2, 100, 0);
    receive(id, -2, 100, 0);
    receive(id, 7, 100, IPC_NOWAIT);
    receive(id, 3, 100, MSG_EXCEPT | IPC_NOWAIT);
    receive(id, 4, 100, MSG_EXCEPT | IPC_NOWAIT);
    receive(id, 0, 100, IPC_NOWAIT);
    receive(id, 0, -1, IPC_NOWAIT);
    show_status(id);
    struct message big = {.type = 1};
    SHOW(msgsnd(id, &big, 8193, 0));
    SHOW(msgsnd(id, &big, (size_t)-1, 0));
    SHOW(msgsnd(id, (void *)1, 1, 0));
    SHOW(msgsnd(-1, &big, 1, 0));
    SHOW(msgsnd(999999, &big, 1, 0));
    SHOW(msgsnd(id, &big, 8192, 0));
    SHOW(msgsnd(id, &big, 8192, 0));
    SHOW(msgsnd(id, &big, 1, IPC_NOWAIT));
    SHOW(msgsnd(id, &big, 0, IPC_NOWAIT));
    show_status(id);
    receive(id, 0, 8192, 0);
    receive(id, 0, 8192, 0);
    receive(id, 0, 0, 0);
    struct msqid_ds status;
    msgctl(id, IPC_STAT, &status);
    status.msg_qbytes = 10;
    status.msg_perm.mode = 0600;
    SHOW(msgctl(id, IPC_SET, &status));
    SHOW(send(id, 1, "0123456789", IPC_NOWAIT));
    SHOW(send(id, 1, "012345678", IPC_NOWAIT));
    show_status(id);
    SHOW(msgctl(id, 77, NULL));
    SHOW(msgctl(-1, IPC_STAT, &status));
    SHOW(msgctl(id, IPC_STAT, (void *)1));
    SHOW(msgctl(id, IPC_RMID, NULL));
    SHOW(msgctl(id, IPC_RMID, NULL));
    receive(id, 0, 1, 0);
}

static void on_signal(int number) {
    (void)number;
}

static void waiting(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    pid_t child = fork();
    if (child == 0) {
        receive(id, 5, 100, 0);
        _exit(0);
    }
    usleep(30000);
    SHOW(send(id, 4, "not for you", 0));
    SHOW(send(id, 5, "for you", 0));
    waitpid(child, NULL, 0);
    receive(id, 0, 100, 0);
    // A sender waits for room.
    struct message big = {.type = 1};
    SHOW(msgsnd(id, &big, 8192, 0));
    SHOW(msgsnd(id, &big, 8192, 0));
    child = fork();
    if (child == 0)
        _exit(send(id, 9, "late", 0) == 0 ? 5 : 6);
    usleep(30000);
    receive(id, 0, 8192, 0);
    int ended;
    waitpid(child, &ended, 0);
    SHOW(WEXITSTATUS(ended));
    receive(id, 9, 100, 0);
    // A signal, then the queue's end.
    child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigaction(SIGUSR1, &action, NULL);
        receive(id, 44, 100, 0);
        receive(id, 44, 100, 0);
        _exit(0);
    }
    usleep(50000);
    kill(child, SIGUSR1);
    usleep(50000);
    SHOW(msgctl(id, IPC_RMID, NULL));
    waitpid(child, NULL, 0);
}

int main(void) {
    queues();
    waiting();
    return 0;
}
