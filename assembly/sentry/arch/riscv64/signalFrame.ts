// SPDX-License-Identifier: Apache-2.0
//
// Signal frames of riscv64 (asm/sigcontext.h, asm/ucontext.h) and the machine code of the stubs, which moves the floating
// point registers between the processor and the frame: seL4 has no call that reads or writes a thread's.

import { Thread } from "../../kernel/thread";
import { A0, GP, IP, RA, S0, SP, T0, TP } from "./machine";

// struct rt_sigframe: siginfo, ucontext; in struct sigcontext pc, x1..x31, then the floating point state.
const FRAME_UCONTEXT: usize = 128;
const FRAME_UC_STACK: usize = FRAME_UCONTEXT + 16;
const FRAME_MASK: usize = FRAME_UCONTEXT + 40;
const FRAME_CONTEXT: usize = FRAME_UCONTEXT + 176;
/** struct __riscv_d_ext_state: 32 registers of 8 bytes, fcsr; in a union with room for larger registers. */
const FRAME_FLOAT: usize = FRAME_CONTEXT + 256;

/** Bytes of struct rt_sigframe. */
export const SIGNAL_FRAME_SIZE: i32 = 1088;
export const SIGNAL_INFO_SIZE: i32 = 128;
/** MINSIGSTKSZ, AT_MINSIGSTKSZ. */
export const SIGNAL_STACK_MINIMUM: u64 = 2048;
/** struct kernel_sigaction: its bytes, and where its mask is. */
export const SIGACTION_SIZE: i32 = 24;
export const SIGACTION_MASK: usize = 16;
/** Whether it has a restorer. */
export const HAS_RESTORER: bool = false;
/** Whether a handler must come with a restorer: the vDSO has one. */
export const RESTORER_REQUIRED: bool = false;

/** Address of the frame of a handler that starts with its stack at `stack` (`onAlternate`: an empty stack). */
export function signalFrameAddress(stack: u64, onAlternate: bool): u64 {
    return (stack - SIGNAL_FRAME_SIZE) & ~15;
}

/**
 * Fills a frame (SIGNAL_FRAME_SIZE bytes at `frame` in the sentry) that will lie at `address`. The siginfo is the
 * caller's (signalInfoOf).
 */
export function fillSignalFrame(frame: usize, thread: Thread, address: u64, restorer: u64, mask: u64): void {
    const message = thread.message;
    memory.fill(frame, 0, SIGNAL_FRAME_SIZE);
    store<u64>(frame, thread.alternateStack, FRAME_UC_STACK);
    store<u32>(frame, thread.alternateStackFlags, FRAME_UC_STACK + 8);
    store<u64>(frame, thread.alternateStackSize, FRAME_UC_STACK + 16);
    store<u64>(frame, mask, FRAME_MASK);
    const context = frame + FRAME_CONTEXT;
    // struct user_regs_struct: pc ra sp gp tp t0..t2 s0 s1 a0..a7 s2..s11 t3..t6.
    store<u64>(context, load<u64>(message, IP));
    store<u64>(context, load<u64>(message, RA), 8);
    store<u64>(context, load<u64>(message, SP), 16);
    store<u64>(context, load<u64>(message, GP), 24);
    store<u64>(context, load<u64>(message, TP), 32);
    memory.copy(context + 40, message + T0, 3 * 8);
    memory.copy(context + 64, message + S0, 2 * 8);
    memory.copy(context + 80, message + A0, 8 * 8);
    memory.copy(context + 144, message + S0 + 2 * 8, 10 * 8);
    memory.copy(context + 224, message + T0 + 3 * 8, 4 * 8);
}

/** No part of the frame is left as it was by what saves the registers. */
export const FPU_RESERVED_SIZE: i32 = 0;
export function fpuReservedArea(address: u64): u64 {
    return 0;
}

/** Where the siginfo is in a frame. */
// @ts-ignore: decorator
@inline
export function signalInfoOf(frame: usize): usize {
    return frame;
}

/** Has the thread enter the handler: by way of the stub, which saves the floating point registers first. */
export function enterHandler(
    message: usize,
    handler: u64,
    signal: i32,
    code: i32,
    address: u64,
    restorer: u64,
    stubPage: u64,
): void {
    store<u64>(message, signal, A0);
    store<u64>(message, address, A0 + 8);
    store<u64>(message, address + FRAME_UCONTEXT, A0 + 16);
    store<u64>(message, address + FRAME_FLOAT, T0);
    store<u64>(message, handler, T0 + 8);
    store<u64>(message, restorer, RA);
    store<u64>(message, address, SP);
    store<u64>(message, stubPage + STUB_ENTER, IP);
}

/** The frame's address when rt_sigreturn is called: the stack is as the handler found it. */
export function frameAtReturn(message: usize): u64 {
    return load<u64>(message, SP);
}

/** Whether this rt_sigreturn comes from the stub, which has reloaded the floating point registers. */
export function returnsFromStub(message: usize, stubPage: u64): bool {
    return load<u64>(message, IP) == stubPage + STUB_RESTORE_SYSCALL;
}

/** The first half of rt_sigreturn: has the stub reload the floating point registers and call rt_sigreturn again. */
export function enterRestoreStub(message: usize, frame: usize, stubPage: u64): bool {
    store<u64>(message, load<u64>(message, SP) + FRAME_FLOAT, T0);
    store<u64>(message, stubPage + STUB_RESTORE, IP);
    return true;
}

