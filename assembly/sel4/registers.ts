// SPDX-License-Identifier: Apache-2.0
//
// Places in seL4_UserContext, whose order each architecture defines. The program counter and the stack pointer are
// the first two words everywhere.

export const REGISTER_PROGRAM_COUNTER: u32 = 0;
export const REGISTER_STACK_POINTER: u32 = 1;
/** rflags, spsr; riscv64 has none and its return address is here, which may be 0 as well. */
export const REGISTER_FLAGS: u32 = 2;
/** Words up to the first argument's register on every architecture, and room for more. */
export const REGISTERS_MAXIMUM: u32 = 40;

const X86_64: u32 = 1;
const AARCH64: u32 = 2;

/** Where the first argument of a C function is: rdi, x0, a0. */
export function firstArgumentRegister(architecture: u32): u32 {
    return architecture == X86_64 ? 8 : architecture == AARCH64 ? 3 : 16;
}

/** Flags of a fresh thread: x86 demands bit 1 and gets interrupts (bit 9) from the kernel anyway. */
export function initialFlags(architecture: u32): u64 {
    return architecture == X86_64 ? 0x202 : 0;
}
