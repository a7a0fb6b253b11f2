// SPDX-License-Identifier: Apache-2.0
//
// One turn: threads on the ready list, then one message. Everything the sentry does begins here.

import { readContext, returnReply, spareReply } from "./threadObjects";
import {
    BREAKPOINT_CODE,
    argument0,
    argument1,
    argument2,
    argument3,
    argument4,
    argument5,
    completeSystemCall,
    CONTEXT_SIZE,
    contextToMessage,
    exceptionAddress,
    exceptionCode,
    exceptionNumber,
    exceptionSignal,
    faultAddress,
    faultIsFetch,
    faultIsUnaligned,
    faultIsWrite,
    finishSystemCall,
    instructionPointer,
    PAGE_FAULT_NUMBER,
    pageFaultCode,
    SYSTEM_CALL_HAS_REGISTERS,
    systemCallNumber,
} from "../arch/machine";
import {
    callFaultToSystemCall,
    isCallFault,
    isPatchedCall,
    isPatchedInstruction,
    LOSES_UNPATCHED_CALLS,
    PATCHES_CODE,
} from "../arch/systemCallSites";
import { isMemoryShort, refillHeapSource } from "../capabilities/quota";
import {
    ACCESS_EXECUTE,
    ACCESS_READ,
    ACCESS_WRITE,
    FAULT_BEYOND_FILE,
    FAULT_FORBIDDEN,
    FAULT_NO_MEMORY,
} from "../memory/addressSpace";
import { copiedIn, copyIn32 } from "../memory/userMemory";
import { deliverSignals, DELIVERED } from "../signals/deliver";
import {
    BUS_ADRALN,
    BUS_ADRERR,
    SEGV_ACCERR,
    SEGV_MAPERR,
    SI_KERNEL,
    SIGBUS,
    SIGSEGV,
    SIGTRAP,
} from "../signals/numbers";
import { forceSignal, hasSignal, kernelSignal } from "../signals/send";
import { SignalInfo } from "../signals/signalQueue";
import { strace, traceResult } from "../strace/trace";
import { SYSCALL_LIMIT, syscallFunctions } from "../syscalls/table";
import { needsMemory } from "../syscalls/shortage";
import { countUnknownCall } from "../syscalls/unknown";
import { answerThread, receive, receiveBlock, receivedReply, saveMessage } from "./answer";
import { EFAULT, ENOMEM, ENOSYS, ERESTARTNOHAND, ERESTARTSYS } from "./errno";
import { holdThread } from "./jobControl";
import { endForLostCall } from "./lostCall";
import { handleNotification } from "./notifications";
import { killForMemory } from "./outOfMemory";
import { countPageFault, countSystemCall } from "./statistics";
import {
    ANSWER_REGISTERS,
    ANSWER_REPLY,
    ANSWER_RESULT,
    ANSWER_RETRY,
    setCurrent,
    takeReady,
    Thread,
    THREAD_BLOCKED,
    THREAD_CURRENT,
    threads,
} from "./thread";
import { BADGE_THREAD } from "./threadObjects";
import { isProcessorLimited, preferThread } from "./turns";
import { BLOCKED, leaveQueues, NO_ANSWER, passOn } from "./wait";
import { reserveBuffer } from "../memory/buffers";

// Fault labels (seL4_Fault_tag) of an MCS kernel.
const FAULT_CAPABILITY: u32 = 1;
const FAULT_UNKNOWN_SYSCALL: u32 = 2;
const FAULT_USER_EXCEPTION: u32 = 3;
/** DebugException, of kernels with HARDWARE_DEBUG_API only: they take breakpoint instructions out of the other faults. */
const FAULT_DEBUG: u32 = 4;
const FAULT_VM: u32 = 6;
/** VCPUFault, of aarch64 kernels at EL2: their name for exceptions that others report as UserException. Its message: ESR. */
const FAULT_VCPU: u32 = 8;

/** The message of DebugException: instruction pointer, reason, and more for breakpoints that are set in registers. */
const DEBUG_INSTRUCTION_POINTER: usize = 8;
const DEBUG_REASON: usize = 16;
/** seL4_SoftwareBreakRequest. */
const DEBUG_INSTRUCTION: u64 = 3;

/** The access needs an aligned address: SIGBUS, BUS_ADRALN. Beside memory/addressSpace.ts's FAULT_ constants. */
const FAULT_UNALIGNED: i32 = 5;

/** A seL4_UserContext. */
const context: usize = reserveBuffer(CONTEXT_SIZE);

/** The last thing received was a notification: what is ready was woken from outside the container. */
let wasNotified: bool = false;

