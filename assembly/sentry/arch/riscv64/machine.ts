// SPDX-License-Identifier: Apache-2.0
//
// Everything about riscv64 that the sentry knows (its siblings export the same names): where registers are in seL4's
// messages, how Linux passes system call arguments, faults, the address space's layout. Signal frames and the stub
// page's machine code are in signalFrame.ts.
//
// A thread's registers are kept as the message block of an UnknownSyscall fault: u32 label, u32 length, then FaultIP SP RA
// A0..A6 A7; behind it GP, S0..S11, T0..T6, TP, which the kernel leaves out and which are read when they are needed
// (kernel/thread.ts, hasRegisters). seL4_UserContext has another order: pc ra sp gp s0..s11, then a0..a7 t0..t6 tp.
//
// The kernel takes its own system call number, which is negative, from A7, and so does Linux: no Linux system call looks
// like one of seL4's.

import { Layout } from "../layout";

export { COMPACT_LAYOUT, FLOATING_BREAK, Layout } from "../layout";
export * from "./signalFrame";

/** e_machine of the programs that run here. */
export const ELF_MACHINE: u16 = 243;
/** utsname.machine, AT_PLATFORM. */
export const MACHINE_NAME: string = "riscv64";
/** AT_HWCAP: a bit for each letter, A C D F I M. */
export const HARDWARE_CAPABILITIES: u64 = 0x112d;
/** AT_HWCAP2: Linux has none of it. */
export const HARDWARE_CAPABILITIES_2: u64 = 0;
/** Whether the auxiliary vector has AT_PLATFORM and AT_HWCAP2, and AT_MINSIGSTKSZ. */
export const TELLS_PLATFORM: bool = false;
export const TELLS_SIGNAL_STACK: bool = false;
/** What /proc/cpuinfo says of each processor. */
export const PROCESSOR_DESCRIPTION: string = "isa\t\t: rv64imafdc\nmmu\t\t: sv39\n";
/** Whether the clock counter's frequency is the processor's, for /proc/cpuinfo. */
export const COUNTS_PROCESSOR_CYCLES: bool = false;

// ---------------------------------------------------------------- messages

export const IP: usize = 8;
export const SP: usize = 16;
export const RA: usize = 24;
/** A0 to A7 follow each other. */
export const A0: usize = 32;
const A7: usize = A0 + 7 * 8;
/** Words of an UnknownSyscall message. */
const MESSAGE_WORDS: i32 = 11;
export const GP: usize = 8 + MESSAGE_WORDS * 8;
/** S0 to S11 follow each other, and T0 to T6. */
export const S0: usize = GP + 8;
export const T0: usize = S0 + 12 * 8;
export const TP: usize = T0 + 7 * 8;
/** Bytes of a message block that holds a thread's registers. */
export const MESSAGE_SIZE: i32 = 8 + (MESSAGE_WORDS + 21) * 8;
/** The shortest reply that reaches the result: FaultIP SP RA A0. */
const REPLY_WORDS: u32 = 4;
/** `ecall` is four bytes; the message has its address. */
const SYSCALL_LENGTH: u64 = 4;

/** Words of seL4_UserContext; the thread pointer is a general register. */
export const CONTEXT_GENERAL: u32 = 32;
export const CONTEXT_WORDS: u32 = 32;
/** Bytes of CONTEXT_WORDS. */
export const CONTEXT_SIZE: i32 = 32 * 8;
const CONTEXT_SP: usize = 2 * 8;
const CONTEXT_A0: usize = 16 * 8;
const CONTEXT_TP: usize = 31 * 8;

/** Whether the message of a system call has all general registers. */
export const SYSTEM_CALL_HAS_REGISTERS: bool = false;

/** Adds to the message of a system call what the kernel leaves out of it and the call needs: nothing. */
// @ts-ignore: decorator
@inline
export function completeSystemCall(tcb: u32, message: usize): void {}

/** The Linux system call number: 32 bits of A7, as Linux takes it. */
// @ts-ignore: decorator
@inline
export function systemCallNumber(message: usize): u32 {
    return load<u32>(message, A7);
}

/** Argument 0 to 5. */
// @ts-ignore: decorator
@inline
export function argument0(message: usize): u64 {
    return load<u64>(message, A0);
}
// @ts-ignore: decorator
@inline
export function argument1(message: usize): u64 {
    return load<u64>(message, A0 + 8);
}
// @ts-ignore: decorator
@inline
export function argument2(message: usize): u64 {
    return load<u64>(message, A0 + 16);
}
// @ts-ignore: decorator
@inline
export function argument3(message: usize): u64 {
    return load<u64>(message, A0 + 24);
}
// @ts-ignore: decorator
@inline
export function argument4(message: usize): u64 {
    return load<u64>(message, A0 + 32);
}
// @ts-ignore: decorator
@inline
export function argument5(message: usize): u64 {
    return load<u64>(message, A0 + 40);
}

/** The system call has returned `result`: the thread goes on behind the instruction. */
// @ts-ignore: decorator
@inline
export function finishSystemCall(message: usize, result: i64): void {
    store<i64>(message, result, A0);
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
    store<i64>(message, result, A0);
    store<u64>(message, ip, IP);
}

/** The register that a system call's result is in. */
export function systemCallResult(message: usize): i64 {
    return load<i64>(message, A0);
}

export function instructionPointer(message: usize): u64 {
    return load<u64>(message, IP);
}

