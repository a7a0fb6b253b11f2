// SPDX-License-Identifier: Apache-2.0
//
// Everything about x86_64 that the sentry knows: where registers are in seL4's messages, how Linux passes system call
// arguments, the signal frame, the address space's layout, and the machine code of the stubs. Its siblings for aarch64
// and riscv64 export the same names.
//
// A thread's registers are kept as the message block of an UnknownSyscall fault (receiving one is what happens most):
// u32 label, u32 length, then RAX RBX RCX RDX RSI RDI RBP R8..R15 FaultIP SP FLAGS Syscall. Other faults are brought
// into this form with ReadRegisters, whose order (seL4_UserContext) is rip rsp rflags rax rbx rcx rdx rsi rdi rbp
// r8..r15, then fs_base gs_base.
//
// System calls are `int 0xfe`, which is patched in (systemCallSites.ts): the kernel takes its own system call number of a
// `syscall` instruction from RDX, and loses the stack pointer.

import { Thread } from "../../kernel/thread";
import { writeForkStubs } from "./forkState";
import { Layout } from "../layout";

export { COMPACT_LAYOUT, FLOATING_BREAK, Layout } from "../layout";

/** e_machine of the programs that run here. */
export const ELF_MACHINE: u16 = 62;
/** utsname.machine, AT_PLATFORM. */
export const MACHINE_NAME: string = "x86_64";
/** AT_HWCAP: CPUID 1's EDX of the x86-64 baseline; programs ask CPUID for more. */
export const HARDWARE_CAPABILITIES: u64 = 0x078b_fbff;
/** AT_HWCAP2: ring 3 MWAIT and FSGSBASE; seL4 enables neither for programs. */
export const HARDWARE_CAPABILITIES_2: u64 = 0;
/** Whether the auxiliary vector has AT_PLATFORM and AT_HWCAP2, and AT_MINSIGSTKSZ. */
export const TELLS_PLATFORM: bool = true;
export const TELLS_SIGNAL_STACK: bool = true;
/** What /proc/cpuinfo says of each processor. */
export const PROCESSOR_DESCRIPTION: string = "model name\t: x86_64 processor under seL4\n";
/** Whether the clock counter's frequency is the processor's, for /proc/cpuinfo. */
export const COUNTS_PROCESSOR_CYCLES: bool = true;

// ---------------------------------------------------------------- messages

const RAX: usize = 8;
const RBX: usize = 16;
const RCX: usize = 24;
const RDX: usize = 32;
const RSI: usize = 40;
const RDI: usize = 48;
const RBP: usize = 56;
const R8: usize = 64;
const R9: usize = 72;
const R10: usize = 80;
const R11: usize = 88;
const R12: usize = 96;
const R13: usize = 104;
const R14: usize = 112;
const R15: usize = 120;
const IP: usize = 128;
const SP: usize = 136;
const FLAGS: usize = 144;

/** Words of an UnknownSyscall message. */
const MESSAGE_WORDS: i32 = 19;
/** Bytes of a message block that holds a thread's registers. */
export const MESSAGE_SIZE: i32 = 8 + MESSAGE_WORDS * 8;
/** The shortest reply that reaches the instruction pointer: RAX to FaultIP. */
const REPLY_WORDS: u32 = 16;
/** `syscall` and `int 0xfe` are two bytes; the message has its address. */
const SYSCALL_LENGTH: u64 = 2;

/** Words of seL4_UserContext: general registers, and with the two segment bases. */
export const CONTEXT_GENERAL: u32 = 18;
export const CONTEXT_WORDS: u32 = 20;
/** Bytes of CONTEXT_WORDS. */
export const CONTEXT_SIZE: i32 = 20 * 8;
const CONTEXT_FS_BASE: usize = 18 * 8;

/** Whether the message of a system call has all general registers. */
export const SYSTEM_CALL_HAS_REGISTERS: bool = true;

/** Adds to the message of a system call what the kernel leaves out of it: here nothing. */
// @ts-ignore: decorator
@inline
export function completeSystemCall(tcb: u32, message: usize): void {}

/** The Linux system call number: 32 bits of RAX, as Linux takes it. */
// @ts-ignore: decorator
@inline
export function systemCallNumber(message: usize): u32 {
    return load<u32>(message, RAX);
}

