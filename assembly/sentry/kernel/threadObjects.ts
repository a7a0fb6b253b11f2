// SPDX-License-Identifier: Apache-2.0
//
// The kernel objects behind threads, and what is kept of them for the next thread:
//
// - A TCB is made from an untyped of exactly its size. Ending a thread revokes that untyped, which deletes the TCB in
//   whatever state it is; making one again from it gives a TCB as new, its FPU state included.
// - Scheduling contexts stay configured; deleting a TCB unbinds its one.
// - A thread number keeps its badged fault endpoint.
// - Reply objects exist for every thread that has an unanswered message, and one more to receive with.

import {
    tcbConfigure,
    tcbReadRegisters,
    tcbResume,
    tcbSetSchedParams,
    tcbSuspend,
    tcbWriteRegisters,
} from "../../sel4/generated/host";
import {
    CONTEXT_GENERAL,
    CONTEXT_SIZE,
    CONTEXT_WORDS,
    contextToMessage,
    messageToContext,
} from "../arch/machine";
import {
    allocateSlot,
    freeSlot,
    mintCapability,
    revokeCapability,
    SLOT_EMPTY_CSPACE,
    SLOT_FAULT_ENDPOINT,
    SLOT_FIRST_REPLY,
    SLOT_TCB,
} from "../capabilities/slots";
import {
    objectBits,
    OBJECT_REPLY,
    OBJECT_SCHED_CONTEXT,
    OBJECT_TCB,
    OBJECT_UNTYPED,
    OWNER_KERNEL_OBJECTS,
    retype,
    retypeFrom,
} from "../capabilities/quota";
import { configureSchedulingContext } from "../manager";
import { VSpace } from "../memory/vspaces";
import { Thread, threads } from "./thread";
import { isProcessorLimited, leaveTurns, noteRunnable } from "./turns";
import { reserveCommonBuffer } from "../memory/buffers";

/** Container threads run below their sentry (150) and the manager (200). */
const THREAD_PRIORITY: u32 = 100;
/** Marks the badges of threads, which share the sentry's receive with its notification. */
export const BADGE_THREAD: u64 = 0x8000_0000;
/** seL4_InvalidArgument and the others never happen here by the program's doing. */
const ERROR_NONE: u32 = 0;

/** A TCB's untyped with the slot for the TCB, which is empty while they lie in the pool. */
class TcbPlace {
    constructor(
        readonly untyped: u32,
        readonly tcb: u32,
    ) {}
}

const freePlaces: TcbPlace[] = new Array<TcbPlace>();
const freeSchedulingContexts: u32[] = new Array<u32>();
/** The free reply object that is taken first, or 0: with every message one is taken and one comes back. */
let nextReply: u32 = SLOT_FIRST_REPLY;
const freeReplies: u32[] = new Array<u32>();
/** Badged fault endpoints by thread number; 0 = not made yet. */
const faultEndpoints: u32[] = new Array<u32>();

/** A seL4_UserContext. */
const context: usize = reserveCommonBuffer(CONTEXT_SIZE);

/** Makes the TCB itself from its own untyped. The quota has counted the untyped. */
function makeTcbFrom(untyped: u32, slot: u32): bool {
    return retypeFrom(untyped, OBJECT_TCB, slot);
}

function makeObject(type: u32, sizeBits: u32): u32 {
    const slot = allocateSlot();
    if (slot == 0) return 0;
    if (retype(type, sizeBits, slot, 1, OWNER_KERNEL_OBJECTS)) return slot;
    freeSlot(slot);
    return 0;
}

/** A reply object that holds no thread, or 0. */
// @ts-ignore: decorator
@inline
export function takeReply(): u32 {
    const reply = nextReply;
    nextReply = 0;
    return reply != 0 ? reply : takeOtherReply();
}

function takeOtherReply(): u32 {
    if (freeReplies.length > 0) return freeReplies.pop();
    return makeObject(OBJECT_REPLY, 0);
}

// @ts-ignore: decorator
@inline
export function returnReply(slot: u32): void {
    if (nextReply == 0) nextReply = slot;
    else freeReplies.push(slot);
}

/** Whether a thread may block now: another reply object exists to receive with. */
export function spareReply(): bool {
    if (nextReply != 0) return true;
    nextReply = takeOtherReply();
    return nextReply != 0;
}

function takeSchedulingContext(): u32 {
    if (freeSchedulingContexts.length > 0) return freeSchedulingContexts.pop();
    const slot = makeObject(OBJECT_SCHED_CONTEXT, objectBits(OBJECT_SCHED_CONTEXT));
    if (slot != 0 && configureSchedulingContext(slot)) return slot;
    return 0;
}

