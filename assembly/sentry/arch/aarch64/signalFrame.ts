// SPDX-License-Identifier: Apache-2.0
//
// Signal frames of aarch64 (asm/sigcontext.h, asm/ucontext.h) and the machine code of the stubs, which moves the SIMD
// registers between the processor and the frame: seL4 has no call that reads or writes a thread's.

import { Thread } from "../../kernel/thread";
import { FLAGS, IP, SP, X0, X8 } from "./machine";
import { PATCHED_CALL } from "./systemCallSites";

// struct rt_sigframe: siginfo, ucontext; in struct sigcontext fault address, x0..x30, sp, pc, pstate, records.
const FRAME_UCONTEXT: usize = 128;
const FRAME_UC_STACK: usize = FRAME_UCONTEXT + 16;
const FRAME_MASK: usize = FRAME_UCONTEXT + 40;
const FRAME_CONTEXT: usize = FRAME_UCONTEXT + 176;
const CONTEXT_REGISTERS: usize = 8;
const CONTEXT_SP: usize = 256;
const CONTEXT_PC: usize = 264;
const CONTEXT_PSTATE: usize = 272;
const CONTEXT_RECORDS: usize = 288;
/** struct fpsimd_context, the first record: magic, size, fpsr, fpcr, 32 registers of 16 bytes. An empty record ends them. */
const FRAME_FPSIMD: usize = FRAME_CONTEXT + CONTEXT_RECORDS;
const FPSIMD_MAGIC: u32 = 0x4650_8001;
const FPSIMD_SIZE: u32 = 528;
/** struct esr_context, where a fault has been: magic, size, ESR. */
const FRAME_ESR: usize = FRAME_FPSIMD + FPSIMD_SIZE;
const ESR_MAGIC: u32 = 0x4553_5201;
const ESR_SIZE: u32 = 16;
/** Behind the records, which an empty one ends: frame pointer and return address of what was interrupted, for debuggers. */
const FRAME_RECORD: usize = FRAME_ESR + ESR_SIZE + 16;

/** Bytes of the frame that are written; struct sigcontext has room for more records than there are here. */
export const SIGNAL_FRAME_SIZE: i32 = 1152;
/** Bytes that the frame takes on the stack: all of struct rt_sigframe. */
const FRAME_ROOM: u64 = 4688;
export const SIGNAL_INFO_SIZE: i32 = 128;
/** MINSIGSTKSZ, AT_MINSIGSTKSZ. */
export const SIGNAL_STACK_MINIMUM: u64 = 5120;
/** struct kernel_sigaction: its bytes, and where its mask is. */
export const SIGACTION_SIZE: i32 = 32;
export const SIGACTION_MASK: usize = 24;
/** Whether it has a restorer. */
export const HAS_RESTORER: bool = true;
/** Whether a handler must come with a restorer (SA_RESTORER): the vDSO has one. */
export const RESTORER_REQUIRED: bool = false;

