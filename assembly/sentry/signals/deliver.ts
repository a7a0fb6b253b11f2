// SPDX-License-Identifier: Apache-2.0
//
// Delivering signals to a thread that is about to return to its program: default actions, and the frame of a handler
// on the program's stack (sigaction(2), sigreturn(2)).

import {
    enterHandler,
    enterRestoreStub,
    fillSignalFrame,
    FPU_RESERVED_SIZE,
    fpuReservedArea,
    finishSystemCall,
    frameAtReturn,
    instructionPointer,
    restoreFromFrame,
    returnsFromStub,
    setResult,
    SIGNAL_FRAME_SIZE,
    SIGNAL_STACK_MINIMUM,
    signalFrameAddress,
    signalInfoOf,
    stackOfFrame,
    stackPointer,
    STUB_RETURN,
    systemCallResult,
} from "../arch/machine";
import { EINTR, EINVAL, ENOMEM, EPERM, ERESTARTSYS } from "../kernel/errno";
import { endProcess } from "../kernel/exit";
import { holdThread, isOrphanedGroup, stopProcess } from "../kernel/jobControl";
import { saveMessage } from "../kernel/answer";
import { isInit, Process } from "../kernel/process";
import {
    ANSWER_REGISTERS,
    ANSWER_REPLY,
    ANSWER_RESULT,
    SS_AUTODISARM,
    SS_DISABLE,
    SS_ONSTACK,
    Thread,
} from "../kernel/thread";
import { readRegisters } from "../kernel/threadObjects";
import { clearOut, copyIn, copyOut } from "../memory/userMemory";
import { PROT_EXEC, PROT_READ, Region, REGION_VDSO } from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";
import { strace } from "../strace/trace";
import { traceSignal, traceSignalReturn } from "../strace/signal";
import {
    DEFAULT_IGNORE,
    DEFAULT_STOP,
    defaultAction,
    MASK_UNBLOCKABLE,
    SA_NODEFER,
    SA_ONSTACK,
    SA_RESETHAND,
    SA_RESTART,
    SA_RESTORER,
    SIGSEGV,
    SIGSTOP,
    signalBit,
} from "./numbers";
import { writeSignalInfo } from "./information";
import { forceSignal, kernelSignal } from "./send";
import { DEFAULT_ACTION, SIG_DFL, SIG_IGN, SignalAction } from "./signalActions";
import { SignalInfo } from "./signalQueue";
import { takeSignal } from "./take";
import { reserveBuffer } from "../memory/buffers";

/** The thread goes on: answer it. */
export const DELIVERED: i32 = 0;
/** It does not: the process ended or is stopped. */
export const NOT_RUNNING: i32 = 1;

/** A signal frame on its way to or from the program. */
const frame: usize = reserveBuffer(SIGNAL_FRAME_SIZE);

/**
 * Delivers what waits for `thread` (the current one). `restart`: 0, or the -ERESTART result of the system call it is
 * in, which is then still to be executed again unless a handler starts (thread.inSystemCall says).
 */
export function deliverSignals(thread: Thread, restart: i64): i32 {
    const process = thread.process;
    while (true) {
        const info = takeSignal(thread, ~(thread.signalMask & ~MASK_UNBLOCKABLE));
        if (info === null) break;
        const signal = info.signal;
        const bit = signalBit(signal);
        const forced = (process.forcedSignals & bit) != 0;
        process.forcedSignals &= ~bit;
        const action = process.signalActions.get(signal);
        if (strace) traceSignal(thread, info);
        if (action.handler == SIG_IGN) continue;
        if (action.handler == SIG_DFL) {
            const effect = defaultAction(signal);
            if (effect == DEFAULT_IGNORE) continue;
            // Nothing in the container can kill or stop pid 1 by a signal it does not handle, SIGKILL included.
            if (isInit(process) && !forced) continue;
            if (effect == DEFAULT_STOP) {
                // Nobody would ever continue it: only SIGSTOP stops a process of an orphaned group.
                if (signal != SIGSTOP && isOrphanedGroup(process.processGroup, null)) continue;
                stopProcess(process, signal);
                saveMessage(thread);
                holdThread(thread);
                return NOT_RUNNING;
            }
            endProcess(process, signal);
            return NOT_RUNNING;
        }
        if (!startHandler(thread, info, action, restart)) {
            // There may be a handler for that, on a stack of its own; but not if it is the one that could not begin.
            if (signal == SIGSEGV) process.signalActions.set(SIGSEGV, DEFAULT_ACTION);
            forceSignal(thread, kernelSignal(SIGSEGV));
        }
        restart = 0;
    }
    if (thread.maskSaved && !thread.inSystemCall) {
        thread.signalMask = thread.savedMask;
        thread.maskSaved = false;
        thread.waitedSignals = 0;
    }
    return DELIVERED;
}

/** Has the message hold all of the thread's registers. */
export function gatherRegisters(thread: Thread): void {
    if (thread.hasRegisters) return;
    // The block is large enough for all.
    saveMessage(thread);
    const message = thread.message;
    // The answer to a system call is in the message and not yet in the kernel: two registers.
    const ofSystemCall = thread.answer == ANSWER_REPLY || thread.answer == ANSWER_RESULT;
    const result = systemCallResult(message);
    const ip = instructionPointer(message);
    readRegisters(thread, message);
    if (ofSystemCall) setResult(message, result, ip);
    thread.hasRegisters = true;
}

