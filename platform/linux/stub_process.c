// SPDX-License-Identifier: Apache-2.0
//
// Stubs as host processes: creating them, tracing them, making them run their own code.
#include "stub_process.h"
#include "host.h"
#include "kernel.h"

#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

struct user_regs_struct stub_template_registers;
unsigned char stub_clean_state[EXTENDED_STATE_MAXIMUM];
size_t stub_state_bytes;
static pid_t first_stub;

void *stub_shared(uint64_t address) {
    return at(memory_stub_offset() + (address - STUB_AREA));
}

uint64_t stub_code_address(const unsigned char *part) {
    return STUB_CODE + (part - stub_code_start);
}

long stub_trace(int request, pid_t pid, void *address, void *data) {
    long result = ptrace(request, pid, address, data);
    if (result < 0)
        fail(71, "cannot control the host process of a VSpace (ptrace request 0x%x: %s)", request,
             strerror(errno));
    return result;
}

int stub_wait(pid_t pid) {
    int status;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            fail(71, "lost the host process of a VSpace (%s)", strerror(errno));
    if (!WIFSTOPPED(status))
        fail(71, "the host process of a VSpace was ended from outside (wait status 0x%x)", status);
    return status;
}

bool stub_has_signal(pid_t pid) {
    struct __ptrace_peeksiginfo_args arguments = {.off = 0, .flags = 0, .nr = 1};
    siginfo_t information;
    return ptrace(PTRACE_PEEKSIGINFO, pid, &arguments, &information) > 0;
}

int stub_run_own_code(struct stub *stub, struct user_regs_struct *registers) {
    registers->orig_rax = -1;
    stub_trace(PTRACE_SETREGS, stub->pid, NULL, registers);
    int status;
    do {
        stub_trace(PTRACE_CONT, stub->pid, NULL, NULL);
        status = stub_wait(stub->pid);
    } while (status >> 16 == PTRACE_EVENT_STOP);
    if (WSTOPSIG(status) == SIGTRAP)
        return 0;
    stub_trace(PTRACE_GETREGS, stub->pid, NULL, registers);
    return WSTOPSIG(status) == SIGILL ? -(int)registers->rax : EFAULT;
}

void stub_move_state(int request, pid_t pid, void *state, size_t bytes) {
    struct iovec vector = {state, bytes};
    stub_trace(request, pid, (void *)NT_X86_XSTATE, &vector);
    if (request == (int)PTRACE_GETREGSET)
        stub_state_bytes = vector.iov_len;
}

/** Leaves a stub no system call of the host but those that its own code makes: a second line behind the
 * tracer, which lets none of the user code's through. */
static bool forbid_system_calls(void) {
    static const uint32_t allowed[] = {SYS_mmap, SYS_munmap, SYS_clone};
    enum { CALLS = sizeof allowed / sizeof *allowed };
    struct sock_filter filter[CALLS + 3] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (unsigned i = 0; i < CALLS; i++)
        filter[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], CALLS - i, 0);
    filter[1 + CALLS] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    filter[2 + CALLS] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/** Runs in the new process, before anything traces it. Nothing of the monitor survives the jump at its end.
 */
static _Noreturn void become_stub(int start_pipe) {
    // The C library has registered memory of this thread with the host's scheduler; it is about to vanish.
    extern const ptrdiff_t __rseq_offset;
    extern const unsigned int __rseq_size;
    const uint32_t rseq_signature = 0x53053053, rseq_unregister = 1;
    const size_t rseq_bytes = 32;
    if (__rseq_size > 0)
        syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, rseq_bytes, rseq_unregister,
                rseq_signature);
    syscall(SYS_setsid);

    // A signal frame, which only the kernel of the host can write, is how an exception's code is learned.
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    action.sa_sigaction = (void (*)(int, siginfo_t *, void *))STUB_CODE;
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    for (uint64_t page = 0; page < STUB_AREA_PAGES; page++) {
        uint64_t address = STUB_AREA + page * PAGE_BYTES;
        int protection = address == STUB_CODE    ? PROT_READ | PROT_EXEC
                         : address == STUB_TABLE ? PROT_READ
                                                 : PROT_READ | PROT_WRITE;
        if (mmap((void *)address, PAGE_BYTES, protection, MAP_SHARED | MAP_FIXED, memory_descriptor(),
                 memory_stub_offset() + page * PAGE_BYTES) == MAP_FAILED)
            _exit(1);
    }
    stack_t stack = {.ss_sp = (void *)STUB_STACK, .ss_size = STUB_STACK_BYTES};
    sigset_t none;
    sigemptyset(&none);
    char byte;
    if (sigaltstack(&stack, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
        read(start_pipe, &byte, 1) != 1 || dup2(memory_descriptor(), STUB_MEMORY_DESCRIPTOR) < 0)
        _exit(1);
    if (syscall(SYS_close_range, STUB_MEMORY_DESCRIPTOR + 1, ~0U, 0) < 0 || !forbid_system_calls())
        _exit(1);
    __asm__ volatile("jmp *%0" : : "r"(STUB_CODE), "S"(STUB_AREA));
    __builtin_unreachable();
}

