// SPDX-License-Identifier: Apache-2.0
//
// Answering threads, and getting hold of threads that run. The last answer of a turn is not sent at once but together
// with the next receive (seL4_ReplyRecv): one system call of the kernel for one of Linux.

import { kernelRecv, kernelSend, replyRecv } from "../../sel4/generated/host";
import { makeEmptyReply, makeReply, MESSAGE_SIZE } from "../arch/machine";
import { writeCallResult } from "../arch/systemCallSites";
import { SLOT_FAULT_ENDPOINT } from "../capabilities/slots";
import {
    ANSWER_REGISTERS,
    ANSWER_REPLY,
    ANSWER_RESULT,
    queueReady,
    makeReady,
    Thread,
    THREAD_ANSWERED,
    THREAD_BLOCKED,
    THREAD_RUNNING,
} from "./thread";
import { readRegisters, returnReply, suspendThread, takeReply, writeRegisters } from "./threadObjects";
import { giveTurn, isProcessorLimited, nextTurn, noteRunnable, startHolding, stopHolding } from "./turns";
import { reserveCommonBuffer } from "../memory/buffers";

/** Where messages are received: 528 bytes hold every fault message. */
export const receiveBlock: usize = reserveCommonBuffer(528);

/** The reply object of the message in the receive block. */
export let receivedReply: u32 = 0;

/** The thread whose answer goes with the next receive. */
let pending: Thread | null = null;

/** Moves a thread's registers out of the receive block, for the thread will wait. */
export function saveMessage(thread: Thread): void {
    if (thread.message != receiveBlock) return;
    if (thread.saved == 0) thread.saved = heap.alloc(MESSAGE_SIZE);
    memory.copy(thread.saved, receiveBlock, MESSAGE_SIZE);
    thread.message = thread.saved;
}

/** The thread goes on, in the way its `answer` says. */
export function answerThread(thread: Thread): void {
    if (thread.answer == ANSWER_REGISTERS) {
        writeRegisters(thread, thread.message);
        thread.state = THREAD_RUNNING;
        if (thread.reply != 0) returnReply(thread.reply);
        thread.reply = 0;
        return;
    }
    if (thread.answer == ANSWER_REPLY) {
        makeReply(thread.message);
    } else {
        if (thread.answer == ANSWER_RESULT) writeCallResult(thread.tcb, thread.message);
        makeEmptyReply(thread.message);
    }
    const other = pending;
    if (other !== null) {
        kernelSend(other.reply, <u32>other.message);
        other.state = THREAD_RUNNING;
        returnReply(other.reply);
        other.reply = 0;
    }
    thread.state = THREAD_ANSWERED;
    pending = thread;
    noteRunnable(thread);
}

/** Gives the container's scheduling context to the thread whose turn it is. */
function changeTurns(): void {
    const next = nextTurn();
    if (next === null) return;
    if (next === pending) {
        pending = null;
        kernelSend(next.reply, <u32>next.message);
        next.state = THREAD_RUNNING;
        returnReply(next.reply);
        next.reply = 0;
    }
    giveTurn(next);
}

/** Sends the pending answer, if any, and receives the next message into the receive block. The result is its badge. */
export function receive(): u64 {
    if (!isProcessorLimited) return sendAndReceive();
    changeTurns();
    const start = startHolding();
    const badge = sendAndReceive();
    stopHolding(start);
    return badge;
}

function sendAndReceive(): u64 {
    const thread = pending;
    if (thread === null) {
        receivedReply = takeReply();
        return kernelRecv(SLOT_FAULT_ENDPOINT, receivedReply, <u32>receiveBlock);
    }
    pending = null;
    if (thread.message != receiveBlock) {
        // A reply and a page fault's empty reply both fit in MESSAGE_SIZE.
        memory.copy(receiveBlock, thread.message, MESSAGE_SIZE);
    }
    receivedReply = thread.reply;
    thread.reply = 0;
    thread.state = THREAD_RUNNING;
    return replyRecv(SLOT_FAULT_ENDPOINT, receivedReply, <u32>receiveBlock);
}

/** The dead thread's answer is not to be sent. */
export function forgetAnswer(thread: Thread): void {
    if (pending === thread) pending = null;
}

/** Has a thread that a signal waits for handled soon: ends its waiting, or stops it where it runs. */
export function interruptThread(thread: Thread): void {
    if (thread.state == THREAD_BLOCKED) {
        makeReady(thread);
    } else if (thread.state == THREAD_ANSWERED) {
        pending = null;
        queueReady(thread);
    } else if (thread.state == THREAD_RUNNING) {
        catchThread(thread);
        queueReady(thread);
    }
}

/** Suspends a running thread and reads its registers. A fault that it may have raised is raised again later. */
function catchThread(thread: Thread): void {
    suspendThread(thread);
    if (thread.saved == 0) thread.saved = heap.alloc(MESSAGE_SIZE);
    thread.message = thread.saved;
    readRegisters(thread, thread.message);
    thread.answer = ANSWER_REGISTERS;
    thread.hasRegisters = true;
    thread.inSystemCall = false;
}