/** One turn of the event loop. */
export function serveOnce(): void {
    for (let thread = takeReady(); thread !== null; thread = takeReady()) {
        serveReady(thread);
        if (isProcessorLimited && wasNotified) preferThread(thread);
    }
    refillHeapSource();
    const badge = receive();
    wasNotified = (badge & BADGE_THREAD) == 0;
    if (!wasNotified) {
        serveMessage(<u32>(badge & (BADGE_THREAD - 1)));
    } else {
        returnReply(receivedReply);
        handleNotification(badge);
    }
}

/** A thread was woken, interrupted or continued. */
function serveReady(thread: Thread): void {
    if (thread.process.stopped) passOn(thread);
    leaveQueues(thread);
    if (thread.process.stopped) {
        if (thread.inSystemCall) thread.state = THREAD_BLOCKED;
        else holdThread(thread);
        return;
    }
    setCurrent(thread);
    thread.state = THREAD_CURRENT;
    if (thread.inSystemCall) runSystemCall(thread);
    else finish(thread);
}

/** A thread has sent a fault message: it is in the receive block. */
function serveMessage(number: u32): void {
    const thread = number < <u32>threads.length ? unchecked(threads[number]) : null;
    if (thread === null) {
        returnReply(receivedReply);
        return;
    }
    setCurrent(thread);
    thread.state = THREAD_CURRENT;
    thread.reply = receivedReply;
    thread.message = receiveBlock;
    const label = load<u32>(receiveBlock);
    if (isCallFault(label, receiveBlock)) {
        servePatchedCall(thread);
    } else if (label == FAULT_UNKNOWN_SYSCALL) {
        if (LOSES_UNPATCHED_CALLS && !isPatchedCall(receiveBlock)) {
            loseCall(thread, instructionPointer(receiveBlock));
            return;
        }
        if (PATCHES_CODE && !LOSES_UNPATCHED_CALLS) patchSite(thread);
        thread.answer = ANSWER_REPLY;
        thread.inSystemCall = true;
        thread.hasRegisters = SYSTEM_CALL_HAS_REGISTERS;
        completeSystemCall(thread.tcb, receiveBlock);
        runSystemCall(thread);
    } else if (label == FAULT_VM) {
        thread.answer = ANSWER_RETRY;
        thread.inSystemCall = false;
        thread.hasRegisters = false;
        servePageFault(thread);
    } else if (label == FAULT_CAPABILITY) {
        // The thread's CSpace is empty: this is a Linux system call that has one of seL4's own numbers in the register
        // where seL4 looks for it. An answer through the reply object would restart the instruction.
        readContext(thread, context);
        contextToMessage(context, receiveBlock);
        if (LOSES_UNPATCHED_CALLS) {
            loseCall(thread, instructionPointer(receiveBlock));
            return;
        }
        if (PATCHES_CODE) patchSite(thread);
        thread.answer = ANSWER_REGISTERS;
        thread.inSystemCall = true;
        thread.hasRegisters = true;
        runSystemCall(thread);
    } else if (label == FAULT_DEBUG && isPatchedCallBreak()) {
        servePatchedCall(thread);
    } else {
        thread.answer = ANSWER_RETRY;
        thread.inSystemCall = false;
        thread.hasRegisters = false;
        serveException(thread, label);
    }
}

/** The fault is the system call of a patched instruction that does not come as an UnknownSyscall. */
function servePatchedCall(thread: Thread): void {
    callFaultToSystemCall(thread.tcb, receiveBlock);
    thread.answer = ANSWER_RESULT;
    thread.inSystemCall = true;
    thread.hasRegisters = false;
    runSystemCall(thread);
}

/** Whether a DebugException of the current thread comes from a patched instruction: the message does not have its immediate. */
function isPatchedCallBreak(): bool {
    return (
        load<u64>(receiveBlock, DEBUG_REASON) == DEBUG_INSTRUCTION &&
        copyIn32(load<u64>(receiveBlock, DEBUG_INSTRUCTION_POINTER)) == 0 &&
        isPatchedInstruction(<u32>copiedIn)
    );
}

/** Patches the instruction of a system call that was written into executable memory: the next one here cannot be lost. */
function patchSite(thread: Thread): void {
    thread.process.addressSpace.patchCall(instructionPointer(receiveBlock));
}

/** The current thread has executed a system call instruction that could not be patched in time. */
function loseCall(thread: Thread, address: u64): void {
    thread.answer = ANSWER_RETRY;
    thread.inSystemCall = false;
    thread.hasRegisters = false;
    endForLostCall(thread, address);
    finish(thread);
}