function faultEndpoint(number: u32): u32 {
    while (<u32>faultEndpoints.length <= number) faultEndpoints.push(0);
    if (faultEndpoints[number] == 0) {
        faultEndpoints[number] = mintCapability(SLOT_FAULT_ENDPOINT, BADGE_THREAD | number);
    }
    return faultEndpoints[number];
}

/** The lowest number that no thread has. */
export function freeThreadNumber(): u32 {
    for (let i = 0; i < threads.length; i++) {
        if (threads[i] === null) return i;
    }
    threads.push(null);
    return threads.length - 1;
}

/** Makes the TCB of a thread, in `vspace` and with everything it needs to run. False: no memory. */
export function makeTcb(thread: Thread, vspace: VSpace): bool {
    const endpoint = faultEndpoint(thread.number);
    if (endpoint == 0) return false;
    if (freePlaces.length == 0) {
        const untyped = makeObject(OBJECT_UNTYPED, objectBits(OBJECT_TCB));
        const slot = untyped == 0 ? 0 : allocateSlot();
        if (slot == 0) return false;
        freePlaces.push(new TcbPlace(untyped, slot));
    }
    // Where time is limited, threads take turns with the one context that has any.
    if (thread.schedulingContext == 0 && !isProcessorLimited) {
        thread.schedulingContext = takeSchedulingContext();
        if (thread.schedulingContext == 0) return false;
    }
    const place = freePlaces.pop();
    thread.tcbUntyped = place.untyped;
    thread.tcb = place.tcb;
    if (!makeTcbFrom(place.untyped, place.tcb)) {
        dropTcb(thread);
        return false;
    }
    if (
        tcbConfigure(thread.tcb, SLOT_EMPTY_CSPACE, 0, vspace.slot, 0, 0) != ERROR_NONE ||
        tcbSetSchedParams(thread.tcb, SLOT_TCB, 0, THREAD_PRIORITY, thread.schedulingContext, endpoint) !=
            ERROR_NONE
    ) {
        dropTcb(thread);
        return false;
    }
    return true;
}

/** Deletes a thread's TCB, whatever it does; its number, scheduling context and memory are kept for the next. */
export function dropTcb(thread: Thread): void {
    leaveTurns(thread);
    if (thread.tcbUntyped != 0) {
        revokeCapability(thread.tcbUntyped);
        freePlaces.push(new TcbPlace(thread.tcbUntyped, thread.tcb));
        thread.tcbUntyped = 0;
        thread.tcb = 0;
    }
    if (thread.schedulingContext != 0) {
        freeSchedulingContexts.push(thread.schedulingContext);
        thread.schedulingContext = 0;
    }
    if (thread.reply != 0) {
        returnReply(thread.reply);
        thread.reply = 0;
    }
}

/** Starts a thread with CONTEXT_WORDS words of registers. */
export function startThread(thread: Thread, registers: usize): void {
    const error = tcbWriteRegisters(thread.tcb, 1, CONTEXT_WORDS, <u32>registers);
    assert(error == ERROR_NONE, "seL4 refused to start a thread");
    noteRunnable(thread);
}

/** Reads all registers of a thread that waits for the sentry: CONTEXT_WORDS words. */
export function readContext(thread: Thread, registers: usize): void {
    const error = tcbReadRegisters(thread.tcb, 0, CONTEXT_WORDS, <u32>registers);
    assert(error == ERROR_NONE, "seL4 refused to read a thread's registers");
}

/** Fills a message block with a thread's registers. */
export function readRegisters(thread: Thread, message: usize): void {
    const error = tcbReadRegisters(thread.tcb, 0, CONTEXT_GENERAL, <u32>context);
    assert(error == ERROR_NONE, "seL4 refused to read a thread's registers");
    contextToMessage(context, message);
}

/** Has a thread go on with exactly the registers of a message block: it leaves the kernel with all of them. */
export function writeRegisters(thread: Thread, message: usize): void {
    messageToContext(message, context);
    const error = tcbWriteRegisters(thread.tcb, 1, CONTEXT_GENERAL, <u32>context);
    assert(error == ERROR_NONE, "seL4 refused to write a thread's registers");
    noteRunnable(thread);
}

/** Stops a thread that runs; it is as if it had not been scheduled (a fault it has raised is raised again). */
export function suspendThread(thread: Thread): void {
    tcbSuspend(thread.tcb);
}

/** The reverse of suspendThread. */
export function resumeThread(thread: Thread): void {
    tcbResume(thread.tcb);
    noteRunnable(thread);
}