/** The second half: takes the registers from the frame. The result is the signal mask to be restored. */
export function restoreFromFrame(message: usize, frame: usize): u64 {
    const context = frame + FRAME_CONTEXT;
    store<u64>(message, load<u64>(context), IP);
    store<u64>(message, load<u64>(context, 8), RA);
    store<u64>(message, load<u64>(context, 16), SP);
    store<u64>(message, load<u64>(context, 24), GP);
    store<u64>(message, load<u64>(context, 32), TP);
    memory.copy(message + T0, context + 40, 3 * 8);
    memory.copy(message + S0, context + 64, 2 * 8);
    memory.copy(message + A0, context + 80, 8 * 8);
    memory.copy(message + S0 + 2 * 8, context + 144, 10 * 8);
    memory.copy(message + T0 + 3 * 8, context + 224, 4 * 8);
    return load<u64>(frame, FRAME_MASK);
}

/** Address in the frame of the alternate stack that was in force (struct stack_t). */
export function stackOfFrame(frame: usize): usize {
    return frame + FRAME_UC_STACK;
}

// ---------------------------------------------------------------- fork (generic/forkState.ts)

// In struct user_regs_struct.
const REGISTERS_SP: usize = 16;
const REGISTERS_TP: usize = 32;
const REGISTERS_T0: usize = 40;
const REGISTERS_A0: usize = 80;

/** Has a thread that forks save the floating point registers to the frame at `address` first, and then call again. */
export function enterForkStub(message: usize, address: u64, stubPage: u64): void {
    store<u64>(message, address + FRAME_FLOAT, T0);
    store<u64>(message, stubPage + STUB_FORK, T0 + 8);
    store<u64>(message, stubPage + STUB_ENTER, IP);
}

/** Whether this is that second call. */
export function isInForkStub(message: usize, stubPage: u64): bool {
    return load<u64>(message, IP) == stubPage + STUB_FORK;
}

/** Takes what the stub has changed from the frame. */
export function leaveForkStub(message: usize, frame: usize): void {
    const context = frame + FRAME_CONTEXT;
    memory.copy(message + T0, context + REGISTERS_T0, 3 * 8);
    store<u64>(message, load<u64>(context) - CALL_LENGTH, IP);
}

/** Changes the registers in a frame into those with which the child leaves fork. */
export function makeChildFrame(frame: usize, stack: u64, setTls: bool, tls: u64): void {
    const context = frame + FRAME_CONTEXT;
    store<u64>(context, 0, REGISTERS_A0);
    store<u64>(context, load<u64>(context) + CALL_LENGTH);
    if (stack != 0) store<u64>(context, stack, REGISTERS_SP);
    if (setTls) store<u64>(context, tls, REGISTERS_TP);
}

/** Has the child, whose seL4_UserContext is `child`, begin by loading the frame at `address`. */
export function enterChildStub(child: usize, address: u64, stubPage: u64): void {
    store<u64>(child, stubPage + STUB_RESTORE);
    store<u64>(child, address, 2 * 8); // sp
    store<u64>(child, address + FRAME_FLOAT, (16 + 8) * 8); // t0
}

// ---------------------------------------------------------------- the stubs

const STUB_ENTER: u64 = 0;
const STUB_RESTORE: u64 = 192;
/** Offset of the `ecall` in the restore stub: 32 loads, two instructions for fcsr, one for the number. */
const STUB_RESTORE_SYSCALL: u64 = STUB_RESTORE + 35 * 4;
/** Where handlers return to: __vdso_rt_sigreturn, which the vDSO itself has here (runtime-c/vdso/riscv64/sigreturn.S). */
export const STUB_RETURN: u64 = 384;
/** Where a fork is called again, when the saving stub has run. */
const STUB_FORK: u64 = 448;
const CALL_LENGTH: u64 = 4;

// Instructions (RISC-V unprivileged architecture). The area is at t0, the handler at t1.
const FSD_F0_T0: u32 = 0x0002_b027;
const FLD_F0_T0: u32 = 0x0002_b007;
const FRCSR_T2: u32 = 0x0030_23f3;
const SW_T2_256_T0: u32 = 0x1072_a023;
const JR_T1: u32 = 0x0003_0067;
const LW_T1_256_T0: u32 = 0x1002_a303;
const FSCSR_T1: u32 = 0x0033_1073;
/** li a7, 139: rt_sigreturn. */
const LI_A7_SIGRETURN: u32 = 0x08b0_0893;
const ECALL: u32 = 0x0000_0073;

let codeAt: usize = 0;

function emit(instruction: u32): void {
    store<u32>(codeAt, instruction);
    codeAt += 4;
}

/** Writes the machine code that runs in the program to the place of the stubs. */
export function writeStubs(page: usize): void {
    codeAt = page + <usize>STUB_ENTER;
    for (let register: u32 = 0; register < 32; register++) {
        // S-type: offset bits 0 to 4 in bits 7 and up, 5 to 11 in bits 25 and up; the register in bits 20 and up.
        const offset = register * 8;
        emit(FSD_F0_T0 | (register << 20) | ((offset & 31) << 7) | ((offset >> 5) << 25));
    }
    emit(FRCSR_T2);
    emit(SW_T2_256_T0);
    emit(JR_T1);

    codeAt = page + <usize>STUB_RESTORE;
    for (let register: u32 = 0; register < 32; register++) {
        // I-type: the offset in bits 20 and up, the register in bits 7 and up.
        emit(FLD_F0_T0 | (register << 7) | ((register * 8) << 20));
    }
    emit(LW_T1_256_T0);
    emit(FSCSR_T1);
    emit(LI_A7_SIGRETURN);
    emit(ECALL);

    codeAt = page + <usize>STUB_FORK;
    emit(ECALL);
}
