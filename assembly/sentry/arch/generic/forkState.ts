// SPDX-License-Identifier: Apache-2.0
//
// The floating point and vector registers of a process that forks. seL4 neither reads nor copies them, and a system call of
// Linux keeps every register but the one of its result, so code that runs in the program has none to work with. It is done
// with a signal frame below the stack, which has room for all registers: the parent is sent to the stub that a handler would
// begin with, which saves the vector registers to the frame, and calls fork once more; then it gets back the registers
// that this took. The child begins as if it returned from a handler by that frame.

import { copyIn, copyOut } from "../../memory/userMemory";
import { gatherRegisters } from "../../signals/deliver";
import { ANSWER_REGISTERS, Thread } from "../../kernel/thread";
import {
    enterChildStub,
    enterForkStub,
    fillSignalFrame,
    isInForkStub,
    leaveForkStub,
    makeChildFrame,
    SIGNAL_FRAME_SIZE,
    signalFrameAddress,
    stackPointer,
} from "../machine";
import { reserveBuffer } from "../../memory/buffers";

const frame: usize = reserveBuffer(SIGNAL_FRAME_SIZE);

/** The frame that the child begins with, or 0: it begins with the registers of a new program. */
let childFrame: u64 = 0;

/**
 * Whether a thread that calls fork has to save its registers first: then they are those for the stub, which calls
 * again. False on that second call, with the registers of the first, and where the stack has no room.
 */
export function savesStateFirst(thread: Thread, stubPage: u64, stack: u64, setTls: bool, tls: u64): bool {
    childFrame = 0;
    gatherRegisters(thread);
    const message = thread.message;
    const address = signalFrameAddress(stackPointer(message), false);
    if (isInForkStub(message, stubPage)) {
        if (copyIn(frame, address, SIGNAL_FRAME_SIZE) == 0) {
            leaveForkStub(message, frame);
            childFrame = address;
        }
        // The kernel's copy of the registers is the stub's.
        thread.answer = ANSWER_REGISTERS;
        return false;
    }
    fillSignalFrame(frame, thread, address, 0, thread.signalMask);
    makeChildFrame(frame, stack, setTls, tls);
    if (copyOut(address, frame, SIGNAL_FRAME_SIZE) != 0) return false;
    enterForkStub(message, address, stubPage);
    return true;
}

/** Has the child, whose registers are in `context`, load what its parent has saved. */
export function loadStateFirst(context: usize, stubPage: u64): void {
    if (childFrame != 0) enterChildStub(context, childFrame, stubPage);
}
