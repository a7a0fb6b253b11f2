// SPDX-License-Identifier: Apache-2.0
//
// Running user code: one stopped host process per VSpace, into which a thread's registers are loaded.
#include "stub.h"
#include "host.h"
#include "kernel.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

/** Room for the largest state a processor saves with XSAVE (with AMX about 11 KiB). */
#define EXTENDED_STATE_MAXIMUM 16384

/** The only descriptor a stub has. */
#define STUB_MEMORY_DESCRIPTOR 0

/** Page-fault error code: the page is present; it was a write; by user code. */
enum { FAULT_PRESENT = 1, FAULT_WRITE = 2, FAULT_USER = 4 };
/** Vectors of exceptions. */
enum { VECTOR_PROTECTION = 13, VECTOR_PAGE_FAULT = 14 };
/** `int n` for these vectors is a system call the kernel does not know; other vectors are not for user code.
 */
enum { TRAP_FIRST = 158, SPURIOUS_VECTOR = 255, LEGACY_SYSCALL_VECTOR = 0x80 };

/** The flag by which the processor resumes a faulting instruction without a breakpoint; not the thread's. */
#define FLAGS_RESUME (1UL << 16)

bool stub_loses_stack_pointer;

struct stub {
    pid_t pid;
    struct thread *owner; /* whose vector registers are loaded; NULL: nobody's, in their initial state */
    bool is_used;         /* has run a thread that uses vector registers */
    struct mapping_changes changes;
};

static struct stub *stubs[ASID_COUNT];
static struct stub template_stub;
static struct user_regs_struct template_registers;
static unsigned char clean_state[EXTENDED_STATE_MAXIMUM];
static size_t extended_state_bytes;

static void *shared(uint64_t stub_address) {
    return at(memory_stub_offset() + (stub_address - STUB_AREA));
}

static uint64_t code_address(const unsigned char *part) {
    return STUB_CODE + (part - stub_code_start);
}

// ptrace.

static long trace_request(int request, pid_t pid, void *address, void *data) {
    long result = ptrace(request, pid, address, data);
    if (result < 0)
        fail(71, "cannot control the host process of a VSpace (ptrace request 0x%x: %s)", request,
             strerror(errno));
    return result;
}

/** Waits until a stub stops. @return its wait status */
static int wait_for(pid_t pid) {
    int status;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            fail(71, "lost the host process of a VSpace (%s)", strerror(errno));
    if (!WIFSTOPPED(status))
        fail(71, "the host process of a VSpace was ended from outside (wait status 0x%x)", status);
    return status;
}

/** Continues a stub inside its own code until it stops there.
 *  @return 0, or the host's error number of the call that failed; *registers are then those at the failure */
static int run_own_code(struct stub *stub, struct user_regs_struct *registers) {
    registers->orig_rax = -1;
    trace_request(PTRACE_SETREGS, stub->pid, NULL, registers);
    int status;
    do {
        trace_request(PTRACE_CONT, stub->pid, NULL, NULL);
        status = wait_for(stub->pid);
    } while (status >> 16 == PTRACE_EVENT_STOP);
    if (WSTOPSIG(status) == SIGTRAP)
        return 0;
    trace_request(PTRACE_GETREGS, stub->pid, NULL, registers);
    return WSTOPSIG(status) == SIGILL ? -(int)registers->rax : EFAULT;
}

static void move_extended_state(int request, pid_t pid, void *state, size_t bytes) {
    struct iovec vector = {state, bytes};
    trace_request(request, pid, (void *)NT_X86_XSTATE, &vector);
    if (request == (int)PTRACE_GETREGSET)
        extended_state_bytes = vector.iov_len;
}

// Creation.

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
    syscall(SYS_close_range, STUB_MEMORY_DESCRIPTOR + 1, ~0U, 0);
    __asm__ volatile("jmp *%0" : : "r"(STUB_CODE), "S"(STUB_AREA));
    __builtin_unreachable();
}

void stub_initialise(void) {
    memcpy(shared(STUB_CODE), stub_code_start, stub_code_end - stub_code_start);
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
    template_stub.pid = pid;
    if (WSTOPSIG(wait_for(pid)) != SIGTRAP)
        fail(71, "the host refused the memory layout of a VSpace; is the address space limited (ulimit -v)?");
    trace_request(PTRACE_GETREGS, pid, NULL, &template_registers);

    // The initial state of the processor: every component's bit in the header clear, and its defaults for
    // the control words, which SSE and x87 code may look at in memory.
    move_extended_state(PTRACE_GETREGSET, pid, clean_state, sizeof clean_state);
    memset(clean_state, 0, extended_state_bytes);
    const uint16_t control_word = 0x37f;
    const uint32_t mxcsr = 0x1f80;
    memcpy(clean_state, &control_word, sizeof control_word);
    memcpy(clean_state + 24, &mxcsr, sizeof mxcsr);
    move_extended_state(PTRACE_SETREGSET, pid, clean_state, extended_state_bytes);
}