/** Argument 0 to 5. */
// @ts-ignore: decorator
@inline
export function argument0(message: usize): u64 {
    return load<u64>(message, RDI);
}
// @ts-ignore: decorator
@inline
export function argument1(message: usize): u64 {
    return load<u64>(message, RSI);
}
// @ts-ignore: decorator
@inline
export function argument2(message: usize): u64 {
    return load<u64>(message, RDX);
}
// @ts-ignore: decorator
@inline
export function argument3(message: usize): u64 {
    return load<u64>(message, R10);
}
// @ts-ignore: decorator
@inline
export function argument4(message: usize): u64 {
    return load<u64>(message, R8);
}
// @ts-ignore: decorator
@inline
export function argument5(message: usize): u64 {
    return load<u64>(message, R9);
}

/** The system call has returned `result`: the thread goes on behind the instruction. */
// @ts-ignore: decorator
@inline
export function finishSystemCall(message: usize, result: i64): void {
    store<i64>(message, result, RAX);
    store<u64>(message, load<u64>(message, IP) + SYSCALL_LENGTH, IP);
}

/** Makes the message a reply that sets the registers (the result and the instruction pointer have been changed). */
// @ts-ignore: decorator
@inline
export function makeReply(message: usize): void {
    store<u32>(message, 0);
    store<u32>(message, REPLY_WORDS, 4);
}

/** Makes the message an empty reply: the faulting instruction runs again. */
// @ts-ignore: decorator
@inline
export function makeEmptyReply(message: usize): void {
    store<u32>(message, 0);
    store<u32>(message, 0, 4);
}

/** Sets the register that a system call's result is in, and the instruction pointer. */
export function setResult(message: usize, result: i64, ip: u64): void {
    store<i64>(message, result, RAX);
    store<u64>(message, ip, IP);
}

/** The register that a system call's result is in. */
export function systemCallResult(message: usize): i64 {
    return load<i64>(message, RAX);
}

export function instructionPointer(message: usize): u64 {
    return load<u64>(message, IP);
}

export function stackPointer(message: usize): u64 {
    return load<u64>(message, SP);
}

/** Brings the first CONTEXT_GENERAL words of a seL4_UserContext into the form of a message. */
export function contextToMessage(context: usize, message: usize): void {
    store<u64>(message, load<u64>(context), IP);
    store<u64>(message, load<u64>(context, 8), SP);
    store<u64>(message, load<u64>(context, 16), FLAGS);
    // rax rbx rcx rdx rsi rdi rbp r8..r15 have the same order in both.
    memory.copy(message + RAX, context + 24, 15 * 8);
}

/** The reverse of contextToMessage. */
export function messageToContext(message: usize, context: usize): void {
    store<u64>(context, load<u64>(message, IP));
    store<u64>(context, load<u64>(message, SP), 8);
    store<u64>(context, load<u64>(message, FLAGS), 16);
    memory.copy(context + 24, message + RAX, 15 * 8);
}

/** Registers of a program's first instruction (CONTEXT_WORDS words): all zero but these (System V ABI, 3.4.1). */
export function startContext(context: usize, entry: u64, stack: u64): void {
    memory.fill(context, 0, CONTEXT_WORDS * 8);
    store<u64>(context, entry);
    store<u64>(context, stack, 8);
    store<u64>(context, 0x202, 16);
}

/**
 * Registers of the child of fork or clone: `context` has the parent's segment bases; the rest comes from the
 * parent's message. `stack` 0 keeps the parent's stack pointer; `setTls` replaces the thread pointer.
 */
export function childContext(message: usize, context: usize, stack: u64, setTls: bool, tls: u64): void {
    messageToContext(message, context);
    store<u64>(context, load<u64>(message, IP) + SYSCALL_LENGTH);
    if (stack != 0) store<u64>(context, stack, 8);
    store<u64>(context, 0, 24);
    if (setTls) store<u64>(context, tls, CONTEXT_FS_BASE);
}

/** Argument orders of clone(2) differ: here flags, stack, parent tid, child tid, tls. */
export const CLONE_TLS_ARGUMENT: i32 = 4;

/** Whether pages can be readable and not executable: seL4's mappings on x86 always allow execution. */
export const FORBIDS_EXECUTION: bool = false;