/** Address of the frame of a handler that starts with its stack at `stack` (`onAlternate`: an empty stack). */
export function signalFrameAddress(stack: u64, onAlternate: bool): u64 {
    return (stack - FRAME_ROOM) & ~15;
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
    memory.copy(context + CONTEXT_REGISTERS, message + X0, 8 * 8);
    memory.copy(context + CONTEXT_REGISTERS + 8 * 8, message + X8, 23 * 8);
    store<u64>(context, load<u64>(message, SP), CONTEXT_SP);
    store<u64>(context, load<u64>(message, IP), CONTEXT_PC);
    store<u64>(context, load<u64>(message, FLAGS), CONTEXT_PSTATE);
    store<u32>(frame, FPSIMD_MAGIC, FRAME_FPSIMD);
    store<u32>(frame, FPSIMD_SIZE, FRAME_FPSIMD + 4);
    store<u64>(context, thread.faultAddress);
    if (thread.faultCode != 0) {
        store<u32>(frame, ESR_MAGIC, FRAME_ESR);
        store<u32>(frame, ESR_SIZE, FRAME_ESR + 4);
        store<u64>(frame, thread.faultCode, FRAME_ESR + 8);
    }
    memory.copy(frame + FRAME_RECORD, message + X8 + 21 * 8, 2 * 8);
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

/** Has the thread enter the handler: by way of the stub, which saves the SIMD registers first. */
export function enterHandler(
    message: usize,
    handler: u64,
    signal: i32,
    code: i32,
    address: u64,
    restorer: u64,
    stubPage: u64,
): void {
    store<u64>(message, signal, X0);
    store<u64>(message, address, X0 + 8);
    store<u64>(message, address + FRAME_UCONTEXT, X0 + 16);
    const upper = message + X8;
    store<u64>(upper, address + FRAME_FPSIMD, 8 * 8); // x16
    store<u64>(upper, handler, 9 * 8); // x17
    store<u64>(upper, address + FRAME_RECORD, 21 * 8); // x29
    store<u64>(upper, restorer, 22 * 8); // x30
    store<u64>(message, address, SP);
    store<u64>(message, stubPage + STUB_ENTER, IP);
}

/** The frame's address when rt_sigreturn is called: the stack is as the handler found it. */
export function frameAtReturn(message: usize): u64 {
    return load<u64>(message, SP);
}

/** Whether this rt_sigreturn comes from the stub, which has reloaded the SIMD registers. */
export function returnsFromStub(message: usize, stubPage: u64): bool {
    return load<u64>(message, IP) == stubPage + STUB_RESTORE_SYSCALL;
}

/** The first half of rt_sigreturn: has the stub reload the SIMD registers and call rt_sigreturn again. False: none there. */
export function enterRestoreStub(message: usize, frame: usize, stubPage: u64): bool {
    if (load<u32>(frame, FRAME_FPSIMD) != FPSIMD_MAGIC || load<u32>(frame, FRAME_FPSIMD + 4) != FPSIMD_SIZE)
        return false;
    store<u64>(message + X8, load<u64>(message, SP) + FRAME_FPSIMD, 8 * 8); // x16
    store<u64>(message, stubPage + STUB_RESTORE, IP);
    return true;
}

/** The second half: takes the registers from the frame. The result is the signal mask to be restored. */
export function restoreFromFrame(message: usize, frame: usize): u64 {
    const context = frame + FRAME_CONTEXT;
    memory.copy(message + X0, context + CONTEXT_REGISTERS, 8 * 8);
    memory.copy(message + X8, context + CONTEXT_REGISTERS + 8 * 8, 23 * 8);
    store<u64>(message, load<u64>(context, CONTEXT_SP), SP);
    store<u64>(message, load<u64>(context, CONTEXT_PC), IP);
    store<u64>(message, load<u64>(context, CONTEXT_PSTATE), FLAGS);
    return load<u64>(frame, FRAME_MASK);
}

/** Address in the frame of the alternate stack that was in force (struct stack_t). */
export function stackOfFrame(frame: usize): usize {
    return frame + FRAME_UC_STACK;
}

// ---------------------------------------------------------------- fork (generic/forkState.ts)

/** Has a thread that forks save the SIMD registers to the frame at `address` first, and then call again. */
export function enterForkStub(message: usize, address: u64, stubPage: u64): void {
    const upper = message + X8;
    store<u64>(upper, address + FRAME_FPSIMD, 8 * 8); // x16
    store<u64>(upper, stubPage + STUB_FORK, 9 * 8); // x17
    store<u64>(message, stubPage + STUB_ENTER, IP);
}

/** Whether this is that second call. */
export function isInForkStub(message: usize, stubPage: u64): bool {
    return load<u64>(message, IP) == stubPage + STUB_FORK;
}

/** Takes what the stub has changed from the frame. */
export function leaveForkStub(message: usize, frame: usize): void {
    const context = frame + FRAME_CONTEXT;
    memory.copy(message + X8 + 8, context + CONTEXT_REGISTERS + 9 * 8, 8); // x9
    memory.copy(message + X8 + 8 * 8, context + CONTEXT_REGISTERS + 16 * 8, 2 * 8); // x16, x17
    store<u64>(message, load<u64>(context, CONTEXT_PC) - CALL_LENGTH, IP);
}

/** Changes the registers in a frame into those with which the child leaves fork. The thread pointer is none of them. */
export function makeChildFrame(frame: usize, stack: u64, setTls: bool, tls: u64): void {
    const context = frame + FRAME_CONTEXT;
    store<u64>(context, 0, CONTEXT_REGISTERS);
    store<u64>(context, load<u64>(context, CONTEXT_PC) + CALL_LENGTH, CONTEXT_PC);
    if (stack != 0) store<u64>(context, stack, CONTEXT_SP);
}

/** Has the child, whose seL4_UserContext is `child`, begin by loading the frame at `address`. */
export function enterChildStub(child: usize, address: u64, stubPage: u64): void {
    store<u64>(child, stubPage + STUB_RESTORE);
    store<u64>(child, address, 8); // sp
    store<u64>(child, address + FRAME_FPSIMD, 12 * 8); // x16
}

// ---------------------------------------------------------------- the stubs

const STUB_ENTER: u64 = 0;
const STUB_RESTORE: u64 = 128;
/** Offset of the system call in the restore stub: 16 loads, four instructions for the status registers, one for the number. */
const STUB_RESTORE_SYSCALL: u64 = STUB_RESTORE + 21 * 4;
/**
 * Where a handler without a restorer of its own returns to: __kernel_rt_sigreturn, which the vDSO itself has here
 * (runtime-c/vdso/aarch64/sigreturn.S).
 */
export const STUB_RETURN: u64 = 256;
/** Where a fork is called again, when the saving stub has run. */
const STUB_FORK: u64 = 320;
/** Instructions are four bytes. */
const CALL_LENGTH: u64 = 4;

// Instructions (Arm Architecture Reference Manual, C6.2, C7.2).
const STP_Q0_Q1_X16: u32 = 0xad00_0600;
const LDP_Q0_Q1_X16: u32 = 0xad40_0600;
const MRS_X9_FPSR: u32 = 0xd53b_4429;
const MRS_X9_FPCR: u32 = 0xd53b_4409;
const MSR_FPSR_X9: u32 = 0xd51b_4429;
const MSR_FPCR_X9: u32 = 0xd51b_4409;
const STR_W9_X16: u32 = 0xb900_0209;
const LDR_W9_X16: u32 = 0xb940_0209;
const BR_X17: u32 = 0xd61f_0220;
/** mov x8, #139: rt_sigreturn. */
const MOV_X8_SIGRETURN: u32 = 0xd280_1168;

let codeAt: usize = 0;

function emit(instruction: u32): void {
    store<u32>(codeAt, instruction);
    codeAt += 4;
}

/** `stp` or `ldp` of all registers, from offset 16 of the area at x16. `first` is the instruction for q0 and q1 at offset 0. */
function emitPairs(first: u32): void {
    for (let pair: u32 = 0; pair < 16; pair++) {
        // imm7 counts 16 bytes, in bits 15 to 21; the registers are in bits 0 and 10.
        emit(
            (first & ~(<u32>0x7c1f)) |
                (16 << 5) |
                ((1 + 2 * pair) << 15) |
                ((2 * pair + 1) << 10) |
                (2 * pair),
        );
    }
}

/** `str` or `ldr` of w9 at [x16, #8] or [x16, #12]: imm12 counts 4 bytes, in bits 10 and up. */
function emitWord(instruction: u32, offset: u32): void {
    emit(instruction | ((offset >> 2) << 10));
}

/** Writes the machine code that runs in the program to the place of the stubs. */
export function writeStubs(page: usize): void {
    codeAt = page + <usize>STUB_ENTER;
    emitPairs(STP_Q0_Q1_X16);
    emit(MRS_X9_FPSR);
    emitWord(STR_W9_X16, 8);
    emit(MRS_X9_FPCR);
    emitWord(STR_W9_X16, 12);
    emit(BR_X17);

    codeAt = page + <usize>STUB_RESTORE;
    emitPairs(LDP_Q0_Q1_X16);
    emitWord(LDR_W9_X16, 8);
    emit(MSR_FPSR_X9);
    emitWord(LDR_W9_X16, 12);
    emit(MSR_FPCR_X9);
    emit(MOV_X8_SIGRETURN);
    emit(PATCHED_CALL);

    codeAt = page + <usize>STUB_FORK;
    emit(PATCHED_CALL);
}
