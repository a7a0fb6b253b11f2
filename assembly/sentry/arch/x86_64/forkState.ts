// SPDX-License-Identifier: Apache-2.0
//
// The FPU registers of a process that forks. seL4 neither reads nor copies them, so the parent saves them below its stack by
// code of the stubs before its memory is copied, and the child loads them from there. RCX and R11 are free for this: a
// system call may change them (System V ABI, A.2.1).

import { Thread } from "../../kernel/thread";

const RCX: usize = 24;
const R11: usize = 88;
const IP: usize = 128;
const SP: usize = 136;
// In a seL4_UserContext.
const CONTEXT_IP: usize = 0;
const CONTEXT_RCX: usize = 5 * 8;

const STUB_SAVE: u64 = 32;
/** Offset of the system call in the saving stub. */
const STUB_SAVE_SYSCALL: u64 = 4;
const STUB_LOAD: u64 = 48;
/** FXSAVE's area, and what leaf functions may use below the stack pointer (System V ABI, 3.2.2). */
const STATE_SIZE: u64 = 512;
const RED_ZONE: u64 = 128;

/** Writes this part of the stubs. */
export function writeForkStubs(page: usize): void {
    // save: fxsave64 (%r11); int $0xfe
    store<u32>(page + <usize>STUB_SAVE, 0x03ae0f49);
    store<u16>(page + <usize>STUB_SAVE, 0xfecd, 4);
    // load: fxrstor64 (%r11); jmp *%rcx
    store<u32>(page + <usize>STUB_LOAD, 0x0bae0f49);
    store<u16>(page + <usize>STUB_LOAD, 0xe1ff, 4);
}

/**
 * Whether a thread that calls fork has to save its FPU registers first: then its registers are those for the stub, which
 * calls again. False on that second call, with the registers of the first.
 */
export function savesStateFirst(thread: Thread, stubPage: u64, stack: u64, setTls: bool, tls: u64): bool {
    const message = thread.message;
    if (load<u64>(message, IP) == stubPage + STUB_SAVE + STUB_SAVE_SYSCALL) {
        store<u64>(message, load<u64>(message, RCX), IP);
        return false;
    }
    store<u64>(message, load<u64>(message, IP), RCX);
    store<u64>(message, (load<u64>(message, SP) - RED_ZONE - STATE_SIZE) & ~63, R11);
    store<u64>(message, stubPage + STUB_SAVE, IP);
    return true;
}

/** Has the child, whose registers are in `context`, load what its parent has saved. */
export function loadStateFirst(context: usize, stubPage: u64): void {
    store<u64>(context, load<u64>(context, CONTEXT_IP), CONTEXT_RCX);
    store<u64>(context, stubPage + STUB_LOAD, CONTEXT_IP);
}
