// SPDX-License-Identifier: Apache-2.0
//
// Everything about aarch64 that the sentry knows (its siblings export the same names): where registers are in seL4's
// messages, how Linux passes system call arguments, faults, the address space's layout. Signal frames and the stub
// page's machine code are in signalFrame.ts.
//
// A thread's registers are kept as the message block of an UnknownSyscall fault: u32 label, u32 length, then X0..X7
// FaultIP SP ELR SPSR Syscall; behind it X8..X30, which the kernel leaves out. X8 has the Linux system call number: it is
// read from the TCB for each call, the others when they are needed (kernel/thread.ts, hasRegisters). seL4_UserContext has
// another order: pc sp spsr x0..x8 x16 x17 x18 x29 x30, then x9..x15 x19..x28, tpidr_el0 tpidrro_el0.
//
// The kernel takes its own system call number from X7. So `svc` is patched before it can be executed: systemCallSites.ts.

import { tcbReadRegisters } from "../../../sel4/generated/host";
import { Layout } from "../layout";
import { reserveBuffer } from "../../memory/buffers";

export { COMPACT_LAYOUT, FLOATING_BREAK, Layout } from "../layout";
export * from "./signalFrame";

/** e_machine of the programs that run here. */
export const ELF_MACHINE: u16 = 183;
/** utsname.machine, AT_PLATFORM. */
export const MACHINE_NAME: string = "aarch64";
/** AT_HWCAP: floating point and Advanced SIMD, which every ARMv8-A application processor has. */
export const HARDWARE_CAPABILITIES: u64 = 3;
/** AT_HWCAP2: nothing of it is certain. */
export const HARDWARE_CAPABILITIES_2: u64 = 0;
/** Whether the auxiliary vector has AT_PLATFORM and AT_HWCAP2, and AT_MINSIGSTKSZ. */
export const TELLS_PLATFORM: bool = true;
export const TELLS_SIGNAL_STACK: bool = true;
/** What /proc/cpuinfo says of each processor. */
export const PROCESSOR_DESCRIPTION: string = "Features\t: fp asimd\nCPU architecture: 8\n";
/** Whether the clock counter's frequency is the processor's, for /proc/cpuinfo. */
export const COUNTS_PROCESSOR_CYCLES: bool = false;

// ---------------------------------------------------------------- messages

/** Register Xn, n from 0 to 7, is at X0 + 8 n; Xn from 8 to 30 at X8 + 8 (n - 8). */
export const X0: usize = 8;
export const IP: usize = 72;
export const SP: usize = 80;
export const FLAGS: usize = 96;
/** Words of an UnknownSyscall message. */
const MESSAGE_WORDS: i32 = 13;
export const X8: usize = 8 + MESSAGE_WORDS * 8;
/** Bytes of a message block that holds a thread's registers. */
export const MESSAGE_SIZE: i32 = 8 + (MESSAGE_WORDS + 23) * 8;
/** The shortest reply that reaches the instruction pointer: X0 to FaultIP. */
const REPLY_WORDS: u32 = 9;
/** `svc` is four bytes; the message has its address. */
const SYSCALL_LENGTH: u64 = 4;

/** Words of seL4_UserContext: general registers, and with the thread pointers. */
export const CONTEXT_GENERAL: u32 = 34;
export const CONTEXT_WORDS: u32 = 36;
/** Bytes of CONTEXT_WORDS. */
export const CONTEXT_SIZE: i32 = 36 * 8;
const CONTEXT_X0: usize = 3 * 8;
const CONTEXT_X8: usize = 11 * 8;
const CONTEXT_TLS: usize = 34 * 8;
/** Words up to X8. */
const CONTEXT_NUMBER: u32 = 12;

/** Whether the message of a system call has all general registers. */
export const SYSTEM_CALL_HAS_REGISTERS: bool = false;

/** The first words of a seL4_UserContext. */
const context: usize = reserveBuffer(CONTEXT_NUMBER * 8);

/** Adds to the message of a system call what the kernel leaves out of it: X8, the number. */
export function completeSystemCall(tcb: u32, message: usize): void {
    tcbReadRegisters(tcb, 0, CONTEXT_NUMBER, <u32>context);
    store<u64>(message, load<u64>(context, CONTEXT_X8), X8);
}

/** The Linux system call number: 32 bits of X8, as Linux takes it. */
// @ts-ignore: decorator
@inline
export function systemCallNumber(message: usize): u32 {
    return load<u32>(message, X8);
}