void stub_initialise(void) {
    memcpy(stub_shared(STUB_CODE), stub_code_start, stub_code_end - stub_code_start);
    int start_pipe[2];
    if (pipe(start_pipe) < 0)
        fail(71, "cannot create a pipe: %s", strerror(errno));
    pid_t pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        fail(71, "cannot create a host process for a VSpace: %s", strerror(errno));
    if (pid == 0)
        become_stub(start_pipe[0]);
    const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;
    if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0)
        fail(77,
             "cannot trace its own child process (%s); allow ptrace (kernel.yama.ptrace_scope at most 1, "
             "in a container --cap-add=SYS_PTRACE)",
             strerror(errno));
    if (write(start_pipe[1], "", 1) != 1)
        fail(71, "cannot start the first stub: %s", strerror(errno));
    close(start_pipe[0]);
    close(start_pipe[1]);
    first_stub = pid;
    if (WSTOPSIG(stub_wait(pid)) != SIGTRAP)
        fail(71, "the host refused the memory layout of a VSpace; is the address space limited (ulimit -v)?");
    stub_trace(PTRACE_GETREGS, pid, NULL, &stub_template_registers);

    // The initial state of the processor: every component's bit in the header clear, and its defaults for
    // the control words, which SSE and x87 code may look at in memory.
    stub_move_state(PTRACE_GETREGSET, pid, stub_clean_state, sizeof stub_clean_state);
    memset(stub_clean_state, 0, stub_state_bytes);
    const uint16_t control_word = 0x37f;
    const uint32_t mxcsr = 0x1f80;
    memcpy(stub_clean_state, &control_word, sizeof control_word);
    memcpy(stub_clean_state + 24, &mxcsr, sizeof mxcsr);
    stub_move_state(PTRACE_SETREGSET, pid, stub_clean_state, stub_state_bytes);
}

/** Makes the first stub fork, so that the new one starts as empty as that. */
struct stub *stub_fork(void) {
    struct user_regs_struct registers = stub_template_registers;
    registers.rip = stub_code_address(stub_code_clone);
    registers.rax = SYS_clone;
    registers.rdi = CLONE_PARENT | SIGCHLD;
    registers.rsi = registers.rdx = registers.r10 = registers.r8 = 0;
    registers.orig_rax = -1;
    pid_t parent = first_stub;
    stub_trace(PTRACE_SETREGS, parent, NULL, &registers);
    unsigned long child = 0;
    for (;;) {
        stub_trace(PTRACE_CONT, parent, NULL, NULL);
        int status = stub_wait(parent), event = status >> 16;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE)
            stub_trace(PTRACE_GETEVENTMSG, parent, NULL, &child);
        else if (WSTOPSIG(status) == SIGILL)
            fail(71, "cannot create a host process for a VSpace; is the number of processes limited?");
        else if (event == 0 && WSTOPSIG(status) == SIGTRAP)
            break;
    }
    check(child);
    stub_wait(child);
    struct stub *stub = calloc(1, sizeof *stub);
    check(stub);
    stub->pid = child;
    stub->cpu = host_cpu();
    return stub;
}

void stub_process_end_first(void) {
    if (first_stub)
        kill(first_stub, SIGKILL);
}