// ---------------------------------------------------------------- faults

/** VMFault: IP, address, instruction fetch, fault status register: the processor's error code. */
export function faultAddress(message: usize): u64 {
    return load<u64>(message, 16);
}
export function faultIsWrite(message: usize): bool {
    return (load<u64>(message, 32) & 2) != 0;
}
export function faultIsFetch(message: usize): bool {
    // Bit 4 of the error code is only set where NX or SMEP is on: fall back to the address.
    return load<u64>(message, 24) != 0 || load<u64>(message, 16) == load<u64>(message, 8);
}

/** Whether the page is there and only the address is not aligned: such an access raises another exception here. */
// @ts-ignore: decorator
@inline
export function faultIsUnaligned(message: usize): bool {
    return false;
}

/** The processor's number of a page fault, and its error code: for signal frames. Accesses of programs have the user bit. */
export const PAGE_FAULT_NUMBER: u64 = 14;
export function pageFaultCode(message: usize): u64 {
    return load<u64>(message, 32) | 4;
}

/** Number and error code of an exception. */
export function exceptionNumber(message: usize): u64 {
    return load<u64>(message, 32);
}
export function exceptionCode(message: usize): u64 {
    return load<u64>(message, 40);
}

/** UserException: IP, SP, FLAGS, vector, error code. */
export function exceptionAddress(message: usize): u64 {
    return load<u64>(message, 8);
}

const SIGFPE: i32 = 8;
const FPE_FLTUNK: i32 = 14;

/** si_code of a breakpoint instruction: SI_KERNEL. */
export const BREAKPOINT_CODE: i32 = 0x80;

/** The signal of a processor exception, and its si_code in bits 8 and up (siginfo.h). */
export function exceptionSignal(message: usize): i32 {
    switch (<i32>load<u64>(message, 32)) {
        case 0: // divide error: SIGFPE, FPE_INTDIV
            return 8 | (1 << 8);
        case 3: // breakpoint: SIGTRAP, SI_KERNEL
            return 5 | (0x80 << 8);
        case 1: // debug: SIGTRAP, TRAP_TRACE
            return 5 | (2 << 8);
        case 6: // invalid opcode: SIGILL, ILL_ILLOPN
            return 4 | (2 << 8);
        case 11: // segment not present, stack fault (an address that is none): SIGBUS, SI_KERNEL
        case 12:
            return 7 | (0x80 << 8);
        case 16: // x87 and SSE arithmetic: SIGFPE, FPE_FLTUNK until the handler is entered (enterHandler)
        case 19:
            return 8 | (FPE_FLTUNK << 8);
        case 17: // alignment check: SIGBUS, BUS_ADRALN
            return 7 | (1 << 8);
        default:
            // general protection and the rest: SIGSEGV, SI_KERNEL
            return 11 | (0x80 << 8);
    }
}

// ---------------------------------------------------------------- address space

/** Lowest address that may be mapped: Linux's default vm.mmap_min_addr. */
export const MINIMUM_ADDRESS: u64 = 0x1_0000;
/** End of what a process may map: the last page of the lower half is never given. */
export const USER_END: u64 = 0x7fff_ffff_f000;

/** For images that reach into the places above: like Linux's own. */
export const WIDE_LAYOUT: Layout = new Layout(
    0x7fff_fff0_0000,
    0x7f00_0000_0000,
    0x5555_5555_4000,
    0x7eff_0000_0000,
);

// ---------------------------------------------------------------- signal frames