/** Argument 0 to 5. */
// @ts-ignore: decorator
@inline
export function argument0(message: usize): u64 {
    return load<u64>(message, X0);
}
// @ts-ignore: decorator
@inline
export function argument1(message: usize): u64 {
    return load<u64>(message, X0 + 8);
}
// @ts-ignore: decorator
@inline
export function argument2(message: usize): u64 {
    return load<u64>(message, X0 + 16);
}
// @ts-ignore: decorator
@inline
export function argument3(message: usize): u64 {
    return load<u64>(message, X0 + 24);
}
// @ts-ignore: decorator
@inline
export function argument4(message: usize): u64 {
    return load<u64>(message, X0 + 32);
}
// @ts-ignore: decorator
@inline
export function argument5(message: usize): u64 {
    return load<u64>(message, X0 + 40);
}

/** The system call has returned `result`: the thread goes on behind the instruction. */
// @ts-ignore: decorator
@inline
export function finishSystemCall(message: usize, result: i64): void {
    store<i64>(message, result, X0);
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
    store<i64>(message, result, X0);
    store<u64>(message, ip, IP);
}

/** The register that a system call's result is in. */
export function systemCallResult(message: usize): i64 {
    return load<i64>(message, X0);
}

export function instructionPointer(message: usize): u64 {
    return load<u64>(message, IP);
}

export function stackPointer(message: usize): u64 {
    return load<u64>(message, SP);
}

/** Brings the first CONTEXT_GENERAL words of a seL4_UserContext into the form of a message. */
export function contextToMessage(from: usize, message: usize): void {
    store<u64>(message, load<u64>(from), IP);
    store<u64>(message, load<u64>(from, 8), SP);
    store<u64>(message, load<u64>(from, 16), FLAGS);
    memory.copy(message + X0, from + CONTEXT_X0, 8 * 8);
    const upper = message + X8;
    store<u64>(upper, load<u64>(from, CONTEXT_X8));
    memory.copy(upper + 8 * 8, from + 12 * 8, 3 * 8); // x16..x18
    memory.copy(upper + 21 * 8, from + 15 * 8, 2 * 8); // x29, x30
    memory.copy(upper + 8, from + 17 * 8, 7 * 8); // x9..x15
    memory.copy(upper + 11 * 8, from + 24 * 8, 10 * 8); // x19..x28
}

/** The reverse of contextToMessage. */
export function messageToContext(message: usize, to: usize): void {
    store<u64>(to, load<u64>(message, IP));
    store<u64>(to, load<u64>(message, SP), 8);
    store<u64>(to, load<u64>(message, FLAGS), 16);
    memory.copy(to + CONTEXT_X0, message + X0, 8 * 8);
    const upper = message + X8;
    store<u64>(to, load<u64>(upper), CONTEXT_X8);
    memory.copy(to + 12 * 8, upper + 8 * 8, 3 * 8);
    memory.copy(to + 15 * 8, upper + 21 * 8, 2 * 8);
    memory.copy(to + 17 * 8, upper + 8, 7 * 8);
    memory.copy(to + 24 * 8, upper + 11 * 8, 10 * 8);
}

/** Registers of a program's first instruction (CONTEXT_WORDS words): all zero but these. */
export function startContext(to: usize, entry: u64, stack: u64): void {
    memory.fill(to, 0, CONTEXT_WORDS * 8);
    store<u64>(to, entry);
    store<u64>(to, stack, 8);
}

/**
 * Registers of the child of fork or clone: `child` has the parent's, all of them. `stack` 0 keeps the parent's stack
 * pointer; `setTls` replaces the thread pointer. The SIMD registers are a new TCB's, zero: generic/forkState.ts has
 * the child load its parent's.
 */
export function childContext(message: usize, child: usize, stack: u64, setTls: bool, tls: u64): void {
    store<u64>(child, load<u64>(message, IP) + SYSCALL_LENGTH);
    if (stack != 0) store<u64>(child, stack, 8);
    store<u64>(child, 0, CONTEXT_X0);
    if (setTls) store<u64>(child, tls, CONTEXT_TLS);
}

/** Argument orders of clone(2) differ: here flags, stack, parent tid, tls, child tid. */
export const CLONE_TLS_ARGUMENT: i32 = 3;

// ---------------------------------------------------------------- faults