export function stackPointer(message: usize): u64 {
    return load<u64>(message, SP);
}

/** Brings the words of a seL4_UserContext into the form of a message. */
export function contextToMessage(from: usize, message: usize): void {
    store<u64>(message, load<u64>(from), IP);
    store<u64>(message, load<u64>(from, 8), RA);
    store<u64>(message, load<u64>(from, CONTEXT_SP), SP);
    memory.copy(message + GP, from + 3 * 8, 13 * 8); // gp, s0..s11
    memory.copy(message + A0, from + CONTEXT_A0, 8 * 8);
    memory.copy(message + T0, from + 24 * 8, 8 * 8); // t0..t6, tp
}

/** The reverse of contextToMessage. */
export function messageToContext(message: usize, to: usize): void {
    store<u64>(to, load<u64>(message, IP));
    store<u64>(to, load<u64>(message, RA), 8);
    store<u64>(to, load<u64>(message, SP), CONTEXT_SP);
    memory.copy(to + 3 * 8, message + GP, 13 * 8);
    memory.copy(to + CONTEXT_A0, message + A0, 8 * 8);
    memory.copy(to + 24 * 8, message + T0, 8 * 8);
}

/** Registers of a program's first instruction (CONTEXT_WORDS words): all zero but these. */
export function startContext(to: usize, entry: u64, stack: u64): void {
    memory.fill(to, 0, CONTEXT_WORDS * 8);
    store<u64>(to, entry);
    store<u64>(to, stack, CONTEXT_SP);
}

/**
 * Registers of the child of fork or clone: `child` has the parent's, all of them. `stack` 0 keeps the parent's stack
 * pointer; `setTls` replaces the thread pointer. The floating point registers are a new TCB's,
 * zero: generic/forkState.ts has the child load its parent's.
 */
export function childContext(message: usize, child: usize, stack: u64, setTls: bool, tls: u64): void {
    store<u64>(child, load<u64>(message, IP) + SYSCALL_LENGTH);
    if (stack != 0) store<u64>(child, stack, CONTEXT_SP);
    store<u64>(child, 0, CONTEXT_A0);
    if (setTls) store<u64>(child, tls, CONTEXT_TP);
}

/** Argument orders of clone(2) differ: here flags, stack, parent tid, tls, child tid. */
export const CLONE_TLS_ARGUMENT: i32 = 3;

// ---------------------------------------------------------------- faults

// Codes of scause (RISC-V privileged architecture, 4.1.9). Of a VMFault the kernel gives the access fault's code for a page
// fault's, too.
const CAUSE_FETCH_MISALIGNED: i32 = 0;
const CAUSE_FETCH: u64 = 1;
const CAUSE_BREAKPOINT: i32 = 3;
const CAUSE_LOAD_MISALIGNED: i32 = 4;
const CAUSE_STORE_MISALIGNED: i32 = 6;
const CAUSE_STORE: u64 = 7;

/** Whether pages can be readable and not executable. */
export const FORBIDS_EXECUTION: bool = true;

/** VMFault: IP, address, instruction fetch, fault status register: scause. */
export function faultAddress(message: usize): u64 {
    return load<u64>(message, 16);
}
export function faultIsWrite(message: usize): bool {
    return load<u64>(message, 32) == CAUSE_STORE;
}
export function faultIsFetch(message: usize): bool {
    return load<u64>(message, 24) != 0 || load<u64>(message, 32) == CAUSE_FETCH;
}

/** Whether the page is there and only the address is not aligned: such an access raises another exception here. */
// @ts-ignore: decorator
@inline
export function faultIsUnaligned(message: usize): bool {
    return false;
}

/** What signal frames say of faults beside the address: nothing. */
export const PAGE_FAULT_NUMBER: u64 = 0;
export function pageFaultCode(message: usize): u64 {
    return 0;
}
export function exceptionNumber(message: usize): u64 {
    return 0;
}
export function exceptionCode(message: usize): u64 {
    return 0;
}

/** UserException: IP, SP, scause, 0. */
export function exceptionAddress(message: usize): u64 {
    return load<u64>(message, 8);
}

/** si_code of a breakpoint instruction: TRAP_BRKPT. */
export const BREAKPOINT_CODE: i32 = 1;

/** The signal of a processor exception, and its si_code in bits 8 and up (siginfo.h). */
export function exceptionSignal(message: usize): i32 {
    switch (<i32>load<u64>(message, 24)) {
        case CAUSE_BREAKPOINT: // SIGTRAP, TRAP_BRKPT
            return 5 | (1 << 8);
        case CAUSE_FETCH_MISALIGNED: // SIGBUS, BUS_ADRALN
        case CAUSE_LOAD_MISALIGNED:
        case CAUSE_STORE_MISALIGNED:
            return 7 | (1 << 8);
        default:
            // an instruction that is not there, or not for programs: SIGILL, ILL_ILLOPC
            return 4 | (1 << 8);
    }
}

// ---------------------------------------------------------------- address space

/** Lowest address that may be mapped: Linux's default vm.mmap_min_addr. */
export const MINIMUM_ADDRESS: u64 = 0x1_0000;
/** End of what a process may map: the lower half of Sv39 but its last page. */
export const USER_END: u64 = 0x3f_ffff_f000;

/** For images that reach into the compact layout's other places. */
export const WIDE_LAYOUT: Layout = new Layout(0x3f_fff0_0000, 0x3f_0000_0000, 0x2a_aaaa_a000, 0x3e_0000_0000);