// struct rt_sigframe (arch/x86): return address, ucontext, siginfo; the FPU state lies above it.
const FRAME_UC_FLAGS: usize = 8;
const FRAME_UC_STACK: usize = 24;
const FRAME_CONTEXT: usize = 48;
const FRAME_FPSTATE: usize = FRAME_CONTEXT + 23 * 8;
const FRAME_MASK: usize = 304;
const FRAME_INFO: usize = 312;
/** Bytes of the frame without the FPU state. */
export const SIGNAL_FRAME_SIZE: i32 = 440;
export const SIGNAL_INFO_SIZE: i32 = 128;
/** FXSAVE's area. seL4's default XSAVE features are x87 and SSE, which is what it holds. */
const FPU_STATE_SIZE: u64 = 512;
/** The area below the stack pointer that leaf functions may use (System V ABI, 3.2.2). */
const RED_ZONE: u64 = 128;
/** AT_MINSIGSTKSZ: the frame, the FPU state and their alignment. */
export const SIGNAL_STACK_MINIMUM: u64 = 2048;
/** struct kernel_sigaction: its bytes, and where its mask is. */
export const SIGACTION_SIZE: i32 = 32;
export const SIGACTION_MASK: usize = 24;
/** Whether it has a restorer. */
export const HAS_RESTORER: bool = true;
/** Whether a handler must come with a restorer (SA_RESTORER): without one it could never return. */
export const RESTORER_REQUIRED: bool = true;
/** UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS: what a 64-bit kernel reports without UC_FP_XSTATE. */
const UC_FLAGS: u64 = 6;
const USER_CODE_SEGMENT: u64 = 0x33;
const USER_STACK_SEGMENT: u64 = 0x2b;

/** Address of the frame of a handler that starts with its stack at `stack` (`onAlternate`: an empty stack). */
export function signalFrameAddress(stack: u64, onAlternate: bool): u64 {
    if (!onAlternate) stack -= RED_ZONE;
    const frame = fpuStateAddress(stack) - <u64>SIGNAL_FRAME_SIZE;
    // At the handler's entry the stack is as behind a call instruction: 8 below a multiple of 16.
    return (frame & ~15) - 8;
}

function fpuStateAddress(stack: u64): u64 {
    return (stack - FPU_STATE_SIZE) & ~63;
}

/**
 * Fills a frame (SIGNAL_FRAME_SIZE bytes at `frame` in the sentry) that will lie at `address`. The siginfo is the
 * caller's (signalInfoOf).
 */
export function fillSignalFrame(frame: usize, thread: Thread, address: u64, restorer: u64, mask: u64): void {
    const message = thread.message;
    memory.fill(frame, 0, SIGNAL_FRAME_SIZE);
    store<u64>(frame, restorer);
    store<u64>(frame, UC_FLAGS, FRAME_UC_FLAGS);
    store<u64>(frame, thread.alternateStack, FRAME_UC_STACK);
    store<u32>(frame, thread.alternateStackFlags, FRAME_UC_STACK + 8);
    store<u64>(frame, thread.alternateStackSize, FRAME_UC_STACK + 16);
    // struct sigcontext: r8..r15 rdi rsi rbp rbx rdx rax rcx rsp rip eflags, segments, err trapno oldmask cr2 fpstate.
    const context = frame + FRAME_CONTEXT;
    memory.copy(context, message + R8, 8 * 8);
    store<u64>(context, load<u64>(message, RDI), 64);
    store<u64>(context, load<u64>(message, RSI), 72);
    store<u64>(context, load<u64>(message, RBP), 80);
    store<u64>(context, load<u64>(message, RBX), 88);
    store<u64>(context, load<u64>(message, RDX), 96);
    store<u64>(context, load<u64>(message, RAX), 104);
    store<u64>(context, load<u64>(message, RCX), 112);
    store<u64>(context, load<u64>(message, SP), 120);
    store<u64>(context, load<u64>(message, IP), 128);
    store<u64>(context, load<u64>(message, FLAGS), 136);
    store<u64>(context, USER_CODE_SEGMENT | (USER_STACK_SEGMENT << 48), 144);
    store<u64>(context, thread.faultCode, 152);
    store<u64>(context, thread.faultNumber, 160);
    store<u64>(context, mask, 168);
    store<u64>(context, thread.faultAddress, 176);
    store<u64>(frame, fpuStateOfFrame(address), FRAME_FPSTATE);
    store<u64>(frame, mask, FRAME_MASK);
}

/** The bytes of the FPU state that FXSAVE leaves as they are and software may use: where they are, and how many. */
export const FPU_RESERVED_SIZE: i32 = 48;
export function fpuReservedArea(address: u64): u64 {
    return fpuStateOfFrame(address) + FPU_STATE_SIZE - <u64>FPU_RESERVED_SIZE;
}

/** The FPU state lies at the next multiple of 64 behind the frame. */
function fpuStateOfFrame(address: u64): u64 {
    return (address + <u64>SIGNAL_FRAME_SIZE + 63) & ~63;
}