/** Makes the first stub fork, so that the new one starts as empty as that. */
static struct stub *stub_create(void) {
    struct user_regs_struct registers = template_registers;
    registers.rip = code_address(stub_code_clone);
    registers.rax = SYS_clone;
    registers.rdi = CLONE_PARENT | SIGCHLD;
    registers.rsi = registers.rdx = registers.r10 = registers.r8 = 0;
    registers.orig_rax = -1;
    pid_t parent = template_stub.pid;
    trace_request(PTRACE_SETREGS, parent, NULL, &registers);
    unsigned long child = 0;
    for (;;) {
        trace_request(PTRACE_CONT, parent, NULL, NULL);
        int status = wait_for(parent), event = status >> 16;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE)
            trace_request(PTRACE_GETEVENTMSG, parent, NULL, &child);
        else if (WSTOPSIG(status) == SIGILL)
            fail(71, "cannot create a host process for a VSpace; is the number of processes limited?");
        else if (event == 0 && WSTOPSIG(status) == SIGTRAP)
            break;
    }
    check(child);
    wait_for(child);
    struct stub *stub = calloc(1, sizeof *stub);
    check(stub);
    stub->pid = child;
    return stub;
}

struct mapping_changes *stub_changes(uint64_t asid) {
    return stubs[asid] ? &stubs[asid]->changes : NULL;
}

// Vector registers. They stay in the stub until another thread of the VSpace needs it.

static void save_owner(struct stub *stub) {
    struct thread *owner = stub->owner;
    if (!owner)
        return;
    if (!owner->extended_state)
        owner->extended_state = malloc(extended_state_bytes);
    check(owner->extended_state);
    move_extended_state(PTRACE_GETREGSET, stub->pid, owner->extended_state, extended_state_bytes);
    owner->state_in = NULL;
    stub->owner = NULL;
}

static void load_extended_state(struct stub *stub, struct thread *thread) {
    if (stub->owner == thread || thread->flags & seL4_TCBFlag_fpuDisabled)
        return;
    save_owner(stub);
    if (thread->state_in)
        save_owner(thread->state_in);
    if (thread->extended_state || stub->is_used)
        move_extended_state(PTRACE_SETREGSET, stub->pid,
                            thread->extended_state ? thread->extended_state : clean_state,
                            extended_state_bytes);
    stub->owner = thread;
    stub->is_used = true;
    thread->state_in = stub;
}

void stub_forget_thread(struct thread *thread) {
    if (thread->state_in)
        thread->state_in->owner = NULL;
    thread->state_in = NULL;
    free(thread->extended_state);
    thread->extended_state = NULL;
}