/** Builds the frame and points the thread at the handler. False when the stack cannot take it (SIGSEGV). */
function startHandler(thread: Thread, info: SignalInfo, action: SignalAction, restart: i64): bool {
    const process = thread.process;
    gatherRegisters(thread);
    const message = thread.message;
    if (thread.inSystemCall) {
        // With SA_RESTART the frame has the registers of the call: sigreturn executes the instruction again.
        if (restart != -ERESTARTSYS || (action.flags & SA_RESTART) == 0) finishSystemCall(message, -EINTR);
        thread.inSystemCall = false;
        thread.progress = 0;
        thread.deadline = 0;
    }
    let stack = stackPointer(message);
    const wasOnAlternate = onAlternateStack(thread, stack);
    let fresh = false;
    if ((action.flags & SA_ONSTACK) != 0 && thread.alternateStackSize != 0 && !wasOnAlternate) {
        stack = thread.alternateStack + thread.alternateStackSize;
        fresh = true;
    }
    if (!ensureStub(process)) return false;
    const stubs = process.addressSpace.layout.stubs;
    const restorer = (action.flags & SA_RESTORER) != 0 ? action.restorer : stubs + STUB_RETURN;
    const address = signalFrameAddress(stack, fresh);
    const oldMask = thread.maskSaved ? thread.savedMask : thread.signalMask;
    thread.maskSaved = false;
    thread.waitedSignals = 0;
    // A frame that would reach below the alternate stack would change what is not its own.
    if (wasOnAlternate && address < thread.alternateStack) return false;
    fillSignalFrame(frame, thread, address, restorer, oldMask);
    writeSignalInfo(signalInfoOf(frame), info);
    if (copyOut(address, frame, SIGNAL_FRAME_SIZE) != 0) return false;
    if (FPU_RESERVED_SIZE != 0 && clearOut(fpuReservedArea(address), FPU_RESERVED_SIZE) != 0) return false;
    if ((thread.alternateStackFlags & SS_AUTODISARM) != 0) {
        thread.alternateStackFlags = SS_DISABLE;
        thread.alternateStack = 0;
        thread.alternateStackSize = 0;
    }
    enterHandler(message, action.handler, info.signal, info.code, address, restorer, stubs);
    thread.answer = ANSWER_REGISTERS;
    thread.signalMask |= action.mask & ~MASK_UNBLOCKABLE;
    if ((action.flags & SA_NODEFER) == 0) thread.signalMask |= signalBit(info.signal);
    // Only the handler goes: sigaction(2) still shows the flags and the mask.
    if ((action.flags & SA_RESETHAND) != 0) {
        process.signalActions.set(
            info.signal,
            new SignalAction(SIG_DFL, action.flags, action.restorer, action.mask),
        );
    }
    return true;
}

/** Whether a stack pointer is on the alternate stack. With SS_AUTODISARM it never counts: the handler may use the stack anew. */
export function onAlternateStack(thread: Thread, stack: u64): bool {
    if ((thread.alternateStackFlags & SS_AUTODISARM) != 0) return false;
    return stack - thread.alternateStack - 1 < thread.alternateStackSize;
}

/** Sets the alternate stack as sigaltstack(2) does for a thread whose stack pointer is `stack`. 0 or a negative errno. */
export function setAlternateStack(thread: Thread, start: u64, size: u64, flags: u32, stack: u64): i64 {
    if (onAlternateStack(thread, stack)) return -EPERM;
    const mode = flags & ~SS_AUTODISARM;
    if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK) return -EINVAL;
    if (mode != SS_DISABLE && size < SIGNAL_STACK_MINIMUM) return -ENOMEM;
    thread.alternateStack = mode == SS_DISABLE ? 0 : start;
    thread.alternateStackSize = mode == SS_DISABLE ? 0 : size;
    thread.alternateStackFlags = flags;
    return 0;
}

/** Sees to it that the process has the vDSO, with the code for handlers and forks: programs may unmap it. */
export function ensureStub(process: Process): bool {
    const space = process.addressSpace;
    const address = space.layout.vdso;
    const region = space.find(address);
    if (region !== null) return (region.flags & REGION_VDSO) != 0;
    space.add(new Region(address, address + PAGE_SIZE, PROT_READ | PROT_EXEC, REGION_VDSO));
    return true;
}

/**
 * rt_sigreturn(2) of the current thread. The result says whether the frame was good; if not, the thread gets SIGSEGV. The registers
 * are then those of the frame (or of the stub, which will call again), the signal mask is restored.
 */
export function returnFromHandler(thread: Thread): void {
    gatherRegisters(thread);
    const message = thread.message;
    const stub = thread.process.addressSpace.layout.stubs;
    thread.answer = ANSWER_REGISTERS;
    if (copyIn(frame, frameAtReturn(message), SIGNAL_FRAME_SIZE) != 0) {
        forceSignal(thread, kernelSignal(SIGSEGV));
        return;
    }
    if (
        !returnsFromStub(message, stub) &&
        ensureStub(thread.process) &&
        enterRestoreStub(message, frame, stub)
    )
        return;
    thread.signalMask = restoreFromFrame(message, frame) & ~MASK_UNBLOCKABLE;
    if (strace) traceSignalReturn(thread, thread.signalMask, systemCallResult(message));
    const stack = stackOfFrame(frame);
    // What could not be set by sigaltstack is not set by this either, and no error (sigreturn(2) has none to give).
    setAlternateStack(
        thread,
        load<u64>(stack),
        load<u64>(stack, 16),
        load<u32>(stack, 8),
        stackPointer(message),
    );
}
