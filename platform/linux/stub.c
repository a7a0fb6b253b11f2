// SPDX-License-Identifier: Apache-2.0
//
// Running user code: one stopped host process per VSpace, into which a thread's registers are loaded.
#include "host.h"
#include "kernel.h"
#include "stub_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

/** Page-fault error code: the page is present; it was a write; by user code. */
enum { FAULT_PRESENT = 1, FAULT_WRITE = 2, FAULT_USER = 4 };
/** Vectors of exceptions. */
enum { VECTOR_PROTECTION = 13, VECTOR_PAGE_FAULT = 14 };
/** `int n` for these vectors is a system call the kernel does not know; other vectors are not for user code.
 */
enum { TRAP_FIRST = 158, SPURIOUS_VECTOR = 255, LEGACY_SYSCALL_VECTOR = 0x80 };

/** The flag by which the processor resumes a faulting instruction without a breakpoint; not the thread's. */
#define FLAGS_RESUME (1UL << 16)

static struct stub *stubs[ASID_COUNT];

/** Stubs of VSpaces that are gone, for new ones: emptying a stub is cheaper than creating one. */
#define SPARE_MAXIMUM 16
static struct stub *spare_stubs[SPARE_MAXIMUM];
static unsigned spare_count;

static struct stub *stub_create(void) {
    return spare_count > 0 ? spare_stubs[--spare_count] : stub_fork();
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
        owner->extended_state = malloc(stub_state_bytes);
    check(owner->extended_state);
    stub_move_state(PTRACE_GETREGSET, stub->pid, owner->extended_state, stub_state_bytes);
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
        stub_move_state(PTRACE_SETREGSET, stub->pid,
                        thread->extended_state ? thread->extended_state : stub_clean_state, stub_state_bytes);
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
    stubs[asid] = NULL;
    if (spare_count < SPARE_MAXIMUM) {
        stub->changes = (struct mapping_changes){.must_flush = true};
        spare_stubs[spare_count++] = stub;
        return;
    }
    kill(stub->pid, SIGKILL);
    while (waitpid(stub->pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
    free(stub);
}

void stub_destroy_all(void) {
    for (unsigned asid = 0; asid < ASID_COUNT; asid++)
        if (stubs[asid])
            kill(stubs[asid]->pid, SIGKILL);
    while (spare_count > 0)
        kill(spare_stubs[--spare_count]->pid, SIGKILL);
    stub_process_end_first();
}

// General registers.

static void load_registers(struct stub *stub, const struct thread *thread) {
    const uint64_t *from = thread->registers;
    struct user_regs_struct to = stub_template_registers;
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
    // The kernel's entry for `syscall` does not save the stack pointer, and its exit leaves it 0.
    to.rsp = is_syscall ? 0 : from[REGISTER_RSP];
    to.eflags = from[REGISTER_FLAGS];
    // The host takes no bases in the kernel's half of the address space.
    to.fs_base = from[REGISTER_FS_BASE] < seL4_UserTop ? from[REGISTER_FS_BASE] : 0;
    to.gs_base = from[REGISTER_GS_BASE] < seL4_UserTop ? from[REGISTER_GS_BASE] : 0;
    to.orig_rax = -1;
    stub_trace(PTRACE_SETREGS, stub->pid, NULL, &to);
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
    to[REGISTER_FLAGS] = from->eflags & ~FLAGS_RESUME;
    to[REGISTER_FS_BASE] = from->fs_base;
    to[REGISTER_GS_BASE] = from->gs_base;
    to[REGISTER_ERROR] = error;
    if (!is_syscall) {
        // A system call's entry does not save these: the processor has already overwritten two of them.
        to[REGISTER_RSP] = from->rsp;
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
        stub_move_state(PTRACE_GETREGSET, stub->pid, state, stub_state_bytes);
    stub_trace(PTRACE_SINGLESTEP, stub->pid, NULL, (void *)(long)signal);
    check(WSTOPSIG(stub_wait(stub->pid)) == SIGTRAP);
    if (stub->is_used)
        stub_move_state(PTRACE_SETREGSET, stub->pid, state, stub_state_bytes);
    struct user_regs_struct handler;
    stub_trace(PTRACE_GETREGS, stub->pid, NULL, &handler);
    check(handler.rip == STUB_CODE && handler.rdx >= STUB_STACK &&
          handler.rdx < STUB_STACK + STUB_STACK_BYTES);
    const uint64_t *registers = stub_shared(handler.rdx + UCONTEXT_REGISTERS);
    return (struct exception){registers[REGISTER_TRAP_NUMBER], registers[REGISTER_ERROR_CODE]};
}

/** Whether the page of an address is present in the VSpace, whatever its rights. */
static bool is_present(uint64_t asid, uint64_t address) {
    unsigned bits;
    uint64_t *entry = address < seL4_UserTop ? vspace_leaf(vspace_for_asid(asid), address, &bits) : NULL;
    return entry && *entry & ENTRY_PRESENT;
}

/** The vector of an `int n` at an address, 0 if there is another instruction. */
static unsigned interrupt_at(uint64_t asid, uint64_t address) {
    const unsigned char int_n = 0xcd;
    unsigned char bytes[2];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        unsigned bits;
        uint64_t place = address + i;
        uint64_t *entry = place < seL4_UserTop ? vspace_leaf(vspace_for_asid(asid), place, &bits) : NULL;
        if (!entry || !(*entry & ENTRY_PRESENT))
            return 0;
        uint64_t physical = (*entry & ENTRY_ADDRESS) + (place & ((1UL << bits) - 1));
        if (!memory_is_ram(physical))
            return 0;
        bytes[i] = *(unsigned char *)at(physical);
    }
    return bytes[0] == int_n ? bytes[1] : 0;
}

/** @return whether the stop was an event for the kernel; false: the thread just goes on */
static bool exception_event(struct stub *stub, uint64_t asid, int signal, struct thread *thread,
                            struct stub_event *event) {
    siginfo_t info;
    struct user_regs_struct registers;
    stub_trace(PTRACE_GETSIGINFO, stub->pid, NULL, &info);
    stub_trace(PTRACE_GETREGS, stub->pid, NULL, &registers);
    uint64_t address = (uint64_t)info.si_addr;
    bool is_page_fault = signal == SIGSEGV && (info.si_code == SEGV_MAPERR || info.si_code == SEGV_ACCERR);
    if (is_page_fault) {
        bool is_protection = info.si_code == SEGV_ACCERR;
        if (address < seL4_UserTop && mapping_fill(asid, address, is_protection)) {
            store_registers(&registers, thread, 0);
            return false;
        }
        // An absent page that is fetched from is read; of any other access only the processor's code tells.
        bool is_write =
            is_protection || (address != registers.rip && exception_of(stub, signal).code & FAULT_WRITE);
        uint64_t code = FAULT_USER | (is_write ? FAULT_WRITE : 0) |
                        (is_protection || is_present(asid, address) ? FAULT_PRESENT : 0);
        store_registers(&registers, thread, code);
        *event = (struct stub_event){STUB_PAGE_FAULT, address, code};
        return true;
    }
    if (signal == SIGBUS && info.si_code == BUS_ADRERR)
        fail(71, "the host has no memory left for the machine; give the machine less with --memory");
    // `int n` is a protection fault to the host, whose interrupts these are not.
    unsigned n = signal == SIGSEGV ? interrupt_at(asid, registers.rip) : 0;
    if (n >= TRAP_FIRST) {
        store_registers(&registers, thread, 0);
        thread->registers[REGISTER_NEXT_IP] += 2;
        *event = (struct stub_event){STUB_TRAP, n, 0};
        return n != SPURIOUS_VECTOR; // which the kernel ignores
    }
    struct exception exception = exception_of(stub, signal);
    store_registers(&registers, thread, exception.code);
    *event = (struct stub_event){STUB_EXCEPTION, exception.vector, exception.code};
    return true;
}

static struct stub_event syscall_event(struct stub *stub, struct thread *thread) {
    struct user_regs_struct registers;
    stub_trace(PTRACE_GETREGS, stub->pid, NULL, &registers);
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

/** Makes a stub perform the calls in the table. @return 0, or the host's error number */
static int perform_calls(struct stub *stub, unsigned count, uint64_t *failed_address) {
    struct user_regs_struct registers = stub_template_registers;
    registers.rip = stub_code_address(stub_code_batch);
    registers.rbx = count;
    registers.r12 = STUB_TABLE;
    registers.r8 = STUB_MEMORY_DESCRIPTOR;
    int error = stub_run_own_code(stub, &registers);
    *failed_address = registers.rdi;
    return error;
}

/** Brings a stub's mappings up to date. */
static void apply_changes(struct stub *stub) {
    struct stub_call *calls = stub_shared(STUB_TABLE);
    uint64_t address;
    unsigned count = changes_take(&stub->changes, calls, PAGE_BYTES / sizeof *calls);
    if (count == 0)
        return;
    int error = perform_calls(stub, count, &address);
    if (error == ENOMEM) {
        // More pieces than the host allows a process: begin anew, with what is touched from now on.
        stub->changes.must_flush = true;
        count = changes_take(&stub->changes, calls, PAGE_BYTES / sizeof *calls);
        error = perform_calls(stub, count, &address);
    }
    if (error == EPERM || error == EACCES)
        fail(77, "the host refuses to map the page at %lx; set vm.mmap_min_addr to 0 or run as root",
             address);
    if (error)
        fail(71, "the host cannot map the page at %lx (%s); free some of its memory", address,
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
    host_balance(stub->pid);
    if (stub->cpu != host_cpu()) {
        host_move_here(stub->pid);
        stub->cpu = host_cpu();
    }
    for (;;) {
        apply_changes(stub);
        load_extended_state(stub, thread);
        load_registers(stub, thread);
        host_set_running(stub->pid);
        if (host_has_event()) {
            host_set_running(0);
            return (struct stub_event){STUB_INTERRUPTED, 0, 0};
        }
        int status;
        do {
            stub_trace(PTRACE_SYSEMU, stub->pid, NULL, NULL);
            status = stub_wait(stub->pid);
            // An interruption that comes together with a fault is reported before it. The fault's signal
            // would stop whoever runs next in this process.
        } while (status >> 16 == PTRACE_EVENT_STOP && stub_has_signal(stub->pid));
        host_set_running(0);
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80))
            return syscall_event(stub, thread);
        if (status >> 16 == PTRACE_EVENT_STOP) {
            struct user_regs_struct registers;
            stub_trace(PTRACE_GETREGS, stub->pid, NULL, &registers);
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
            stub_trace(PTRACE_GETREGS, stub->pid, NULL, &registers);
            store_registers(&registers, thread, 0);
        }
    }
}