/** Executes the system call of `thread`, the current one, until it has a result or waits. */
function runSystemCall(thread: Thread): void {
    countSystemCall();
    thread.traps++;
    while (true) {
        const message = thread.message;
        const number = systemCallNumber(message);
        const run = number < SYSCALL_LIMIT ? unchecked(syscallFunctions[number]) : null;
        let result: i64;
        if (run === null) {
            countUnknownCall(number);
            result = -ENOSYS;
        } else if (isMemoryShort() && needsMemory(number)) {
            result = -ENOMEM;
        } else {
            thread.process.addressSpace.fault = 0;
            result = run(
                argument0(message),
                argument1(message),
                argument2(message),
                argument3(message),
                argument4(message),
                argument5(message),
            );
        }
        // A call that wanted a page that is not to be had has done nothing yet: it is executed again when there is one.
        if (
            result == -EFAULT &&
            thread.process.addressSpace.fault == FAULT_NO_MEMORY &&
            killForMemory(thread)
        ) {
            if (thread.waiters !== null) leaveQueues(thread);
            continue;
        }
        if (result == BLOCKED) {
            // A waiting thread keeps its reply object: there must be another one to receive with.
            if (thread.reply == 0 || spareReply()) {
                thread.voluntarySwitches++;
                thread.hasWaited = true;
                saveMessage(thread);
                return;
            }
            result = -ENOMEM;
            thread.state = THREAD_CURRENT;
        }
        if (thread.waiters !== null) leaveQueues(thread);
        if (result == NO_ANSWER) return;
        thread.hasWaited = false;
        const restarts = result == -ERESTARTSYS || result == -ERESTARTNOHAND;
        // rt_sigreturn has replaced the registers, and traces itself.
        // (The call may have moved the registers: thread.message, not message.)
        if (strace && thread.inSystemCall) traceResult(thread, thread.message, result);
        if (!restarts) {
            thread.progress = 0;
            thread.deadline = 0;
            if (thread.inSystemCall) finishSystemCall(thread.message, result);
            thread.inSystemCall = false;
        }
        if (hasSignal(thread) || thread.maskSaved) {
            if (deliverSignals(thread, restarts ? result : 0) != DELIVERED) return;
            if (thread.inSystemCall) continue;
        } else if (restarts) {
            continue;
        }
        answerThread(thread);
        return;
    }
}

/** The thread has been handled but for signals. */
function finish(thread: Thread): void {
    if ((hasSignal(thread) || thread.maskSaved) && deliverSignals(thread, 0) != DELIVERED) return;
    answerThread(thread);
}

/** The signal for a FAULT_ constant. */
function faultSignal(fault: i32): SignalInfo {
    if (fault == FAULT_UNALIGNED) return new SignalInfo(SIGBUS, BUS_ADRALN, 0, 0);
    if (fault == FAULT_BEYOND_FILE) return new SignalInfo(SIGBUS, BUS_ADRERR, 0, 0);
    return new SignalInfo(SIGSEGV, fault == FAULT_FORBIDDEN ? SEGV_ACCERR : SEGV_MAPERR, 0, 0);
}

function servePageFault(thread: Thread): void {
    countPageFault();
    thread.process.minorFaults++;
    thread.traps++;
    const address = faultAddress(receiveBlock);
    const access = faultIsWrite(receiveBlock)
        ? ACCESS_WRITE
        : faultIsFetch(receiveBlock)
          ? ACCESS_EXECUTE
          : ACCESS_READ;
    const fault = faultIsUnaligned(receiveBlock)
        ? FAULT_UNALIGNED
        : thread.process.addressSpace.handleFault(address, access);
    if (fault != 0) {
        if (fault == FAULT_NO_MEMORY) {
            killForMemory(thread);
        } else {
            const info = faultSignal(fault);
            info.address = address;
            thread.faultAddress = address;
            thread.faultCode = pageFaultCode(receiveBlock);
            thread.faultNumber = PAGE_FAULT_NUMBER;
            forceSignal(thread, info);
        }
    }
    finish(thread);
}

function serveException(thread: Thread, label: u32): void {
    if (label == FAULT_VCPU) {
        // Made a UserException of: instruction pointer, two registers, ESR.
        readContext(thread, context);
        store<u64>(receiveBlock, load<u64>(receiveBlock, 8), 8 + 3 * 8);
        store<u64>(receiveBlock, load<u64>(context), 8);
    }
    if (label == FAULT_USER_EXCEPTION || label == FAULT_VCPU) {
        const signal = exceptionSignal(receiveBlock);
        const info = new SignalInfo(signal & 0xff, signal >> 8, 0, 0);
        if (signal >> 8 != SI_KERNEL) info.address = exceptionAddress(receiveBlock);
        thread.faultCode = exceptionCode(receiveBlock);
        thread.faultNumber = exceptionNumber(receiveBlock);
        forceSignal(thread, info);
    } else if (label == FAULT_DEBUG) {
        const info = new SignalInfo(SIGTRAP, BREAKPOINT_CODE, 0, 0);
        if (BREAKPOINT_CODE != SI_KERNEL) info.address = load<u64>(receiveBlock, DEBUG_INSTRUCTION_POINTER);
        forceSignal(thread, info);
    } else {
        // No other fault reaches the sentry: threads have no timeout endpoint.
        forceSignal(thread, kernelSignal(SIGSEGV));
    }
    finish(thread);
}