/** Where the siginfo is in a frame. */
// @ts-ignore: decorator
@inline
export function signalInfoOf(frame: usize): usize {
    return frame + FRAME_INFO;
}

/**
 * Has the thread enter the handler: by way of the stub, which saves the FPU state first, and looks in it for the `code` of an
 * exception that came from there. seL4 has no call that reads a thread's FPU registers.
 */
export function enterHandler(
    message: usize,
    handler: u64,
    signal: i32,
    code: i32,
    address: u64,
    restorer: u64,
    stubPage: u64,
): void {
    store<u64>(message, signal, RDI);
    store<u64>(message, address + FRAME_INFO, RSI);
    store<u64>(message, address + FRAME_UC_FLAGS, RDX);
    store<u64>(message, 0, RAX);
    store<u64>(message, handler, RCX);
    store<u64>(message, fpuStateOfFrame(address), R11);
    store<u64>(message, address, SP);
    const isFloatingPoint = signal == SIGFPE && code == FPE_FLTUNK;
    store<u64>(message, stubPage + (isFloatingPoint ? STUB_ENTER_EXCEPTION : STUB_ENTER), IP);
    // The direction flag is clear at a function's entry; trap flag off.
    store<u64>(message, load<u64>(message, FLAGS) & ~(<u64>0x500), FLAGS);
}

/** The frame's address when rt_sigreturn is called: the handler's return has popped the first word. */
export function frameAtReturn(message: usize): u64 {
    return load<u64>(message, SP) - 8;
}

/** Whether this rt_sigreturn comes from the stub, which has reloaded the FPU state. */
export function returnsFromStub(message: usize, stubPage: u64): bool {
    return load<u64>(message, IP) == stubPage + STUB_RESTORE + STUB_RESTORE_SYSCALL;
}

/** The first half of rt_sigreturn: has the stub reload the FPU state and call rt_sigreturn again. False: there is none. */
export function enterRestoreStub(message: usize, frame: usize, stubPage: u64): bool {
    const state = load<u64>(frame, FRAME_FPSTATE);
    if (state == 0) return false;
    store<u64>(message, state, R11);
    store<u64>(message, stubPage + STUB_RESTORE, IP);
    return true;
}

/** The second half: takes the registers from the frame. The result is the signal mask to be restored. */
export function restoreFromFrame(message: usize, frame: usize): u64 {
    const context = frame + FRAME_CONTEXT;
    memory.copy(message + R8, context, 8 * 8);
    store<u64>(message, load<u64>(context, 64), RDI);
    store<u64>(message, load<u64>(context, 72), RSI);
    store<u64>(message, load<u64>(context, 80), RBP);
    store<u64>(message, load<u64>(context, 88), RBX);
    store<u64>(message, load<u64>(context, 96), RDX);
    store<u64>(message, load<u64>(context, 104), RAX);
    store<u64>(message, load<u64>(context, 112), RCX);
    store<u64>(message, load<u64>(context, 120), SP);
    store<u64>(message, load<u64>(context, 128), IP);
    store<u64>(message, load<u64>(context, 136), FLAGS);
    return load<u64>(frame, FRAME_MASK);
}

/** Address in the frame of the alternate stack that was in force (struct stack_t). */
export function stackOfFrame(frame: usize): usize {
    return frame + FRAME_UC_STACK;
}

// ---------------------------------------------------------------- the stubs

/** Of runtime-c/vdso/x86_64/enterHandler.S. */
const STUB_ENTER: u64 = 64;
const STUB_ENTER_EXCEPTION: u64 = 96;
/** Where a handler without a restorer of its own returns to: there is none. */
export const STUB_RETURN: u64 = 0;
const STUB_RESTORE: u64 = 16;
/** Offset of the system call in the restore stub. */
const STUB_RESTORE_SYSCALL: u64 = 9;

/** Writes the machine code that runs in the program to the place of the stubs. */
export function writeStubs(page: usize): void {
    // restore: fxrstor64 (%r11); mov $15 (rt_sigreturn), %eax; int $0xfe (systemCallSites.ts)
    store<u32>(page, 0x0bae0f49, 16);
    store<u8>(page, 0xb8, 20);
    store<u32>(page, 15, 21);
    store<u16>(page, 0xfecd, 25);
    writeForkStubs(page);
}