/** Exception classes of ESR_EL1 (Arm Architecture Reference Manual, D19.2.37). */
const CLASS_DATA_ABORT: u64 = 0x24;
const CLASS_PC_ALIGNMENT: u64 = 0x22;
const CLASS_SP_ALIGNMENT: u64 = 0x26;
const CLASS_FLOATING_POINT: u64 = 0x2c;
const CLASS_BREAKPOINT: u64 = 0x3c;
const CLASS_SHIFT: u64 = 26;
/** Of a data abort: a write, and not by a cache maintenance instruction, which always calls itself one. */
const WRITE_NOT_READ: u64 = 1 << 6;
const CACHE_MAINTENANCE: u64 = 1 << 8;
const STATUS_MASK: u64 = 0x3f;
const STATUS_ALIGNMENT: u64 = 0x21;

/** Whether pages can be readable and not executable. */
export const FORBIDS_EXECUTION: bool = true;

/** VMFault: IP, address, instruction fetch, fault status register: ESR. */
export function faultAddress(message: usize): u64 {
    return load<u64>(message, 16);
}
export function faultIsWrite(message: usize): bool {
    return (
        (load<u64>(message, 32) & (WRITE_NOT_READ | CACHE_MAINTENANCE)) == WRITE_NOT_READ &&
        !faultIsFetch(message)
    );
}
export function faultIsFetch(message: usize): bool {
    return load<u64>(message, 24) != 0;
}
/** Whether the page is there and only the address is not aligned, as exclusive and atomic accesses ask for. */
export function faultIsUnaligned(message: usize): bool {
    const status = load<u64>(message, 32);
    return ((status >> CLASS_SHIFT) & 0x3f) == CLASS_DATA_ABORT && (status & STATUS_MASK) == STATUS_ALIGNMENT;
}

/** What signal frames say of faults beside the address: the ESR. */
export const PAGE_FAULT_NUMBER: u64 = 0;
export function pageFaultCode(message: usize): u64 {
    return load<u64>(message, 32);
}
export function exceptionNumber(message: usize): u64 {
    return 0;
}
export function exceptionCode(message: usize): u64 {
    return load<u64>(message, 32);
}

/** UserException: IP, SP, SPSR, ESR, 0. */
export function exceptionAddress(message: usize): u64 {
    return load<u64>(message, 8);
}

/** si_code of a breakpoint instruction: TRAP_BRKPT. */
export const BREAKPOINT_CODE: i32 = 1;

/** si_code of a trapped arithmetic exception: what its syndrome says, in Linux's order (ESR_ELx, trapped floating-point exceptions). */
function floatingPointCode(syndrome: u64): i32 {
    if ((syndrome & (1 << 23)) == 0) return 14; // the flags say nothing: FPE_FLTUNK
    if ((syndrome & 1) != 0) return 7; // invalid operation: FPE_FLTINV
    if ((syndrome & 2) != 0) return 3; // division by zero: FPE_FLTDIV
    if ((syndrome & 4) != 0) return 4; // overflow: FPE_FLTOVF
    if ((syndrome & 8) != 0) return 5; // underflow: FPE_FLTUND
    return (syndrome & 16) != 0 ? 6 : 14; // inexact result: FPE_FLTRES
}

/** The signal of a processor exception, and its si_code in bits 8 and up (siginfo.h). */
export function exceptionSignal(message: usize): i32 {
    switch (<i32>((load<u64>(message, 32) >> CLASS_SHIFT) & 0x3f)) {
        case <i32>CLASS_BREAKPOINT: // SIGTRAP, TRAP_BRKPT
            return 5 | (1 << 8);
        case <i32>CLASS_PC_ALIGNMENT: // SIGBUS, BUS_ADRALN
        case <i32>CLASS_SP_ALIGNMENT:
            return 7 | (1 << 8);
        case <i32>CLASS_FLOATING_POINT:
            return 8 | (floatingPointCode(load<u64>(message, 32)) << 8);
        default:
            // undefined instructions, and system registers that the kernel keeps to itself: SIGILL, ILL_ILLOPC
            return 4 | (1 << 8);
    }
}

// ---------------------------------------------------------------- address space

/** Lowest address that may be mapped: Linux's default vm.mmap_min_addr. */
export const MINIMUM_ADDRESS: u64 = 0x1_0000;
/** End of what a process may map: 39 bits, as Linux has in its smallest configuration; fits kernels at EL2 too. */
export const USER_END: u64 = 0x7f_ffff_f000;

/** For images that reach into the compact layout's other places. */
export const WIDE_LAYOUT: Layout = new Layout(0x7f_fff0_0000, 0x7f_0000_0000, 0x55_5555_4000, 0x7e_0000_0000);