void stub_destroy(uint64_t asid) {
    struct stub *stub = stubs[asid];
    if (!stub)
        return;
    save_owner(stub);
    kill(stub->pid, SIGKILL);
    while (waitpid(stub->pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    free(stub);
    stubs[asid] = NULL;
}

void stub_destroy_all(void) {
    for (unsigned asid = 0; asid < ASID_COUNT; asid++)
        if (stubs[asid])
            kill(stubs[asid]->pid, SIGKILL);
    if (template_stub.pid)
        kill(template_stub.pid, SIGKILL);
}

// General registers.

static void load_registers(struct stub *stub, const struct thread *thread) {
    const uint64_t *from = thread->registers;
    struct user_regs_struct to = template_registers;
    bool is_syscall = from[REGISTER_ERROR] == ERROR_IS_SYSCALL;
    to.rax = from[REGISTER_RAX];
    to.rbx = from[REGISTER_RBX];
    to.rcx = is_syscall ? from[REGISTER_NEXT_IP] : from[REGISTER_RCX];
    to.rdx = from[REGISTER_RDX];
    to.rsi = from[REGISTER_RSI];
    to.rdi = from[REGISTER_RDI];
    to.rbp = from[REGISTER_RBP];
    to.r8 = from[REGISTER_R8];
    to.r9 = from[REGISTER_R9];
    to.r10 = from[REGISTER_R10];
    to.r11 = is_syscall ? from[REGISTER_FLAGS] : from[REGISTER_R11];
    to.r12 = from[REGISTER_R12];
    to.r13 = from[REGISTER_R13];
    to.r14 = from[REGISTER_R14];
    to.r15 = from[REGISTER_R15];
    to.rip = from[REGISTER_NEXT_IP];
    to.rsp = is_syscall && stub_loses_stack_pointer ? 0 : from[REGISTER_RSP];
    to.eflags = from[REGISTER_FLAGS];
    // The host takes no bases in the kernel's half of the address space.
    to.fs_base = from[REGISTER_FS_BASE] < seL4_UserTop ? from[REGISTER_FS_BASE] : 0;
    to.gs_base = from[REGISTER_GS_BASE] < seL4_UserTop ? from[REGISTER_GS_BASE] : 0;
    to.orig_rax = -1;
    trace_request(PTRACE_SETREGS, stub->pid, NULL, &to);
}

/** @param error the code the processor would have given, or ERROR_IS_SYSCALL */
static void store_registers(const struct user_regs_struct *from, struct thread *thread, uint64_t error) {
    uint64_t *to = thread->registers;
    bool is_syscall = error == ERROR_IS_SYSCALL;
    to[REGISTER_RAX] = is_syscall ? from->orig_rax : from->rax;
    to[REGISTER_RBX] = from->rbx;
    to[REGISTER_RDX] = from->rdx;
    to[REGISTER_RSI] = from->rsi;
    to[REGISTER_RDI] = from->rdi;
    to[REGISTER_RBP] = from->rbp;
    to[REGISTER_R8] = from->r8;
    to[REGISTER_R9] = from->r9;
    to[REGISTER_R10] = from->r10;
    to[REGISTER_R12] = from->r12;
    to[REGISTER_R13] = from->r13;
    to[REGISTER_R14] = from->r14;
    to[REGISTER_R15] = from->r15;
    to[REGISTER_NEXT_IP] = from->rip;
    to[REGISTER_FAULT_IP] = is_syscall ? from->rip - 2 : from->rip;
    if (!is_syscall || !stub_loses_stack_pointer)
        to[REGISTER_RSP] = from->rsp;
    to[REGISTER_FLAGS] = from->eflags & ~FLAGS_RESUME;
    to[REGISTER_FS_BASE] = from->fs_base;
    to[REGISTER_GS_BASE] = from->gs_base;
    to[REGISTER_ERROR] = error;
    if (!is_syscall) {
        // A system call's entry does not save these two: the processor has already overwritten them.
        to[REGISTER_RCX] = from->rcx;
        to[REGISTER_R11] = from->r11;
    }
}

// Stops.

struct exception {
    uint64_t vector;
    uint64_t code;
};

/** The vector and error code of an exception at which a stub has stopped. Only a signal frame tells them: the
 *  signal is delivered, which stops the stub again before the handler's first instruction. A handler starts
 *  with fresh vector registers, so that the thread's must be put back. */
static struct exception exception_of(struct stub *stub, int signal) {
    enum { UCONTEXT_REGISTERS = 40, REGISTER_ERROR_CODE = 19, REGISTER_TRAP_NUMBER = 20 };
    static unsigned char state[EXTENDED_STATE_MAXIMUM];
    if (stub->is_used)
        move_extended_state(PTRACE_GETREGSET, stub->pid, state, extended_state_bytes);
    trace_request(PTRACE_SINGLESTEP, stub->pid, NULL, (void *)(long)signal);
    check(WSTOPSIG(wait_for(stub->pid)) == SIGTRAP);
    if (stub->is_used)
        move_extended_state(PTRACE_SETREGSET, stub->pid, state, extended_state_bytes);
    struct user_regs_struct handler;
    trace_request(PTRACE_GETREGS, stub->pid, NULL, &handler);
    check(handler.rip == STUB_CODE && handler.rdx >= STUB_STACK &&
          handler.rdx < STUB_STACK + STUB_STACK_BYTES);
    const uint64_t *registers = shared(handler.rdx + UCONTEXT_REGISTERS);
    return (struct exception){registers[REGISTER_TRAP_NUMBER], registers[REGISTER_ERROR_CODE]};
}

/** Whether the page of an address is present in the VSpace, whatever its rights. */
static bool is_present(uint64_t asid, uint64_t address) {
    unsigned bits;
    uint64_t *entry = address < seL4_UserTop ? vspace_leaf(vspace_for_asid(asid), address, &bits) : NULL;
    return entry && *entry & ENTRY_PRESENT;
}

/** @return whether the stop was an event for the kernel; false: the thread just goes on */
static bool exception_event(struct stub *stub, uint64_t asid, int signal, struct thread *thread,
                            struct stub_event *event) {
    siginfo_t info;
    struct user_regs_struct registers;
    trace_request(PTRACE_GETSIGINFO, stub->pid, NULL, &info);
    trace_request(PTRACE_GETREGS, stub->pid, NULL, &registers);
    uint64_t address = (uint64_t)info.si_addr;
    bool is_page_fault = signal == SIGSEGV && (info.si_code == SEGV_MAPERR || info.si_code == SEGV_ACCERR);
    if (is_page_fault) {
        bool is_protection = info.si_code == SEGV_ACCERR;
        if (address < seL4_UserTop && mapping_fill(asid, address, is_protection)) {
            store_registers(&registers, thread, 0);
            return false;
        }
        bool is_write = is_protection || exception_of(stub, signal).code & FAULT_WRITE;
        uint64_t code = FAULT_USER | (is_write ? FAULT_WRITE : 0) |
                        (is_protection || is_present(asid, address) ? FAULT_PRESENT : 0);
        store_registers(&registers, thread, code);
        *event = (struct stub_event){STUB_PAGE_FAULT, address, code};
        return true;
    }
    if (signal == SIGBUS && info.si_code == BUS_ADRERR)
        fail(71, "the host has no memory left for the machine; give the machine less with --memory");
    struct exception exception = exception_of(stub, signal);
    // A protection fault's code for `int n` is 8n + 2.
    uint64_t n = exception.code >> 3;
    if (exception.vector == VECTOR_PROTECTION && (exception.code & 7) == 2 && n >= TRAP_FIRST) {
        store_registers(&registers, thread, 0);
        thread->registers[REGISTER_NEXT_IP] += 2;
        *event = (struct stub_event){STUB_TRAP, n, 0};
        return n != SPURIOUS_VECTOR; // which the kernel ignores
    }
    store_registers(&registers, thread, exception.code);
    *event = (struct stub_event){STUB_EXCEPTION, exception.vector, exception.code};
    return true;
}

static struct stub_event syscall_event(struct stub *stub, struct thread *thread) {
    struct user_regs_struct registers;
    trace_request(PTRACE_GETREGS, stub->pid, NULL, &registers);
    if (registers.rcx == registers.rip) {
        store_registers(&registers, thread, ERROR_IS_SYSCALL);
        return (struct stub_event){STUB_SYSCALL, 0, 0};
    }
    // Only `syscall` leaves its return address in rcx. This was the host's 32-bit entry, `int 0x80`, which is
    // nothing user code may do on seL4.
    const uint64_t code = LEGACY_SYSCALL_VECTOR * 8 + 2;
    store_registers(&registers, thread, code);
    thread->registers[REGISTER_RAX] = registers.orig_rax;
    thread->registers[REGISTER_FAULT_IP] = thread->registers[REGISTER_NEXT_IP] = registers.rip - 2;
    return (struct stub_event){STUB_EXCEPTION, VECTOR_PROTECTION, code};
}

/** Brings a stub's mappings up to date. */
static void apply_changes(struct stub *stub) {
    struct stub_call *calls = shared(STUB_TABLE);
    unsigned count = changes_take(&stub->changes, calls, PAGE_BYTES / sizeof *calls);
    if (count == 0)
        return;
    struct user_regs_struct registers = template_registers;
    registers.rip = code_address(stub_code_batch);
    registers.rbx = count;
    registers.r12 = STUB_TABLE;
    registers.r8 = STUB_MEMORY_DESCRIPTOR;
    int error = run_own_code(stub, &registers);
    if (error == EPERM || error == EACCES)
        fail(77, "the host refuses to map the page at %llx; set vm.mmap_min_addr to 0 or run as root",
             registers.rdi);
    if (error)
        fail(71, "the host cannot map the page at %llx (%s); raise vm.max_map_count", registers.rdi,
             strerror(error));
}

struct stub_event stub_run(struct thread *thread) {
    uint64_t asid = thread_asid(thread);
    if (asid == NO_ASID) {
        // Without a VSpace not even the first instruction can be fetched.
        thread->registers[REGISTER_ERROR] = FAULT_USER;
        return (struct stub_event){STUB_PAGE_FAULT, thread->registers[REGISTER_NEXT_IP], FAULT_USER};
    }
    if (!stubs[asid])
        stubs[asid] = stub_create();
    struct stub *stub = stubs[asid];
    for (;;) {
        apply_changes(stub);
        load_extended_state(stub, thread);
        load_registers(stub, thread);
        host_set_running(stub->pid);
        if (host_has_event()) {
            host_set_running(0);
            return (struct stub_event){STUB_INTERRUPTED, 0, 0};
        }
        trace_request(PTRACE_SYSEMU, stub->pid, NULL, NULL);
        int status = wait_for(stub->pid);
        host_set_running(0);
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80))
            return syscall_event(stub, thread);
        if (status >> 16 == PTRACE_EVENT_STOP) {
            struct user_regs_struct registers;
            trace_request(PTRACE_GETREGS, stub->pid, NULL, &registers);
            store_registers(&registers, thread, 0);
            return (struct stub_event){STUB_INTERRUPTED, 0, 0};
        }
        struct stub_event event;
        if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
            signal == SIGTRAP) {
            if (exception_event(stub, asid, signal, thread, &event))
                return event;
        } else {
            struct user_regs_struct registers;
            trace_request(PTRACE_GETREGS, stub->pid, NULL, &registers);
            store_registers(&registers, thread, 0);
        }
    }
}
